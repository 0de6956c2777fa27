//! Incidents: opened by flags and by questions, led through their process, and told as one timeline.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fs;

use serde_json::{Value, json};

mod common;

use common::pty::Pty;
use common::{World, status, step};

/// A workspace with the handbook's definitions.
fn pack() -> World {
    let world = World::new();
    fs::remove_file(world.path("opsctl.yaml")).unwrap();
    world.run(&["init", "."]).exits(0);
    world
}

fn open(world: &World, severity: &str) -> Value {
    world.json(&[
        "incident",
        "open",
        "--title",
        "Log in fails",
        "--service",
        "api",
        "--severity",
        severity,
        "--no-input",
    ])
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn minutes_between(incident: &Value, from: &str, to: &str) -> i64 {
    let time = |key: &str| chrono::DateTime::parse_from_rfc3339(incident[key].as_str().unwrap()).unwrap();
    (time(to) - time(from)).num_minutes()
}

// ---- by flags ----

#[test]
fn an_opened_incident_is_printed_in_the_shape_of_the_contract() {
    let world = pack();
    let incident = open(&world, "P1");
    assert_eq!(
        keys(&incident),
        [
            "id",
            "title",
            "severity",
            "status",
            "services",
            "visibility",
            "commander",
            "declared_at",
            "detected_at",
            "acknowledged_at",
            "mitigated_at",
            "resolved_at",
            "respond_by",
            "next_update_due",
            "runs",
            "durations"
        ]
    );
    assert_eq!(keys(&incident["durations"]), ["ttd_s", "tta_s", "ttm_s", "ttr_s"]);
    assert_eq!((&incident["id"], &incident["title"]), (&json!("INC-1"), &json!("Log in fails")));
    assert_eq!((&incident["severity"], &incident["services"]), (&json!("P1"), &json!(["api"])));
    assert_eq!((&incident["status"], &incident["runs"]), (&json!("triage"), &json!([])));
    assert_eq!((&incident["acknowledged_at"], &incident["resolved_at"]), (&Value::Null, &Value::Null));
    assert!(incident["declared_at"].as_str().unwrap().ends_with('Z'), "{incident}");
    assert_eq!(world.json(&["incident", "show", "INC-1"]), incident);
}

#[test]
fn the_time_to_respond_follows_from_the_severity() {
    let world = pack();
    for (severity, minutes) in [("P0", 0), ("P1", 60), ("P2", 240), ("P3", 1440)] {
        assert_eq!(minutes_between(&open(&world, severity), "declared_at", "respond_by"), minutes, "{severity}");
    }
    let ids = world.json(&["incident", "list"]);
    let ids: Vec<_> = ids.as_array().unwrap().iter().map(|incident| incident["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["INC-4", "INC-3", "INC-2", "INC-1"]);
}

#[test]
fn whoever_opens_one_is_told_what_may_help() {
    let world = pack();
    let args = ["incident", "open", "--title", "No log in", "--service", "api", "--service", "database"];
    let seen = ["--severity", "P0", "--seen", "Database connection failed"];
    let outcome = world.run(&[&args[..], &seen].concat()).exits(0);
    let outcome =
        outcome.says(&["INC-1 is open", "Respond by", "Immediate", "Customers are to be informed", "db-connection"]);
    let outcome = outcome.says(&["opsctl runbook run db-connection --incident INC-1"]);
    assert!(outcome.stdout.contains("Seen       Database connection failed"), "{outcome}");
    let quiet = world.run(&["incident", "open", "--title", "x", "--service", "web", "--severity", "P3"]).exits(0);
    assert!(!quiet.stderr.contains("Customers are"), "{quiet}");
}

#[test]
fn what_is_missing_or_unknown_is_said_and_nothing_is_opened() {
    let world = pack();
    world.run(&["incident", "open"]).exits(4).says(&["--title TEXT", "--service ID", "--severity ID"]);
    let with = |more: &[&str]| world.run(&[&["incident", "open", "--title", "T", "--service", "api"], more].concat());
    with(&[]).exits(4).says(&["--severity ID"]);
    with(&["--severity", "p1"]).exits(2).says(&["no severity `p1`", "`P1`"]);
    with(&["--severity", "P1", "--service", "apy"]).exits(2).says(&["no service `apy`", "did you mean `api`?"]);
    let blank = ["incident", "open", "--title", " ", "--service", "api", "--severity", "P1"];
    world.run(&blank).exits(2).says(&["needs a title"]);
    assert!(!world.state().exists(), "a journal was made");
    assert_eq!(world.json(&["incident", "list", "--all"]), json!([]));
}

// ---- what is said about it ----

#[test]
fn an_incident_goes_from_declared_to_resolved() {
    let world = pack();
    open(&world, "P2");
    let taken = world.run(&["--as", "bob", "-o", "json", "incident", "ack", "1"]).exits(0).json();
    assert_eq!(taken["status"], "investigating");
    assert!(taken["acknowledged_at"].is_string() && taken["durations"]["tta_s"].is_i64(), "{taken}");
    world.run(&["incident", "note", "inc-1", "the", "pool is full"]).exits(0);
    let worse = world.json(&["incident", "severity", "1", "P1", "--reason", "more are affected"]);
    assert_eq!(worse["severity"], "P1");
    assert_eq!(minutes_between(&worse, "declared_at", "respond_by"), 60);
    let over = world.json(&["incident", "resolve", "1", "--reason", "pool enlarged"]);
    assert_eq!(over["status"], "resolved");
    assert!(over["resolved_at"].is_string() && over["durations"]["ttr_s"].is_i64(), "{over}");
    assert_eq!(world.json(&["incident", "list"]), json!([]));
    assert_eq!(world.json(&["incident", "list", "--all"])[0]["id"], "INC-1");
    world.run(&["incident", "list"]).exits(0).says(&["--all"]);
    let text = world.run(&["incident", "show", "1"]).exits(0).stdout;
    for part in [
        "INC-1 · Log in fails",
        "P1 - High · resolved",
        "Resolution pool enlarged",
        "bob acknowledged",
        "alice note: the pool is full",
        "alice severity P1: more are affected",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // A resolved incident can still be written about, and nothing else.
    world.run(&["incident", "note", "1", "it was the cache"]).exits(0);
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn what_may_not_follow_is_refused_with_the_reason() {
    let world = pack();
    open(&world, "P2");
    world.run(&["incident", "severity", "1", "P2"]).exits(2).says(&["INC-1 is P2 already", "incident show INC-1"]);
    world.run(&["incident", "severity", "1", "P9"]).exits(2).says(&["no severity `P9`"]);
    world.run(&["incident", "note", "1", "  "]).exits(2).says(&["the note is empty"]);
    world.run(&["incident", "ack", "1"]).exits(0);
    world.run(&["incident", "ack", "1"]).exits(2).says(&["acknowledged already"]);
    world.run(&["incident", "resolve", "1"]).exits(0);
    world.run(&["incident", "resolve", "1"]).exits(2).says(&["INC-1 is resolved"]);
    world.run(&["incident", "status", "1", "identified"]).exits(2).says(&["INC-1 is resolved", "postmortem, closed"]);
    world.run(&["incident", "show", "INC-2"]).exits(2).says(&["no incident `INC-2`", "did you mean INC-1?"]);
    world.run(&["incident", "show", "../../etc"]).exits(2);
    world.run(&["incident", "timeline", ""]).exits(2);
}

// ---- with its runs ----

#[test]
fn the_timeline_tells_everything_of_the_incident_and_its_runs_in_order() {
    let world = pack();
    world.runbook("mend", "steps:\n  - {id: look, title: Look, run: echo seen}\n  - {id: think, title: Think}\n");
    open(&world, "P1");
    world.run(&["incident", "ack", "1"]).exits(0);
    let answers = world.answers("steps: {look: run}");
    world.run(&["runbook", "run", "mend", "--incident", "1", "--answers", &answers]).exits(4);
    world.run(&["incident", "note", "1", "in between"]).exits(0);
    let answers = world.answers("steps: {think: {note: a leak}}");
    world.run(&["--as", "bob", "run", "resume", "mend.1", "--answers", &answers]).exits(0);
    world.run(&["incident", "resolve", "1"]).exits(0);

    let incident = world.json(&["incident", "show", "1"]);
    assert_eq!(incident["runs"], json!(["mend.1"]));
    assert_eq!(world.json(&["run", "show", "mend.1"])["incident"], "INC-1");
    let timeline = world.json(&["incident", "timeline", "1"]);
    let lines = timeline.as_array().unwrap();
    for line in lines {
        assert_eq!(keys(line), ["at", "actor", "kind", "text", "data"]);
    }
    let at: Vec<&str> = lines.iter().map(|line| line["at"].as_str().unwrap()).collect();
    assert!(at.is_sorted(), "{at:?}");
    // Each on its own, the streams are whole and in the order they were written.
    let kinds = |of_run: bool| -> Vec<&str> {
        let of = |line: &&Value| line["text"].as_str().unwrap().starts_with("[mend.1]") == of_run;
        lines.iter().filter(of).map(|line| line["kind"].as_str().unwrap()).collect()
    };
    assert_eq!(kinds(false), ["declared", "acknowledged", "run_attached", "note_added", "resolved"]);
    let run = ["run_started", "step_started", "step_finished", "run_paused", "run_resumed"];
    assert_eq!(kinds(true), [&run[..], &["note_added", "step_done", "run_finished"]].concat());
    let place = |text: &str| lines.iter().position(|line| line["text"].as_str().unwrap().contains(text)).unwrap();
    assert!(place("look: ran echo seen") < place("note: in between") && place("note: in between") < place("a leak"));
    assert_eq!(lines[place("a leak")]["actor"], "bob");
    let text = world.run(&["incident", "timeline", "1"]).exits(0).stdout;
    // For people the run's beginning is told once, as `run_attached`.
    assert_eq!(text.lines().count(), lines.len() - 1);
}

#[test]
fn a_run_joins_only_an_incident_that_is_there() {
    let world = pack();
    world.run(&["runbook", "run", "db-connection", "--incident", "INC-9"]).exits(2).says(&["INC-9"]);
    assert_eq!(world.json(&["run", "list"]), json!([]));
    world.run(&["playbook", "run", "incident-response"]).exits(4).says(&["--incident ID", "incident open"]);
}

// ---- by questions ----

/// Opens an incident by answering questions, with the severity that stands `down` places below the worst.
fn asked(world: &World, down: usize) -> Pty {
    let mut terminal = world.pty(&["--color", "never", "incident", "open"]);
    terminal.expect("What is wrong, in a few words?").send_line("Log in fails");
    terminal.expect("Which service?").expect("api - API").expect("none of these").send("\u{1b}[B\u{1b}[B\r");
    terminal.expect("What is seen?").send_line("Database connection failed");
    terminal.expect("by the criteria?").expect("Service completely down").expect("Cosmetic issue");
    terminal.send(&"\u{1b}[B".repeat(down)).send("\r");
    terminal.expect("INC-1 is open").expect("Respond by");
    terminal
}

/// Answers the step with this title.
#[track_caller]
fn at(terminal: &mut Pty, title: &str, key: &str) {
    terminal.expect(title).expect("[").send_line(key);
}

/// Walks the handbook's process to its end.
fn walk_process(terminal: &mut Pty, informs: bool) {
    terminal.expect("Walk the playbook incident-response now?").send("y");
    at(terminal, "Monitor alerts", "d");
    at(terminal, "Check health endpoints", "d");
    at(terminal, "Review error logs", "d");
    at(terminal, "Determine severity", "r");
    terminal.expect("by the criteria?").expect("Cosmetic").send("\r");
    at(terminal, "Identify affected users", "d");
    at(terminal, "Estimate impact", "r");
    terminal.expect("Who is affected").send_line("everybody");
    at(terminal, "Update status page", "r");
    if !informs {
        // Nothing says how often people hear of a P2.
        terminal.expect("How many minutes until").send_line("30");
    }
    terminal.expect("Status: Investigating").expect("Send it to status-page?").send("y");
    terminal.expect("published in status-page");
    at(terminal, "Notify team (Slack)", "d");
    if informs {
        at(terminal, "Inform customers (if P0/P1)", "r");
        for (question, said) in [
            ("Whom do you write to?", "Ann"),
            ("What happened?", "The pool was full"),
            ("What are you doing?", "Enlarging it"),
            ("When do you expect", "Soon"),
        ] {
            terminal.expect(question).send_line(said);
        }
        terminal.expect("Hi Ann,").expect("Send it to customers?").send("y");
        // Nobody commands it yet.
        terminal.expect("Approve it yourself?").send("y");
        terminal.expect("opsctl sends nothing there");
    } else {
        terminal.expect("Skipped: Inform customers (if P0/P1)");
    }
    at(terminal, "Follow runbook procedures", "4");
    at(terminal, "Apply fixes", "d");
    at(terminal, "Verify resolution", "d");
    at(terminal, "Update status page with the restored service", "r");
    terminal.expect("Status: Resolved").expect("Send it to status-page?").send("y");
    if informs {
        at(terminal, "Inform customers that it is over", "r");
        terminal.expect("Send it to customers?").send("y").expect("Approve it yourself?").send("y");
    }
    at(terminal, "Resolve the incident", "r");
    terminal.expect("How was it resolved?").send_line("pool enlarged");
    for title in ["Document incident", "Identify root cause", "Implement prevention"] {
        at(terminal, title, "d");
    }
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("succeeded"), "{shown}");
}

#[test]
fn a_p1_is_opened_by_questions_and_led_to_its_end_with_customers_informed() {
    let world = pack();
    let mut terminal = asked(&world, 1);
    terminal.expect("< 1 hour").expect("Customers are to be informed").expect("db-connection");
    walk_process(&mut terminal, true);
    let incident = world.json(&["incident", "show", "1"]);
    assert_eq!((&incident["severity"], &incident["services"]), (&json!("P1"), &json!(["database"])));
    assert_eq!((&incident["title"], &incident["status"]), (&json!("Log in fails"), &json!("resolved")));
    let id = incident["runs"][0].as_str().unwrap();
    let run = world.json(&["run", "show", id]);
    assert_eq!((&run["incident"], &run["subject"]), (&json!("INC-1"), &json!("INC-1")));
    let letter = step(&run, "inform-customers")["output"].as_str().unwrap();
    assert!(letter.contains("Hi Ann,") && letter.contains("The pool was full"), "{letter}");
    let text = world.run(&["incident", "show", "1"]).exits(0).stdout;
    for part in ["Impact     everybody", "Resolution pool enlarged", "Seen       Database connection failed"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn for_a_p2_customers_are_not_informed() {
    let world = pack();
    let mut terminal = asked(&world, 2);
    terminal.expect("< 4 hours");
    walk_process(&mut terminal, false);
    assert!(!terminal.shown().contains("Customers are to be informed"), "{}", terminal.shown());
    let id = world.json(&["incident", "show", "1"])["runs"][0].as_str().unwrap().to_owned();
    let run = world.json(&["run", "show", &id]);
    assert_eq!(
        (status(&run, "inform-customers"), &step(&run, "inform-customers")["output"]),
        ("skipped", &Value::Null)
    );
    assert_eq!(run["outcome"], "succeeded");
}

#[test]
fn the_process_can_wait_and_questions_can_be_left() {
    let world = pack();
    let mut terminal = asked(&world, 0);
    terminal.expect("Immediate").expect("now?").send("n");
    terminal.expect("Later: opsctl incident walk INC-1");
    assert_eq!(terminal.finish().0, 0);
    assert_eq!(world.json(&["incident", "show", "1"])["runs"], json!([]));
    let mut terminal = world.pty(&["incident", "open", "--title", "Another"]);
    terminal.expect("Which service?").interrupt();
    assert_eq!(terminal.finish().0, 130);
    assert_eq!(world.json(&["incident", "list"]).as_array().unwrap().len(), 1);
}
