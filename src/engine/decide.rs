//! What an input means where the run stands: events, or a refusal that says why and what to do instead.

use crate::catalog::model::{Parameter, StepKind};
use crate::engine::event::{Attempt, Event, Judgement, Outcome, Output, Pin, Revision, Walker};
use crate::engine::need::{CONDITION, is_reached};
use crate::engine::plan::{Parent, PlanStep};
use crate::engine::state::{RunStatus, State, StepState, StepStatus};
use crate::ground::{Actor, Time};

/// Something that happened or that somebody wants, on its way to becoming events. Steps go by full id.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant's sentence names its fields")]
pub enum Input {
    /// A parameter's value; `secret` keeps it out of the journal.
    Set { scope: String, name: String, value: String, secret: bool },
    /// An effect is about to happen. `again` says that the operator asked for it after an interruption.
    Start { step: String, command: Option<String>, walker: Walker, again: bool },
    /// An effect has ended.
    Finish { step: String, attempt: Attempt },
    /// An effect was stopped by the operator.
    Interrupt { step: String, attempt: Attempt },
    /// The check behind a step was made.
    Verified { step: String, passed: bool, reason: Option<String>, output: Option<Output> },
    /// The operator says that it is done.
    Done { step: String, reason: Option<String> },
    /// The operator says that it failed.
    Fail { step: String, reason: Option<String> },
    /// It is left out.
    Skip { step: String, reason: String },
    /// A failed step is to be done again.
    Retry { step: String, reason: String },
    /// What was ticked or skipped by mistake is open again; where order does not count.
    Reopen { step: String, reason: String },
    /// A task is ticked or unticked.
    Tick { step: String, task: usize, done: bool },
    /// Something is written down.
    Note { step: Option<String>, text: String },
    /// A decision; the option by id or title.
    Choose { step: String, option: String },
    /// Consent is asked for.
    AskApproval { step: String },
    /// Consent by this person.
    Approve { step: String, actor: Actor, comment: Option<String> },
    /// A wait begins.
    BeginWait { step: String, until: Time },
    /// A used procedure is entered.
    Enter { step: String },
    /// A message was rendered and shown, and the step is done with it.
    Message { step: String, template: String, variant: String, to: Vec<String>, text: String },
    /// The operator ran a command of their own.
    Shell { step: Option<String>, command: String, attempt: Attempt },
    /// What a failure means.
    Judge { step: String, judgement: Judgement },
    /// What was done is to be undone.
    Rollback { step: Option<String>, reason: String },
    /// Undoing a step is about to begin. `again` as for [`Input::Start`].
    StartUndo { step: String, command: String, walker: Walker, again: bool },
    /// Undoing a step has ended.
    FinishUndo { step: String, attempt: Attempt },
    /// The walk is left.
    Pause { reason: String },
    /// The walk goes on.
    Resume { walker: Walker },
    /// The run is over.
    End { outcome: Outcome },
    /// The run is given up.
    Abort { reason: String },
    /// A changed definition is adopted.
    Adopt { pins: Vec<Pin>, git: Option<Revision> },
}

/// Why an input is not taken, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub message: String,
    /// What to do instead.
    pub hint: Option<String>,
}

fn refuse<T>(message: impl Into<String>, hint: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { message: message.into(), hint: Some(hint.into()) })
}

