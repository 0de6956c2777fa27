//! The end of an incident: whoever was told of it is told that it is over, before it is.

use crate::error::{Error, Result};
use crate::ground::Time;
use crate::incident::comms::{Told, untold};
use crate::incident::{Incident, IncidentEvent};
use crate::ledger::Happening;

/// That every impact that still goes on has ended.
pub fn end_all(incident: &Incident) -> Vec<IncidentEvent> {
    incident.suffering().map(|open| IncidentEvent::ImpactEnded { service: open.service.clone() }).collect()
}

/// That an incident is over, and with it every impact that still went on.
pub fn resolved(incident: &Incident, reason: Option<String>, untold: Option<String>, at: Option<Time>) -> Happening {
    let mut events = end_all(incident);
    events.push(IncidentEvent::Resolved { reason, untold });
    Happening { events, at }
}

/// Fails while a channel that was told of an incident was not told that it is over.
pub fn check_told(incident: &Incident, untold_because: Option<&str>) -> Result<()> {
    let left = untold(incident);
    if left.is_empty() || !incident.is_open() || untold_because.is_some() {
        return Ok(());
    }
    let id = &incident.id;
    let names: Vec<&str> = left.iter().map(|told| told.to.channel.as_str()).collect();
    let mut error = Error::usage(format!("{id} is not over for everybody: {} not told yet", names.join(", ")));
    for told in &left {
        error = error.cause(standing(told));
    }
    Err(error
        .hint(format!("tell them: opsctl incident update {id} --status resolved --to {}", names.join(" --to ")))
        .hint("or say why they are not told: --untold REASON"))
}

fn standing(told: &Told) -> String {
    let channel = &told.to.channel;
    if let Some(message) = told.stuck.first() {
        return format!("{channel}: message {message} is stuck; `opsctl message show` tells why");
    }
    if let Some(message) = told.pending.first() {
        return format!("{channel}: message {message} is still on its way; `opsctl message send` tries again");
    }
    let last = told.last.as_ref().and_then(|last| last.status.as_deref()).unwrap_or("that there is an incident");
    format!("{channel}: last told {last}")
}
