//! A journal that this format's first program wrote must be read for ever: `tests/fixtures/journals/v1-walks.db` holds
//! an incident, a runbook with every common kind of step and a rollback, a checklist under way and an aborted run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on is to stop")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use common::{World, step};
use serde_json::{Value, json};

/// A world whose journal is the stored one; the definitions it was made with are not there any more.
fn world() -> World {
    let world = World::new();
    fs::create_dir_all(world.state()).unwrap();
    let journal = world.state().join("journal.db");
    let stored = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/journals/v1-walks.db");
    fs::copy(stored, &journal).unwrap();
    fs::set_permissions(world.state(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(journal, fs::Permissions::from_mode(0o600)).unwrap();
    world
}

#[test]
fn its_chains_hold() {
    let found = world().json(&["journal", "verify"]);
    assert_eq!((&found["events"], &found["streams"], &found["findings"]), (&json!(45), &json!(4), &json!([])));
    assert_eq!(found["head"], "ecd9adba10bfb6bcc2f7588d5ef3e472280c5943caaaf8b974737d72a7c51525");
}

#[test]
fn its_runs_are_told_as_they_went() {
    let world = world();
    let listed = world.json(&["run", "list"]);
    let line = |run: &Value| format!("{} {}", run["id"].as_str().unwrap(), run["status"].as_str().unwrap());
    let lines: Vec<String> = listed.as_array().unwrap().iter().map(line).collect();
    assert_eq!(lines, ["inner.1 aborted", "daily.2026-11-20 paused", "mend.1 finished"]);
    let run = world.json(&["run", "show", "mend.1"]);
    assert_eq!((run["outcome"].as_str(), run["incident"].as_str()), (Some("failed"), Some("INC-1")));
    let told = |id: &str| format!("{} {}", step(&run, id)["status"].as_str().unwrap(), step(&run, id)["attempts"]);
    let steps = ["look", "way", "go-left", "tell", "consent", "inner", "inner/check", "bad"];
    let told: Vec<String> = steps.into_iter().map(told).collect();
    assert_eq!(told, ["done 1", "done 0", "done 1", "done 0", "done 0", "done 0", "done 1", "failed 2"]);
    assert_eq!(step(&run, "look")["output"], "in eu\n");
    assert_eq!(step(&run, "go-left")["reason"], "undone");
    let long = step(&run, "long")["output"].as_str().unwrap().to_owned();
    assert!(long.lines().count() == 3000 && long.ends_with("3000\n"), "it lies in a blob");
}

#[test]
fn its_incident_is_told_with_its_timeline() {
    let world = world();
    let incident = world.json(&["incident", "show", "INC-1"]);
    assert_eq!((&incident["status"], &incident["runs"]), (&json!("resolved"), &json!(["mend.1"])));
    let timeline = world.json(&["incident", "timeline", "INC-1"]);
    let kinds: Vec<&str> = timeline.as_array().unwrap().iter().map(|line| line["kind"].as_str().unwrap()).collect();
    for kind in ["declared", "run_attached", "step_approved", "rollback_started", "acknowledged", "resolved"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
}

#[test]
fn a_run_under_way_goes_on_by_its_stored_definition() {
    let world = world();
    let answers = world.answers("steps: {heat: run}\n");
    let run = world.run(&["-o", "json", "run", "resume", "daily.2026-11-20", "--answers", &answers]).exits(0).json();
    assert_eq!((run["status"].as_str(), run["outcome"].as_str()), (Some("finished"), Some("succeeded")));
    world.run(&["journal", "verify"]).exits(0);
}
