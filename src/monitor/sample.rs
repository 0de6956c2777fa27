//! What is kept of an observation.

use super::State;
use crate::ground::{Span, Time};

/// What is kept of an observation, as long as single ones are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The probe's id.
    pub probe: String,
    /// When it began.
    pub at: Time,
    /// How it came out.
    pub state: State,
    /// How long the answer took, in microseconds; none without an answer.
    pub response_us: Option<u64>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// When the first certificate of the chain ends.
    pub certificate_expires_at: Option<Time>,
    /// How long it stands for the state, when no other sample comes: the probe's interval.
    pub interval: Span,
    /// Why it is not up; one line.
    pub reason: Option<String>,
}

impl Sample {
    /// Whether another one should have come long ago: nobody watches now.
    pub fn is_stale(&self, now: Time) -> bool {
        now - self.at > self.interval.delta() * 3
    }
}
