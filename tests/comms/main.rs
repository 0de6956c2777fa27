//! Incidents from declared to closed, and everybody who has to hear of them: statuses and clocks, messages to real
//! servers, an outbox that survives, and text that reaches nobody as anything but text.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

#[path = "../common/mod.rs"]
mod common;

mod components;
mod guards;
mod hostile;
mod life;
mod messages;
mod outbox;
mod story;

use serde_json::Value;

use common::World;

/// A workspace with three services, two severities, and these channels.
pub fn world(channels: &str) -> World {
    let world = World::new();
    world.write(
        "opsctl.yaml",
        &format!(
            "title: Shop\n\
             services: {{api: {{title: API}}, web: {{title: Web}}, database: {{title: Database}}}}\n\
             severities:\n\
             \x20 P1: {{title: High, criteria: [down], respond_within: 1h, first_update_within: 30m, update_every: 1h, needs_commander: true, inform_customers: true}}\n\
             \x20 P3: {{title: Low, criteria: [odd], respond_within: 24h}}\n\
             escalation:\n\
             \x20 engineering: {{topic: Technical issues, to: Engineering, levels: [{{to: On call, after: 5m}}, {{to: Head, after: 15m}}]}}\n\
             channels:\n{channels}"
        ),
    );
    world
}

/// Opens an incident of the API and gives its id.
pub fn open(world: &World, more: &[&str]) -> String {
    let args = ["incident", "open", "--title", "Log in fails", "--service", "api", "--severity", "P1", "--no-input"];
    world.json(&[&args[..], more].concat())["id"].as_str().unwrap().to_owned()
}

/// The kinds of an incident's facts, in order.
pub fn kinds(world: &World, id: &str) -> Vec<String> {
    let timeline = world.json(&["incident", "timeline", id]);
    timeline.as_array().unwrap().iter().map(|line| line["kind"].as_str().unwrap().to_owned()).collect()
}

/// The one delivery of a message to a channel.
pub fn delivery(world: &World, message: &str, channel: &str) -> Value {
    let mail = world.json(&["message", "show", message]);
    let legs: Vec<&Value> =
        mail["deliveries"].as_array().unwrap().iter().filter(|leg| leg["channel"] == channel).collect();
    assert_eq!(legs.len(), 1, "{mail}");
    legs[0].clone()
}
