//! Folding: an event changes the state, and nothing else does.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use crate::catalog::model::{OnFailure, StepKind};
use crate::engine::event::{Attempt, Event, Judgement, Recorded, RunStarted};
use crate::engine::plan::{Parent, Plan};
use crate::engine::state::{Kept, Note, RollbackState, RunStatus, Said, ShellEntry, State, StepState, StepStatus};

/// The state that a run's first event begins.
pub fn begin(id: &str, plan: Arc<Plan>, header: &RunStarted, recorded: &Recorded) -> State {
    let steps = fresh_steps(&plan);
    State {
        id: id.to_owned(),
        version: recorded.version,
        plan,
        pins: header.pins.clone(),
        git: header.git.clone(),
        walker: Some(header.walker.clone()),
        header: header.clone(),
        actor: recorded.actor.clone(),
        people: vec![recorded.actor.clone()],
        started_at: recorded.at,
        finished_at: None,
        last_at: recorded.at,
        status: RunStatus::Running,
        outcome: None,
        reason: None,
        steps,
        values: BTreeMap::new(),
        rollback: None,
        notes: Vec::new(),
        shell: Vec::new(),
    }
}

/// Takes over a changed definition: a step of the same id and kind keeps what it has, the rest begins anew.
pub fn adopt(state: &mut State, plan: Arc<Plan>) {
    let mut steps = fresh_steps(&plan);
    for (planned, fresh) in plan.steps.iter().zip(&mut steps) {
        let Some(place) = state.plan.place(&planned.id) else { continue };
        let (old, old_step) = (&state.plan.steps[place].step, &state.steps[place]);
        let is_same = mem::discriminant(&old.kind) == mem::discriminant(&planned.step.kind)
            && old.verify.is_some() == planned.step.verify.is_some();
        let tasks = fresh.tasks.len();
        if is_same || old_step.status.is_settled() {
            *fresh = old_step.clone();
            fresh.tasks.resize(tasks, false);
        } else {
            fresh.notes.clone_from(&old_step.notes);
            fresh.attempts = old_step.attempts;
            fresh.effect = old_step.effect;
        }
    }
    state.plan = plan;
    state.steps = steps;
}

fn fresh_steps(plan: &Plan) -> Vec<StepState> {
    plan.steps
        .iter()
        .map(|planned| StepState { tasks: vec![false; planned.step.tasks.len()], ..StepState::default() })
        .collect()
}

/// Applies one event. An event about a step that the plan does not have changes nothing but the version.
pub fn apply(state: &mut State, recorded: &Recorded) {
    state.version = recorded.version;
    state.last_at = recorded.at;
    if !state.people.contains(&recorded.actor) {
        state.people.push(recorded.actor.clone());
    }
    match &recorded.event {
        Event::RunStarted(_) => {}
        Event::RunPaused { reason } => {
            state.status = RunStatus::Paused;
            state.reason = Some(reason.clone());
            state.walker = None;
        }
        Event::RunResumed { walker } => {
            state.status = RunStatus::Running;
            state.reason = None;
            state.walker = Some(walker.clone());
        }
        Event::RunFinished { outcome } => {
            end(state, RunStatus::Finished, recorded);
            close_used(state, recorded);
            state.outcome = Some(*outcome);
            state.reason = None;
        }
        Event::RunAborted { reason } => {
            end(state, RunStatus::Aborted, recorded);
            state.reason = Some(reason.clone());
        }
        Event::DefinitionAdopted { pins, git } => {
            state.pins.clone_from(pins);
            state.git.clone_from(git);
        }
        Event::ParameterSet { scope, name, value } => {
            let kept = value.clone().map_or(Kept::Secret, Kept::Plain);
            state.values.entry(scope.clone()).or_default().insert(name.clone(), kept);
        }
        Event::NoteAdded { step: None, text } => state.notes.push(note(recorded, text)),
        Event::ShellRun { command, attempt, .. } => state.shell.push(ShellEntry {
            at: recorded.at,
            actor: recorded.actor.clone(),
            command: command.clone(),
            exit_code: attempt.exit_code,
        }),
        Event::RollbackStarted { step, reason } => begin_rollback(state, step.as_deref(), reason),
        event => apply_to_step(state, event, recorded),
    }
}

