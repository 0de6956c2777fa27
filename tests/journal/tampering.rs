//! Whoever edits the file behind the journal's back is found out.

use opsctl::journal::{Finding, Journal, NewEvent, SqliteJournal, Verification};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::{context, noon, note, noted};

/// Three streams; numbers 1 to 3 are `run/a`, 4 to 6 `run/b`, 7 to 9 `incident/c`, whose last mentions a blob.
fn sample() -> TempDir {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let blob = journal.put_blob(b"what the command printed").unwrap();
    for stream in ["run/a", "run/b"] {
        journal.append(stream, 0, &context(noon()), &[noted("one"), noted("two"), noted("three")]).unwrap();
    }
    let proof = NewEvent { kind: "proved".into(), body: json!({ "seen": [{ "blob": blob }] }) };
    journal.append("incident/c", 0, &context(noon()), &[noted("one"), noted("two"), proof]).unwrap();
    dir
}

/// Runs SQL on the file with the guards out of the way, and puts them back.
fn tamper(dir: &TempDir, sql: &str) -> Verification {
    let db = Connection::open(dir.path().join("journal.db")).unwrap();
    let guards: Vec<(String, String)> = db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(!guards.is_empty());
    for (name, _) in &guards {
        db.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    db.execute_batch(sql).unwrap();
    for (_, guard) in &guards {
        db.execute_batch(guard).unwrap();
    }
    drop(db);
    verify(dir)
}

fn verify(dir: &TempDir) -> Verification {
    SqliteJournal::open_read(dir.path()).unwrap().unwrap().verify().unwrap()
}

/// The findings after an edit, as `stream version: problem`.
fn findings(sql: &str) -> Vec<String> {
    tamper(&sample(), sql).findings.iter().map(line).collect()
}

fn line(finding: &Finding) -> String {
    let stream = finding.stream.as_deref().unwrap_or("journal");
    let version = finding.version.map(|version| format!(" {version}")).unwrap_or_default();
    format!("{stream}{version}: {}", finding.problem)
}

#[track_caller]
fn assert_found(sql: &str, expected: &[&str]) {
    let found = findings(sql);
    let matches = found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected));
    assert!(matches, "{sql}\nfound {found:#?}\nexpected {expected:#?}");
}

#[test]
fn nothing_is_found_where_nothing_was_done() {
    assert_found("SELECT 1", &[]);
    let whole = verify(&sample());
    assert_eq!((whole.events, whole.streams, whole.blobs), (9, 3, 1));
}

#[test]
fn an_edited_field_is_found() {
    let changed = ["run/a 2: the hash does not fit"];
    for edit in [
        r#"body = '{"text":"2"}'"#,
        r#"body = '{"text": "two"}'"#,
        "actor = 'eve'",
        "host = 'elsewhere'",
        "kind = 'agreed'",
        "schema = 2",
    ] {
        assert_found(&format!("UPDATE events SET {edit} WHERE seq = 2"), &changed);
    }
    for edit in ["hash = upper(hash)", "at = '2027-11-23T12:00:00.123Z'", "version = version + 1"] {
        let found = findings(&format!("UPDATE events SET {edit} WHERE seq = 3"));
        assert!(found.len() == 1 && found[0].starts_with("run/a "), "{edit}: {found:#?}");
    }
    assert_found(
        "UPDATE events SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 2",
        &["run/a 2: the hash does not fit", "run/a 2: its time 2020-01-01T00:00:00.000Z is before"],
    );
    assert_found(
        "UPDATE events SET body = x'ff' WHERE seq = 2",
        &["run/a 2: the event after version 1 cannot be read"],
    );
    assert_found(
        "UPDATE events SET body = 'no' WHERE seq = 2",
        &["run/a 2: the hash does not fit", "run/a 2: its body is not JSON"],
    );
}

#[test]
fn an_edit_with_its_own_hash_made_anew_breaks_the_chain_after_it() {
    let hash = "a".repeat(64);
    assert_found(
        &format!("UPDATE events SET hash = '{hash}' WHERE seq = 2"),
        &["run/a 2: the hash does not fit", "run/a 3: the hash does not fit"],
    );
}

#[test]
fn deleted_events_are_found() {
    let gone = |which: &str| format!("journal: events are missing from the journal: {which} gone");
    let missing = |version: u64| format!("run/a {version}: version {} should stand here", version - 1);
    assert_found("DELETE FROM events WHERE seq = 2", &[&gone("number 2 is"), &missing(3)]);
    assert_found("DELETE FROM events WHERE seq = 1", &[&gone("number 1 is"), &missing(2)]);
    assert_found("DELETE FROM events WHERE seq IN (3, 9)", &[&gone("number 3 is"), &gone("number 9 is")]);
    assert_found("DELETE FROM events WHERE stream = 'run/b'", &[&gone("numbers 4 to 6 are")]);
    assert_found("DELETE FROM events WHERE stream = 'incident/c'", &[&gone("numbers 7 to 9 are")]);
    assert_found("DELETE FROM events", &[&gone("numbers 1 to 9 are")]);
}

