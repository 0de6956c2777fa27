//! The embedded journal: one SQLite file, shared by any number of processes on one machine.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound};
use rusqlite::types::FromSql;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Params, Row, Transaction, TransactionBehavior, params,
};

use super::chain::{GENESIS, Link};
use super::schema::{self, Stage};
use super::verify::{self, Verification};
use super::{Context, EVENT_SCHEMA, Event, Journal, JournalError, NewEvent, failure, files};
use crate::ground::{Actor, Time, abort_point, rfc3339, sha256};

/// How long a writer waits for the others before it says that the journal is locked.
const PATIENCE: Duration = Duration::from_secs(5);

/// The columns of an event, in the order that [`event`] reads them.
const COLUMNS: &str = "seq, stream, version, at, actor, host, kind, schema, body, hash";

/// The embedded journal.
///
/// Times never run backwards inside a stream: when the clock is behind the stream's last event, the new event gets
/// that event's time.
#[derive(Debug)]
pub struct SqliteJournal {
    path: PathBuf,
    db: Mutex<Connection>,
}

impl SqliteJournal {
    /// Opens the journal in a directory for writing, and makes what is not there yet.
    pub fn open(dir: &Path) -> Result<Self, JournalError> {
        let path = files::prepare(dir)?;
        let mut db = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let failed = |error: rusqlite::Error| failure::store(&path, &error);
        schema::stage(&db, &path)?;
        if db.is_readonly("main").map_err(failed)? {
            return Err(failure::read_only(&path));
        }
        write_ahead(&db).map_err(failed)?;
        db.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        schema::migrate(&mut db, &path)?;
        Ok(Self { path, db: Mutex::new(db) })
    }

    /// Opens the journal in a directory for reading; none when there is no journal yet. Makes nothing.
    pub fn open_read(dir: &Path) -> Result<Option<Self>, JournalError> {
        let path = files::database(dir);
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => return Err(failure::file(&path, &error)),
        }
        let db = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.pragma_update(None, "query_only", true).map_err(|error| failure::store(&path, &error))?;
        match schema::stage(&db, &path)? {
            Stage::Empty => Ok(None),
            Stage::Older | Stage::Current => Ok(Some(Self { path, db: Mutex::new(db) })),
        }
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere rolled its transaction back; the connection is as good as before.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: &rusqlite::Error) -> JournalError {
        failure::store(&self.path, error)
    }

    fn select(&self, which: &str, params: impl Params) -> Result<Vec<Event>, JournalError> {
        let db = self.db();
        let mut statement =
            db.prepare_cached(&format!("SELECT {COLUMNS} FROM events {which}")).map_err(|error| self.failed(&error))?;
        let mut rows = statement.query(params).map_err(|error| self.failed(&error))?;
        let mut events = Vec::new();
        while let Some(row) = rows.next().map_err(|error| self.failed(&error))? {
            events.push(event(row).map_err(|cause| damaged(row, cause))?);
        }
        Ok(events)
    }
}

impl Journal for SqliteJournal {
    fn append(
        &self,
        stream: &str,
        seen: u64,
        context: &Context,
        events: &[NewEvent],
    ) -> Result<Vec<Event>, JournalError> {
        let mut db = self.db();
        let failed = |error: rusqlite::Error| self.failed(&error);
        let work = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let mut head = Head::of(&work, stream).map_err(failed)?;
        if head.version != seen {
            return Err(JournalError::Conflict { stream: stream.to_owned(), expected: seen, actual: head.version });
        }
        let stored = events
            .iter()
            .map(|event| head.append(&work, stream, context, event))
            .collect::<rusqlite::Result<Vec<_>>>()
            .map_err(failed)?;
        abort_point();
        work.commit().map_err(failed)?;
        abort_point();
        Ok(stored)
    }

