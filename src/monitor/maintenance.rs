//! When work on a probe's target is planned.
//!
//! A recurring window begins when the clock of its time zone shows its start, on each of its days, and lasts its
//! duration as a stopwatch measures it. What reaches over midnight belongs to the day on which it began. A start that the
//! clock skips is the moment it jumps; one that it shows twice is the first of the two.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::{GapInfo, Tz};

use crate::catalog::model::MaintenanceWindow;
use crate::ground::Time;

/// Windows that follow each other without a break are followed for a year; daily ones of 24 hours never end.
const FARTHEST: TimeDelta = TimeDelta::days(366);

/// Whether work is planned at a moment. A window's beginning belongs to it, its end does not.
pub fn is_planned(windows: &[MaintenanceWindow], at: Time) -> bool {
    last_end(windows, at).is_some()
}

/// Until when the work lasts that is planned at a moment, windows that overlap or touch taken together; none when no
/// work is planned then.
pub fn planned_until(windows: &[MaintenanceWindow], at: Time) -> Option<Time> {
    let further = |end: &Time| if *end - at < FARTHEST { last_end(windows, *end) } else { None };
    std::iter::successors(last_end(windows, at), further).last()
}

// Of the windows around a moment, the end of the one that lasts longest.
fn last_end(windows: &[MaintenanceWindow], at: Time) -> Option<Time> {
    windows.iter().filter_map(|window| end_around(window, at)).max()
}

fn end_around(window: &MaintenanceWindow, at: Time) -> Option<Time> {
    match window {
        MaintenanceWindow::Once { from, until } => (*from <= at && at < *until).then_some(*until),
        MaintenanceWindow::Recurring { start, duration, days, timezone } => days_around(at)
            .filter(|date| days.is_empty() || days.contains(&date.weekday()))
            .filter_map(|date| begin(date, *start, *timezone))
            .filter(|begin| *begin <= at)
            .filter_map(|begin| begin.checked_add_signed(duration.delta()))
            .filter(|end| at < *end)
            .max(),
    }
}

// The days, by whatever clock, on which a window around a moment can have begun: it lasts a day at most, and a clock is
// less than a day ahead of UTC or behind it.
fn days_around(at: Time) -> impl Iterator<Item = NaiveDate> {
    let today = at.date_naive();
    let first = today.checked_sub_days(Days::new(2)).unwrap_or(today);
    first.iter_days().take(4)
}

