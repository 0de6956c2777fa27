//! Moments as people write them: `14:05`, `2026-11-24 14:05`, `20m ago`, RFC 3339. What names no zone is UTC, as all
//! times that are shown.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use crate::ground::{Span, Time};

/// The moment that a text names, seen from `now`. A time of day is the last such time.
pub fn past(text: &str, now: Time) -> Result<Time, String> {
    let text = text.trim();
    if text == "now" {
        return Ok(now);
    }
    if let Some(span) = text.strip_suffix("ago").map(str::trim).or_else(|| text.strip_prefix('-')) {
        return Ok(now - span.parse::<Span>()?.delta());
    }
    if let Some(time) = time_of_day(text) {
        let today = now.date_naive().and_time(time).and_utc();
        return Ok(if today > now { today - TimeDelta::days(1) } else { today });
    }
    absolute(text).ok_or_else(|| wrong(text, "20m ago"))
}

/// The moment that a text names, seen from `now`. A time of day is the next such time, and a duration counts from now.
pub fn future(text: &str, now: Time) -> Result<Time, String> {
    let text = text.trim();
    if text == "now" {
        return Ok(now);
    }
    if let Ok(span) = text.strip_prefix('+').unwrap_or(text).parse::<Span>() {
        return Ok(now + span.delta());
    }
    if let Some(time) = time_of_day(text) {
        let today = now.date_naive().and_time(time).and_utc();
        return Ok(if today < now { today + TimeDelta::days(1) } else { today });
    }
    absolute(text).ok_or_else(|| wrong(text, "30m"))
}

/// Where a stretch of time begins or ends that a text names: a duration back (`30d`), a day (`2026-11-01`, its midnight
/// UTC), or a moment.
pub fn bound(text: &str, now: Time) -> Result<Time, String> {
    let text = text.trim();
    if let Ok(span) = text.parse::<Span>() {
        return Ok(now - span.delta());
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    past(text, now).map_err(|_| {
        format!("`{text}` is no time to count from; write it like 30d, 2026-11-01 or 2026-11-24 14:05 (UTC)")
    })
}

/// The day that a text names: `2026-12-01`, `7d` from now.
pub fn day(text: &str, now: Time) -> Result<NaiveDate, String> {
    let text = text.trim();
    if let Ok(span) = text.strip_prefix('+').unwrap_or(text).parse::<Span>() {
        return Ok((now + span.delta()).date_naive());
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| format!("`{text}` is no day; write it like 2026-12-01, or 7d for a week from now"))
}

fn absolute(text: &str) -> Option<Time> {
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let formats = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"];
    formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()).map(|time| time.and_utc())
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    let text = text.strip_suffix("UTC").map_or(text, str::trim);
    ["%H:%M", "%H:%M:%S"].iter().find_map(|format| NaiveTime::parse_from_str(text, format).ok())
}

fn wrong(text: &str, span: &str) -> String {
    format!("`{text}` is no moment; write it like {span}, 14:05, 2026-11-24 14:05 (UTC) or 2026-11-24T14:05:00Z")
}

#[cfg(test)]
mod tests {
    use super::{bound, day, future, past};
    use crate::ground::{Time, rfc3339};

    fn now() -> Time {
        "2026-11-24T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_happened_lies_before() {
        for (text, moment) in [
            ("now", "2026-11-24T10:00:00.000Z"),
            ("20m ago", "2026-11-24T09:40:00.000Z"),
            ("-1h30m", "2026-11-24T08:30:00.000Z"),
            ("09:30", "2026-11-24T09:30:00.000Z"),
            ("23:10", "2026-11-23T23:10:00.000Z"),
            ("2026-11-20 07:00", "2026-11-20T07:00:00.000Z"),
            ("2026-11-20T07:00:00+02:00", "2026-11-20T05:00:00.000Z"),
        ] {
            assert_eq!(past(text, now()).map(rfc3339), Ok(moment.to_owned()), "{text}");
        }
        for wrong in ["", "yesterday", "25:00", "5 minutes ago", "2026-13-01 10:00"] {
            assert!(past(wrong, now()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn stretches_begin_at_a_day_or_so_long_ago() {
        for (text, moment) in [
            ("30d", "2026-10-25T10:00:00.000Z"),
            ("2026-11-01", "2026-11-01T00:00:00.000Z"),
            ("2026-11-01 08:00", "2026-11-01T08:00:00.000Z"),
            ("2026-11-01T08:00:00Z", "2026-11-01T08:00:00.000Z"),
            ("2h ago", "2026-11-24T08:00:00.000Z"),
        ] {
            assert_eq!(bound(text, now()).map(rfc3339), Ok(moment.to_owned()), "{text}");
        }
        assert!(bound("last week", now()).is_err());
    }

    #[test]
    fn what_is_promised_lies_ahead() {
        for (text, moment) in [
            ("now", "2026-11-24T10:00:00.000Z"),
            ("30m", "2026-11-24T10:30:00.000Z"),
            ("+1h", "2026-11-24T11:00:00.000Z"),
            ("10:30", "2026-11-24T10:30:00.000Z"),
            ("09:30 UTC", "2026-11-25T09:30:00.000Z"),
            ("2026-11-25 07:00", "2026-11-25T07:00:00.000Z"),
        ] {
            assert_eq!(future(text, now()).map(rfc3339), Ok(moment.to_owned()), "{text}");
        }
        assert_eq!(day("7d", now()).unwrap().to_string(), "2026-12-01");
        assert_eq!(day("2026-12-24", now()).unwrap().to_string(), "2026-12-24");
        assert!(day("soon", now()).is_err());
    }
}