/// The events that an input means, or why it is refused. An input that changes nothing gives no events.
pub fn decide(state: &State, input: Input) -> Result<Vec<Event>, Refusal> {
    if state.is_over() && !matches!(input, Input::Note { .. }) {
        let word = if state.status == RunStatus::Aborted { "aborted" } else { "finished" };
        return refuse(
            format!("{} is {word}; nothing changes it any more", state.id),
            "a note can still be added to it",
        );
    }
    match input {
        Input::Set { scope, name, value, secret } => set(state, &scope, &name, value, secret),
        Input::Note { step, text } => note(state, step, text),
        Input::Shell { step, command, attempt } => Ok(vec![Event::ShellRun { step, command, attempt }]),
        Input::Pause { reason } if state.status == RunStatus::Running => Ok(vec![Event::RunPaused { reason }]),
        Input::Resume { walker } => Ok(vec![Event::RunResumed { walker }]),
        Input::End { outcome } => Ok(vec![Event::RunFinished { outcome }]),
        Input::Abort { reason } => Ok(vec![Event::RunAborted { reason }]),
        Input::Adopt { .. } if state.rollback.is_some() => refuse(
            format!("{} is being rolled back", state.id),
            "let the rollback end; it follows the definition that was walked",
        ),
        Input::Adopt { pins, git } => Ok(vec![Event::DefinitionAdopted { pins, git }]),
        Input::Rollback { step, reason } if state.rollback.is_none() => {
            Ok(vec![Event::RollbackStarted { step, reason }])
        }
        Input::Pause { .. } | Input::Rollback { .. } => Ok(Vec::new()),
        other => decide_step(state, other),
    }
}

fn set(state: &State, scope: &str, name: &str, value: String, secret: bool) -> Result<Vec<Event>, Refusal> {
    let Some(parameter) = state.plan.parameters(scope).iter().find(|parameter| parameter.name == name) else {
        let known = state.plan.parameters(scope).iter().map(|parameter| parameter.name.as_str());
        return refuse(format!("{} has no parameter `{name}`", state.plan.id), known_names("parameters", known));
    };
    let secret = secret || parameter.secret;
    // What is checked as a secret is not repeated in the message.
    let checked = Parameter { secret, ..parameter.clone() };
    check_value(&checked, &value).map_err(|message| Refusal { message, hint: None })?;
    let kept = state.values.get(scope).and_then(|values| values.get(name));
    if secret && kept == Some(&super::state::Kept::Secret) {
        return Ok(Vec::new()); // given again after a resume: the journal knows already
    }
    let value = (!secret).then_some(value);
    Ok(vec![Event::ParameterSet { scope: scope.to_owned(), name: name.to_owned(), value }])
}

/// Whether a value is one that a parameter takes; the message never repeats a secret.
pub fn check_value(parameter: &Parameter, value: &str) -> Result<(), String> {
    let name = &parameter.name;
    let shown = if parameter.secret { "the value".to_owned() } else { format!("`{value}`") };
    if value.contains('\0') {
        return Err(format!("{name}: a value cannot contain a NUL byte"));
    }
    if value.is_empty() {
        return if parameter.is_required() { Err(format!("{name}: a value is needed")) } else { Ok(()) };
    }
    if !parameter.values.is_empty() && !parameter.values.iter().any(|allowed| allowed == value) {
        return Err(format!("{name}: {shown} is not one of {}", parameter.values.join(", ")));
    }
    let Some(pattern) = &parameter.pattern else { return Ok(()) };
    match regex::Regex::new(&format!("^(?:{pattern})$")) {
        Ok(regex) if regex.is_match(value) => Ok(()),
        Ok(_) => Err(format!("{name}: {shown} does not match {pattern}")),
        Err(error) => Err(format!("{name}: the pattern {pattern} is wrong: {error}")),
    }
}

fn note(state: &State, step: Option<String>, text: String) -> Result<Vec<Event>, Refusal> {
    if text.trim().is_empty() {
        return refuse("the note is empty", "write something, or leave it");
    }
    if let Some(id) = &step {
        find(state, id)?;
    }
    Ok(vec![Event::NoteAdded { step, text }])
}

fn known_names<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { format!("it has no {what}") } else { format!("its {what}: {}", names.join(", ")) }
}

