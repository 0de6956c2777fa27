//! What a walk needs now.

use std::time::Duration;

use crate::catalog::model::{OnFailure, ProcedureKind, Retry, StepKind};
use crate::engine::apply::{counts_as_failed, is_closed};
use crate::engine::context::{Facts, context, values};
use crate::engine::event::Outcome;
use crate::engine::plan::Parent;
use crate::engine::state::{State, StepStatus};
use crate::ground::Time;
use crate::template;

/// How the reason begins for which a step is left out by its own `when:`.
pub const CONDITION: &str = "condition is false";

/// What a walk needs to go on. Places are positions in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// A parameter's value.
    Parameter {
        /// The path of `use` steps to its procedure.
        scope: String,
        /// Its name.
        name: String,
    },
    /// Nothing from outside: the step's condition is false.
    Skip {
        /// The step.
        place: usize,
        /// The condition, in words.
        reason: String,
    },
    /// A person: the step's condition cannot be evaluated.
    Stuck {
        /// The step.
        place: usize,
        /// What is missing.
        problem: String,
    },
    /// The operator does it and confirms.
    Manual(usize),
    /// A command is run, or probes are observed, after a delay when it is a retry.
    Effect {
        /// The step.
        place: usize,
        /// Which attempt this will be, from 1.
        attempt: u32,
        /// How long to wait before it; none for the first try.
        delay: Option<Duration>,
    },
    /// The check behind a step.
    Verify(usize),
    /// A decision.
    Decide(usize),
    /// Another person's consent.
    Approve(usize),
    /// A time or a probe.
    Wait {
        /// The step.
        place: usize,
        /// When it is over at the latest; none when it has not begun.
        until: Option<Time>,
    },
    /// A message to render.
    Send(usize),
    /// A used procedure to enter.
    Enter(usize),
    /// A part of incident handling.
    Incident(usize),
    /// A person: the step was begun and nobody knows how it ended.
    Recover(usize),
    /// A person: the step failed, and what that means is not settled.
    Judge(usize),
    /// Nothing from outside: the failure calls for undoing what was done.
    StartRollback(usize),
    /// A step to undo.
    Undo {
        /// The step.
        place: usize,
        /// Whether undoing it was begun before and nobody knows how it ended.
        interrupted: bool,
    },
    /// Nothing from outside: the run is over.
    Finish(Outcome),
    /// Nothing at all: the run ended before.
    Over,
}

impl Need {
    /// The place of the step it is about.
    pub fn place(&self) -> Option<usize> {
        match self {
            Self::Skip { place, .. }
            | Self::Stuck { place, .. }
            | Self::Effect { place, .. }
            | Self::Wait { place, .. }
            | Self::Undo { place, .. }
            | Self::Manual(place)
            | Self::Verify(place)
            | Self::Decide(place)
            | Self::Approve(place)
            | Self::Send(place)
            | Self::Enter(place)
            | Self::Incident(place)
            | Self::Recover(place)
            | Self::Judge(place)
            | Self::StartRollback(place) => Some(*place),
            Self::Parameter { .. } | Self::Finish(_) | Self::Over => None,
        }
    }
}

/// What the walk needs now: the first open thing in the plan's order.
pub fn next(state: &State, facts: &Facts) -> Need {
    if state.is_over() {
        return Need::Over;
    }
    if let Some(need) = rollback_need(state) {
        return need;
    }
    if let Some(need) = parameter_need(state, facts, "") {
        return need;
    }
    let patient = state.plan.kind == ProcedureKind::Checklist;
    let mut put_off = None;
    for place in 0..state.steps.len() {
        match need_at(state, facts, place) {
            // One red item must not hide the rest of a checklist.
            Some(need @ (Need::Judge(_) | Need::Approve(_) | Need::Wait { .. } | Need::Skip { .. })) if patient => {
                // What a condition leaves out is settled last: an item done later may change it.
                let is_last = matches!(put_off, Some(Need::Skip { .. })) && !matches!(need, Need::Skip { .. });
                if put_off.is_none() || is_last {
                    put_off = Some(need);
                }
            }
            Some(need) => return need,
            None => {}
        }
    }
    put_off.unwrap_or_else(|| Need::Finish(outcome(state)))
}

