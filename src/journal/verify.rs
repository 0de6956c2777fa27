//! Holds a journal against what it promises, and goes on after the first thing it finds.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use schemars::JsonSchema;
use serde::Serialize;

use super::stored::{COLUMNS, Last, Stored};
use super::{chain, failure, schema};
use crate::ground::sha256;

/// So many lines about the pages of one table are enough.
const MANY: usize = 20;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The stream it is in, when it is in one.
    pub stream: Option<String>,
    /// The event's version in the stream, when it is one event.
    pub version: Option<u64>,
    /// What is wrong, in words.
    pub problem: String,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Verification {
    /// How many events there are.
    pub events: u64,
    /// How many streams they make.
    pub streams: u64,
    /// How many blobs there are.
    pub blobs: u64,
    /// A hash over the last hash of every stream. Noted elsewhere, it later proves that nothing was cut off.
    pub head: String,
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Verifies all there is. Fails only when the store cannot be asked; what is wrong in it becomes a finding.
pub fn run(db: &Connection) -> rusqlite::Result<Verification> {
    let mut check = Check { db, found: Verification::default(), mentioned: BTreeMap::new(), heads: Vec::new() };
    check.pages()?;
    check.guards()?;
    check.places()?;
    check.streams()?;
    check.blobs()?;
    let heads: Vec<&str> = check.heads.iter().map(String::as_str).collect();
    check.found.head = chain::digest(&heads);
    Ok(check.found)
}

/// One verification on its way.
struct Check<'a> {
    db: &'a Connection,
    found: Verification,
    /// The blobs that events mention, each with the first event that does.
    mentioned: BTreeMap<String, (String, u64)>,
    /// Name, version and hash of the last event of every stream, in the order the streams were begun.
    heads: Vec<String>,
}

