//! Runs: listed, shown, gone on with, given up, noted, exported, and their definitions as they were.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

mod common;

use common::{World, status, step};

const TWO: &str = "steps:\n  - {id: look, title: Look, run: echo looked | tee -a log}\n  - {id: think, title: Think, tasks: [This, That]}\n";

/// A world with a runbook of two steps, the first of which is done in `two.1`.
fn begun() -> World {
    let world = World::new();
    world.runbook("two", TWO);
    begin(&world, "two");
    world
}

fn begin(world: &World, id: &str) {
    let answers = world.answers("steps: {look: run}");
    world.run(&["runbook", "run", id, "--answers", &answers]).exits(4);
}

fn finish(world: &World, run: &str) {
    let answers = world.answers("steps: {think: done}");
    world.run(&["run", "resume", run, "--answers", &answers]).exits(0);
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect()
}

// ---- list and show ----

#[test]
fn runs_are_listed_the_newest_first() {
    let world = begun();
    world.runbook("other", TWO);
    begin(&world, "other");
    begin(&world, "two");
    finish(&world, "two.1");
    assert_eq!(ids(&world.json(&["run", "list"])), ["two.2", "other.1", "two.1"]);
    assert_eq!(ids(&world.json(&["run", "list", "--open"])), ["two.2", "other.1"]);
    assert_eq!(ids(&world.json(&["run", "list", "--procedure", "two"])), ["two.2", "two.1"]);
    assert_eq!(ids(&world.json(&["run", "list", "--limit", "1"])), ["two.2"]);
    let outcome = world.run(&["run", "list", "--limit", "2"]).exits(0).says(&["1 older runs", "--limit"]);
    assert!(outcome.stdout.contains("other.1") && !outcome.stdout.contains("two.1"), "{outcome}");
    world.run(&["run", "list", "--procedure", "nothing"]).exits(0).says(&["No runs."]);
}

