//! What one attempt has seen so far. It fills while the attempt goes on, so that one that is cut off by its time limit
//! still tells how far it came.

use std::time::Instant;

use super::certificate::Chain;
use super::observation::Hop;
use crate::condition::{Facts, Phases};
use crate::ground::Time;

/// A part of an attempt whose time is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Dns,
    Connect,
    Tls,
    FirstByte,
    Transfer,
}

/// What one attempt has seen.
#[derive(Debug)]
pub(super) struct Sight {
    /// What conditions look at.
    pub facts: Facts,
    /// How long the parts of the request under way took.
    pub phases: Phases,
    /// The requests before it that ended in a redirect, and at the end all of them.
    pub hops: Vec<Hop>,
    /// The address that was connected to, with its port.
    pub address: Option<String>,
    /// When the first certificate of the chain ends.
    pub certificate_expires_at: Option<Time>,
    /// The certificates that were shown, even when they were refused.
    pub chain: Option<Chain>,
    /// Why it could not be made.
    pub error: Option<String>,
    /// This machine could not look, whatever the target does.
    pub blind: bool,
    /// It did not even come to a connection with another machine: perhaps this one has no network.
    pub unreached: bool,
    /// The body or output, for people.
    pub output: String,
    /// Why conditions on the body cannot be judged although there was an answer.
    pub unread: Option<String>,
    /// Values that must not be shown although nobody declared them.
    pub hidden: Vec<String>,
    /// Environment variables that are not set.
    pub unset: Vec<String>,
    doing: String,
    open: Option<(Phase, Instant)>,
}

impl Sight {
    pub fn new() -> Self {
        Self {
            facts: Facts::default(),
            phases: Phases::default(),
            hops: Vec::new(),
            address: None,
            certificate_expires_at: None,
            chain: None,
            error: None,
            blind: false,
            unreached: false,
            output: String::new(),
            unread: None,
            hidden: Vec::new(),
            unset: Vec::new(),
            doing: "it had not begun".to_owned(),
            open: None,
        }
    }

    /// Begins a part and ends the one before; `waiting` says what there was not, should the time end here: "there was no
    /// answer".
    pub fn enter(&mut self, phase: Phase, waiting: impl Into<String>) {
        self.leave();
        self.doing = waiting.into();
        self.open = Some((phase, Instant::now()));
    }

    /// Ends the part under way.
    pub fn leave(&mut self) {
        let Some((phase, begun)) = self.open.take() else { return };
        let took = micros(begun.elapsed());
        let phases = &mut self.phases;
        let sum = match phase {
            Phase::Dns => &mut phases.dns,
            Phase::Connect => &mut phases.connect,
            Phase::Tls => &mut phases.tls,
            Phase::FirstByte => &mut phases.first_byte,
            Phase::Transfer => &mut phases.transfer,
        };
        *sum += took;
    }

    /// What there was not yet.
    pub fn doing(&self) -> &str {
        &self.doing
    }

    /// Ends a request of a chain and begins the next.
    pub fn hop(&mut self, origin: String, status: u16) {
        self.leave();
        let mut phases_us = std::mem::take(&mut self.phases);
        phases_us.total = sum(&phases_us);
        self.hops.push(Hop { origin, status, address: self.address.clone(), phases_us });
    }

    /// The times of all requests together, without the total.
    pub fn all_phases(&self) -> Phases {
        let mut all = self.phases;
        for hop in &self.hops {
            all.dns += hop.phases_us.dns;
            all.connect += hop.phases_us.connect;
            all.tls += hop.phases_us.tls;
            all.first_byte += hop.phases_us.first_byte;
            all.transfer += hop.phases_us.transfer;
        }
        all
    }

    /// Notes the response time: all that was needed until now, when it is known what the answer is.
    pub fn answered(&mut self) {
        self.leave();
        self.facts.response_time_ms = Some(sum(&self.all_phases()) / 1000);
    }

    /// Notes why it could not be made.
    pub fn fail(&mut self, failure: Failure) {
        self.leave();
        self.blind |= failure.blind;
        self.error = Some(failure.message);
    }
}

fn sum(phases: &Phases) -> u64 {
    phases.dns + phases.connect + phases.tls + phases.first_byte + phases.transfer
}

pub(super) fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Why an attempt ended early; a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub message: String,
    /// This machine cannot look, whatever the target does.
    pub blind: bool,
}

impl Failure {
    /// This machine cannot look.
    pub fn blind(message: impl Into<String>) -> Self {
        Self { message: message.into(), blind: true }
    }
}

impl<T: Into<String>> From<T> for Failure {
    fn from(message: T) -> Self {
        Self { message: message.into(), blind: false }
    }
}
