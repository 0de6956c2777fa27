//! The days of a probe, as they are kept.

use chrono::{NaiveDate, TimeDelta};
use opsctl::ground::{Span, Time};
use opsctl::monitor::{Sample, State};
use opsctl::sample::Samples;

use crate::sample::now;

fn sample(at: Time, state: State) -> Sample {
    Sample {
        probe: "home".to_owned(),
        at,
        state,
        response_us: Some(1000),
        status: None,
        certificate_expires_at: None,
        interval: Span::seconds(600),
        reason: None,
    }
}

/// Samples of three days: good, then half of it down, then nothing until this morning.
fn kept(samples: &Samples) {
    let midnight = now().date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc();
    let of = |day: i64, minutes: i64| {
        let state = match (day, minutes) {
            (2, 720..) => State::Down,
            (3, ..600) => State::Degraded,
            _ => State::Up,
        };
        sample(midnight - TimeDelta::days(day) + TimeDelta::minutes(minutes), state)
    };
    let whole = |day| (0..144).map(move |tenth| of(day, tenth * 10));
    let this_morning = (0..58).map(|tenth| of(0, tenth * 10));
    samples.append(&whole(3).chain(whole(2)).chain(this_morning).collect::<Vec<_>>()).unwrap();
}

#[test]
fn days_are_the_same_whether_or_not_they_are_added_up() {
    let dir = tempfile::tempdir().unwrap();
    let samples = Samples::open(dir.path()).unwrap();
    kept(&samples);
    let dates: Vec<NaiveDate> = (0..5).rev().map(|back| now().date_naive() - TimeDelta::days(back)).collect();
    let before = samples.days("home", &dates, now()).unwrap();
    samples.roll_up(now()).unwrap();
    let after = samples.days("home", &dates, now()).unwrap();
    assert_eq!(before, after);
    let hours: Vec<[u64; 3]> = after
        .iter()
        .map(|day| [day.times.good_ms, day.times.bad_ms, day.times.unknown_ms].map(|ms| ms / 3_600_000))
        .collect();
    // The last sample of a day stands for two intervals, twenty minutes into the next.
    assert_eq!(hours, [[0, 0, 24], [24, 0, 0], [12, 12, 0], [0, 0, 23], [9, 0, 0]]);
    assert_eq!(after.iter().map(|day| (day.seen, day.degraded)).collect::<Vec<_>>()[1..3], [(144, 60), (144, 0)]);
    let parts: Vec<u64> = after.iter().map(|day| day.times.total_ms() / 60_000).collect();
    assert_eq!(parts, [1440, 1440, 1440, 1440, 580], "today is as long as it has lasted");
    assert_eq!(samples.days("nobody", &dates, now()).unwrap()[0].times.unknown_ms, 86_400_000);
    assert_eq!(samples.days("home", &[], now()).unwrap(), []);
}
