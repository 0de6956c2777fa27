//! The scribe: writes samples in batches, adds up hours and days, and forgets what is old. A thread of its own, so that
//! a slow disk delays no probe.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::voice::Voice;
use crate::catalog::model::Retention;
use crate::error::{Error, Result};
use crate::ground::Clock;
use crate::journal::JournalError;
use crate::monitor::Sample;
use crate::sample::Samples;

/// How long a sample waits for others.
const WAIT: Duration = Duration::from_secs(1);

/// So many are written at once.
const BATCH: usize = 2000;

/// As many samples wait for a disk that does not write; the oldest are given up beyond.
const MOST: usize = 200_000;

/// How often hours are added up.
const ADD_UP: Duration = Duration::from_mins(1);

/// How often old samples are forgotten: every probe is looked at for that.
const FORGET: Duration = Duration::from_hours(1);

/// What the scribe is told.
#[derive(Debug)]
pub(super) enum Page {
    /// Something to write down.
    Sample(Sample),
    /// How long things are kept from now on.
    Keep(Retention),
}

/// Writes until nobody can give it anything more. Fails when something is left that could not be written.
pub(super) fn write(samples: &Samples, pages: &Receiver<Page>, clock: &dyn Clock, voice: &Voice) -> Result<()> {
    let mut scribe = Scribe {
        samples,
        clock,
        voice,
        waiting: Vec::new(),
        retention: Retention::default(),
        flushed: Instant::now(),
        failing: false,
        given_up: 0,
        added_up: None,
        forgot: None,
    };
    loop {
        match pages.recv_timeout(WAIT) {
            Ok(Page::Sample(sample)) => scribe.waiting.push(sample),
            Ok(Page::Keep(retention)) => scribe.retention = retention,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return scribe.close(),
        }
        scribe.work();
    }
}

struct Scribe<'a> {
    samples: &'a Samples,
    clock: &'a dyn Clock,
    voice: &'a Voice,
    waiting: Vec<Sample>,
    retention: Retention,
    flushed: Instant,
    /// Whether the last attempt to write failed.
    failing: bool,
    /// How many samples were given up since.
    given_up: usize,
    added_up: Option<Instant>,
    forgot: Option<Instant>,
}

impl Scribe<'_> {
    fn work(&mut self) {
        // While writing fails, each attempt may take long: what comes in meanwhile has to be taken in between.
        let is_full = self.waiting.len() >= BATCH && !self.failing;
        if is_full || self.flushed.elapsed() >= WAIT {
            if let Err(error) = self.flush() {
                self.keep_for_later(&error);
            }
            self.flushed = Instant::now();
        }
        let is_due = |last: Option<Instant>, every| last.is_none_or(|last: Instant| last.elapsed() >= every);
        if is_due(self.added_up, ADD_UP) {
            self.chore("hours could not be added up", |samples, scribe| samples.roll_up(scribe.clock.now()));
            self.added_up = Some(Instant::now());
        }
        if is_due(self.forgot, FORGET) {
            self.chore("old samples could not be taken away", |samples, scribe| {
                samples.forget(scribe.clock.now(), scribe.retention.samples, scribe.retention.rollups)
            });
            self.forgot = Some(Instant::now());
        }
    }

    /// Writes what waits, the oldest first.
    fn flush(&mut self) -> Result<(), JournalError> {
        while !self.waiting.is_empty() {
            let some = self.waiting.len().min(BATCH);
            self.samples.append(&self.waiting[..some])?;
            self.waiting.drain(..some);
        }
        if std::mem::take(&mut self.failing) {
            let lost = match std::mem::take(&mut self.given_up) {
                0 => "nothing was lost".to_owned(),
                lost => format!("{lost} were given up"),
            };
            self.voice.trouble(format!("samples are written again; {lost}"));
        }
        Ok(())
    }

    // What cannot be written waits; only when there is too much of it the oldest goes.
    fn keep_for_later(&mut self, why: &JournalError) {
        if !std::mem::replace(&mut self.failing, true) {
            self.voice.trouble(format!("samples cannot be written, and wait: {why}"));
        }
        let beyond = self.waiting.len().saturating_sub(MOST);
        self.waiting.drain(..beyond);
        if beyond > 0 && self.given_up == 0 {
            self.voice.trouble(format!("more than {MOST} samples wait; the oldest are given up from now on"));
        }
        self.given_up += beyond;
    }

    fn chore(&self, what: &str, work: impl FnOnce(&Samples, &Self) -> Result<(), JournalError>) {
        if let Err(error) = work(self.samples, self) {
            self.voice.trouble(format!("{what}: {error}"));
        }
    }

    fn close(mut self) -> Result<()> {
        self.flush().map_err(|error| {
            let lost = self.waiting.len() + self.given_up;
            Error::environment(format!("the last {lost} samples could not be written")).cause(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use rusqlite::Connection;
    use tempfile::TempDir;

    use super::{Page, write};
    use crate::ground::{Span, SystemClock, Time};
    use crate::monitor::{Sample, State};
    use crate::sample::Samples;
    use crate::terminal::Scripted;
    use crate::watch::voice::voice;

    fn sample(seconds: i64) -> Sample {
        Sample {
            probe: "web".to_owned(),
            at: Time::from_timestamp(1_800_000_000 + seconds, 0).unwrap(),
            state: State::Up,
            response_us: None,
            status: None,
            certificate_expires_at: None,
            interval: Span::seconds(60),
            reason: None,
        }
    }

    fn run(count: i64, meanwhile: impl FnOnce(&TempDir)) -> (Result<(), String>, usize, String) {
        let dir = tempfile::tempdir().unwrap();
        let samples = Samples::open(dir.path()).unwrap();
        let (pages, written) = mpsc::channel();
        let (voice, teller) = voice(&SystemClock, false);
        for seconds in 0..count {
            pages.send(Page::Sample(sample(seconds))).unwrap();
        }
        let done = thread::scope(|threads| {
            let (to, voice) = (&samples, &voice);
            let scribe = threads.spawn(move || write(to, &written, &SystemClock, voice));
            meanwhile(&dir);
            drop(pages);
            scribe.join().unwrap().map_err(|error| error.to_string())
        });
        drop(voice);
        let mut terminal = Scripted::unattended();
        teller.tell_all(&mut terminal);
        (done, samples.recent("web", 100_000).map_or(0, |kept| kept.len()), terminal.said())
    }

    #[test]
    fn all_that_came_is_written_at_the_end() {
        assert_eq!(run(4500, |_| {}), (Ok(()), 4500, String::new()));
    }

    #[test]
    fn what_cannot_be_written_at_the_end_is_no_secret() {
        // Another program takes the table away.
        let (done, kept, _) = run(3, |dir| {
            let other = Connection::open(dir.path().join("journal.db")).unwrap();
            other.execute_batch("ALTER TABLE samples RENAME TO gone").unwrap();
        });
        assert_eq!(kept, 0);
        assert!(done.unwrap_err().starts_with("the last 3 samples could not be written: "));
    }
}
