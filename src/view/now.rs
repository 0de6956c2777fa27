//! What is going on now: open incidents with their timers, what is due, runs that wait for somebody.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::catalog::model::Severity;
use crate::engine::summary::Summary;
use crate::ground::{Time, elapsed, plain_line, time_format};
use crate::incident::Incident;
use crate::maintenance::Maintenance;
use crate::view::incident::action::ActionView;
use crate::view::incident::{IncidentView, clocks, incident_view};
use crate::view::look::{Look, Style, paint};
use crate::view::maintenance::{MaintenanceView, maintenance_line, maintenance_view};
use crate::view::probe::alert::{AlertView, alerts_text};
use crate::view::run::{RunLine, run_line, run_status, short_time};
use crate::view::schedule::{DueView, state_word};
use crate::view::wrap::hanging;

/// What is going on now, for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NowView {
    /// Open incidents.
    pub incidents: Vec<IncidentView>,
    /// Maintenance that goes on, begins within a day, or should have begun.
    pub maintenance: Vec<MaintenanceView>,
    /// Alerts that are open.
    pub alerts: Vec<AlertView>,
    /// Probes that were not up when `opsctl watch` saw them last; null when it never saw any.
    pub failing_probes: Option<Vec<FailingView>>,
    /// Whether `opsctl watch` looks at them now; null when it never saw any.
    pub is_watched: Option<bool>,
    /// Checklists that are due or overdue.
    pub due: Vec<DueView>,
    /// Runs that are not over.
    pub runs: Vec<RunLine>,
    /// Actions of incidents that are due or overdue, the longest overdue first.
    pub actions_due: Vec<ActionView>,
    /// How many definitions are invalid.
    pub invalid_definitions: usize,
}

/// A probe that was not up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FailingView {
    /// The probe's id.
    pub id: String,
    /// How it came out: degraded, down or unknown.
    pub state: String,
    /// When that was seen.
    #[serde(with = "time_format")]
    #[schemars(with = "String")]
    pub seen_at: Time,
    /// Why; one line.
    pub reason: Option<String>,
    /// Whether it should have been looked at again since: `opsctl watch` does not run.
    pub is_stale: bool,
}

/// What is going on now, gathered.
pub struct Now<'a> {
    /// Open incidents with their severities.
    pub incidents: Vec<(Incident, Option<&'a Severity>)>,
    /// Maintenance that goes on, begins within a day, or should have begun.
    pub maintenance: Vec<Maintenance>,
    /// Alerts that are open.
    pub alerts: Vec<AlertView>,
    /// Probes that were not up; none when none was ever seen.
    pub failing_probes: Option<Vec<FailingView>>,
    /// When the last probe was seen, and whether somebody still watches.
    pub watched: Option<(Time, bool)>,
    /// Checklists that are due or overdue.
    pub due: Vec<DueView>,
    /// Runs that are not over, and whether their process is there.
    pub runs: Vec<(Summary, bool)>,
    /// Actions of incidents that are due or overdue, the longest overdue first.
    pub actions_due: Vec<ActionView>,
    /// How many definitions are invalid.
    pub invalid_definitions: usize,
    /// The moment.
    pub at: Time,
}

/// The view for programs.
pub fn now_view(now: &Now<'_>) -> NowView {
    NowView {
        incidents: now.incidents.iter().map(|(incident, severity)| incident_view(incident, *severity)).collect(),
        maintenance: now.maintenance.iter().map(maintenance_view).collect(),
        alerts: now.alerts.clone(),
        failing_probes: now.failing_probes.clone(),
        is_watched: now.watched.map(|(_, is_watched)| is_watched),
        due: now.due.clone(),
        runs: now.runs.iter().map(|(run, is_walked)| run_line(run, *is_walked)).collect(),
        actions_due: now.actions_due.clone(),
        invalid_definitions: now.invalid_definitions,
    }
}

