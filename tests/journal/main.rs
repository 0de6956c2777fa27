//! The journal as other code meets it: what it keeps, what it refuses, what a verification finds.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod damage;
mod fixture;
mod keeping;
mod open;
mod processes;
mod tampering;
mod transfer;

use opsctl::ground::{Actor, Time};
use opsctl::journal::{Context, Event, Journal, JournalError, NewEvent, SqliteJournal};
use serde_json::json;

fn noon() -> Time {
    "2026-11-23T12:00:00.123456Z".parse().unwrap()
}

fn context(at: Time) -> Context {
    Context { at, actor: Actor("ana".into()), host: "box".into() }
}

fn noted(text: &str) -> NewEvent {
    NewEvent { kind: "noted".into(), body: json!({ "text": text }) }
}

fn note(journal: &SqliteJournal, stream: &str, seen: u64, text: &str) -> Result<Vec<Event>, JournalError> {
    journal.append(stream, seen, &context(noon()), &[noted(text)])
}

/// Appends as the walk does: reread after a conflict, and try again.
fn note_until_done(journal: &SqliteJournal, stream: &str, text: &str) {
    loop {
        let seen = journal.read(stream, 0).unwrap().len() as u64;
        match note(journal, stream, seen, text) {
            Ok(_) => return,
            Err(JournalError::Conflict { expected, actual, .. }) => assert!(expected < actual),
            Err(error) => panic!("{error}"),
        }
    }
}

fn texts(journal: &SqliteJournal, stream: &str) -> Vec<String> {
    let events = journal.read(stream, 0).unwrap();
    events.iter().map(|event| event.body["text"].as_str().unwrap().to_owned()).collect()
}