fn end(state: &mut State, status: RunStatus, recorded: &Recorded) {
    state.status = status;
    state.finished_at = Some(recorded.at);
    state.walker = None;
}

fn note(recorded: &Recorded, text: &str) -> Note {
    Note { at: recorded.at, actor: recorded.actor.clone(), text: text.to_owned() }
}

fn step_of(event: &Event) -> Option<&str> {
    match event {
        Event::StepStarted { step, .. }
        | Event::StepFinished { step, .. }
        | Event::StepInterrupted { step, .. }
        | Event::StepVerified { step, .. }
        | Event::StepDone { step, .. }
        | Event::StepFailed { step, .. }
        | Event::StepSkipped { step, .. }
        | Event::StepReopened { step, .. }
        | Event::TaskTicked { step, .. }
        | Event::NoteAdded { step: Some(step), .. }
        | Event::OptionChosen { step, .. }
        | Event::ApprovalRequested { step }
        | Event::StepApproved { step, .. }
        | Event::WaitStarted { step, .. }
        | Event::ProcedureEntered { step }
        | Event::MessageRendered { step, .. }
        | Event::FailureJudged { step, .. }
        | Event::StepRollbackStarted { step, .. }
        | Event::StepRollbackFinished { step, .. } => Some(step),
        _ => None,
    }
}

fn apply_to_step(state: &mut State, event: &Event, recorded: &Recorded) {
    let Some(place) = step_of(event).and_then(|id| state.plan.place(id)) else { return };
    let plan = Arc::clone(&state.plan);
    let spec = &plan.steps[place].step;
    let version = recorded.version;
    let step = &mut state.steps[place];
    match event {
        Event::StepStarted { attempt, walker, .. } => {
            step.status = StepStatus::Running;
            step.attempts = *attempt;
            step.tries += 1;
            step.said = None;
            step.started_at.get_or_insert(recorded.at);
            step.walker = Some(walker.clone());
            step.by = Some(recorded.actor.clone());
            step.begun = version;
        }
        Event::StepFinished { attempt, .. } => {
            let good = if spec.verify.is_some() { StepStatus::Unverified } else { StepStatus::Done };
            keep_attempt(step, attempt, recorded, if attempt.succeeded { good } else { StepStatus::Failed });
            if attempt.succeeded || attempt.cut_off {
                step.effect = Some(version);
            }
            keep_captured(state, &plan.steps[place].scope, attempt);
        }
        Event::StepInterrupted { attempt, .. } => {
            keep_attempt(step, attempt, recorded, StepStatus::Interrupted);
            step.effect = Some(version);
        }
        Event::StepVerified { passed, reason, output, .. } => {
            settle(step, if *passed { StepStatus::Done } else { StepStatus::Failed }, recorded);
            if !passed || reason.is_some() {
                step.reason.clone_from(reason);
            }
            if !passed && output.is_some() {
                step.output.clone_from(output);
            }
        }
        Event::StepDone { reason, overruled, .. } => {
            let checked = spec.verify.is_some() && !overruled;
            settle(step, if checked { StepStatus::Unverified } else { StepStatus::Done }, recorded);
            step.reason.clone_from(reason);
            step.tasks.fill(true);
            step.effect = Some(version);
            // Whoever did it by hand never asked for the command; a failed check must not run it.
            step.said = Some(Said::Done);
        }
        Event::StepFailed { reason, .. } => {
            settle(step, StepStatus::Failed, recorded);
            step.reason.clone_from(reason);
            step.said = Some(Said::Failed);
        }
        Event::StepSkipped { reason, .. } => {
            settle(step, StepStatus::Skipped, recorded);
            step.reason = Some(reason.clone());
            skip_inside(state, place, reason);
        }
        Event::StepReopened { reason, .. } => {
            reopen(step);
            step.reason = Some(reason.clone());
            reopen_failed_inside(state, place);
        }
        Event::TaskTicked { task, done, .. } => {
            step.started_at.get_or_insert(recorded.at);
            if let Some(tick) = step.tasks.get_mut(*task) {
                *tick = *done;
            }
        }
        Event::NoteAdded { text, .. } => step.notes.push(note(recorded, text)),
        Event::OptionChosen { option, .. } => {
            settle(step, StepStatus::Done, recorded);
            step.chosen = Some(option.clone());
            follow(state, place, option);
        }
        Event::StepApproved { comment, .. } => {
            settle(step, StepStatus::Done, recorded);
            step.reason.clone_from(comment);
        }
        Event::WaitStarted { until, .. } => {
            step.status = StepStatus::Waiting;
            step.started_at.get_or_insert(recorded.at);
            step.until = Some(*until);
        }
        Event::ApprovalRequested { .. } | Event::ProcedureEntered { .. } => {
            step.status = StepStatus::Waiting;
            step.started_at.get_or_insert(recorded.at);
        }
        Event::MessageRendered { text, .. } => step.message = Some(text.clone()),
        Event::FailureJudged { judgement, .. } => match judgement {
            Judgement::Continue => step.tolerated = true,
            Judgement::Stop => step.fatal = true,
        },
        event => apply_undo(state, event, place),
    }
    roll_up(state, place, recorded);
}

