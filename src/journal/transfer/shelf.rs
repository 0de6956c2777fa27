//! Where a file's content stands until all of it was looked at: a database of its own that SQLite keeps in memory while
//! it is small, else in a temporary file without a name. So a journal of any size is held against its chains before
//! anybody waits for the lock, and a pipe can be read once.

use std::path::Path;

use rusqlite::{Connection, params};

use super::TransferError;
use crate::journal::JournalError;
use crate::journal::failure::Store;
use crate::journal::stored::{COLUMNS, Stored};

const TABLES: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE events (seq INTEGER PRIMARY KEY, stream, version, at, actor, host, kind, schema, body, hash);
CREATE TABLE blobs (place INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, bytes BLOB NOT NULL);
BEGIN;";

/// Events and blobs that belong to no journal yet.
#[derive(Debug)]
pub struct Shelf(Connection);

fn store() -> Store<'static> {
    Store(Path::new("the temporary file beside the import (TMPDIR says where)"))
}

impl Shelf {
    pub fn new() -> Result<Self, JournalError> {
        // An empty name means a temporary database; it goes away with the connection.
        let db = store().of(Connection::open(""))?;
        store().of(db.execute_batch(TABLES))?;
        Ok(Self(db))
    }

    pub fn put_event(&self, event: &Stored) -> Result<(), JournalError> {
        store().of(event.insert(&self.0, Some(event.seq.cast_signed())))
    }

    /// Puts a blob there, unless it is there already. Tells whether it was not.
    pub fn put_blob(&self, hash: &str, bytes: &[u8]) -> Result<bool, JournalError> {
        let insert = "INSERT INTO blobs (hash, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        let put = || Ok(self.0.prepare_cached(insert)?.execute(params![hash, bytes])? > 0);
        store().of(put())
    }

    /// All events, in the order they were put there.
    pub fn events(&self, mut each: impl FnMut(&Stored) -> Result<(), TransferError>) -> Result<(), TransferError> {
        let mut statement = store().of(self.0.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq")))?;
        let mut rows = store().of(statement.query([]))?;
        while let Some(row) = store().of(rows.next())? {
            each(&store().of(Stored::read(row))?)?;
        }
        Ok(())
    }

    /// All blobs, in the order they were put there.
    pub fn blobs(&self, mut each: impl FnMut(&str, &[u8]) -> Result<(), TransferError>) -> Result<(), TransferError> {
        let mut statement = store().of(self.0.prepare("SELECT hash, bytes FROM blobs ORDER BY place"))?;
        let mut rows = store().of(statement.query([]))?;
        while let Some(row) = store().of(rows.next())? {
            let (hash, bytes): (String, Vec<u8>) = (store().of(row.get(0))?, store().of(row.get(1))?);
            each(&hash, &bytes)?;
        }
        Ok(())
    }
}
