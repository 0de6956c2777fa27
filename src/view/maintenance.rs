//! Planned maintenance for people and programs.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ground::{Time, elapsed, plain_line, rfc3339};
use crate::maintenance::{Maintenance, MaintenanceEvent, Recorded, Status};
use crate::view::incident::{TimelineView, message_words};
use crate::view::look::{Look, Style, paint};
use crate::view::run::short_time;
use crate::view::table::table;

/// Planned maintenance for programs. What is not known is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MaintenanceView {
    /// Its id.
    pub id: String,
    /// What is done.
    pub title: String,
    /// scheduled, in_progress, verifying, completed or canceled.
    pub status: String,
    /// Ids of the services that it touches.
    pub services: Vec<String>,
    /// More about it, for those who are told.
    pub text: Option<String>,
    /// When it is to begin, RFC 3339 in UTC.
    pub scheduled_for: String,
    /// When it is to be over.
    pub scheduled_until: String,
    /// When it was planned.
    pub planned_at: String,
    /// By whom.
    pub planned_by: String,
    /// When it began.
    pub started_at: Option<String>,
    /// When the work was done and its result was looked at.
    pub verifying_at: Option<String>,
    /// When it was over.
    pub finished_at: Option<String>,
    /// When it was canceled.
    pub canceled_at: Option<String>,
    /// What came of it, or why it was canceled.
    pub outcome: Option<String>,
    /// Ids of the channels that were told of it, or are about to be.
    pub told: Vec<String>,
}

/// Planned maintenance for programs.
pub fn maintenance_view(maintenance: &Maintenance) -> MaintenanceView {
    MaintenanceView {
        id: maintenance.id.clone(),
        title: maintenance.title.clone(),
        status: maintenance.status.word().to_owned(),
        services: maintenance.services.clone(),
        text: maintenance.text.clone(),
        scheduled_for: rfc3339(maintenance.scheduled_for),
        scheduled_until: rfc3339(maintenance.scheduled_until),
        planned_at: rfc3339(maintenance.planned_at),
        planned_by: maintenance.planned_by.0.clone(),
        started_at: maintenance.started_at.map(rfc3339),
        verifying_at: maintenance.verifying_at.map(rfc3339),
        finished_at: maintenance.finished_at.map(rfc3339),
        canceled_at: maintenance.canceled_at.map(rfc3339),
        outcome: maintenance.outcome.clone(),
        told: maintenance.told(),
    }
}

/// Planned maintenance as a table.
pub fn maintenances_table(look: Look, all: &[Maintenance], now: Time) -> String {
    let row = |one: &Maintenance| {
        vec![
            one.id.clone(),
            paint(look, style(one, now), one.status.title()),
            one.title.clone(),
            one.services.join(", "),
            short_time(one.scheduled_for),
            short_time(one.scheduled_until),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    table(look, &["Id", "Status", "Title", "Services", "From (UTC)", "Until (UTC)"], rows)
}

/// Planned maintenance for people, without its timeline.
pub fn maintenance_text(look: Look, maintenance: &Maintenance, now: Time) -> String {
    let heading = |text: &str| paint(look, Style::Heading, text);
    let mut text = format!("{} · {}\n", heading(&maintenance.id), heading(&plain_line(&maintenance.title)));
    let status = paint(look, style(maintenance, now), maintenance.status.title());
    let standing = standing(maintenance, now).map(|words| format!(" · {words}")).unwrap_or_default();
    let _ = writeln!(text, "{status}{standing}");
    let at = |time: Option<Time>| time.map(|time| format!("{} UTC", short_time(time)));
    let (from, until) = (maintenance.scheduled_for, maintenance.scheduled_until);
    let by = plain_line(&maintenance.planned_by.0);
    let is_canceled = maintenance.status == Status::Canceled;
    for (label, value) in [
        ("Planned", Some(format!("{} until {} UTC by {by}", short_time(from), short_time(until)))),
        ("Services", Some(maintenance.services.join(", ")).filter(|services| !services.is_empty())),
        ("Text", maintenance.text.clone()),
        ("Began", at(maintenance.started_at)),
        ("Verifying", at(maintenance.verifying_at)),
        ("Over", at(maintenance.finished_at)),
        ("Canceled", at(maintenance.canceled_at)),
        (if is_canceled { "Reason" } else { "Outcome" }, maintenance.outcome.clone()),
        ("Told", Some(maintenance.told().join(", ")).filter(|told| !told.is_empty())),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "{label:<10} {}", plain_line(&value));
        }
    }
    text
}

/// Planned maintenance on one line.
pub fn maintenance_line(look: Look, maintenance: &Maintenance, now: Time) -> String {
    let status = paint(look, style(maintenance, now), maintenance.status.title());
    let services = maintenance.services.join(", ");
    let services = if services.is_empty() { services } else { format!(" · {services}") };
    let standing = standing(maintenance, now).map(|words| format!(" · {words}")).unwrap_or_default();
    let title = plain_line(&maintenance.title);
    format!("{} · {status} · {title}{}{standing}", maintenance.id, plain_line(&services))
}

