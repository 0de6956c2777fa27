//! A run as the JSON contract has it, and as text.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::catalog::model::StepKind;
use crate::engine::context::status_word;
use crate::engine::event::{Outcome, Output};
use crate::engine::state::{RunStatus, State, StepState, StepStatus};
use crate::engine::summary::Summary;
use crate::ground::{Time, elapsed, plain_line, rfc3339};
use crate::view::board::mark;
use crate::view::look::{Look, Style, paint};
use crate::view::table::table;
use crate::view::wrap::hanging;

/// A run for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunView {
    /// The run's id.
    pub id: String,
    /// The procedure's id.
    pub procedure: String,
    /// runbook, checklist or playbook.
    pub kind: String,
    /// running, paused, finished or aborted.
    pub status: String,
    /// succeeded or failed; null while it is not over.
    pub outcome: Option<String>,
    /// The incident it belongs to.
    pub incident: Option<String>,
    /// Whom or what it is about.
    pub subject: Option<String>,
    /// A checklist's period.
    pub period: Option<String>,
    /// Who started it.
    pub actor: String,
    /// When it began, RFC 3339 in UTC.
    pub started_at: String,
    /// When it ended, RFC 3339 in UTC.
    pub finished_at: Option<String>,
    /// Its steps in order.
    pub steps: Vec<StepView>,
}

/// A step for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StepView {
    /// Its id, with the path of `use` steps before it.
    pub id: String,
    /// Its title.
    pub title: String,
    /// manual, command, probe, decision, approval, wait, message, procedure or incident.
    pub kind: String,
    /// pending, waiting, interrupted, done, failed or skipped.
    pub status: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The last exit code.
    pub exit_code: Option<i32>,
    /// How long the last attempt took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// Why it was skipped or failed, or what was seen.
    pub reason: Option<String>,
    /// What it printed, with secrets and control sequences taken out; a message's text.
    pub output: Option<String>,
    /// Its tasks.
    pub tasks: Vec<TaskView>,
}

/// A task for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TaskView {
    /// Its title.
    pub title: String,
    /// Whether it is ticked.
    pub done: bool,
}

/// A run in one line for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunLine {
    /// The run's id.
    pub id: String,
    /// The procedure's id.
    pub procedure: String,
    /// runbook, checklist or playbook.
    pub kind: String,
    /// running, paused, finished or aborted.
    pub status: String,
    /// succeeded or failed; null while it is not over.
    pub outcome: Option<String>,
    /// The incident it belongs to.
    pub incident: Option<String>,
    /// Whom or what it is about.
    pub subject: Option<String>,
    /// A checklist's period.
    pub period: Option<String>,
    /// Who started it.
    pub actor: String,
    /// When it began, RFC 3339 in UTC.
    pub started_at: String,
    /// When it ended, RFC 3339 in UTC.
    pub finished_at: Option<String>,
    /// When the wait it is in is over, RFC 3339 in UTC.
    pub waits_until: Option<String>,
}

/// A step's kind in the words of the JSON contract.
pub const fn kind_word(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Manual => "manual",
        StepKind::Run(_) => "command",
        StepKind::Probe(_) => "probe",
        StepKind::Choose(_) => "decision",
        StepKind::Approve(_) => "approval",
        StepKind::Wait(_) => "wait",
        StepKind::Send(_) => "message",
        StepKind::Use(_) => "procedure",
        StepKind::Incident(_) => "incident",
    }
}

/// A run's status; one whose process is gone is not running, whatever its last event says.
pub const fn run_status(status: RunStatus, is_walked: bool) -> &'static str {
    match status {
        RunStatus::Running if is_walked => "running",
        RunStatus::Running | RunStatus::Paused => "paused",
        RunStatus::Finished => "finished",
        RunStatus::Aborted => "aborted",
    }
}

/// An outcome's word.
pub const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
    }
}

/// The run for programs. `is_walked` says whether its process is there; `text_of` gives an output's whole text.
pub fn run_view(state: &State, is_walked: bool, mut text_of: impl FnMut(&Output) -> String) -> RunView {
    let header = &state.header;
    let steps = state
        .plan
        .steps
        .iter()
        .zip(&state.steps)
        .map(|(planned, step)| StepView {
            id: planned.id.clone(),
            title: planned.step.title.clone(),
            kind: kind_word(&planned.step.kind).to_owned(),
            status: step_status(step, is_walked).to_owned(),
            attempts: step.attempts,
            exit_code: step.exit_code,
            duration_ms: step.duration_ms,
            reason: reason_of(step),
            output: step.output.as_ref().map(&mut text_of).or_else(|| step.message.clone()),
            tasks: planned
                .step
                .tasks
                .iter()
                .zip(&step.tasks)
                .map(|(title, done)| TaskView { title: title.clone(), done: *done })
                .collect(),
        })
        .collect();
    RunView {
        id: state.id.clone(),
        procedure: header.procedure.clone(),
        kind: header.procedure_kind.word().to_owned(),
        status: run_status(state.status, is_walked).to_owned(),
        outcome: state.outcome.map(|outcome| outcome_word(outcome).to_owned()),
        incident: header.incident.clone(),
        subject: header.subject.clone(),
        period: header.period.clone(),
        actor: state.actor.0.clone(),
        started_at: rfc3339(state.started_at),
        finished_at: state.finished_at.map(rfc3339),
        steps,
    }
}

