//! What probes saw over time: samples, what they add up to, and heartbeats.
//!
//! They lie in the workspace's database beside the events, but they are no events: nothing chains them, single samples
//! are kept for days, and hours and days added up from them for a year. A batch of samples is kept whole or not at all;
//! a batch that was acknowledged survives a killed process, and the last seconds may be lost with the power.
//!
//! Times are kept in whole milliseconds, ends of certificates in whole seconds. Hours and days are those of UTC. An
//! hour is added up once, five minutes after its end; a sample that comes later still is kept and shown, but counts in
//! no hour.

mod beat;
mod forget;
mod history;
mod hour;
mod responses;
mod roll_up;
mod rollup;
mod rows;
mod stored;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::journal::{self, JournalError, database};

pub use history::{Bucket, History};
pub use responses::Responses;
pub use rollup::{Counts, Rollup};

/// How long the database is left to others between two pieces of a long work, so that no append to the journal has to
/// wait for all of it.
const PAUSE: Duration = Duration::from_millis(1);

/// The tables of samples, rollups and heartbeats. Threads may share it; so may processes the file.
#[derive(Debug)]
pub struct Samples {
    path: PathBuf,
    db: Mutex<Connection>,
}

impl Samples {
    /// Opens the tables in a journal's directory for writing, and makes what is not there yet.
    pub fn open(dir: &Path) -> Result<Self, JournalError> {
        Ok(Self { path: database(dir), db: Mutex::new(journal::writer_beside(dir)?) })
    }

    /// Opens the tables in a journal's directory for reading. None when there is no journal yet, or one of an older
    /// format: neither has samples. Makes and changes nothing.
    pub fn open_read(dir: &Path) -> Result<Option<Self>, JournalError> {
        let found = journal::reader_beside(dir)?;
        Ok(found.map(|db| Self { path: database(dir), db: Mutex::new(db) }))
    }

    /// Reads everything as it is at one moment.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        self.within(TransactionBehavior::Deferred, work)
    }

    /// Writes everything or nothing.
    fn write<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        self.within(TransactionBehavior::Immediate, work)
    }

    /// Writes one piece of a long work, and leaves the database to others for a moment.
    fn write_piece<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        let done = self.write(work);
        thread::sleep(PAUSE);
        done
    }

    fn within<T>(
        &self,
        behaviour: TransactionBehavior,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let mut db = self.db();
        let whole = || {
            let transaction = db.transaction_with_behavior(behaviour)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        whole().map_err(|error| journal::failure(&self.path, &error))
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere rolled its transaction back; the connection is as good as before.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of a probe; none when it was never seen.
fn probe(db: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT id FROM probes WHERE name = ?1")?.query_row([name], |row| row.get(0)).optional()
}

/// The number of a probe, which it gets now when it was never seen.
fn probe_or_new(db: &Connection, name: &str) -> rusqlite::Result<i64> {
    if let Some(id) = probe(db, name)? {
        return Ok(id);
    }
    db.prepare_cached("INSERT INTO probes (name) VALUES (?1)")?.execute([name])?;
    Ok(db.last_insert_rowid())
}
