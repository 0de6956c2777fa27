//! An incident while it goes on: its clocks in prompts and in *now*, followed live, and walked from where it stands.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

mod common;

use std::io::{BufRead as _, BufReader};

use common::{World, eventually, finish, status, step};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A world whose P0 asks for an update within a second, and whose process is short.
fn world() -> World {
    let world = World::new();
    world.write(
        "opsctl.yaml",
        "title: Test
services: {api: {title: API}}
severities:
  P0: {title: Critical, criteria: [Down], respond_within: 1h, first_update_within: 1s, needs_commander: true}
  P1: {title: High, criteria: [Broken], respond_within: 1h}
incident: {process: respond, security_process: contain}
",
    );
    world.write(
        "playbooks/respond.yaml",
        "title: Respond\npurpose: Test\nsteps:\n  - {id: take, title: Take it, incident: acknowledge}\n  \
         - {id: impact, title: Say who suffers, incident: impact}\n  - {id: look, title: Look around}\n  - {id: mend, title: Mend it}\n",
    );
    world.write("playbooks/contain.yaml", "title: Contain\npurpose: Test\nsteps: [{id: isolate, title: Isolate it}]\n");
    world.run(&["lint"]).exits(0);
    world
}

fn open(world: &World, severity: &str, more: &[&str]) {
    let args = ["incident", "open", "--title", "Down", "--service", "api", "--severity", severity];
    world.run(&[&args[..], more].concat()).exits(0);
}

#[test]
fn the_process_is_walked_from_where_the_incident_stands_and_gone_on_with() {
    let world = world();
    open(&world, "P1", &[]);
    world.run(&["incident", "ack", "1"]).exits(0);
    world.run(&["incident", "impact", "1", "Nobody can log in"]).exits(0);
    let answers = world.answers("steps: {look: done}\n");
    let told = world.run(&["incident", "walk", "1", "--answers", &answers]).exits(4);
    let told = told.says(&["Done already: Take it (acknowledged before)", "Say who suffers (recorded before: Nobody"]);
    assert!(told.stderr.contains("mend"), "{told}");
    let run = world.json(&["run", "show", "respond.inc-1"]);
    assert_eq!(
        ["take", "impact", "look", "mend"].map(|id| status(&run, id)),
        ["done", "done", "done", "pending"],
        "{run}"
    );
    assert_eq!(step(&run, "take")["reason"], "acknowledged before");
    assert_eq!((&run["incident"], &run["subject"]), (&json!("INC-1"), &json!("INC-1")));
    // The same run goes on, and the incident knows of one.
    let answers = world.answers("steps: {mend: done}\n");
    world.run(&["incident", "walk", "--answers", &answers]).exits(0).says(&["Going on with respond.inc-1"]);
    assert_eq!(world.json(&["incident", "show", "1"])["runs"], json!(["respond.inc-1"]));
    // What was said in advance goes before what is there.
    open(&world, "P1", &[]);
    world.run(&["incident", "ack", "2"]).exits(0);
    let answers = world.answers("steps: {take: {skip: not now}}\n");
    world.run(&["incident", "walk", "2", "--answers", &answers]).exits(4);
    assert_eq!(status(&world.json(&["run", "show", "respond.inc-2"]), "take"), "skipped");
}

#[test]
fn a_restricted_incident_has_a_process_of_its_own_and_without_one_that_is_said() {
    let world = world();
    open(&world, "P1", &["--security"]);
    world.run(&["incident", "walk"]).exits(4).says(&["Isolate it"]);
    world.run(&["run", "show", "contain.inc-1"]).exits(0);
    let world = World::new();
    open(&world, "P1", &[]);
    world.run(&["incident", "walk"]).exits(2).says(&["no playbook leads through incidents", "process: ID"]);
}

#[test]
fn prompts_tell_what_is_overdue_or_near_and_nothing_else() {
    let world = world();
    open(&world, "P0", &[]);
    eventually("the update is overdue", || world.run(&[]).exits(0).stdout.contains("first public update overdue by"));
    let mut walk = world.pty(&["incident", "walk", "1"]);
    walk.expect("Take it").expect("INC-1 P0 · first public update overdue by 0:").expect("nobody commands");
    walk.expect("[1/4").send_line("r").expect("Say who suffers").send_line("q");
    assert_eq!(walk.finish().0, 0);
    open(&world, "P1", &[]);
    let mut walk = world.pty(&["incident", "walk", "2"]);
    walk.expect("Take it").expect("[1/4").send_line("q");
    let (code, shown) = walk.finish();
    assert_eq!(code, 0);
    assert!(!shown.contains("INC-2 P1 ·"), "{shown}");
}

