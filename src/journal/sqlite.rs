//! The embedded journal: one SQLite file, shared by any number of processes on one machine.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound};
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Params, Row, Transaction, TransactionBehavior, params};

use super::chain::{GENESIS, Link};
use super::failure::Store;
use super::stored::{self, COLUMNS};
use super::transfer::{self, Exported, Imported, Parcel, Selection, TransferError};
use super::verify::{self, Verification};
use super::{Context, EVENT_SCHEMA, Event, Journal, JournalError, NewEvent, connect, failure, files, open};
use crate::ground::{Actor, Time, abort_point, rfc3339, sha256};

/// So many events are read at once by who looks for newer ones.
const AT_ONCE: u32 = 500;

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
        Ok(Self { path: files::database(dir), db: Mutex::new(connect::writer(dir)?) })
    }

    /// Opens the journal in a directory for reading; none when there is no journal yet. Makes nothing.
    pub fn open_read(dir: &Path) -> Result<Option<Self>, JournalError> {
        let found = connect::reader(dir)?;
        Ok(found.map(|db| Self { path: files::database(dir), db: Mutex::new(db) }))
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere rolled its transaction back; the connection is as good as before.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: &rusqlite::Error) -> JournalError {
        failure::store(&self.path, error)
    }

    /// All events of some streams, stream by stream, as of one moment.
    fn read_streams(
        &self,
        names: impl FnOnce(&Connection) -> rusqlite::Result<Vec<String>>,
    ) -> Result<Vec<Event>, JournalError> {
        let (mut db, store) = (self.db(), Store(&self.path));
        let moment = store.of(db.transaction())?;
        let mut events = Vec::new();
        for name in store.of(names(&moment))? {
            // Each is read in the order of its index: nothing has to be sorted, however much it is.
            read(&moment, store, &name, 0, &mut events)?;
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
        let mut events = Vec::new();
        read(&self.db(), Store(&self.path), stream, after, &mut events)?;
        Ok(events)
    }

    fn streams(&self, prefix: &str) -> Result<Vec<String>, JournalError> {
        Store(&self.path).of(stored::streams(&self.db(), prefix))
    }

    fn streams_left_open(&self, prefix: &str, begins: &[&str], ends: &[&str]) -> Result<Vec<String>, JournalError> {
        let db = self.db();
        // Written out, so that an index over these very kinds can serve.
        let (begins, ends) = (listed(begins), listed(ends));
        let query = format!(
            "SELECT stream FROM events WHERE stream >= ?1 AND stream < ?2 AND kind IN ({begins},{ends})
             GROUP BY stream HAVING sum(CASE WHEN kind IN ({begins}) THEN 1 ELSE -1 END) > 0 ORDER BY stream"
        );
        let names = || {
            db.prepare_cached(&query)?
                .query_map([prefix, &stored::after_all(prefix)], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()
        };
        Store(&self.path).of(names())
    }

    fn read_all(&self, prefix: &str) -> Result<Vec<Event>, JournalError> {
        self.read_streams(|db| stored::streams(db, prefix))
    }

    fn read_open(&self, prefix: &str, ends: &[&str], reopens: &[&str]) -> Result<Vec<Event>, JournalError> {
        self.read_streams(|db| open::streams(db, prefix, ends, reopens))
    }

    fn newer(&self, after: u64) -> Result<Vec<Event>, JournalError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let mut events = Vec::new();
        let which = "seq > ?1 ORDER BY seq LIMIT ?2";
        select(&self.db(), Store(&self.path), which, params![after, AT_ONCE], &mut events)?;
        Ok(events)
    }

    fn head(&self) -> Result<u64, JournalError> {
        let db = self.db();
        let find = || {
            let mut statement = db.prepare_cached("SELECT coalesce(max(seq), 0) FROM events")?;
            statement.query_row([], |row| row.get::<_, i64>(0))
        };
        find().map(i64::cast_unsigned).map_err(|error| self.failed(&error))
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

    fn export(&self, which: Selection<'_>, at: Time, to: &mut dyn Write) -> Result<Exported, TransferError> {
        let (mut db, store) = (self.db(), Store(&self.path));
        let moment = store.of(db.transaction())?;
        transfer::export(&moment, store, which, at, to)
    }

    fn import(&self, parcel: &Parcel) -> Result<Imported, TransferError> {
        transfer::import(&mut self.db(), Store(&self.path), parcel)
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

/// Texts as SQL writes them in a list.
fn listed(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("'{}'", text.replace('\'', "''"))).collect::<Vec<_>>().join(",")
}
fn time(text: &str) -> Option<Time> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// Reads the events of a stream with a version above `after`.
fn read(
    db: &Connection,
    store: Store<'_>,
    stream: &str,
    after: i64,
    into: &mut Vec<Event>,
) -> Result<(), JournalError> {
    select(db, store, "stream = ?1 AND version > ?2 ORDER BY version", params![stream, after], into)
}

/// Reads the events of which something is so.
fn select(
    db: &Connection,
    store: Store<'_>,
    which: &str,
    params: impl Params,
    into: &mut Vec<Event>,
) -> Result<(), JournalError> {
    let mut statement = store.of(db.prepare_cached(&format!("SELECT {COLUMNS} FROM events WHERE {which}")))?;
    let mut rows = store.of(statement.query(params))?;
    while let Some(row) = store.of(rows.next())? {
        into.push(event(row).map_err(|cause| damaged(row, cause))?);
    }
    Ok(())
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
    use std::time::Duration;

    use serde_json::json;
    use tempfile::TempDir;

    use super::SqliteJournal;
    use crate::error::{Error, Kind};
    use crate::ground::Actor;
    use crate::journal::{Context, Event, Journal, JournalError, NewEvent};

    fn note(journal: &SqliteJournal, seen: u64, text: &str) -> Result<Vec<Event>, JournalError> {
        let at = "2026-11-23T12:00:00Z".parse().unwrap();
        let context = Context { at, actor: Actor("ana".into()), host: "box".into() };
        journal.append("run/a", seen, &context, &[NewEvent { kind: "noted".into(), body: json!({ "text": text }) }])
    }

    fn assert_clear(error: JournalError, what: &str, way_out: &str) {
        let error = Error::from(error);
        assert_eq!(error.kind, Kind::Environment);
        assert!(error.message.contains(what) && error.message.contains("journal.db"), "{error}");
        assert!(error.hints[0].contains(way_out) && !error.causes[0].is_empty(), "{error:?}");
    }

    #[test]
    fn a_full_disk_loses_nothing_acknowledged() {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        let pages: i64 = journal.db().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        journal.db().query_row(&format!("PRAGMA max_page_count = {}", pages + 4), [], |_| Ok(())).unwrap();
        let mut kept = 0;
        let error = loop {
            match note(&journal, kept, &"x".repeat(1000)) {
                Ok(_) => kept += 1,
                Err(error) => break error,
            }
        };
        assert!(kept > 0);
        assert_clear(error, "the disk is full", "Free some space");
        assert_clear(journal.put_blob(&vec![7; 100_000]).unwrap_err(), "the disk is full", "Free some space");
        assert_eq!(journal.read("run/a", 0).unwrap().len() as u64, kept);
        assert_eq!(journal.verify().unwrap().findings, []);
        journal.db().query_row("PRAGMA max_page_count = 1000", [], |_| Ok(())).unwrap();
        note(&journal, kept, "there is space again").unwrap();
    }

    #[test]
    fn streams_with_something_open_are_found_by_their_kinds() {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        let at = "2026-11-23T12:00:00Z".parse().unwrap();
        let context = Context { at, actor: Actor("ana".into()), host: "box".into() };
        for (stream, kinds) in [
            ("in/b", vec!["begun", "noted"]),
            ("in/a", vec!["begun", "ended", "begun"]),
            ("in/c", vec!["begun", "begun", "ended", "dropped"]),
            ("in/d", vec!["noted"]),
            ("out/a", vec!["begun"]),
        ] {
            let new = |kind: &&str| NewEvent { kind: (*kind).to_owned(), body: json!({}) };
            journal.append(stream, 0, &context, &kinds.iter().map(new).collect::<Vec<_>>()).unwrap();
        }
        let open = |begins: &[&str]| journal.streams_left_open("in/", begins, &["ended", "dropped"]).unwrap();
        assert_eq!(open(&["begun"]), ["in/a", "in/b"]);
        assert_eq!(open(&["it's"]), [""; 0]);
    }

    #[test]
    fn a_locked_journal_says_so_after_some_patience() {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        journal.db().busy_timeout(Duration::from_millis(20)).unwrap();
        let other = SqliteJournal::open(dir.path()).unwrap();
        other.db().execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_clear(note(&journal, 0, "late").unwrap_err(), "is locked", "Wait");
        assert_clear(journal.put_blob(b"late").unwrap_err(), "is locked", "Wait");
        assert_eq!(journal.read("run/a", 0).unwrap(), []); // reading is never locked out
        other.db().execute_batch("ROLLBACK").unwrap();
        note(&journal, 0, "now").unwrap();
    }

    #[test]
    fn a_journal_opened_for_reading_cannot_be_written() {
        let dir = TempDir::new().unwrap();
        SqliteJournal::open(dir.path()).unwrap();
        let journal = SqliteJournal::open_read(dir.path()).unwrap().unwrap();
        assert_clear(note(&journal, 0, "no").unwrap_err(), "cannot be written", "writable");
    }

    #[test]
    fn a_stored_event_that_makes_no_sense_is_named() {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        note(&journal, 0, "one").unwrap();
        journal.db().execute_batch("DROP TRIGGER events_keep_update; UPDATE events SET body = '{'").unwrap();
        let error = journal.read("run/a", 0).unwrap_err();
        assert!(matches!(&error, JournalError::Damaged { stream, version: 1, .. } if stream == "run/a"), "{error}");
        assert_eq!(Error::from(error).kind, Kind::Environment);
    }

    #[test]
    fn events_and_blobs_are_guarded_against_edits() {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        note(&journal, 0, "one").unwrap();
        journal.put_blob(b"bytes").unwrap();
        for sql in [
            "UPDATE events SET kind = 'other'",
            "DELETE FROM events",
            "UPDATE blobs SET bytes = x'00'",
            "DELETE FROM blobs",
        ] {
            let error = journal.db().execute_batch(sql).unwrap_err();
            assert!(error.to_string().contains("never"), "{error}");
        }
    }
}