#[test]
fn a_tail_cut_off_with_its_count_shows_in_the_head() {
    let dir = sample();
    let before = verify(&dir);
    let after = tamper(&dir, "DELETE FROM events WHERE seq = 9; UPDATE sqlite_sequence SET seq = 8");
    assert_eq!(after.findings, []);
    assert_ne!(after.head, before.head);
    assert_found("DELETE FROM sqlite_sequence", &["journal: the journal counts 0 events but holds number 9"]);
}

#[test]
fn swapped_events_are_found() {
    let swap = |column: &str, first: u64, second: u64| {
        format!(
            "CREATE TEMP TABLE pair AS SELECT seq, {column} AS other FROM events WHERE seq IN ({first}, {second});
             UPDATE events SET {column} = (SELECT other FROM pair WHERE pair.seq <> events.seq)
             WHERE seq IN ({first}, {second})"
        )
    };
    let unfit = |stream: &str, version: u64| format!("{stream} {version}: the hash does not fit");
    assert_found(&swap("body", 2, 3), &[&unfit("run/a", 2), &unfit("run/a", 3)]);
    assert_found(&swap("body", 2, 6), &[&unfit("run/a", 2), &unfit("run/b", 3)]);
    assert_found(
        "UPDATE events SET version = 99 WHERE seq = 2; UPDATE events SET version = 2 WHERE seq = 3;
         UPDATE events SET version = 3 WHERE seq = 2",
        &[&unfit("run/a", 2), &unfit("run/a", 3), "run/a 3: it stands at place 2 of the journal"],
    );
    assert_found(
        "UPDATE events SET seq = 99 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3;
         UPDATE events SET seq = 3 WHERE seq = 99",
        &["run/a 3: it stands at place 2 of the journal"],
    );
    assert_found(
        "UPDATE events SET stream = 'run/z' WHERE seq = 5",
        &["run/b 3: version 2 should stand here", "run/z 2: version 1 should stand here"],
    );
    assert_found(
        "UPDATE events SET stream = 'run/z' WHERE stream = 'run/b'",
        &[&unfit("run/z", 1), &unfit("run/z", 2), &unfit("run/z", 3)],
    );
}

#[test]
fn changed_and_missing_blobs_are_found() {
    assert_found("UPDATE blobs SET bytes = x'00'", &["journal: the blob "]);
    assert_found("DELETE FROM blobs", &["incident/c 3: the blob "]);
    let dir = sample();
    let hash: String = Connection::open(dir.path().join("journal.db"))
        .and_then(|db| db.query_row("SELECT hash FROM blobs", [], |row| row.get(0)))
        .unwrap();
    tamper(&dir, "UPDATE blobs SET bytes = x'00'");
    let error = SqliteJournal::open(dir.path()).unwrap().blob(&hash).unwrap_err();
    assert!(error.to_string().contains("is not what was stored"), "{error}");
}

#[test]
fn removed_guards_are_found() {
    let dir = sample();
    let db = Connection::open(dir.path().join("journal.db")).unwrap();
    db.execute_batch("DROP TRIGGER events_keep_update; DROP TRIGGER blobs_keep_delete").unwrap();
    let found: Vec<String> = verify(&dir).findings.iter().map(line).collect();
    assert_eq!(
        found,
        ["journal: the guard `events_keep_update` was removed", "journal: the guard `blobs_keep_delete` was removed"]
    );
}

#[test]
fn everything_wrong_is_found_in_one_go() {
    let found = findings(
        "UPDATE events SET actor = 'eve' WHERE seq = 1; DELETE FROM events WHERE seq = 5; DELETE FROM blobs;
         UPDATE events SET body = '{}' WHERE seq = 8",
    );
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[test]
fn a_verification_is_also_for_programs() {
    let dir = sample();
    note(&SqliteJournal::open(dir.path()).unwrap(), "run/a", 3, "four").unwrap();
    let found = serde_json::to_value(tamper(&dir, "UPDATE events SET actor = 'eve' WHERE seq = 1")).unwrap();
    assert_eq!(found["events"], 10);
    assert_eq!(found["findings"][0]["stream"], "run/a");
    assert_eq!(found["findings"][0]["version"], 1);
    assert_eq!(found["head"].as_str().unwrap().len(), 64);
}
