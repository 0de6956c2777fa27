//! Opens the database: for writing with full durability, or for reading without leaving a trace.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema::{self, Stage};
use super::{JournalError, failure, files};

/// How long a writer waits for the others before it says that the journal is locked.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the journal in `dir` for writing, and makes what is not there yet.
pub fn writer(dir: &Path) -> Result<Connection, JournalError> {
    let path = files::prepare(dir)?;
    let failed = |error: rusqlite::Error| failure::store(&path, &error);
    // Without CREATE: files are made by `files`, with the right mode, or not at all.
    let mut db = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    if db.is_readonly("main").map_err(failed)? {
        return Err(failure::read_only(&path));
    }
    schema::stage(&db, &path)?;
    write_ahead(&db).map_err(failed)?;
    db.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    schema::migrate(&mut db, &path)?;
    Ok(db)
}

/// Opens the database in `dir` for writing to the tables beside the events. What is acknowledged there survives a
/// killed process, but the last of it may not survive a power loss: nobody waits for the disk.
pub fn writer_beside(dir: &Path) -> Result<Connection, JournalError> {
    let db = writer(dir)?;
    db.pragma_update(None, "synchronous", "NORMAL").map_err(|error| failure::store(&files::database(dir), &error))?;
    Ok(db)
}

/// Opens the database in `dir` for reading the tables beside the events; none when it does not have them yet.
pub fn reader_beside(dir: &Path) -> Result<Option<Connection>, JournalError> {
    let Some(db) = reader(dir)? else { return Ok(None) };
    Ok(schema::stage(&db, &files::database(dir))?.has_samples().then_some(db))
}

/// Opens the journal in `dir` for reading; none when there is no journal yet.
pub fn reader(dir: &Path) -> Result<Option<Connection>, JournalError> {
    let path = files::database(dir);
    if !path.try_exists().map_err(|error| failure::file(&path, &error))? {
        return Ok(None);
    }
    let db = shared(&path).or_else(|error| alone(dir, &path, error)).map_err(|error| failure::store(&path, &error))?;
    Ok((schema::stage(&db, &path)? != Stage::Empty).then_some(db))
}

/// Reads beside writers. SQLite wants to write its companions for that, and takes them away again.
fn shared(path: &Path) -> rusqlite::Result<Connection> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.pragma_update(None, "query_only", true)?;
    look(&db)?;
    Ok(db)
}

/// Reads a journal at rest on a medium that cannot be written: without companions there is no writer either.
fn alone(dir: &Path, path: &Path, error: rusqlite::Error) -> rusqlite::Result<Connection> {
    let barred = matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen));
    if !barred || files::companions(dir).iter().any(|file| file.exists()) {
        return Err(error);
    }
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => uri.push(char::from(*byte)),
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri.push_str("?immutable=1");
    let db = connect(Path::new(&uri), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)?;
    look(&db)?;
    Ok(db)
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(PATIENCE)?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "trusted_schema", false)?;
    Ok(db)
}

/// The first real read, at which SQLite says whether it can work with the file.
fn look(db: &Connection) -> rusqlite::Result<()> {
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// Switches to the write-ahead log. SQLite does not wait by itself when several processes do so at once.
fn write_ahead(db: &Connection) -> rusqlite::Result<()> {
    let begun = Instant::now();
    loop {
        match db.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && begun.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}
