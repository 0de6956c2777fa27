//! Incidents in the terminal.

use std::fmt::Write as _;

use super::TimelineView;
use crate::catalog::model::Severity;
use crate::ground::{Time, elapsed, plain_line};
use crate::incident::clock::{lacks_commander, next_update_due, respond_by};
use crate::incident::{ActionState, Incident, Role, Status, TodoState};
use crate::view::look::{Look, Style, paint};
use crate::view::run::short_time;
use crate::view::table::table;

/// Incidents as a table.
pub fn incidents_table(look: Look, incidents: &[Incident], now: Time) -> String {
    let rows: Vec<Vec<String>> = incidents
        .iter()
        .map(|incident| {
            vec![
                incident.id.clone(),
                incident.severity.clone(),
                incident.status.word().to_owned(),
                incident.title.clone(),
                incident.services.join(", "),
                elapsed(incident.began_at(), incident.lasted_until(now)),
            ]
        })
        .collect();
    table(look, &["Id", "Severity", "Status", "Title", "Services", "For"], rows)
}

/// The incident's head for people.
pub fn incident_text(look: Look, incident: &Incident, severity: Option<&Severity>, now: Time) -> String {
    let status = status_style(incident.status);
    let mut text = format!(
        "{} · {}\n",
        paint(look, Style::Heading, &incident.id),
        paint(look, Style::Heading, &plain_line(&incident.title))
    );
    let for_how_long = elapsed(incident.began_at(), incident.lasted_until(now));
    let title = severity.map(|severity| format!(" - {}", severity.title)).unwrap_or_default();
    let _ = writeln!(
        text,
        "{}{title} · {} · {for_how_long}",
        incident.severity,
        paint(look, status, incident.status.word())
    );
    let _ = writeln!(
        text,
        "Declared   {} UTC by {}",
        short_time(incident.declared_at),
        plain_line(&incident.declared_by.0)
    );
    if let Some(line) = respond_line(look, incident, severity, now) {
        let _ = writeln!(text, "Respond by {line}");
    }
    if let Some(line) = update_line(look, incident, severity, now) {
        let _ = writeln!(text, "Update by  {line}");
    }
    for role in Role::ALL {
        if let Some(person) = incident.role(role) {
            let _ = writeln!(text, "{:<10} {}", capital(role.word()), plain_line(person));
        }
    }
    if lacks_commander(incident, severity) {
        let nobody = paint(look, Style::Bad, "nobody");
        let _ = writeln!(text, "Commander  {nobody}: opsctl incident role {} commander NAME", incident.id);
    }
    for (label, value) in [
        ("Services", Some(incident.services.join(", ")).filter(|services| !services.is_empty())),
        ("Seen", incident.seen.clone()),
        ("Detected", detected(incident)),
        ("Impact", incident.impact.clone()),
        ("Suffering", suffering(incident)),
        ("Resolution", incident.resolution.clone()),
        ("Merged", incident.merged_into.as_ref().map(|into| format!("into {into}"))),
        ("Includes", Some(incident.absorbed.join(", ")).filter(|ids| !ids.is_empty())),
        ("Untold", incident.untold.clone()),
        ("Runs", Some(incident.runs.join(", ")).filter(|runs| !runs.is_empty())),
        ("To-dos", open_todos(incident)),
        ("Actions", open_actions(incident)),
        ("Visibility", incident.is_restricted().then(|| "restricted".to_owned())),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "{label:<10} {}", plain_line(&value));
        }
    }
    text
}

/// The time by which somebody has to have responded, and how that stands.
pub fn respond_line(look: Look, incident: &Incident, severity: Option<&Severity>, now: Time) -> Option<String> {
    let by = respond_by(incident, severity)?;
    let shown = format!("{} UTC ({})", short_time(by), severity?.response_time());
    let standing = match incident.acknowledged_at {
        Some(at) if at <= by => paint(look, Style::Good, "responded in time"),
        // Nobody can respond in the very moment; what counts for an immediate response is that somebody did.
        Some(_) if severity?.respond_within.is_zero() => paint(look, Style::Good, "responded"),
        Some(at) => paint(look, Style::Warn, &format!("responded {} late", elapsed(by, at))),
        None if !incident.is_open() => return Some(shown),
        None if severity?.respond_within.is_zero() => {
            paint(look, Style::Bad, &format!("nobody has responded for {}", elapsed(by, now)))
        }
        None if now < by => paint(look, Style::Warn, &format!("{} left", elapsed(now, by))),
        None => paint(look, Style::Bad, &format!("overdue by {}", elapsed(by, now))),
    };
    Some(format!("{shown} · {standing}"))
}

