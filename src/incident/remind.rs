//! What the team is to be reminded of: what was missed, what is due soon, and what nobody has seen to.

use std::cmp::min;

use chrono::TimeDelta;

use super::clock::{Due, lacks_commander, open_dues};
use super::comms::told;
use super::event::Target;
use super::state::Incident;
use crate::catalog::model::{Reminders, Severity};
use crate::ground::Time;
use crate::message::{LegState, Mail, Tell};

/// So long before an update is due the team hears of it; where it has less than twice as long, in the second half.
const SOON: TimeDelta = TimeDelta::minutes(5);

/// So long something may stand before somebody is reminded of it: who changes a status is about to tell of it.
const PATIENCE: TimeDelta = TimeDelta::minutes(5);

/// So long nobody is told that nobody commands it: whoever opens an incident is about to say who does.
const A_MOMENT: TimeDelta = TimeDelta::minutes(1);

/// Something to be reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nag {
    /// Of what, in words; what is counted and capped.
    pub of: String,
    /// The how manieth time it would be.
    pub count: u32,
    /// What to do, as the verbs after `opsctl`.
    pub command: String,
    /// The words for those who may not know more; `of` may name channels and messages.
    pub discreet: &'static str,
}

/// What the team is to be reminded of now: of each thing so often and at such intervals as the settings allow.
pub fn nags(incident: &Incident, severity: Option<&Severity>, reminders: &Reminders, now: Time) -> Vec<Nag> {
    if !incident.is_open() {
        return Vec::new();
    }
    let mut nags = clocks(incident, severity, now);
    nags.extend(commander(incident, severity, reminders, now));
    nags.extend(messages(incident, now));
    nags.extend(channels(incident, now));
    nags.into_iter().filter_map(|nag| counted(incident, nag, reminders, now)).collect()
}

fn counted(incident: &Incident, nag: Nag, reminders: &Reminders, now: Time) -> Option<Nag> {
    let (count, last) = incident.reminders.get(&nag.of).map_or((0, None), |(count, at)| (*count, Some(*at)));
    let is_time = last.is_none_or(|last| now - last >= reminders.every.delta());
    (count < reminders.at_most && is_time).then(|| Nag { count: count.saturating_add(1), ..nag })
}

fn nag(of: String, discreet: &'static str, command: String) -> Nag {
    Nag { of, count: 0, command, discreet }
}

fn clocks(incident: &Incident, severity: Option<&Severity>, now: Time) -> Vec<Nag> {
    open_dues(incident, severity).iter().filter_map(|due| clock(incident, due, now)).collect()
}

fn clock(incident: &Incident, due: &Due, now: Time) -> Option<Nag> {
    let by = due.by.format("%Y-%m-%d %H:%M:%S UTC");
    let words = due.target.words();
    let command = match due.target {
        Target::Respond => format!("incident ack {}", incident.id),
        Target::FirstUpdate | Target::NextUpdate => format!("incident update {}", incident.id),
    };
    if due.is_missed(now) {
        let discreet = match due.target {
            Target::Respond => "nobody has responded in time",
            Target::FirstUpdate | Target::NextUpdate => "an update is overdue",
        };
        return Some(nag(format!("missed: {words}, due {by}"), discreet, command));
    }
    let is_soon = due.target != Target::Respond && due.by - now <= min(SOON, (due.by - due.from) / 2);
    is_soon.then(|| nag(format!("soon: {words}, due {by}"), "an update is due soon", command))
}

fn commander(incident: &Incident, severity: Option<&Severity>, reminders: &Reminders, now: Time) -> Option<Nag> {
    let since = incident.severities.last().map_or(incident.declared_at, |(at, _)| *at);
    let is_time = now - since >= min(A_MOMENT, reminders.every.delta());
    let command = format!("incident role {} commander", incident.id);
    let is_lacking = is_time && lacks_commander(incident, severity);
    is_lacking.then(|| nag("nobody commands it".to_owned(), "nobody commands it", command))
}

