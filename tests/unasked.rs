//! What is walked without asking: by risk, from a step on, and only in thought.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use serde_json::Value;

mod common;

use common::{World, step};

fn statuses(run: &Value) -> Vec<String> {
    let steps = run["steps"].as_array().unwrap();
    steps.iter().map(|s| format!("{} {}", s["id"].as_str().unwrap(), s["status"].as_str().unwrap())).collect()
}

fn reason(run: &Value, id: &str) -> String {
    step(run, id)["reason"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn what_runs_by_itself_is_bounded_by_its_risk() {
    for (flags, code, log) in [
        (&["--auto"][..], 4, "look "),
        (&["--auto", "--max-risk", "read-only"], 4, "look "),
        (&["--auto", "--max-risk", "mutating"], 4, "look change "),
        (&["--auto", "--max-risk", "destructive"], 4, "look change destroy "),
    ] {
        let world = World::new();
        world.runbook("r", "steps:\n  - {id: look, title: Look, risk: read-only, run: printf 'look ' >> log}\n  - {id: change, title: Change, run: printf 'change ' >> log}\n  - {id: destroy, title: Destroy, risk: destructive, run: printf 'destroy ' >> log}\n  - {id: think, title: Think}\n");
        world.run(&[&["runbook", "run", "r"], flags].concat()).exits(code);
        assert_eq!(world.read("log"), log, "{flags:?}");
        world.run(&["runbook", "run", "r", "--max-risk", "mutating"]).exits(2).says(&["--auto"]);
        world.run(&["runbook", "run", "r", "--auto", "--max-risk", "huge"]).exits(2).says(&["huge"]);
    }
}

const TWO: &str = "steps:\n  - {id: a, title: A, run: echo a >> log}\n  - {id: b, title: B, run: echo b >> log}\n";
const AROUND: &str = "steps:\n  - {id: first, title: First, run: echo first >> log}\n  - {id: in, title: In, use: inner}\n  - {id: end, title: End, run: echo end >> log}\n";

#[test]
fn a_walk_may_begin_at_a_used_procedure() {
    let world = World::new();
    world.runbook("inner", TWO);
    world.runbook("r", AROUND);
    let args = ["-o", "json", "runbook", "run", "r", "--auto", "--max-risk", "mutating", "--from", "in"];
    let run = world.run(&args).exits(0).json();
    assert_eq!(statuses(&run), ["first skipped", "in done", "in/a done", "in/b done", "end done"]);
    assert_eq!(reason(&run, "first"), "the walk starts at in");
}

#[test]
fn a_walk_may_begin_inside_a_used_procedure() {
    let world = World::new();
    world.runbook("inner", TWO);
    world.runbook("r", AROUND);
    let args = ["-o", "json", "runbook", "run", "r", "--auto", "--max-risk", "mutating", "--from", "in/b"];
    let run = world.run(&args).exits(0).json();
    assert_eq!(statuses(&run), ["first skipped", "in done", "in/a skipped", "in/b done", "end done"]);
    assert_eq!(world.read("log"), "b\nend\n");
}

const CHOICES: &str = "  - id: way
    title: Which way?
    choose:
      - id: left
        title: Left
        steps:
          - {id: l1, title: L1, run: echo l1 >> log}
          - {id: deeper, title: How deep?, choose: [{id: deep, title: Deep, steps: [{id: d1, title: D1, run: echo d1 >> log}]}, {id: flat, title: Flat}]}
      - id: right
        title: Right
        steps: [{id: r1, title: R1, run: echo r1 >> log}]
      - {id: over, title: Over there, goto: end}
  - {id: between, title: Between, run: echo between >> log}
  - {id: end, title: End, run: echo end >> log}
";

#[test]
fn a_dry_run_says_of_every_step_what_would_happen() {
    let world = World::new();
    world.runbook("inner", "steps: [{id: a, title: A, run: echo a > log}]\n");
    world.runbook("r", &format!("parameters: [{{name: size, default: small}}]\nsteps:\n{CHOICES}  - {{id: big, title: Big, when: 'size == \"big\"', run: 'true'}}\n  - {{id: hand, title: Hand}}\n  - {{id: in, title: In, use: inner}}\n  - {{id: no, title: No, run: 'true'}}\n"));
    let answers = world.answers("steps: {way: {choose: right}, no: {skip: never}}");
    let labels = |args: &[&str]| -> Vec<String> {
        let shown = world.json(&[&["runbook", "run", "r", "--dry-run"], args].concat());
        let steps = shown["steps_in_order"].as_array().unwrap_or_else(|| panic!("{shown}"));
        steps.iter().map(|s| format!("{}: {}", s["id"].as_str().unwrap(), s["forecast"].as_str().unwrap())).collect()
    };
    let plain = labels(&[]);
    assert_eq!(plain[0], "way: would ask");
    for line in ["l1: unknown (depends on way)", "between: unknown (depends on way)", "big: skipped (condition)"] {
        assert!(plain.contains(&line.to_owned()), "{line}: {plain:?}");
    }
    let told = labels(&["--answers", &answers, "--set", "size=big"]);
    for line in [
        "l1: skipped (the choice is right)",
        "r1: would run",
        "between: would run",
        "big: would run",
        "hand: would ask",
        "in/a: would run",
        "no: skipped (never)",
    ] {
        assert!(told.contains(&line.to_owned()), "{line}: {told:?}");
    }
    let auto = labels(&["--answers", &answers, "--auto"]);
    assert!(auto.contains(&"r1: would ask".to_owned()), "{auto:?}");
    assert!(labels(&["--from", "end"]).contains(&"between: skipped (the walk starts at end)".to_owned()));
    assert!(!world.path("log").exists() && !world.state().exists(), "something happened");
}
