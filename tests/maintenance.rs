//! Planned maintenance: planned, announced, begun, over; and what its services' probes are called meanwhile.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use chrono::{DateTime, TimeDelta, Utc};
use opsctl::ground::{Clock as _, SystemClock, rfc3339};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

mod common;

use common::statuspage::status_page;
use common::{Outcome, World, eventually, finish};

/// A workspace with channels, two services, and a probe that finds nobody.
fn world() -> World {
    let world = World::new();
    world.write(
        "opsctl.yaml",
        "title: Test
services:
  api:
    title: API
    probes:
      gone: {tcp: \"127.0.0.1:1\", interval: 1s}
  web:
    title: Web shop
    probes:
      other: {tcp: \"127.0.0.1:1\", interval: 1s}
channels:
  news: {title: News, file: news.jsonl, audience: public}
  team: {title: Team, file: team.jsonl, audience: team}
  customers: {title: Customers, file: customers.jsonl, audience: customers}
",
    );
    world
}

const PLAN: [&str; 6] = ["maintenance", "plan", "--title", "Upgrade the database", "--service", "api"];

fn plan(world: &World, more: &[&str]) -> Outcome {
    world.run(&[&["-o", "json"], &PLAN[..], more].concat())
}

fn at(value: &Value, key: &str) -> DateTime<Utc> {
    value[key].as_str().unwrap_or_else(|| panic!("no {key}: {value}")).parse().unwrap()
}

/// The messages that a channel got.
fn letters(world: &World, file: &str) -> Vec<Value> {
    world.read(file).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn states(world: &World) -> (String, String) {
    let seen = world.look(&[]);
    (seen.state("gone").to_owned(), seen.state("other").to_owned())
}

// ---- its way ----

#[test]
fn it_goes_from_its_plan_to_its_end_and_those_told_before_hear_the_rest() {
    let world = world();
    let planned = plan(&world, &["--from", "now", "--for", "2h", "--text", "Carts are kept.", "--to", "news"]).exits(0);
    let planned = planned.says(&["MNT-1 is planned", "Message MNT-1.m1 for news", "m1 to news: sent"]).json();
    let keys: Vec<&String> = planned.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "id",
            "title",
            "status",
            "services",
            "text",
            "scheduled_for",
            "scheduled_until",
            "planned_at",
            "planned_by",
            "started_at",
            "verifying_at",
            "finished_at",
            "canceled_at",
            "outcome",
            "told"
        ]
    );
    assert_eq!((&planned["id"], &planned["status"]), (&json!("MNT-1"), &json!("scheduled")));
    assert_eq!((&planned["services"], &planned["told"]), (&json!(["api"]), &json!(["news"])));
    assert_eq!(at(&planned, "scheduled_until") - at(&planned, "scheduled_for"), TimeDelta::hours(2));

    let begun = world.json(&["maintenance", "start", "1"]);
    assert_eq!((&begun["status"], begun["started_at"].is_string()), (&json!("in_progress"), true));
    let longer = world.json(&["maintenance", "update", "mnt-1", "--for", "3h", "--reason", "bob forgot the disk"]);
    assert_eq!(at(&longer, "scheduled_until") - at(&longer, "scheduled_for"), TimeDelta::hours(3));
    world.run(&["maintenance", "update", "Halfway", "through."]).exits(0);
    assert_eq!(world.json(&["maintenance", "update", "MNT-1", "--verifying"])["status"], "verifying");
    world.run(&["maintenance", "note", "1", "slower than thought"]).exits(0);
    let over = world.json(&["maintenance", "finish", "1", "--note", "bob mended it"]);
    assert_eq!((&over["status"], &over["outcome"]), (&json!("completed"), &json!("bob mended it")));

    let told = letters(&world, "news.jsonl");
    let statuses: Vec<&Value> = told.iter().map(|one| &one["thread"]["status"]).collect();
    assert_eq!(statuses, ["scheduled", "in_progress", "in_progress", "in_progress", "verifying", "completed"]);
    let titles: Vec<&str> = told.iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        [
            "Planned maintenance: Upgrade the database",
            "Maintenance has begun: Upgrade the database",
            "Maintenance has a new end: Upgrade the database",
            "Maintenance: Upgrade the database",
            "Maintenance is being verified: Upgrade the database",
            "Maintenance is over: Upgrade the database",
        ]
    );
    let text = told[0]["text"].as_str().unwrap();
    assert!(text.contains(" UTC (2h).\nServices: API\n\nCarts are kept."), "{text}");
    assert_eq!(told[3]["text"], "Halfway through.");
    assert!(!world.read("news.jsonl").contains("bob"), "what was written for colleagues was told");
    for one in &told {
        assert_eq!((&one["kind"], &one["data"]["about"]), (&json!("maintenance"), &json!("MNT-1")));
        assert_eq!(&one["thread"]["name"], "Upgrade the database");
        assert_eq!((&one["thread"]["incident"], &one["thread"]["impact"]), (&json!("MNT-1"), &json!("none")));
        assert_eq!(at(&one["data"], "starts_at"), at(&planned, "scheduled_for"));
    }
    assert_eq!(told[0]["thread"]["components"], json!([["api", "operational"]]));
    assert_eq!(told[1]["thread"]["components"], json!([["api", "under_maintenance"]]));
    assert_eq!(told[5]["thread"]["components"], json!([["api", "operational"]]));

    let text = world.run(&["maintenance", "show", "1"]).exits(0).stdout;
    for part in ["completed", "alice planned from ", "alice began", "bob forgot the disk", "note: slower", "over: bob"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(world.json(&["maintenance", "list"]), json!([]));
    assert_eq!(world.json(&["maintenance", "list", "--all"])[0]["id"], "MNT-1");
    assert_eq!(world.json(&["message", "list", "--all"]).as_array().unwrap().len(), 6);
    assert_eq!(world.json(&["message", "show", "MNT-1.m2"])["status"], "in_progress");
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn what_happened_earlier_is_told_with_its_moment() {
    let world = world();
    plan(&world, &["--from", "now", "--for", "2h"]).exits(0).says(&["Nobody was told of it"]);
    let begun = world.json(&["maintenance", "start", "1", "--at", "5m ago"]);
    assert!(SystemClock.now() - at(&begun, "started_at") >= TimeDelta::minutes(5));
    let text = world.run(&["maintenance", "show", "1"]).exits(0).stdout;
    assert!(text.contains("began (told at"), "{text}");
    world.run(&["maintenance", "finish", "1", "--at", "10m ago"]).exits(2).says(&["nothing ends before"]);
    let later = rfc3339(SystemClock.now() + TimeDelta::hours(1));
    world.run(&["maintenance", "finish", "1", "--at", &later]).exits(2).says(&["has not come yet"]);
}

// ---- who is told ----

#[test]
fn customers_are_told_once_somebody_approves() {
    let world = world();
    let waits = plan(&world, &["--from", "5h", "--until", "2h", "--to", "customers"]).exits(4);
    let waits = waits.says(&["MNT-1.m1 goes to customers", "somebody who", "message approve MNT-1.m1"]);
    assert_eq!((&waits.json()["status"], &waits.json()["told"]), (&json!("scheduled"), &json!([])));
    assert!(letters(&world, "customers.jsonl").is_empty());
    world.run(&["message", "approve", "MNT-1.m1", "--approve"]).exits(0);
    assert_eq!(letters(&world, "customers.jsonl").len(), 1);
    world.run(&["maintenance", "cancel", "1", "--reason", "no disk", "--approve", "--text", "Not today."]).exits(0);
    let told = letters(&world, "customers.jsonl");
    assert_eq!((&told[1]["text"], &told[1]["thread"]["status"]), (&json!("Not today."), &json!("completed")));
    assert_eq!(told[1]["thread"]["components"], json!([]), "what never was touched is as it is");
}

#[test]
fn drafts_templates_and_silence() {
    let world = world();
    world.write(
        "templates/work.yaml",
        "title: Work
fields:
  - {name: what, default: \"{{ maintenance.title }}\"}
  - {name: when, default: \"{{ maintenance.from }}\"}
  - {name: whom}
subject: \"{{ what }}\"
body: \"Dear {{ whom }}, {{ what }} begins {{ when }}.\"
",
    );
    world.run(&["lint"]).exits(0);
    let missing = plan(&world, &["--from", "3d", "--for", "1h", "--to", "team", "--template", "work"]);
    missing.exits(4).says(&["still needs: whom"]);
    assert_eq!(world.json(&["maintenance", "list"]), json!([]), "a message that cannot be made leaves no plan behind");
    let args = ["--from", "3d", "--for", "1h", "--to", "team", "--template", "work", "--set", "whom=all", "--draft"];
    plan(&world, &args).exits(0).says(&["Drafted as MNT-1.m1"]);
    assert!(letters(&world, "team.jsonl").is_empty());
    world.run(&["message", "approve", "MNT-1.m1"]).exits(0);
    let told = letters(&world, "team.jsonl");
    assert!(told[0]["text"].as_str().unwrap().starts_with("Dear all, Upgrade the database begins 20"), "{told:?}");
    world.run(&["maintenance", "update", "1", "--for", "90m", "--quiet"]).exits(0);
    world.run(&["maintenance", "update", "1", "Words", "--quiet"]).exits(2);
    assert_eq!(letters(&world, "team.jsonl").len(), 1);
    world.run(&["maintenance", "update", "1", "--to", "nwes"]).exits(2).says(&["no channel `nwes`", "`news`"]);
    world.run(&["maintenance", "update", "1", "--to", "news"]).exits(0);
    assert!(letters(&world, "news.jsonl")[0]["text"].as_str().unwrap().contains("(1h30m)"));
}

#[test]
fn a_status_page_hears_it_in_its_own_words() {
    let world = world();
    let (address, came) = status_page();
    let settings = world.read("opsctl.yaml");
    let page = format!("{{page: p1, key: \"${{KEY}}\", url: \"http://{address}\", components: {{api: c1}}}}");
    world.write("opsctl.yaml", &format!("{settings}  page: {{title: Page, audience: public, statuspage: {page}}}\n"));
    let run = |args: &[&str]| {
        world.run_with_env(&[&["-o", "json", "maintenance"], args].concat(), &[("KEY", "k3y")]).exits(0).json()
    };
    let plan = ["plan", "--title", "Upgrade", "--service", "api", "--from", "now", "--for", "1h", "--to", "page"];
    let planned = run(&plan);
    run(&["start"]);
    run(&["update", "--verifying"]);
    run(&["finish"]);
    let came = came.lock().unwrap();
    let asked: Vec<&str> = came.iter().map(|(asked, _)| asked.as_str()).collect();
    let patch = "PATCH /v1/pages/p1/incidents/i1";
    assert_eq!(asked, ["POST /v1/pages/p1/incidents", patch, patch, patch]);
    let said: Vec<&Value> = came.iter().map(|(_, body)| &body["incident"]).collect();
    let statuses: Vec<&Value> = said.iter().map(|said| &said["status"]).collect();
    assert_eq!(statuses, ["scheduled", "in_progress", "verifying", "completed"]);
    let components: Vec<&Value> = said.iter().map(|said| &said["components"]["c1"]).collect();
    assert_eq!(
        components,
        [&Value::Null, &json!("under_maintenance"), &json!("under_maintenance"), &json!("operational")]
    );
    assert_eq!((&said[0]["name"], &said[0]["component_ids"]), (&json!("Upgrade"), &json!(["c1"])));
    assert_eq!(at(said[0], "scheduled_until"), at(&planned, "scheduled_until"));
    assert_eq!(said[0]["metadata"]["opsctl"], json!({"incident": "MNT-1", "message": "MNT-1.m1"}));
}

#[test]
fn our_own_page_shows_what_the_public_was_told_of() {
    let world = world();
    plan(&world, &["--from", "2h", "--for", "1h", "--to", "news"]).exits(0);
    plan(&world, &["--from", "30h", "--for", "1h", "--to", "team"]).exits(0);
    world.run(&["status-page", "build", "public"]).exits(0);
    let told: Value = serde_json::from_str(&world.read("public/api/v2/scheduled-maintenances.json")).unwrap();
    let all = told["scheduled_maintenances"].as_array().unwrap();
    assert_eq!(
        (all.len(), &all[0]["status"], &all[0]["name"]),
        (1, &json!("scheduled"), &json!("Upgrade the database"))
    );
    assert!(world.read("public/index.html").contains("Upgrade the database"));
}

// ---- what is refused ----

#[test]
fn what_is_missing_or_wrong_is_said_and_nothing_is_planned() {
    let world = world();
    let missing = ["--title TEXT", "--service ID", "--from TIME", "--until TIME (or --for DURATION)"];
    world.run(&["maintenance", "plan"]).exits(4).says(&missing);
    plan(&world, &["--from", "1h"]).exits(4).says(&["still needs: --until TIME"]);
    plan(&world, &["--from", "1h", "--for", "1h", "--service", "apy"]).exits(2).says(&["did you mean `api`?"]);
    plan(&world, &["--from", "2020-01-01 10:00", "--for", "1h"]).exits(2).says(&["has passed already"]);
    plan(&world, &["--from", "2090-01-01 10:00", "--until", "2090-01-01 09:00"]).exits(2).says(&["it would end at"]);
    plan(&world, &["--from", "1h", "--for", "0s"]).exits(2).says(&["it would end at"]);
    plan(&world, &["--from", "soon", "--for", "1h"]).exits(2).says(&["`soon` is no moment"]);
    plan(&world, &["--from", "1h", "--for", "1h", "--until", "2h"]).exits(2).says(&["cannot be used with"]);
    plan(&world, &["--from", "1h", "--for", "1h", "--to", "nobody"]).exits(2).says(&["no channel `nobody`"]);
    let blank = ["maintenance", "plan", "--title", " ", "--service", "api", "--from", "1h", "--for", "1h"];
    world.run(&blank).exits(2).says(&["needs a title"]);
    assert_eq!(world.json(&["maintenance", "list", "--all"]), json!([]));
    world.run(&["maintenance", "show", "MNT-1"]).exits(2).says(&["no maintenance `MNT-1`"]);
    world.run(&["maintenance", "start"]).exits(2).says(&["no maintenance is planned"]);
}

#[test]
fn what_may_not_follow_is_refused_with_the_way_out() {
    let world = world();
    plan(&world, &["--from", "3h", "--for", "1h"]).exits(0);
    world.run(&["maintenance", "start", "1"]).exits(2).says(&["--from now", "maintenance show MNT-1"]);
    world.run(&["maintenance", "finish", "1"]).exits(2).says(&["MNT-1 has not begun"]);
    world.run(&["maintenance", "update", "1"]).exits(2).says(&["say what is to change"]);
    world.run(&["maintenance", "update", "1", "More", "words"]).exits(2).says(&["say who is told"]);
    world.run(&["maintenance", "update", "1", "--from", "now"]).exits(0);
    world.run(&["maintenance", "start"]).exits(0);
    world.run(&["maintenance", "start", "1"]).exits(2).says(&["MNT-1 has begun already"]);
    world.run(&["maintenance", "cancel", "1", "--reason", "x"]).exits(2).says(&["it cannot be canceled"]);
    world.run(&["maintenance", "finish", "1"]).exits(0);
    world.run(&["maintenance", "finish", "1"]).exits(2).says(&["MNT-1 is completed"]);
    world.run(&["maintenance", "show", "MNT-2"]).exits(2).says(&["did you mean MNT-1?"]);
    world.run(&["maintenance", "cancel", "1", "--reason", " "]).exits(2).says(&["the reason is empty"]);
}

#[test]
fn work_on_the_same_service_at_the_same_time_is_warned_of() {
    let world = world();
    plan(&world, &["--from", "3h", "--for", "2h"]).exits(0);
    let second = plan(&world, &["--from", "4h", "--for", "2h"]).exits(0);
    second.says(&["MNT-2 is planned", "warning: at the same time, MNT-1 is planned: Upgrade the database"]);
    world.run(&["maintenance", "update"]).exits(2).says(&["several are planned: MNT-1, MNT-2"]);
    let moved = world.run(&["maintenance", "update", "2", "--from", "30h"]).exits(0);
    assert!(!moved.stderr.contains("warning"), "{moved}");
}

// ---- what follows for probes ----

#[test]
fn probes_of_its_services_are_maintenance_while_it_goes_on() {
    let world = world();
    let down = ("down".to_owned(), "down".to_owned());
    plan(&world, &["--from", "now", "--for", "1h"]).exits(0);
    assert_eq!(states(&world), down, "what is only planned excuses nothing");
    world.run(&["maintenance", "start", "1"]).exits(0);
    assert_eq!(states(&world), ("maintenance".to_owned(), "down".to_owned()));
    world.run(&["maintenance", "update", "1", "--verifying"]).exits(0);
    assert_eq!(states(&world).0, "maintenance");
    world.run(&["maintenance", "finish", "1"]).exits(0);
    assert_eq!(states(&world), down);
}

#[test]
fn work_that_takes_longer_than_announced_hides_nothing() {
    let world = world();
    plan(&world, &["--from", "now", "--for", "2s"]).exits(0);
    world.run(&["maintenance", "start", "1"]).exits(0);
    eventually("its time is over", || states(&world).0 == "down");
    let now = world.run(&[]).exits(0).stdout;
    assert!(now.contains("Maintenance:\n  MNT-1 · in progress") && now.contains("its probes count again"), "{now}");
    world.run(&["maintenance", "update", "1", "--for", "1h"]).exits(0);
    assert_eq!(states(&world).0, "maintenance");
}

#[test]
fn the_daemon_learns_of_it_while_it_runs() {
    let world = world();
    plan(&world, &["--from", "now", "--for", "1h"]).exits(0);
    let daemon = world.spawn(&["watch"]);
    let seen =
        |probe: &str, state: &str| world.json(&["probe", "history", probe])["counts"][state].as_u64().unwrap_or(0);
    eventually("it is down", || seen("gone", "down") > 0);
    world.run(&["maintenance", "start", "1"]).exits(0);
    eventually("it is worked on", || seen("gone", "maintenance") > 1);
    world.run(&["maintenance", "finish", "1"]).exits(0);
    let before = seen("gone", "down");
    eventually("it counts again", || seen("gone", "down") > before + 1);
    assert_eq!(seen("other", "maintenance"), 0, "others are not worked on");
    kill_process(Pid::from_child(&daemon), Signal::TERM).unwrap();
    finish(daemon).exits(0);
}

#[test]
fn now_shows_what_goes_on_and_what_begins_within_a_day() {
    let world = world();
    for from in ["20h", "30h", "now"] {
        plan(&world, &["--from", from, "--for", "1h"]).exits(0);
    }
    let now = world.json(&[]);
    let ids: Vec<&Value> = now["maintenance"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["MNT-3", "MNT-1"]);
    let text = world.run(&[]).exits(0).stdout;
    assert!(text.contains("MNT-1 · scheduled · Upgrade the database · api · begins in 19 h 59 min"), "{text}");
}

// ---- by questions ----

#[test]
fn what_is_not_said_is_asked_for() {
    let world = world();
    let mut terminal = world.pty(&["--color", "never", "maintenance", "plan", "--to", "team"]);
    terminal.expect("What is done").send_line("Upgrade");
    terminal.expect("Which service does it touch?").expect("none of these").send("\r");
    terminal.expect("Which other one?").expect("no other").send("\r");
    terminal.expect("When does it begin?").send_line("yesterday");
    terminal.expect("is no moment").send(&"\u{7f}".repeat(9)).send_line("3d");
    terminal.expect("When is it over?").send_line("2h");
    terminal.expect("Send it to team?").send("y");
    terminal.expect("MNT-1 · Upgrade");
    assert_eq!(terminal.finish().0, 0);
    let planned = &world.json(&["maintenance", "list"])[0];
    assert_eq!((&planned["services"], &planned["told"]), (&json!(["api"]), &json!(["team"])));
}
