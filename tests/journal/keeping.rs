//! What was appended stays, in order, once.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use chrono::TimeDelta;
use opsctl::journal::{Journal, JournalError, SqliteJournal};
use tempfile::TempDir;

use crate::{context, noon, note, note_until_done, noted, texts};

#[test]
fn what_was_appended_is_read_again_elsewhere() {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let first = journal.append("run/b", 0, &context(noon()), &[noted("ü\u{0}\n"), noted("two")]).unwrap();
    let second = note(&journal, "run/a", 0, "other").unwrap();
    let third = note(&journal, "run/b", 2, "three").unwrap();
    let other = SqliteJournal::open_read(dir.path()).unwrap().unwrap();
    assert_eq!(other.read("run/b", 0).unwrap(), [first.clone(), third.clone()].concat());
    assert_eq!(other.read("run/b", 2).unwrap(), third);
    assert_eq!(other.read("run/b", u64::MAX).unwrap(), []);
    assert_eq!(other.streams("run/").unwrap(), ["run/b", "run/a"]);
    assert_eq!(other.streams("run/a").unwrap(), ["run/a"]);
    assert!(other.streams("incident/").unwrap().is_empty());
    assert_eq!(other.read_all("").unwrap(), [first, third, second].concat());
    assert_eq!(other.read_all("run/a").unwrap().len(), 1);
    assert_eq!(other.verify().unwrap().findings, []);
}

#[test]
fn a_writer_that_has_not_seen_the_last_version_loses_cleanly() {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    note(&journal, "run/a", 0, "one").unwrap();
    for seen in [0, 2] {
        match note(&journal, "run/a", seen, "late").unwrap_err() {
            JournalError::Conflict { stream, expected, actual } => {
                assert_eq!((stream.as_str(), expected, actual), ("run/a", seen, 1));
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(texts(&journal, "run/a"), ["one"]);
}

#[test]
fn time_never_runs_backwards_in_a_stream() {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let first = note(&journal, "run/a", 0, "one").unwrap();
    let back = context(noon() - TimeDelta::hours(1));
    let late = journal.append("run/a", 1, &back, &[noted("two"), noted("three")]).unwrap();
    assert!(late.iter().all(|event| event.at == first[0].at));
    let elsewhere = journal.append("run/b", 0, &back, &[noted("two")]).unwrap();
    assert!(elsewhere[0].at < late[0].at);
}

#[test]
fn blobs_are_found_by_their_hash() {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let hash = journal.put_blob(b"abc").unwrap();
    assert_eq!(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(journal.put_blob(b"abc").unwrap(), hash);
    assert_eq!(journal.blob(&hash).unwrap().as_deref(), Some(&b"abc"[..]));
    assert_eq!(journal.blob("0").unwrap(), None);
    assert_eq!(journal.verify().unwrap().blobs, 1);
}

#[test]
fn the_head_changes_with_every_event() {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let mut heads = vec![journal.verify().unwrap().head];
    for (stream, seen) in [("run/a", 0), ("run/b", 0), ("run/a", 1)] {
        note(&journal, stream, seen, "same").unwrap();
        let head = journal.verify().unwrap().head;
        assert!(!heads.contains(&head));
        heads.push(head);
    }
}

#[test]
fn eight_threads_lose_and_double_nothing() {
    let dir = TempDir::new().unwrap();
    let shared = Arc::new(SqliteJournal::open(dir.path()).unwrap());
    thread::scope(|scope| {
        for writer in 0..8 {
            let (dir, shared) = (dir.path(), Arc::clone(&shared));
            scope.spawn(move || {
                // Half of them share one connection, half have their own.
                let own = (writer % 2 == 0).then(|| SqliteJournal::open(dir).unwrap());
                let journal = own.as_ref().unwrap_or(&shared);
                for number in 0..20 {
                    let text = format!("{writer}.{number}");
                    note_until_done(journal, "run/one", &text);
                    note(journal, &format!("run/{writer}"), number, &text).unwrap();
                }
            });
        }
    });
    assert_all_there(&shared);
}

/// Eight writers with twenty notes each, in one stream together and in one of their own.
pub fn assert_all_there(journal: &SqliteJournal) {
    let together = texts(journal, "run/one");
    assert_eq!(together.len(), 160);
    for writer in 0..8 {
        let expected: Vec<String> = (0..20).map(|number| format!("{writer}.{number}")).collect();
        let own = |text: &&String| text.starts_with(&format!("{writer}."));
        assert_eq!(together.iter().filter(own).cloned().collect::<Vec<_>>(), expected);
        assert_eq!(texts(journal, &format!("run/{writer}")), expected);
    }
    let found = journal.verify().unwrap();
    assert_eq!((found.events, found.streams, found.findings), (320, 9, vec![]));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn only_its_owner_gets_at_a_journal() {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("state/opsctl");
    let journal = SqliteJournal::open(&dir).unwrap();
    note(&journal, "run/a", 0, "one").unwrap();
    assert_eq!(mode(&dir), 0o700);
    for file in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
    }
}

#[test]
fn access_that_others_had_is_taken_away() {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    note(&journal, "run/a", 0, "one").unwrap();
    let files = ["", "journal.db", "journal.db-wal", "journal.db-shm"].map(|file| dir.path().join(file));
    for path in &files {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let again = SqliteJournal::open(dir.path()).unwrap();
    assert_eq!(files.map(|path| mode(&path)), [0o700, 0o600, 0o600, 0o600]);
    assert_eq!(texts(&again, "run/a"), ["one"]);
}

#[test]
fn looking_for_a_journal_makes_nothing() {
    let dir = TempDir::new().unwrap();
    let wanted = dir.path().join("not/there");
    assert!(SqliteJournal::open_read(&wanted).unwrap().is_none());
    assert!(SqliteJournal::open_read(dir.path()).unwrap().is_none());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

    note(&SqliteJournal::open(dir.path()).unwrap(), "run/a", 0, "one").unwrap();
    let before = fs::read(dir.path().join("journal.db")).unwrap();
    let found = SqliteJournal::open_read(dir.path()).unwrap().unwrap();
    assert_eq!(texts(&found, "run/a"), ["one"]);
    drop(found);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(fs::read(dir.path().join("journal.db")).unwrap(), before);
}

#[test]
fn a_journal_that_was_only_just_begun_is_finished() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("journal.db"), "").unwrap(); // a crash between the file and its tables
    assert!(SqliteJournal::open_read(dir.path()).unwrap().is_none());
    note(&SqliteJournal::open(dir.path()).unwrap(), "run/a", 0, "one").unwrap();
}
