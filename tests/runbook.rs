//! Runbooks at a terminal, key by key; found by what is seen; listed and shown.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fs;

use serde_json::{Value, json};

mod common;

use common::pty::Pty;
use common::{World, status, step};

fn pack() -> World {
    let world = World::new();
    fs::remove_file(world.path("opsctl.yaml")).unwrap();
    world.run(&["init", "."]).exits(0);
    world
}

fn walk(world: &World, steps: &str) -> Pty {
    world.runbook("r", steps);
    world.run(&["lint"]).exits(0);
    world.pty(&["--color", "never", "runbook", "run", "r"])
}

/// Says something at the prompt of the step so far along.
#[track_caller]
fn at<'a>(terminal: &'a mut Pty, progress: &str, said: &str) -> &'a mut Pty {
    terminal.expect(&format!("[{progress} · ")).send_line(said)
}

fn run(world: &World) -> Value {
    world.json(&["run", "show", "r.1"])
}

#[track_caller]
fn ends(mut terminal: Pty, code: i32) -> String {
    let (came, shown) = terminal.finish();
    assert_eq!(came, code, "{shown}");
    shown
}

// ---- the keys ----

const FIVE: &str = "symptoms: [The lamp is red, The bell rings]
steps:
  - {id: look, title: Look at it, instructions: 'Look **closely**.', risk: read-only, run: 'echo first-line; echo second-line'}
  - {id: tick, title: Tick these, tasks: [This one, That one]}
  - {id: change, title: Change it, run: echo changed >> log, links: [{title: The manual, url: 'https://example.org/manual'}]}
  - {id: hand, title: By hand, run: echo never >> log}
  - {id: last, title: The last, optional: true}
";

