//! Bare `opsctl`: what is going on now. It only reads.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::process::Child;

use chrono::Datelike as _;
use opsctl::ground::{Clock as _, SystemClock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

mod common;

use common::http::Server;
use common::{World, eventually, finish};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

/// A world with lists that are surely overdue, due by the day's end, not due for months, and without a schedule.
fn lists() -> World {
    let world = World::new();
    let far = (SystemClock.now().month() + 5) % 12 + 1;
    for (id, head) in [
        ("a-overdue", "schedule: daily\ndue: '0:00'".to_owned()),
        ("b-due", "schedule: monthly".to_owned()),
        ("c-far", format!("schedule: {{every: month, months: [{far}]}}")),
        ("d-never", String::new()),
    ] {
        world.write(&format!("checklists/{id}.yaml"), &format!("title: L\n{head}\nsteps: [Look, Listen]\n"));
    }
    world.run(&["lint"]).exits(0);
    world
}

fn now(world: &World) -> Value {
    world.run(&["-o", "json"]).exits(0).json()
}

#[test]
fn where_nothing_goes_on_that_is_said() {
    let world = World::new();
    let text = world.run(&[]).exits(0).stdout;
    assert_eq!(text, "Open incidents: none\n\nChecklists due: none\n\nRuns under way: none\n");
    let nothing = json!({
        "incidents": [], "maintenance": [], "alerts": [], "failing_probes": null, "is_watched": null, "due": [], "runs": [], "actions_due": [], "invalid_definitions": 0,
    });
    assert_eq!(now(&world), nothing);
}

#[test]
fn lists_that_are_due_are_shown_until_they_are_done() {
    let world = lists();
    let due = now(&world)["due"].clone();
    assert_eq!(ids(&due), ["a-overdue", "b-due"]);
    assert_eq!(keys(&due[0]), ["id", "title", "schedule", "period", "state", "deadline", "run", "progress"]);
    assert_eq!(
        (&due[0]["state"], &due[0]["run"], &due[0]["progress"]),
        (&json!("overdue"), &Value::Null, &Value::Null)
    );
    let text = world.run(&[]).exits(0).stdout;
    assert!(text.contains("a-overdue · overdue · by ") && !text.contains("c-far"), "{text}");
    world.run(&["checklist", "b-due", "--check", "look"]).exits(0);
    let begun = now(&world);
    assert_eq!((&begun["due"][1]["progress"], ids(&begun["due"]).len()), (&json!([1, 2]), 2));
    assert!(world.run(&[]).exits(0).stdout.contains("· 1 of 2"));
    world.run(&["checklist", "b-due", "--check", "listen"]).exits(0);
    assert_eq!(ids(&now(&world)["due"]), ["a-overdue"]);
}

#[test]
fn open_incidents_are_shown_with_their_timers() {
    let world = World::new();
    for title in ["Slow", "Slower"] {
        world.run(&["incident", "open", "--title", title, "--service", "api", "--severity", "P1"]).exits(0);
    }
    world.run(&["incident", "ack", "2"]).exits(0);
    let text = world.run(&[]).exits(0).stdout;
    assert!(text.contains("INC-1 · P1 · triage · Slow · 0:0"), "{text}");
    assert!(text.contains("INC-2 · P1 · investigating · Slower"), "{text}");
    assert_eq!(text.matches("response in").count(), 1, "only who has not been answered waits: {text}");
    let incidents = now(&world)["incidents"].clone();
    assert_eq!(ids(&incidents), ["INC-1", "INC-2"]);
    assert_eq!(incidents[0], world.json(&["incident", "show", "1"]));
    world.run(&["incident", "resolve", "1"]).exits(0);
    assert_eq!(ids(&now(&world)["incidents"]), ["INC-2"]);
}

#[test]
fn runs_that_wait_are_shown_and_those_that_are_over_are_not() {
    let world = World::new();
    world.runbook("think", "steps: [{id: a, title: A, run: 'true'}, {id: think, title: Think}]\n");
    world.runbook("rest", "steps: [{id: rest, title: Rest, wait: 3d}]\n");
    world.runbook("done", "steps: [{id: a, title: A, run: 'true'}]\n");
    let auto = ["--auto", "--max-risk", "mutating"];
    for (id, code) in [("think", 4), ("rest", 4), ("done", 0), ("think", 4)] {
        world.run(&[&["runbook", "run", id][..], &auto].concat()).exits(code);
    }
    world.run(&["run", "abort", "think.1", "--reason", "not now"]).exits(0);
    let runs = now(&world)["runs"].clone();
    assert_eq!(ids(&runs), ["think.2", "rest.1"]);
    assert_eq!(
        keys(&runs[0]),
        [
            "id",
            "procedure",
            "kind",
            "status",
            "outcome",
            "incident",
            "subject",
            "period",
            "actor",
            "started_at",
            "finished_at",
            "waits_until"
        ]
    );
    assert_eq!((&runs[0]["status"], &runs[0]["waits_until"]), (&json!("paused"), &Value::Null));
    assert!(runs[1]["waits_until"].is_string(), "{runs}");
    let text = world.run(&[]).exits(0).stdout;
    assert!(text.contains("rest.1 · paused · due ") && text.contains("think.2 · paused · by alice"), "{text}");
}

#[test]
fn a_walk_that_goes_on_elsewhere_is_running_and_a_killed_one_is_not() {
    let world = World::new();
    world.runbook("slow", "steps: [{id: a, title: A, run: 'echo $$ > begun; exec sleep 600'}]\n");
    let mut child = world.spawn(&["runbook", "run", "slow", "--auto", "--max-risk", "mutating"]);
    eventually("it has begun", || world.read("begun").ends_with('\n'));
    assert_eq!(now(&world)["runs"][0]["status"], "running");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(now(&world)["runs"][0]["status"], "paused");
    // What a killed program leaves behind is the test's to end.
    let pid = world.read("begun").trim().parse().ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

/// A program that is killed when the test fails.
struct Killed(Option<Child>);

impl Drop for Killed {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn open_alerts_and_failing_probes_are_shown_and_whether_anybody_still_watches() {
    let (good, bad) = (Server::start(|_| 200), Server::start(|_| 500));
    let world = World::new();
    let settings = |alerts: &str| {
        let probe = |id: &str, url: &str| format!("      {id}: {{http: \"{url}\", interval: 1s}}\n");
        let probes = probe("good", &good.url()) + &probe("bad", &bad.url());
        world.write("opsctl.yaml", &format!("services:\n  api:\n    title: API\n    probes:\n{probes}{alerts}"));
    };
    settings("alerts: {down: {title: ApiDown, state: down, observations: 1}}\n");
    world.runbook("restart", "alerts: [ApiDown]\nsteps: [Restart it]\n");
    assert_eq!(now(&world)["failing_probes"], Value::Null, "nobody has looked yet");
    let mut daemon = Killed(Some(world.spawn(&["watch"])));
    eventually("an alert is open", || now(&world)["alerts"].as_array().is_some_and(|alerts| alerts.len() == 1));
    eventually("both were seen", || good.seen() > 0 && now(&world)["failing_probes"].is_array());
    let shown = now(&world);
    let alert = &shown["alerts"][0];
    assert_eq!(
        (&alert["title"], &alert["probe"], &alert["service"]),
        (&json!("ApiDown"), &json!("bad"), &json!("api"))
    );
    assert_eq!((&alert["runbook"], &alert["incident"]), (&json!("restart"), &Value::Null));
    assert_eq!(alert["reason"], "down: [STATUS] (500) < 400");
    eventually("the failing one is among those that were seen", || ids(&now(&world)["failing_probes"]) == ["bad"]);
    let failing = now(&world)["failing_probes"][0].clone();
    assert_eq!(keys(&failing), ["id", "state", "seen_at", "reason", "is_stale"]);
    assert_eq!((&failing["state"], &failing["reason"]), (&json!("down"), &json!("[STATUS] (500) < 400")));
    let text = world.run(&[]).exits(0).stdout;
    for part in ["ApiDown · bad · api · since ", "opsctl runbook run restart", "bad · down"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("good"), "{text}");

    let daemon = daemon.0.take().unwrap();
    kill_process(Pid::from_raw(daemon.id().cast_signed()).unwrap(), Signal::TERM).unwrap();
    finish(daemon).exits(0);
    eventually("that nobody watches now is said", || now(&world)["failing_probes"][0]["is_stale"] == true);
    let text = world.run(&[]).exits(0).stdout;
    assert!(text.contains("nobody watches now"), "{text}");
}

#[test]
fn invalid_definitions_are_counted_and_hide_nothing() {
    let world = lists();
    world.runbook("broken", "stpes: [x]\n");
    let outcome = world.run(&[]).exits(0).says(&["runbooks/broken.yaml", "opsctl lint"]);
    assert!(outcome.stdout.contains("a-overdue"), "{outcome}");
    assert_eq!(now(&world)["invalid_definitions"], 1);
}

#[test]
fn looking_never_makes_a_journal() {
    let world = lists();
    world.runbook("two", "steps: [A, B]\n");
    for args in [
        &[][..],
        &["-o", "json"],
        &["-v"],
        &["run", "list"],
        &["incident", "list"],
        &["runbook", "list"],
        &["runbook", "show", "two"],
        &["runbook", "run", "two", "--dry-run"],
        &["checklist", "list"],
        &["checklist", "status"],
        &["checklist", "history"],
        &["playbook", "list"],
        &["template", "list"],
        &["journal", "verify"],
        &["lint"],
    ] {
        let outcome = world.run(args);
        assert!(matches!(outcome.code, 0 | 1), "{args:?}: {outcome}");
        assert!(world.stored().is_empty() && !world.state().exists(), "{args:?} wrote something");
    }
    for args in [&["run", "show", "x"][..], &["run", "resume", "x"], &["run", "export", "x"], &["incident", "ack", "1"]]
    {
        world.run(args).exits(2);
    }
}

#[test]
fn without_a_workspace_the_starter_pack_serves_and_is_only_read() {
    let world = World::new();
    std::fs::remove_file(world.path("opsctl.yaml")).unwrap();
    let due = now(&world)["due"].clone();
    assert!(due.is_array(), "{due}");
    assert!(world.json(&["runbook", "list"]).to_string().contains("db-connection"));
    assert!(world.stored().is_empty(), "something was written");
    world.run(&["checklist", "daily-evening", "--check", "review-daily-metrics"]).exits(0);
    assert!(!world.path(".opsctl").exists(), "the journal belongs to the user, not to the directory");
    assert!(world.stored().iter().any(|(path, _)| path.ends_with("journal.db")));
    assert!(now(&world)["runs"][0]["id"].as_str().unwrap().starts_with("daily-evening."));
}

#[test]
fn actions_are_shown_when_they_are_due_until_they_are_settled() {
    let world = World::new();
    let open = ["incident", "open", "--title", "Log in fails", "--service", "api", "--severity", "P2"];
    for _ in 0..3 {
        world.run(&open).exits(0);
    }
    let today = SystemClock.now().date_naive();
    let day = |days: i64| (today + chrono::TimeDelta::days(days)).to_string();
    let add = |incident: &str, title: &str, days: Option<i64>| {
        let due = days.map(day);
        let due: Vec<&str> = due.iter().flat_map(|due| ["--due", due]).collect();
        world
            .run(&[&["incident", "action", "add", incident, title, "--type", "corrective"], &due[..]].concat())
            .exits(0);
    };
    assert_eq!(now(&world)["actions_due"], json!([]));
    add("1", "today", Some(0));
    add("1", "tomorrow", Some(1));
    add("1", "some time", None);
    add("2", "long ago", Some(-9));
    add("2", "done", Some(-9));
    add("3", "dropped", Some(-9));
    world.run(&["incident", "action", "done", "2", "a2"]).exits(0);
    world.run(&["incident", "action", "drop", "3", "a1", "--reason", "too dear"]).exits(0);
    // Actions outlive their incidents.
    world.run(&["incident", "resolve", "2"]).exits(0);
    let due = now(&world)["actions_due"].clone();
    let titles: Vec<&str> = due.as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["long ago", "today"]);
    let text = world.run(&[]).exits(0).stdout;
    let overdue = format!("INC-2 a1 · overdue since {} · nobody · long ago", day(-9));
    for part in ["Actions due:", &overdue, "INC-1 a1 · due today · nobody · today"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let before = world.stored();
    now(&world);
    assert_eq!(world.stored().len(), before.len());
    world.run(&["incident", "action", "done", "1", "a1"]).exits(0);
    world.run(&["incident", "action", "change", "2", "a1", "--due", &day(3)]).exits(0);
    assert_eq!(now(&world)["actions_due"], json!([]));
    assert!(!world.run(&[]).exits(0).stdout.contains("Actions due"));
}
