//! The handover of a shift: what goes on, what happened, and what waits.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ACTION_HEADER, action_rows, minute, restricted, section};
use crate::ground::rfc3339;
use crate::markdown::escape;
use crate::view::incident::action::ActionView;
use crate::view::probe::alert::AlertView;
use crate::view::run::RunLine;
use crate::view::schedule::DueView;

/// The handover of a shift.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ShiftView {
    /// From when, RFC 3339 in UTC.
    pub since: String,
    /// Until when.
    pub until: String,
    /// Incidents that go on.
    pub incidents: Vec<OpenView>,
    /// Restricted incidents that were left out.
    pub restricted_left_out: usize,
    /// Decisions and notes of this time.
    pub notes: Vec<HappenedView>,
    /// Everything that happened in incidents in this time.
    pub happened: Vec<HappenedView>,
    /// Alerts that are open.
    pub alerts: Vec<AlertView>,
    /// Runs that are not over.
    pub runs: Vec<RunLine>,
    /// Checklists that are due or overdue.
    pub checklists: Vec<DueView>,
    /// Messages that wait for somebody, or for their delivery.
    pub messages: Vec<WaitingView>,
    /// Actions that are due or overdue.
    pub actions: Vec<ActionView>,
}

/// An incident that goes on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OpenView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its severity.
    pub severity: String,
    /// Where it stands.
    pub status: String,
    /// Ids of the services it touches.
    pub services: Vec<String>,
    /// Who is affected; null when nobody said.
    pub impact: Option<String>,
    /// Who has which role: the role, and the name.
    pub roles: Vec<(String, String)>,
    /// When somebody has to have responded; null when somebody has.
    pub respond_by: Option<String>,
    /// When people are to hear of it next.
    pub next_update_due: Option<String>,
}

/// A fact of an incident.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HappenedView {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// In which incident.
    pub incident: String,
    /// Who.
    pub actor: String,
    /// What, in words.
    pub text: String,
}

/// A message that is not over.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WaitingView {
    /// The incident.
    pub incident: String,
    /// The message.
    pub message: String,
    /// draft, approved, queued or stuck.
    pub state: String,
    /// Its channels.
    pub channels: Vec<String>,
}

/// The handover as Markdown.
pub fn shift_markdown(view: &ShiftView) -> String {
    let mut text = format!("# Handover\n\n{} to {}\n", minute(&view.since), minute(&view.until));
    restricted(&mut text, view.restricted_left_out);
    let open: Vec<Vec<String>> = view.incidents.iter().map(open_row).collect();
    let header = ["Incident", "Severity", "Status", "Title", "Impact", "Next due", "Roles"];
    section(&mut text, "Open incidents", &header, &open, "None.");
    let alert = |alert: &AlertView| {
        let about = alert.probe.as_deref().or(alert.service.as_deref()).unwrap_or_default();
        vec![escape(&alert.title), escape(about), minute(&rfc3339(alert.since)), escape(&alert.reason)]
    };
    let alerts: Vec<Vec<String>> = view.alerts.iter().map(alert).collect();
    section(&mut text, "Open alerts", &["Alert", "About", "Since", "Why"], &alerts, "None.");
    let run = |run: &RunLine| {
        let about = run.incident.as_deref().or(run.subject.as_deref()).unwrap_or_default();
        vec![escape(&run.id), escape(&run.status), escape(about), escape(&run.actor), minute(&run.started_at)]
    };
    let runs: Vec<Vec<String>> = view.runs.iter().map(run).collect();
    section(&mut text, "Runs that wait", &["Run", "Status", "About", "By", "Began"], &runs, "None.");
    let list = |list: &DueView| {
        let deadline = list.deadline.clone().unwrap_or_default();
        vec![escape(&list.id), escape(&list.title), list.state.clone(), deadline]
    };
    let lists: Vec<Vec<String>> = view.checklists.iter().map(list).collect();
    section(&mut text, "Checklists due", &["Checklist", "Title", "State", "By (local time)"], &lists, "None.");
    let message = |one: &WaitingView| {
        let channels: Vec<String> = one.channels.iter().map(|channel| escape(channel)).collect();
        vec![escape(&one.incident), escape(&one.message), one.state.clone(), channels.join(", ")]
    };
    let messages: Vec<Vec<String>> = view.messages.iter().map(message).collect();
    section(&mut text, "Messages that wait", &["Incident", "Message", "State", "Channels"], &messages, "None.");
    section(&mut text, "Actions due", &ACTION_HEADER, &action_rows(&view.actions), "None.");
    section(&mut text, "Decisions and notes", &HAPPENED, &happened(&view.notes), "None in this time.");
    section(&mut text, "What happened", &HAPPENED, &happened(&view.happened), "Nothing in this time.");
    text
}

const HAPPENED: [&str; 4] = ["Time", "Incident", "Who", "What"];

fn happened(lines: &[HappenedView]) -> Vec<Vec<String>> {
    let row =
        |line: &HappenedView| vec![minute(&line.at), escape(&line.incident), escape(&line.actor), escape(&line.text)];
    lines.iter().map(row).collect()
}

fn open_row(open: &OpenView) -> Vec<String> {
    let roles: Vec<String> =
        open.roles.iter().map(|(role, who)| format!("{}: {}", escape(role), escape(who))).collect();
    let respond = open.respond_by.as_deref().map(|by| format!("respond by {}", minute(by)));
    let update = open.next_update_due.as_deref().map(|by| format!("update by {}", minute(by)));
    let due: Vec<String> = respond.into_iter().chain(update).collect();
    vec![
        escape(&open.id),
        escape(&open.severity),
        open.status.clone(),
        escape(&open.title),
        open.impact.as_deref().map_or_else(|| "unknown".to_owned(), escape),
        if due.is_empty() { "nothing".to_owned() } else { due.join(", ") },
        if roles.is_empty() { "nobody".to_owned() } else { roles.join(", ") },
    ]
}
