//! What repeated measurements come to, without saying more than they tell.
//!
//! A percentile p is the ⌈p/100 · n⌉-th smallest of n values (nearest rank): always a value that was measured. It takes
//! ⌈1 / (1 − p/100)⌉ values for one of them to lie above it, on average: 2 for p50, 20 for p95, 100 for p99. With fewer it
//! would be the largest by another name, so there is none. p100 is the largest, and takes one.

use serde::Serialize;

/// What measurements come to, in microseconds; a percentile is none when there are too few of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many.
    pub n: usize,
    /// The smallest.
    pub min: u64,
    /// Half are not above it.
    pub p50: Option<u64>,
    /// 95 % are not above it.
    pub p95: Option<u64>,
    /// 99 % are not above it.
    pub p99: Option<u64>,
    /// The largest.
    pub max: u64,
}

impl Summary {
    /// What measurements come to, in any order; none without any.
    pub fn of(micros: &[u64]) -> Option<Self> {
        let mut sorted = micros.to_vec();
        sorted.sort_unstable();
        let at = |percent| percentile(&sorted, percent);
        Some(Self {
            n: sorted.len(),
            min: *sorted.first()?,
            p50: at(50),
            p95: at(95),
            p99: at(99),
            max: *sorted.last()?,
        })
    }
}

/// How many values a percentile takes.
pub fn needed(percent: u8) -> usize {
    match 100u8.saturating_sub(percent) {
        0 => 1,
        above => 100usize.div_ceil(above.into()),
    }
}

/// A percentile of values that are sorted; none when there are too few.
pub fn percentile(sorted: &[u64], percent: u8) -> Option<u64> {
    if sorted.len() < needed(percent) { None } else { nearest_rank(sorted, percent) }
}

/// A percentile of values that are sorted, however few: for those of which every single one counts, such as incidents,
/// and beside which stands how many there are. None without any.
pub fn nearest_rank(sorted: &[u64], percent: u8) -> Option<u64> {
    let rank = (sorted.len() * usize::from(percent.min(100))).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{Summary, nearest_rank, needed, percentile};

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let hundred: Vec<u64> = (1..=100).collect();
        for (percent, expected) in [(1, 1), (50, 50), (95, 95), (99, 99), (100, 100)] {
            assert_eq!(percentile(&hundred, percent), Some(expected), "p{percent}");
        }
        assert_eq!(percentile(&[10, 20, 30], 50), Some(20));
        assert_eq!(percentile(&[10, 20], 50), Some(10));
        assert_eq!(percentile(&[10], 100), Some(10));
        assert_eq!(percentile(&[], 100), None);
        let twenty_one: Vec<u64> = (1..=21).collect();
        assert_eq!(percentile(&twenty_one, 95), Some(20));
        for (values, p50, p90) in [(vec![], None, None), (vec![7], Some(7), Some(7)), (vec![1, 2, 9], Some(2), Some(9))]
        {
            assert_eq!((nearest_rank(&values, 50), nearest_rank(&values, 90)), (p50, p90), "{values:?}");
        }
    }

    #[test]
    fn a_percentile_takes_enough_values() {
        for (percent, expected) in [(1, 2), (50, 2), (75, 4), (90, 10), (95, 20), (98, 50), (99, 100), (100, 1)] {
            assert_eq!(needed(percent), expected, "p{percent}");
        }
        let summary = Summary::of(&(1..=20).rev().collect::<Vec<u64>>()).unwrap();
        assert_eq!(
            (summary.min, summary.p50, summary.p95, summary.p99, summary.max),
            (1, Some(10), Some(19), None, 20)
        );
        let one = Summary::of(&[7]).unwrap();
        assert_eq!((one.n, one.min, one.p50, one.max), (1, 7, None, 7));
        assert_eq!(Summary::of(&[]), None);
    }

    proptest! {
        #[test]
        fn so_many_are_not_above_it(mut values in proptest::collection::vec(any::<u64>(), 1..300), percent in 1..=100u8) {
            values.sort_unstable();
            match percentile(&values, percent) {
                None => prop_assert!(values.len() < needed(percent)),
                Some(found) => {
                    let not_above = values.iter().filter(|value| **value <= found).count();
                    let below = values.iter().filter(|value| **value < found).count();
                    prop_assert!(not_above * 100 >= values.len() * usize::from(percent));
                    prop_assert!(below * 100 < values.len() * usize::from(percent));
                }
            }
        }

        #[test]
        fn the_order_of_measuring_says_nothing(values in proptest::collection::vec(any::<u64>(), 1..300)) {
            let mut sorted = values.clone();
            sorted.sort_unstable();
            prop_assert_eq!(Summary::of(&values), Summary::of(&sorted));
        }
    }
}
