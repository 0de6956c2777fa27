//! The hash that chains an event to the one before it.
//!
//! It is SHA-256, in lower-case hexadecimal, over nine fields in this order:
//!
//! | field | as text |
//! |---|---|
//! | previous | the hash of the event before it in the stream; 64 zeros for the first |
//! | stream | its name |
//! | version | decimal |
//! | at | RFC 3339 in UTC with milliseconds, exactly as stored |
//! | actor, host, kind | as stored |
//! | schema | decimal |
//! | body | the JSON text, byte for byte as stored |
//!
//! Each field is written as its length in bytes (decimal), a colon, its bytes in UTF-8, and a newline. So no two
//! different events have the same encoding, and a few lines in any language can recompute a chain.

use sha2::{Digest, Sha256};

use crate::ground::hex;

/// What stands for the hash before the first event of a stream.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The stored fields of an event, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The place in the stream.
    pub version: u64,
    /// The time as stored.
    pub at: &'a str,
    /// Who.
    pub actor: &'a str,
    /// Where.
    pub host: &'a str,
    /// What.
    pub kind: &'a str,
    /// The body's schema version.
    pub schema: u32,
    /// The body as stored.
    pub body: &'a str,
}

impl Link<'_> {
    /// The hash of this event after the one whose hash is `previous`.
    pub fn hash(&self, previous: &str) -> String {
        digest(&[
            previous,
            self.stream,
            &self.version.to_string(),
            self.at,
            self.actor,
            self.host,
            self.kind,
            &self.schema.to_string(),
            self.body,
        ])
    }
}

/// SHA-256 over fields, each with its length before it.
pub fn digest(fields: &[&str]) -> String {
    let mut digest = Sha256::new();
    for field in fields {
        digest.update(format!("{}:", field.len()));
        digest.update(field);
        digest.update(b"\n");
    }
    hex(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::{GENESIS, Link, digest};
    use crate::ground::sha256;

    const FIRST: Link<'static> = Link {
        stream: "run/a.1",
        version: 1,
        at: "2026-11-23T15:40:21.000Z",
        actor: "ana",
        host: "box",
        kind: "run_started",
        schema: 1,
        body: "{\"a\":1}",
    };

    #[test]
    fn the_encoding_is_the_documented_one() {
        let text = format!(
            "64:{GENESIS}\n7:run/a.1\n1:1\n24:2026-11-23T15:40:21.000Z\n3:ana\n3:box\n11:run_started\n1:1\n7:{{\"a\":1}}\n"
        );
        assert_eq!(FIRST.hash(GENESIS), sha256(text.as_bytes()));
    }

    #[test]
    fn moving_a_letter_from_one_field_to_the_next_changes_the_hash() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        let moved = Link { actor: "an", host: "abox", ..FIRST };
        assert_ne!(FIRST.hash(GENESIS), moved.hash(GENESIS));
        assert_ne!(FIRST.hash(GENESIS), FIRST.hash(&"1".repeat(64)));
    }
}
