//! The facts of an alert, in the past tense. Their JSON is a promise: keys are added, never changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ground::{Actor, Time, time_format};

/// A fact with its time and actor.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its place in the alert's stream, from 1.
    pub version: u64,
    /// When.
    pub at: Time,
    /// Who.
    pub actor: Actor,
    /// What.
    pub event: AlertEvent,
}

/// One fact of an alert: one episode of one rule and probe, or of one alert that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum AlertEvent {
    /// It began.
    AlertFired {
        /// The rule's id, or the fingerprint of one that came in.
        alert: String,
        /// Its name, by which runbooks are found.
        title: String,
        /// The probe's id; none for one that came in.
        probe: Option<String>,
        /// The service it is about.
        service: Option<String>,
        /// Why; one line.
        reason: String,
        /// The severity of an incident that it opens.
        severity: Option<String>,
        /// The id of the runbook that helps.
        runbook: Option<String>,
        /// Who says so.
        source: Source,
        /// Since when it is so.
        #[serde(with = "time_format")]
        starts_at: Time,
        /// Labels of one that came in.
        #[serde(default)]
        labels: BTreeMap<String, String>,
    },
    /// A channel was told.
    AlertNotified {
        /// The channel's id.
        channel: String,
        /// What it was told.
        notice: Notice,
    },
    /// A channel could not be told.
    AlertNotifyFailed {
        /// The channel's id.
        channel: String,
        /// What it was to be told.
        notice: Notice,
        /// Why not; one line.
        error: String,
        /// How often it was tried by then.
        attempts: u32,
    },
    /// An incident was opened for it.
    IncidentOpened {
        /// The incident's id.
        incident: String,
    },
    /// It was added to an open incident.
    IncidentJoined {
        /// The incident's id.
        incident: String,
    },
    /// It is over.
    AlertResolved {
        /// How that is known; one line.
        reason: String,
        /// When it ended.
        #[serde(with = "time_format")]
        ends_at: Time,
    },
}

/// Who raises an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A rule of the workspace.
    Watch,
    /// An Alertmanager.
    Alertmanager,
}

/// What a channel is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// That the alert began.
    Firing,
    /// That it is over.
    Resolved,
}

impl Notice {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{AlertEvent, Notice, Source};
    use crate::fact::{from_parts, to_parts};

    #[test]
    fn the_stored_form_is_a_promise() {
        let fired = AlertEvent::AlertFired {
            alert: "web-down".to_owned(),
            title: "Web is down".to_owned(),
            probe: Some("web".to_owned()),
            service: Some("shop".to_owned()),
            reason: "down 3 times in a row".to_owned(),
            severity: None,
            runbook: Some("web".to_owned()),
            source: Source::Watch,
            starts_at: "2026-11-23T15:40:21Z".parse().unwrap(),
            labels: [("job".to_owned(), "web".to_owned())].into(),
        };
        let body = json!({
            "alert": "web-down", "title": "Web is down", "probe": "web", "service": "shop",
            "reason": "down 3 times in a row", "severity": null, "runbook": "web", "source": "watch",
            "starts_at": "2026-11-23T15:40:21.000Z", "labels": {"job": "web"},
        });
        let text = |text: &str| text.to_owned();
        let (channel, error) = (text("ops"), text("no route"));
        for (event, kind, body) in [
            (fired, "alert_fired", body),
            (
                AlertEvent::AlertNotified { channel: channel.clone(), notice: Notice::Firing },
                "alert_notified",
                json!({"channel": "ops", "notice": "firing"}),
            ),
            (
                AlertEvent::AlertNotifyFailed { channel, notice: Notice::Resolved, error, attempts: 5 },
                "alert_notify_failed",
                json!({"channel": "ops", "notice": "resolved", "error": "no route", "attempts": 5}),
            ),
            (AlertEvent::IncidentOpened { incident: text("INC-7") }, "incident_opened", json!({"incident": "INC-7"})),
            (AlertEvent::IncidentJoined { incident: text("INC-7") }, "incident_joined", json!({"incident": "INC-7"})),
            (
                AlertEvent::AlertResolved {
                    reason: text("it no longer holds"),
                    ends_at: "2026-11-23T16:00:00Z".parse().unwrap(),
                },
                "alert_resolved",
                json!({"reason": "it no longer holds", "ends_at": "2026-11-23T16:00:00.000Z"}),
            ),
        ] {
            assert_eq!(to_parts(&event), (kind.to_owned(), body.clone()));
            assert_eq!(from_parts::<AlertEvent>(kind, &body), Ok(event));
        }
        let least = json!({
            "alert": "ab12", "title": "Disk", "reason": "full", "source": "alertmanager",
            "starts_at": "2026-11-23T15:40:21Z", "a_newer_key": Value::Null,
        });
        assert!(from_parts::<AlertEvent>("alert_fired", &least).is_ok(), "keys come and may be left out");
    }
}
