//! What the team is told by itself: reminders, and that somebody else is asked to help. Of a restricted incident nothing
//! but its id and severity.

use std::fmt::Write as _;

use super::{NewMail, unmarked};
use crate::ground::plain_line;
use crate::incident::Incident;
use crate::incident::remind::Nag;
use crate::message::Tell;

/// Somebody who is asked to help.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The policy.
    pub policy: &'a str,
    /// The level, from 1.
    pub level: u32,
    /// Who.
    pub to: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
}

/// One message for everything that the team is to be reminded of now.
pub fn reminder(incident: &Incident, nags: &[Nag], to: Vec<String>) -> NewMail {
    let mut text = head(incident);
    for nag in nags {
        if incident.is_restricted() {
            let _ = write!(text, "\n{}: opsctl incident show {}", nag.discreet, incident.id);
        } else {
            let _ = write!(text, "\n{}: opsctl {}", unmarked(&nag.of), nag.command);
        }
    }
    NewMail { tell: Tell::Reminder, to, text, ..NewMail::default() }
}

/// The message that somebody is asked to help.
pub fn escalation(incident: &Incident, asked: &Asked<'_>, to: Vec<String>) -> NewMail {
    let id = &incident.id;
    let reason = asked.reason.filter(|_| !incident.is_restricted());
    let reason = reason.map(|reason| format!(" {}", unmarked(&plain_line(reason)))).unwrap_or_default();
    let Asked { policy, level, to: who, .. } = asked;
    let mut text = head(incident);
    let _ = write!(text, "\n{who}: please help ({policy}, level {level}).{reason}\nTake it: opsctl incident ack {id}");
    NewMail { tell: Tell::Escalation, to, text, ..NewMail::default() }
}

fn head(incident: &Incident) -> String {
    let title = if incident.is_restricted() { String::new() } else { format!(" {}", plain_line(&incident.title)) };
    // What came from outside may have letters that stand for recipients' fields.
    unmarked(&format!("{} {}{title}", incident.id, incident.severity))
}
