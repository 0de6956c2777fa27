//! The tables, and how a journal gets from one version of them to the next. Migrations only add.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::JournalError;
use super::failure;

/// The tables that verification looks into; those of samples are many times larger and promise nothing.
pub const TABLES: [&str; 4] = ["sqlite_schema", "sqlite_sequence", "events", "blobs"];

/// Says in the file's header that it is a journal: `opsc`.
pub const APPLICATION: i64 = 0x6f70_7363;

/// The guards that keep events and blobs as they were written.
pub const GUARDS: [&str; 4] = ["events_keep_update", "events_keep_delete", "blobs_keep_update", "blobs_keep_delete"];

/// One script a version. Never edit one that was released; add the next.
const MIGRATIONS: [&str; 3] =
    [include_str!("schema_1.sql"), include_str!("schema_2.sql"), include_str!("schema_3.sql")];

/// The first version with the tables of samples.
const SAMPLES: u32 = 2;

/// The version this program writes.
const CURRENT: i64 = MIGRATIONS.len().cast_signed() as i64;

/// What kind of file was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing in it yet.
    Empty,
    /// A journal with this version of the tables, which a later one would extend.
    Older(u32),
    /// A journal with the tables of this program.
    Current,
}

impl Stage {
    /// Whether there are tables of samples.
    pub fn has_samples(self) -> bool {
        match self {
            Self::Empty => false,
            Self::Older(version) => version >= SAMPLES,
            Self::Current => true,
        }
    }
}

/// Looks at the header: refuses what is not a journal and what a newer program wrote.
pub fn stage(db: &Connection, path: &Path) -> Result<Stage, JournalError> {
    let (application, version, tables) = header(db).map_err(|error| failure::store(path, &error))?;
    match (application, version) {
        (0, 0) if tables == 0 => Ok(Stage::Empty),
        (APPLICATION, CURRENT) => Ok(Stage::Current),
        (APPLICATION, version @ 1..CURRENT) => Ok(Stage::Older(version.try_into().unwrap_or_default())),
        (APPLICATION, version) if version > CURRENT => Err(failure::unavailable(
            format!("{} was written by a newer opsctl", path.display()),
            "Install that version, or a newer one; this one leaves the journal untouched.",
            format!("the journal has format {version}, this program knows up to {CURRENT}"),
        )),
        _ => Err(failure::unavailable(
            format!("{} is not a journal of opsctl", path.display()),
            "It is another program's database: move it away, or choose another workspace with -C DIR.",
            format!("application id {application:#x}, format {version}"),
        )),
    }
}

// Application id, format and number of tables as they are at one moment: another process may be making them.
fn header(db: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let moment = db.is_autocommit().then(|| db.unchecked_transaction()).transpose()?;
    // Reading a table begins the moment; what follows belongs to it.
    let tables = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let read = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let header = (read("application_id")?, read("user_version")?, tables);
    moment.map_or(Ok(()), rusqlite::Transaction::commit)?;
    Ok(header)
}

/// Brings the tables up to this program's version. Several processes may do so at once; one does the work.
pub fn migrate(db: &mut Connection, path: &Path) -> Result<(), JournalError> {
    if stage(db, path)? == Stage::Current {
        return Ok(());
    }
    let failed = |error: rusqlite::Error| failure::store(path, &error);
    let work = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let done = match stage(&work, path)? {
        Stage::Current => return Ok(()),
        Stage::Empty => 0,
        Stage::Older(version) => version,
    };
    for script in MIGRATIONS.iter().skip(done as usize) {
        work.execute_batch(script).map_err(failed)?;
    }
    work.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
    work.pragma_update(None, "user_version", CURRENT).map_err(failed)?;
    work.commit().map_err(failed)
}
