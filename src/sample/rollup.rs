//! What the samples of a stretch of time add up to: pure.

use std::ops::{AddAssign, Index, IndexMut};

use super::Responses;
use crate::ground::Time;
use crate::monitor::{Sample, State, Times, spans};

/// What the samples of a stretch of time add up to. Neighbouring stretches add up to the whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rollup {
    /// How long it was good, bad, in maintenance, unknown.
    pub times: Times,
    /// How many samples had which state.
    pub counts: Counts,
    /// How long the answers took.
    pub responses: Responses,
}

impl Rollup {
    /// A stretch of some milliseconds without samples.
    pub(super) fn unknown(ms: u64) -> Self {
        Self { times: Times::unknown(ms), ..Self::default() }
    }

    /// The stretch from `from` to before `until`. The samples are those of one probe in order of time, the last one
    /// before `from` among them.
    pub(super) fn of(samples: &[Sample], from: Time, until: Time) -> Self {
        let mut rollup = Self { times: spans(samples, from, until), ..Self::default() };
        for sample in samples.iter().filter(|sample| (from..until).contains(&sample.at)) {
            rollup.counts[sample.state] += 1;
            sample.response_us.into_iter().for_each(|us| rollup.responses.record(us));
        }
        rollup
    }
}

impl AddAssign<&Self> for Rollup {
    fn add_assign(&mut self, other: &Self) {
        self.times += other.times;
        for state in State::ALL {
            self.counts[state] += other.counts[state];
        }
        self.responses += &other.responses;
    }
}

/// How many samples had which state: `counts[State::Up]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u64; State::ALL.len()]);

impl Counts {
    /// How many samples there were.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl Index<State> for Counts {
    type Output = u64;

    fn index(&self, state: State) -> &u64 {
        &self.0[state as usize]
    }
}

impl IndexMut<State> for Counts {
    fn index_mut(&mut self, state: State) -> &mut u64 {
        &mut self.0[state as usize]
    }
}