// Only what people were to be told of it: a reminder that does not arrive is no reason for another one.
fn messages(incident: &Incident, now: Time) -> Vec<Nag> {
    let mails = incident.outbox.mails.iter().filter(|mail| !matches!(mail.drafted.tell, Tell::Reminder));
    mails.filter_map(|mail| message(incident, mail, now)).collect()
}

fn message(incident: &Incident, mail: &Mail, now: Time) -> Option<Nag> {
    let (id, full) = (mail.id(), format!("{}.{}", incident.id, mail.id()));
    let stuck = mail.legs.iter().find(|leg| matches!(leg.state, LegState::Failed { .. } | LegState::Uncertain { .. }));
    if let Some(leg) = stuck {
        let of = format!("message {id} to {} is {}", leg.target.channel, leg.state.word());
        return Some(nag(of, "a message is stuck", format!("message show {full}")));
    }
    let waits = mail.legs.iter().find(|leg| matches!(leg.state, LegState::Waiting { .. }))?;
    let is_long = mail.queued_at.is_some_and(|since| now - since >= PATIENCE);
    let of = format!("message {id} to {} has not got through", waits.target.channel);
    is_long.then(|| nag(of, "a message has not got through", format!("message show {full}")))
}

// What is on its way, or stuck, is told of above.
fn channels(incident: &Incident, now: Time) -> Vec<Nag> {
    let since = last_change(incident);
    let told = told(incident, None, now).into_iter();
    let left = told.filter(|told| told.pending.is_empty() && told.stuck.is_empty() && now - since >= PATIENCE);
    let nag = |told: super::comms::Told| {
        let why = told.out_of_date?;
        let command = format!("incident update {} --to {}", incident.id, told.to.channel);
        Some(nag(format!("channel {} is out of date: {why}", told.to.channel), "a channel is out of date", command))
    };
    left.filter_map(nag).collect()
}

