//! Maintenance windows as they are written in, windows of the model out.

use chrono::DateTime;
use chrono_tz::Tz;

use super::schedule::time_of_day;
use crate::catalog::model::MaintenanceWindow;
use crate::catalog::problem::{Problem, Trail};
use crate::catalog::raw::{OneOrMany, RawMaintenance};
use crate::error::nearest;
use crate::ground::{Span, Time};
use crate::schedule::{WORDS, weekday};

const DAY: Span = Span::seconds(86_400);

/// Makes windows of what is written at `at`; those that cannot be understood are left out.
pub(super) fn windows(raw: Vec<RawMaintenance>, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Vec<MaintenanceWindow> {
    raw.into_iter().enumerate().filter_map(|(index, raw)| window(raw, &at.index(index), problems)).collect()
}

fn window(raw: RawMaintenance, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<MaintenanceWindow> {
    match raw {
        RawMaintenance { start: Some(start), duration: Some(duration), every, timezone, from: None, until: None } => {
            recurring(&start, duration, every, timezone.as_deref(), at, problems)
        }
        RawMaintenance {
            start: None,
            duration: None,
            every: None,
            timezone: None,
            from: Some(from),
            until: Some(until),
        } => once(&from, &until, at, problems),
        _ => {
            let message = "a maintenance window has `start` and `duration`, or `from` and `until`";
            let problem = Problem::error("invalid-maintenance", at, message);
            problems.push(problem.suggest("for example: {start: \"02:00\", duration: 2h, every: [sunday]}"));
            None
        }
    }
}

fn recurring(
    start: &str,
    duration: Span,
    every: Option<OneOrMany<String>>,
    timezone: Option<&str>,
    at: &Trail<'_>,
    problems: &mut Vec<Problem>,
) -> Option<MaintenanceWindow> {
    let begun = problems.len();
    let time = time_of_day(start);
    if time.is_none() {
        let problem = Problem::error("invalid-time", &at.key("start"), format!("`{start}` is not a time of day"));
        problems.push(problem.suggest("write it like `02:00`"));
    }
    if duration.is_zero() || duration > DAY {
        let message = "a window lasts more than nothing and at most 24h";
        problems.push(Problem::error("invalid-maintenance", &at.key("duration"), message));
    }
    let mut days = Vec::new();
    let written = every.map(OneOrMany::into_vec).unwrap_or_default();
    for (index, name) in written.iter().enumerate() {
        let Some(day) = weekday(&name.to_lowercase()) else {
            let problem = Problem::error("invalid-day", &at.key("every").index(index), format!("`{name}` is no day"));
            problems.push(problem.suggest_name(nearest(&name.to_lowercase(), WORDS[4..].iter().copied())));
            continue;
        };
        days.push(day);
    }
    let timezone = timezone.unwrap_or("UTC");
    let zone = timezone.parse::<Tz>().ok();
    if zone.is_none() {
        let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let message = format!("`{timezone}` is no time zone");
        let problem = Problem::error("invalid-timezone", &at.key("timezone"), message);
        problems.push(problem.suggest_name(nearest(timezone, known)));
    }
    let window = MaintenanceWindow::Recurring { start: time?, duration, days, timezone: zone? };
    (problems.len() == begun).then_some(window)
}

fn once(from: &str, until: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<MaintenanceWindow> {
    let mut moment = |text: &str, key: &str| -> Option<Time> {
        let time = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
        if time.is_none() {
            let problem = Problem::error("invalid-time", &at.key(key), format!("`{text}` is not a moment"));
            problems.push(problem.suggest("write it like 2026-12-01T02:00:00Z"));
        }
        time
    };
    let (from, until) = (moment(from, "from"), moment(until, "until"));
    let (from, until) = (from?, until?);
    if from >= until {
        problems.push(Problem::error("invalid-maintenance", &at.key("until"), "the window ends before it begins"));
        return None;
    }
    Some(MaintenanceWindow::Once { from, until })
}
