//! The four kinds of lines, each as it stands in a file.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::journal::stored::Stored;

/// The first line: what follows.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    /// The version of the lines.
    pub opsctl_journal: u32,
    /// When it was written.
    pub exported_at: String,
    /// The stream or prefix that was chosen; none for all.
    pub stream: Option<String>,
    /// How many events follow.
    pub events: u64,
    /// How many blobs follow.
    pub blobs: u64,
}

/// Bytes that events mention.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobLine<'a> {
    /// Their SHA-256.
    #[serde(borrow)]
    pub blob: Cow<'a, str>,
    /// The bytes.
    #[serde(borrow)]
    pub base64: Cow<'a, str>,
}

/// An event; its body is the stored text itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventLine<'a> {
    seq: u64,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    version: u64,
    #[serde(borrow)]
    at: Cow<'a, str>,
    #[serde(borrow)]
    actor: Cow<'a, str>,
    #[serde(borrow)]
    host: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    schema: u32,
    #[serde(borrow)]
    body: &'a RawValue,
    #[serde(borrow)]
    hash: Cow<'a, str>,
}

/// The last line: that nothing was cut off or changed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndLine<'a> {
    /// How many lines stand before it.
    pub lines: u64,
    /// The SHA-256 over all their bytes, line ends included.
    #[serde(borrow)]
    pub sha256: Cow<'a, str>,
}

impl<'a> EventLine<'a> {
    /// The line of an event; none when its body cannot stand in one line byte for byte.
    pub fn of(event: &'a Stored) -> Option<Self> {
        let body: &RawValue = serde_json::from_str(&event.body).ok()?;
        (body.get() == event.body && !event.body.contains('\n')).then(|| Self {
            seq: event.seq,
            stream: event.stream.as_str().into(),
            version: event.version,
            at: event.at.as_str().into(),
            actor: event.actor.as_str().into(),
            host: event.host.as_str().into(),
            kind: event.kind.as_str().into(),
            schema: event.schema,
            body,
            hash: event.hash.as_str().into(),
        })
    }

    /// The event of a line.
    pub fn into_stored(self) -> Stored {
        Stored {
            seq: self.seq,
            stream: self.stream.into_owned(),
            version: self.version,
            at: self.at.into_owned(),
            actor: self.actor.into_owned(),
            host: self.host.into_owned(),
            kind: self.kind.into_owned(),
            schema: self.schema,
            body: self.body.get().to_owned(),
            hash: self.hash.into_owned(),
        }
    }
}
