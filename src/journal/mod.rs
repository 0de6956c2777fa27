//! The append-only store of events: one trait, and what it promises.
//!
//! An acknowledged append is durable. Streams are versioned from 1; a writer says which version it has seen, and a
//! second writer loses cleanly with a [`JournalError::Conflict`]. Every event carries the hash of the one before it in
//! its stream, so [`Journal::verify`] finds any later edit.

mod chain;
mod connect;
mod empty;
mod failure;
mod files;
mod open;
mod schema;
mod sqlite;
mod stored;
mod tail;
mod transfer;
mod verify;

use std::io::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ground::{Actor, Time, time_format};

pub(crate) use connect::{reader_beside, writer_beside};
pub(crate) use failure::store as failure;

pub use empty::EmptyJournal;
pub use files::{companions, database};
pub use sqlite::SqliteJournal;
pub use tail::Tail;
pub use transfer::{BadParcel, Exported, Imported, Parcel, Selection, TransferError};
pub use verify::{Finding, Verification};

/// The schema version written into new events.
pub const EVENT_SCHEMA: u32 = 1;

/// An event to be appended.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// What happened, as `step_started`.
    pub kind: String,
    /// The facts, as a JSON object.
    pub body: Value,
}

/// Who appends, where and when; the same for all events of one append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// When.
    pub at: Time,
    /// Who.
    pub actor: Actor,
    /// On which machine.
    pub host: String,
}

/// One stored fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its place in the whole journal, from 1, without gaps.
    pub seq: u64,
    /// The stream it belongs to: `run/db-connection.1`.
    pub stream: String,
    /// Its place in the stream, from 1.
    pub version: u64,
    /// When it was appended.
    #[serde(with = "time_format")]
    #[schemars(with = "String")]
    pub at: Time,
    /// Who did it.
    pub actor: Actor,
    /// On which machine.
    pub host: String,
    /// What happened.
    pub kind: String,
    /// The schema version of the body.
    pub schema: u32,
    /// The facts.
    pub body: Value,
    /// SHA-256 over the event before it and all fields of this one, in hexadecimal.
    pub hash: String,
}

/// What a journal can fail with.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another writer was faster.
    #[error("{stream} has moved on to version {actual}, this writer had seen version {expected}")]
    Conflict {
        /// The stream.
        stream: String,
        /// The version the writer had seen.
        expected: u64,
        /// The version the stream has.
        actual: u64,
    },
    /// The store cannot be used: full disk, no permission, locked, damaged.
    #[error("{message}")]
    Unavailable {
        /// What went wrong, naming the file.
        message: String,
        /// What to do about it.
        hint: String,
        /// The store's own words.
        cause: String,
    },
    /// A stored event cannot be read.
    #[error("{stream} version {version} cannot be read: {cause}")]
    Damaged {
        /// The stream.
        stream: String,
        /// The event's version.
        version: u64,
        /// What is wrong.
        cause: String,
    },
}

/// The store of events and blobs.
pub trait Journal: Send + Sync {
    /// Appends events to a stream whose version the writer has seen (0 for a stream that does not exist yet).
    /// Returns the stored events once they are durable.
    fn append(
        &self,
        stream: &str,
        seen: u64,
        context: &Context,
        events: &[NewEvent],
    ) -> Result<Vec<Event>, JournalError>;

    /// The events of one stream with a version above `after`, in order.
    fn read(&self, stream: &str, after: u64) -> Result<Vec<Event>, JournalError>;

    /// The names of the streams that begin with `prefix`, in the order they were begun.
    fn streams(&self, prefix: &str) -> Result<Vec<String>, JournalError>;

    /// The streams that begin with `prefix` and have more events of the kinds that begin something than of those that end
    /// it, in order of name. It reads kinds only, so that listings need not read what has nothing open.
    fn streams_left_open(&self, prefix: &str, begins: &[&str], ends: &[&str]) -> Result<Vec<String>, JournalError>;

    /// All events of the streams that begin with `prefix`, stream by stream in the order the streams were begun, each in
    /// order of version. One query, for listings.
    fn read_all(&self, prefix: &str) -> Result<Vec<Event>, JournalError>;

    /// The events with a place in the journal above `after`, in the order they were appended, whoever appended them; at
    /// most some hundreds, so that who is far behind asks again. Cheap when there are none.
    fn newer(&self, after: u64) -> Result<Vec<Event>, JournalError>;

    /// The place of the last event in the journal; 0 when there is none.
    fn head(&self) -> Result<u64, JournalError>;

    /// The events of those streams that begin with `prefix` and have not ended: the last of their events whose kind is in
    /// `ends` or `reopens` is not one in `ends`. In the order of [`Journal::read_all`]. It costs what is open, not what
    /// ever was.
    fn read_open(&self, prefix: &str, ends: &[&str], reopens: &[&str]) -> Result<Vec<Event>, JournalError>;

    /// Stores bytes under their SHA-256 and returns it. Storing the same bytes again changes nothing.
    fn put_blob(&self, bytes: &[u8]) -> Result<String, JournalError>;

    /// The bytes stored under a hash, if any.
    fn blob(&self, hash: &str) -> Result<Option<Vec<u8>>, JournalError>;

    /// Writes the chosen streams with their blobs as JSON lines, as of one moment. Fails, and has written nothing or a
    /// beginning without an end, when they are not as they were written.
    fn export(&self, which: Selection<'_>, at: Time, to: &mut dyn Write) -> Result<Exported, TransferError>;

    /// Takes in what is not here yet of an export, in its order, with the times, actors, hosts and hashes it has: all of
    /// it or nothing. A stream that is here already must be the same as far as both go.
    fn import(&self, parcel: &Parcel) -> Result<Imported, TransferError>;

    /// Recomputes every chain and every blob's hash, and looks for gaps.
    fn verify(&self) -> Result<Verification, JournalError>;
}
