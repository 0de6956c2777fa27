//! One acknowledged event, beside one row put into a bare table with the same durability.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has failed")]

use std::cell::Cell;
use std::path::Path;

use chrono::DateTime;
use opsctl::ground::{Actor, sha256};
use opsctl::journal::{Context, Journal, NewEvent, SqliteJournal};
use rusqlite::{Connection, params};
use serde_json::json;

mod measure;

use measure::{Row, by_turns, report};

/// More than the pages after which SQLite begins its log anew.
const WARM: usize = 1500;

const STREAM: &str = "run/db-connection.1";

fn main() {
    // Beside the build, because a temporary directory may lie in memory, where nothing is durable.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let bare = bare_table(dir.path());
    let context = Context { at: DateTime::UNIX_EPOCH, actor: Actor("alice".into()), host: "host".into() };
    let body = json!({"step": "verify-connection-string", "attempt": 1, "command": "echo \"$DATABASE_URL\"",
                      "walker": {"pid": 4711, "host": "host"}});
    let event = [NewEvent { kind: "step_started".into(), body: body.clone() }];
    let (text, hash) = (body.to_string(), sha256(b"x"));
    let seen = Cell::new(0);
    let insert = || insert(&bare, &text, &hash);
    let append = || {
        journal.append(STREAM, seen.get(), &context, &event).unwrap();
        seen.set(seen.get() + 1);
    };
    // While a write-ahead log still grows, every commit pays for the file's new length as well; both must be past that.
    for _ in 0..WARM {
        insert();
        append();
    }
    let (insert, append) = by_turns(2000, insert, append);
    report(&[Row::new("one acknowledged event / bare insert", append / insert, 1.5, "x")
        .note(format!("({append:.3} ms / {insert:.3} ms)"))]);
}

fn bare_table(dir: &Path) -> Connection {
    let db = Connection::open(dir.join("bare.db")).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.pragma_update(None, "synchronous", "FULL").unwrap();
    db.execute_batch(
        "CREATE TABLE events (seq INTEGER PRIMARY KEY, stream TEXT NOT NULL, at TEXT NOT NULL, actor TEXT NOT NULL,
                              host TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL)",
    )
    .unwrap();
    db
}

fn insert(db: &Connection, body: &str, hash: &str) {
    let mut statement = db
        .prepare_cached(
            "INSERT INTO events (stream, at, actor, host, kind, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .unwrap();
    statement
        .execute(params![STREAM, "2026-11-23T15:40:21.000Z", "alice", "host", "step_started", body, hash])
        .unwrap();
}
