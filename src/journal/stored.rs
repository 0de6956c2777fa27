//! An event exactly as it is stored, and what it is held against.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};
use serde_json::Value;

use super::chain::{GENESIS, Link};

/// The columns of an event, in the order in which they are read.
pub const COLUMNS: &str = "seq, stream, version, at, actor, host, kind, schema, body, hash";

/// An event with every field as the store has it; the hash is over these texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the whole journal.
    pub seq: u64,
    /// Its stream.
    pub stream: String,
    /// Its place in the stream.
    pub version: u64,
    /// The time.
    pub at: String,
    /// Who.
    pub actor: String,
    /// Where.
    pub host: String,
    /// What.
    pub kind: String,
    /// The body's schema version.
    pub schema: u32,
    /// The body's text.
    pub body: String,
    /// Its hash.
    pub hash: String,
}

/// What looking at an event came to.
#[derive(Debug, Default)]
pub struct Examined {
    /// What is wrong with it, in words.
    pub problems: Vec<String>,
    /// The hashes of the blobs that it mentions.
    pub blobs: Vec<String>,
}

impl Stored {
    /// Reads a row of [`COLUMNS`].
    pub fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get::<_, i64>(0)?.cast_unsigned(),
            stream: row.get(1)?,
            version: row.get::<_, i64>(2)?.cast_unsigned(),
            at: row.get(3)?,
            actor: row.get(4)?,
            host: row.get(5)?,
            kind: row.get(6)?,
            schema: row.get(7)?,
            body: row.get(8)?,
            hash: row.get(9)?,
        })
    }

    /// Adds it to a table of events, at a place or at the end.
    pub fn insert(&self, db: &Connection, seq: Option<i64>) -> rusqlite::Result<()> {
        let sql = format!("INSERT INTO events ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
        db.prepare_cached(&sql)?.execute(params![
            seq,
            self.stream,
            self.version.cast_signed(),
            self.at,
            self.actor,
            self.host,
            self.kind,
            self.schema,
            self.body,
            self.hash
        ])?;
        Ok(())
    }

    fn link(&self) -> Link<'_> {
        Link {
            stream: &self.stream,
            version: self.version,
            at: &self.at,
            actor: &self.actor,
            host: &self.host,
            kind: &self.kind,
            schema: self.schema,
            body: &self.body,
        }
    }

    /// Holds it against the event before it in its stream.
    pub fn examine(&self, last: &Last) -> Examined {
        let mut found = Examined::default();
        let mut say = |problem: String| found.problems.push(problem);
        if self.version != last.version + 1 {
            say(format!("version {} should stand here: events of this stream are missing", last.version + 1));
        } else if last.hash.is_empty() {
            // The event before could not be read; there is nothing to chain this one to.
        } else if self.link().hash(&last.hash) != self.hash {
            say("the hash does not fit: the event or the chain before it was changed".to_owned());
        }
        if self.seq <= last.seq {
            say(format!("it stands at place {} of the journal, before the event it follows", self.seq));
        }
        if self.at < last.at {
            say(format!("its time {} is before that of the event it follows", self.at));
        }
        match serde_json::from_str(&self.body) {
            Ok(body) => mentions(&body, &mut found.blobs),
            Err(error) => say(format!("its body is not JSON: {error}")),
        }
        found
    }
}

fn mentions(body: &Value, into: &mut Vec<String>) {
    match body {
        Value::Array(items) => items.iter().for_each(|item| mentions(item, into)),
        Value::Object(fields) => {
            let named = fields.get("blob").and_then(Value::as_str).filter(|text| is_hash(text));
            into.extend(named.map(str::to_owned));
            fields.values().for_each(|field| mentions(field, into));
        }
        _ => {}
    }
}

/// Whether a text is a SHA-256 as it is written here.
pub fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What the next event of a stream is held against.
#[derive(Debug, Clone)]
pub struct Last {
    /// The version of the event before; 0 at the beginning.
    pub version: u64,
    /// Its place in the whole journal.
    pub seq: u64,
    /// Its time.
    pub at: String,
    /// Its hash; empty when it could not be read.
    pub hash: String,
}

impl Default for Last {
    fn default() -> Self {
        Self { version: 0, seq: 0, at: String::new(), hash: GENESIS.to_owned() }
    }
}

impl From<Stored> for Last {
    fn from(event: Stored) -> Self {
        Self { version: event.version, seq: event.seq, at: event.at, hash: event.hash }
    }
}

/// The chains of many streams, followed event by event in the journal's order.
#[derive(Debug, Default)]
pub struct Chains(HashMap<String, Last>);

impl Chains {
    /// Holds the next event against its stream.
    pub fn follow(&mut self, event: &Stored) -> Examined {
        let last = match self.0.get_mut(&event.stream) {
            Some(last) => last,
            None => self.0.entry(event.stream.clone()).or_default(),
        };
        let found = event.examine(last);
        *last = Last { version: event.version, seq: event.seq, at: event.at.clone(), hash: event.hash.clone() };
        found
    }

    /// How many streams there were.
    pub fn len(&self) -> u64 {
        self.0.len() as u64
    }
}

/// The least text above all texts that begin with `prefix`, for all names people can type.
pub fn after_all(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// The names of the streams that begin with `prefix`, in the order they were begun.
pub fn streams(db: &Connection, prefix: &str) -> rusqlite::Result<Vec<String>> {
    let mut names =
        db.prepare_cached("SELECT stream FROM events WHERE version = 1 AND stream >= ?1 AND stream < ?2 ORDER BY seq")?;
    names.query_map([prefix, &after_all(prefix)], |row| row.get(0))?.collect()
}