fn find<'a>(state: &'a State, id: &str) -> Result<(&'a PlanStep, &'a StepState), Refusal> {
    state.step(id).ok_or_else(|| {
        let ids = || state.plan.steps.iter().map(|planned| planned.id.as_str());
        let hint = crate::error::nearest(id, ids())
            .map_or_else(|| known_names("steps", ids()), |near| format!("did you mean `{near}`?"));
        Refusal { message: format!("{} has no step `{id}`", state.plan.id), hint: Some(hint) }
    })
}

fn decide_step(state: &State, input: Input) -> Result<Vec<Event>, Refusal> {
    match input {
        Input::Start { step, command, walker, again } => start(state, step, command, walker, again),
        Input::Finish { step, attempt } => {
            in_flight(state, &step)?;
            Ok(vec![Event::StepFinished { step, attempt }])
        }
        Input::Interrupt { step, attempt } => {
            in_flight(state, &step)?;
            Ok(vec![Event::StepInterrupted { step, attempt }])
        }
        Input::Verified { step, passed, reason, output } => {
            let (_, step_state) = find(state, &step)?;
            if !matches!(step_state.status, StepStatus::Unverified | StepStatus::Running | StepStatus::Interrupted) {
                return refuse(format!("{step} was settled by somebody else"), "look at the run again");
            }
            Ok(vec![Event::StepVerified { step, passed, reason, output }])
        }
        Input::Done { step, reason } => done(state, step, reason),
        Input::Fail { step, reason } => {
            open(state, &step)?;
            Ok(vec![Event::StepFailed { step, reason }])
        }
        Input::Skip { step, reason } => {
            open(state, &step)?;
            if reason.trim().is_empty() {
                return refuse(format!("{step}: skipping needs a reason"), "say in a few words why it is left out");
            }
            Ok(vec![Event::StepSkipped { step, reason }])
        }
        Input::Retry { step, reason } => retry(state, step, reason),
        Input::Reopen { step, reason } => reopen(state, step, reason),
        Input::Tick { step, task, done } => tick(state, step, task, done),
        Input::Choose { step, option } => choose(state, step, &option),
        Input::AskApproval { step } => {
            let (_, step_state) = open(state, &step)?;
            let asked = step_state.status == StepStatus::Waiting;
            Ok(if asked { Vec::new() } else { vec![Event::ApprovalRequested { step }] })
        }
        Input::Approve { step, actor, comment } => approve(state, step, &actor, comment),
        Input::BeginWait { step, until } => {
            open(state, &step)?;
            Ok(vec![Event::WaitStarted { step, until }])
        }
        Input::Enter { step } => {
            open(state, &step)?;
            Ok(vec![Event::ProcedureEntered { step }])
        }
        Input::Message { step, template, variant, to, text } => {
            open(state, &step)?;
            let rendered = Event::MessageRendered { step: step.clone(), template, variant, to, text };
            Ok(vec![rendered, Event::StepDone { step, reason: None, overruled: false }])
        }
        Input::Judge { step, judgement } => {
            let (_, step_state) = find(state, &step)?;
            if step_state.status != StepStatus::Failed {
                return refuse(format!("{step} has not failed"), "there is nothing to decide about it");
            }
            Ok(vec![Event::FailureJudged { step, judgement }])
        }
        Input::StartUndo { step, command, walker, again } => start_undo(state, step, command, walker, again),
        Input::FinishUndo { step, attempt } => {
            find(state, &step)?;
            Ok(vec![Event::StepRollbackFinished { step, attempt }])
        }
        _ => Ok(Vec::new()),
    }
}

// A step that something can still be said about, and whose turn it is where order counts.
fn open<'a>(state: &'a State, id: &str) -> Result<(&'a PlanStep, &'a StepState), Refusal> {
    let (planned, step) = find(state, id)?;
    if step.status.is_settled() {
        let word = if step.status == StepStatus::Done { "done" } else { "skipped" };
        let by = step.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        return refuse(format!("{id} is {word} already{by}"), "`opsctl run show` tells when and how");
    }
    reached(state, planned)?;
    if !state.plan.any_order()
        && let Some(earlier) = earlier_open(state, id)
    {
        return refuse(
            format!("{id} comes after {earlier}, which is still open"),
            "a runbook goes in order; skip the step before with a reason, or do it",
        );
    }
    Ok((planned, step))
}