// When it last came to stand elsewhere.
fn last_change(incident: &Incident) -> Time {
    let moments = [incident.acknowledged_at, incident.identified_at, incident.mitigated_at, incident.reopened_at];
    let severity = incident.severities.last().map(|(at, _)| *at);
    moments.into_iter().chain([severity]).flatten().max().unwrap_or(incident.declared_at)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::nags;
    use crate::catalog::model::{Reminders, Severity};
    use crate::ground::{Span, Time};
    use crate::incident::event::Target;
    use crate::incident::tests::grown;
    use crate::incident::{Incident, IncidentEvent};
    use crate::message::{self, Addressee, MessageEvent};

    fn at(seconds: i64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn severity() -> Severity {
        Severity {
            title: "High".into(),
            criteria: Vec::new(),
            respond_within: Span::seconds(60),
            inform_customers: false,
            first_update_within: Some(Span::seconds(1200)),
            update_every: None,
            needs_commander: true,
            escalate: None,
        }
    }

    fn incident(events: &[(i64, IncidentEvent)]) -> Incident {
        grown("P1", events)
    }

    fn of(events: &[(i64, IncidentEvent)], now: i64) -> Vec<(String, u32)> {
        let reminders = Reminders { channels: Vec::new(), every: Span::seconds(600), at_most: 2 };
        let nags = nags(&incident(events), Some(&severity()), &reminders, at(now));
        nags.into_iter().map(|nag| (nag.of, nag.count)).collect()
    }

    const RESPONSE: &str = "missed: response, due 1970-01-01 00:01:00 UTC";
    const SOON: &str = "soon: first public update, due 1970-01-01 00:20:00 UTC";

    fn pairs(all: &[(&str, u32)]) -> Vec<(String, u32)> {
        all.iter().map(|(of, count)| ((*of).to_owned(), *count)).collect()
    }

    #[test]
    fn what_is_missed_due_soon_or_left_to_nobody_is_named() {
        assert_eq!(of(&[], 59), []);
        assert_eq!(of(&[], 60), pairs(&[("nobody commands it", 1)]));
        assert_eq!(of(&[], 61), pairs(&[(RESPONSE, 1), ("nobody commands it", 1)]));
        let taken = [(40, IncidentEvent::Acknowledged {})];
        assert_eq!(of(&taken, 899), pairs(&[("nobody commands it", 1)]));
        assert_eq!(of(&taken, 900), pairs(&[(SOON, 1), ("nobody commands it", 1)]));
        let over = [(40, IncidentEvent::Canceled { reason: "a test".into(), untold: None })];
        assert_eq!(of(&over, 900), []);
    }

    #[test]
    fn each_thing_is_reminded_of_at_intervals_and_so_often_at_most() {
        let reminded = |seconds, count| (seconds, IncidentEvent::Reminded { of: RESPONSE.into(), count });
        let commanded = (50, IncidentEvent::RoleAssigned { role: super::super::Role::Commander, person: "bob".into() });
        let once = [commanded.clone(), reminded(61, 1)];
        assert_eq!(of(&once, 660), []);
        assert_eq!(of(&once, 661), pairs(&[(RESPONSE, 2)]));
        let twice = [commanded, reminded(61, 1), reminded(661, 2)];
        assert_eq!(of(&twice, 890), []);
        assert_eq!(incident(&twice).reminded(RESPONSE), 2);
        let third = IncidentEvent::Reminded { of: RESPONSE.into(), count: 2 };
        assert!(incident(&twice).allows(&third, at(900)).is_err(), "each count is there once");
    }

    /// The facts of a message to the status page: queued, and sent when `is_sent`.
    fn message(seconds: i64, is_sent: bool) -> Vec<(i64, IncidentEvent)> {
        let to = Addressee { channel: "page".into(), audience: Some("public".into()) };
        let target = message::Target { channel: "page".into(), recipient: None };
        let id = || "m1".to_owned();
        let drafted = message::Drafted {
            message: id(),
            tell: message::Tell::Update,
            status: Some("investigating".into()),
            severity: Some("P1".into()),
            template: None,
            variant: None,
            to: vec![to],
            subject: None,
            text: "We look".into(),
            facts: std::collections::BTreeMap::new(),
            step: None,
        };
        let queued = message::event::Queued { target: target.clone(), fields: std::collections::BTreeMap::new() };
        let mut events = vec![
            MessageEvent::MessageDrafted(drafted),
            MessageEvent::MessageApproved { message: id(), grounds: "not needed".into() },
            MessageEvent::MessageQueued { message: id(), targets: vec![queued], by: None },
        ];
        if is_sent {
            let how = "it said 200".to_owned();
            events.push(MessageEvent::MessageSent { message: id(), target, how, remote: None, by_hand: false });
        }
        events.into_iter().map(|event| (seconds, IncidentEvent::Message(event))).collect()
    }

    fn taken_and_commanded() -> Vec<(i64, IncidentEvent)> {
        let role = super::super::Role::Commander;
        vec![(10, IncidentEvent::Acknowledged {}), (10, IncidentEvent::RoleAssigned { role, person: "bob".into() })]
    }

    #[test]
    fn a_channel_that_was_told_something_else_is_named_once_there_was_time_to_tell_it() {
        let identified = IncidentEvent::StatusChanged { status: super::super::Status::Identified, reason: None };
        let all = [taken_and_commanded(), message(20, true), vec![(100, identified)]].concat();
        assert_eq!(of(&all, 399), []);
        let of = of(&all, 400);
        assert_eq!(of.len(), 1, "{of:?}");
        assert_eq!(of[0].0, "channel page is out of date: it was told investigating, and the incident is identified");
    }

    #[test]
    fn a_message_that_does_not_get_through_is_named_and_its_channel_is_not_named_with_it() {
        let all = [taken_and_commanded(), message(20, false)].concat();
        assert_eq!(of(&all, 319), []);
        assert_eq!(of(&all, 320), pairs(&[("message m1 to page has not got through", 1)]));
    }

    #[test]
    fn a_breach_is_written_down_once() {
        let missed = IncidentEvent::TargetBreached { target: Target::Respond, due: at(60) };
        let known = incident(&[(61, missed.clone())]);
        assert!(known.allows(&missed, at(62)).is_err());
    }
}
