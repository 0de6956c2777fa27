//! What the daemon tells while it watches: a line for each thing that has changed.

use chrono::{DateTime, FixedOffset};
use serde_json::{Value, json};

use crate::ground::{Time, plain_line, rfc3339};
use crate::monitor::threshold::Change;
use crate::monitor::{Alert, State};
use crate::view::look::{Look, Style, paint};

/// Something that has changed.
#[derive(Debug)]
pub enum News<'a> {
    /// Something about the daemon itself.
    Trouble(&'a str),
    /// A probe is called something else from now on.
    Changed {
        /// The probe's id.
        probe: &'a str,
        /// The service it looks at.
        service: &'a str,
        /// What it was and is called.
        change: &'a Change,
        /// Why it is not up.
        why: Option<&'a str>,
    },
    /// An alert has fired, or is over.
    Alert(&'a Alert),
    /// A message from the outbox was tried.
    Posted(&'a Posted),
    /// Something was not done in time.
    Missed {
        /// The incident's id.
        incident: &'a str,
        /// What, in words.
        what: &'a str,
        /// When it was due.
        due: Time,
    },
    /// The team was reminded of something.
    Reminded {
        /// The incident's id.
        incident: &'a str,
        /// Of what.
        of: &'a [String],
        /// The channels that are told.
        to: &'a [String],
    },
    /// Somebody is asked to help.
    Escalated {
        /// The incident's id.
        incident: &'a str,
        /// The policy.
        policy: &'a str,
        /// The level, from 1.
        level: u32,
        /// Who.
        who: &'a str,
        /// The channels that are told.
        to: &'a [String],
    },
    /// A channel could not be told.
    Undelivered {
        /// The alert's title.
        alert: &'a str,
        /// The channel's id.
        channel: &'a str,
        /// Why not.
        why: &'a str,
    },
}

/// What came of deliveries of a message to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The message: INC-7.m2.
    pub message: String,
    /// The channel.
    pub channel: String,
    /// sent, by hand, later, uncertain or failed.
    pub outcome: &'static str,
    /// The receipt, or why it did not arrive.
    pub detail: Option<String>,
    /// How many deliveries came to this.
    pub count: usize,
}

/// One line for people, with the time on their clock.
pub fn line(look: Look, news: &News<'_>, at: DateTime<FixedOffset>) -> String {
    let time = paint(look, Style::Faint, &at.format("%H:%M:%S").to_string());
    let text = match news {
        News::Trouble(text) => format!("{}: {}", paint(look, Style::Warn, "trouble"), plain_line(text)),
        News::Changed { probe, change, why, .. } => {
            let (style, word) = match change.to {
                State::Up => (Style::Good, "up"),
                State::Down => (Style::Bad, "DOWN"),
                State::Degraded => (Style::Warn, "degraded"),
                other => (Style::Faint, other.title()),
            };
            let why = why.map(|why| format!(": {}", plain_line(why))).unwrap_or_default();
            format!("{} is {}{why}", plain_line(probe), paint(look, style, word))
        }
        News::Alert(alert) => {
            let about = alert.probe.as_deref().or(alert.service.as_deref());
            let about = about.map(|about| format!(" ({})", plain_line(about))).unwrap_or_default();
            let title = plain_line(&alert.title);
            if let Some(ended) = &alert.ended {
                let word = paint(look, Style::Good, "resolved");
                format!("alert {word}: {title}{about}: {}", plain_line(&ended.reason))
            } else {
                let word = paint(look, Style::Bad, "fired");
                let incident = alert.incident.as_ref().map(|id| format!(" · {id}")).unwrap_or_default();
                let runbook = alert.runbook.as_ref().map(|id| format!(" · runbook {id}")).unwrap_or_default();
                format!("alert {word}: {title}{about}: {}{incident}{runbook}", plain_line(&alert.reason))
            }
        }
        News::Posted(posted) => posted_line(look, posted),
        News::Missed { incident, what, due } => {
            let word = paint(look, Style::Bad, "missed");
            format!("{incident} {word}: {what}, due {} UTC", due.format("%H:%M:%S"))
        }
        News::Reminded { incident, of, to } => {
            format!("{incident} reminded {}: {}", told(look, to), plain_line(&of.join("; ")))
        }
        News::Escalated { incident, policy, level, who, to } => {
            let word = paint(look, Style::Bad, "escalated");
            format!("{incident} {word} to {} ({policy}, level {level}){}", plain_line(who), asked(look, to))
        }
        News::Undelivered { alert, channel, why } => {
            let word = paint(look, Style::Bad, "not told");
            format!("{word}: {channel} of {}: {}", plain_line(alert), plain_line(why))
        }
    };
    format!("{time} {text}")
}

fn posted_line(look: Look, posted: &Posted) -> String {
    let word = match posted.outcome {
        "sent" => paint(look, Style::Good, "sent"),
        "by hand" => paint(look, Style::Warn, "to be copied by hand"),
        "later" => paint(look, Style::Warn, "waits, and is tried again"),
        "uncertain" => paint(look, Style::Bad, "nobody knows whether it arrived"),
        _ => paint(look, Style::Bad, "not sent"),
    };
    let many = if posted.count > 1 { format!(" ({}×)", posted.count) } else { String::new() };
    let detail = posted.detail.as_deref().map(|detail| format!(": {}", plain_line(detail))).unwrap_or_default();
    format!("message {} to {}: {word}{many}{detail}", posted.message, plain_line(&posted.channel))
}

fn told(look: Look, to: &[String]) -> String {
    if to.is_empty() { paint(look, Style::Warn, "nobody by a channel") } else { to.join(", ") }
}

fn asked(look: Look, to: &[String]) -> String {
    if to.is_empty() {
        let word = paint(look, Style::Warn, "no channel of theirs has a way out");
        return format!("; {word}: ask them yourself");
    }
    format!(" by {}", to.join(", "))
}

/// One line of JSON for programs; it ends with a newline.
pub fn json_line(news: &News<'_>, now: Time) -> String {
    let mut value = match news {
        News::Trouble(text) => json!({ "kind": "trouble", "text": text }),
        News::Changed { probe, service, change, why } => json!({
            "kind": "state",
            "probe": probe,
            "service": service,
            "from": change.from.word(),
            "to": change.to.word(),
            "reason": why,
        }),
        News::Alert(alert) => json!({
            "kind": if alert.is_open() { "alert_fired" } else { "alert_resolved" },
            "id": alert.id,
            "title": alert.title,
            "probe": alert.probe,
            "service": alert.service,
            "reason": alert.ended.as_ref().map_or(&alert.reason, |ended| &ended.reason),
            "incident": alert.incident,
            "runbook": alert.runbook,
            "starts_at": rfc3339(alert.starts_at),
        }),
        News::Posted(posted) => json!({
            "kind": "message",
            "message": posted.message,
            "channel": posted.channel,
            "outcome": posted.outcome,
            "detail": posted.detail,
            "count": posted.count,
        }),
        News::Missed { incident, what, due } => {
            json!({ "kind": "missed", "incident": incident, "target": what, "due": rfc3339(*due) })
        }
        News::Reminded { incident, of, to } => {
            json!({ "kind": "reminded", "incident": incident, "of": of, "channels": to })
        }
        News::Escalated { incident, policy, level, who, to } => json!({
            "kind": "escalated",
            "incident": incident,
            "policy": policy,
            "level": level,
            "to": who,
            "channels": to,
        }),
        News::Undelivered { alert, channel, why } => {
            json!({ "kind": "not_told", "alert": alert, "channel": channel, "why": why })
        }
    };
    if let Value::Object(fields) = &mut value {
        fields.insert("at".to_owned(), Value::String(rfc3339(now)));
    }
    format!("{value}\n")
}
