//! What templates see of planned work.

use serde_json::{Value, json};

use super::state::Maintenance;
use super::text::{moment, span};
use crate::ground::rfc3339;

/// The facts, with the titles of its services. What is not known yet is not there, so that it is asked for.
pub fn facts(maintenance: &Maintenance, titles: &[String]) -> Value {
    let mut facts = json!({
        "id": maintenance.id,
        "title": maintenance.title,
        "status": maintenance.status.word(),
        "services": maintenance.services,
        "service": maintenance.services.first(),
        "service_titles": titles,
        "text": maintenance.text,
        "scheduled_for": rfc3339(maintenance.scheduled_for),
        "scheduled_until": rfc3339(maintenance.scheduled_until),
        "from": moment(maintenance.scheduled_for),
        "until": moment(maintenance.scheduled_until),
        "duration": span(maintenance.scheduled_for, maintenance.scheduled_until),
        "started_at": maintenance.started_at.map(rfc3339),
        "finished_at": maintenance.finished_at.map(rfc3339),
    });
    if let Value::Object(facts) = &mut facts {
        facts.retain(|_, value| !value.is_null());
    }
    facts
}
