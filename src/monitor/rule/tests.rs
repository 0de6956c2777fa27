use chrono::TimeDelta;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Verdict, judge};
use crate::catalog::model::{AlertState, AlertWhen};
use crate::ground::{Span, Time};
use crate::monitor::{Sample, State};

fn minute(number: i64) -> Time {
    Time::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::minutes(number)
}

fn state(letter: char) -> State {
    match letter {
        'u' => State::Up,
        'g' => State::Degraded,
        'd' => State::Down,
        '?' => State::Unknown,
        'm' => State::Maintenance,
        'n' => State::NotConfigured,
        other => panic!("{other} is no state"),
    }
}

// One a minute; the last at minute 0.
fn samples(letters: &str) -> Vec<Sample> {
    let first = 1 - i64::try_from(letters.len()).unwrap();
    letters.chars().zip(first..).map(|(letter, at)| sample(state(letter), at)).collect()
}

fn sample(state: State, at: i64) -> Sample {
    Sample {
        probe: "web".to_owned(),
        at: minute(at),
        state,
        response_us: None,
        status: None,
        certificate_expires_at: None,
        interval: Span::seconds(60),
        reason: (state == State::Down).then(|| "connection refused".to_owned()),
    }
}

fn answers(millis: impl IntoIterator<Item = u64>) -> Vec<Sample> {
    let millis: Vec<u64> = millis.into_iter().collect();
    let first = 1 - i64::try_from(millis.len()).unwrap();
    let one = |(millis, at)| Sample { response_us: Some(millis * 1000), ..sample(State::Up, at) };
    millis.into_iter().zip(first..).map(one).collect()
}

fn short(verdict: &Verdict) -> char {
    match verdict {
        Verdict::Holds(_) => '!',
        Verdict::NotYet => '~',
        Verdict::DoesNot => '.',
        Verdict::CannotTell => '?',
    }
}

fn reason(verdict: Verdict) -> String {
    match verdict {
        Verdict::Holds(reason) => reason,
        other => panic!("it does not hold: {other:?}"),
    }
}

#[test]
fn a_state_takes_some_in_a_row() {
    let (down, degraded, unknown) = (AlertState::Down, AlertState::Degraded, AlertState::Unknown);
    for (wanted, seen, expected) in [
        (down, "", '?'),
        (down, "ddd", '!'),
        (down, "uddd", '!'),
        (down, "dd", '~'),
        (down, "dud", '~'),
        (down, "dddu", '.'),
        (down, "dddg", '.'),
        (down, "d?d?d", '!'),
        (down, "ddd?", '?'),
        (down, "dddm", '?'),
        (down, "dddn", '?'),
        (down, "ddmd", '~'),
        (down, "mddd", '!'),
        (degraded, "gdg", '!'),
        (degraded, "gug", '~'),
        (degraded, "ggu", '.'),
        (degraded, "gg?", '?'),
        (unknown, "???", '!'),
        (unknown, "?u?", '~'),
        (unknown, "???d", '.'),
        (unknown, "??n?", '~'),
        (unknown, "???m", '?'),
    ] {
        let when = AlertWhen::State { state: wanted, observations: 3 };
        assert_eq!(short(&judge(&when, &samples(seen), minute(0))), expected, "{wanted:?} in {seen}");
    }
    let when = |observations| AlertWhen::State { state: down, observations };
    assert_eq!(reason(judge(&when(3), &samples("ddddd"), minute(0))), "down 3 times in a row: connection refused");
    assert_eq!(reason(judge(&when(1), &samples("ud"), minute(0))), "down: connection refused");
    assert_eq!(short(&judge(&when(0), &samples("u"), minute(0))), '.');
    let degraded = AlertWhen::State { state: degraded, observations: 2 };
    assert_eq!(reason(judge(&degraded, &samples("gg"), minute(0))), "degraded 2 times in a row");
    assert_eq!(reason(judge(&degraded, &samples("dg"), minute(0))), "degraded or down 2 times in a row");
}

fn slow(percentile: u8, minutes: u64) -> AlertWhen {
    AlertWhen::Latency { above: "500ms".parse().unwrap(), percentile, window: Span::seconds(60 * minutes) }
}

