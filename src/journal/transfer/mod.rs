//! A journal as JSON lines, from one workspace to another: written, held against its chains, and taken in.
//!
//! Every text that a hash is over is carried byte for byte. `docs/journal.md` describes the lines.

mod export;
mod import;
mod line;
mod parcel;
mod shelf;

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::JournalError;

pub use export::{empty, export};
pub use import::import;
pub use parcel::{BadParcel, Parcel};

/// The version of the lines that this program writes.
const FORMAT: u32 = 1;

/// Which streams are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection<'a> {
    /// All there are, and all blobs.
    All,
    /// One, with the blobs that it mentions.
    Stream(&'a str),
    /// Those that begin with this, with the blobs that they mention.
    Prefix(&'a str),
}

impl<'a> Selection<'a> {
    /// What was said: a stream, or the beginning of several that ends with `/`; all when nothing was.
    pub fn said(said: Option<&'a str>) -> Self {
        match said {
            None => Self::All,
            Some(prefix) if prefix.ends_with('/') => Self::Prefix(prefix),
            Some(stream) => Self::Stream(stream),
        }
    }

    /// As it was said.
    pub fn as_said(self) -> Option<&'a str> {
        match self {
            Self::All => None,
            Self::Stream(said) | Self::Prefix(said) => Some(said),
        }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Exported {
    /// How many events.
    pub events: u64,
    /// In how many streams.
    pub streams: u64,
    /// How many blobs.
    pub blobs: u64,
    /// The SHA-256 that stands in the last line.
    pub sha256: String,
}

/// What was taken in, beside what was there already.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Imported {
    /// How many events the file has.
    pub events: u64,
    /// How many streams it has.
    pub streams: u64,
    /// How many blobs it has.
    pub blobs: u64,
    /// How many of the events were not here yet.
    pub new_events: u64,
    /// How many of the streams were not here yet.
    pub new_streams: u64,
    /// How many of the blobs were not here yet.
    pub new_blobs: u64,
}

/// Why a journal was not written out or taken in. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What is written to failed.
    #[error("{0}")]
    Write(#[from] io::Error),
    /// The journal is not as it was written, so nobody could take it in.
    #[error("{problem}")]
    Altered {
        /// What is wrong, naming the place.
        problem: String,
    },
    /// A stream is here, too, and went on in another way.
    #[error("{stream} is another one here: version {version} is {here}, and in the file {there}")]
    Diverged {
        /// The stream.
        stream: String,
        /// The first version that differs.
        version: u64,
        /// The event here, in a few words.
        here: String,
        /// The event in the file, in a few words.
        there: String,
    },
    /// A blob is neither in the file nor here.
    #[error("{stream} version {version} mentions the blob {hash}, which is neither in the file nor here")]
    BlobMissing {
        /// The stream that mentions it.
        stream: String,
        /// The event's version.
        version: u64,
        /// The blob's hash.
        hash: String,
    },
}
