//! Hours and days of UTC, counted since 1970.

use crate::ground::Time;

/// An hour in milliseconds.
pub(super) const HOUR: i64 = 3_600_000;

/// How many hours a day has; in UTC all have them.
pub(super) const DAY: i64 = 24;

/// The hour that a moment, in milliseconds since 1970, lies in.
pub(super) fn of(ms: i64) -> i64 {
    ms.div_euclid(HOUR)
}

/// The first hour that does not begin before a moment in milliseconds since 1970.
pub(super) fn after(ms: i64) -> i64 {
    -of(-ms)
}

/// The first hour of the day that an hour lies in.
pub(super) fn day(hour: i64) -> i64 {
    hour - hour.rem_euclid(DAY)
}

/// The first hour of the day after the one that an hour lies in.
pub(super) fn next_day(hour: i64) -> i64 {
    day(hour) + DAY
}

/// The first hour of the first day that does not begin before an hour.
pub(super) fn day_after(hour: i64) -> i64 {
    -day(-hour)
}

/// The moment of milliseconds since 1970.
pub(super) fn time(ms: i64) -> Time {
    // Only a damaged file has a time that is none; 1970 shows that it is wrong.
    Time::from_timestamp_millis(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{after, day, day_after, next_day, of};

    #[test]
    fn hours_and_days_have_their_bounds() {
        assert_eq!([-1, 0, 3_599_999, 3_600_000].map(of), [-1, 0, 0, 1]);
        assert_eq!([-1, 0, 1, 3_600_000, 3_600_001].map(after), [0, 0, 1, 1, 2]);
        assert_eq!([-1, 0, 23, 24].map(day), [-24, 0, 0, 24]);
        assert_eq!([-1, 0, 23, 24].map(next_day), [0, 24, 24, 48]);
        assert_eq!([-1, 0, 1, 24, 25].map(day_after), [0, 0, 24, 24, 48]);
    }
}
