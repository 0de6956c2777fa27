//! The four kinds of time, and what a probe's samples say about a stretch of it.

use std::ops::AddAssign;

use super::{Sample, State};
use crate::ground::Time;

/// A stretch of time, divided by what is known of it. In milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Up or degraded.
    pub good_ms: u64,
    /// Down.
    pub bad_ms: u64,
    /// Work was planned.
    pub maintenance_ms: u64,
    /// Nobody looked, or nobody could tell.
    pub unknown_ms: u64,
}

impl Times {
    /// A stretch of which nothing is known.
    pub const fn unknown(unknown_ms: u64) -> Self {
        Self { good_ms: 0, bad_ms: 0, maintenance_ms: 0, unknown_ms }
    }

    /// How long the stretch is.
    pub const fn total_ms(&self) -> u64 {
        self.known_ms() + self.unknown_ms
    }

    /// How much of the stretch is known.
    pub const fn known_ms(&self) -> u64 {
        self.good_ms + self.bad_ms + self.maintenance_ms
    }

    /// The kind of time that a state stands for.
    fn of(&mut self, state: State) -> &mut u64 {
        match state {
            State::Up | State::Degraded => &mut self.good_ms,
            State::Down => &mut self.bad_ms,
            State::Maintenance => &mut self.maintenance_ms,
            State::Unknown | State::NotConfigured => &mut self.unknown_ms,
        }
    }
}

impl AddAssign for Times {
    fn add_assign(&mut self, other: Self) {
        self.good_ms += other.good_ms;
        self.bad_ms += other.bad_ms;
        self.maintenance_ms += other.maintenance_ms;
        self.unknown_ms += other.unknown_ms;
    }
}

/// What samples say about the time from `from` to before `until`.
///
/// A sample stands for its state until the next one, but for two of its intervals at most; what no sample stands for is
/// unknown. The samples are those of one probe in order of time; the last one before `from` says how the stretch begins.
/// Parts of a stretch add up to the whole, to the millisecond.
pub fn spans(samples: &[Sample], from: Time, until: Time) -> Times {
    let (from, until) = (from.timestamp_millis(), until.timestamp_millis());
    let mut times = Times::default();
    let mut known = from;
    for (place, sample) in samples.iter().enumerate() {
        let next = samples.get(place + 1).map_or(until, |next| next.at.timestamp_millis());
        let begins = sample.at.timestamp_millis().max(known);
        let ends = stands_until(sample).min(next).min(until);
        if ends > begins {
            times.unknown_ms += between(known, begins);
            *times.of(sample.state) += between(begins, ends);
            known = ends;
        }
    }
    times.unknown_ms += between(known, until);
    times
}

/// Until when a sample stands for its state when no other comes: milliseconds since 1970.
fn stands_until(sample: &Sample) -> i64 {
    let interval = i64::try_from(sample.interval.0.as_millis()).unwrap_or(i64::MAX);
    sample.at.timestamp_millis().saturating_add(interval.saturating_mul(2))
}

fn between(from: i64, until: i64) -> u64 {
    u64::try_from(until.saturating_sub(from)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::{Strategy, proptest};
    use proptest::{collection, prop_assert_eq};

    use super::{Times, spans};
    use crate::ground::{Span, Time};
    use crate::monitor::{Sample, State};

    fn noon(seconds: i64) -> Time {
        "2026-11-23T12:00:00Z".parse::<Time>().unwrap() + TimeDelta::seconds(seconds)
    }

    /// A sample of a probe that is looked at once a minute.
    fn sample(seconds: i64, state: State) -> Sample {
        Sample {
            probe: "api".into(),
            at: noon(seconds),
            state,
            response_us: None,
            status: None,
            certificate_expires_at: None,
            interval: Span::seconds(60),
            reason: None,
        }
    }

    /// Good, bad, maintenance and unknown seconds of the ten minutes after noon.
    fn ten_minutes(samples: &[Sample]) -> [u64; 4] {
        let Times { good_ms, bad_ms, maintenance_ms, unknown_ms } = spans(samples, noon(0), noon(600));
        [good_ms, bad_ms, maintenance_ms, unknown_ms].map(|ms| ms / 1000)
    }

    #[test]
    fn without_samples_nothing_is_known() {
        assert_eq!(ten_minutes(&[]), [0, 0, 0, 600]);
        assert_eq!(spans(&[], noon(5), noon(5)), Times::default());
        assert_eq!(spans(&[sample(0, State::Up)], noon(5), noon(0)), Times::default());
    }

    #[test]
    fn every_state_is_one_kind_of_time() {
        for (state, kind) in [
            (State::Up, 0),
            (State::Degraded, 0),
            (State::Down, 1),
            (State::Maintenance, 2),
            (State::Unknown, 3),
            (State::NotConfigured, 3),
        ] {
            let mut expected = [0, 0, 0, 480];
            expected[kind] += 120;
            assert_eq!(ten_minutes(&[sample(100, state)]), expected, "{state:?}");
        }
    }

    #[test]
    fn a_sample_stands_until_the_next_and_never_for_more_than_two_intervals() {
        let samples = [sample(0, State::Up), sample(61, State::Down), sample(400, State::Up)];
        assert_eq!(ten_minutes(&samples), [61 + 120, 120, 0, 600 - 301]);
    }

    #[test]
    fn the_last_sample_before_says_how_it_begins() {
        assert_eq!(ten_minutes(&[sample(-30, State::Up), sample(30, State::Down)]), [30, 120, 0, 450]);
        assert_eq!(ten_minutes(&[sample(-119, State::Up)]), [1, 0, 0, 599]);
        assert_eq!(ten_minutes(&[sample(-120, State::Up)]), [0, 0, 0, 600]);
    }

    #[test]
    fn what_lies_behind_the_end_does_not_count() {
        assert_eq!(ten_minutes(&[sample(599, State::Down), sample(700, State::Up)]), [0, 1, 0, 599]);
        assert_eq!(ten_minutes(&[sample(600, State::Down)]), [0, 0, 0, 600]);
    }

    #[test]
    fn two_samples_of_one_moment_are_not_counted_twice() {
        assert_eq!(ten_minutes(&[sample(10, State::Up), sample(10, State::Down)]), [0, 120, 0, 480]);
    }

    fn samples() -> impl Strategy<Value = Vec<Sample>> {
        let one = (0..7_200_000_i64, 0..State::ALL.len(), 0..1_000_000_u64);
        collection::vec(one, 0..40).prop_map(|mut rows| {
            rows.sort_unstable();
            let made = rows.into_iter().map(|(ms, state, interval)| Sample {
                at: noon(-3600) + TimeDelta::milliseconds(ms),
                interval: Span(std::time::Duration::from_millis(interval)),
                ..sample(0, State::ALL[state])
            });
            made.collect()
        })
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(samples in samples(), cut in 0..3_600_000_i64) {
            let cut = noon(0) + TimeDelta::milliseconds(cut);
            let mut parts = spans(&samples, noon(0), cut);
            parts += spans(&samples, cut, noon(3600));
            let whole = spans(&samples, noon(0), noon(3600));
            prop_assert_eq!(parts, whole);
            prop_assert_eq!(whole.total_ms(), 3_600_000);
        }
    }
}
