//! What is refused so that moments stay in order and nobody is forgotten, and that no journal makes anything fall over.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::clock::{breaches, dues, next_update_due, open_dues, respond_by};
use super::duration::{Figure, figure, per_severity};
use super::event::Target;
use super::metrics::metrics;
use super::{Incident, IncidentEvent, Recorded, Status, Telling, Visibility};
use crate::catalog::model::{EscalationLevel, EscalationRoute, Reminders, Settings, Severity};
use crate::ground::{Actor, Span, Time};
use crate::message::event::Queued;
use crate::message::{self, Addressee, Drafted, MessageEvent, Tell};

fn at(minute: i64) -> Time {
    Time::UNIX_EPOCH + TimeDelta::minutes(minute)
}

fn declared() -> IncidentEvent {
    IncidentEvent::Declared {
        title: "Down".into(),
        services: Vec::new(),
        severity: "P1".into(),
        seen: None,
        visibility: Visibility::Normal,
    }
}

fn recorded(version: u64, at: Time, event: IncidentEvent) -> Recorded {
    Recorded { version, at, recorded_at: at, actor: Actor("ana".into()), event }
}

/// An incident of a severity to which things happened, in seconds after its declaration.
pub(super) fn grown(severity: &str, events: &[(i64, IncidentEvent)]) -> Incident {
    let mut declared = declared();
    if let IncidentEvent::Declared { severity: known, .. } = &mut declared {
        severity.clone_into(known);
    }
    let all = [(0, declared)].into_iter().chain(events.iter().cloned());
    let moment = |seconds| Time::UNIX_EPOCH + TimeDelta::seconds(seconds);
    let all: Vec<Recorded> =
        (1..).zip(all).map(|(version, (seconds, event))| recorded(version, moment(seconds), event)).collect();
    Incident::fold("INC-1", &all).unwrap()
}

fn stream(events: &[(i64, IncidentEvent)]) -> Vec<Recorded> {
    let all = [(0, declared())].into_iter().chain(events.iter().cloned());
    (1..).zip(all).map(|(version, (minute, event))| recorded(version, at(minute), event)).collect()
}

fn incident(events: &[(i64, IncidentEvent)]) -> Incident {
    Incident::fold("INC-1", &stream(events)).unwrap()
}

fn resolved(untold: Option<&str>) -> IncidentEvent {
    IncidentEvent::Resolved { reason: None, untold: untold.map(str::to_owned) }
}

fn canceled(untold: Option<&str>) -> IncidentEvent {
    IncidentEvent::Canceled { reason: "a test".into(), untold: untold.map(str::to_owned) }
}

fn reopened() -> IncidentEvent {
    IncidentEvent::Reopened { reason: "it is back".into() }
}

fn status(status: Status) -> IncidentEvent {
    IncidentEvent::StatusChanged { status, reason: None }
}

fn severity(severity: &str) -> IncidentEvent {
    IncidentEvent::SeverityChanged { severity: severity.into(), reason: None }
}

fn started() -> IncidentEvent {
    IncidentEvent::ImpactStarted { service: "api".into(), level: "major_outage".into() }
}

fn ended() -> IncidentEvent {
    IncidentEvent::ImpactEnded { service: "api".into() }
}

/// The facts of a message that told the hall a status.
fn told(minute: i64, number: usize, status: Status) -> Vec<(i64, IncidentEvent)> {
    let id = || format!("m{number}");
    let target = message::Target { channel: "hall".into(), recipient: None };
    let drafted = Drafted {
        message: id(),
        tell: Tell::Update,
        status: Some(status.word().to_owned()),
        severity: Some("P1".into()),
        template: None,
        variant: None,
        to: vec![Addressee { channel: "hall".into(), audience: Some("public".into()) }],
        subject: None,
        text: "We look".into(),
        facts: BTreeMap::new(),
        step: None,
    };
    let queued = Queued { target: target.clone(), fields: BTreeMap::new() };
    let events = [
        MessageEvent::MessageDrafted(drafted),
        MessageEvent::MessageApproved { message: id(), grounds: "not needed".into() },
        MessageEvent::MessageQueued { message: id(), targets: vec![queued], by: None },
        MessageEvent::MessageSent { message: id(), target, how: "ok".into(), remote: None, by_hand: false },
    ];
    events.into_iter().map(|event| (minute, IncidentEvent::Message(event))).collect()
}

