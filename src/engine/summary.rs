//! A run in one line, folded without its plan: what listings of many runs need.

use crate::catalog::model::ProcedureKind;
use crate::engine::event::{Event, Outcome, Recorded, Walker};
use crate::engine::state::RunStatus;
use crate::ground::{Actor, Time};

/// A run in one line.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The run's id.
    pub id: String,
    /// Which kind of procedure.
    pub kind: ProcedureKind,
    /// The procedure's id.
    pub procedure: String,
    /// Its title.
    pub title: String,
    /// Whom or what it is about.
    pub subject: Option<String>,
    /// Its period.
    pub period: Option<String>,
    /// The incident it belongs to.
    pub incident: Option<String>,
    /// Whether it is under way.
    pub status: RunStatus,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it was paused or given up.
    pub reason: Option<String>,
    /// Who started it.
    pub actor: Actor,
    /// When it began.
    pub started_at: Time,
    /// The time of the last event.
    pub last_at: Time,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// The process that walks it.
    pub walker: Option<Walker>,
    /// When the wait it is in is over.
    pub waits_until: Option<Time>,
    /// The step that waits.
    pub waits_at: Option<String>,
}

impl Summary {
    /// The summary that a run's first event begins; none when it is not one.
    pub fn begin(id: &str, recorded: &Recorded) -> Option<Self> {
        let Event::RunStarted(header) = &recorded.event else { return None };
        Some(Self {
            id: id.to_owned(),
            kind: header.procedure_kind,
            procedure: header.procedure.clone(),
            title: header.title.clone(),
            subject: header.subject.clone(),
            period: header.period.clone(),
            incident: header.incident.clone(),
            status: RunStatus::Running,
            outcome: None,
            reason: None,
            actor: recorded.actor.clone(),
            started_at: recorded.at,
            last_at: recorded.at,
            finished_at: None,
            walker: Some(header.walker.clone()),
            waits_until: None,
            waits_at: None,
        })
    }

    /// Applies a further event.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.last_at = recorded.at;
        match &recorded.event {
            Event::RunPaused { reason } => {
                self.status = RunStatus::Paused;
                self.reason = Some(reason.clone());
                self.walker = None;
            }
            Event::RunResumed { walker } => {
                self.status = RunStatus::Running;
                self.reason = None;
                self.walker = Some(walker.clone());
            }
            Event::RunFinished { outcome } => {
                self.status = RunStatus::Finished;
                self.outcome = Some(*outcome);
                self.finished_at = Some(recorded.at);
            }
            Event::RunAborted { reason } => {
                self.status = RunStatus::Aborted;
                self.reason = Some(reason.clone());
                self.finished_at = Some(recorded.at);
            }
            Event::WaitStarted { step, until } => {
                self.waits_until = Some(*until);
                self.waits_at = Some(step.clone());
            }
            Event::StepDone { step, .. }
            | Event::StepFailed { step, .. }
            | Event::StepSkipped { step, .. }
            | Event::StepReopened { step, .. }
                if self.waits_at.as_ref() == Some(step) =>
            {
                self.waits_until = None;
                self.waits_at = None;
            }
            _ => {}
        }
    }
}