/// The view for people.
pub fn now_text(look: Look, now: &Now<'_>) -> String {
    let mut text = String::new();
    section(look, &mut text, "Open incidents", now.incidents.len());
    for (incident, severity) in &now.incidents {
        let id = paint(look, Style::Bad, &incident.id);
        let since = elapsed(incident.declared_at, now.at);
        let _ = writeln!(
            text,
            "  {id} · {} · {} · {} · {since}",
            incident.severity,
            incident.status.word(),
            plain_line(&incident.title)
        );
        let clocks = clocks(look, incident, *severity, now.at);
        if !clocks.is_empty() {
            let _ = writeln!(text, "      {}", clocks.join(" · "));
        }
    }
    text.push_str(&maintenance(look, now));
    if !now.alerts.is_empty() {
        section(look, &mut text, "Open alerts", now.alerts.len());
        text.push_str(&alerts_text(look, &now.alerts, now.at));
    }
    if let Some(failing) = &now.failing_probes {
        match now.watched {
            Some((at, false)) if failing.is_empty() => {
                section(look, &mut text, "Failing probes", 1);
                let ago = elapsed(at, now.at);
                let _ = writeln!(text, "  none when they were seen last, {ago} ago; nobody watches now");
            }
            _ => section(look, &mut text, "Failing probes", failing.len()),
        }
        for probe in failing {
            text.push_str(&failing_line(look, probe, now.at));
        }
    }
    section(look, &mut text, "Checklists due", now.due.len());
    for list in &now.due {
        let deadline = list.deadline.as_deref().unwrap_or_default();
        let progress = list.progress.map(|(done, total)| format!(" · {done} of {total}")).unwrap_or_default();
        let _ = writeln!(text, "  {} · {} · by {deadline}{progress}", list.id, state_word(look, &list.state));
    }
    section(look, &mut text, "Runs under way", now.runs.len());
    for (run, is_walked) in &now.runs {
        let _ = writeln!(text, "  {}", run_words(look, run, *is_walked, now.at));
    }
    if !now.actions_due.is_empty() {
        section(look, &mut text, "Actions due", now.actions_due.len());
        for action in &now.actions_due {
            text.push_str(&action_line(look, action, &now.at.date_naive().to_string()));
        }
    }
    if now.invalid_definitions > 0 {
        let _ = writeln!(
            text,
            "\n{}: run `opsctl lint`",
            paint(look, Style::Bad, &format!("{} definitions are invalid", now.invalid_definitions))
        );
    }
    hanging(&text, look.width, 4)
}

fn maintenance(look: Look, now: &Now<'_>) -> String {
    if now.maintenance.is_empty() {
        return String::new();
    }
    let line = |one: &Maintenance| format!("  {}\n", maintenance_line(look, one, now.at));
    let lines: String = now.maintenance.iter().map(line).collect();
    format!("\n{}:\n{lines}", paint(look, Style::Heading, "Maintenance"))
}

fn action_line(look: Look, action: &ActionView, today: &str) -> String {
    let due = action.due.as_deref().unwrap_or_default();
    let due = if due < today {
        paint(look, Style::Bad, &format!("overdue since {due}"))
    } else {
        paint(look, Style::Warn, "due today")
    };
    let owner = action.owner.as_deref().map_or_else(|| "nobody".to_owned(), plain_line);
    format!("  {} {} · {due} · {owner} · {}\n", action.incident, action.id, plain_line(&action.title))
}

fn failing_line(look: Look, probe: &FailingView, now: Time) -> String {
    let state = paint(look, Style::Bad, &probe.state);
    let why = probe.reason.as_deref().map(|why| format!(": {}", plain_line(why))).unwrap_or_default();
    let seen = elapsed(probe.seen_at, now);
    let seen = if probe.is_stale { format!(" · seen {seen} ago, and nobody watches now") } else { String::new() };
    format!("  {} · {state}{seen}{why}\n", plain_line(&probe.id))
}

fn run_words(look: Look, run: &Summary, is_walked: bool, now: Time) -> String {
    let status = paint(look, Style::Warn, run_status(run.status, is_walked));
    let about = run.subject.as_deref().map(|subject| format!(" · {}", plain_line(subject))).unwrap_or_default();
    let incident = run.incident.as_deref().map(|id| format!(" · {id}")).unwrap_or_default();
    let wait = match run.waits_until {
        Some(until) if until > now => format!(" · due {} UTC (in {})", short_time(until), elapsed(now, until)),
        Some(until) => format!(" · {}", paint(look, Style::Bad, &format!("due since {} UTC", short_time(until)))),
        None => String::new(),
    };
    let last = elapsed(run.last_at, now);
    format!("{} · {status}{about}{incident}{wait} · by {} · last touched {last} ago", run.id, plain_line(&run.actor.0))
}

fn section(look: Look, text: &mut String, title: &str, count: usize) {
    let none = if count == 0 { " none" } else { "" };
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{}:{none}", paint(look, Style::Heading, title));
}
