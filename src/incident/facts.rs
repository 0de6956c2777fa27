//! What templates and conditions see of an incident.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::clock::next_update_due;
use super::{Incident, Role, Status};
use crate::catalog::model::Severity;
use crate::ground::{Time, rfc3339};

/// What is told, where that is more than the incident is by now.
#[derive(Debug, Clone, Copy, Default)]
pub struct Telling {
    /// The status that a message tells.
    pub status: Option<Status>,
    /// When it promises the next one.
    pub next: Option<Time>,
}

/// The facts at a moment. What is not known yet is not there, so that it is asked for; but a message that tells the end
/// tells when that is.
pub fn facts(incident: &Incident, severity: Option<&Severity>, telling: Telling, now: Time) -> Value {
    let is_end = telling.status == Some(Status::Resolved);
    let resolved_at = incident.resolved_at.or(is_end.then_some(now));
    let end = resolved_at.unwrap_or_else(|| incident.lasted_until(now));
    let mut facts = json!({
        "id": incident.id,
        "title": incident.title,
        "severity": incident.severity,
        "status": telling.status.unwrap_or(incident.status).word(),
        "services": incident.services,
        "service": incident.services.first(),
        "seen": incident.seen,
        "impact": incident.impact,
        "commander": incident.role(Role::Commander),
        "started_at": rfc3339(incident.began_at()),
        "declared_at": rfc3339(incident.declared_at),
        "detected_at": incident.detected_at.map(rfc3339),
        "acknowledged_at": incident.acknowledged_at.map(rfc3339),
        "mitigated_at": incident.mitigated_at.map(rfc3339),
        "resolved_at": resolved_at.map(rfc3339),
        "resolution": incident.resolution,
        "duration_minutes": minutes(end - incident.began_at()),
        "update_minutes": update_minutes(incident, severity, telling.next, now),
    });
    if let Value::Object(facts) = &mut facts {
        facts.retain(|_, value| !value.is_null());
    }
    facts
}

// Until what is promised, else as the severity asks for.
fn update_minutes(incident: &Incident, severity: Option<&Severity>, next: Option<Time>, now: Time) -> Option<i64> {
    let promised = next.or_else(|| incident.promises.last().map(|(_, by)| *by)).filter(|by| *by > now);
    let promised = promised.map(|by| minutes(by - now));
    let rule = || severity?.update_every.map(|every| minutes(every.delta()));
    let due = || next_update_due(incident, severity).filter(|due| *due > now).map(|due| minutes(due - now));
    promised.or_else(rule).or_else(due)
}

// A part of a minute is a minute to whoever waited.
fn minutes(span: TimeDelta) -> i64 {
    (span.num_seconds().max(0) + 59) / 60
}
