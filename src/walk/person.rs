//! Steps that a person settles: done by hand, decided, approved, judged.

use crate::catalog::model::StepKind;
use crate::engine::Input;
use crate::engine::event::Judgement;
use crate::engine::state::{Said, StepStatus};
use crate::error::{Error, Result};
use crate::ledger::NotRecorded;
use crate::terminal::AskError;
use crate::walk::operator::{self, Heard, Say};
use crate::walk::{Flow, Left, Walk, does_not_fit};

impl Walk<'_> {
    pub(super) async fn manual(&mut self, place: usize) -> Result<Flow> {
        self.show_card(place);
        let step = self.id(place);
        match self.hear(place, operator::MANUAL).await? {
            Heard::Left(left) => Ok(Flow::Leave(left)),
            Heard::Again => Ok(Flow::Next),
            Heard::Say(Say::Go | Say::Done) => self.try_record(Input::Done { step, reason: None }),
            Heard::Say(other) => self.common(place, other),
        }
    }

    /// What means the same at every step.
    pub(super) fn common(&mut self, place: usize, say: Say) -> Result<Flow> {
        let step = self.id(place);
        match say {
            Say::Done => self.try_record(Input::Done { step, reason: Some("done by hand".into()) }),
            Say::Fail(reason) => self.try_record(Input::Fail { step, reason }),
            Say::Skip(reason) => self.try_record(Input::Skip { step, reason }),
            Say::Tick(task) => {
                let done = !self.state.steps[place].tasks.get(task).copied().unwrap_or(false);
                self.try_record(Input::Tick { step, task, done })
            }
            Say::Choose(option) => self.try_record(Input::Choose { step, option }),
            _ => {
                let title = &self.state.plan.steps[place].step.title;
                if !self.terminal.can_ask() {
                    return Err(Error::usage(format!("the answer for step {step} ({title}) does not fit its kind"))
                        .hint("`opsctl runbook show` tells what kind of step it is"));
                }
                self.terminal.tell("That does not fit this step.");
                Ok(Flow::Next)
            }
        }
    }

    pub(super) async fn choose(&mut self, place: usize) -> Result<Flow> {
        let step = self.id(place);
        self.show_card(place);
        match self.hear(place, operator::DECIDE).await? {
            Heard::Left(left) => Ok(Flow::Leave(left)),
            Heard::Again => Ok(Flow::Next),
            Heard::Say(Say::Tick(number)) => {
                let StepKind::Choose(options) = &self.state.plan.steps[place].step.kind else {
                    return Err(does_not_fit(&step));
                };
                let Some(option) = options.get(number).map(|option| option.id.clone()) else {
                    self.terminal.tell(&format!("There are {} options.", options.len()));
                    return Ok(Flow::Next);
                };
                self.common(place, Say::Choose(option))
            }
            Heard::Say(other) => self.common(place, other),
        }
    }

    pub(super) async fn approve(&mut self, place: usize) -> Result<Flow> {
        let step = self.id(place);
        if self.state.steps[place].status == StepStatus::Pending {
            self.record(Input::AskApproval { step: step.clone() })?;
        }
        self.show_card(place);
        match self.hear(place, operator::APPROVE).await? {
            Heard::Left(left) => Ok(Flow::Leave(left)),
            Heard::Again => {
                self.ledger.refresh(&mut self.state)?;
                Ok(Flow::Next)
            }
            Heard::Say(Say::Go | Say::Done) => {
                let actor = self.ledger.actor.clone();
                self.try_approval(&Input::Approve { step, actor, comment: None })
            }
            Heard::Say(other) => self.common(place, other),
        }
    }

    // Without anybody to ask, an approval by the wrong person leaves the run waiting for the right one.
    pub(super) fn try_approval(&mut self, input: &Input) -> Result<Flow> {
        match self.ledger.record(&mut self.state, input.clone()) {
            Err(NotRecorded::Refused(refusal)) if !self.terminal.can_ask() => {
                Ok(Flow::Leave(Left::NeedsInput(format!("{}; {}", refusal.message, refusal.hint.unwrap_or_default()))))
            }
            Err(NotRecorded::Refused(refusal)) => {
                self.terminal.tell(&format!("{}.", refusal.message));
                self.terminal.tell(&format!("  {}", refusal.hint.unwrap_or_default()));
                Ok(Flow::Next)
            }
            Err(NotRecorded::Conflict) => Ok(Flow::Next),
            other => other.map(|()| Flow::Next).map_err(Error::from),
        }
    }

    pub(super) async fn stuck(&mut self, place: usize, problem: &str) -> Result<Flow> {
        self.show_card(place);
        self.terminal.tell(&format!("Whether this step applies cannot be told: {problem}"));
        match self.hear(place, operator::STUCK).await? {
            Heard::Left(Left::NeedsInput(_)) => {
                Ok(Flow::Leave(Left::NeedsInput(format!("step {}: {problem}", self.id(place)))))
            }
            Heard::Left(left) => Ok(Flow::Leave(left)),
            Heard::Again => Ok(Flow::Next),
            Heard::Say(other) => self.common(place, other),
        }
    }

    pub(super) async fn judge(&mut self, place: usize) -> Result<Flow> {
        let step = self.id(place);
        let state = &self.state.steps[place];
        let reason = state.reason.clone().unwrap_or_else(|| "it failed".into());
        // The operator's own word that it failed is a decision already.
        if state.said == Some(Said::Failed) && !self.terminal.can_ask() {
            // On a checklist one red item does not end the others.
            let judgement = if self.is_board() { Judgement::Continue } else { Judgement::Stop };
            return self.record(Input::Judge { step, judgement });
        }
        self.terminal
            .tell(&format!("What does it mean that {} failed ({reason})?", self.state.plan.steps[place].step.title));
        let undoable = !self.state.undoable().is_empty();
        let keys = if undoable { operator::JUDGE_OR_UNDO } else { operator::JUDGE };
        match self.hear(place, keys).await? {
            Heard::Left(Left::NeedsInput(_)) => Ok(Flow::Leave(Left::NeedsInput(format!(
                "step {step} failed ({reason}); what that means is to be decided"
            )))),
            Heard::Left(left) => Ok(Flow::Leave(left)),
            Heard::Again => Ok(Flow::Next),
            Heard::Say(Say::Retry | Say::Go | Say::Rerun) => {
                self.record(Input::Retry { step, reason: "tried again by the operator".into() })
            }
            Heard::Say(Say::Continue) => self.record(Input::Judge { step, judgement: Judgement::Continue }),
            Heard::Say(Say::Stop) => self.record(Input::Judge { step, judgement: Judgement::Stop }),
            Heard::Say(Say::Rollback) => self.start_undoing(place, &reason),
            Heard::Say(other) => self.common(place, other),
        }
    }

    // Undoing ends the run, so it is named before it begins.
    pub(super) fn start_undoing(&mut self, place: usize, reason: &str) -> Result<Flow> {
        let places = self.state.undoable();
        let titles: Vec<&str> = places.iter().rev().map(|&at| self.state.plan.steps[at].step.title.as_str()).collect();
        let question = format!("Undo {}, and end the run as failed?", titles.join(", then "));
        match self.terminal.confirm(&question, false) {
            Ok(true) => self.record(Input::Rollback { step: Some(self.id(place)), reason: reason.to_owned() }),
            Ok(false) | Err(AskError::NobodyToAsk) => Ok(Flow::Next),
            Err(AskError::Interrupted) => Ok(Flow::Leave(Left::Interrupted)),
        }
    }
}
