//! When work is planned.

use chrono_tz::Tz;

use crate::ground::Span;
use crate::import::notes::Notes;
use crate::import::section::{Section, Value};
use crate::import::yaml::Yaml;
use crate::schedule::weekday;

const DAY: Span = Span::seconds(86_400);
const UTC: &str = "UTC";
const KNOWN: [&str; 5] = ["enabled", "start", "duration", "timezone", "every"];

/// A window as it is written here; none when it is switched off or cannot be understood.
pub(super) fn window(mut window: Section, notes: &mut Notes) -> Option<Yaml> {
    if window.flag("enabled", notes) == Some(false) {
        notes.leave(window.path(), "it is switched off");
        return None;
    }
    let start = start(&mut window, notes);
    let duration = duration(&mut window, notes);
    let timezone = timezone(&mut window, notes);
    let days = days(&mut window, notes);
    window.rest(&KNOWN, notes);
    Some(Yaml::map([
        ("start", Some(Yaml::Text(start?))),
        ("duration", Some(Yaml::word(duration?))),
        ("every", days?.filled()),
        ("timezone", Some(timezone?).filter(|zone| zone != UTC).map(Yaml::Text)),
    ]))
}

fn start(window: &mut Section, notes: &mut Notes) -> Option<String> {
    let at = window.at("start");
    let text = window.text("start", notes).unwrap_or_default();
    let parts = text.split_once(':').and_then(|(hours, minutes)| {
        let part = |digits: &str| digits.parse::<u8>().ok().filter(|_| digits.len() == 2 && !digits.starts_with('+'));
        Some((part(hours)?, part(minutes)?))
    });
    if !matches!(parts, Some((0..=23, 0..=59))) {
        notes.leave(at, "a window begins at a time of day such as 02:00; it is left out");
        return None;
    }
    Some(text)
}

fn duration(window: &mut Section, notes: &mut Notes) -> Option<Span> {
    let at = window.at("duration");
    let duration = window.span("duration", notes).unwrap_or_default();
    if duration.is_zero() || duration > DAY {
        notes.leave(at, "a window lasts more than nothing and at most 24h; it is left out");
        return None;
    }
    Some(duration)
}

/// The time zone, UTC when none is written; none when there is no such zone.
fn timezone(window: &mut Section, notes: &mut Notes) -> Option<String> {
    let at = window.at("timezone");
    let written = if window.has("timezone") { window.text("timezone", notes) } else { Some(UTC.to_owned()) };
    let zone = written.filter(|zone| zone.parse::<Tz>().is_ok());
    if zone.is_none() {
        notes.leave(at, "there is no such time zone; the window is left out");
    }
    zone
}

/// The days; nothing at all when one of them is no day, for then the window would be a larger one.
fn days(window: &mut Section, notes: &mut Notes) -> Option<Yaml> {
    let mut days = Vec::new();
    let count = window.list("every", notes).into_iter().try_for_each(|(path, item)| {
        let day = match item {
            Value::Text(text) => Some(text.to_lowercase()).filter(|day| weekday(day).is_some()),
            _ => None,
        };
        if day.is_none() {
            notes.leave(path, "there is no such day; the window is left out");
        }
        days.push(Yaml::Text(day?));
        Some(())
    });
    count.map(|()| Yaml::List(days))
}
