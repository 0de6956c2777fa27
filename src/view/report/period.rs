//! The report of a week or a month.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::{ACTION_HEADER, action_rows, minute, restricted, section, span};
use crate::markdown::{escape, table};
use crate::view::incident::action::ActionView;
use crate::view::incident::metrics::{GroupOfView, GroupView, punctual_words};
use crate::view::objective::ObjectiveView;

/// The report of a period.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PeriodView {
    /// weekly or monthly.
    pub kind: &'static str,
    /// The period: 2026-W47 or 2026-11.
    pub period: String,
    /// When it begins, RFC 3339 in UTC.
    pub since: String,
    /// When it ends; this moment is no part of it.
    pub until: String,
    /// Whether it is not over yet.
    pub is_under_way: bool,
    /// Incidents that were declared or resolved in it.
    pub incidents: Vec<IncidentLine>,
    /// Restricted incidents that were left out.
    pub restricted_left_out: usize,
    /// The metrics of the incidents declared in it; canceled and merged ones are left out.
    pub metrics: GroupView,
    /// The same of the period before.
    pub metrics_before: GroupView,
    /// The metrics for each severity.
    pub by_severity: Vec<GroupOfView>,
    /// The services that were touched, the most often touched first.
    pub services: Vec<ServiceLine>,
    /// What is done about the causes.
    pub actions: ActionsLine,
    /// Scheduled checklists.
    pub checklists: Vec<ChecklistLine>,
    /// How available each probe's service was; empty where nothing was watched.
    pub availability: Vec<AvailabilityLine>,
    /// The workspace's objectives.
    pub objectives: Vec<ObjectiveView>,
    /// Messages drafted in it.
    pub messages: MessagesLine,
}

/// An incident in a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct IncidentLine {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its severity.
    pub severity: String,
    /// Where it stands now.
    pub status: String,
    /// Whether it was declared in the period.
    pub is_opened: bool,
    /// Whether it was resolved in the period.
    pub is_resolved: bool,
    /// When it was declared, RFC 3339 in UTC.
    pub declared_at: String,
    /// Seconds until it was resolved; null when that is not known.
    pub ttr_s: Option<i64>,
    /// Seconds for which some service suffered; null when that is not known.
    pub impact_s: Option<i64>,
}

/// A service in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ServiceLine {
    /// Its id.
    pub service: String,
    /// How many of the incidents declared in the period touched it.
    pub incidents: usize,
    /// Seconds for which it suffered in them; null when that is not known.
    pub impact_s: Option<i64>,
}

/// Actions in a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ActionsLine {
    /// How many were created in the period.
    pub opened: usize,
    /// How many were done in it.
    pub done: usize,
    /// How many were dropped in it.
    pub dropped: usize,
    /// Those that were due before its end, and are open now.
    pub overdue: Vec<ActionView>,
}

/// A checklist in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChecklistLine {
    /// Its id.
    pub id: String,
    /// How often it was done.
    pub done: usize,
    /// How often it was not done in time, and is not done now.
    pub missed: usize,
    /// How often it can still be done.
    pub open: usize,
    /// How often it was due before anything was written down here.
    pub unknown: usize,
}

/// How available something was.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AvailabilityLine {
    /// The service; null for a probe that is not defined any more.
    pub service: Option<String>,
    /// The probe.
    pub probe: String,
    /// The share, from 0 to 1; null when nobody looked.
    pub availability: Option<f64>,
    /// The share of the time in which somebody looked.
    pub coverage: f64,
    /// Both in words.
    pub text: String,
    /// The objectives of uptime: the target, and whether it was met; null when nobody looked.
    pub objectives: Vec<(String, Option<bool>)>,
}

/// Messages in a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MessagesLine {
    /// How many were drafted.
    pub drafted: usize,
    /// How many of them arrived everywhere.
    pub sent: usize,
    /// How many of them wait for somebody to decide.
    pub stuck: usize,
    /// How many of them wait for approval or delivery.
    pub waiting: usize,
}

