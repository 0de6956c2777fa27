//! What is still going on, found without reading what is over: see [`Journal::read_open`].
//!
//! [`Journal::read_open`]: crate::journal::Journal::read_open

use crate::engine::summary::Summary;
use crate::error::Result;
use crate::incident::Incident;
use crate::incident::event::Recorded;
use crate::journal::Event;
use crate::ledger::{Ledger, alerts, fact_of, runs};
use crate::monitor::Alert;

const INCIDENTS: &str = "incident/";
/// What an incident's stream ends with. One that was reopened ends again.
const INCIDENT_ENDS: [&str; 4] = ["resolved", "closed", "canceled", "merged"];
const INCIDENT_REOPENS: [&str; 1] = ["reopened"];
const ALERT_ENDS: [&str; 1] = ["alert_resolved"];
const RUN_ENDS: [&str; 2] = ["run_finished", "run_aborted"];

impl Ledger<'_> {
    /// The incidents that are open, in the order they were declared.
    pub fn open_incidents(&self) -> Result<Vec<Incident>> {
        let mut open: Vec<Incident> = Vec::new();
        for event in self.journal.read_open(INCIDENTS, &INCIDENT_ENDS, &INCIDENT_REOPENS)? {
            let recorded = recorded(&event)?;
            let id = event.stream.strip_prefix(INCIDENTS).unwrap_or(&event.stream);
            match open.last_mut() {
                Some(last) if last.id == id => last.apply(&recorded),
                _ => open.extend(Incident::begin(id, &recorded)),
            }
        }
        open.retain(Incident::is_open);
        Ok(open)
    }

    /// The alerts that are open, in the order in which they fired.
    pub fn open_alerts(&self) -> Result<Vec<Alert>> {
        let mut open = alerts::fold_all(&self.journal.read_open(alerts::PREFIX, &ALERT_ENDS, &[])?)?;
        open.retain(Alert::is_open);
        Ok(open)
    }

    /// The runs that have not ended, in one line each, in the order they were begun.
    pub fn open_runs(&self) -> Result<Vec<Summary>> {
        let mut open = runs::summaries_of(&self.journal.read_open(runs::PREFIX, &RUN_ENDS, &[])?)?;
        open.retain(|run| run.finished_at.is_none());
        Ok(open)
    }
}

fn recorded(stored: &Event) -> Result<Recorded> {
    Ok(Recorded { version: stored.version, at: stored.at, actor: stored.actor.clone(), event: fact_of(stored)? })
}
