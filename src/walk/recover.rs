//! What was begun and not ended, and what is to be undone.

use crate::engine::Input;
use crate::engine::command;
use crate::engine::event::Attempt;
use crate::engine::state::StepStatus;
use crate::error::{Error, Result};
use crate::process;
use crate::walk::operator::{self, Heard, Say};
use crate::walk::{Flow, Left, Walk, does_not_fit};

impl Walk<'_> {
    /// A step that was begun and whose end nobody knows.
    pub(super) async fn recover(&mut self, place: usize) -> Result<Flow> {
        let planned = self.state.plan.steps[place].clone();
        let step = planned.id.clone();
        let state = &self.state.steps[place];
        let other =
            state.status == StepStatus::Running && state.walker.as_ref().is_some_and(|w| *w != self.site.walker);
        let by = state.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let how = if state.status == StepStatus::Interrupted { "stopped" } else { "begun" };
        let left_running = self.left_running(&step);
        self.terminal
            .say(&format!("Interrupted: {} was {how}{by}, and nobody knows what it has done.", planned.step.title));
        if other && self.is_walked_elsewhere(place) {
            self.terminal.tell("  Its process is still there: it may be running at this moment.");
        } else if let Some(told) = &left_running {
            self.terminal.tell(&format!("  {told}"));
        } else if planned.step.is_repeatable() && !self.answers.steps.contains_key(&step) {
            self.terminal.tell("  It only looks, or can be repeated safely: running it again.");
            return self.perform(place, true).await;
        }
        if planned.step.verify.is_some() {
            self.terminal.tell("  Its own check can tell: say verify.");
        }
        self.show_card(place);
        match self.hear(place, operator::RECOVER).await? {
            Heard::Left(Left::NeedsInput(_)) => Ok(Flow::Leave(Left::NeedsInput(interrupted(&step)))),
            Heard::Left(left) => Ok(Flow::Leave(left)),
            Heard::Again => Ok(Flow::Next),
            Heard::Say(Say::Rerun) => match self.is_meant(place) {
                Ok(true) => self.perform(place, true).await,
                Ok(false) => Ok(Flow::Next),
                Err(left) => Ok(Flow::Leave(left)),
            },
            // `run` was said about a step that had not been begun; twice is never meant by it.
            Heard::Say(Say::Go) if !self.terminal.can_ask() => Ok(Flow::Leave(Left::NeedsInput(interrupted(&step)))),
            Heard::Say(Say::Verify) if planned.step.verify.is_some() => self.verify(place).await,
            Heard::Say(Say::Verify) => {
                self.terminal.tell("This step has no check of its own.");
                Ok(Flow::Next)
            }
            Heard::Say(other) => self.common(place, other),
        }
    }

    pub(super) fn is_walked_elsewhere(&self, place: usize) -> bool {
        let walker = self.state.steps[place].walker.as_ref();
        walker.is_some_and(|walker| process::is_alive(walker.pid, &walker.host, &self.site.walker.host))
    }

    /// Undoes one step.
    pub(super) async fn undo(&mut self, place: usize, was_interrupted: bool) -> Result<Flow> {
        let planned = self.state.plan.steps[place].clone();
        let step = planned.id.clone();
        let Some(rollback) = &planned.step.rollback else { return Err(does_not_fit(&step)) };
        let title = rollback.title.clone().unwrap_or_else(|| format!("undo {}", planned.step.title));
        let resolved = match self.resolve(&planned.scope, &rollback.command) {
            Ok(mut resolved) => {
                self.mark(&mut resolved, &step);
                resolved
            }
            Err(why) => return self.undone(step, Attempt { reason: Some(why), ..Attempt::default() }),
        };
        let shown = self.redactor.text(&command::display(&resolved.command));
        self.terminal.tell(&format!("Rollback: {title}\n  {}", shown.replace('\n', "\n  ")));
        if was_interrupted {
            self.terminal.tell("Interrupted: undoing it was begun, and nobody knows what that has done.");
            if let Some(told) = self.left_running(&step) {
                self.terminal.tell(&format!("  {told}"));
            }
        }
        if was_interrupted || !self.undoes_by_itself() {
            let what = if was_interrupted { operator::UNDO_AGAIN } else { operator::EFFECT };
            match self.hear(place, what).await? {
                Heard::Left(Left::NeedsInput(_)) => {
                    return Ok(Flow::Leave(Left::NeedsInput(format!("the rollback of {step}"))));
                }
                Heard::Left(left) => return Ok(Flow::Leave(left)),
                Heard::Again => return Ok(Flow::Next),
                Heard::Say(Say::Rerun) => {}
                Heard::Say(Say::Go) if !was_interrupted => {}
                Heard::Say(Say::Done) => {
                    let attempt =
                        Attempt { succeeded: true, reason: Some("undone by hand".into()), ..Attempt::default() };
                    return self.undone(step, attempt);
                }
                Heard::Say(Say::Skip(reason)) => {
                    return self.undone(step, Attempt { reason: Some(reason), ..Attempt::default() });
                }
                Heard::Say(_) => {
                    self.terminal.tell("Say run, done or skip.");
                    return Ok(Flow::Next);
                }
            }
        }
        let walker = self.site.walker.clone();
        let start = Input::StartUndo { step: step.clone(), command: shown, walker, again: was_interrupted };
        if !self.recorded(start).map_err(Error::from)? {
            return Ok(Flow::Next); // somebody else was faster
        }
        let came = self.run_command(&title, &resolved, &rollback.command.expect, &[]).await?;
        self.tell_outcome(&came.attempt, came.cancelled);
        if came.cancelled {
            let text = format!("undoing {step} was stopped by the operator");
            self.record(Input::Note { step: Some(step), text })?;
            return Ok(Flow::Leave(Left::Interrupted));
        }
        self.undone(step, came.attempt)
    }

    // A definition that says `on_failure: rollback` has asked for it; an operator is asked for each step.
    fn undoes_by_itself(&self) -> bool {
        !self.terminal.can_ask()
    }

    fn undone(&mut self, step: String, attempt: Attempt) -> Result<Flow> {
        self.outcome(&Input::FinishUndo { step, attempt })
    }
}

fn interrupted(step: &str) -> String {
    format!("step {step} was interrupted; answer rerun, verify, done, fail or {{skip: reason}}")
}