#[track_caller]
fn refused(incident: &Incident, minute: i64, event: &IncidentEvent, why: &str) {
    let refused = incident.allows(event, at(minute)).unwrap_err();
    assert!(refused.contains(why), "`{why}` is not said: {refused}");
}

#[test]
fn nothing_ends_while_a_channel_does_not_know() {
    let open = incident(&told(5, 1, Status::Investigating));
    for end in [resolved(None), canceled(None)] {
        refused(&open, 10, &end, "hall was not told that INC-1 is over");
    }
    refused(&open, 10, &status(Status::Resolved), "hall was not told");
    for end in [resolved(Some("nobody reads it")), canceled(Some("nobody reads it"))] {
        assert_eq!(open.allows(&end, at(10)), Ok(()));
    }
    // It is told in another incident, which has to end for them.
    assert_eq!(open.allows(&IncidentEvent::Merged { into: "INC-2".into(), reason: None }, at(10)), Ok(()));
    let all = [told(5, 1, Status::Investigating), told(8, 2, Status::Resolved)].concat();
    assert_eq!(incident(&all).allows(&resolved(None), at(10)), Ok(()));
    let kept = incident(&[told(5, 1, Status::Investigating), vec![(10, canceled(Some("why")))]].concat());
    assert_eq!((kept.status, kept.untold.as_deref()), (Status::Canceled, Some("why")), "old journals tell more");
}

#[test]
fn nothing_ends_while_a_service_suffers() {
    let open = incident(&[(1, started())]);
    for end in [resolved(None), resolved(Some("why")), canceled(None)] {
        refused(&open, 10, &end, "api still suffers");
    }
    assert_eq!(incident(&[(1, started()), (9, ended())]).allows(&resolved(None), at(10)), Ok(()));
}

#[test]
fn two_incidents_are_not_merged_into_each_other() {
    let absorbed = IncidentEvent::Absorbed { incident: "INC-2".into(), title: "Slow".into(), channels: Vec::new() };
    let open = incident(&[(1, absorbed)]);
    let merged = |into: &str| IncidentEvent::Merged { into: into.into(), reason: None };
    refused(&open, 2, &merged("INC-2"), "INC-2 is told in INC-1");
    assert_eq!(open.allows(&merged("INC-3"), at(2)), Ok(()));
}

#[test]
fn it_goes_on_after_its_end_and_ends_after_it_went_on() {
    for end in [resolved(None), canceled(None)] {
        let over = incident(&[(30, end)]);
        refused(&over, 29, &reopened(), "went on until 1970-01-01T00:30:00.000Z");
        assert_eq!(over.allows(&reopened(), at(30)), Ok(()));
    }
    let again = incident(&[(30, resolved(None)), (40, reopened())]);
    refused(&again, 39, &resolved(None), "cannot be resolved before 1970-01-01T00:40");
    refused(&again, 39, &status(Status::Mitigated), "cannot be mitigated before 1970-01-01T00:40");
    assert_eq!(again.allows(&resolved(None), at(40)), Ok(()));
}

fn correction(event: u64, minute: i64) -> Recorded {
    recorded(99, at(90), IncidentEvent::Corrected { event, at: Some(at(minute)), text: None, reason: None })
}

