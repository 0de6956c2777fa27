//! The scribe: writes samples in batches, adds up hours and days, and forgets what is old. A thread of its own, so that
//! a slow disk delays no probe.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::board::Board;
use super::ear::event_loop;
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
pub(super) fn write(
    samples: &Samples,
    mut pages: UnboundedReceiver<Page>,
    clock: &dyn Clock,
    voice: &Voice,
    board: &Board,
) -> Result<()> {
    let (waiting, retention) = (Vec::new(), Retention::default());
    let mut scribe = Scribe { samples, clock, voice, board, waiting, retention, failing: false, given_up: 0 };
    event_loop("scribe")?.block_on(async {
        let (mut flush, mut add_up, mut forget) = (every(WAIT), every(ADD_UP), every(FORGET));
        loop {
            tokio::select! {
                page = pages.recv() => match page {
                    Some(page) => scribe.take(page),
                    None => return scribe.close(),
                },
                _ = flush.tick() => scribe.write(),
                _ = add_up.tick() => scribe.add_up(),
                _ = forget.tick() => scribe.forget(),
            }
        }
    })
}

/// Ticks now and then again and again. After one that took long the next comes as much later, so that what came in
/// meanwhile is taken in before.
fn every(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

struct Scribe<'a> {
    samples: &'a Samples,
    clock: &'a dyn Clock,
    voice: &'a Voice,
    board: &'a Board,
    waiting: Vec<Sample>,
    retention: Retention,
    /// Whether the last attempt to write failed.
    failing: bool,
    /// How many samples were given up since.
    given_up: usize,
}

impl Scribe<'_> {
    fn take(&mut self, page: Page) {
        match page {
            Page::Keep(retention) => self.retention = retention,
            Page::Sample(sample) => self.waiting.push(sample),
        }
        // While writing fails, only the ticks try: each attempt may take long.
        if self.waiting.len() >= BATCH && !self.failing {
            self.write();
        }
    }

    fn write(&mut self) {
        if let Err(error) = self.flush() {
            self.keep_for_later(&error);
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
            self.board.known().is_written = true;
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
            self.board.known().is_written = false;
            self.voice.trouble(format!("samples cannot be written, and wait: {why}"));
        }
        let beyond = self.waiting.len().saturating_sub(MOST);
        self.waiting.drain(..beyond);
        if beyond > 0 && self.given_up == 0 {
            self.voice.trouble(format!("more than {MOST} samples wait; the oldest are given up from now on"));
        }
        self.given_up += beyond;
    }

    fn add_up(&self) {
        if let Err(error) = self.samples.roll_up(self.clock.now()) {
            self.voice.trouble(format!("hours could not be added up: {error}"));
        }
    }

    fn forget(&self) {
        let Retention { samples, rollups } = self.retention;
        if let Err(error) = self.samples.forget(self.clock.now(), samples, rollups) {
            self.voice.trouble(format!("old samples could not be taken away: {error}"));
        }
    }

    fn close(&mut self) -> Result<()> {
        self.flush().map_err(|error| {
            let lost = self.waiting.len() + self.given_up;
            Error::environment(format!("the last {lost} samples could not be written")).cause(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use rusqlite::Connection;
    use tempfile::TempDir;
    use tokio::sync::mpsc::unbounded_channel;

    use super::{Page, write};
    use crate::ground::Clock as _;
    use crate::ground::{Span, SystemClock, Time};
    use crate::monitor::{Sample, State};
    use crate::sample::Samples;
    use crate::terminal::Scripted;
    use crate::watch::board::Board;
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
        let (pages, written) = unbounded_channel();
        let (voice, teller) = voice(&SystemClock, false);
        for seconds in 0..count {
            pages.send(Page::Sample(sample(seconds))).unwrap();
        }
        let board = Board::new(SystemClock.now()).unwrap();
        let done = thread::scope(|threads| {
            let (samples, voice, board) = (&samples, &voice, &board);
            let scribe = threads.spawn(move || write(samples, written, &SystemClock, voice, board));
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
