//! A journal goes to another place whole, as it was written, or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::TimeDelta;
use opsctl::ground::sha256;
use opsctl::journal::{
    BadParcel, EmptyJournal, Event, Exported, Imported, Journal, JournalError, NewEvent, Parcel, Selection,
    SqliteJournal, TransferError,
};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{context, noon, note, noted};

/// A directory and the journal in it.
struct Place {
    dir: TempDir,
    journal: SqliteJournal,
}

impl Place {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        Self { dir, journal }
    }

    /// Three streams that were written by turns, of all that is odd in text and numbers, and two blobs.
    fn sample() -> Self {
        let place = Self::new();
        let journal = &place.journal;
        let blob = journal.put_blob(b"what the command printed\n\xff\x00").unwrap();
        journal.put_blob(b"what nobody mentions").unwrap();
        note(journal, "run/b", 0, "ü\u{0}\n\"quoted\" \u{1f600} \u{2028} <>").unwrap();
        note(journal, "run/a", 0, "one").unwrap();
        let odd =
            json!({ "ratio": 0.1, "tiny": 5e-324, "big": u64::MAX, "least": i64::MIN, "list": [{}, [], null, ""] });
        let later = context(noon() + TimeDelta::hours(1));
        let events = [NewEvent { kind: "odd".into(), body: odd }, NewEvent { kind: "bare".into(), body: Value::Null }];
        journal.append("incident/INC-1", 0, &later, &events).unwrap();
        note(journal, "run/b", 1, "two").unwrap();
        let proof = NewEvent { kind: "proved".into(), body: json!({ "seen": [{ "blob": blob }] }) };
        journal.append("run/a", 1, &later, &[noted("two"), proof]).unwrap();
        place
    }

    fn export(&self, which: Selection<'_>) -> (String, Exported) {
        let mut out = Vec::new();
        let exported = self.journal.export(which, noon(), &mut out).unwrap();
        (String::from_utf8(out).unwrap(), exported)
    }

    fn lines(&self) -> String {
        self.export(Selection::All).0
    }

    fn import(&self, lines: &str) -> Result<Imported, TransferError> {
        self.journal.import(&parcel(lines).unwrap())
    }

    fn all(&self) -> Vec<Event> {
        let mut events = self.journal.read_all("").unwrap();
        events.sort_by_key(|event| event.seq);
        events
    }

    /// The stored texts of bodies.
    fn bodies(&self) -> Vec<String> {
        let db = Connection::open(self.dir.path().join("journal.db")).unwrap();
        let mut bodies = db.prepare("SELECT body FROM events ORDER BY seq").unwrap();
        bodies.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[track_caller]
    fn is_whole(&self) {
        assert_eq!(self.journal.verify().unwrap().findings, []);
    }

    /// Runs SQL on the file with the guards out of the way.
    fn tamper(&self, sql: &str) {
        let db = Connection::open(self.dir.path().join("journal.db")).unwrap();
        db.execute_batch(
            "DROP TRIGGER events_keep_update; DROP TRIGGER blobs_keep_update; DROP TRIGGER blobs_keep_delete",
        )
        .unwrap();
        db.execute_batch(sql).unwrap();
    }
}

fn parcel(lines: &str) -> Result<Parcel, BadParcel> {
    Parcel::read(&mut lines.as_bytes())
}

/// Lines with a last line that fits them: what somebody makes who wants them to be taken.
fn sealed(lines: &[&str]) -> String {
    let before: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    format!("{before}{{\"lines\":{},\"sha256\":\"{}\"}}\n", lines.len(), sha256(before.as_bytes()))
}

#[test]
fn a_whole_journal_arrives_as_it_was() {
    let from = Place::sample();
    let (lines, exported) = from.export(Selection::All);
    assert_eq!((exported.events, exported.streams, exported.blobs), (7, 3, 2));
    let to = Place::new();
    let imported = to.import(&lines).unwrap();
    let all = Imported { events: 7, streams: 3, blobs: 2, new_events: 7, new_streams: 3, new_blobs: 2 };
    assert_eq!(imported, all);
    assert_eq!(to.all(), from.all());
    assert_eq!(to.bodies(), from.bodies());
    assert_eq!(to.journal.verify().unwrap(), from.journal.verify().unwrap());
    assert_eq!(to.lines(), lines, "exported again it is the same to the byte");
    note(&to.journal, "run/b", 2, "and on it goes").unwrap();
    to.is_whole();
}

