//! Takes a parcel into a journal: all of it, or nothing.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{Imported, Parcel, TransferError};
use crate::ground::abort_point;
use crate::journal::failure::Store;
use crate::journal::stored::{COLUMNS, Stored};

/// Adds what is not there yet. What is there must be the same.
pub fn import(db: &mut Connection, store: Store<'_>, parcel: &Parcel) -> Result<Imported, TransferError> {
    let work = store.of(db.transaction_with_behavior(TransactionBehavior::Immediate))?;
    let mut into = Target { work: &work, store, known: HashMap::new(), done: Imported::default() };
    into.done = Imported { events: parcel.events, streams: parcel.streams, blobs: parcel.blobs, ..into.done };
    parcel.shelf.blobs(|hash, bytes| into.blob(hash, bytes))?;
    abort_point();
    parcel.wanted.iter().try_for_each(|(hash, (stream, version))| into.has(hash, stream, *version))?;
    parcel.shelf.events(|event| into.event(event))?;
    let done = into.done;
    abort_point();
    store.of(work.commit())?;
    abort_point();
    Ok(done)
}

/// The journal that something is taken into.
struct Target<'a> {
    work: &'a Transaction<'a>,
    store: Store<'a>,
    /// The versions that streams had before.
    known: HashMap<String, u64>,
    done: Imported,
}

impl Target<'_> {
    fn blob(&mut self, hash: &str, bytes: &[u8]) -> Result<(), TransferError> {
        let insert = "INSERT INTO blobs (hash, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        let put = || self.work.prepare_cached(insert)?.execute(params![hash, bytes]);
        self.done.new_blobs += self.store.of(put())? as u64;
        Ok(())
    }

    /// Fails when a blob is not there that an event mentions.
    fn has(&self, hash: &str, stream: &str, version: u64) -> Result<(), TransferError> {
        let look = || self.work.prepare_cached("SELECT 1 FROM blobs WHERE hash = ?1")?.exists([hash]);
        if self.store.of(look())? {
            return Ok(());
        }
        Err(TransferError::BlobMissing { stream: stream.to_owned(), version, hash: hash.to_owned() })
    }

    fn event(&mut self, event: &Stored) -> Result<(), TransferError> {
        if event.version <= self.version(&event.stream)? {
            return self.is_same(event);
        }
        self.store.of(event.insert(self.work, None))?;
        self.done.new_events += 1;
        Ok(())
    }

    /// The version that a stream had before.
    fn version(&mut self, stream: &str) -> Result<u64, TransferError> {
        if let Some(version) = self.known.get(stream) {
            return Ok(*version);
        }
        let ask = || {
            let mut last =
                self.work.prepare_cached("SELECT coalesce(max(version), 0) FROM events WHERE stream = ?1")?;
            last.query_row([stream], |row| row.get::<_, i64>(0))
        };
        let version = self.store.of(ask())?.cast_unsigned();
        self.done.new_streams += u64::from(version == 0);
        self.known.insert(stream.to_owned(), version);
        Ok(version)
    }

    fn is_same(&self, event: &Stored) -> Result<(), TransferError> {
        let find = || {
            let sql = format!("SELECT {COLUMNS} FROM events WHERE stream = ?1 AND version = ?2");
            let mut found = self.work.prepare_cached(&sql)?;
            found.query_row(params![event.stream, event.version.cast_signed()], Stored::read).optional()
        };
        let here = self.store.of(find())?;
        // The number in the journal is the only thing that may differ.
        let is_same = here.as_ref().is_some_and(|here| Stored { seq: event.seq, ..here.clone() } == *event);
        if is_same {
            return Ok(());
        }
        Err(TransferError::Diverged {
            stream: event.stream.clone(),
            version: event.version,
            here: here.as_ref().map_or_else(|| "missing".to_owned(), in_short),
            there: in_short(event),
        })
    }
}

fn in_short(event: &Stored) -> String {
    format!("{} by {} on {} at {}", event.kind, event.actor, event.host, event.at)
}
