//! A file that is no journal any more, or never was.

use std::fs;
use std::path::Path;

use opsctl::error::{Error, Kind};
use opsctl::journal::{Journal, JournalError, SqliteJournal};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::note;

/// A journal at rest with some fifty pages.
fn sample() -> TempDir {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    for seen in 0..20 {
        for stream in ["run/a", "run/b", "run/c"] {
            note(&journal, stream, seen, &"long ".repeat(300)).unwrap();
        }
    }
    journal.put_blob(&[1; 5000]).unwrap();
    dir
}

fn assert_refused(dir: &Path, what: &str, way_out: &str) {
    let before = fs::read(dir.join("journal.db")).unwrap();
    let refusals = [SqliteJournal::open(dir).map(|_| ()), SqliteJournal::open_read(dir).map(|_| ())];
    for refusal in refusals {
        let error = Error::from(refusal.unwrap_err());
        assert_eq!(error.kind, Kind::Environment);
        assert!(error.message.contains(what) && error.message.contains("journal.db"), "{error}");
        assert!(error.hints[0].contains(way_out) && !error.causes[0].is_empty(), "{error:?}");
    }
    assert_eq!(fs::read(dir.join("journal.db")).unwrap(), before, "a refused file must stay as it is");
}

#[test]
fn another_kind_of_file_is_refused() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("journal.db"), "# notes\n".repeat(200)).unwrap();
    assert_refused(dir.path(), "is not a journal", "backup");
}

#[test]
fn another_programs_database_is_refused() {
    let dir = TempDir::new().unwrap();
    let db = Connection::open(dir.path().join("journal.db")).unwrap();
    db.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    drop(db);
    assert_refused(dir.path(), "is not a journal of opsctl", "another program");
}

#[test]
fn a_journal_of_a_newer_program_is_refused() {
    let dir = sample();
    let db = Connection::open(dir.path().join("journal.db")).unwrap();
    db.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(db);
    assert_refused(dir.path(), "was written by a newer opsctl", "newer");
}

#[test]
fn a_damaged_beginning_is_refused() {
    let dir = sample();
    let file = dir.path().join("journal.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[..16].fill(0xff);
    fs::write(&file, bytes).unwrap();
    assert_refused(dir.path(), "its beginning is damaged", "backup");
}

#[test]
fn a_directory_in_place_of_the_file_is_refused() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("journal.db")).unwrap();
    for refusal in [SqliteJournal::open(dir.path()).map(|_| ()), SqliteJournal::open_read(dir.path()).map(|_| ())] {
        assert!(
            matches!(refusal.unwrap_err(), JournalError::Unavailable { message, .. } if message.contains("journal.db"))
        );
    }
}

#[test]
fn a_file_in_place_of_the_directory_is_refused() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("state");
    fs::write(&file, "").unwrap();
    for place in [file.clone(), file.join("opsctl")] {
        let error = Error::from(SqliteJournal::open(&place).unwrap_err());
        assert!(error.message.contains("a file stands where a directory is needed"), "{error}");
        assert!(error.message.contains(place.to_str().unwrap()) && error.hints[0].contains("-C DIR"), "{error:?}");
    }
}

#[test]
fn a_damaged_page_costs_what_stood_on_it_and_no_more() {
    let dir = sample();
    let file = dir.path().join("journal.db");
    let mut bytes = fs::read(&file).unwrap();
    let text = bytes.windows(9).rposition(|window| window == b"long long").unwrap();
    let page = text / 4096 * 4096;
    bytes[page..page + 4096].fill(0xff);
    fs::write(&file, bytes).unwrap();

    let journal = SqliteJournal::open_read(dir.path()).unwrap().unwrap();
    let found = journal.verify().unwrap();
    assert!(found.findings.iter().any(|finding| finding.problem.contains("damaged")), "{:#?}", found.findings);
    assert!(found.events >= 20, "{found:#?}");
    let error = ["run/a", "run/b", "run/c"].iter().find_map(|stream| journal.read(stream, 0).err()).unwrap();
    assert!(
        matches!(&error, JournalError::Unavailable { message, hint, .. }
        if message.contains("is damaged") && hint.contains("journal verify")),
        "{error:?}"
    );
}

#[test]
fn a_cut_off_file_is_found() {
    let dir = sample();
    let file = dir.path().join("journal.db");
    let length = fs::metadata(&file).unwrap().len();
    fs::File::options().write(true).open(&file).unwrap().set_len(length - 8192).unwrap();
    match SqliteJournal::open_read(dir.path()) {
        Ok(journal) => assert_ne!(journal.unwrap().verify().unwrap().findings, []),
        Err(error) => assert!(error.to_string().contains("damaged"), "{error}"),
    }
}

/// Whatever single byte flips, the journal either still holds every event or says that it does not.
#[test]
fn no_flipped_byte_goes_unnoticed() {
    let dir = sample();
    let file = dir.path().join("journal.db");
    let whole = fs::read(&file).unwrap();
    let all = SqliteJournal::open_read(dir.path()).unwrap().unwrap().read_all("").unwrap();
    let (mut at, mut noticed) = (7, 0);
    for _ in 0..300 {
        at = (at * 48_271 + 11) % whole.len();
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&file, bytes).unwrap();
        let verified = SqliteJournal::open_read(dir.path()).and_then(|found| {
            let journal = found.expect("a journal stays one");
            journal.verify().map(|verification| (journal, verification))
        });
        match verified {
            Ok((journal, found)) if found.findings.is_empty() => {
                assert_eq!(journal.read_all("").unwrap(), all, "byte {at}");
            }
            Ok(_) | Err(JournalError::Unavailable { .. }) => noticed += 1,
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    assert!(noticed > 150, "{noticed}");
}