#[test]
fn a_latency_takes_enough_answers() {
    let judge = |when: &AlertWhen, samples: &[Sample]| judge(when, samples, minute(0));
    let nineteen_and = |last: u64| answers(std::iter::repeat_n(100, 19).chain([last]));
    assert_eq!(judge(&slow(95, 30), &answers(std::iter::repeat_n(900, 19))), Verdict::CannotTell);
    assert_eq!(judge(&slow(95, 30), &nineteen_and(900)), Verdict::DoesNot, "the 19th of 20");
    assert_eq!(judge(&slow(99, 30), &nineteen_and(900)), Verdict::CannotTell);
    assert_eq!(reason(judge(&slow(100, 30), &nineteen_and(900))), "p100 in 30m is 900 ms, above 500ms (answers: 20)");
    assert_eq!(short(&judge(&slow(95, 30), &answers(std::iter::repeat_n(501, 20)))), '!');
    assert_eq!(judge(&slow(95, 30), &answers(std::iter::repeat_n(500, 20))), Verdict::DoesNot, "above means above");
    assert_eq!(judge(&slow(95, 20), &answers(std::iter::repeat_n(501, 20))), judge(&slow(95, 20), &answers([501; 25])));
    assert_eq!(judge(&slow(95, 19), &answers(std::iter::repeat_n(501, 40))), Verdict::CannotTell, "too short a window");
}

#[test]
fn only_answers_of_the_open_hours_are_slow() {
    let mut seen = answers([900, 900, 900]);
    seen[1].state = State::Maintenance;
    assert_eq!(short(&judge(&slow(50, 30), &seen, minute(0))), '!');
    seen[0].response_us = None;
    assert_eq!(judge(&slow(50, 30), &seen, minute(0)), Verdict::CannotTell, "one of three counts");
    seen[2].state = State::Maintenance;
    assert_eq!(judge(&slow(100, 30), &seen, minute(0)), Verdict::CannotTell);
    let hardly = Sample { response_us: Some(500_001), ..sample(State::Up, 0) };
    assert_eq!(
        reason(judge(&slow(100, 30), &[hardly], minute(0))),
        "p100 in 30m is 501 ms, above 500ms (answers: 1)",
        "never shown as the limit itself"
    );
}

#[test]
fn an_error_rate_takes_some_bad_ones() {
    let when = AlertWhen::ErrorRate { above: 0.07, window: Span::seconds(600), at_least: 3 };
    for (seen, expected) in [
        ("", '?'),
        ("ddd", '!'),
        ("dd", '.'),
        ("uuuuuuuddd", '!'),
        ("uuuuuuuudd", '.'),
        ("uuuuuuuuuu", '.'),
        ("ddduuuuuuuuuu", '.'),
        ("ggggdddggg", '!'),
        ("dm?ndudu", '!'),
        ("dddm", '?'),
        ("ddd?", '?'),
        ("dddn", '?'),
    ] {
        assert_eq!(short(&judge(&when, &samples(seen), minute(0))), expected, "{seen}");
    }
    assert_eq!(reason(judge(&when, &samples("uuuuuuuddd"), minute(0))), "bad observations in 10m: 3 of 10, above 7 %");
    let half = AlertWhen::ErrorRate { above: 0.5, window: Span::seconds(600), at_least: 1 };
    assert_eq!(judge(&half, &samples("ud"), minute(0)), Verdict::DoesNot, "above means above");
    let any = AlertWhen::ErrorRate { above: 0.0, window: Span::seconds(600), at_least: 1 };
    assert_eq!(short(&judge(&any, &samples("uuud"), minute(0))), '!');
    assert_eq!(judge(&any, &samples("uuuu"), minute(0)), Verdict::DoesNot);
}

#[test]
fn a_certificate_ends_soon() {
    let when = AlertWhen::Certificate { within: "14d".parse().unwrap() };
    let day = 24 * 60;
    let ending = |at| vec![Sample { certificate_expires_at: Some(minute(at)), ..sample(State::Up, 0) }];
    assert_eq!(judge(&when, &ending(14 * day), minute(0)), Verdict::DoesNot);
    assert_eq!(
        reason(judge(&when, &ending(6 * day), minute(0))),
        "the certificate ends in 6 d 0 h, at 2027-01-21T08:00:00.000Z"
    );
    assert_eq!(reason(judge(&when, &ending(0), minute(0))), "the certificate has ended at 2027-01-15T08:00:00.000Z");
    assert_eq!(judge(&when, &samples("u"), minute(0)), Verdict::CannotTell);
    let mut planned = ending(day);
    planned[0].state = State::Maintenance;
    assert_eq!(judge(&when, &planned, minute(0)), Verdict::CannotTell);
}