fn begin(date: NaiveDate, start: NaiveTime, zone: Tz) -> Option<Time> {
    let local = date.and_time(start);
    let shown = zone.from_local_datetime(&local).earliest();
    let begin = shown.or_else(|| GapInfo::new(&local, &zone)?.end)?;
    Some(begin.to_utc())
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Weekday};
    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::{is_planned, planned_until};
    use crate::catalog::model::MaintenanceWindow;
    use crate::ground::{Span, Time};

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn recurring(start: &str, duration: &str, days: &[Weekday], zone: &str) -> MaintenanceWindow {
        MaintenanceWindow::Recurring {
            start: start.parse().unwrap(),
            duration: duration.parse().unwrap(),
            days: days.to_vec(),
            timezone: zone.parse().unwrap(),
        }
    }

    fn once(from: &str, until: &str) -> MaintenanceWindow {
        MaintenanceWindow::Once { from: time(from), until: time(until) }
    }

    // The window lasts exactly from the one moment to the other.
    fn lasts(window: &MaintenanceWindow, from: &str, until: &str) {
        let windows = std::slice::from_ref(window);
        let (from, until) = (time(from), time(until));
        let moment = TimeDelta::milliseconds(1);
        assert!(!is_planned(windows, from - moment), "before {from}");
        assert!(is_planned(windows, from), "from {from}");
        assert!(is_planned(windows, until - moment), "until {until}");
        assert!(!is_planned(windows, until), "after {until}");
        assert_eq!(planned_until(windows, from), Some(until));
        assert_eq!(planned_until(windows, until), None);
    }

    #[test]
    fn windows_begin_by_the_clock_of_their_zone() {
        lasts(&recurring("02:00:00", "2h", &[], "UTC"), "2026-11-23T02:00:00Z", "2026-11-23T04:00:00Z");
        let berlin = recurring("02:00:00", "2h", &[], "Europe/Berlin");
        lasts(&berlin, "2026-11-23T01:00:00Z", "2026-11-23T03:00:00Z");
        lasts(&berlin, "2026-07-23T00:00:00Z", "2026-07-23T02:00:00Z");
        lasts(&recurring("00:00:00", "1h", &[], "Asia/Kathmandu"), "2026-11-22T18:15:00Z", "2026-11-22T19:15:00Z");
        lasts(&once("2026-12-01T02:00:00Z", "2026-12-03T02:00:00Z"), "2026-12-01T02:00:00Z", "2026-12-03T02:00:00Z");
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_on_which_it_began() {
        // 2026-11-22 is a Sunday.
        let sunday = recurring("23:00:00", "3h", &[Weekday::Sun], "UTC");
        lasts(&sunday, "2026-11-22T23:00:00Z", "2026-11-23T02:00:00Z");
        assert!(!is_planned(std::slice::from_ref(&sunday), time("2026-11-22T01:00:00Z")), "Saturday's does not exist");
        assert!(!is_planned(&[sunday], time("2026-11-23T23:30:00Z")), "Monday has none of its own");
        let los_angeles = recurring("22:00:00", "4h", &[Weekday::Fri], "America/Los_Angeles");
        lasts(&los_angeles, "2026-11-28T06:00:00Z", "2026-11-28T10:00:00Z");
    }

    #[test]
    fn a_start_that_the_clock_skips_is_the_moment_it_jumps() {
        // Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
        let jump = "2026-03-29T01:00:00Z";
        lasts(&recurring("02:30:00", "1h", &[Weekday::Sun], "Europe/Berlin"), jump, "2026-03-29T02:00:00Z");
        lasts(&recurring("02:00:00", "1h", &[Weekday::Sun], "Europe/Berlin"), jump, "2026-03-29T02:00:00Z");
        lasts(
            &recurring("01:30:00", "1h", &[Weekday::Sun], "Europe/Berlin"),
            "2026-03-29T00:30:00Z",
            "2026-03-29T01:30:00Z",
        );
        // Samoa had no 30 December 2011: its clock went from the end of the 29th to the 31st.
        let friday = recurring("12:00:00", "1h", &[Weekday::Fri], "Pacific/Apia");
        lasts(&friday, "2011-12-30T10:00:00Z", "2011-12-30T11:00:00Z");
    }

    #[test]
    fn a_start_that_the_clock_shows_twice_is_the_first_of_the_two() {
        // Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
        let berlin = |start: &str, duration: &str| recurring(start, duration, &[Weekday::Sun], "Europe/Berlin");
        lasts(&berlin("02:30:00", "30m"), "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z");
        lasts(&berlin("02:30:00", "2h"), "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z");
        lasts(&berlin("03:00:00", "1h"), "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z");
        // Havana, 1 November 2026: 01:00 becomes 00:00 at 05:00 UTC.
        lasts(
            &recurring("00:30:00", "1h", &[Weekday::Sun], "America/Havana"),
            "2026-11-01T04:30:00Z",
            "2026-11-01T05:30:00Z",
        );
        // Azores, 25 October 2026: 01:00 of Sunday becomes 00:00 at 01:00 UTC, and 24h take in the hour that came twice.
        let whole_day = recurring("00:00:00", "24h", &[Weekday::Sun], "Atlantic/Azores");
        lasts(&whole_day, "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z");
    }

    #[test]
    fn windows_that_touch_or_overlap_are_one() {
        let windows = [
            recurring("02:00:00", "2h", &[], "UTC"),
            recurring("03:00:00", "2h", &[], "UTC"),
            once("2026-11-23T05:00:00Z", "2026-11-23T06:00:00Z"),
            once("2026-11-23T06:00:01Z", "2026-11-23T07:00:00Z"),
        ];
        assert_eq!(planned_until(&windows, time("2026-11-23T02:30:00Z")), Some(time("2026-11-23T06:00:00Z")));
        assert_eq!(planned_until(&windows, time("2026-11-24T02:30:00Z")), Some(time("2026-11-24T05:00:00Z")));
        assert_eq!(planned_until(&windows, time("2026-11-24T05:00:00Z")), None);
        assert!(!is_planned(&[], time("2026-11-23T06:00:00Z")));
        let always = [recurring("00:00:00", "24h", &[], "UTC")];
        assert_eq!(planned_until(&always, time("2026-01-01T12:00:00Z")), Some(time("2027-01-03T00:00:00Z")));
        assert!(is_planned(&always, Time::MIN_UTC) && is_planned(&always, time("9999-12-31T00:00:00Z")));
        assert!(
            !is_planned(&[recurring("00:00:00", "24h", &[], "Asia/Tokyo")], Time::MAX_UTC),
            "there is no end to it"
        );
    }

    const ZONES: [&str; 6] =
        ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu"];

    fn a_window() -> impl Strategy<Value = MaintenanceWindow> {
        let daily = (0..24u32, 1..=1440u64, any::<u8>(), 0..ZONES.len()).prop_map(|(hour, minutes, days, zone)| {
            let all =
                [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
            let days: Vec<Weekday> =
                all.into_iter().enumerate().filter(|(bit, _)| days >> bit & 1 == 1).map(|(_, day)| day).collect();
            let duration = Span::seconds(60 * minutes).to_string();
            recurring(&format!("{hour:02}:30:00"), &duration, &days, ZONES[zone])
        });
        prop_oneof![
            daily,
            (a_moment(), 1..10_000_000i64).prop_map(|(from, seconds)| MaintenanceWindow::Once {
                from,
                until: from + TimeDelta::seconds(seconds)
            })
        ]
    }

    fn a_moment() -> impl Strategy<Value = Time> {
        (1_700_000_000..1_900_000_000i64).prop_map(|seconds| Time::from_timestamp(seconds, 0).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_planned_has_an_end_and_lasts_until_then(
            windows in proptest::collection::vec(a_window(), 0..4),
            at in a_moment(),
            share in 0.0..1.0f64,
        ) {
            let until = planned_until(&windows, at);
            prop_assert_eq!(until.is_some(), is_planned(&windows, at));
            if let Some(until) = until {
                prop_assert!(until > at);
                #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
                let part = ((until - at).num_seconds() as f64 * share) as i64;
                prop_assert!(is_planned(&windows, at + TimeDelta::seconds(part)));
                let endless = until - at >= super::FARTHEST;
                prop_assert!(endless || !is_planned(&windows, until));
            }
        }

        #[test]
        fn a_daily_window_comes_once_in_every_day(hour in 0..24u32, zone in 0..ZONES.len(), at in a_moment()) {
            let window = [recurring(&format!("{hour:02}:30:00"), "24h", &[], ZONES[zone])];
            // The clock set back leaves an hour between two starts that are 25 hours apart.
            let hours = (0..26).filter(|hour| is_planned(&window, at + TimeDelta::hours(*hour))).count();
            prop_assert!(hours >= 25, "{hours}");
        }
    }
}