#[test]
fn a_run_is_shown_with_what_was_done_by_whom_and_how() {
    let world = begun();
    let answers = world.answers("steps: {think: {note: all is well}}");
    world.run(&["--as", "bob", "run", "resume", "two.1", "--answers", &answers]).exits(0);
    let text = world.run(&["run", "show", "two.1"]).exits(0).stdout;
    for part in [
        "two.1 · Runbook two",
        "succeeded · 2 of 2 steps",
        "By: alice, bob",
        "[x] Look · 0.",
        "note: all is well (bob)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("looked"), "{text}");
    let full = world.run(&["run", "show", "two.1", "--full"]).exits(0).stdout;
    assert!(full.contains("Look · done by alice · exit code 0") && full.contains("│ looked"), "{full}");
}

// ---- ids ----

#[test]
fn the_beginning_of_an_id_is_enough_where_it_is_the_only_one() {
    let world = begun();
    assert_eq!(world.json(&["run", "show", "tw"])["id"], "two.1");
    begin(&world, "two");
    world.run(&["run", "show", "two"]).exits(2).says(&["the beginning of 2 runs", "two.1, two.2"]);
    world.run(&["run", "show", "two.11"]).exits(2).says(&["no run `two.11`", "did you mean `two.1`?"]);
    world.run(&["run", "resume", "tow.2"]).exits(2).says(&["did you mean `two.2`?"]);
    for verb in ["show", "resume", "export"] {
        world.run(&["run", verb, "nothing-like-it"]).exits(2).says(&["opsctl run list"]);
    }
    for args in [["abort", "x", "--reason", "y"], ["note", "x", "--step", "y"]] {
        world.run(&[&["run"][..], &args].concat()).exits(2);
    }
}

// ---- resume ----

#[test]
fn a_run_that_is_over_cannot_be_resumed_or_changed() {
    let world = begun();
    finish(&world, "two.1");
    let events = world.json(&["run", "export", "two.1"])["events"].clone();
    world.run(&["run", "resume", "two.1"]).exits(0).says(&["two.1 is over"]);
    world.run(&["run", "abort", "two.1", "--reason", "late"]).exits(2).says(&["two.1 is finished"]);
    world.run(&["--as", "bob", "run", "approve", "two.1"]).exits(2);
    assert_eq!(world.json(&["run", "export", "two.1"])["events"], events);
    world.runbook("bad", "steps: [{id: a, title: A, run: 'false', on_failure: stop}]\n");
    world.run(&["runbook", "run", "bad", "--auto", "--max-risk", "mutating"]).exits(1);
    world.run(&["run", "resume", "bad.1"]).exits(1).says(&["bad.1 is over", "step a failed"]);
}

// ---- abort and note ----

#[test]
fn a_run_is_given_up_with_a_reason() {
    let world = begun();
    world.run(&["run", "abort", "two.1"]).exits(4).says(&["--reason TEXT"]);
    let run = world.json(&["run", "abort", "two.1", "--reason", "the wrong one"]);
    assert_eq!((&run["status"], &run["outcome"]), (&json!("aborted"), &Value::Null));
    assert!(run["finished_at"].is_string(), "{run}");
    assert_eq!((status(&run, "look"), status(&run, "think")), ("done", "pending"));
    assert!(world.run(&["run", "show", "two.1"]).exits(0).stdout.contains("aborted (the wrong one)"));
    world.run(&["run", "abort", "two.1", "--reason", "again"]).exits(2).says(&["two.1 is aborted"]);
    world.run(&["run", "resume", "two.1"]).exits(1).says(&["two.1 is over", "two.1 was aborted"]);
    begin(&world, "two");
    let mut terminal = world.pty(&["run", "abort", "two.2"]);
    terminal.expect("Why is two.2 given up?").send_line("it rains");
    assert_eq!(terminal.finish().0, 0);
    assert!(world.run(&["run", "show", "two.2"]).exits(0).stdout.contains("aborted (it rains)"));
}

#[test]
fn notes_are_written_to_runs_and_steps_even_when_they_are_over() {
    let world = begun();
    world.run(&["run", "note", "two.1", "half way"]).exits(0);
    world.run(&["--as", "bob", "run", "note", "two.1", "it was dark", "--step", "look"]).exits(0);
    world.run(&["run", "note", "two.1", "x", "--step", "loook"]).exits(2).says(&["no step `loook`", "`look`"]);
    world.run(&["run", "note", "two.1", " \n"]).exits(2).says(&["the note is empty"]);
    finish(&world, "two.1");
    world.run(&["run", "note", "two.1", "all good"]).exits(0);
    let text = world.run(&["run", "show", "two.1"]).exits(0).stdout;
    for part in ["note: half way (alice)", "      note: it was dark (bob)", "note: all good (alice)"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

// ---- export ----

#[test]
fn an_export_holds_the_run_its_events_and_its_definitions() {
    let world = World::new();
    world.runbook("inner", "steps: [{id: a, title: A}]\n");
    let text = "steps:\n  - {id: look, title: Look, run: seq 1 3000}\n  - {id: in, title: In, use: inner}\n";
    let file = world.runbook("two", text);
    begin(&world, "two");
    world.write("runbooks/inner.yaml", "title: Changed\nsteps: [B]\n");
    let export = world.json(&["run", "export", "two.1"]);
    assert_eq!(export["run"], world.json(&["run", "show", "two.1"]));
    let output = step(&export["run"], "look")["output"].as_str().unwrap();
    assert!(output.starts_with("1\n2\n") && output.ends_with("2999\n3000\n"), "the output is not whole");
    let events = export["events"].as_array().unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds[..3], ["run_started", "step_started", "step_finished"]);
    let versions: Vec<u64> = events.iter().map(|event| event["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=events.len() as u64).collect::<Vec<_>>());
    let definitions = export["definitions"].as_array().unwrap();
    let paths: Vec<&str> = definitions.iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert!(paths.starts_with(&["runbooks/two.yaml"]) && paths.contains(&"runbooks/inner.yaml"), "{paths:?}");
    for one in definitions {
        let text = one["text"].as_str().unwrap();
        let hash: String = Sha256::digest(text).iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
        assert_eq!(one["sha256"], hash);
        assert!(!text.contains("Changed"), "the definition is not the one that was walked");
    }
    assert_eq!(definitions[0]["text"], std::fs::read_to_string(file).unwrap());
    world.run(&["run", "export", "two.1", "--out", "x.json"]).exits(0).says(&["x.json"]);
    assert_eq!(serde_json::from_str::<Value>(&world.read("x.json")).unwrap(), export);
    world.run(&["run", "export", "two.1", "--out", "x.json"]).exits(2).says(&["nothing was overwritten"]);
}

// ---- definitions that change ----

const CHANGED: &str = "steps:\n  - {id: look, title: Look twice, run: echo twice >> log}\n  - {id: new, title: New, run: echo new >> log}\n  - {id: think, title: Think harder}\n";

#[test]
fn a_change_is_shown_and_not_adopted() {
    let world = begun();
    world.runbook("two", CHANGED);
    let outcome = world.run(&["-o", "json", "run", "resume", "two.1"]).exits(4);
    let outcome = outcome.says(&["runbooks/two.yaml", "- {id: look, title: Look, run", "Think harder", "--adopt"]);
    let run = outcome.json();
    assert_eq!((step(&run, "think")["title"].as_str(), run["steps"].as_array().unwrap().len()), (Some("Think"), 2));
    finish(&world, "two.1");
    assert_eq!(world.read("log"), "looked\n");
}

#[test]
fn a_change_is_adopted_when_told_and_what_was_done_stays_done() {
    let world = begun();
    world.runbook("two", CHANGED);
    let answers = world.answers("steps: {look: run, new: run, think: done}");
    let args = ["-o", "json", "run", "resume", "two.1", "--adopt", "--answers", &answers];
    let run = world.run(&args).exits(0).says(&["The new definition is adopted."]).json();
    assert_eq!(["look", "new", "think"].map(|id| status(&run, id)), ["done"; 3]);
    assert_eq!(
        (step(&run, "look")["title"].as_str(), world.read("log").as_str()),
        (Some("Look twice"), "looked\nnew\n")
    );
    let export = world.json(&["run", "export", "two.1"]);
    assert!(export["definitions"][0]["text"].as_str().unwrap().contains("Think harder"));
    assert!(export["events"].as_array().unwrap().iter().any(|event| event["kind"] == "definition_adopted"));
    assert_eq!(world.json(&["run", "show", "two.1"]), run);
}

#[test]
fn without_a_change_nothing_is_said_and_nothing_adopted() {
    let world = begun();
    let outcome = world.run(&["run", "resume", "two.1", "--adopt"]).exits(4);
    assert!(!outcome.stderr.contains("adopt") && !outcome.stderr.contains("changed"), "{outcome}");
    assert!(!world.json(&["run", "export", "two.1"]).to_string().contains("definition_adopted"));
}

#[test]
fn a_definition_that_is_gone_or_broken_does_not_stop_its_runs() {
    for text in [None, Some("title: [\n"), Some("title: T\nstpes: []\n")] {
        let world = begun();
        match text {
            None => std::fs::remove_file(world.path("runbooks/two.yaml")).unwrap(),
            Some(text) => drop(world.write("runbooks/two.yaml", text)),
        }
        assert_eq!(status(&world.json(&["run", "show", "two.1"]), "look"), "done");
        finish(&world, "two.1");
        assert_eq!(world.json(&["run", "show", "two.1"])["outcome"], "succeeded");
    }
}

#[test]
fn a_change_is_not_adopted_in_the_middle_of_a_rollback() {
    let world = World::new();
    let bad = "  - {id: bad, title: Bad, run: 'false', on_failure: rollback}\n";
    let undone = |id: &str| format!("  - {{id: {id}, title: Do {id}, run: 'true', rollback: echo undo-{id} >> log}}\n");
    world.runbook("r", &format!("steps:\n{}{}{bad}", undone("a"), undone("b")));
    let mut terminal = world.pty(&["runbook", "run", "r"]);
    for progress in ["[1/3", "[2/3", "[3/3"] {
        terminal.expect(progress).send_line("r");
    }
    terminal.expect("Rollback: undo Do b").expect("[").send_line("q");
    terminal.finish();
    world.runbook("r", &format!("steps:\n{}{bad}", undone("b")));
    world.run(&["run", "resume", "r.1", "--adopt"]).exits(2).says(&["r.1 is being rolled back"]);
    assert!(!world.path("log").exists());
    world.run(&["run", "resume", "r.1"]).exits(1);
    assert_eq!(world.read("log"), "undo-b\nundo-a\n");
}