impl Check<'_> {
    fn report(&mut self, stream: Option<&str>, version: Option<u64>, problem: impl Into<String>) {
        self.found.findings.push(Finding { stream: stream.map(str::to_owned), version, problem: problem.into() });
    }

    /// Turns damage into a finding, so that the rest is still looked at.
    fn survive(&mut self, what: &str, result: rusqlite::Result<()>) -> rusqlite::Result<()> {
        match result {
            Err(error) if failure::is_damage(&error) => {
                self.report(None, None, format!("{what} cannot be read to the end: {error}"));
                Ok(())
            }
            other => other,
        }
    }

    fn pages(&mut self) -> rusqlite::Result<()> {
        schema::TABLES.iter().try_for_each(|table| self.pages_of(table))
    }

    fn pages_of(&mut self, table: &str) -> rusqlite::Result<()> {
        let db = self.db;
        let mut said = Vec::new();
        let asked = rows(db, &format!("PRAGMA integrity_check({table})"), |row| {
            said.push(row.get::<_, String>(0)?);
            Ok(())
        });
        for line in said.iter().flat_map(|text| text.lines()).filter(|line| *line != "ok").take(MANY) {
            self.report(None, None, format!("the file is damaged: {line}"));
        }
        self.survive("the file", asked)
    }

    fn guards(&mut self) -> rusqlite::Result<()> {
        for guard in schema::GUARDS {
            let db = self.db;
            let there = db
                .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name = ?1")
                .and_then(|mut statement| statement.exists([guard]));
            match there {
                Ok(true) => {}
                Ok(false) => self.report(None, None, format!("the guard `{guard}` was removed")),
                Err(error) => self.survive("the schema", Err(error))?,
            }
        }
        Ok(())
    }

    /// Every place from 1 to the last one ever given must be taken: this finds tails and streams cut off whole.
    fn places(&mut self) -> rusqlite::Result<()> {
        let db = self.db;
        let (mut last, mut gaps) = (0, Vec::new());
        let read = rows(db, "SELECT seq FROM events ORDER BY seq", |row| {
            let seq: i64 = row.get(0)?;
            if seq != last + 1 {
                gaps.push((last + 1, seq - 1));
            }
            last = seq;
            Ok(())
        });
        let whole = read.is_ok();
        self.survive("the list of events", read)?;
        let mut given = None;
        let asked = rows(db, "SELECT seq FROM sqlite_sequence WHERE name = 'events'", |row| {
            given = Some(row.get::<_, i64>(0)?);
            Ok(())
        });
        self.survive("the count of events", asked)?;
        match given.unwrap_or(0) {
            given if given > last && whole => gaps.push((last + 1, given)),
            given if given < last => {
                self.report(None, None, format!("the journal counts {given} events but holds number {last}"));
            }
            _ => {}
        }
        for (from, to) in gaps {
            let which = if from == to { format!("number {from} is") } else { format!("numbers {from} to {to} are") };
            self.report(None, None, format!("events are missing from the journal: {which} gone"));
        }
        Ok(())
    }

    fn streams(&mut self) -> rusqlite::Result<()> {
        let db = self.db;
        let mut streams: Vec<String> = Vec::new();
        let read = rows(db, "SELECT stream FROM events GROUP BY stream ORDER BY min(seq)", |row| {
            streams.push(row.get(0)?);
            Ok(())
        });
        self.survive("the list of streams", read)?;
        for stream in streams {
            self.found.streams += 1;
            self.stream(&stream)?;
        }
        Ok(())
    }

    fn stream(&mut self, stream: &str) -> rusqlite::Result<()> {
        let mut last = Last::default();
        let db = self.db;
        let mut statement =
            db.prepare_cached(&format!("SELECT {COLUMNS} FROM events WHERE stream = ?1 ORDER BY version"))?;
        let mut rows = statement.query([stream])?;
        loop {
            let read = rows.next().and_then(|row| row.map(Stored::read).transpose());
            match read {
                Ok(None) => break,
                Ok(Some(event)) => {
                    self.found.events += 1;
                    self.event(&last, &event);
                    last = event.into();
                }
                Err(error) if failure::is_damage(&error) => {
                    let problem = format!("the event after version {} cannot be read: {error}", last.version);
                    self.report(Some(stream), Some(last.version + 1), problem);
                    if error.sqlite_error_code().is_some() {
                        break; // SQLite itself cannot go on in this stream
                    }
                    last.version += 1;
                    last.hash.clear();
                }
                Err(error) => return Err(error),
            }
        }
        self.heads.extend([stream.to_owned(), last.version.to_string(), last.hash]);
        Ok(())
    }

    fn event(&mut self, last: &Last, event: &Stored) {
        let (stream, version) = (event.stream.as_str(), event.version);
        let examined = event.examine(last);
        for problem in examined.problems {
            self.report(Some(stream), Some(version), problem);
        }
        for hash in examined.blobs {
            self.mentioned.entry(hash).or_insert_with(|| (stream.to_owned(), version));
        }
    }

    fn blobs(&mut self) -> rusqlite::Result<()> {
        let db = self.db;
        let (mut count, mut changed) = (0, Vec::new());
        let mut missing = std::mem::take(&mut self.mentioned);
        let read = rows(db, "SELECT hash, bytes FROM blobs ORDER BY rowid", |row| {
            let hash: String = row.get(0)?;
            count += 1;
            missing.remove(&hash);
            if sha256(row.get_ref(1)?.as_bytes()?) != hash {
                changed.push(hash);
            }
            Ok(())
        });
        self.found.blobs = count;
        self.survive("the blobs", read)?;
        for hash in changed {
            self.report(None, None, format!("the blob {hash} was changed: its bytes have another hash"));
        }
        for (hash, (stream, version)) in missing {
            self.report(Some(&stream), Some(version), format!("the blob {hash} that it mentions is missing"));
        }
        Ok(())
    }
}

fn rows(db: &Connection, sql: &str, mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(row)?;
    }
    Ok(())
}