fn reached(state: &State, planned: &PlanStep) -> Result<(), Refusal> {
    let waits_for = match &planned.parent {
        Some(Parent::Option(at, option)) if state.steps[*at].chosen.as_ref() != Some(option) => Some(*at),
        Some(Parent::Use(at)) if state.steps[*at].status == StepStatus::Pending => Some(*at),
        _ => None,
    };
    match waits_for {
        None => Ok(()),
        Some(at) => {
            let before = &state.plan.steps[at].id;
            refuse(format!("{} depends on {before}, which is still open", planned.id), format!("settle {before} first"))
        }
    }
}

fn earlier_open(state: &State, id: &str) -> Option<String> {
    let place = state.plan.place(id)?;
    (0..place)
        .find(|&earlier| {
            let step = &state.steps[earlier];
            let leads_here = state.plan.is_inside(place, earlier);
            !leads_here
                && step.status != StepStatus::Failed
                && is_reached(state, earlier)
                && !super::apply::is_closed(&state.plan, step, earlier)
        })
        .map(|earlier| state.plan.steps[earlier].id.clone())
}

// A person's word settles most steps; consent, a choice and a used procedure need more than that. What has a check of
// its own is checked, unless it failed and the operator overrules that.
fn done(state: &State, step: String, reason: Option<String>) -> Result<Vec<Event>, Refusal> {
    let (planned, step_state) = open(state, &step)?;
    let instead = match planned.step.kind {
        StepKind::Approve(_) => "another person approves it, or it is skipped with a reason",
        StepKind::Choose(_) => "take one of its options, or skip it with a reason",
        StepKind::Use(_) => "settle the steps in it, or skip it with a reason",
        _ => {
            let overruled = step_state.status == StepStatus::Failed;
            let reason = if overruled { Some(overruling(step_state, reason)) } else { reason };
            return Ok(vec![Event::StepDone { step, reason, overruled }]);
        }
    };
    refuse(format!("{step} cannot be called done"), instead)
}

fn overruling(step: &StepState, said: Option<String>) -> String {
    let said = said.unwrap_or_else(|| "done by hand".to_owned());
    format!("{said}; it had failed: {}", step.reason.as_deref().unwrap_or("no reason given"))
}

fn start(
    state: &State,
    step: String,
    command: Option<String>,
    walker: Walker,
    again: bool,
) -> Result<Vec<Event>, Refusal> {
    let (planned, step_state) = open(state, &step)?;
    let begun = matches!(step_state.status, StepStatus::Running | StepStatus::Interrupted);
    if begun && !again && !planned.step.is_repeatable() {
        return refuse(
            format!("{step} was begun before and nobody knows how it ended"),
            "look at what it did, then say rerun, done, fail or skip",
        );
    }
    Ok(vec![Event::StepStarted { attempt: step_state.attempts + 1, step, command, walker }])
}

fn in_flight<'a>(state: &'a State, id: &str) -> Result<(&'a PlanStep, &'a StepState), Refusal> {
    let (planned, step) = find(state, id)?;
    if step.status != StepStatus::Running {
        return refuse(format!("{id} was settled by somebody else"), "look at the run again");
    }
    Ok((planned, step))
}

fn retry(state: &State, step: String, reason: String) -> Result<Vec<Event>, Refusal> {
    let (_, step_state) = find(state, &step)?;
    if step_state.status != StepStatus::Failed {
        return refuse(format!("{step} has not failed"), "only a failed step is tried again");
    }
    Ok(vec![Event::StepReopened { step, reason }])
}