#[test]
fn a_correction_turns_no_moments_round() {
    let events = stream(&[
        (10, started()),
        (20, status(Status::Mitigated)),
        (30, ended()),
        (40, resolved(None)),
        (50, reopened()),
        (60, resolved(None)),
    ]);
    let corrected = |event, minute| Incident::keeps_order(&events, &correction(event, minute));
    for (event, minute, why) in [
        (1, 21, "the mitigation at 1970-01-01T00:20:00.000Z would come before the declaration at 1970-01-01T00:21"),
        (2, 31, "the end of the impact on api"),
        (3, 41, "the end at 1970-01-01T00:40:00.000Z would come before the mitigation"),
        (4, 9, "before the beginning of the impact on api"),
        (5, 19, "before the mitigation"),
        (5, 51, "the reopening at 1970-01-01T00:50:00.000Z would come before the end"),
        (6, 39, "before the end"),
        (7, 49, "before the reopening"),
    ] {
        let refused = corrected(event, minute).unwrap_err();
        assert!(refused.contains(why), "`{why}` is not said: {refused}");
    }
    for (event, minute) in [(1, -99), (1, 20), (2, -5), (3, 40), (4, 99), (5, 20), (6, 60), (7, 50)] {
        assert_eq!(corrected(event, minute), Ok(()), "{event} {minute}");
    }
}

#[test]
fn what_was_out_of_order_can_be_put_right_step_by_step() {
    let events = stream(&[(-10, status(Status::Mitigated)), (-5, resolved(None))]);
    assert_eq!(Incident::keeps_order(&events, &correction(2, -6)), Ok(()), "it is still wrong, and not more so");
    assert!(Incident::keeps_order(&events, &correction(2, 5)).is_err(), "it would come after the end");
    assert_eq!(Incident::keeps_order(&events, &correction(3, 5)), Ok(()));
}

#[test]
fn what_ended_before_it_began_is_unknown() {
    let odd = incident(&[(10, started()), (20, ended()), (5, IncidentEvent::Detected { source: None })]);
    assert_eq!(figure(&odd, Figure::Detect), None);
    assert_eq!(figure(&odd, Figure::Impact).map(|took| took.span), Some(TimeDelta::minutes(10)));
    let at_once = incident(&[(10, started()), (10, IncidentEvent::Detected { source: None })]);
    assert_eq!(figure(&at_once, Figure::Detect).map(|took| took.span), Some(TimeDelta::zero()));
}

fn minutes(incident: &Incident, now: i64) -> Vec<(String, i64)> {
    per_severity(incident, at(now)).into_iter().map(|(severity, span)| (severity, span.num_minutes())).collect()
}

#[test]
fn a_severity_counts_while_it_goes_on() {
    let pair = |severity: &str, minutes| (severity.to_owned(), minutes);
    let again = incident(&[(10, severity("P0")), (20, resolved(None)), (50, reopened())]);
    assert_eq!(minutes(&again, 65), [pair("P1", 10), pair("P0", 25)], "for half an hour it was over");
    let over = incident(&[(20, resolved(None)), (50, reopened()), (60, severity("P0")), (70, canceled(None))]);
    assert_eq!(minutes(&over, 999), [pair("P1", 30), pair("P0", 10)]);
    // Told late: it was P2 from minute 5 until it became P0.
    let late = incident(&[(10, severity("P0")), (5, severity("P2"))]);
    assert_eq!(minutes(&late, 30), [pair("P1", 5), pair("P2", 5), pair("P0", 20)]);
}

fn moment() -> impl Strategy<Value = Time> {
    prop_oneof![Just(Time::MIN_UTC), Just(Time::MAX_UTC), (-300..300_i64).prop_map(at)]
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![0..4_u32, Just(u32::MAX)]
}

fn some_event() -> impl Strategy<Value = IncidentEvent> {
    let levels = number().prop_map(|level| IncidentEvent::Escalated {
        policy: "team".into(),
        level,
        to: "bob".into(),
        reason: None,
        by_itself: true,
    });
    let corrections = (0..9_u64, moment()).prop_map(|(event, at)| IncidentEvent::Corrected {
        event,
        at: Some(at),
        text: None,
        reason: None,
    });
    let messages = proptest::sample::select(told(0, 1, Status::Investigating)).prop_map(|(_, event)| event);
    let plain = [
        IncidentEvent::Acknowledged {},
        IncidentEvent::Detected { source: None },
        IncidentEvent::Closed { reason: None },
        severity("P0"),
        severity("P1"),
        status(Status::Identified),
        status(Status::Mitigated),
        started(),
        ended(),
        resolved(None),
        canceled(Some("why")),
        reopened(),
    ];
    prop_oneof![
        4 => proptest::sample::select(plain.to_vec()),
        2 => messages,
        1 => levels,
        1 => corrections,
        1 => moment().prop_map(|by| IncidentEvent::NextUpdatePromised { by }),
        1 => moment().prop_map(|due| IncidentEvent::TargetBreached { target: Target::Respond, due }),
        1 => number().prop_map(|count| IncidentEvent::Reminded { of: "x".into(), count }),
    ]
}

