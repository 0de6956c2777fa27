//! A journal that was made before there were samples.

use std::fs;
use std::path::Path;

use opsctl::journal::{Journal, SqliteJournal};
use opsctl::monitor::State;
use opsctl::sample::Samples;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::sample;

fn released() -> TempDir {
    let dir = TempDir::new().unwrap();
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals/v1.db");
    fs::copy(stored, dir.path().join("journal.db")).unwrap();
    dir
}

fn format(dir: &TempDir) -> u32 {
    let db = Connection::open(dir.path().join("journal.db")).unwrap();
    db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test]
fn a_reader_finds_no_samples_in_it_and_leaves_it_alone() {
    let dir = released();
    let before = fs::read(dir.path().join("journal.db")).unwrap();
    assert!(Samples::open_read(dir.path()).unwrap().is_none());
    assert_eq!(fs::read(dir.path().join("journal.db")).unwrap(), before);
}

#[test]
fn a_writer_gives_it_the_tables_and_takes_nothing_away() {
    let dir = released();
    let verify = || SqliteJournal::open_read(dir.path()).unwrap().unwrap().verify().unwrap();
    let before = verify();
    assert_eq!(format(&dir), 1);
    let samples = Samples::open(dir.path()).unwrap();
    samples.append(&[sample("api", 0, State::Up)]).unwrap();
    let fresh = TempDir::new().unwrap();
    SqliteJournal::open(fresh.path()).unwrap();
    assert_eq!(format(&dir), format(&fresh), "it has the newest format now");
    assert_eq!(verify(), before);
    assert_eq!(before.findings, []);
    assert_eq!(samples.latest().unwrap().len(), 1);
}
