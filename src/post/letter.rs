//! A message as a channel gets it.

use serde_json::{Value, json};

use crate::catalog::model::Settings;
use crate::channel::{Message, MessageKind, PLACEHOLDER_END, PLACEHOLDER_START, Thread, placeholder, placeholders};
use crate::ground::{Time, plain, plain_line, rfc3339};
use crate::incident::impact::{Interval, LEVELS};
use crate::incident::{Incident, Role, Status};
use crate::ledger::About;
use crate::maintenance::{Maintenance, Status as WorkStatus};
use crate::message::{LegState, Mail, Outbox, Tell};
use crate::monitor::service::ServiceState;
use crate::post::others::{Others, state};

/// So many characters a title has at most.
const LONGEST_TITLE: usize = 200;

/// The message for a channel; `others` is what services suffer from besides.
pub(super) fn letter(about: &About, mail: &Mail, channel: &str, settings: &Settings, others: &Others) -> Message {
    let drafted = &mail.drafted;
    // When it was drafted: so it is sent as it was shown.
    let at = mail.drafted_at;
    Message {
        id: about.full_id(mail.id()),
        kind: match drafted.tell {
            Tell::Update => MessageKind::IncidentUpdate,
            Tell::Reminder => MessageKind::Reminder,
            Tell::Escalation => MessageKind::Escalation,
            Tell::Postmortem => MessageKind::Postmortem,
            Tell::Maintenance => MessageKind::Maintenance,
        },
        title: title(mail),
        text: drafted.text.clone(),
        at,
        data: data(about, mail, at),
        thread: thread(about, mail, channel, settings, others),
    }
}

// What the message says, for programs.
fn data(about: &About, mail: &Mail, at: Time) -> Value {
    let drafted = &mail.drafted;
    let mut data = json!({
        "about": about.id(),
        "message": mail.id(),
        "status": drafted.status,
        "severity": drafted.severity,
        "template": drafted.template,
        "variant": drafted.variant,
        "services": services(about, drafted.tell),
        "sent_for": rfc3339(at),
    });
    if let Some(maintenance) = about.maintenance() {
        data["starts_at"] = rfc3339(maintenance.scheduled_for).into();
        data["ends_at"] = rfc3339(maintenance.scheduled_until).into();
    }
    data
}

// Of a restricted incident nothing is told by itself.
fn services(about: &About, tell: Tell) -> Vec<String> {
    let is_by_itself = matches!(tell, Tell::Reminder | Tell::Escalation);
    let is_hidden = is_by_itself && about.incident().is_some_and(Incident::is_restricted);
    if is_hidden { Vec::new() } else { about.services().to_vec() }
}

/// The message's subject, else its first line.
pub fn title(mail: &Mail) -> String {
    let first = || mail.drafted.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    shortened(&plain_line(mail.drafted.subject.as_deref().unwrap_or_else(first)))
}

fn thread(about: &About, mail: &Mail, channel: &str, settings: &Settings, others: &Others) -> Option<Thread> {
    if !matches!(mail.drafted.tell, Tell::Update | Tell::Postmortem | Tell::Maintenance) {
        return None;
    }
    if let Some(maintenance) = about.maintenance() {
        return Some(of_maintenance(maintenance, mail, channel, others));
    }
    let incident = about.incident()?;
    let status = mail.drafted.status.as_deref().and_then(Status::parse).unwrap_or(incident.status);
    let status = if mail.drafted.tell == Tell::Postmortem { Status::Postmortem } else { status };
    Some(Thread {
        incident: incident.id.clone(),
        // What outsiders read of it is what was approved for them, not the title that we use among ourselves.
        name: public_name(incident, channel).unwrap_or_else(|| title(mail)),
        status: status.public_word().to_owned(),
        impact: impact(incident, settings).to_owned(),
        components: others.among(components(incident, status)),
        remote: remote(&incident.outbox, channel),
    })
}

