//! Hours and days say the same as the samples they were added up from.

use std::time::Duration;

use chrono::TimeDelta;
use opsctl::ground::{Span, Time};
use opsctl::monitor::{Sample, State, Times, spans};
use opsctl::sample::{Counts, Responses, Rollup, Samples};
use proptest::prelude::{Just, ProptestConfig, Strategy, proptest};
use proptest::{collection, option, prop_assert, prop_assert_eq};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{DAY, HOUR, at, minutes, sample, samples, seconds};

/// How many hours and days are stored.
fn stored(dir: &TempDir) -> (i64, i64) {
    let db = Connection::open(dir.path().join("journal.db")).unwrap();
    let count = |hours: i64| {
        db.query_row("SELECT count(*) FROM rollups WHERE hours = ?1", [hours], |row| row.get::<_, i64>(0)).unwrap()
    };
    (count(1), count(24))
}

#[test]
fn an_hour_is_added_up_five_minutes_after_its_end() {
    let (dir, samples) = samples();
    samples.append(&minutes("api", 0, 2 * HOUR, State::Up)).unwrap();
    for (now, expected) in [(HOUR, 0), (HOUR + 299, 0), (HOUR + 300, 1), (2 * HOUR + 299, 1), (2 * HOUR + 300, 2)] {
        samples.roll_up(at(now)).unwrap();
        assert_eq!(stored(&dir), (expected, 0), "{now}");
    }
}

#[test]
fn a_day_is_added_up_with_its_last_hour() {
    let (dir, samples) = samples();
    samples.append(&minutes("api", 20 * HOUR, 26 * HOUR, State::Up)).unwrap();
    samples.roll_up(at(24 * HOUR)).unwrap();
    assert_eq!(stored(&dir), (3, 0));
    samples.roll_up(at(24 * HOUR + 300)).unwrap();
    assert_eq!(stored(&dir), (4, 1));
}

#[test]
fn adding_up_again_changes_nothing() {
    let (dir, samples) = samples();
    samples.append(&minutes("api", 0, 30 * HOUR, State::Up)).unwrap();
    let told = || samples.history("api", at(0), at(30 * HOUR)).unwrap().total;
    let before = told();
    for _ in 0..3 {
        samples.roll_up(at(40 * HOUR)).unwrap();
        assert_eq!(stored(&dir), (30 + 1, 1)); // the last sample stands into the next hour
        assert_eq!(told(), before);
    }
}

#[test]
fn a_month_in_which_nobody_looked_is_unknown_and_takes_no_room() {
    let (dir, samples) = samples();
    samples.append(&minutes("api", 15 * HOUR, 16 * HOUR, State::Up)).unwrap();
    samples.append(&minutes("api", 30 * DAY + 5 * HOUR, 30 * DAY + 6 * HOUR, State::Down)).unwrap();
    samples.roll_up(at(31 * DAY + HOUR)).unwrap();
    assert_eq!(stored(&dir), (4, 2));
    let history = samples.history("api", at(0), at(31 * DAY)).unwrap();
    assert_eq!(history.buckets.len(), 31);
    let hour = HOUR.unsigned_abs();
    assert_eq!(seconds(&history.buckets[0].seen), [hour + 60, 0, 0, 23 * hour - 60]);
    assert_eq!(seconds(&history.buckets[15].seen), [0, 0, 0, 24 * hour]);
    assert_eq!(seconds(&history.buckets[30].seen), [0, hour + 60, 0, 23 * hour - 60]);
    assert_eq!(seconds(&history.total), [hour + 60, hour + 60, 0, 31 * 24 * hour - 2 * hour - 120]);
}

#[test]
fn a_sample_stands_for_hours_in_which_none_was_taken() {
    let (dir, samples) = samples();
    let rare =
        |seconds| Sample { interval: Span("1d".parse::<Span>().unwrap().0), ..sample("tls", seconds, State::Up) };
    samples.append(&[rare(HOUR), rare(DAY + HOUR)]).unwrap();
    samples.roll_up(at(4 * DAY + 300)).unwrap();
    assert_eq!(stored(&dir), (72, 4));
    let history = samples.history("tls", at(0), at(4 * DAY)).unwrap();
    assert_eq!(seconds(&history.total), [3 * 86_400, 0, 0, 86_400]);
    assert_eq!(history.total.counts.total(), 2);
}

