//! What a channel is told about an alert.

use std::fmt::Write as _;

use serde_json::json;

use crate::channel::{Message, MessageKind};
use crate::ground::{rfc3339, sha256};
use crate::monitor::Alert;
use crate::monitor::event::Notice;

/// The message that tells this.
pub(super) fn message(alert: &Alert, notice: Notice) -> Message {
    let about = alert.probe.as_deref().or(alert.service.as_deref());
    let about = about.map(|about| format!(" · {about}")).unwrap_or_default();
    let (kind, word, at, why) = match (notice, &alert.ended) {
        (Notice::Resolved, Some(ended)) => (MessageKind::AlertResolved, "Resolved", ended.at, &ended.reason),
        _ => (MessageKind::AlertFired, "Firing", alert.starts_at, &alert.reason),
    };
    let mut text = format!("{word}: {}{about}\n{why}", alert.title);
    if kind == MessageKind::AlertFired
        && let Some(runbook) = &alert.runbook
    {
        let incident = alert.incident.as_ref().map(|id| format!(" --incident {id}")).unwrap_or_default();
        let _ = write!(text, "\nWhat to do: opsctl runbook run {runbook}{incident}");
    }
    Message {
        id: format!("{}.{}", header_safe(&alert.id), notice.word()),
        kind,
        title: format!("{word}: {}{about}", alert.title),
        text,
        at,
        data: json!({
            "alert": alert.alert,
            "title": alert.title,
            "probe": alert.probe,
            "service": alert.service,
            "reason": why,
            "severity": alert.severity,
            "runbook": alert.runbook,
            "incident": alert.incident,
            "starts_at": rfc3339(alert.starts_at),
            "ends_at": alert.ended.as_ref().map(|ended| rfc3339(ended.at)),
            "labels": alert.labels,
        }),
        thread: None,
    }
}

// A message's id stands in a header, and ids of rules and probes may have any letters.
fn header_safe(id: &str) -> String {
    if id.is_ascii() { id.to_owned() } else { sha256(id.as_bytes()) }
}
