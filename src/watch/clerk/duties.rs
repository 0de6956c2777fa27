//! What the clerk has still to write down. While the journal cannot be written it waits, in the order in which it came,
//! and is tried again.

use std::collections::VecDeque;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::Clerk;
use super::order::Signalled;
use crate::error::{Error, Kind, Result};
use crate::monitor::event::Notice;
use crate::workspace::{Workspace, redactor};

/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// What is to be written down.
#[derive(Debug)]
pub(super) enum Duty {
    /// What a rule says of a probe.
    Signal(Signalled),
    /// That a channel was told.
    Receipt { alert: String, channel: String, notice: Notice },
}

/// What is still to be done.
#[derive(Debug, Default)]
pub(super) struct Duties {
    pub waiting: VecDeque<Duty>,
    /// Whether alerts are to be looked for that no rule looks after any more.
    pub has_new_definitions: bool,
    /// When it is tried again; none while nothing has failed.
    again: Option<Pin<Box<Sleep>>>,
}

impl Duties {
    /// Waits until something is to be tried again.
    pub async fn are_due(&mut self) {
        match &mut self.again {
            Some(again) => again.await,
            None => pending().await,
        }
    }

    fn try_again(&mut self) {
        self.again = Some(Box::pin(sleep(AGAIN)));
    }
}

impl Clerk<'_> {
    /// Takes in what a rule says of a probe.
    pub(super) fn note(&mut self, signalled: Signalled) {
        self.add_duty(Duty::Signal(signalled));
    }

    /// Takes over other definitions.
    pub(super) fn take_over(&mut self, workspace: Arc<Workspace>) {
        self.post.follow(&workspace, self.surroundings, self.clock);
        self.redactor = redactor(&workspace, self.surroundings);
        self.workspace = workspace;
        self.duties.has_new_definitions = true;
        self.do_duties();
        self.deliver_all();
    }

    pub(super) fn add_duty(&mut self, duty: Duty) {
        self.duties.waiting.push_back(duty);
        // Each attempt may take long while the journal is locked.
        if self.duties.again.is_none() {
            self.do_duties();
        }
    }

    /// Sees to it that what could not be done now is tried again.
    pub(super) fn look_again(&mut self) {
        if self.duties.again.is_none() {
            self.duties.try_again();
        }
    }

    /// Writes down what it can.
    pub(super) fn do_duties(&mut self) {
        match self.try_duties() {
            Ok(()) if self.duties.again.take().is_some() => {
                self.voice.trouble("alerts are written down again; none was lost");
            }
            Ok(()) => {}
            Err(error) => {
                if self.duties.again.is_none() {
                    self.voice.trouble(format!("alerts cannot be written down, and wait: {error}"));
                }
                self.duties.try_again();
            }
        }
        self.let_go();
    }

    /// Tries a last time. Fails when something is left.
    pub(super) fn last_duties(&mut self) -> Result<()> {
        let error = |error: Error| {
            Error::environment("what became of some alerts could not be written down")
                .cause(error)
                .hint("after the next start they fire or resolve again")
        };
        self.try_duties().map_err(error)
    }

    fn try_duties(&mut self) -> Result<()> {
        while let Some(duty) = self.duties.waiting.pop_front() {
            match self.do_one(&duty) {
                Err(error) if error.kind == Kind::Environment => {
                    self.duties.waiting.push_front(duty);
                    return Err(error);
                }
                // It does not fit what the journal says by now, and never will.
                Err(error) => self.voice.trouble(error.to_string()),
                Ok(()) => {}
            }
        }
        if self.duties.has_new_definitions {
            self.end_orphans()?;
            self.duties.has_new_definitions = false;
        }
        self.open_incidents()
    }

    fn do_one(&mut self, duty: &Duty) -> Result<()> {
        match duty {
            Duty::Signal(signalled) => self.signal(signalled),
            Duty::Receipt { alert, channel, notice } => self.receipt(alert, channel, *notice),
        }
    }
}
