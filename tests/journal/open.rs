//! Streams that have not ended are found whatever they hold, with the index and without it.

use std::fs;
use std::path::Path;

use opsctl::journal::{Event, Journal, NewEvent, SqliteJournal};
use serde_json::json;
use tempfile::TempDir;

use crate::{context, noon};

const ENDS: [&str; 2] = ["resolved", "closed"];
const REOPENS: [&str; 1] = ["reopened"];

fn tell(journal: &SqliteJournal, stream: &str, kinds: &[&str]) {
    let seen = journal.read(stream, 0).unwrap().len() as u64;
    let events: Vec<NewEvent> = kinds.iter().map(|kind| NewEvent { kind: (*kind).into(), body: json!({}) }).collect();
    journal.append(stream, seen, &context(noon()), &events).unwrap();
}

fn names(events: &[Event]) -> Vec<&str> {
    let mut names: Vec<&str> = events.iter().map(|event| event.stream.as_str()).collect();
    names.dedup();
    names
}

/// The same by reading everything, as slow and plain as can be.
fn by_reading(journal: &SqliteJournal, prefix: &str, ends: &[&str], reopens: &[&str]) -> Vec<Event> {
    let streams = journal.streams(prefix).unwrap();
    let all = streams.iter().map(|stream| journal.read(stream, 0).unwrap());
    let is_open = |events: &Vec<Event>| {
        let counts = |event: &&Event| ends.contains(&&*event.kind) || reopens.contains(&&*event.kind);
        events.iter().rfind(counts).is_none_or(|last| !ends.contains(&&*last.kind))
    };
    all.filter(is_open).flatten().collect()
}

#[test]
fn what_ended_is_left_out_and_what_was_reopened_is_not() {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    tell(&journal, "incident/b", &["declared", "resolved", "note_added"]);
    tell(&journal, "incident/a", &["declared", "note_added"]);
    tell(&journal, "incident/c", &["declared", "resolved", "reopened", "note_added"]);
    tell(&journal, "incident/d", &["declared", "resolved", "reopened", "resolved", "closed"]);
    tell(&journal, "incidental/e", &["declared"]);
    tell(&journal, "run/a", &["run_started"]);
    tell(&journal, "incident/a", &["acknowledged"]);
    let open = journal.read_open("incident/", &ENDS, &REOPENS).unwrap();
    assert_eq!(names(&open), ["incident/a", "incident/c"]);
    assert_eq!(open, by_reading(&journal, "incident/", &ENDS, &REOPENS));
    let kinds: Vec<&str> = open.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["declared", "note_added", "acknowledged", "declared", "resolved", "reopened", "note_added"],
        "every event of them, in order"
    );
    assert_eq!(names(&journal.read_open("incident/", &["closed"], &[]).unwrap()).len(), 3);
    assert_eq!(journal.read_open("", &[], &[]).unwrap(), journal.read_all("").unwrap());
    assert_eq!(journal.read_open("nothing/", &ENDS, &REOPENS).unwrap(), []);
}

#[test]
fn every_choice_of_kinds_finds_what_reading_everything_finds() {
    const KINDS: [&str; 5] = ["declared", "resolved", "reopened", "closed", "odd"];
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let mut chance = 7_usize;
    for stream in 0..60 {
        let kinds: Vec<&str> = (0..=stream % 6)
            .map(|_| {
                chance = (chance * 48_271 + 11) % 65_537;
                KINDS[chance % KINDS.len()]
            })
            .collect();
        tell(&journal, &format!("incident/{stream}"), &kinds);
    }
    for (ends, reopens) in [
        (&["resolved", "closed"][..], &["reopened"][..]),
        (&["resolved"], &[]),
        (&["resolved", "odd"], &["reopened"]),
        (&[], &["odd"]),
    ] {
        let expected = by_reading(&journal, "incident/", ends, reopens);
        assert_eq!(journal.read_open("incident/", ends, reopens).unwrap(), expected, "{ends:?} {reopens:?}");
    }
}

#[test]
fn a_journal_without_the_index_answers_the_same() {
    for (name, expected) in [("v1-walks.db", &["run/daily.2026-11-20"][..]), ("v2.db", &["run/db-connection.1"])] {
        let dir = TempDir::new().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals").join(name);
        fs::copy(fixture, dir.path().join("journal.db")).unwrap();
        let older = SqliteJournal::open_read(dir.path()).unwrap().unwrap();
        let ask = |journal: &SqliteJournal| journal.read_open("run/d", &["run_finished", "run_aborted"], &[]).unwrap();
        let before = ask(&older);
        assert!(expected.iter().all(|stream| names(&before).contains(stream)), "{name}: {:?}", names(&before));
        assert_eq!(ask(&SqliteJournal::open(dir.path()).unwrap()), before);
    }
}
