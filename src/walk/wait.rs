//! Waiting: for a time that comes by itself, or for probes that have to pass before a deadline.

use std::time::Duration;

use crate::catalog::model::{StepKind, Wait};
use crate::engine::Input;
use crate::error::Result;
use crate::ground::{Span, Time};
use crate::process;
use crate::view::run::short_time;
use crate::walk::operator::{self, Heard, Say};
use crate::walk::{Flow, Left, Walk, does_not_fit};

/// A wait that is over within this time is waited for when there is nobody to ask.
const SHORT: Span = Span::seconds(600);

impl Walk<'_> {
    pub(super) async fn wait(&mut self, place: usize, until: Option<Time>) -> Result<Flow> {
        let planned = self.state.plan.steps[place].clone();
        let step = planned.id.clone();
        let StepKind::Wait(wait) = &planned.step.kind else { return Err(does_not_fit(&step)) };
        let now = self.ledger.now();
        let Some(until) = until else {
            let length = match wait {
                Wait::For(span) => *span,
                Wait::Until { within, .. } => *within,
            };
            let until = now.checked_add_signed(length.delta()).unwrap_or(now);
            return self.record(Input::BeginWait { step, until });
        };
        match wait {
            Wait::For(_) if now >= until => self.record(Input::Done { step, reason: Some("the time has come".into()) }),
            Wait::For(_) => self.wait_for(place, until).await,
            Wait::Until { probes, every, .. } => self.wait_until(place, probes, *every, until).await,
        }
    }

    async fn wait_for(&mut self, place: usize, until: Time) -> Result<Flow> {
        self.show_card(place);
        let short = until - self.ledger.now() <= SHORT.delta();
        let answered = self.answers.steps.contains_key(&self.id(place));
        if !answered && !self.terminal.can_ask() {
            return if short { self.sleep_until(until).await } else { Ok(Flow::Leave(Left::WaitsUntil(until))) };
        }
        match self.hear(place, operator::WAIT).await? {
            Heard::Left(left) => Ok(Flow::Leave(left)),
            Heard::Again => Ok(Flow::Next),
            Heard::Say(Say::Go) if short || self.terminal.can_ask() => self.sleep_until(until).await,
            Heard::Say(Say::Go) => Ok(Flow::Leave(Left::WaitsUntil(until))),
            Heard::Say(other) => self.common(place, other),
        }
    }

    async fn sleep_until(&mut self, until: Time) -> Result<Flow> {
        let left = (until - self.ledger.now()).to_std().unwrap_or(Duration::ZERO);
        self.terminal.begin_live(&format!("waiting until {} UTC · Ctrl-C leaves", short_time(until)));
        let whole = tokio::select! {
            () = tokio::time::sleep(left) => true,
            () = process::interrupted() => false,
        };
        self.terminal.end_live();
        Ok(if whole { Flow::Next } else { Flow::Leave(Left::Interrupted) })
    }

    async fn wait_until(&mut self, place: usize, probes: &[String], every: Span, until: Time) -> Result<Flow> {
        let step = self.id(place);
        if let Some(answer) = self.answers.steps.get(&step)
            && answer.action.is_some()
            && let Heard::Say(say) = self.hear(place, operator::WAIT).await?
            && say != Say::Go
        {
            return self.common(place, say);
        }
        self.terminal.tell(&format!("Waiting for {} until {} UTC.", probes.join(", "), short_time(until)));
        self.seen_states = None;
        loop {
            let came = self.run_probes(probes).await?;
            if came.cancelled {
                return self.stop_waiting(place).await;
            }
            if came.attempt.succeeded {
                return self.record(Input::Done { step, reason: Some("the probes pass".into()) });
            }
            if self.ledger.now() >= until {
                let seen = came.attempt.reason.unwrap_or_default();
                return self.record(Input::Fail { step, reason: Some(format!("the deadline has passed: {seen}")) });
            }
            tokio::select! {
                () = tokio::time::sleep(every.0) => {}
                () = process::interrupted() => return self.stop_waiting(place).await,
            }
        }
    }

    // Ctrl-C in a wait asks what to do about it; a second one leaves.
    async fn stop_waiting(&mut self, place: usize) -> Result<Flow> {
        if !self.terminal.can_ask() {
            return Ok(Flow::Leave(Left::Interrupted));
        }
        match self.hear(place, operator::WAIT).await? {
            Heard::Left(left) => Ok(Flow::Leave(left)),
            Heard::Again | Heard::Say(Say::Go) => Ok(Flow::Next),
            Heard::Say(other) => self.common(place, other),
        }
    }
}