/// A severity with what makes it so, for choosing.
pub fn severity_line(id: &str, severity: &Severity) -> String {
    format!("{id} - {} ({}): {}", severity.title, severity.response_time(), severity.criteria.join("; "))
}

/// A timeline for people.
pub fn timeline_text(look: Look, timeline: &[TimelineView]) -> String {
    timeline.iter().filter(|line| is_told(line)).fold(String::new(), |mut text, line| {
        let at = line.at.get(..19).unwrap_or(&line.at).replace('T', " ");
        // The number by which `incident correct` names an event; those of runs have none.
        let number = line.data.get("event").map(|number| format!("#{number}")).unwrap_or_default();
        let place = paint(look, Style::Faint, &format!("{at} {number:<4}"));
        let _ = writeln!(text, "{place} {} {}", plain_line(&line.actor), plain_line(&line.text));
        text
    })
}

/// When people outside are to hear of it next, and how that stands.
pub fn update_line(look: Look, incident: &Incident, severity: Option<&Severity>, now: Time) -> Option<String> {
    let by = next_update_due(incident, severity)?;
    let standing = if now < by {
        paint(look, Style::Warn, &format!("{} left", elapsed(now, by)))
    } else {
        paint(look, Style::Bad, &format!("overdue by {}", elapsed(by, now)))
    };
    Some(format!("{} UTC · {standing}", short_time(by)))
}

/// How a status is painted.
pub fn status_style(status: Status) -> Style {
    match status {
        Status::Triage => Style::Bad,
        Status::Investigating | Status::Identified | Status::Mitigated => Style::Warn,
        _ => Style::Good,
    }
}

fn capital(word: &str) -> String {
    // The longest of these words would leave its column.
    match word {
        "communications" => "Comms lead".to_owned(),
        "operations" => "Operations".to_owned(),
        "commander" => "Commander".to_owned(),
        _ => "Scribe".to_owned(),
    }
}

fn detected(incident: &Incident) -> Option<String> {
    let at = incident.detected_at?;
    let by = incident.detected_by.as_ref().map(|source| format!(" by {source}")).unwrap_or_default();
    Some(format!("{} UTC{by}", short_time(at)))
}

fn suffering(incident: &Incident) -> Option<String> {
    let words = |one: &crate::incident::impact::Interval| {
        format!("{} {} since {} UTC", one.service, one.level.replace('_', " "), short_time(one.from))
    };
    let all: Vec<String> = incident.suffering().map(words).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn open_todos(incident: &Incident) -> Option<String> {
    let open = incident.todos.iter().filter(|todo| todo.state == TodoState::Open);
    let all: Vec<String> = open.map(|todo| format!("{} {}", todo.id, todo.text)).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn open_actions(incident: &Incident) -> Option<String> {
    let open = incident.actions.iter().filter(|action| action.state == ActionState::Open);
    let all: Vec<String> = open
        .map(|action| {
            let due = action.due.map(|due| format!(" by {due}")).unwrap_or_default();
            format!("{} {} ({}{due})", action.id, action.title, action.owner.as_deref().unwrap_or("nobody"))
        })
        .collect();
    (!all.is_empty()).then(|| all.join("; "))
}

// For people a message is a line when it is drafted, when somebody takes it on himself, and for what came of it; the rest
// is for programs. That a run began stands in the incident's own events already.
fn is_told(line: &TimelineView) -> bool {
    match line.kind.as_str() {
        "run_started" | "message_queued" | "message_attempted" => false,
        "message_approved" => line.data["grounds"] != "not needed",
        _ => true,
    }
}