fn apply_undo(state: &mut State, event: &Event, place: usize) {
    let Some(rollback) = &mut state.rollback else { return };
    match event {
        Event::StepRollbackStarted { .. } => rollback.in_flight = Some(place),
        Event::StepRollbackFinished { attempt, .. } => {
            rollback.in_flight = None;
            rollback.left.retain(|left| *left != place);
            state.steps[place].rolled_back = Some(attempt.succeeded);
            state.steps[place].undo_reason.clone_from(&attempt.reason);
        }
        _ => {}
    }
}

fn settle(step: &mut StepState, status: StepStatus, recorded: &Recorded) {
    step.status = status;
    step.finished_at = Some(recorded.at);
    step.started_at.get_or_insert(recorded.at);
    step.by = Some(recorded.actor.clone());
    step.until = None;
    step.walker = None;
}

fn keep_attempt(step: &mut StepState, attempt: &Attempt, recorded: &Recorded, status: StepStatus) {
    settle(step, status, recorded);
    step.exit_code = attempt.exit_code;
    step.duration_ms = Some(attempt.duration_ms);
    step.reason.clone_from(&attempt.reason);
    step.output.clone_from(&attempt.output);
}

fn keep_captured(state: &mut State, scope: &str, attempt: &Attempt) {
    for captured in &attempt.captured {
        let kept = captured.value.clone().map_or(Kept::Secret, Kept::Plain);
        state.values.entry(scope.to_owned()).or_default().insert(captured.name.clone(), kept);
    }
}

fn reopen(step: &mut StepState) {
    step.status = StepStatus::Pending;
    step.reason = None;
    step.duration_ms = None;
    step.tries = 0;
    step.finished_at = None;
    step.chosen = None;
    step.until = None;
    step.tolerated = false;
    step.fatal = false;
    step.said = None;
    step.walker = None;
    step.tasks.fill(false);
}

fn skip_inside(state: &mut State, place: usize, reason: &str) {
    for inner in inside(&state.plan, place) {
        let step = &mut state.steps[inner];
        if step.status == StepStatus::Pending {
            step.status = StepStatus::Skipped;
            step.reason = Some(reason.to_owned());
        }
    }
}

// To try a used procedure again is to try again what failed in it.
fn reopen_failed_inside(state: &mut State, place: usize) {
    let inner = inside(&state.plan, place);
    if inner.is_empty() || !matches!(state.plan.steps[place].step.kind, StepKind::Use(_)) {
        return;
    }
    for at in inner {
        if state.steps[at].status == StepStatus::Failed {
            reopen(&mut state.steps[at]);
        }
    }
}

/// The places of the steps inside a step: they follow it and are deeper.
fn inside(plan: &Plan, place: usize) -> std::ops::Range<usize> {
    let depth = plan.steps[place].depth;
    let rest = &plan.steps[place + 1..];
    let length = rest.iter().position(|planned| planned.depth <= depth).unwrap_or(rest.len());
    place + 1..place + 1 + length
}

