//! Where a run stands: what folding its events gives.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::model::Retry;
use crate::engine::event::{Outcome, Output, Pin, Revision, RunStarted, Walker};
use crate::engine::plan::{Parent, Plan, PlanStep};
use crate::ground::{Actor, Time};

/// Where a run stands.
#[derive(Debug, Clone)]
pub struct State {
    /// The run's id: `db-connection.1`.
    pub id: String,
    /// How many events have been applied.
    pub version: u64,
    /// What is walked.
    pub plan: Arc<Plan>,
    /// How it began.
    pub header: RunStarted,
    /// The definition it follows now.
    pub pins: Vec<Pin>,
    /// The git revision of that definition.
    pub git: Option<Revision>,
    /// Who started it.
    pub actor: Actor,
    /// Everybody who did something in it, in order of appearance.
    pub people: Vec<Actor>,
    /// When it began.
    pub started_at: Time,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// The time of the last event.
    pub last_at: Time,
    /// Whether it is under way.
    pub status: RunStatus,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it was paused or given up.
    pub reason: Option<String>,
    /// The process that walks it, while it is running.
    pub walker: Option<Walker>,
    /// The steps, in the plan's order.
    pub steps: Vec<StepState>,
    /// Parameters and captured values: scope, then name.
    pub values: BTreeMap<String, BTreeMap<String, Kept>>,
    /// What is being undone.
    pub rollback: Option<RollbackState>,
    /// Notes on the run as a whole.
    pub notes: Vec<Note>,
    /// Commands the operator ran on their own.
    pub shell: Vec<ShellEntry>,
}

/// Whether a run is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Somebody walks it, or was walking it when the process died.
    Running,
    /// It was left and can be resumed.
    Paused,
    /// It is over.
    Finished,
    /// It was given up.
    Aborted,
}

/// A value as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// The value.
    Plain(String),
    /// It is known, but it is a secret and not stored.
    Secret,
}

/// What an operator says of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It was done by hand.
    Done,
    /// It failed.
    Failed,
}

/// Where a step stands.
#[derive(Debug, Clone, Default)]
pub struct StepState {
    /// Its status.
    pub status: StepStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// How often since it was last reopened: what `retry` counts.
    pub tries: u32,
    /// The last exit code.
    pub exit_code: Option<i32>,
    /// When it was first begun.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// How long the last attempt took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// Why it was skipped or failed, or what was seen.
    pub reason: Option<String>,
    /// What it printed last.
    pub output: Option<Output>,
    /// Which tasks are ticked.
    pub tasks: Vec<bool>,
    /// The option that was chosen.
    pub chosen: Option<String>,
    /// What was written down about it.
    pub notes: Vec<Note>,
    /// When its wait is over at the latest.
    pub until: Option<Time>,
    /// Who did it.
    pub by: Option<Actor>,
    /// Whether the operator said that a failure does not stop the walk.
    pub tolerated: bool,
    /// Whether the operator said that its failure ends the run.
    pub fatal: bool,
    /// What the operator said of it, rather than an attempt: then its command was not asked for.
    pub said: Option<Said>,
    /// The version at which it was last begun.
    pub begun: u64,
    /// The version at which it took effect, or may have: what a rollback goes back through.
    pub effect: Option<u64>,
    /// Whether it was undone, and how that went.
    pub rolled_back: Option<bool>,
    /// Why it was not undone, or how.
    pub undo_reason: Option<String>,
    /// The message it rendered.
    pub message: Option<String>,
    /// Who was walking it when it was begun.
    pub walker: Option<Walker>,
}

impl StepState {
    /// Whether a failed attempt is followed by another one without anybody's word.
    pub fn may_be_retried(&self, retry: Retry) -> bool {
        self.said.is_none() && self.tries < retry.attempts
    }
}

/// A step's status inside the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StepStatus {
    /// Not begun.
    #[default]
    Pending,
    /// Begun and not ended: in flight, or its process died.
    Running,
    /// Begun and stopped before it ended.
    Interrupted,
    /// Ended well, and its check is still to come.
    Unverified,
    /// Waiting for a time, a probe, a person, or for the steps inside it.
    Waiting,
    /// Ended badly.
    Failed,
    /// Ended well.
    Done,
    /// Left out.
    Skipped,
}

impl StepStatus {
    /// Whether nothing more happens to the step by itself.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Done | Self::Skipped)
    }
}

/// Something written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: Time,
    /// By whom.
    pub actor: Actor,
    /// The text.
    pub text: String,
}

/// A command the operator ran on their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellEntry {
    /// When.
    pub at: Time,
    /// By whom.
    pub actor: Actor,
    /// What was run.
    pub command: String,
    /// Its exit code.
    pub exit_code: Option<i32>,
}

/// What is being undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackState {
    /// Why.
    pub reason: String,
    /// The places still to undo, the next one last.
    pub left: Vec<usize>,
    /// The place being undone, when its process died.
    pub in_flight: Option<usize>,
}

impl State {
    /// A step of the plan and where it stands, by full id.
    pub fn step(&self, id: &str) -> Option<(&PlanStep, &StepState)> {
        let place = self.plan.place(id)?;
        Some((&self.plan.steps[place], &self.steps[place]))
    }

    /// The places of the steps that a rollback would undo, the first to undo last.
    pub fn undoable(&self) -> Vec<usize> {
        let mut places: Vec<(u64, usize)> = (0..self.steps.len())
            .filter(|&place| self.plan.steps[place].step.rollback.is_some())
            .filter(|&place| self.steps[place].rolled_back.is_none())
            .filter_map(|place| {
                let step = &self.steps[place];
                // One that was begun and never ended may have taken effect, too.
                let begun = matches!(step.status, StepStatus::Running | StepStatus::Interrupted).then_some(step.begun);
                step.effect.or(begun).map(|effect| (effect, place))
            })
            .collect();
        places.sort_unstable();
        places.into_iter().map(|(_, place)| place).collect()
    }

    /// Whether the run is over.
    pub fn is_over(&self) -> bool {
        matches!(self.status, RunStatus::Finished | RunStatus::Aborted)
    }

    /// Steps that are settled or failed for good, and all that count: (done, total), branches not taken left out.
    pub fn progress(&self) -> (usize, usize) {
        let counted = || (0..self.steps.len()).filter(|&place| self.is_on_the_way(place));
        let is_behind = |place: &usize| {
            let status = self.steps[*place].status;
            status.is_settled() || status == StepStatus::Failed
        };
        (counted().filter(is_behind).count(), counted().count())
    }

    /// Which step of how many the one at `place` is, branches not taken left out.
    pub fn position(&self, place: usize) -> (usize, usize) {
        let counted = || (0..self.steps.len()).filter(|&place| self.is_on_the_way(place));
        (counted().filter(|&at| at <= place).count().max(1), counted().count())
    }

    // Steps of options that were not chosen are no part of the way.
    fn is_on_the_way(&self, place: usize) -> bool {
        match &self.plan.steps[place].parent {
            None => true,
            Some(Parent::Option(at, option)) => {
                self.steps[*at].chosen.as_ref() == Some(option) && self.is_on_the_way(*at)
            }
            Some(Parent::Use(at)) => self.is_on_the_way(*at),
        }
    }
}
