//! What each channel was last told, and whether that still holds.

use super::state::Incident;
use super::status::Status;
use crate::ground::Time;
use crate::message::{Addressee, Mail, MailState, Tell};

/// What a channel knows of an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The channel.
    pub to: Addressee,
    /// The last message that arrived there: its id, when, and the status it told.
    pub last: Option<Last>,
    /// Messages that are on their way there: `INC-7.m2`.
    pub pending: Vec<String>,
    /// Messages whose delivery there needs somebody to decide.
    pub stuck: Vec<String>,
    /// Why what it knows does not hold any more.
    pub out_of_date: Option<String>,
}

/// The last message that arrived at a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Last {
    /// Its id everywhere: `INC-7.m2`.
    pub message: String,
    /// When it arrived.
    pub at: Time,
    /// The status it told.
    pub status: Option<String>,
    /// The severity when it was drafted.
    pub severity: Option<String>,
}

/// What every channel knows that was told of the incident, or is about to be, in the order they came.
pub fn told(incident: &Incident, update_due: Option<Time>, now: Time) -> Vec<Told> {
    opened(incident).into_iter().map(|to| told_to(incident, to, update_due, now)).collect()
}

/// The channels that an end has to be told to and was not.
pub fn untold(incident: &Incident) -> Vec<Told> {
    let now = incident.last_at;
    told(incident, None, now).into_iter().filter(|told| !knows_the_end(incident, told)).collect()
}

/// The channels that were told of the incident, or are about to be.
pub fn opened(incident: &Incident) -> Vec<Addressee> {
    let mut channels = incident.outbox.addressed(Tell::Update);
    for to in &incident.inherited {
        if !channels.iter().any(|known| known.channel == to.channel) {
            channels.push(to.clone());
        }
    }
    channels
}

fn is_update(mail: &Mail) -> bool {
    mail.drafted.tell == Tell::Update && mail.queued_at.is_some()
}

fn told_to(incident: &Incident, to: Addressee, update_due: Option<Time>, now: Time) -> Told {
    let updates = || incident.outbox.mails.iter().filter(|mail| is_update(mail));
    let here = |mail: &&Mail| mail.legs_to(&to.channel).next().is_some();
    let last = updates().filter(here).filter_map(|mail| Some((mail, mail.told_at(&to.channel)?)));
    let last = last.max_by_key(|(_, at)| *at).map(|(mail, at)| Last {
        message: full(incident, mail),
        at,
        status: mail.drafted.status.clone(),
        severity: mail.drafted.severity.clone(),
    });
    let in_state = |wanted: &[&str]| {
        let has = |mail: &&Mail| mail.legs_to(&to.channel).any(|leg| wanted.contains(&leg.state.word()));
        updates().filter(has).map(|mail| full(incident, mail)).collect::<Vec<_>>()
    };
    let (pending, stuck) = (in_state(&["waiting", "trying"]), in_state(&["failed", "uncertain"]));
    let out_of_date = out_of_date(incident, last.as_ref(), to.is_outside().then_some(update_due).flatten(), now);
    Told { to, last, pending, stuck, out_of_date }
}

fn full(incident: &Incident, mail: &Mail) -> String {
    format!("{}.{}", incident.id, mail.id())
}

fn out_of_date(incident: &Incident, last: Option<&Last>, update_due: Option<Time>, now: Time) -> Option<String> {
    let Some(last) = last else { return Some("nothing has arrived there yet".to_owned()) };
    let stands = incident.status;
    let told = last.status.as_deref().and_then(Status::parse);
    let is_behind = told.is_some_and(|told| told.public_word() != stands.public_word());
    if is_behind && !(stands == Status::Postmortem && told == Some(Status::Resolved)) {
        let told = last.status.as_deref().unwrap_or_default();
        return Some(format!("it was told {told}, and the incident is {}", stands.word()));
    }
    if last.severity.as_ref().is_some_and(|severity| *severity != incident.severity) && incident.is_open() {
        let told = last.severity.as_deref().unwrap_or_default();
        return Some(format!("it was told when the severity was {told}; it is {} now", incident.severity));
    }
    update_due.filter(|due| *due < now && incident.is_open()).map(|_| "the next update is overdue".to_owned())
}

// It heard of an end since the incident was last opened again.
fn knows_the_end(incident: &Incident, told: &Told) -> bool {
    told.last.as_ref().is_some_and(|last| {
        let is_end = last.status.as_deref().and_then(Status::parse).is_some_and(|status| !status.is_open());
        is_end && incident.reopened_at.is_none_or(|reopened| last.at >= reopened)
    })
}

/// The messages of an incident that are not over: drafts, and those on their way.
pub fn unfinished(incident: &Incident) -> impl Iterator<Item = &Mail> {
    incident.outbox.mails.iter().filter(|mail| !matches!(mail.state(), MailState::Sent | MailState::Dropped))
}