#[test]
fn a_heartbeat_is_missing() {
    for (seen, expected) in [("", '?'), ("u", '.'), ("d", '!'), ("du", '.'), ("ud", '!'), ("d?", '?'), ("dm", '?')] {
        assert_eq!(short(&judge(&AlertWhen::Heartbeat, &samples(seen), minute(0))), expected, "{seen}");
    }
    assert_eq!(reason(judge(&AlertWhen::Heartbeat, &samples("d"), minute(0))), "connection refused");
}

fn a_rule() -> impl Strategy<Value = AlertWhen> {
    prop_oneof![
        (1..5u32, 0..3usize).prop_map(|(observations, state)| AlertWhen::State {
            state: [AlertState::Down, AlertState::Degraded, AlertState::Unknown][state],
            observations
        }),
        (1..=100u8, 1..40u64).prop_map(|(percentile, minutes)| slow(percentile, minutes)),
        (0.0..1.0f64, 1..40u64, 1..5u32).prop_map(|(above, minutes, at_least)| AlertWhen::ErrorRate {
            above,
            window: Span::seconds(60 * minutes),
            at_least
        }),
        Just(AlertWhen::Certificate { within: Span::seconds(3600) }),
        Just(AlertWhen::Heartbeat),
    ]
}

fn some_samples() -> impl Strategy<Value = Vec<Sample>> {
    proptest::collection::vec(("[ugd?mn]", 0..1_000u64, -100..100i64), 0..60).prop_map(|seen| {
        let first = 1 - i64::try_from(seen.len()).unwrap();
        let one = |((letter, millis, ends), at): ((String, u64, i64), i64)| Sample {
            response_us: (millis > 200).then_some(millis * 1000),
            certificate_expires_at: (ends > -50).then(|| minute(ends)),
            ..sample(state(letter.chars().next().unwrap()), at)
        };
        seen.into_iter().zip(first..).map(one).collect()
    })
}

proptest! {
    #[test]
    fn nothing_is_said_in_maintenance(when in a_rule(), mut seen in some_samples()) {
        seen.push(sample(State::Maintenance, 1));
        prop_assert_eq!(judge(&when, &seen, minute(1)), Verdict::CannotTell);
    }

    #[test]
    fn what_is_within_reach_is_enough(when in a_rule(), seen in some_samples()) {
        let reach = super::reach(&when);
        let mut left = reach.observations;
        let mut near = Vec::new();
        for sample in seen.iter().rev() {
            if left == 0 && minute(0) - sample.at > reach.window.delta() {
                break;
            }
            left = left.saturating_sub(u32::from(super::tells(&when, sample.state)));
            near.insert(0, sample.clone());
        }
        prop_assert_eq!(judge(&when, &near, minute(0)), judge(&when, &seen, minute(0)));
    }

    #[test]
    fn a_state_holds_when_the_newest_are_all_in_it(seen in "[ugd]{1,12}", observations in 1..5u32) {
        let when = AlertWhen::State { state: AlertState::Down, observations };
        let row = seen.chars().rev().take_while(|letter| *letter == 'd').count();
        let holds = short(&judge(&when, &samples(&seen), minute(0))) == '!';
        prop_assert_eq!(holds, row >= observations as usize);
    }

    #[test]
    fn more_bad_ones_never_calm_it(seen in "[ugd]{1,12}", at in 0..12usize) {
        let when = AlertWhen::ErrorRate { above: 0.3, window: Span::seconds(3600), at_least: 2 };
        let holds = |seen: &str| short(&judge(&when, &samples(seen), minute(0))) == '!';
        let at = at % seen.len();
        let worse = format!("{}d{}", &seen[..at], &seen[at + 1..]);
        prop_assert!(!holds(&seen) || holds(&worse));
    }
}
