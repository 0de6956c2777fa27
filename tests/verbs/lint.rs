//! `opsctl lint`.

use serde_json::{Value, json};

use crate::common::World;

const GOOD: &str = "steps: [Look around]\n";
const MISSPELT: &str = "stpes: [Look around]\n";

fn template_with_unused_field(world: &World) {
    world.write("templates/news.yaml", "title: News\nfields:\n  - name: nobody\nbody: Hello\n");
}

#[test]
fn good_definitions_are_said_to_be_good() {
    let world = World::new();
    world.runbook("a", GOOD);
    let outcome = world.run(&["lint"]).exits(0).says(&["All 2 definitions are good."]);
    assert_eq!(outcome.stdout, "");
    assert_eq!(world.json(&["lint"]), json!([]));
}

#[test]
fn every_problem_is_drawn_and_the_closing_line_is_said_once() {
    let world = World::new();
    world.runbook("a", MISSPELT);
    world.runbook("b", "steps:\n\t- Look\n");
    template_with_unused_field(&world);
    let outcome = world.run(&["lint"]).exits(1);
    for part in [
        "runbooks/a.yaml:2:1",
        "stpes: [Look around]",
        "^^^^^",
        "did you mean `steps`?",
        "runbooks/b.yaml:3:1",
        "warning[unused-field]",
    ] {
        assert!(outcome.stdout.contains(part), "{part} is missing: {outcome}");
    }
    assert_eq!(outcome.stderr.matches("errors and 1 warning in 3 files").count(), 1, "{outcome}");
    assert!(!outcome.stdout.contains("3 files"), "{outcome}");
    assert!(!outcome.stdout.contains('\u{1b}'), "{outcome}");
}

#[test]
fn programs_get_every_field() {
    let world = World::new();
    world.runbook("a", MISSPELT);
    let outcome = world.run(&["-o", "json", "lint"]).exits(1);
    let problems = outcome.json();
    let first = problems.as_array().unwrap().first().unwrap();
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["file", "line", "column", "severity", "code", "message", "suggestion"]);
    assert_eq!(first["file"], "runbooks/a.yaml");
    assert_eq!((&first["line"], &first["column"]), (&json!(2), &json!(1)));
    assert_eq!(first["severity"], "error");
    assert_eq!(first["suggestion"], "did you mean `steps`?");
}

#[test]
fn warnings_alone_are_no_failure() {
    let world = World::new();
    template_with_unused_field(&world);
    let outcome = world.run(&["lint"]).exits(0).says(&["1 warning in 1 file"]);
    assert!(outcome.stdout.contains("`nobody`"), "{outcome}");
}

#[test]
fn only_the_files_that_are_named_are_looked_at() {
    let world = World::new();
    world.runbook("a", MISSPELT);
    world.runbook("b", GOOD);
    template_with_unused_field(&world);
    world.run(&["lint", "runbooks/b.yaml"]).exits(0).says(&["The definition is good."]);
    world.run(&["lint", "templates/", "runbooks/b.yaml"]).exits(0).says(&["1 warning in 1 file"]);
    let files = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|problem| problem["file"].as_str().unwrap().to_owned()).collect()
    };
    let found = files(&world.json(&["lint", "runbooks"]));
    assert!(!found.is_empty() && found.iter().all(|file| file == "runbooks/a.yaml"), "{found:?}");
    let path = world.path("runbooks/a.yaml").display().to_string();
    world.run(&["lint", &path]).exits(1);
    let mut inside = world.command(&["lint", "b.yaml"]);
    let inside = inside.current_dir(world.path("runbooks")).output().unwrap();
    assert_eq!(inside.status.code(), Some(0), "{inside:?}");
}

#[test]
fn a_file_that_is_no_definition_is_wrong_usage() {
    let world = World::new();
    world.runbook("a", GOOD);
    world.run(&["lint", "runbooks/aa.yaml"]).exits(2).says(&["no definition", "did you mean runbooks/a.yaml?"]);
    world.run(&["lint", "/etc/passwd"]).exits(2).says(&["/etc/passwd", "no definition"]);
}

#[test]
fn without_a_workspace_the_pack_is_checked() {
    let world = World::new();
    std::fs::remove_file(world.path("opsctl.yaml")).unwrap();
    world.run(&["lint"]).exits(0).says(&["built into opsctl", "definitions are good."]);
}