fn of_maintenance(maintenance: &Maintenance, mail: &Mail, channel: &str, others: &Others) -> Thread {
    let status = mail.drafted.status.as_deref().and_then(WorkStatus::parse).unwrap_or(maintenance.status);
    let level = match status {
        WorkStatus::InProgress | WorkStatus::Verifying => Some(ServiceState::UnderMaintenance),
        WorkStatus::Scheduled | WorkStatus::Completed => Some(ServiceState::Operational),
        // What never was touched is as it is.
        WorkStatus::Canceled => None,
    };
    let component = |service: &String| level.map(|level| (service.clone(), level));
    Thread {
        incident: maintenance.id.clone(),
        name: maintenance.title.clone(),
        status: status.public_word().to_owned(),
        impact: "none".to_owned(),
        components: others.among(maintenance.services.iter().filter_map(component).collect()),
        remote: remote(&maintenance.outbox, channel),
    }
}

/// What an incident is called outside: the title of the first message that was queued for a channel.
pub fn public_name(incident: &Incident, channel: &str) -> Option<String> {
    let is_here = |mail: &&Mail| mail.queued_at.is_some() && mail.drafted.to.iter().any(|to| to.channel == channel);
    incident.outbox.mails.iter().find(is_here).map(title)
}

/// The impact in the words of status pages: the worst that some service suffered, else what the severity makes likely.
pub fn impact(incident: &Incident, settings: &Settings) -> &'static str {
    let level = |one: &Interval| LEVELS.iter().position(|level| *level == one.level);
    if let Some(worst) = incident.impacts.iter().filter_map(level).max() {
        return ["minor", "major", "critical"][worst.min(2)];
    }
    match settings.severities.get_index_of(&incident.severity) {
        Some(0) => "critical",
        Some(1) => "major",
        _ => "minor",
    }
}

// Services that still suffer are as they are; all others of the incident work.
fn components(incident: &Incident, status: Status) -> Vec<(String, ServiceState)> {
    let level = |service: &String| {
        let open = incident.suffering().find(|open| open.service == *service).map(|open| open.level.as_str());
        open.filter(|_| status.is_open()).and_then(state).unwrap_or(ServiceState::Operational)
    };
    let known = !incident.impacts.is_empty();
    let services = incident.services.iter().filter(|_| known || !status.is_open());
    services.map(|service| (service.clone(), level(service))).collect()
}

fn remote(outbox: &Outbox, channel: &str) -> Option<String> {
    let mut legs = outbox.mails.iter().rev().flat_map(|mail| mail.legs_to(channel));
    legs.find_map(|leg| match &leg.state {
        LegState::Sent { remote, .. } => remote.clone(),
        _ => None,
    })
}

/// Who may be asked about an incident, for messages to the team.
pub fn contact(incident: &Incident) -> Option<&str> {
    incident.role(Role::Communications).or(incident.role(Role::Commander))
}

/// A title that fits a line or two, whatever was written.
fn shortened(title: &str) -> String {
    match title.char_indices().nth(LONGEST_TITLE) {
        Some((end, _)) => format!("{}…", title[..end].trim_end()),
        None => title.to_owned(),
    }
}

/// A text without the letters that stand for recipients' fields, which are ours alone.
pub fn unmarked(text: &str) -> String {
    text.replace([PLACEHOLDER_START, PLACEHOLDER_END], "")
}

/// Facts whose texts are [`unmarked`].
pub fn unmarked_facts(facts: Value) -> Value {
    match facts {
        Value::String(text) => Value::String(unmarked(&text)),
        Value::Array(all) => Value::Array(all.into_iter().map(unmarked_facts).collect()),
        Value::Object(all) => Value::Object(all.into_iter().map(|(key, value)| (key, unmarked_facts(value))).collect()),
        other => other,
    }
}

/// A text with its places for recipients' fields in brackets, for eyes.
pub fn readable(text: &str) -> String {
    let columns = placeholders(text);
    let text =
        columns.iter().fold(text.to_owned(), |text, column| text.replace(&placeholder(column), &format!("[{column}]")));
    plain(&text)
}
