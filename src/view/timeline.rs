//! The facts of runs and incidents in words, for timelines and exports.

use std::fmt::Write as _;

use serde_json::Value;

use crate::engine::event::{Attempt, Event, Judgement, Recorded};
use crate::fact;
use crate::ground::rfc3339;
use crate::incident::Recorded as IncidentRecorded;
use crate::view::incident::{TimelineView, incident_words};
use crate::view::run::{outcome_word, short_time};

/// A run's fact as a line of a timeline.
pub fn of_run(run: &str, recorded: &Recorded) -> TimelineView {
    let (kind, data) = fact::to_parts(&recorded.event);
    TimelineView {
        at: rfc3339(recorded.at),
        actor: recorded.actor.0.clone(),
        kind,
        text: format!("[{run}] {}", run_words(&recorded.event)),
        data,
    }
}

/// An incident's fact as a line of a timeline.
pub fn of_incident(recorded: &IncidentRecorded) -> TimelineView {
    let (kind, mut data) = recorded.event.to_parts();
    let mut text = incident_words(&recorded.event);
    if let Value::Object(data) = &mut data {
        data.insert("event".to_owned(), recorded.version.into());
        if recorded.recorded_at != recorded.at {
            data.insert("recorded_at".to_owned(), rfc3339(recorded.recorded_at).into());
        }
    }
    if recorded.recorded_at != recorded.at {
        let _ = write!(text, " (told at {} UTC)", short_time(recorded.recorded_at));
    }
    TimelineView { at: rfc3339(recorded.at), actor: recorded.actor.0.clone(), kind, text, data }
}

fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn ended(attempt: &Attempt) -> String {
    let word = if attempt.succeeded { "ended well" } else { "failed" };
    // A reason that names the exit code says it once.
    let is_told = attempt.reason.as_deref().is_some_and(|reason| reason.starts_with("exit code"));
    let code = attempt.exit_code.filter(|_| !is_told).map(|code| format!(", exit code {code}")).unwrap_or_default();
    format!("{word}{code}{}", because(attempt.reason.as_deref()))
}

fn run_words(event: &Event) -> String {
    match event {
        Event::RunStarted(header) => format!("began {} {}", header.procedure_kind, header.procedure),
        Event::ParameterSet { name, value: Some(value), .. } => format!("set {name} to {value}"),
        Event::ParameterSet { name, value: None, .. } => format!("set {name} (secret)"),
        Event::StepStarted { step, command: Some(command), .. } => format!("{step}: ran {command}"),
        Event::StepStarted { step, .. } => format!("{step}: began"),
        Event::StepFinished { step, attempt } => format!("{step}: {}", ended(attempt)),
        Event::StepInterrupted { step, .. } => format!("{step}: interrupted"),
        Event::StepVerified { step, passed: true, .. } => format!("{step}: verified"),
        Event::StepVerified { step, reason, .. } => format!("{step}: not verified{}", because(reason.as_deref())),
        Event::StepDone { step, reason, .. } => format!("{step}: done{}", because(reason.as_deref())),
        Event::StepFailed { step, reason } => format!("{step}: failed{}", because(reason.as_deref())),
        Event::StepSkipped { step, reason } => format!("{step}: skipped: {reason}"),
        Event::StepReopened { step, reason } => format!("{step}: opened again: {reason}"),
        Event::TaskTicked { step, task, done } => {
            format!("{step}: {} task {}", if *done { "ticked" } else { "unticked" }, task + 1)
        }
        Event::NoteAdded { step: Some(step), text } => format!("{step}: note: {text}"),
        Event::NoteAdded { step: None, text } => format!("note: {text}"),
        Event::OptionChosen { step, option } => format!("{step}: chose {option}"),
        Event::ApprovalRequested { step } => format!("{step}: asked for approval"),
        Event::StepApproved { step, comment } => format!("{step}: approved{}", because(comment.as_deref())),
        Event::WaitStarted { step, until } => format!("{step}: waiting until {}", rfc3339(*until)),
        Event::ProcedureEntered { step } => format!("{step}: entered"),
        Event::MessageRendered { step, template, to, .. } => {
            format!(
                "{step}: rendered {template} for {}",
                if to.is_empty() { "no channel".into() } else { to.join(", ") }
            )
        }
        Event::ShellRun { command, attempt, .. } => format!("ran {command}: {}", ended(attempt)),
        Event::FailureJudged { step, judgement: Judgement::Continue } => format!("{step}: failed, going on"),
        Event::FailureJudged { step, judgement: Judgement::Stop } => format!("{step}: failed, stopping"),
        Event::RollbackStarted { reason, .. } => format!("rolling back: {reason}"),
        Event::StepRollbackStarted { step, command, .. } => format!("{step}: undoing with {command}"),
        Event::StepRollbackFinished { step, attempt } => format!("{step}: undoing {}", ended(attempt)),
        Event::RunPaused { reason } => format!("paused: {reason}"),
        Event::RunResumed { .. } => "resumed".to_owned(),
        Event::RunFinished { outcome } => outcome_word(*outcome).to_owned(),
        Event::RunAborted { reason } => format!("aborted: {reason}"),
        Event::DefinitionAdopted { .. } => "adopted the changed definition".to_owned(),
    }
}

/// Lines of several streams in one order of time; lines of one moment keep the order they came in.
pub fn merge(mut lines: Vec<TimelineView>) -> Vec<TimelineView> {
    lines.sort_by(|a, b| a.at.cmp(&b.at));
    lines
}
