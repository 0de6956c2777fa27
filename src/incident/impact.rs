//! When which service suffered, and for how long.

use chrono::TimeDelta;

use crate::ground::Time;

/// The levels of impact in the words of status pages, the mildest first.
pub const LEVELS: [&str; 3] = ["degraded_performance", "partial_outage", "major_outage"];

/// One stretch of time in which a service suffered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// The service.
    pub service: String,
    /// How much: one of [`LEVELS`].
    pub level: String,
    /// Since when.
    pub from: Time,
    /// Until when; none while it goes on.
    pub to: Option<Time>,
}

/// How long at least one of the stretches lasted; those that go on last until `now`. None when there are none.
pub fn union(intervals: &[Interval], now: Time) -> Option<TimeDelta> {
    let mut spans: Vec<(Time, Time)> =
        intervals.iter().map(|one| (one.from, one.to.unwrap_or(now).max(one.from))).collect();
    spans.sort();
    let (mut total, mut until) = (TimeDelta::zero(), spans.first()?.0);
    for (from, to) in spans {
        if to > until {
            total += to - from.max(until);
            until = to;
        }
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::{Interval, union};
    use crate::ground::Time;
    use proptest::prelude::{prop_assert_eq, proptest};

    fn at(minute: i64) -> Time {
        Time::UNIX_EPOCH + chrono::TimeDelta::minutes(minute)
    }

    fn interval(from: i64, to: Option<i64>) -> Interval {
        Interval { service: "api".into(), level: "major_outage".into(), from: at(from), to: to.map(at) }
    }

    #[test]
    fn what_overlaps_counts_once() {
        for (intervals, minutes) in [
            (vec![], None),
            (vec![interval(0, Some(10))], Some(10)),
            (vec![interval(0, Some(10)), interval(5, Some(15))], Some(15)),
            (vec![interval(20, Some(30)), interval(0, Some(10))], Some(20)),
            (vec![interval(0, Some(30)), interval(5, Some(10))], Some(30)),
            (vec![interval(50, None)], Some(10)),
        ] {
            assert_eq!(union(&intervals, at(60)).map(|total| total.num_minutes()), minutes, "{intervals:?}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_number_of_minutes_covered(spans in proptest::collection::vec((0_i64..100, 0_i64..50), 1..8)) {
            let intervals: Vec<Interval> = spans.iter().map(|(from, length)| interval(*from, Some(from + length))).collect();
            let covered = (0..200).filter(|m| spans.iter().any(|(from, length)| (*from..from + length).contains(m))).count();
            prop_assert_eq!(union(&intervals, at(500)).unwrap().num_minutes(), i64::try_from(covered).unwrap());
        }
    }
}