    fn read(&self, stream: &str, after: u64) -> Result<Vec<Event>, JournalError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        self.select("WHERE stream = ?1 AND version > ?2 ORDER BY version", params![stream, after])
    }

    fn streams(&self, prefix: &str) -> Result<Vec<String>, JournalError> {
        let db = self.db();
        let names = || {
            db.prepare_cached(
                "SELECT stream FROM events WHERE version = 1 AND stream >= ?1 AND stream < ?2 ORDER BY seq",
            )?
            .query_map([prefix, &after_all(prefix)], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<String>>>()
        };
        names().map_err(|error| self.failed(&error))
    }

    fn read_all(&self, prefix: &str) -> Result<Vec<Event>, JournalError> {
        self.select(
            "JOIN (SELECT stream, seq AS begun FROM events WHERE version = 1 AND stream >= ?1 AND stream < ?2)
             USING (stream) ORDER BY begun, version",
            [prefix, &after_all(prefix)],
        )
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<String, JournalError> {
        let hash = sha256(bytes);
        let db = self.db();
        let put = || {
            // Looking first spares the disk a commit for what is stored already.
            let known = db.prepare_cached("SELECT 1 FROM blobs WHERE hash = ?1")?.exists([&hash])?;
            if !known {
                db.prepare_cached("INSERT INTO blobs (hash, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
                    .execute(params![hash, bytes])?;
            }
            Ok(())
        };
        put().map_err(|error: rusqlite::Error| self.failed(&error))?;
        Ok(hash)
    }

    fn blob(&self, hash: &str) -> Result<Option<Vec<u8>>, JournalError> {
        let db = self.db();
        let find = || {
            let mut statement = db.prepare_cached("SELECT bytes FROM blobs WHERE hash = ?1")?;
            statement.query_row([hash], |row| row.get::<_, Vec<u8>>(0)).optional()
        };
        match find().map_err(|error| self.failed(&error))? {
            Some(bytes) if sha256(&bytes) != hash => Err(failure::unavailable(
                format!("the blob {hash} in {} is not what was stored", self.path.display()),
                failure::DAMAGED,
                format!("its bytes have the hash {}", sha256(&bytes)),
            )),
            found => Ok(found),
        }
    }

    fn verify(&self) -> Result<Verification, JournalError> {
        let mut db = self.db();
        // One transaction, so that writers at work do not look like gaps.
        let view = db.transaction().map_err(|error| self.failed(&error))?;
        verify::run(&view).map_err(|error| self.failed(&error))
    }
}

/// The last event of a stream, to which the next is chained.
struct Head {
    version: u64,
    hash: String,
    at: String,
}

impl Head {
    fn of(work: &Transaction<'_>, stream: &str) -> rusqlite::Result<Self> {
        let found = work
            .prepare_cached("SELECT version, hash, at FROM events WHERE stream = ?1 ORDER BY version DESC LIMIT 1")?
            .query_row([stream], |row| {
                Ok(Self { version: row.get::<_, i64>(0)?.cast_unsigned(), hash: row.get(1)?, at: row.get(2)? })
            })
            .optional()?;
        Ok(found.unwrap_or_else(|| Self { version: 0, hash: GENESIS.to_owned(), at: String::new() }))
    }

    fn append(
        &mut self,
        work: &Transaction<'_>,
        stream: &str,
        context: &Context,
        event: &NewEvent,
    ) -> rusqlite::Result<Event> {
        let now = context.at.trunc_subsecs(3);
        let at = time(&self.at).map_or(now, |last| now.max(last));
        let (version, text, body) = (self.version + 1, rfc3339(at), event.body.to_string());
        let link = Link {
            stream,
            version,
            at: &text,
            actor: &context.actor.0,
            host: &context.host,
            kind: &event.kind,
            schema: EVENT_SCHEMA,
            body: &body,
        };
        let hash = link.hash(&self.hash);
        work.prepare_cached(
            "INSERT INTO events (stream, version, at, actor, host, kind, schema, body, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            stream,
            version.cast_signed(),
            text,
            context.actor.0,
            context.host,
            event.kind,
            EVENT_SCHEMA,
            body,
            hash
        ])?;
        *self = Self { version, hash: hash.clone(), at: text };
        Ok(Event {
            seq: work.last_insert_rowid().cast_unsigned(),
            stream: stream.to_owned(),
            version,
            at,
            actor: context.actor.clone(),
            host: context.host.clone(),
            kind: event.kind.clone(),
            schema: EVENT_SCHEMA,
            body: event.body.clone(),
            hash,
        })
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, JournalError> {
    // Without CREATE: files are made by `files`, with the right mode, or not at all.
    let open = || {
        let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.busy_timeout(PATIENCE)?;
        db.pragma_update(None, "foreign_keys", true)?;
        db.pragma_update(None, "trusted_schema", false)?;
        Ok(db)
    };
    open().map_err(|error| failure::store(path, &error))
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

/// The least text above all texts that begin with `prefix`, for all names people can type.
fn after_all(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

fn time(text: &str) -> Option<Time> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// Reads a row of [`COLUMNS`].
fn event(row: &Row<'_>) -> Result<Event, String> {
    let (at, body): (String, String) = (column(row, 3)?, column(row, 8)?);
    Ok(Event {
        seq: column::<i64>(row, 0)?.cast_unsigned(),
        stream: column(row, 1)?,
        version: column::<i64>(row, 2)?.cast_unsigned(),
        at: time(&at).ok_or_else(|| format!("`{at}` is not a time"))?,
        actor: Actor(column(row, 4)?),
        host: column(row, 5)?,
        kind: column(row, 6)?,
        schema: column(row, 7)?,
        body: serde_json::from_str(&body).map_err(|error| format!("its body is not JSON: {error}"))?,
        hash: column(row, 9)?,
    })
}

fn column<T: FromSql>(row: &Row<'_>, index: usize) -> Result<T, String> {
    row.get(index).map_err(|error| error.to_string())
}

fn damaged(row: &Row<'_>, cause: String) -> JournalError {
    JournalError::Damaged {
        stream: column(row, 1).unwrap_or_default(),
        version: column(row, 2).map_or(0, i64::cast_unsigned),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use chrono::TimeDelta;
    use serde_json::json;
    use tempfile::TempDir;

    use super::SqliteJournal;
    use crate::ground::{Actor, Time};
    use crate::journal::{Context, Event, Journal, JournalError, NewEvent};

    fn noon() -> Time {
        "2026-11-23T12:00:00.123456Z".parse().unwrap()
    }

    fn context(at: Time) -> Context {
        Context { at, actor: Actor("ana".into()), host: "box".into() }
    }

    fn noted(text: &str) -> NewEvent {
        NewEvent { kind: "noted".into(), body: json!({ "text": text }) }
    }

    fn note(journal: &SqliteJournal, stream: &str, seen: u64, text: &str) -> Result<Vec<Event>, JournalError> {
        journal.append(stream, seen, &context(noon()), &[noted(text)])
    }

    #[test]
    fn what_was_appended_is_read_again_by_another_process() {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        let first = journal.append("run/b", 0, &context(noon()), &[noted("ü\u{0}"), noted("two")]).unwrap();
        let second = note(&journal, "run/a", 0, "other").unwrap();
        let third = note(&journal, "run/b", 2, "three").unwrap();
        let other = SqliteJournal::open_read(dir.path()).unwrap().unwrap();
        assert_eq!(other.read("run/b", 0).unwrap(), [first.clone(), third.clone()].concat());
        assert_eq!(other.read("run/b", 2).unwrap(), third);
        assert_eq!(other.streams("run/").unwrap(), ["run/b", "run/a"]);
        assert_eq!(other.streams("run/a").unwrap(), ["run/a"]);
        assert_eq!(other.streams("incident/").unwrap(), [""; 0]);
        assert_eq!(other.read_all("").unwrap(), [first, third, second].concat());
        assert_eq!(other.verify().unwrap().findings, []);
    }

    #[test]
    fn a_writer_that_has_not_seen_the_last_version_loses_cleanly() {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        note(&journal, "run/a", 0, "one").unwrap();
        for seen in [0, 2] {
            match note(&journal, "run/a", seen, "late").unwrap_err() {
                JournalError::Conflict { stream, expected, actual } => {
                    assert_eq!((stream.as_str(), expected, actual), ("run/a", seen, 1));
                }
                other => panic!("{other}"),
            }
        }
        assert_eq!(journal.read("run/a", 0).unwrap().len(), 1);
    }

    #[test]
    fn time_never_runs_backwards_in_a_stream() {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        note(&journal, "run/a", 0, "one").unwrap();
        let back = context(noon() - TimeDelta::hours(1));
        let late = journal.append("run/a", 1, &back, &[noted("two")]).unwrap();
        assert_eq!(late[0].at, journal.read("run/a", 0).unwrap()[0].at);
        let elsewhere = journal.append("run/b", 0, &back, &[noted("two")]).unwrap();
        assert!(elsewhere[0].at < late[0].at);
    }

    #[test]
    fn blobs_are_found_by_their_hash() {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        let hash = journal.put_blob(b"abc").unwrap();
        assert_eq!(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(journal.put_blob(b"abc").unwrap(), hash);
        assert_eq!(journal.blob(&hash).unwrap().as_deref(), Some(&b"abc"[..]));
        assert_eq!(journal.blob("0").unwrap(), None);
        assert_eq!(journal.verify().unwrap().blobs, 1);
    }

    #[test]
    fn eight_threads_lose_and_double_nothing() {
        let dir = TempDir::new().unwrap();
        let shared = Arc::new(SqliteJournal::open(dir.path()).unwrap());
        thread::scope(|scope| {
            for writer in 0..8 {
                let (dir, shared) = (dir.path(), Arc::clone(&shared));
                scope.spawn(move || {
                    // Half of them share one connection, half have their own.
                    let own;
                    let journal = if writer % 2 == 0 {
                        &*shared
                    } else {
                        own = SqliteJournal::open(dir).unwrap();
                        &own
                    };
                    for number in 0..20 {
                        let text = format!("{writer}.{number}");
                        while let Err(error) = {
                            let seen = journal.read("run/one", 0).unwrap().len() as u64;
                            note(journal, "run/one", seen, &text)
                        } {
                            assert!(matches!(error, JournalError::Conflict { .. }), "{error}");
                        }
                        note(journal, &format!("run/{writer}"), number, &text).unwrap();
                    }
                });
            }
        });
        let mut texts: Vec<String> =
            shared.read("run/one", 0).unwrap().iter().map(|event| event.body["text"].to_string()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), 160);
        let found = shared.verify().unwrap();
        assert_eq!((found.events, found.streams, found.findings), (320, 9, vec![]));
    }
}
