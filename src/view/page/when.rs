//! Moments, days and shares as people read them. All times are UTC.

use chrono::{NaiveDate, SecondsFormat};
use maud::{Markup, html};

use crate::ground::Time;

/// A moment: `24 Nov 2026, 09:40 UTC`.
pub(super) fn moment(time: Time) -> Markup {
    html! { time datetime=(machine(time)) { (time.format("%-d %b %Y, %H:%M")) " UTC" } }
}

/// A stretch: `24 Nov 2026, 09:40 – 10:15 UTC`.
pub(super) fn stretch(from: Time, until: Time) -> Markup {
    let same_day = from.date_naive() == until.date_naive();
    let end = if same_day { "%H:%M" } else { "%-d %b %Y, %H:%M" };
    html! {
        time datetime=(machine(from)) { (from.format("%-d %b %Y, %H:%M")) }
        " – "
        time datetime=(machine(until)) { (until.format(end)) " UTC" }
    }
}

/// A day: `24 Nov 2026`.
pub(super) fn day(date: NaiveDate) -> String {
    date.format("%-d %b %Y").to_string()
}

/// How long something took, beside the times: `(42 minutes)`.
pub(super) fn took(from: Time, until: Time) -> Markup {
    html! { span.took { "(" (lasted(from, until)) ")" } }
}

/// How long something took: `42 minutes`, `1 hour 5 minutes`, `3 days 2 hours`.
fn lasted(from: Time, until: Time) -> String {
    let minutes = (until - from).num_minutes().max(0);
    let many = |count: i64, unit: &str| if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") };
    let both = |large: String, small: i64, unit: &str| match small {
        0 => large,
        small => format!("{large} {}", many(small, unit)),
    };
    match minutes {
        0 => "less than a minute".to_owned(),
        1..60 => many(minutes, "minute"),
        60..1440 => both(many(minutes / 60, "hour"), minutes % 60, "minute"),
        _ => both(many(minutes / 1440, "day"), minutes % 1440 / 60, "hour"),
    }
}

/// A share as a percentage, cut off and never rounded up, so that only what is whole is 100 %.
pub(super) fn percent(share: f64) -> String {
    // The little that is added undoes what binary fractions take away.
    let most = if share < 1.0 { 9_999.0 } else { 10_000.0 };
    let hundredths = (share.max(0.0) * 10_000.0 + 1e-6).floor().min(most);
    let written = format!("{:.2}", hundredths / 100.0);
    format!("{}\u{a0}%", written.trim_end_matches('0').trim_end_matches('.'))
}

/// How much of a time is known: in whole percent, cut off.
pub(super) fn known(share: f64) -> String {
    let percent = (share.clamp(0.0, 1.0) * 100.0 + 1e-6).floor();
    if percent < 1.0 { "under 1\u{a0}%".to_owned() } else { format!("{percent:.0}\u{a0}%") }
}

fn machine(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{known, lasted, percent};
    use crate::ground::Time;

    #[test]
    fn shares_are_never_rounded_up() {
        for (share, shown, of_time) in [
            (1.0, "100 %", "100 %"),
            (0.999_999, "99.99 %", "99 %"),
            (0.9995, "99.95 %", "99 %"),
            (0.333_333, "33.33 %", "33 %"),
            (0.29, "29 %", "29 %"),
            (0.000_01, "0 %", "under 1 %"),
            (0.0, "0 %", "under 1 %"),
            (-1.0, "0 %", "under 1 %"),
        ] {
            let plain = |text: String| text.replace('\u{a0}', " ");
            assert_eq!(plain(percent(share)), shown, "{share}");
            assert_eq!(plain(known(share)), of_time, "{share}");
        }
    }

    #[test]
    fn lengths_are_words() {
        for (minutes, expected) in [
            (-5, "less than a minute"),
            (0, "less than a minute"),
            (1, "1 minute"),
            (59, "59 minutes"),
            (60, "1 hour"),
            (61, "1 hour 1 minute"),
            (1439, "23 hours 59 minutes"),
            (1440, "1 day"),
            (4440, "3 days 2 hours"),
        ] {
            let from = Time::UNIX_EPOCH;
            assert_eq!(lasted(from, from + TimeDelta::minutes(minutes)), expected);
        }
    }
}
