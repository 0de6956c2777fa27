//! The scribe: writes samples in batches, adds up hours and days, and forgets what is old. A thread of its own, so that
//! a slow disk delays no probe.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::catalog::model::Retention;
use crate::ground::{Clock, Time};
use crate::monitor::Sample;
use crate::sample::Samples;

/// How long a sample waits for others.
const WAIT: Duration = Duration::from_secs(1);

/// A batch is written when it has come to this.
const BATCH: usize = 2000;

/// As many samples wait for a disk that does not write; the oldest are given up beyond.
const MOST: usize = 200_000;

/// How often hours are added up and old samples forgotten.
const CHORES: Duration = Duration::from_mins(1);

/// What the scribe is told.
#[derive(Debug)]
pub(super) enum Page {
    /// Something to write down.
    Sample(Sample),
    /// How long things are kept from now on.
    Keep(Retention),
}

/// Writes until nobody can tell it anything more. `tell` says what goes wrong.
pub(super) fn write(samples: &Samples, pages: &Receiver<Page>, clock: &dyn Clock, tell: &dyn Fn(String)) {
    let mut scribe = Scribe { samples, tell, batch: Vec::new(), retention: Retention::default(), failing: false };
    let mut flushed = Instant::now();
    let mut chores: Option<Instant> = None;
    loop {
        let more = match pages.recv_timeout(WAIT) {
            Ok(Page::Sample(sample)) => {
                scribe.batch.push(sample);
                true
            }
            Ok(Page::Keep(retention)) => {
                scribe.retention = retention;
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        };
        if !more || scribe.batch.len() >= BATCH || flushed.elapsed() >= WAIT {
            scribe.flush();
            flushed = Instant::now();
        }
        if !more {
            return;
        }
        if chores.is_none_or(|last| last.elapsed() >= CHORES) {
            scribe.chores(clock.now());
            chores = Some(Instant::now());
        }
    }
}

struct Scribe<'a> {
    samples: &'a Samples,
    tell: &'a dyn Fn(String),
    batch: Vec<Sample>,
    retention: Retention,
    failing: bool,
}

impl Scribe<'_> {
    fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        match self.samples.append(&self.batch) {
            Ok(()) => {
                self.batch.clear();
                if std::mem::take(&mut self.failing) {
                    (self.tell)("samples are written again; nothing was lost".to_owned());
                }
            }
            Err(error) => self.keep_for_later(&error.to_string()),
        }
    }

    // What cannot be written waits; only when there is too much of it the oldest goes.
    fn keep_for_later(&mut self, why: &str) {
        if !self.failing {
            (self.tell)(format!("samples cannot be written and wait: {why}"));
        }
        self.failing = true;
        let beyond = self.batch.len().saturating_sub(MOST);
        if beyond > 0 {
            self.batch.drain(..beyond);
            (self.tell)(format!("{beyond} samples were given up: the disk has not written for too long"));
        }
    }

    fn chores(&self, now: Time) {
        let done = self
            .samples
            .roll_up(now)
            .and_then(|()| self.samples.forget(now, self.retention.samples, self.retention.rollups));
        if let Err(error) = done {
            (self.tell)(format!("hours could not be added up: {error}"));
        }
    }
}
