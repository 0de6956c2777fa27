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

fn machine(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
