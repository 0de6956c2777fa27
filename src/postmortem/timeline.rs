//! Which facts belong to the timeline of a post-mortem: what happened, not the paperwork about it.

use serde_json::Value;

use crate::incident::Incident;
use crate::message::Tell;

/// Whether a fact belongs there. What is done about the causes has a section of its own and goes on for weeks; that the
/// post-mortem was written would make it untrue by being written.
pub fn belongs(incident: &Incident, kind: &str, data: &Value) -> bool {
    let said = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
    match kind {
        "postmortem_written" | "closed" | "run_started" | "message_approved" | "message_queued"
        | "message_attempted" => false,
        "status_changed" => said("status") != "postmortem",
        kind if kind.starts_with("message_") => {
            let mail = incident.outbox.mails.iter().find(|mail| mail.id() == said("message"));
            mail.is_none_or(|mail| mail.drafted.tell != Tell::Postmortem)
        }
        kind => !kind.starts_with("action_") && !kind.starts_with("todo_"),
    }
}