/// The report as Markdown.
pub fn period_markdown(view: &PeriodView) -> String {
    let name = if view.kind == "weekly" { "Week" } else { "Month" };
    let mut text = format!("# {name} {}\n\n{} to {}", view.period, minute(&view.since), minute(&view.until));
    text.push_str(if view.is_under_way { ", which is not over yet\n" } else { "\n" });
    restricted(&mut text, view.restricted_left_out);
    let line = |one: &IncidentLine| {
        let what = match (one.is_opened, one.is_resolved) {
            (true, true) => "opened, resolved",
            (true, false) => "opened",
            _ => "resolved",
        };
        let (ttr, impact) = (span(one.ttr_s), span(one.impact_s));
        vec![
            escape(&one.id),
            escape(&one.severity),
            escape(&one.title),
            what.to_owned(),
            one.status.clone(),
            ttr,
            impact,
        ]
    };
    let incidents: Vec<Vec<String>> = view.incidents.iter().map(line).collect();
    let header = ["Incident", "Severity", "Title", "In this time", "Status", "Time to resolve", "Impact"];
    section(&mut text, "Incidents", &header, &incidents, "None was opened or resolved.");
    let _ = write!(text, "\n## Metrics\n\n{}", metrics(view));
    if view.kind == "monthly" {
        let row = |group: &GroupOfView| {
            let mut row = vec![escape(&group.severity), group.metrics.incidents.to_string()];
            row.extend(group.metrics.figures.iter().map(|figure| span(figure.median_s)));
            row
        };
        let rows: Vec<Vec<String>> = view.by_severity.iter().map(row).collect();
        let header = ["Severity", "Incidents", "TTD", "TTA", "TTC", "TTM", "TTR", "Impact"];
        section(&mut text, "Medians per severity", &header, &rows, "No severity is defined.");
    }
    let row = |one: &ServiceLine| vec![escape(&one.service), one.incidents.to_string(), span(one.impact_s)];
    let services: Vec<Vec<String>> = view.services.iter().map(row).collect();
    section(&mut text, "Services touched", &["Service", "Incidents", "Suffered for"], &services, "None.");
    rest(&mut text, view);
    text
}

fn rest(text: &mut String, view: &PeriodView) {
    let row = |one: &AvailabilityLine| {
        let met = |(target, met): &(String, Option<bool>)| {
            let word = match met {
                Some(true) => "met",
                Some(false) => "missed",
                None => "unknown",
            };
            format!("{}: {word}", escape(target))
        };
        let targets: Vec<String> = one.objectives.iter().map(met).collect();
        vec![
            escape(one.service.as_deref().unwrap_or("unknown")),
            escape(&one.probe),
            one.text.clone(),
            targets.join(", "),
        ]
    };
    let lines: Vec<Vec<String>> = view.availability.iter().map(row).collect();
    let none = "Unknown: nothing was watched in this time.";
    section(text, "Availability", &["Service", "Probe", "Availability", "Objectives"], &lines, none);
    if view.kind == "monthly" {
        let row = |one: &ObjectiveView| {
            vec![escape(&one.title), escape(&one.target), escape(&one.measurement), escape(&one.alert)]
        };
        let rows: Vec<Vec<String>> = view.objectives.iter().map(row).collect();
        let header = ["Objective", "Target", "Measurement", "Alert"];
        section(text, "Objectives", &header, &rows, "None is defined.");
    }
    let row = |one: &ChecklistLine| {
        let mut row = vec![escape(&one.id)];
        row.extend([one.done, one.missed, one.open, one.unknown].iter().map(ToString::to_string));
        row
    };
    let lists: Vec<Vec<String>> = view.checklists.iter().map(row).collect();
    let header = ["Checklist", "Done", "Missed", "Still open", "Unknown"];
    section(text, "Checklists", &header, &lists, "None was due.");
    let ActionsLine { opened, done, dropped, overdue } = &view.actions;
    let _ = write!(
        text,
        "\n## Actions\n\nOpened: {opened} · done: {done} · dropped: {dropped} · overdue: {}\n",
        overdue.len()
    );
    if !overdue.is_empty() {
        let _ = write!(text, "\n{}", table(&ACTION_HEADER, &action_rows(overdue)));
    }
    let MessagesLine { drafted, sent, stuck, waiting } = view.messages;
    let _ = write!(text, "\n## Messages\n\nDrafted: {drafted} · sent: {sent} · stuck: {stuck} · waiting: {waiting}\n");
}

fn metrics(view: &PeriodView) -> String {
    let (now, before) = (&view.metrics, &view.metrics_before);
    let mut rows = vec![vec![
        "Incidents".to_owned(),
        now.incidents.to_string(),
        now.incidents.to_string(),
        String::new(),
        before.incidents.to_string(),
        String::new(),
    ]];
    for (figure, past) in now.figures.iter().zip(&before.figures) {
        rows.push(vec![
            figure.title.to_owned(),
            figure.n.to_string(),
            span(figure.median_s),
            span(figure.p90_s),
            span(past.median_s),
            figure.formula.to_owned(),
        ]);
    }
    let updates = [&now.updates, &before.updates].map(punctual_words);
    let mut text = table(&["Figure", "n", "Median", "p90", "Median before", "Formula"], &rows);
    let _ = writeln!(text, "\n- Updates on time: {} (before: {})", updates[0], updates[1]);
    for one in now.time_per_severity.iter().filter(|one| one.seconds > 0) {
        let _ = writeln!(text, "- Time as {}: {}", escape(&one.severity), span(Some(one.seconds)));
    }
    text
}
