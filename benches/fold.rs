//! Folding a long run: reading its events from the journal and applying them.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has failed")]

use std::path::Path;

use chrono::DateTime;
use opsctl::catalog::load::{Root, load};
use opsctl::catalog::model::ProcedureKind;
use opsctl::engine::Event;
use opsctl::engine::event::{Attempt, Output, Walker};
use opsctl::ground::{Actor, SystemClock};
use opsctl::journal::{Context, Journal, NewEvent, SqliteJournal};
use opsctl::ledger::{Ledger, NewRun};

mod measure;

use measure::{Row, median, report, time};

const EVENTS: usize = 10_000;

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let catalog = load(&Root::Directory(Path::new(env!("CARGO_MANIFEST_DIR")).to_owned())).catalog;
    let actor = Actor("alice".into());
    let ledger =
        Ledger { journal: &journal, catalog: &catalog, clock: &SystemClock, actor: actor.clone(), host: "host".into() };
    let walker = Walker { pid: 4711, host: "host".into() };
    let run = ledger
        .begin_run(
            NewRun {
                procedure: catalog.procedure(ProcedureKind::Runbook, "db-connection").unwrap().clone(),
                subject: None,
                period: None,
                incident: None,
                git: None,
                walker: walker.clone(),
            },
            &[],
        )
        .unwrap();
    let context = Context { at: DateTime::UNIX_EPOCH, actor, host: "host".into() };
    journal.append(&format!("run/{}", run.id), run.version, &context, &long_walk(&walker)).unwrap();
    let times = (0..30).map(|_| {
        let (took, state) = time(|| ledger.run(&run.id).unwrap());
        assert_eq!(state.version, EVENTS as u64);
        took
    });
    let times = times.collect();
    report(&[Row::new("folding a run of 10,000 events", median(times), 50.0, "ms")]);
}

/// What a step that is tried again and again, with a note and a tick each time, leaves behind.
fn long_walk(walker: &Walker) -> Vec<NewEvent> {
    let step = || "test-connection".to_owned();
    let round = |n: usize| {
        let text = "psql: error: connection to server on socket failed: No such file or directory\n".to_owned();
        let output = Output { bytes: text.len() as u64, text: Some(text), ..Output::default() };
        let attempt = Attempt { exit_code: Some(2), duration_ms: 12, output: Some(output), ..Attempt::default() };
        [
            Event::StepReopened { step: step(), reason: "tried again by the operator".into() },
            Event::StepStarted {
                step: step(),
                attempt: 1,
                command: Some("psql \"$DATABASE_URL\" -c \"SELECT 1\"".into()),
                walker: walker.clone(),
            },
            Event::StepFinished { step: step(), attempt },
            Event::NoteAdded { step: Some(step()), text: format!("attempt {n} was no better") },
            Event::TaskTicked { step: "check-database-status".into(), task: 0, done: n.is_multiple_of(2) },
        ]
    };
    let events = (0..).flat_map(round).take(EVENTS - 1);
    events.map(|event| opsctl::fact::to_parts(&event)).map(|(kind, body)| NewEvent { kind, body }).collect()
}