fn settings(span: u64) -> Settings {
    let span = Span::seconds(span);
    let severity = Severity {
        title: "High".into(),
        criteria: Vec::new(),
        respond_within: span,
        inform_customers: true,
        first_update_within: Some(span),
        update_every: Some(span),
        needs_commander: true,
        escalate: Some("team".into()),
    };
    let level = EscalationLevel { to: "bob".into(), after: span, channels: Vec::new() };
    let mut settings = Settings::default();
    settings.severities.insert("P0".into(), severity.clone());
    settings.severities.insert("P1".into(), severity);
    let route = EscalationRoute { topic: "Topic".into(), to: "Team".into(), levels: vec![level.clone(), level] };
    settings.escalation.insert("team".into(), route);
    settings
}

/// Asks everything that is asked of an incident.
fn ask(incident: &Incident, settings: &Settings, now: Time) {
    let severity = settings.severities.get(&incident.severity);
    let reminders = Reminders { channels: Vec::new(), every: Span::seconds(600), at_most: u32::MAX };
    let _ = (dues(incident, severity), open_dues(incident, severity), breaches(incident, severity, now));
    let _ = (respond_by(incident, severity), super::remind::nags(incident, severity, &reminders, now));
    let _ = super::escalation::next(incident, settings, now);
    let _ = super::comms::told(incident, next_update_due(incident, severity), now);
    let _ = super::comms::untold(incident);
    let _ = super::facts(incident, severity, Telling { status: None, next: Some(now) }, now);
    let _ = metrics(&[incident, incident], &settings.severities, now);
}

proptest! {
    #[test]
    fn whatever_a_journal_holds_is_folded_and_asked(
        first in moment(),
        happenings in proptest::collection::vec((moment(), moment(), some_event()), 0..20),
        span in prop_oneof![Just(0_u64), Just(600), any::<u64>()],
        now in moment(),
    ) {
        let settings = settings(span);
        let mut events = vec![recorded(1, first, declared())];
        for (version, (at, recorded_at, event)) in (2..).zip(happenings) {
            let known = Incident::fold("INC-1", &events).unwrap();
            ask(&known, &settings, now);
            let _ = known.allows(&event, at);
            let further = Recorded { recorded_at, ..recorded(version, at, event) };
            let _ = Incident::keeps_order(&events, &further);
            events.push(further);
        }
        ask(&Incident::fold("INC-1", &events).unwrap(), &settings, now);
    }

    #[test]
    fn what_is_allowed_keeps_its_moments_in_order(
        happenings in proptest::collection::vec((0..300_i64, some_event()), 0..20),
    ) {
        let mut events = vec![recorded(1, at(0), declared())];
        for (version, (minute, event)) in (2..).zip(happenings) {
            let known = Incident::fold("INC-1", &events).unwrap();
            let further = recorded(version, at(minute), event);
            let is_correction = Incident::rewrites(&further.event);
            if known.allows(&further.event, further.at).is_ok() && !is_correction {
                prop_assert_eq!(Incident::keeps_order(&events, &further), Ok(()));
                let is_end = matches!(further.event, IncidentEvent::Resolved { .. } | IncidentEvent::Canceled { .. });
                prop_assert!(!is_end || known.suffering().next().is_none());
                events.push(further);
            }
        }
        let incident = Incident::fold("INC-1", &events).unwrap();
        let total: TimeDelta = per_severity(&incident, at(999)).into_iter().map(|(_, span)| span).sum();
        let over: TimeDelta = incident.pauses.iter().map(|(from, to)| *to - *from).sum();
        prop_assert_eq!(total, incident.lasted_until(at(999)) - incident.declared_at - over);
    }
}
