//! Journals of every released format, kept for ever: they must open, verify and read as they did when written.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use opsctl::journal::{Event, Journal, NewEvent, SqliteJournal, Verification};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{context, noon, note};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals").join(name)
}

/// A copy of the fixture: opening may tidy a file up, and the original is for ever.
fn released(name: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::copy(fixture(name), dir.path().join("journal.db")).unwrap();
    dir
}

fn record(events: &[Event], found: &Verification) -> Value {
    json!({ "events": events, "verification": found })
}

#[test]
fn format_1_reads_as_it_did_when_it_was_written() {
    let dir = released("v1.db");
    let expected: Value = serde_json::from_slice(&fs::read(fixture("v1.json")).unwrap()).unwrap();
    let journal = SqliteJournal::open_read(dir.path()).unwrap().unwrap();
    let found = journal.verify().unwrap();
    assert_eq!(found.findings, []);
    assert_eq!(record(&journal.read_all("").unwrap(), &found), expected);
}

#[test]
fn format_1_can_be_continued() {
    let dir = released("v1.db");
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let seen = journal.read("run/db-connection.1", 0).unwrap().len() as u64;
    note(&journal, "run/db-connection.1", seen, "years later").unwrap();
    assert_eq!(journal.verify().unwrap().findings, []);
}

/// Wrote the fixture; kept so that the next format's is written the same way.
#[test]
#[ignore = "writes a fixture into the directory OPSCTL_WRITE_FIXTURE names"]
fn write() {
    #[allow(clippy::disallowed_methods, reason = "this is how it is told where to write")]
    let Ok(to) = std::env::var("OPSCTL_WRITE_FIXTURE") else { return };
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let blob = journal.put_blob("title: Database connection issues\n".as_bytes()).unwrap();
    let stories: [(&str, &[(&str, Value)]); 3] = [
        (
            "run/db-connection.1",
            &[
                ("run_started", json!({ "procedure": "db-connection", "definition": { "blob": blob } })),
                ("step_started", json!({ "step": "status" })),
                ("step_finished", json!({ "step": "status", "exit_code": 0, "output": "ok\n\u{1f600}\t\"quoted\"" })),
            ],
        ),
        ("incident/1", &[("opened", json!({ "title": "Datenbank träge", "severity": "P1", "ratio": 0.1 }))]),
        ("run/daily-morning.2026-11-23", &[("run_started", json!({})), ("noted", json!({ "text": "" }))]),
    ];
    for (minute, (stream, events)) in (0..).zip(stories) {
        let events: Vec<NewEvent> =
            events.iter().map(|(kind, body)| NewEvent { kind: (*kind).into(), body: body.clone() }).collect();
        journal.append(stream, 0, &context(noon() + TimeDelta::minutes(minute)), &events).unwrap();
    }
    let record = record(&journal.read_all("").unwrap(), &journal.verify().unwrap());
    drop(journal);
    fs::copy(dir.path().join("journal.db"), Path::new(&to).join("v1.db")).unwrap();
    fs::write(Path::new(&to).join("v1.json"), format!("{record:#}\n")).unwrap();
}