// How it stands to its times; nothing once it is over.
fn standing(maintenance: &Maintenance, now: Time) -> Option<String> {
    let (from, until) = (maintenance.scheduled_for, maintenance.scheduled_until);
    match maintenance.status {
        Status::Scheduled if until <= now => {
            Some(format!("never begun, and its time is over since {}", span(until, now)))
        }
        Status::Scheduled if from <= now => Some(format!("should have begun {} ago", span(from, now))),
        Status::Scheduled => Some(format!("begins in {}, {} UTC", span(now, from), short_time(from))),
        Status::InProgress | Status::Verifying if until <= now => {
            Some(format!("should be over since {}; its probes count again", span(until, now)))
        }
        Status::InProgress | Status::Verifying => {
            Some(format!("until {} UTC ({} left)", short_time(until), span(now, until)))
        }
        Status::Completed | Status::Canceled => None,
    }
}

fn span(from: Time, until: Time) -> String {
    elapsed(from, until)
}

fn style(maintenance: &Maintenance, now: Time) -> Style {
    match maintenance.status {
        _ if maintenance.is_overdue(now) => Style::Bad,
        Status::InProgress | Status::Verifying => Style::Warn,
        Status::Completed => Style::Good,
        Status::Scheduled | Status::Canceled => Style::Faint,
    }
}

/// A fact as a line of a timeline.
pub fn of_maintenance(recorded: &Recorded) -> TimelineView {
    let (kind, data) = recorded.event.to_parts();
    let late = if recorded.recorded_at == recorded.at {
        String::new()
    } else {
        format!(" (told at {} UTC)", short_time(recorded.recorded_at))
    };
    let text = format!("{}{late}", words(&recorded.event));
    TimelineView { at: rfc3339(recorded.at), actor: recorded.actor.0.clone(), kind, text, data }
}

fn words(event: &MaintenanceEvent) -> String {
    let because = |reason: &Option<String>| reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let times = |from: &Time, until: &Time| format!("from {} until {} UTC", short_time(*from), short_time(*until));
    match event {
        MaintenanceEvent::MaintenancePlanned { title, from, until, .. } => {
            format!("planned {}: {title}", times(from, until))
        }
        MaintenanceEvent::MaintenanceChanged { from, until, reason } => {
            format!("moved: {}{}", times(from, until), because(reason))
        }
        MaintenanceEvent::MaintenanceStarted {} => "began".to_owned(),
        MaintenanceEvent::MaintenanceVerifying {} => "done, and being verified".to_owned(),
        MaintenanceEvent::MaintenanceFinished { note } => format!("over{}", because(note)),
        MaintenanceEvent::MaintenanceCanceled { reason } => format!("canceled: {reason}"),
        MaintenanceEvent::NoteAdded { text } => format!("note: {text}"),
        MaintenanceEvent::Message(event) => message_words(event),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{maintenance_line, maintenance_text};
    use crate::ground::{Actor, Time};
    use crate::maintenance::{Maintenance, MaintenanceEvent, Recorded};
    use crate::view::look::Look;

    fn recorded(version: u64, at: Time, event: MaintenanceEvent) -> Recorded {
        Recorded { version, at, recorded_at: at, actor: Actor("alice".to_owned()), event }
    }

    fn work(title: &str) -> (Maintenance, Time) {
        let from: Time = "2026-12-01T22:00:00Z".parse().unwrap();
        let planned = MaintenanceEvent::MaintenancePlanned {
            title: title.to_owned(),
            services: vec!["db".to_owned()],
            from,
            until: from + TimeDelta::hours(2),
            text: Some(title.to_owned()),
        };
        (Maintenance::begin("MNT-1", &recorded(1, from - TimeDelta::hours(30), planned)).unwrap(), from)
    }

    #[test]
    fn a_line_tells_how_it_stands_to_its_times() {
        let (mut work, from) = work("Upgrade");
        let line = |work: &Maintenance, hours: i64| maintenance_line(Look::PLAIN, work, from + TimeDelta::hours(hours));
        assert_eq!(line(&work, -3), "MNT-1 · scheduled · Upgrade · db · begins in 3 h 00 min, 2026-12-01 22:00 UTC");
        assert_eq!(line(&work, 1), "MNT-1 · scheduled · Upgrade · db · should have begun 1 h 00 min ago");
        assert!(line(&work, 3).ends_with("never begun, and its time is over since 1 h 00 min"), "{}", line(&work, 3));
        work.apply(&recorded(2, from, MaintenanceEvent::MaintenanceStarted {}));
        assert!(line(&work, 1).ends_with("in progress · Upgrade · db · until 2026-12-02 00:00 UTC (1 h 00 min left)"));
        assert!(line(&work, 3).ends_with("should be over since 1 h 00 min; its probes count again"));
        work.apply(&recorded(3, from, MaintenanceEvent::MaintenanceFinished { note: None }));
        assert_eq!(line(&work, 3), "MNT-1 · completed · Upgrade · db");
    }

    #[test]
    fn what_was_typed_moves_no_cursor() {
        let (work, from) = work("Up\u{1b}[31m\u{202e}grade\nnow");
        let text = maintenance_text(Look::PLAIN, &work, from);
        assert!(!text.contains(['\u{1b}', '\u{202e}']) && text.lines().count() == 5, "{text}");
    }
}