#[test]
fn a_walk_shows_what_is_done_where_and_how_far_it_has_come() {
    let world = World::new();
    let mut terminal = walk(&world, FIVE);
    terminal.expect("The lamp is red").expect("The bell rings").expect("This is run r.1");
    terminal.expect("Step 1 of 5 · 0:0").expect("Look at it").expect("Look closely.");
    terminal.expect("Command   echo first-line; echo second-line").expect("Where     ").expect("/work");
    terminal.expect("Risk      read-only").expect("r run · d done · s skip · f fail · n note · b back · q quit");
    at(&mut terminal, "1/5", "r").expect("first-line").expect("second-line").expect("Done (0.");
    terminal.expect("Step 2 of 5").expect("[ ] 1 This one").expect("[ ] 2 That one");
    at(&mut terminal, "2/5", "1").expect("[x] 1 This one");
    at(&mut terminal, "2/5", "2").expect("[x] 2 That one");
    at(&mut terminal, "2/5", "1").expect("[ ] 1 This one");
    at(&mut terminal, "2/5", "3").expect("no task 3");
    at(&mut terminal, "2/5", "done");
    terminal.expect("Step 3 of 5").expect("Risk      mutating").expect("The manual: https://example.org/manual");
    at(&mut terminal, "3/5", "b").expect("Tick these · done by alice");
    at(&mut terminal, "3/5", "b").expect("Look at it · done by alice · exit code 0").expect("│ first-line");
    at(&mut terminal, "3/5", "b").expect("There is nothing before this.");
    at(&mut terminal, "3/5", "rum").expect("did you mean run?");
    at(&mut terminal, "3/5", "xyzzy").expect("? shows what can be said");
    at(&mut terminal, "3/5", "?").expect("leave it out; asks for the reason").expect("!command");
    at(&mut terminal, "3/5", "n looks odd").expect("Noted.");
    at(&mut terminal, "3/5", "!echo mine; exit 3").expect("mine").expect("exit code 3");
    at(&mut terminal, "3/5", "!").expect("Write the command after the !");
    at(&mut terminal, "3/5", "run").expect("Done (0.");
    at(&mut terminal, "4/5", "d");
    at(&mut terminal, "5/5", "s").expect("Why").send_line("");
    terminal.expect("Not skipped: a reason is needed.");
    at(&mut terminal, "5/5", "s it is late");
    let shown = ends(terminal, 0);
    let summary = shown.rsplit_once("r.1 · Runbook r").expect("there is a summary").1.to_owned();
    for part in [
        "succeeded · 5 of 5 steps · 0:0",
        "By: alice",
        "[x] Look at it · 0.",
        "[x] By hand · done by hand",
        "note: looks odd (alice)",
        "[-] The last · it is late",
        "shell: echo mine; exit 3 → 3 (alice)",
    ] {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    let run = run(&world);
    assert_eq!(
        step(&run, "tick")["tasks"],
        json!([{"title": "This one", "done": true}, {"title": "That one", "done": true}])
    );
    assert_eq!((status(&run, "last"), world.read("log").as_str()), ("skipped", "changed\n"));
}

#[test]
fn a_walk_that_is_left_begins_again_where_it_was() {
    let world = World::new();
    let mut terminal = walk(&world, FIVE);
    at(&mut terminal, "1/5", "r");
    at(&mut terminal, "2/5", "2").expect("[x] 2");
    at(&mut terminal, "2/5", "quit");
    let shown = ends(terminal, 0);
    assert!(shown.contains("Saved. Go on with `opsctl run resume r.1`.") && shown.contains("paused"), "{shown}");
    let mut terminal = world.pty(&["run", "resume", "r"]);
    terminal.expect("Resuming r.1.").expect("[ ] 1 This one").expect("[x] 2 That one");
    at(&mut terminal, "2/5", "q");
    ends(terminal, 0);
}

#[test]
fn a_destructive_step_wants_its_id_typed() {
    let world = World::new();
    let mut terminal = walk(
        &world,
        "steps: [{id: wipe-it, title: Wipe, risk: destructive, run: echo wiped >> log, retry: 2}, {id: b, title: B}]\n",
    );
    terminal.expect("Risk      destructive");
    for wrong in ["", "y", "yes", "wipe", "WIPE-IT"] {
        at(&mut terminal, "1/2", "r").expect("Type its id (wipe-it) to run it").send_line(wrong);
        terminal.expect("That is not its id; nothing was run.");
        assert_eq!(world.read("log"), "", "{wrong}");
    }
    at(&mut terminal, "1/2", "r").expect("Type its id").send_line("wipe-it");
    at(&mut terminal, "2/2", "d");
    ends(terminal, 0);
    assert_eq!(world.read("log"), "wiped\n");
}

// ---- after a failure ----

const FAILING: &str = "steps:
  - {id: first, title: First, run: echo first >> log, rollback: {run: echo undone >> log, title: Take it back}}
  - {id: bad, title: Bad, run: 'echo try >> log; test -e good'}
  - {id: after, title: After, run: echo after >> log}
";

fn failing(world: &World) -> Pty {
    let mut terminal = walk(world, FAILING);
    at(&mut terminal, "1/3", "r");
    at(&mut terminal, "2/3", "r").expect("Bad failed").expect("t try · c continue · x stop · u undo").expect("[");
    terminal
}

fn log(world: &World) -> Vec<String> {
    world.read("log").lines().map(str::to_owned).collect()
}

#[test]
fn after_a_failure_the_operator_decides() {
    let world = World::new();
    let mut terminal = failing(&world);
    terminal.send_line("t").expect("[").send_line("r").expect("Bad failed").expect("u undo").expect("[");
    world.write("good", "");
    terminal.send_line("try").expect("[").send_line("r").expect("Done (");
    at(&mut terminal, "3/3", "r");
    ends(terminal, 0);
    assert_eq!(log(&world), ["first", "try", "try", "try", "after"]);

    let world = World::new();
    let mut terminal = failing(&world);
    terminal.send_line("c").expect("After").expect("[").send_line("r");
    ends(terminal, 1);
    assert_eq!(
        (log(&world), run(&world)["outcome"].as_str()),
        (vec!["first".into(), "try".into(), "after".into()], Some("failed"))
    );

    let world = World::new();
    let mut terminal = failing(&world);
    terminal.send_line("x");
    let shown = ends(terminal, 1);
    assert!(shown.contains("step bad failed"), "{shown}");
    assert_eq!((log(&world).len(), status(&run(&world), "after")), (2, "pending"));

    let world = World::new();
    let mut terminal = failing(&world);
    terminal
        .send_line("u")
        .expect("Undo First, and end the run as failed?")
        .send("y")
        .expect("Rollback: Take it back")
        .expect("echo undone >> log")
        .expect("[")
        .send_line("r");
    ends(terminal, 1);
    assert_eq!(log(&world), ["first", "try", "undone"]);

    let world = World::new();
    let mut terminal = failing(&world);
    terminal.send_line("d").expect("After").expect("[").send_line("s").expect("Why").send_line("enough");
    ends(terminal, 0);
    assert_eq!(step(&run(&world), "bad")["reason"], "done by hand; it had failed: exit code 1");
}

#[test]
fn the_operator_may_say_that_a_step_failed() {
    let world = World::new();
    let mut terminal = walk(&world, "steps: [{id: a, title: A}, {id: b, title: B}]\n");
    at(&mut terminal, "1/2", "f").expect("What was seen?").send_line("smoke");
    terminal.expect("A failed").expect("[").send_line("c").expect("B").expect("[").send_line("d");
    ends(terminal, 1);
    assert_eq!((status(&run(&world), "a"), &step(&run(&world), "a")["reason"]), ("failed", &json!("smoke")));
}

#[test]
fn what_was_interrupted_is_looked_at_before_it_is_run_again() {
    let world = World::new();
    world.runbook("r", "steps: [{id: a, title: A, run: 'echo a >> log; sleep 600', verify: {run: test -e good}}]\n");
    let mut terminal = world.pty(&["runbook", "run", "r"]);
    at(&mut terminal, "1/1", "r");
    common::eventually("it runs", || world.path("log").exists());
    terminal.interrupt();
    ends(terminal, 130);
    let mut terminal = world.pty(&["run", "resume", "r.1"]);
    terminal.expect("Interrupted: A was stopped by alice").expect("say verify").expect("v verify · a again");
    world.write("good", "");
    at(&mut terminal, "1/1", "v").expect("Verified");
    ends(terminal, 0);
    assert_eq!(world.read("log"), "a\n");
}

// ---- other questions ----

#[test]
fn values_decisions_waits_and_approvals_are_asked_for() {
    let world = World::new();
    let mut terminal = walk(
        &world,
        "parameters: [{name: where, prompt: Where?, default: here}, {name: size, prompt: How big?, values: [big, small], default: small}, {name: key, prompt: The key?, secret: true}, {name: more, prompt: More?, required: false}]
steps:
  - {id: way, title: Which way, choose: [{id: left, title: Left}, {id: right, title: Right, steps: [{id: turn, title: Turn, run: 'printf \"%s %s %s\" \"$where\" \"$size\" \"$key\" > said'}]}]}
  - {id: rest, title: Rest, wait: 3d}
  - {id: consent, title: Consent, approve: Is it right?}
",
    );
    terminal.expect("Where? [here]").send_line("");
    terminal.expect("How big?").expect("small").send("\u{1b}[A\r");
    terminal.expect("The key?").send_line("hunter2-hunter2");
    terminal.expect("More?").send_line("");
    terminal.expect("1 Left").expect("2 Right").expect("[").send_line("3").expect("There are 2 options.");
    terminal.expect("[").send_line("2").expect("Turn").expect("[").send_line("r");
    terminal.expect("Rest").expect("w wait · d done").expect("[").send_line("d");
    terminal.expect("To approve: Is it right?").expect("By        anyone but the starter").expect("[").send_line("a");
    terminal.expect("alice started r.1 and cannot approve consent").expect("[");
    world.run(&["--as", "bob", "run", "approve", "r.1"]).exits(0);
    terminal.send_line("l");
    let shown = ends(terminal, 0);
    assert_eq!(world.read("said"), "here big hunter2-hunter2");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(status(&run(&world), "consent"), "done");
}

// ---- found, listed and shown ----

#[test]
fn a_runbook_is_found_by_what_is_seen() {
    let world = pack();
    for (seen, first) in [
        (&["connection failed"][..], "db-connection"),
        (&["Database", "connection", "failed"], "db-connection"),
        (&["sentry alerts"], "high-error-rate"),
        (&["everything is slow, timeouts"], "performance-degradation"),
        (&["DATABASE CONNECTIONS"], "db-connection"),
    ] {
        let found = world.json(&[&["runbook", "suggest"], seen].concat());
        assert_eq!(found[0]["id"], first, "{seen:?}: {found}");
    }
    let found = world.json(&["runbook", "suggest", "connection failed"]);
    assert_eq!(found[0]["found_by"], "API errors: \"Database connection failed\"");
    let text = world.run(&["runbook", "suggest", "connection failed"]).exits(0).stdout;
    assert!(text.contains("Database Connection Issues"), "{text}");
    let nothing = world.run(&["-o", "json", "runbook", "suggest", "zzz"]).exits(1).says(&["no runbook fits `zzz`"]);
    assert_eq!(nothing.json(), json!([]));
    world.run(&["runbook", "suggest"]).exits(2);
}

#[test]
fn the_service_weighs_in() {
    let world = World::new();
    world.write("opsctl.yaml", "services: {api: {title: API}, web: {title: Web}}\n");
    for (id, service) in [("a", "api"), ("b", "web")] {
        world.runbook(id, &format!("symptoms: [It is slow]\nservices: [{service}]\nsteps: [Look]\n"));
    }
    assert_eq!(world.json(&["runbook", "suggest", "slow"])[0]["id"], "a");
    assert_eq!(world.json(&["runbook", "suggest", "slow", "--service", "web"])[0]["id"], "b");
}

/// What a command shows, without the spaces at the ends of lines.
fn shown(world: &World, args: &[&str]) -> String {
    let text = world.run(args).exits(0).stdout;
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn lists_and_runbooks_read_well_at_80_columns() {
    let world = pack();
    for (name, args) in [
        ("runbook_list", &["runbook", "list"][..]),
        ("runbook_show", &["runbook", "show", "db-connection"]),
        ("checklist_list", &["checklist", "list"]),
        ("playbook_list", &["playbook", "list"]),
    ] {
        let text = shown(&world, args);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "wider than 80 columns: {text}");
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn nothing_shown_is_wider_than_80_columns_or_ends_in_spaces() {
    let world = pack();
    for kind in ["runbook", "checklist", "playbook"] {
        for one in world.json(&[kind, "list"]).as_array().unwrap() {
            let text = world.run(&[kind, "show", one["id"].as_str().unwrap()]).exits(0).stdout;
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
                assert_eq!(line.trim_end(), line, "{text}");
            }
        }
    }
}

#[test]
fn show_hides_no_command() {
    let world = World::new();
    world.runbook("r", "steps: [{id: a, title: A, run: echo go, verify: {run: echo check}, rollback: echo back, retry: 3, on_failure: rollback}]\n");
    let text = shown(&world, &["runbook", "show", "r"]);
    for part in ["echo go", "echo check", "echo back", "3"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn every_kind_of_step_is_shown_with_its_keys() {
    let world = World::new();
    let settings = fs::read_to_string(world.path("opsctl.yaml")).unwrap();
    world.write("opsctl.yaml", &format!("{settings}channels: {{team: {{title: Team}}}}\n"));
    world.write("templates/news.yaml", "title: News\nbody: News\n");
    world.runbook("inner", "steps: [{id: deep, title: Deep, run: echo deep}]\n");
    world.runbook(
        "all",
        "summary: Everything at once.\nowner: the team\nservices: [api]\nseverity: P1\nalerts: [ApiDown]\nparameters: [{name: size, prompt: How big?, default: small, values: [small, big]}, {name: key, secret: true}]\nrequires: {tools: [curl], env: [TOKEN]}\nsymptoms: [It hurts]\nprevention: [Rest]\nrelated: [inner]\nsteps:
  - {id: hand, title: By hand, instructions: \"Do it *well*:\\n\\n- one\\n- two\", tasks: [One, Two], optional: true, links: ['https://example.org']}
  - {id: run, title: Run, run: \"echo one\\necho two\", timeout: 5m, retry: {attempts: 3, delay: 2s, backoff: 2}, expect: {exit_code: [0, 3], output: two}, capture: {name: got, pattern: one}, verify: {run: 'true', within: 1m}, rollback: echo back, on_failure: rollback, risk: destructive, env: {A: b}, dir: sub}
  - {id: argv, title: Argv, run: [echo, 'a b', '{{ got }}'], when: 'size == \"big\"', risk: read-only}
  - {id: way, title: Way, choose: [{title: Left, steps: [{id: l, title: L}]}, {title: Right, goto: end}]}
  - {id: ok, title: Ok, approve: {prompt: Really?, from: [ann, bob]}}
  - {id: rest, title: Rest, wait: 3d}
  - {id: tell, title: Tell, send: {template: news, to: [team]}}
  - {id: in, title: In, use: inner}
  - {id: end, title: End}
",
    );
    world.run(&["lint"]).exits(0);
    insta::assert_snapshot!("runbook_show_every_kind", shown(&world, &["runbook", "show", "all"]));
    insta::assert_snapshot!("runbook_dry_run", shown(&world, &["runbook", "run", "all", "--dry-run"]));
}
