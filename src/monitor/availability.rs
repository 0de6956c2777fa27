//! How much of a time something was available, and how much of it anybody looked at.
//!
//! Availability = good / (good + bad). Coverage = (good + bad) / (period − maintenance), that is (good + bad) /
//! (good + bad + unknown). Planned work counts neither way; what nobody saw is not taken for good.

use std::fmt;

use super::Times;

/// The availability over a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Availability {
    /// From 0 to 1; none when nobody looked.
    pub ratio: Option<f64>,
    /// The share of the time in which somebody looked, from 0 to 1; 0 when there was none to look at.
    pub coverage: f64,
    good: u64,
    bad: u64,
    unknown: u64,
}

/// The availability over a period that consists of these four kinds of time.
pub fn availability(times: &Times) -> Availability {
    let Times { good_ms, bad_ms, unknown_ms, .. } = *times;
    let seen = u128::from(good_ms) + u128::from(bad_ms);
    Availability {
        ratio: share(good_ms.into(), seen),
        coverage: share(seen, seen + u128::from(unknown_ms)).unwrap_or(0.0),
        good: good_ms,
        bad: bad_ms,
        unknown: unknown_ms,
    }
}

#[allow(clippy::cast_precision_loss, reason = "15 digits of a share are enough")]
fn share(part: u128, whole: u128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A target such as 0.9995 is seldom exact in binary; this much is less than a millisecond a year.
const INEXACT: f64 = 1e-12;

impl Availability {
    /// Whether a target, from 0 to 1, is met; none when nobody looked, for that is no success.
    pub fn meets(&self, target: f64) -> Option<bool> {
        self.ratio.map(|ratio| ratio + INEXACT >= target)
    }
}

/// `99.95 % (coverage 98 %)`, or `no data`. Digits that are not shown are dropped, so that 100 % means all of it.
impl fmt::Display for Availability {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (good, seen) = (u128::from(self.good), u128::from(self.good) + u128::from(self.bad));
        if seen == 0 {
            return out.write_str("no data");
        }
        let thousandths = good * 100_000 / seen;
        let fraction = format!("{:03}", thousandths % 1000);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(out, "{}{point}{fraction} % (coverage ", thousandths / 1000)?;
        match seen * 100 / (seen + u128::from(self.unknown)) {
            0 => out.write_str("under 1 %)"),
            coverage => write!(out, "{coverage} %)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{Availability, Times};

    fn availability(good_ms: u64, bad_ms: u64, maintenance_ms: u64, unknown_ms: u64) -> Availability {
        super::availability(&Times { good_ms, bad_ms, maintenance_ms, unknown_ms })
    }

    #[test]
    fn it_is_shown_with_its_coverage_and_never_rounded_up() {
        for (good, bad, maintenance, unknown, expected) in [
            (9_995, 5, 0, 204, "99.95 % (coverage 98 %)"),
            (100, 0, 0, 0, "100 % (coverage 100 %)"),
            (99_999, 1, 0, 0, "99.999 % (coverage 100 %)"),
            (999_999, 1, 0, 0, "99.999 % (coverage 100 %)"),
            (u64::MAX, 1, 0, 0, "99.999 % (coverage 100 %)"),
            (1, 2, 0, 0, "33.333 % (coverage 100 %)"),
            (0, 7, 0, 0, "0 % (coverage 100 %)"),
            (995, 5, 0, 1, "99.5 % (coverage 99 %)"),
            (1, 0, 0, 1_000, "100 % (coverage under 1 %)"),
            (100, 0, 5_000_000, 0, "100 % (coverage 100 %)"),
            (0, 0, 0, 100, "no data"),
            (0, 0, 100, 0, "no data"),
            (0, 0, 0, 0, "no data"),
        ] {
            assert_eq!(availability(good, bad, maintenance, unknown).to_string(), expected, "{good} {bad} {unknown}");
        }
    }

    #[test]
    fn no_data_is_never_met() {
        assert_eq!(availability(0, 0, 10, 10).meets(0.0), None);
        assert_eq!(availability(0, 0, 10, 10).ratio, None);
        assert_eq!(availability(9_995, 5, 0, 0).meets(0.9995), Some(true));
        assert_eq!(availability(9_995, 5, 0, 0).meets(99.95 / 100.0), Some(true));
        assert_eq!(availability(99_949, 51, 0, 0).meets(0.9995), Some(false));
        assert_eq!(availability(100, 0, 0, 900).meets(1.0), Some(true));
        // A year with one bad millisecond.
        assert_eq!(availability(31_535_999_999, 1, 0, 0).meets(1.0), Some(false));
    }

    proptest! {
        #[test]
        fn all_of_it_means_no_bad_time(good: u64, bad: u64, maintenance: u64, unknown: u64) {
            let shown = availability(good, bad, maintenance, unknown).to_string();
            prop_assert_eq!(shown.starts_with("100 %"), bad == 0 && good > 0, "{}", shown);
            prop_assert_eq!(shown.contains("coverage 100 %"), unknown == 0 && (good > 0 || bad > 0), "{}", shown);
        }

        #[test]
        fn shares_are_shares(good in any::<u32>(), bad in any::<u32>(), maintenance: u64, unknown in any::<u32>()) {
            let found = availability(good.into(), bad.into(), maintenance, unknown.into());
            prop_assert!((0.0..=1.0).contains(&found.coverage));
            prop_assert!(found.ratio.is_none_or(|ratio| (0.0..=1.0).contains(&ratio)));
            prop_assert_eq!(found.ratio.is_none(), good == 0 && bad == 0);
            prop_assert_eq!(found, availability(good.into(), bad.into(), 0, unknown.into()));
        }
    }
}