#[test]
fn now_shows_the_clocks_of_open_incidents_and_what_has_not_arrived() {
    let world = world();
    let refuses = common::http::Server::start(|_| 404);
    let channels = format!(
        "channels: {{gone: {{title: Gone, webhook: \"http://127.0.0.1:1/\"}}, page: {{title: Page, webhook: \"{}\"}}}}\n",
        refuses.url()
    );
    world.write("opsctl.yaml", &(world.read("opsctl.yaml") + &channels));
    open(&world, "P0", &[]);
    let shown = || world.run(&[]).exits(0).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = shown();
    assert!(text.contains("response in 59:") && text.contains("nobody commands"), "{text}");
    world.run(&["incident", "role", "1", "commander"]).exits(0);
    world.run(&["incident", "ack", "1"]).exits(0);
    world.run(&["incident", "update", "1", "Hello", "--to", "gone"]).exits(5);
    world.run(&["incident", "update", "1", "Hello", "--to", "page"]).exits(1);
    let text = shown();
    for part in ["first public update", "1 message stuck", "1 message on the way"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("response in") && !text.contains("nobody commands"), "{text}");
    world.run(&["incident", "cancel", "1", "--reason", "a test", "--untold", "a test"]).exits(0);
    assert!(!shown().contains("first public update"));
}

#[test]
fn an_incident_is_followed_with_its_runs_and_messages_until_it_is_over() {
    let world = world();
    open(&world, "P1", &[]);
    let mut child = world.spawn(&["-o", "json", "incident", "follow"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["kind"], "declared");
    world.run(&["incident", "ack", "1"]).exits(0);
    assert_eq!(next()["kind"], "acknowledged");
    let answers = world.answers("steps: {impact: {note: All of them}, look: done}\n");
    world.run(&["incident", "walk", "1", "--answers", &answers]).exits(4);
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "run_paused") {
        kinds.push(next()["kind"].as_str().unwrap().to_owned());
    }
    for kind in ["run_attached", "run_started", "step_done", "impact_recorded"] {
        assert!(kinds.iter().any(|known| known == kind), "{kind}: {kinds:?}");
    }
    world.run(&["incident", "note", "1", "--at", "1m ago", "late"]).exits(0);
    assert_eq!(next()["data"]["text"], "late", "what is told late comes when it is told");
    world.run(&["incident", "resolve", "1"]).exits(0);
    assert_eq!(next()["kind"], "resolved");
    finish(child).exits(0);

    // One that is over is told and left; until it is closed it may be followed on.
    let told = world.run(&["incident", "follow", "1"]).exits(0).says(&["INC-1 · Down", "INC-1 is resolved."]);
    assert!(told.stdout.contains("declared P1: Down") && told.stdout.contains("[respond.inc-1]"), "{told}");
    assert!(!told.stdout.contains("INC-1 · Down"), "lines only: {told}");
    let child = world.spawn(&["incident", "follow", "1", "--until-closed"]);
    world.run(&["incident", "close", "1"]).exits(0);
    let told = finish(child).exits(0).says(&["INC-1 is closed."]);
    assert!(told.stdout.contains("closed"), "{told}");
}

#[test]
fn who_stops_reading_or_following_ends_it() {
    let world = world();
    open(&world, "P1", &[]);
    let mut child = world.spawn(&["incident", "follow", "1"]);
    BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    world.run(&["incident", "note", "1", "Nobody reads this"]).exits(0);
    finish(child).exits(0);

    let mut child = world.spawn(&["incident", "follow", "1"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("Nobody reads this") {}
    world.run(&["incident", "note", "1", "It goes on"]).exits(0);
    assert!(lines.next().unwrap().unwrap().contains("It goes on"));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let outcome = finish(child).exits(130);
    assert!(!outcome.stderr.contains("error"), "{outcome}");
}

#[test]
fn on_a_terminal_its_clocks_count_down() {
    let world = world();
    open(&world, "P0", &[]);
    let mut follow = world.pty(&["incident", "follow", "1"]);
    follow.expect("INC-1 · Down").expect("declared P0: Down");
    follow.expect("INC-1 P0 · triage · ").expect("overdue by 0:").expect("following INC-1 · Ctrl-C ends it");
    world.run(&["incident", "role", "1", "commander", "bob"]).exits(0);
    follow.expect("bob is incident commander").expect("INC-1 P0 · triage · first public update overdue by 0:");
    follow.interrupt();
    assert_eq!(follow.finish().0, 130);
}
