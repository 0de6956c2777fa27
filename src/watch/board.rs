//! What the daemon knows right now, for those who ask it by HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hdrhistogram::Histogram;

use crate::error::{Error, Result};
use crate::ground::Time;
use crate::probe::Observation;
use crate::workspace::Workspace;

/// A minute: a probe that begins later than that was asleep, not late.
const LONGEST_DELAY_US: u64 = 60_000_000;

/// What the daemon knows right now; shared between its threads.
#[derive(Debug)]
pub(super) struct Board {
    known: Mutex<Known>,
    /// The definitions that are in force.
    workspace: Mutex<Option<Arc<Workspace>>>,
}

/// What the daemon knows. A copy is cheap, so that nobody has to keep the watcher waiting while a page is written.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The last observation of every probe.
    pub observations: BTreeMap<Arc<str>, Arc<Observation>>,
    /// The alerts of rules that are open: rule, probe, and since when.
    pub alerts: BTreeMap<(String, String), Time>,
    /// How late probes began, in microseconds.
    pub delay_us: Histogram<u64>,
    /// How many times a probe was left out because it was still being made.
    pub skipped: u64,
    /// How many definitions are watched.
    pub watched: usize,
    /// Since when the daemon runs.
    pub since: Time,
    /// When the definitions that are in force were read.
    pub reloaded_at: Time,
    /// Whether they are what the files say; a broken edit leaves the old ones in force.
    pub is_current: bool,
    /// Whether what is seen can be written down.
    pub is_written: bool,
}

impl Board {
    /// A board of a daemon that begins now. Fails only when there is no memory for its histogram.
    pub fn new(since: Time) -> Result<Self> {
        let delay_us = Histogram::new_with_bounds(1, LONGEST_DELAY_US, 2)
            .map_err(|cause| Error::environment("the daemon cannot measure its delays").cause(cause))?;
        let known = Known {
            observations: BTreeMap::new(),
            alerts: BTreeMap::new(),
            delay_us,
            skipped: 0,
            watched: 0,
            since,
            reloaded_at: since,
            is_current: true,
            is_written: true,
        };
        Ok(Self { known: Mutex::new(known), workspace: Mutex::default() })
    }

    /// What is known, for a moment.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The definitions that are in force; none before the watcher has begun.
    pub fn workspace(&self) -> Option<Arc<Workspace>> {
        self.workspace.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Other definitions are in force from now on.
    pub fn define(&self, workspace: Arc<Workspace>) {
        *self.workspace.lock().unwrap_or_else(PoisonError::into_inner) = Some(workspace);
    }
}
