//! Writes a journal as lines. It is held against its chains first: what nobody could take in is not written.

use std::collections::BTreeMap;
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, Params, Row, params, params_from_iter};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::line::{BlobLine, EndLine, EventLine, Header};
use super::{Exported, FORMAT, Selection, TransferError};
use crate::ground::{Time, hex, rfc3339, sha256};
use crate::journal::failure::Store;
use crate::journal::stored::{COLUMNS, Chains, Stored, after_all};

/// Writes the streams that are chosen, and their blobs. The connection must see one moment.
pub fn export(
    db: &Connection,
    store: Store<'_>,
    which: Selection<'_>,
    at: Time,
    to: &mut dyn Write,
) -> Result<Exported, TransferError> {
    let source = Source { db, store, which };
    let (mut exported, blobs) = source.look()?;
    exported.blobs = blobs.len() as u64;
    let mut lines = Lines::new(to);
    lines.header(which, at, &exported)?;
    for hash in blobs.keys() {
        source.blob(hash, &mut lines)?;
    }
    source.events(|event| {
        let line = EventLine::of(event).ok_or_else(|| altered(event, "its body is not as opsctl writes it"))?;
        lines.write(&line)
    })?;
    exported.sha256 = lines.end()?;
    Ok(exported)
}

/// Writes a journal in which there is nothing.
pub fn empty(which: Selection<'_>, at: Time, to: &mut dyn Write) -> Result<Exported, TransferError> {
    let mut lines = Lines::new(to);
    let nothing = Exported::default();
    lines.header(which, at, &nothing)?;
    Ok(Exported { sha256: lines.end()?, ..nothing })
}

/// A journal as of one moment, and what is wanted of it.
struct Source<'a> {
    db: &'a Connection,
    store: Store<'a>,
    which: Selection<'a>,
}

/// Blobs, each with an event that mentions it, if one does.
type Blobs = BTreeMap<String, Option<(String, u64)>>;

impl Source<'_> {
    /// Follows every chain, and finds out which blobs belong to it.
    fn look(&self) -> Result<(Exported, Blobs), TransferError> {
        let (mut chains, mut events, mut blobs) = (Chains::default(), 0, Blobs::new());
        self.events(|event| {
            let found = chains.follow(event);
            if let Some(problem) = found.problems.first() {
                return Err(altered(event, problem));
            }
            for hash in found.blobs {
                blobs.entry(hash).or_insert_with(|| Some((event.stream.clone(), event.version)));
            }
            events += 1;
            Ok(())
        })?;
        for (hash, mention) in &blobs {
            let is_there = self.store.of(self.is_there(hash))?;
            if let Some((stream, version)) = mention.as_ref().filter(|_| !is_there) {
                let problem = format!("the blob {hash} that {stream} version {version} mentions is missing");
                return Err(TransferError::Altered { problem });
            }
        }
        if self.which == Selection::All {
            self.rows("SELECT hash FROM blobs", [], |row| {
                blobs.entry(self.store.of(row.get(0))?).or_default();
                Ok(())
            })?;
        }
        Ok((Exported { events, streams: chains.len(), ..Exported::default() }, blobs))
    }

    fn is_there(&self, hash: &str) -> rusqlite::Result<bool> {
        self.db.prepare_cached("SELECT 1 FROM blobs WHERE hash = ?1")?.exists([hash])
    }

    fn events(&self, mut each: impl FnMut(&Stored) -> Result<(), TransferError>) -> Result<(), TransferError> {
        let range = match self.which {
            Selection::All => None,
            Selection::Stream(stream) => Some((stream.to_owned(), stream.to_owned())),
            Selection::Prefix(prefix) => Some((prefix.to_owned(), after_all(prefix))),
        };
        let within = if range.is_some() { "WHERE stream BETWEEN ?1 AND ?2" } else { "" };
        let sql = format!("SELECT {COLUMNS} FROM events {within} ORDER BY seq");
        let ends = range.into_iter().flat_map(|(first, last)| [first, last]);
        self.rows(&sql, params_from_iter(ends), |row| each(&self.store.of(Stored::read(row))?))
    }

    fn blob(&self, hash: &str, lines: &mut Lines<'_>) -> Result<(), TransferError> {
        self.rows("SELECT bytes FROM blobs WHERE hash = ?1", params![hash], |row| {
            let bytes: Vec<u8> = self.store.of(row.get(0))?;
            if sha256(&bytes) != hash {
                let problem = format!("the blob {hash} was changed: its bytes have another hash");
                return Err(TransferError::Altered { problem });
            }
            lines.write(&BlobLine { blob: hash.into(), base64: STANDARD.encode(bytes).into() })
        })
    }

    fn rows(
        &self,
        sql: &str,
        params: impl Params,
        mut each: impl FnMut(&Row<'_>) -> Result<(), TransferError>,
    ) -> Result<(), TransferError> {
        let mut statement = self.store.of(self.db.prepare_cached(sql))?;
        let mut rows = self.store.of(statement.query(params))?;
        while let Some(row) = self.store.of(rows.next())? {
            each(row)?;
        }
        Ok(())
    }
}

fn altered(event: &Stored, problem: &str) -> TransferError {
    TransferError::Altered { problem: format!("{} version {}: {problem}", event.stream, event.version) }
}

/// The lines on their way out, counted and hashed.
struct Lines<'a> {
    to: &'a mut dyn Write,
    digest: Sha256,
    count: u64,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    fn new(to: &'a mut dyn Write) -> Self {
        Self { to, digest: Sha256::new(), count: 0, line: Vec::new() }
    }

    fn header(&mut self, which: Selection<'_>, at: Time, all: &Exported) -> Result<(), TransferError> {
        self.write(&Header {
            opsctl_journal: FORMAT,
            exported_at: rfc3339(at),
            stream: which.as_said().map(str::to_owned),
            events: all.events,
            blobs: all.blobs,
        })
    }

    /// Writes one line in one go.
    fn write(&mut self, line: &impl Serialize) -> Result<(), TransferError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line).map_err(std::io::Error::from)?;
        self.line.push(b'\n');
        self.digest.update(&self.line);
        self.count += 1;
        Ok(self.to.write_all(&self.line)?)
    }

    /// Writes the last line, and gives the hash that stands in it.
    fn end(mut self) -> Result<String, TransferError> {
        let sum = hex(&self.digest.finalize_reset());
        self.write(&EndLine { lines: self.count, sha256: sum.as_str().into() })?;
        self.to.flush()?;
        Ok(sum)
    }
}