// What a program has to know beside the status: the choice, and whether the step was undone.
fn reason_of(step: &StepState) -> Option<String> {
    let chosen = step.chosen.as_ref().map(|option| format!("chose {option}"));
    let parts: Vec<String> = [chosen, step.reason.clone(), undone(step)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn undone(step: &StepState) -> Option<String> {
    let word = if step.rolled_back? { "undone" } else { "not undone" };
    let why = step.undo_reason.as_deref().map(|why| format!(": {}", plain_line(why))).unwrap_or_default();
    Some(format!("{word}{why}"))
}

// A step in flight in a process that is there is waited for; without its process it was interrupted.
fn step_status(step: &StepState, is_walked: bool) -> &'static str {
    if step.status == StepStatus::Running && is_walked { "waiting" } else { status_word(step.status) }
}

/// A run in one line for programs.
pub fn run_line(run: &Summary, is_walked: bool) -> RunLine {
    RunLine {
        id: run.id.clone(),
        procedure: run.procedure.clone(),
        kind: run.kind.word().to_owned(),
        status: run_status(run.status, is_walked).to_owned(),
        outcome: run.outcome.map(|outcome| outcome_word(outcome).to_owned()),
        incident: run.incident.clone(),
        subject: run.subject.clone(),
        period: run.period.clone(),
        actor: run.actor.0.clone(),
        started_at: rfc3339(run.started_at),
        finished_at: run.finished_at.map(rfc3339),
        waits_until: run.waits_until.map(rfc3339),
    }
}

/// Runs as a table.
pub fn runs_table(look: Look, runs: &[(&Summary, bool)]) -> String {
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|(run, is_walked)| {
            let about = run.subject.clone().or_else(|| run.incident.clone()).unwrap_or_default();
            let status = run.outcome.map_or(run_status(run.status, *is_walked), outcome_word);
            vec![run.id.clone(), status.to_owned(), about, run.actor.0.clone(), short_time(run.started_at)]
        })
        .collect();
    table(look, &["Run", "Status", "About", "By", "Started (UTC)"], rows)
}

/// `2026-11-23 14:05`.
pub fn short_time(time: Time) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}

/// The run as text: what was done, by whom, how long, with what result.
pub fn run_text(look: Look, state: &State, is_walked: bool, now: Time) -> String {
    let header = &state.header;
    let mut text = format!("{} · {}\n", paint(look, Style::Heading, &state.id), plain_line(&header.title));
    let _ = writeln!(text, "{}", result_line(look, state, is_walked, now));
    for (label, value) in [("About", &header.subject), ("Period", &header.period), ("Incident", &header.incident)] {
        if let Some(value) = value {
            let _ = writeln!(text, "{label}: {}", plain_line(value));
        }
    }
    let people: Vec<String> = state.people.iter().map(|actor| plain_line(&actor.0)).collect();
    let _ = writeln!(text, "By: {}", people.join(", "));
    let mut phase = None;
    for (planned, step) in state.plan.steps.iter().zip(&state.steps) {
        if planned.phase != phase {
            phase.clone_from(&planned.phase);
            let _ =
                writeln!(text, "\n{}", paint(look, Style::Faint, &plain_line(phase.as_deref().unwrap_or_default())));
        }
        let _ = writeln!(text, "{}", step_line(look, &planned.step.title, planned.depth, step));
        for note in &step.notes {
            let _ = writeln!(text, "      note: {} ({})", plain_line(&note.text), plain_line(&note.actor.0));
        }
    }
    for note in &state.notes {
        let _ = writeln!(text, "note: {} ({})", plain_line(&note.text), plain_line(&note.actor.0));
    }
    for entry in &state.shell {
        let code = entry.exit_code.map(|code| format!(" → {code}")).unwrap_or_default();
        let _ = writeln!(text, "shell: {}{code} ({})", plain_line(&entry.command), plain_line(&entry.actor.0));
    }
    hanging(&text, look.width, 4)
}

fn result_line(look: Look, state: &State, is_walked: bool, now: Time) -> String {
    let took = elapsed(state.started_at, state.finished_at.unwrap_or(now));
    let (done, total) = state.progress();
    let word = state.outcome.map_or(run_status(state.status, is_walked), outcome_word);
    let style = match (state.outcome, state.status) {
        (Some(Outcome::Succeeded), _) => Style::Good,
        (Some(Outcome::Failed), _) | (_, RunStatus::Aborted) => Style::Bad,
        _ => Style::Warn,
    };
    let reason = state.reason.as_deref().map(|reason| format!(" ({})", plain_line(reason))).unwrap_or_default();
    format!(
        "{}{reason} · {done} of {total} steps · {took} · began {} UTC",
        paint(look, style, word),
        short_time(state.started_at)
    )
}

fn step_line(look: Look, title: &str, depth: usize, step: &StepState) -> String {
    let mut line = format!("  {}{} {}", "  ".repeat(depth), mark(look, step.status), plain_line(title));
    if let Some(chosen) = &step.chosen {
        let _ = write!(line, " → {}", plain_line(chosen));
    }
    let mut facts = Vec::new();
    if let Some(reason) = step.reason.as_deref().filter(|_| step.status != StepStatus::Pending) {
        facts.push(plain_line(reason));
    }
    if let Some(millis) = step.duration_ms.filter(|_| step.attempts > 0) {
        facts.push(format!("{}.{} s", millis / 1000, millis % 1000 / 100));
    }
    if step.attempts > 1 {
        facts.push(format!("{} attempts", step.attempts));
    }
    facts.extend(undone(step));
    if let Some(by) = step.by.as_ref().filter(|_| matches!(step.status, StepStatus::Done | StepStatus::Failed)) {
        facts.push(plain_line(&by.0));
    }
    if !facts.is_empty() {
        let _ = write!(line, " · {}", facts.join(" · "));
    }
    line
}