#[test]
fn a_sample_that_comes_too_late_is_kept_and_counts_in_no_hour() {
    let (_dir, samples) = samples();
    samples.append(&minutes("api", 0, 1800, State::Up)).unwrap();
    samples.roll_up(at(2 * HOUR)).unwrap();
    let before = samples.history("api", at(0), at(HOUR)).unwrap();
    samples.append(&minutes("api", 1800, 3600, State::Down)).unwrap();
    samples.roll_up(at(3 * HOUR)).unwrap();
    assert_eq!(samples.history("api", at(0), at(HOUR)).unwrap(), before);
    assert_eq!(samples.range("api", at(0), at(HOUR)).unwrap().len(), 60);
}

#[test]
fn a_clock_that_was_ahead_loses_nothing_that_comes_after() {
    let (_dir, samples) = samples();
    samples.append(&minutes("api", 0, HOUR, State::Up)).unwrap();
    samples.roll_up(at(1000 * DAY)).unwrap();
    samples.roll_up(at(HOUR + 300)).unwrap();
    samples.append(&minutes("api", HOUR, 5 * HOUR, State::Down)).unwrap();
    let hour = HOUR.unsigned_abs();
    samples.roll_up(at(2 * DAY)).unwrap();
    for days in [1, 3] {
        let seen = samples.history("api", at(0), at(days * DAY)).unwrap().total;
        assert_eq!(seconds(&seen)[..2], [hour, 4 * hour + 60]);
    }
}

#[test]
fn a_clock_that_was_behind_takes_nothing_away() {
    let (_dir, samples) = samples();
    samples.append(&minutes("api", 0, 4 * DAY, State::Up)).unwrap();
    let told = || samples.history("api", at(0), at(4 * DAY)).unwrap();
    let before = told();
    samples.roll_up(at(4 * DAY + HOUR)).unwrap();
    samples.forget(at(4 * DAY + HOUR), "2d".parse().unwrap(), "30d".parse().unwrap()).unwrap();
    samples.roll_up(at(-DAY)).unwrap();
    samples.roll_up(at(4 * DAY + HOUR)).unwrap();
    assert_eq!(told(), before);
}

#[test]
fn up_to_two_days_are_told_by_hours_and_more_by_days() {
    let (_dir, samples) = samples();
    samples.append(&minutes("api", 0, 3 * DAY, State::Up)).unwrap();
    samples.roll_up(at(2 * DAY + 12 * HOUR)).unwrap();
    let bounds = |from, until| {
        let history = samples.history("api", at(from), at(until)).unwrap();
        let bounds: Vec<_> = history.buckets.iter().map(|bucket| bucket.from).collect();
        let ends: Vec<_> = history.buckets.iter().map(|bucket| bucket.until).collect();
        assert_eq!((history.from, history.until), (bounds[0], ends[ends.len() - 1]));
        assert_eq!(bounds[1..], ends[..ends.len() - 1]);
        bounds
    };
    assert_eq!(bounds(DAY, 3 * DAY).len(), 48);
    assert_eq!(bounds(HOUR + 5, 2 * DAY + 2 * HOUR), [at(HOUR), at(DAY), at(2 * DAY)]);
    // Where all is added up an hour is whole, and where it is not the end is exact.
    assert_eq!(samples.history("api", at(100), at(DAY + 100)).unwrap().until, at(DAY + HOUR));
    assert_eq!(samples.history("api", at(100), at(3 * DAY - 100)).unwrap().until, at(3 * DAY - 100));
}

#[test]
fn a_probe_that_was_never_seen_is_unknown() {
    let (_dir, samples) = samples();
    let history = samples.history("nobody", at(0), at(3 * DAY)).unwrap();
    assert_eq!(history.total.times, Times::unknown(3 * 86_400_000));
    assert_eq!((history.buckets.len(), history.total.responses.max()), (3, None));
    assert_eq!(samples.history("nobody", at(5), at(0)).unwrap().buckets, []);
    assert_eq!(samples.times(at(0), at(DAY)).unwrap(), []);
}