#[test]
fn lines_are_what_the_documents_say() {
    let from = Place::sample();
    let (text, exported) = from.export(Selection::All);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 2 + 7 + 1);
    assert_eq!(
        lines[0],
        r#"{"opsctl_journal":1,"exported_at":"2026-11-23T12:00:00.123Z","stream":null,"events":7,"blobs":2}"#
    );
    let events: Vec<String> = from.all().iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    assert_eq!(lines[3..10], events, "each is as `journal show -o json` prints it");
    let end = &text[..text.rfind("{\"lines\"").unwrap()];
    assert_eq!(lines[10], format!(r#"{{"lines":10,"sha256":"{}"}}"#, sha256(end.as_bytes())));
    assert_eq!(exported.sha256, sha256(end.as_bytes()));
}

/// A body that no serialiser of ours would write: its hash holds for these bytes only.
#[test]
fn a_body_keeps_its_bytes_whatever_reading_it_would_make_of_them() {
    let from = Place::new();
    let odd = r#"{ "n":1.0e2,"long":0.1000000000000000055511151231257827,"u":"\u00fc\/","n":2 }"#;
    let hash = |previous: &str| {
        let fields = [previous, "run/a", "1", "2026-11-23T12:00:00.123Z", "ana", "box", "noted", "1", odd];
        let texts: Vec<String> = fields.iter().map(|field| format!("{}:{field}\n", field.len())).collect();
        sha256(texts.concat().as_bytes())
    };
    let db = Connection::open(from.dir.path().join("journal.db")).unwrap();
    db.execute(
        "INSERT INTO events (stream, version, at, actor, host, kind, schema, body, hash)
         VALUES ('run/a', 1, '2026-11-23T12:00:00.123Z', 'ana', 'box', 'noted', 1, ?1, ?2)",
        [odd, &hash(&"0".repeat(64))],
    )
    .unwrap();
    from.is_whole();
    let to = Place::new();
    to.import(&from.lines()).unwrap();
    assert_eq!(to.bodies(), [odd]);
    to.is_whole();
}

#[test]
fn a_chosen_part_arrives_with_the_blobs_it_mentions() {
    let from = Place::sample();
    let (lines, exported) = from.export(Selection::said(Some("run/a")));
    assert_eq!((exported.events, exported.streams, exported.blobs), (3, 1, 1));
    assert!(lines.starts_with(r#"{"opsctl_journal":1,"exported_at":"2026-11-23T12:00:00.123Z","stream":"run/a","#));
    let to = Place::new();
    to.import(&lines).unwrap();
    assert_eq!(to.all().iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3], "without gaps");
    to.is_whole();
    let (rest, exported) = from.export(Selection::said(Some("incident/")));
    assert_eq!((exported.events, exported.streams, exported.blobs), (2, 1, 0));
    to.import(&rest).unwrap();
    let imported = to.import(&from.lines()).unwrap();
    assert_eq!((imported.new_events, imported.new_streams, imported.new_blobs), (2, 1, 1));
    to.is_whole();
    let of = |place: &Place| {
        let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
        place.all().into_iter().for_each(|event| streams.entry(event.stream).or_default().push(event.hash));
        streams
    };
    assert_eq!(of(&to), of(&from));
    assert_eq!(from.export(Selection::Stream("run/")).1.events, 0);
}

#[test]
fn what_is_there_is_not_doubled_and_what_is_new_is_added() {
    let from = Place::sample();
    let (to, first) = (Place::new(), from.lines());
    to.import(&first).unwrap();
    let again = to.import(&first).unwrap();
    assert_eq!((again.new_events, again.new_streams, again.new_blobs), (0, 0, 0));
    note(&from.journal, "run/b", 2, "three").unwrap();
    note(&from.journal, "run/c", 0, "one").unwrap();
    let more = to.import(&from.lines()).unwrap();
    assert_eq!((more.events, more.new_events, more.new_streams), (9, 2, 1));
    assert_eq!(to.all(), from.all());
    // What was exported before brings nothing, whatever happened here since.
    note(&to.journal, "run/b", 3, "four").unwrap();
    assert_eq!(to.import(&first).unwrap().new_events, 0);
    to.is_whole();
}

#[test]
fn streams_that_went_on_apart_are_refused_and_nothing_is_written() {
    let (from, to) = (Place::sample(), Place::new());
    to.import(&from.lines()).unwrap();
    note(&from.journal, "run/c", 0, "new").unwrap();
    note(&from.journal, "run/b", 2, "there").unwrap();
    note(&to.journal, "run/b", 2, "here").unwrap();
    from.journal.put_blob(b"new").unwrap();
    let before = (to.all(), to.journal.verify().unwrap());
    let error = to.import(&from.lines()).unwrap_err();
    assert!(matches!(&error, TransferError::Diverged { stream, version: 3, .. } if stream == "run/b"), "{error}");
    assert_eq!((to.all(), to.journal.verify().unwrap()), before);
}

#[test]
fn an_event_that_was_changed_here_is_no_event_of_the_file() {
    let (from, to) = (Place::sample(), Place::new());
    to.import(&from.lines()).unwrap();
    to.tamper("UPDATE events SET actor = 'eve' WHERE stream = 'run/a' AND version = 2");
    let error = to.import(&from.lines()).unwrap_err().to_string();
    assert!(error.starts_with("run/a is another one here: version 2 is noted by eve"), "{error}");
}

#[track_caller]
fn refused(lines: &str, line: u64, what: &str) {
    match parcel(lines) {
        Err(BadParcel::Line { line: at, problem }) => {
            assert!(at == line && problem.contains(what), "line {at}: {problem}, expected line {line}: {what}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn whatever_is_changed_in_a_file_is_found_and_its_line_named() {
    let whole = Place::sample().lines();
    let lines: Vec<&str> = whole.lines().collect();
    let body = &lines[..lines.len() - 1];
    let change = |line: usize, from: &str, to: &str| {
        let changed = lines[line - 1].replace(from, to);
        assert_ne!(changed, lines[line - 1]);
        let mut all = body.to_vec();
        all[line - 1] = &changed;
        sealed(&all)
    };
    refused(&change(5, "one", "eno"), 5, "run/a version 1: the hash does not fit");
    refused(&change(5, "ana", "eve"), 5, "the hash does not fit");
    refused(&change(6, ":0.1,", ":0.10,"), 6, "the hash does not fit");
    refused(&change(5, "123Z", "123+00:00"), 5, "is not a time as opsctl writes it");
    refused(&change(5, r#""host""#, r#""hots""#), 5, "unknown field `hots`");
    refused(&change(5, r#""seq":2"#, r#""seq":1"#), 5, "seq 1 stands after 1");
    refused(&change(4, r#""version":1"#, r#""version":2"#), 4, "version 1 should stand here");
    refused(&change(2, r#""base64":""#, r#""base64":"A"#), 2, "the blob ");
    refused(&change(2, r#""blob":""#, r#""blob":"0"#), 2, "the blob ");
    refused(&change(1, r#""events":7"#, r#""events":8"#), 11, "where line 1 says 8 and 2");
    let without = |line: usize| sealed(&[&body[..line - 1], &body[line..]].concat());
    refused(&without(5), 8, "run/a version 2: version 1 should stand here");
    refused(&without(10), 10, "there are 6 events");
    refused(&without(2), 10, "1 blobs");
    let twice = |line: usize| sealed(&[&body[..line], &body[line - 1..]].concat());
    refused(&twice(5), 6, "lines are doubled");
    refused(&twice(2), 3, "stands there twice");
    let mut swapped = body.to_vec();
    swapped.swap(6, 7);
    refused(&sealed(&swapped), 8, "lines are doubled or moved");
    refused(&sealed(&[body, &["{}"]].concat()), 11, "neither an event nor a blob");
    refused(&format!("{whole}{}\n", lines[4]), 12, "it stands after the last line");
    refused(&whole.replacen(".123Z", ".124Z", 1), 11, "the SHA-256");
    refused(&whole.replace("\"lines\":10", "\"lines\":9"), 11, "10 lines stand before it, where it says 9");
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused() {
    let whole = Place::sample().lines();
    for end in 0..whole.len() - 1 {
        let Some(part) = whole.get(..end) else { continue };
        match parcel(part) {
            Err(BadParcel::Cut { line }) => assert_eq!(line, part.matches('\n').count() as u64 + 1),
            Err(BadParcel::Foreign { .. }) => assert!(end < whole.find('\n').unwrap()),
            other => panic!("cut at {end}: {other:?}"),
        }
    }
    // The last line's end carries nothing.
    assert!(parcel(whole.trim_end()).is_ok());
}

#[test]
fn no_changed_byte_gets_through() {
    let whole = Place::sample().lines();
    for at in 0..whole.len() - 1 {
        let mut bytes = whole.clone().into_bytes();
        bytes[at] ^= 1;
        assert!(Parcel::read(&mut &bytes[..]).is_err(), "byte {at}");
    }
}

#[test]
fn what_is_no_export_is_told_from_one_that_is_newer() {
    for other in ["", "\n", "{}\n", "# notes\n", "SQLite format 3\0", "[1]\n", "{\"opsctl_journal\":\"1\"}\n"] {
        assert!(matches!(parcel(other), Err(BadParcel::Foreign { .. })), "{other}");
    }
    let newer = "{\"opsctl_journal\":2,\"more\":[]}\n";
    assert!(matches!(parcel(newer), Err(BadParcel::Newer { format: 2 })));
    refused("{\"opsctl_journal\":1}\n", 1, "missing field `exported_at`");
}

#[test]
fn blobs_must_be_in_the_file_or_here() {
    let from = Place::sample();
    let (whole, _) = from.export(Selection::Stream("run/a"));
    let lines: Vec<&str> = whole.lines().collect();
    let header = lines[0].replace("\"blobs\":1", "\"blobs\":0");
    let without = sealed(&[&[header.as_str()], &lines[2..5]].concat());
    let to = Place::new();
    let error = to.import(&without).unwrap_err();
    assert!(matches!(&error, TransferError::BlobMissing { stream, version: 3, .. } if stream == "run/a"), "{error}");
    assert_eq!(to.all(), []);
    to.journal.put_blob(b"what the command printed\n\xff\x00").unwrap();
    to.import(&without).unwrap();
    to.is_whole();
}

#[test]
fn a_journal_that_was_changed_is_not_exported() {
    for (sql, what) in [
        ("UPDATE events SET actor = 'eve' WHERE seq = 3", "incident/INC-1 version 1: the hash does not fit"),
        ("UPDATE blobs SET bytes = x'00'", "its bytes have another hash"),
        ("DELETE FROM blobs", "version 3 mentions is missing"),
        ("UPDATE events SET version = 9 WHERE seq = 6", "run/a version 9: version 2 should stand here"),
    ] {
        let place = Place::sample();
        place.tamper(sql);
        let error = place.journal.export(Selection::All, noon(), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        // What is whole still gets out.
        place.journal.export(Selection::Stream("run/b"), noon(), &mut Vec::new()).unwrap();
    }
    let place = Place::sample();
    place.tamper("UPDATE events SET body = x'ff' WHERE seq = 3");
    let error = place.journal.export(Selection::All, noon(), &mut Vec::new()).unwrap_err();
    assert!(
        matches!(&error, TransferError::Journal(JournalError::Unavailable { hint, .. }) if hint.contains("verify"))
    );
}

#[test]
fn journals_of_every_format_are_exported_as_they_were() {
    for name in ["v1.db", "v1-walks.db", "v2.db", "v3.db"] {
        let dir = TempDir::new().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals").join(name);
        fs::copy(fixture, dir.path().join("journal.db")).unwrap();
        let older = SqliteJournal::open_read(dir.path()).unwrap().unwrap();
        let mut lines = Vec::new();
        older.export(Selection::All, noon(), &mut lines).unwrap();
        let to = Place::new();
        to.journal.import(&Parcel::read(&mut &lines[..]).unwrap()).unwrap();
        assert_eq!(to.journal.verify().unwrap(), older.verify().unwrap(), "{name}");
        assert_eq!(to.journal.read_all("").unwrap(), older.read_all("").unwrap(), "{name}");
    }
}

/// An export of the first format of exports, kept for ever.
#[test]
fn an_export_of_format_1_is_taken_in() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals/export-1.jsonl");
    let to = Place::new();
    let imported = to.journal.import(&Parcel::read(&mut &fs::read(kept).unwrap()[..]).unwrap()).unwrap();
    assert_eq!((imported.new_events, imported.new_streams), (45, 4));
    let head = "ecd9adba10bfb6bcc2f7588d5ef3e472280c5943caaaf8b974737d72a7c51525";
    assert_eq!(to.journal.verify().unwrap().head, head, "as the journal it came from");
}

#[test]
fn nothing_is_exported_too_and_an_empty_journal_takes_nothing() {
    let mut lines = Vec::new();
    let exported = EmptyJournal.export(Selection::All, noon(), &mut lines).unwrap();
    assert_eq!((exported.events, exported.blobs), (0, 0));
    let nothing = Parcel::read(&mut &lines[..]).unwrap();
    assert_eq!(Place::new().journal.import(&nothing).unwrap(), Imported::default());
    assert!(matches!(EmptyJournal.import(&nothing), Err(TransferError::Journal(JournalError::Unavailable { .. }))));
}

#[test]
fn a_full_disk_while_exporting_is_a_failure_of_what_is_written_to() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let place = Place::sample();
    let error = place.journal.export(Selection::All, noon(), &mut Full(500)).unwrap_err();
    assert!(matches!(error, TransferError::Write(_)), "{error}");
    place.journal.export(Selection::All, noon(), &mut Full(50_000)).unwrap();
}
