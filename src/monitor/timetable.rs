//! When a probe is due.
//!
//! The n-th tick of a probe is at `n · interval + offset + jitter(n)` since 1970. The offset lies within one interval and
//! comes from the probe's id, so that the probes of a workspace are spread evenly and the same on every machine and
//! after every restart. The jitter is at most 2 % of the interval either way and comes from the id and n, so that two
//! probes do not hit one server together for ever. Ticks are never added up: no error can grow, two neighbours are 96
//! to 104 % of the interval apart, and a clock that is set asks for one look and not for all it has skipped.

use sha2::{Digest, Sha256};

use crate::ground::{Span, Time};

/// The jitter is at most this part of the interval.
const JITTER: i128 = 50;

/// The first moment strictly after another at which a probe is due. It is a whole number of microseconds; an interval
/// of less than a millisecond is taken for one.
pub fn next(id: &str, interval: Span, after: Time) -> Time {
    let interval = i128::try_from(interval.0.as_micros()).unwrap_or(i128::MAX).clamp(1_000, i64::MAX.into());
    let offset = part(&[id.as_bytes()], interval);
    let current = (i128::from(after.timestamp_micros()) - offset).div_euclid(interval);
    // The tick before the current one is past even when it is late, and the next but one is still to come when early.
    let ticks = (current..=current + 2).map(|n| n * interval + offset + jitter(id, n, interval));
    ticks.filter_map(moment).find(|tick| *tick > after).unwrap_or(Time::MAX_UTC)
}

fn moment(micros: i128) -> Option<Time> {
    i64::try_from(micros).ok().and_then(Time::from_timestamp_micros)
}

fn jitter(id: &str, n: i128, interval: i128) -> i128 {
    let most = interval / JITTER;
    part(&[id.as_bytes(), &[0], &n.to_be_bytes()], 2 * most + 1) - most
}

// A number from 0 to below `whole`, the same for the same words: the first 64 bits of their SHA-256 as a fraction.
fn part(words: &[&[u8]], whole: i128) -> i128 {
    let hash = words.iter().fold(Sha256::new(), Sha256::chain_update);
    let fraction = hash.finalize().iter().take(8).fold(0, |bits, byte| bits << 8 | i128::from(*byte));
    (fraction * whole) >> 64
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, proptest};

    use super::next;
    use crate::ground::{Span, Time};

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn ticks(id: &str, interval: Span, after: Time) -> impl Iterator<Item = Time> {
        std::iter::successors(Some(next(id, interval, after)), move |last| Some(next(id, interval, *last)))
    }

    #[test]
    fn it_is_the_same_everywhere_and_for_ever() {
        let minute = Span::seconds(60);
        let seen: Vec<String> =
            ticks("web", minute, time("2026-11-23T10:00:00Z")).take(3).map(|tick| tick.to_rfc3339()).collect();
        assert_eq!(
            seen,
            [
                "2026-11-23T10:00:16.471879+00:00",
                "2026-11-23T10:01:16.499483+00:00",
                "2026-11-23T10:02:18.371046+00:00"
            ]
        );
    }

    #[test]
    fn ten_thousand_probes_are_spread_evenly() {
        let start = time("2026-11-23T10:00:00Z");
        let mut seconds = [0u32; 60];
        for probe in 0..10_000 {
            let due = next(&format!("probe-{probe}"), Span::seconds(60), start) - start;
            seconds[usize::try_from(due.num_seconds()).unwrap().min(59)] += 1;
        }
        let expected = 10_000.0 / 60.0;
        let chi_square: f64 = seconds.iter().map(|seen| (f64::from(*seen) - expected).powi(2) / expected).sum();
        // With 59 degrees of freedom, one even spread in 100,000 is beyond 115.
        assert!(chi_square < 115.0, "{chi_square}: {seconds:?}");
    }

    #[test]
    fn a_clock_that_is_set_asks_for_one_look() {
        let hour = TimeDelta::hours(1);
        let minute = Span::seconds(60);
        let longest = TimeDelta::milliseconds(62_400);
        let now = next("web", minute, time("2026-11-23T10:00:00Z"));
        for jumped in [now + hour, now - hour, now + TimeDelta::days(4000), now - TimeDelta::days(20_000)] {
            let due: Vec<Time> =
                ticks("web", minute, jumped).take_while(|tick| *tick <= jumped + longest).take(3).collect();
            assert!((1..=2).contains(&due.len()), "{due:?}");
        }
    }

    #[test]
    fn no_interval_is_too_short_or_too_long() {
        let now = time("2026-11-23T10:00:00Z");
        assert!(next("web", Span::seconds(0), now) - now <= TimeDelta::milliseconds(2));
        assert!(next("web", Span::seconds(u64::MAX), now) > now);
        assert_eq!(next("web", Span::seconds(60), Time::MAX_UTC), Time::MAX_UTC);
        assert!(next("web", Span::seconds(60), Time::MIN_UTC) > Time::MIN_UTC);
    }

    fn a_moment() -> impl Strategy<Value = Time> {
        (-2_000_000_000_000_000_000..4_000_000_000_000_000_000i64).prop_map(Time::from_timestamp_nanos)
    }

    fn an_interval() -> impl Strategy<Value = Span> {
        (1_000..100_000_000u64).prop_map(|millis| Span(std::time::Duration::from_millis(millis)))
    }

    proptest! {
        #[test]
        fn it_is_always_later_and_nothing_is_left_out(id in "[a-z-]{1,9}", interval in an_interval(), at in a_moment()) {
            let due = next(&id, interval, at);
            prop_assert!(due > at);
            prop_assert!(due - at <= interval.delta() * 26 / 25, "{}", due - at);
            // Asked anywhere before it, after the one before, the answer is the same.
            prop_assert_eq!(next(&id, interval, due - TimeDelta::microseconds(1)), due);
            prop_assert_eq!(next(&id, interval, at + (due - at) / 2), due);
        }

        #[test]
        fn neighbours_are_about_an_interval_apart(id in "[a-z-]{1,9}", interval in an_interval(), at in a_moment()) {
            let due: Vec<Time> = ticks(&id, interval, at).take(50).collect();
            for pair in due.windows(2) {
                let apart = pair[1] - pair[0];
                prop_assert!(apart >= interval.delta() * 24 / 25 && apart <= interval.delta() * 26 / 25, "{apart}");
            }
        }

        #[test]
        fn the_rate_is_exact(id in "[a-z-]{1,9}", interval in an_interval(), at in a_moment(), count in 2..500i32) {
            let due: Vec<Time> = ticks(&id, interval, at).take(usize::try_from(count).unwrap()).collect();
            let drift = due[due.len() - 1] - due[0] - interval.delta() * (count - 1);
            prop_assert!(drift.abs() <= interval.delta() / 25, "{drift}");
        }
    }
}
