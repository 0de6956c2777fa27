//! What may follow where a delivery stands, and when it is due.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{LegState, Mail, MailState, Outbox};
use crate::ground::{Actor, Time};
use crate::message::event::Queued;
use crate::message::{Addressee, Drafted, MessageEvent, Target, Tell};

fn at(seconds: i64) -> Time {
    Time::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn hall() -> Target {
    Target { channel: "hall".into(), recipient: None }
}

fn id() -> String {
    "m1".to_owned()
}

fn queued(targets: &[Target]) -> MessageEvent {
    let queued = |target: &Target| Queued { target: target.clone(), fields: BTreeMap::new() };
    MessageEvent::MessageQueued { message: id(), targets: targets.iter().map(queued).collect(), by: None }
}

fn attempted(attempt: u32) -> MessageEvent {
    MessageEvent::MessageAttempted { message: id(), target: hall(), attempt, pid: 7, host: "box".into() }
}

fn failed(attempt: Option<u32>, after_s: Option<u64>) -> MessageEvent {
    let (reason, again) = ("it said 503".to_owned(), after_s.is_some());
    MessageEvent::MessageFailed { message: id(), target: hall(), reason, again, uncertain: false, after_s, attempt }
}

fn retried(attempt: Option<u32>) -> MessageEvent {
    MessageEvent::MessageRetried { message: id(), target: hall(), attempt }
}

fn dropped() -> MessageEvent {
    MessageEvent::MessageDropped { message: id(), channel: None, reason: "never mind".into() }
}

fn sent() -> MessageEvent {
    let how = "it said 200".to_owned();
    MessageEvent::MessageSent { message: id(), target: hall(), how, remote: None, by_hand: false }
}

/// An outbox with one approved message, to which more things happened at a moment.
fn outbox(when: Time, events: &[MessageEvent]) -> Outbox {
    let drafted = Drafted {
        message: id(),
        tell: Tell::Update,
        status: None,
        severity: None,
        template: None,
        variant: None,
        to: vec![Addressee { channel: "hall".into(), audience: None }],
        subject: None,
        text: "hello".into(),
        facts: BTreeMap::new(),
        step: None,
    };
    let approved = MessageEvent::MessageApproved { message: id(), grounds: "not needed".into() };
    let mut outbox = Outbox::default();
    for event in [MessageEvent::MessageDrafted(drafted), approved].iter().chain(events) {
        outbox.apply(when, &Actor("ana".into()), event);
    }
    outbox
}

fn mail(events: &[MessageEvent]) -> Mail {
    outbox(at(100), events).mails.remove(0)
}

#[test]
fn what_is_new_is_due_at_once_whatever_the_clock_was() {
    for events in [vec![queued(&[hall()])], vec![queued(&[hall()]), attempted(1), failed(Some(1), None), retried(None)]]
    {
        let mail = mail(&events);
        let LegState::Waiting { not_before, .. } = mail.legs[0].state else { panic!("{:?}", mail.legs) };
        assert!(not_before <= at(0), "the clock that queued it may have been ahead");
        assert_eq!((mail.legs[0].waits_until(), mail.due_at()), (None, Some(at(100))), "nobody is shown that moment");
    }
    let failed = mail(&[queued(&[hall()]), attempted(1), failed(Some(1), Some(60))]);
    assert_eq!((failed.legs[0].waits_until(), failed.due_at()), (Some(at(160)), Some(at(160))));
}

#[test]
fn a_target_that_is_named_twice_is_told_once() {
    let twice = queued(&[hall(), hall()]);
    assert_eq!(mail(std::slice::from_ref(&twice)).legs.len(), 1, "an old journal may hold that");
    assert_eq!(outbox(at(0), &[]).allows(&twice), Err("m1 would go twice to hall".to_owned()));
    let ann = |who: &str| Target { channel: "mails".into(), recipient: Some(who.into()) };
    assert_eq!(outbox(at(0), &[]).allows(&queued(&[hall(), ann("ann@example.com"), ann("bob@example.com")])), Ok(()));
    let twice = queued(&[ann("ann@example.com"), ann("ann@example.com")]);
    assert_eq!(outbox(at(0), &[]).allows(&twice), Err("m1 would go twice to ann@example.com (mails)".to_owned()));
}

#[test]
fn what_was_not_tried_fails_only_while_it_waits() {
    let fails = failed(None, None);
    let after = |events: &[MessageEvent]| outbox(at(0), &[&[queued(&[hall()])], events].concat()).allows(&fails);
    assert_eq!(after(&[]), Ok(()));
    assert_eq!(after(&[attempted(1)]), Err("m1 to hall is trying".to_owned()), "another has taken it");
    assert_eq!(after(&[dropped()]), Err("m1 to hall is dropped".to_owned()), "somebody gave it up");
    assert_eq!(after(&[attempted(1), sent()]), Err("m1 to hall is sent".to_owned()));
}

#[test]
fn an_attempt_under_way_is_given_up_only_by_name() {
    let trying = outbox(at(0), &[queued(&[hall()]), attempted(1), failed(Some(1), Some(2)), attempted(2)]);
    assert_eq!(trying.mails[0].legs[0].tried_since(), Some(at(0)));
    assert_eq!(trying.allows(&retried(None)), Err("m1 to hall is trying".to_owned()));
    assert!(trying.allows(&retried(Some(1))).is_err(), "what he knows is old");
    assert_eq!(trying.allows(&retried(Some(2))), Ok(()));
    let again = outbox(at(0), &[queued(&[hall()]), attempted(1), retried(Some(1))]);
    assert_eq!(again.mails[0].legs[0].tried_since(), None);
    assert!(again.allows(&failed(Some(1), None)).is_err(), "that attempt counts no more");
    assert_eq!(again.allows(&sent()), Ok(()), "but if it arrived, it arrived");
    assert_eq!(again.allows(&attempted(2)), Ok(()));
}

fn moment() -> impl Strategy<Value = Time> {
    prop_oneof![
        proptest::strategy::Just(Time::MIN_UTC),
        proptest::strategy::Just(Time::MAX_UTC),
        any::<i32>().prop_map(|seconds| at(seconds.into())),
    ]
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![0..4_u32, proptest::strategy::Just(u32::MAX)]
}

fn some_event() -> impl Strategy<Value = MessageEvent> {
    let after = || proptest::option::of(prop_oneof![0..9_u64, any::<u64>()]);
    prop_oneof![
        proptest::collection::vec(proptest::strategy::Just(hall()), 0..3).prop_map(|targets| queued(&targets)),
        number().prop_map(attempted),
        (proptest::option::of(number()), after()).prop_map(|(attempt, after)| failed(attempt, after)),
        proptest::option::of(number()).prop_map(retried),
        proptest::strategy::Just(dropped()),
        proptest::strategy::Just(sent()),
    ]
}

proptest! {
    #[test]
    fn whatever_a_journal_holds_is_folded(happenings in proptest::collection::vec((moment(), some_event()), 0..20)) {
        let mut outbox = outbox(at(0), &[]);
        for (when, event) in happenings {
            let _ = outbox.allows(&event);
            outbox.apply(when, &Actor("ana".into()), &event);
            let mail = &outbox.mails[0];
            let _ = (mail.due_at(), mail.state(), mail.told_at("hall"));
            prop_assert!(mail.legs.len() <= 1);
        }
    }

    #[test]
    fn of_those_that_try_at_once_one_is_allowed(events in proptest::collection::vec(some_event(), 0..20)) {
        let mut outbox = outbox(at(0), &[queued(&[hall()])]);
        for event in events {
            if outbox.allows(&event).is_ok() {
                outbox.apply(at(0), &Actor("ana".into()), &event);
                let is_attempt = matches!(event, MessageEvent::MessageAttempted { .. });
                prop_assert!(!is_attempt || outbox.allows(&event).is_err());
            }
            let leg = &outbox.mails[0].legs[0];
            prop_assert_eq!(leg.tried_since().is_some(), matches!(leg.state, LegState::Trying { .. }));
            prop_assert!(outbox.mails[0].state() != MailState::Draft);
        }
    }
}
