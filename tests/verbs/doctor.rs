//! `opsctl doctor`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::common::World;

#[track_caller]
fn check<'a>(checks: &'a Value, name: &str) -> &'a Value {
    let found = checks.as_array().unwrap().iter().find(|check| check["check"] == name);
    found.unwrap_or_else(|| panic!("no check {name}: {checks:#}"))
}

fn walk(world: &World) {
    world.runbook("a", "steps:\n  - id: look\n    title: Look\n");
    let answers = world.answers("steps: {look: done}");
    world.run(&["runbook", "run", "a", "--answers", &answers]).exits(0);
}

#[test]
fn all_checks_are_made_and_nothing_else() {
    let world = World::new();
    let outcome = world.run(&["doctor"]).exits(0);
    for part in ["ok       opsctl", "1 of 1 definition good", "/bin/sh", "none yet", "free at"] {
        assert!(outcome.stdout.contains(part), "{part} is missing: {outcome}");
    }
    assert!(!world.state().exists(), "doctor only reads");
    let checks = world.json(&["doctor"]);
    for check in checks.as_array().unwrap() {
        let keys: Vec<&String> = check.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["check", "status", "detail", "hint"]);
        assert_eq!(check["hint"].is_null(), check["status"] == "ok", "{check}");
    }
    assert_eq!(check(&checks, "workspace")["detail"], world.path("").display().to_string().trim_end_matches('/'));
    assert_eq!(check(&checks, "terminal")["status"], "warning");
}

#[test]
fn a_missing_tool_or_variable_is_a_warning_that_names_who_wants_it() {
    let world = World::new();
    world.runbook(
        "a",
        "requires:\n  tools: [sh, no-such-tool]\n  env: [GIVEN, ABSENT]\nsecrets: [TOKEN]\nsteps: [Look]\n",
    );
    let outcome = world
        .run_with_env(&["-o", "json", "doctor"], &[("GIVEN", "a-plain-value"), ("TOKEN", "hunter2-hunter2")])
        .exits(0);
    let checks = outcome.json();
    assert_eq!(check(&checks, "tool sh")["status"], "ok");
    let missing = check(&checks, "tool no-such-tool");
    assert_eq!(missing["status"], "warning");
    assert!(missing["detail"].as_str().unwrap().contains("runbook/a"), "{missing}");
    assert_eq!(check(&checks, "variable ABSENT")["status"], "warning");
    assert_eq!(check(&checks, "variable GIVEN")["detail"], "set");
    assert_eq!(check(&checks, "variable TOKEN")["detail"], "set");
    for value in ["a-plain-value", "hunter2-hunter2"] {
        assert!(!outcome.to_string().contains(value), "{outcome}");
    }
}

#[test]
fn variables_of_probes_count_too() {
    let world = World::new();
    world.write(
        "opsctl.yaml",
        "title: T\nservices:\n  web:\n    title: Web\n    probes:\n      web:\n        title: Web\n        http: \"${WEB_URL}/health\"\n",
    );
    let checks = world.json(&["doctor"]);
    let variable = check(&checks, "variable WEB_URL");
    assert_eq!(variable["status"], "warning");
    assert!(variable["detail"].as_str().unwrap().contains("probe web"), "{variable}");
}

#[test]
fn an_invalid_definition_is_a_problem() {
    let world = World::new();
    world.runbook("a", "stpes: [x]\n");
    let outcome = world.run(&["doctor"]).exits(1).says(&["1 problem"]);
    assert!(outcome.stdout.contains("PROBLEM  definitions"), "{outcome}");
    assert!(outcome.stdout.contains("opsctl lint"), "{outcome}");
    assert_eq!(check(&world.json(&["doctor"]), "definitions")["status"], "problem");
}

#[test]
fn a_workspace_that_is_not_there_is_a_problem_among_others() {
    let world = World::new();
    let checks = world.run(&["-o", "json", "-C", "nowhere", "doctor"]).exits(1).json();
    assert_eq!(check(&checks, "workspace")["status"], "problem");
    assert_eq!(check(&checks, "shell")["status"], "ok");
}

#[test]
fn the_journal_is_looked_through() {
    let world = World::new();
    walk(&world);
    let checks = world.json(&["doctor"]);
    for name in ["journal", "integrity", "clock", "writing", "permissions", "disk space"] {
        assert_eq!(check(&checks, name)["status"], "ok", "{checks:#}");
    }
    fs::set_permissions(world.state().join("journal.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let permissions = check(&world.json(&["doctor"]), "permissions").clone();
    assert_eq!(permissions["status"], "warning");
    assert!(permissions["detail"].as_str().unwrap().contains("0644"), "{permissions}");
    let mode = fs::metadata(world.state().join("journal.db")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o644, "doctor changes nothing");
}

#[test]
fn a_journal_that_cannot_be_written_is_a_problem() {
    let world = World::new();
    fs::create_dir(world.state()).unwrap();
    fs::set_permissions(world.state(), fs::Permissions::from_mode(0o555)).unwrap();
    let outcome = world.run_unprivileged(&["-o", "json", "doctor"]).exits(1);
    assert_eq!(check(&outcome.json(), "writing")["status"], "problem");
}

#[test]
fn a_damaged_journal_is_a_problem() {
    let world = World::new();
    world.write(
        ".opsctl/journal.db",
        "this is no database, and it is longer than a hundred bytes, so that nobody takes it for an empty one",
    );
    let checks = world.run(&["-o", "json", "doctor"]).exits(1).json();
    assert_eq!(check(&checks, "journal")["status"], "problem");
}

#[test]
fn a_terminal_is_recognised() {
    let world = World::new();
    let (code, shown) = world.pty(&["--color", "never", "doctor"]).finish();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("ok       terminal"), "{shown}");
    assert!(shown.contains("columns, no colour"), "{shown}");
    let (_, shown) = world.pty(&["--color", "never", "--no-input", "doctor"]).finish();
    assert!(shown.contains("warning  terminal"), "{shown}");
}
