//! A workspace with incidents whose moments are known.

use std::fs;

use chrono::{DateTime, TimeDelta};
use opsctl::ground::{Actor, Clock as _, SystemClock, Time, rfc3339};
use opsctl::journal::{Context, Journal, NewEvent, SqliteJournal};
use serde_json::{Value, json};

use crate::common::{Outcome, World};

/// A workspace with the handbook's definitions.
pub fn pack() -> World {
    let world = World::new();
    fs::remove_file(world.path("opsctl.yaml")).unwrap();
    world.run(&["init", "."]).exits(0);
    world
}

/// So many minutes ago, as `--at` takes it.
pub fn ago(minutes: i64) -> String {
    format!("{minutes}m ago")
}

/// The program's answer to some words, which have to be good.
#[track_caller]
pub fn good(world: &World, words: &[&str]) -> Outcome {
    world.run(words).exits(0)
}

/// Opens an incident that was declared so many minutes ago.
#[track_caller]
pub fn open(world: &World, title: &str, severity: &str, minutes_ago: i64) -> String {
    let at = ago(minutes_ago);
    let words = ["incident", "open", "--title", title, "--service", "api", "--severity", severity, "--at", &at];
    world.json(&words)["id"].as_str().unwrap().to_owned()
}

/// Says something of an incident that happened so many minutes ago.
#[track_caller]
pub fn at(world: &World, minutes_ago: i64, words: &[&str]) {
    good(world, &[&["incident"], words, &["--at", &ago(minutes_ago)]].concat());
}

/// Writes facts into an incident's stream that other verbs would write.
pub fn write(world: &World, id: &str, events: &[(&str, Value)]) {
    let journal = SqliteJournal::open(&world.state()).unwrap();
    let stream = format!("incident/{id}");
    let seen = journal.read(&stream, 0).unwrap().last().map_or(0, |event| event.version);
    let context = Context { at: SystemClock.now(), actor: Actor("post".into()), host: "here".into() };
    let new = |(kind, body): &(&str, Value)| NewEvent { kind: (*kind).to_owned(), body: body.clone() };
    journal.append(&stream, seen, &context, &events.iter().map(new).collect::<Vec<_>>()).unwrap();
}

/// A message to the public that arrived so many minutes ago.
pub fn told(world: &World, id: &str, message: &str, status: &str, minutes_ago: i64) {
    let at = rfc3339(SystemClock.now() - TimeDelta::minutes(minutes_ago));
    let mut drafted = json!({
        "message": message, "tell": "update", "status": status, "severity": "P1", "template": null, "variant": null,
        "to": [{"channel": "status-page", "audience": "public"}], "subject": "We know", "text": "We are <b>looking</b>"
    });
    let approved = json!({"message": message, "grounds": "commander"});
    let queued = json!({"message": message, "targets": [{"channel": "status-page"}]});
    let sent = json!({"message": message, "channel": "status-page", "how": "200 OK", "remote": "r1"});
    let mut events = Vec::new();
    drafted["occurred_at"] = json!(at);
    for (kind, mut body) in [("message_approved", approved), ("message_queued", queued), ("message_sent", sent)] {
        body["occurred_at"] = json!(at);
        events.push((kind, body));
    }
    events.insert(0, ("message_drafted", drafted));
    write(world, id, &events);
}

/// The events of the incidents as the journal has them, in order, with the moments at which they happened.
pub fn events(world: &World, stream: &str) -> Vec<Value> {
    let text = good(world, &["-o", "json", "journal", "show", "--stream", stream]).stdout;
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// When an event happened.
pub fn happened(event: &Value) -> Time {
    let at = event["body"]["occurred_at"].as_str().or(event["at"].as_str()).unwrap();
    DateTime::parse_from_rfc3339(at).unwrap().to_utc()
}