// The steps of the options not chosen fall away; a jump leaves out what lies between, or opens it again.
fn follow(state: &mut State, place: usize, option: &str) {
    let plan = Arc::clone(&state.plan);
    for inner in inside(&plan, place) {
        let other = matches!(&plan.steps[inner].parent, Some(Parent::Option(at, id)) if *at == place && id != option);
        if other && state.steps[inner].status == StepStatus::Pending {
            let reason = format!("the choice was {option}");
            state.steps[inner].status = StepStatus::Skipped;
            state.steps[inner].reason = Some(reason.clone());
            skip_inside(state, inner, &reason);
        }
    }
    let StepKind::Choose(options) = &plan.steps[place].step.kind else { return };
    let goto = options.iter().find(|o| o.id == option).and_then(|o| o.goto.as_deref());
    let Some(target) = goto.and_then(|goto| plan.target(place, goto)) else { return };
    if target > place {
        for over in place + 1..target {
            if state.steps[over].status == StepStatus::Pending && !plan.is_inside(target, over) {
                state.steps[over].status = StepStatus::Skipped;
                state.steps[over].reason = Some(format!("{option} goes on at {}", plan.steps[target].id));
            }
        }
    } else {
        // A decision that lies inside others is opened again together with their other branches.
        let mut end = inside(&plan, place).end;
        let mut at = place;
        while let Some(parent) = plan.steps[at].parent.as_ref().map(Parent::place).filter(|at| *at >= target) {
            end = end.max(inside(&plan, parent).end);
            at = parent;
        }
        for again in target..end {
            reopen(&mut state.steps[again]);
        }
    }
}

fn begin_rollback(state: &mut State, step: Option<&str>, reason: &str) {
    let failed_at = step.and_then(|id| state.plan.place(id));
    let left = state.undoable();
    state.rollback = Some(RollbackState { reason: reason.to_owned(), left, in_flight: None });
    if let Some(place) = failed_at {
        state.steps[place].fatal = true;
    }
}

// A run that ends inside a used procedure ends it, too: it failed with what failed in it.
fn close_used(state: &mut State, recorded: &Recorded) {
    let plan = Arc::clone(&state.plan);
    for at in 0..plan.steps.len() {
        let is_entered = state.steps[at].status == StepStatus::Waiting;
        if !is_entered || !matches!(plan.steps[at].step.kind, StepKind::Use(_)) {
            continue;
        }
        if let Some(failed) = inside(&plan, at).find(|i| state.steps[*i].status == StepStatus::Failed) {
            settle(&mut state.steps[at], StepStatus::Failed, recorded);
            state.steps[at].reason = Some(format!("{} failed", plan.steps[failed].id));
        }
    }
}

// A used procedure is over when everything inside it is.
fn roll_up(state: &mut State, place: usize, recorded: &Recorded) {
    let plan = Arc::clone(&state.plan);
    let mut at = place;
    loop {
        if matches!(plan.steps[at].step.kind, StepKind::Use(_)) && state.steps[at].status == StepStatus::Waiting {
            let inner = inside(&plan, at);
            if !inner.clone().all(|i| is_closed(&plan, &state.steps[i], i)) {
                return;
            }
            let failed = inner.clone().find(|i| state.steps[*i].status == StepStatus::Failed);
            settle(
                &mut state.steps[at],
                if failed.is_some() { StepStatus::Failed } else { StepStatus::Done },
                recorded,
            );
            // What the failure inside means was settled there, unless the outer step says something of its own.
            let own_word = matches!(plan.steps[at].step.on_failure, OnFailure::Stop | OnFailure::Rollback);
            state.steps[at].tolerated = failed.is_some() && !own_word;
            state.steps[at].reason = failed.map(|i| format!("{} failed", plan.steps[i].id));
        }
        match &plan.steps[at].parent {
            Some(parent) => at = parent.place(),
            None => return,
        }
    }
}

/// Whether the walk does not come back to a step: it is settled, or failed and tolerated.
pub fn is_closed(plan: &Plan, step: &StepState, place: usize) -> bool {
    let spec = &plan.steps[place].step;
    let retries_left = step.may_be_retried(spec.retry);
    let goes_on = step.tolerated || (spec.on_failure == OnFailure::Continue && !retries_left);
    step.status.is_settled() || (step.status == StepStatus::Failed && goes_on)
}

/// Whether a step makes its run count as failed.
pub fn counts_as_failed(plan: &Plan, step: &StepState, place: usize) -> bool {
    if step.status != StepStatus::Failed {
        return false;
    }
    let mut at = Some(place);
    while let Some(place) = at {
        if plan.steps[place].step.optional {
            return false;
        }
        at = plan.steps[place].parent.as_ref().map(Parent::place);
    }
    true
}
