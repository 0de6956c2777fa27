//! A checklist's walk: all items at once, ticked in any order.

use crate::catalog::model::{ProcedureKind, StepKind};
use crate::engine::event::Judgement;
use crate::engine::state::{Said, StepStatus};
use crate::engine::{Input, Need, need, next};
use crate::error::{Result, nearest};
use crate::terminal::{AskError, Question};
use crate::view;
use crate::walk::operator::Heard;
use crate::walk::{Flow, Left, Walk};

const WORDS: [&str; 9] = ["skip", "note", "fail", "run", "accept", "open", "quit", "help", "look"];

const HELP: &str = "  3            tick item 3; an item with a check of its own makes it
  3.2          tick task 2 of item 3
  s 3 REASON   skip item 3
  f 3 REASON   item 3 failed
  r 3          make the check of item 3 again
  c 3          accept that item 3 failed
  o 3 REASON   open item 3 again, ticked or skipped by mistake
  n 3 TEXT     write something down about item 3; n TEXT about the whole list
  !COMMAND     run a command of your own; it is recorded, and cannot read the keyboard
  q            leave; everything is saved and can be resumed";

impl Walk<'_> {
    pub(super) fn is_board(&self) -> bool {
        self.state.plan.kind == ProcedureKind::Checklist
    }

    pub(super) async fn board_turn(&mut self) -> Result<Flow> {
        let first = next(&self.state, &self.facts);
        if matches!(
            first,
            Need::Parameter { .. } | Need::Finish(_) | Need::Over | Need::Undo { .. } | Need::Skip { .. }
        ) {
            return self.meet(first).await;
        }
        for place in self.items() {
            if let Some(need) = need::need_at(&self.state, &self.facts, place)
                && self.settles_by_itself(place, &need)
            {
                return self.meet(need).await;
            }
        }
        if self.terminal.can_ask() {
            return self.ask_board().await;
        }
        let open: Vec<String> = self
            .items()
            .into_iter()
            .filter(|&place| need::need_at(&self.state, &self.facts, place).is_some())
            .map(|place| self.id(place))
            .collect();
        Ok(Flow::Leave(Left::NeedsInput(format!("open: {}", open.join(", ")))))
    }

    // What needs nobody, and what was answered in advance. A check that failed is not repeated by itself.
    fn settles_by_itself(&self, place: usize, need: &Need) -> bool {
        let answered = self.answers.steps.contains_key(&self.state.plan.steps[place].id);
        match need {
            Need::Enter(_)
            | Need::Verify(_)
            | Need::Effect { delay: Some(_), .. }
            | Need::StartRollback(_)
            | Need::Finish(_) => true,
            Need::Effect { .. } => answered || self.runs_by_itself(place),
            Need::Judge(_) => {
                answered || (self.state.steps[place].said == Some(Said::Failed) && !self.terminal.can_ask())
            }
            Need::Recover(_) => {
                let repeats = self.state.plan.steps[place].step.is_repeatable() && !self.is_walked_elsewhere(place);
                answered || repeats
            }
            _ => answered,
        }
    }

    /// The places of the items that can be reached, in order.
    fn items(&self) -> Vec<usize> {
        (0..self.state.steps.len()).filter(|&place| need::is_reached(&self.state, place)).collect()
    }

    async fn ask_board(&mut self) -> Result<Flow> {
        let items = self.items();
        let look = self.terminal.look_err();
        self.terminal.say(&view::board::board(look, &self.state, &items, self.ledger.now()));
        self.show_clocks();
        let question = "number tick · s N reason · n N text · r N check again · q quit · ? help\n";
        let line = match self.terminal.ask(&Question::new(question).optional()) {
            Ok(line) => line,
            Err(AskError::Interrupted) => return Ok(Flow::Leave(Left::Interrupted)),
            Err(AskError::NobodyToAsk) => return Ok(Flow::Leave(Left::NeedsInput("an item".into()))),
        };
        self.obey(line.trim(), &items).await
    }

    async fn obey(&mut self, line: &str, items: &[usize]) -> Result<Flow> {
        if let Some(command) = line.strip_prefix('!') {
            let heard = self.shell_out(None, command.trim()).await?;
            return Ok(flow_of(heard));
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if let Some((place, task)) = number(word, items) {
            if !rest.trim().is_empty() {
                return Ok(self.complain("One thing a line: a number ticks; s N skips, n N notes, f N fails."));
            }
            return self.tick(place, task).await;
        }
        let (target, text) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
        let target = number(target, items).map(|(place, _)| place);
        match (word.to_lowercase().as_str(), target) {
            ("" | "l" | "look", _) => {
                self.ledger.refresh(&mut self.state)?;
                Ok(Flow::Next)
            }
            ("q" | "quit", _) => Ok(Flow::Leave(Left::Quit)),
            ("?" | "h" | "help", _) => {
                self.terminal.say(HELP);
                Ok(Flow::Next)
            }
            ("n" | "note", Some(place)) => self.note(Some(place), text),
            ("n" | "note", None) => self.note(None, rest.trim()),
            ("s" | "skip", Some(place)) => match self.text_for(text.trim(), "Why is it left out?") {
                Ok(Some(reason)) => self.try_record(Input::Skip { step: self.id(place), reason }),
                Ok(None) => Ok(self.complain("Not skipped: a reason is needed.")),
                Err(_) => Ok(Flow::Leave(Left::Interrupted)),
            },
            ("f" | "fail", Some(place)) => match self.text_for(text.trim(), "What was seen?") {
                Ok(reason) => self.try_record(Input::Fail { step: self.id(place), reason }),
                Err(_) => Ok(Flow::Leave(Left::Interrupted)),
            },
            ("r" | "run", Some(place)) => self.check_again(place).await,
            ("o" | "open", Some(place)) => match self.text_for(text.trim(), "Why is it open again?") {
                Ok(Some(reason)) => self.try_record(Input::Reopen { step: self.id(place), reason }),
                Ok(None) => Ok(self.complain("Not opened: a reason is needed.")),
                Err(_) => Ok(Flow::Leave(Left::Interrupted)),
            },
            ("c" | "accept", Some(place)) => {
                self.try_record(Input::Judge { step: self.id(place), judgement: Judgement::Continue })
            }
            ("s" | "skip" | "f" | "fail" | "r" | "run" | "c" | "accept" | "o" | "open", None) => {
                Ok(self.complain("Say which item, as in: s 3 not needed today"))
            }
            (other, _) => {
                let near = nearest(other, WORDS).map(|near| format!("did you mean {near}?"));
                let hint = near.unwrap_or_else(|| "? shows what can be said".into());
                Ok(self.complain(&format!("`{other}` is no item and no key; {hint}")))
            }
        }
    }

    fn complain(&mut self, text: &str) -> Flow {
        self.terminal.tell(text);
        Flow::Next
    }

    fn note(&mut self, place: Option<usize>, text: &str) -> Result<Flow> {
        self.take_note(place, text).map(flow_of)
    }

    async fn tick(&mut self, place: usize, task: Option<usize>) -> Result<Flow> {
        let step = self.id(place);
        if let Some(task) = task {
            let done = !self.state.steps[place].tasks.get(task).copied().unwrap_or(false);
            return self.try_record(Input::Tick { step, task, done });
        }
        match need::need_at(&self.state, &self.facts, place) {
            None => Ok(self.complain("That item is settled already; o N opens it again.")),
            Some(Need::Skip { reason, .. }) => Ok(self.complain(&format!("That item does not apply now: {reason}"))),
            Some(Need::Manual(_)) => self.try_record(Input::Done { step, reason: None }),
            Some(Need::Effect { .. }) if self.unset_of(place).is_some() => {
                let unset = self.unset_of(place).unwrap_or_default().join(", ");
                self.try_record(Input::Done { step, reason: Some(format!("by hand; not configured: {unset}")) })
            }
            // Ticking by hand what its own check calls red is the operator's right, and it is recorded as that.
            Some(Need::Judge(_)) => self.try_record(Input::Done { step, reason: Some("done by hand".into()) }),
            Some(need) => self.meet(need).await,
        }
    }

    async fn check_again(&mut self, place: usize) -> Result<Flow> {
        if !matches!(self.state.plan.steps[place].step.kind, StepKind::Run(_) | StepKind::Probe(_)) {
            return Ok(self.complain("That item has no check of its own."));
        }
        if self.state.steps[place].status == StepStatus::Failed {
            self.record(Input::Retry { step: self.id(place), reason: "checked again".into() })?;
        }
        match need::need_at(&self.state, &self.facts, place) {
            Some(need @ (Need::Effect { .. } | Need::Recover(_))) => match self.is_meant(place) {
                Ok(true) => self.perform(place, matches!(need, Need::Recover(_))).await,
                Ok(false) => Ok(Flow::Next),
                Err(left) => Ok(Flow::Leave(left)),
            },
            _ => Ok(self.complain("That item is settled already.")),
        }
    }
}

fn flow_of(heard: Heard) -> Flow {
    match heard {
        Heard::Left(left) => Flow::Leave(left),
        Heard::Again | Heard::Say(_) => Flow::Next,
    }
}

// `3` is item 3; `3.2` is task 2 of it.
fn number(word: &str, items: &[usize]) -> Option<(usize, Option<usize>)> {
    let (item, task) = match word.split_once('.') {
        Some((item, task)) => (item, Some(task.parse::<usize>().ok()?.checked_sub(1)?)),
        None => (word, None),
    };
    let place = items.get(item.parse::<usize>().ok()?.checked_sub(1)?)?;
    Some((*place, task))
}