fn reopen(state: &State, step: String, reason: String) -> Result<Vec<Event>, Refusal> {
    let (planned, step_state) = find(state, &step)?;
    if !state.plan.any_order() {
        return refuse(
            format!("{step} cannot be opened again"),
            "a runbook goes forward; write a note about the mistake",
        );
    }
    if !step_state.status.is_settled() {
        return refuse(format!("{step} is open"), "there is nothing to take back");
    }
    if matches!(planned.step.kind, StepKind::Choose(_) | StepKind::Use(_) | StepKind::Approve(_)) {
        return refuse(
            format!("{step} cannot be opened again: others follow from it"),
            "write a note about the mistake",
        );
    }
    // What a condition left out may apply now.
    let again = state.plan.steps.iter().zip(&state.steps).filter(|(_, step)| {
        step.status == StepStatus::Skipped && step.reason.as_deref().is_some_and(|why| why.starts_with(CONDITION))
    });
    let again = again.map(|(planned, _)| Event::StepReopened { step: planned.id.clone(), reason: reason.clone() });
    let mut events: Vec<Event> =
        again.filter(|event| !matches!(event, Event::StepReopened { step: id, .. } if *id == step)).collect();
    events.insert(0, Event::StepReopened { step, reason });
    Ok(events)
}

fn tick(state: &State, step: String, task: usize, done: bool) -> Result<Vec<Event>, Refusal> {
    let (planned, step_state) = open(state, &step)?;
    let tasks = planned.step.tasks.len();
    if task >= tasks {
        return refuse(format!("{step} has no task {}", task + 1), format!("it has {tasks}"));
    }
    let changes = step_state.tasks.get(task) != Some(&done);
    Ok(if changes { vec![Event::TaskTicked { step, task, done }] } else { Vec::new() })
}

fn choose(state: &State, step: String, wanted: &str) -> Result<Vec<Event>, Refusal> {
    let (planned, _) = open(state, &step)?;
    let StepKind::Choose(options) = &planned.step.kind else {
        return refuse(format!("{step} is not a decision"), "answer it with run, done, fail or skip");
    };
    match options.iter().find(|option| option.id == wanted || option.title == wanted) {
        Some(option) => Ok(vec![Event::OptionChosen { step, option: option.id.clone() }]),
        None => refuse(
            format!("{step} has no option `{wanted}`"),
            known_names("options", options.iter().map(|option| option.id.as_str())),
        ),
    }
}

fn approve(state: &State, step: String, actor: &Actor, comment: Option<String>) -> Result<Vec<Event>, Refusal> {
    let (planned, _) = open(state, &step)?;
    let StepKind::Approve(approval) = &planned.step.kind else {
        return refuse(format!("{step} does not ask for approval"), "answer it with run, done, fail or skip");
    };
    // Another spelling of the same name is not another person.
    if actor.0.eq_ignore_ascii_case(&state.actor.0) {
        return refuse(
            format!("{actor} started {} and cannot approve {step}", state.id),
            format!("another person runs `opsctl run approve {} --as NAME`", state.id),
        );
    }
    if !approval.from.is_empty() && !approval.from.contains(&actor.0) {
        return refuse(
            format!("{actor} may not approve {step}"),
            known_names("approvers", approval.from.iter().map(String::as_str)),
        );
    }
    Ok(vec![Event::StepApproved { step, comment }])
}

fn start_undo(
    state: &State,
    step: String,
    command: String,
    walker: Walker,
    again: bool,
) -> Result<Vec<Event>, Refusal> {
    let place = state.plan.place(&step);
    let Some(rollback) = &state.rollback else {
        return refuse("nothing is being rolled back", "start the rollback first");
    };
    if rollback.in_flight.is_some() && rollback.in_flight == place && !again {
        return refuse(
            format!("undoing {step} was begun before and nobody knows how it ended"),
            "look at what it did, then say rerun, done or skip",
        );
    }
    Ok(vec![Event::StepRollbackStarted { step, command, walker }])
}
