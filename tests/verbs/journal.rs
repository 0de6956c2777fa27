//! `opsctl journal`.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::common::World;

/// A world in which a runbook was walked once.
fn walked() -> World {
    let world = World::new();
    world.runbook("a", "steps:\n  - id: look\n    title: Look\n");
    walk(&world);
    world
}

fn walk(world: &World) {
    let answers = world.answers("steps: {look: done}");
    world.run(&["runbook", "run", "a", "--answers", &answers]).exits(0);
}

fn events(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Edits an event behind the journal's back.
fn tamper(world: &World) {
    let db = Connection::open(world.state().join("journal.db")).unwrap();
    let guards: Vec<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for guard in guards {
        db.execute_batch(&format!("DROP TRIGGER {guard}")).unwrap();
    }
    db.execute("UPDATE events SET actor = 'mallory' WHERE seq = 2", []).unwrap();
}

#[test]
fn a_journal_as_it_was_written_is_said_to_be_so() {
    let world = walked();
    let outcome = world.run(&["journal", "verify"]).exits(0).says(&["as it was written"]);
    assert!(outcome.stdout.contains("in 1 stream"), "{outcome}");
    let json = world.json(&["journal", "verify"]);
    assert_eq!(json["streams"], 1);
    assert_eq!(json["findings"], json!([]));
    let head = json["head"].as_str().unwrap();
    assert_eq!(head.len(), 64);
    assert!(outcome.stdout.contains(&format!("head {head}")), "{outcome}");
}

#[test]
fn an_edit_is_found_and_named() {
    let world = walked();
    tamper(&world);
    let outcome = world.run(&["journal", "verify"]).exits(1).says(&["not as it was written", "finding"]);
    assert!(outcome.stdout.contains("run/a.1 version 2: "), "{outcome}");
    let outcome = world.run(&["-o", "json", "journal", "verify"]).exits(1);
    let findings = outcome.json()["findings"].clone();
    assert!(
        findings.as_array().unwrap().iter().any(|found| found["stream"] == "run/a.1" && found["version"] == 2),
        "{findings}"
    );
}

#[test]
fn what_is_no_journal_is_a_failure_of_the_surroundings() {
    let world = World::new();
    world.write(
        ".opsctl/journal.db",
        "this is no database, and it is longer than a hundred bytes, so that nobody takes it for an empty one",
    );
    world.run(&["journal", "verify"]).exits(5).says(&["journal.db"]);
}

#[test]
fn before_the_first_event_there_is_nothing_to_verify_and_nothing_is_made() {
    let world = World::new();
    world.run(&["journal", "verify"]).exits(0).says(&["no journal yet"]);
    assert_eq!(world.json(&["journal", "verify"])["events"], 0);
    assert_eq!(world.run(&["-o", "json", "journal", "show"]).exits(0).stdout, "");
    assert!(!world.state().exists());
}

#[test]
fn events_are_shown_as_they_are_stored() {
    let world = walked();
    let text = world.run(&["journal", "show"]).exits(0).stdout;
    assert!(text.contains("run/a.1 1  run_started  alice on "), "{text}");
    let all = events(&world.run(&["-o", "json", "journal", "show"]).exits(0).stdout);
    assert_eq!(all[0]["kind"], "run_started");
    let seqs: Vec<u64> = all.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=all.len() as u64).collect::<Vec<_>>());
    let hash = all[0]["hash"].as_str().unwrap();
    assert!(!text.contains(hash));
    assert!(world.run(&["-v", "journal", "show"]).exits(0).stdout.contains(hash));
}

#[test]
fn one_stream_or_the_newest_events_can_be_asked_for() {
    let world = walked();
    walk(&world);
    let of = |args: &[&str]| events(&world.run(&[&["-o", "json", "journal", "show"], args].concat()).exits(0).stdout);
    let all = of(&[]);
    let second = of(&["--stream", "run/a.2"]);
    assert!(!second.is_empty() && second.iter().all(|event| event["stream"] == "run/a.2"));
    assert_eq!(of(&["--stream", "run/"]), all);
    assert_eq!(of(&["--limit", "2"]), all[all.len() - 2..]);
    world.run(&["journal", "show", "--limit", "1"]).exits(0).says(&["not shown"]);
    world.run(&["journal", "show", "--stream", "run/b.1"]).exits(2).says(&["no stream `run/b.1`", "did you mean"]);
    world.run(&["journal", "show", "--limit", "many"]).exits(2);
}

#[test]
fn its_place_is_told() {
    let world = World::new();
    let path = world.state().join("journal.db").display().to_string();
    assert_eq!(world.run(&["journal", "path"]).exits(0).stdout, format!("{path}\n"));
    assert_eq!(world.json(&["journal", "path"]), json!({ "path": path }));
}