/// What the step at `place` needs; none when it is closed, or when something else has to lead there first.
pub fn need_at(state: &State, facts: &Facts, place: usize) -> Option<Need> {
    let step = &state.steps[place];
    if is_closed(&state.plan, step, place) || !is_reached(state, place) {
        return None;
    }
    match step.status {
        StepStatus::Running | StepStatus::Interrupted => Some(Need::Recover(place)),
        StepStatus::Unverified => Some(Need::Verify(place)),
        StepStatus::Failed => Some(after_failure(state, place)),
        StepStatus::Waiting => waiting_need(state, place),
        StepStatus::Pending => Some(pending_need(state, facts, place)),
        StepStatus::Done | StepStatus::Skipped => None,
    }
}

/// Whether everything that has to lead to a step has done so.
pub fn is_reached(state: &State, place: usize) -> bool {
    match &state.plan.steps[place].parent {
        None => true,
        Some(Parent::Option(at, option)) => state.steps[*at].chosen.as_ref() == Some(option) && is_reached(state, *at),
        Some(Parent::Use(at)) => state.steps[*at].status == StepStatus::Waiting && is_reached(state, *at),
    }
}

fn rollback_need(state: &State) -> Option<Need> {
    let rollback = state.rollback.as_ref()?;
    Some(match rollback.left.last() {
        Some(&place) => Need::Undo { place, interrupted: rollback.in_flight == Some(place) },
        None => Need::Finish(Outcome::Failed),
    })
}

fn parameter_need(state: &State, facts: &Facts, scope: &str) -> Option<Need> {
    let known = values(state, facts, scope);
    let missing = state.plan.parameters(scope).iter().find(|parameter| !known.contains_key(&parameter.name))?;
    Some(Need::Parameter { scope: scope.to_owned(), name: missing.name.clone() })
}

fn after_failure(state: &State, place: usize) -> Need {
    let step = &state.steps[place];
    let spec = &state.plan.steps[place].step;
    let is_effect = matches!(spec.kind, StepKind::Run(_) | StepKind::Probe(_));
    if step.fatal {
        return Need::Finish(Outcome::Failed);
    }
    if is_effect && step.may_be_retried(spec.retry) {
        let delay = backoff(spec.retry, step.tries);
        return Need::Effect { place, attempt: step.attempts + 1, delay: Some(delay) };
    }
    match spec.on_failure {
        OnFailure::Stop => Need::Finish(Outcome::Failed),
        OnFailure::Rollback => Need::StartRollback(place),
        OnFailure::Ask | OnFailure::Continue => Need::Judge(place),
    }
}

/// The wait before the next try: the delay, grown with each try after the first, at most an hour.
pub fn backoff(retry: Retry, tries: u32) -> Duration {
    if retry.delay.is_zero() {
        return Duration::ZERO;
    }
    let exponent = i32::try_from(tries.saturating_sub(1)).unwrap_or(i32::MAX);
    let seconds = retry.delay.0.as_secs_f64() * retry.backoff.max(1.0).powi(exponent);
    Duration::from_secs_f64(seconds.clamp(0.0, 3600.0))
}

fn waiting_need(state: &State, place: usize) -> Option<Need> {
    match state.plan.steps[place].step.kind {
        StepKind::Approve(_) => Some(Need::Approve(place)),
        StepKind::Wait(_) => Some(Need::Wait { place, until: state.steps[place].until }),
        // The steps inside come next by themselves.
        _ => None,
    }
}

fn pending_need(state: &State, facts: &Facts, place: usize) -> Need {
    let planned = &state.plan.steps[place];
    if let Some(need) = parameter_need(state, facts, &planned.scope) {
        return need;
    }
    if let Some(when) = &planned.step.when {
        match template::is_true(when, &context(state, facts, &planned.scope)) {
            Ok(true) => {}
            Ok(false) => return Need::Skip { place, reason: format!("{CONDITION}: {when}") },
            Err(error) => return Need::Stuck { place, problem: format!("`when: {when}`: {error}") },
        }
    }
    match &planned.step.kind {
        StepKind::Manual => Need::Manual(place),
        StepKind::Run(_) | StepKind::Probe(_) => {
            Need::Effect { place, attempt: state.steps[place].attempts + 1, delay: None }
        }
        StepKind::Choose(_) => Need::Decide(place),
        StepKind::Approve(_) => Need::Approve(place),
        StepKind::Wait(_) => Need::Wait { place, until: None },
        StepKind::Send(_) => Need::Send(place),
        StepKind::Use(_) => Need::Enter(place),
        StepKind::Incident(_) => Need::Incident(place),
    }
}

/// How the run ends if it ends now.
pub fn outcome(state: &State) -> Outcome {
    let failed = state.steps.iter().enumerate().any(|(place, step)| counts_as_failed(&state.plan, step, place));
    if failed { Outcome::Failed } else { Outcome::Succeeded }
}