#[test]
fn a_stored_histogram_that_makes_no_sense_is_named() {
    let (dir, samples) = samples();
    samples.append(&minutes("api", 0, HOUR, State::Up)).unwrap();
    samples.roll_up(at(2 * HOUR)).unwrap();
    let db = Connection::open(dir.path().join("journal.db")).unwrap();
    db.execute_batch("UPDATE rollups SET responses = x'1c849303ffffffff'").unwrap();
    let error = samples.history("api", at(0), at(HOUR)).unwrap_err();
    assert!(error.to_string().contains("journal.db"), "{error}");
}

// ---- whatever happens ----

/// What the samples say, without any table.
fn expected(all: &[Sample], from: Time, until: Time) -> (Times, Counts, Vec<u64>) {
    let mut counts = Counts::default();
    let mut answers = Vec::new();
    for sample in all.iter().filter(|sample| (from..until).contains(&sample.at)) {
        counts[sample.state] += 1;
        answers.extend(sample.response_us);
    }
    answers.sort_unstable();
    (spans(all, from, until), counts, answers)
}

/// Whether a histogram says the same as all its values, to one percent.
fn agree(seen: &Responses, answers: &[u64]) -> Result<(), String> {
    let near = |seen: u64, exact: u64| seen >= exact && seen - exact <= exact.div_ceil(100);
    for share in [0.5, 0.95, 0.99, 1.0] {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let place = (answers.len() as f64 * share).ceil() as usize;
        let exact = answers.get(place.saturating_sub(1)).copied();
        match (seen.quantile(share), exact) {
            (None, None) => {}
            (Some(seen), Some(exact)) if near(seen, exact) => {}
            other => return Err(format!("{share}: {other:?} of {answers:?}")),
        }
    }
    Ok(())
}

/// Some samples in order of time, within four days.
fn any_samples() -> impl Strategy<Value = Vec<Sample>> {
    let interval = proptest::prop_oneof![Just(60_000_u64), 1..10_000_u64, 1..50_000_000_u64];
    let response = option::weighted(0.8, 0..7_200_000_000_u64);
    let one = (0..4 * DAY * 1000, 0..State::ALL.len(), interval, response);
    collection::vec(one, 0..120).prop_map(|mut rows| {
        rows.sort_unstable();
        rows.dedup_by_key(|row| row.0);
        let made = rows.into_iter().map(|(ms, state, interval, response_us)| Sample {
            at: at(0) + TimeDelta::milliseconds(ms),
            interval: Span(Duration::from_millis(interval)),
            response_us,
            ..sample("api", 0, State::ALL[state])
        });
        made.collect()
    })
}

/// Appends and adds up by turns, as the daemon does.
fn live(samples: &Samples, all: &[Sample], times: &[i64]) {
    let mut left = all;
    for now in times {
        let (come, later) = left.split_at(left.partition_point(|sample| sample.at < at(*now)));
        samples.append(come).unwrap();
        samples.roll_up(at(*now)).unwrap();
        left = later;
    }
    samples.append(left).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn adding_up_loses_nothing(
        all in any_samples(),
        mut nows in collection::vec(0..5 * DAY, 0..5),
        from in -5..100_i64,
        length in 0..5 * DAY,
    ) {
        nows.sort_unstable();
        let (_dir, samples) = samples();
        live(&samples, &all, &nows);
        let (from, until) = (at(from * HOUR), at(from * HOUR + length));
        let history = samples.history("api", from, until).unwrap();
        prop_assert_eq!(history.from, from);
        let (times, counts, answers) = expected(&all, history.from, history.until);
        prop_assert_eq!(history.total.times, times);
        prop_assert_eq!(history.total.counts, counts);
        let agreed = agree(&history.total.responses, &answers.iter().map(|us| (*us).clamp(1, 3_600_000_000)).collect::<Vec<_>>());
        prop_assert!(agreed.is_ok(), "{agreed:?}");
        for bucket in &history.buckets {
            let (times, counts, _) = expected(&all, bucket.from, bucket.until);
            prop_assert_eq!((bucket.seen.times, bucket.seen.counts), (times, counts));
        }
        let mut whole = Rollup::default();
        history.buckets.iter().for_each(|bucket| whole += &bucket.seen);
        prop_assert_eq!(&whole, &history.total);
        if !all.is_empty() {
            prop_assert_eq!(samples.times(from, until).unwrap(), [("api".to_owned(), times)]);
        }
    }
}
