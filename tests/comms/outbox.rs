//! The outbox when processes are killed: nothing is lost, and nothing is sent twice where the channel lets that be known.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::World;
use crate::common::hook::Hook;
use crate::{open, world};

/// A workspace with a channel of each sort: one whose receiver can tell by a key, one that cannot tell, one that can be
/// looked at.
fn place(hook: &Hook, slack: &Hook) -> World {
    world(&format!(
        "  hook: {{title: H, audience: public, webhook: \"{}\"}}\n  slack: {{title: S, audience: team, slack: \"{}\"}}\n  hall: {{title: F, audience: public, file: hall.jsonl}}\n",
        hook.url(),
        slack.url()
    ))
}

fn states(world: &World, message: &str) -> Vec<(String, String)> {
    let shown = world.run(&["-o", "json", "message", "show", message]);
    let Ok(mail) = serde_json::from_str::<Value>(&shown.stdout) else { return Vec::new() };
    let said = |leg: &Value, key: &str| leg[key].as_str().unwrap().to_owned();
    mail["deliveries"].as_array().unwrap().iter().map(|leg| (said(leg, "channel"), said(leg, "state"))).collect()
}

#[test]
fn killed_anywhere_it_goes_on_where_it_stopped() {
    let mut killed = 0;
    for point in 1..60 {
        let (hook, slack) = (Hook::start(|_| 200), Hook::start(|_| 200));
        let world = place(&hook, &slack);
        let id = open(&world, &[]);
        let send = ["incident", "update", &id, "We look into it", "--to", "hook", "--to", "slack", "--to", "hall"];
        let at = point.to_string();
        let first = world.run_with_env(&send, &[("OPSCTL_ABORT_AT", &at)]);
        if first.code == 0 {
            break;
        }
        killed += 1;
        assert_eq!(first.code, 137, "{first}");
        // What was drafted is approved, what was queued is sent.
        let before: Vec<Value> = world.json(&["message", "list"]).as_array().unwrap().clone();
        for mail in &before {
            if matches!(mail["state"].as_str(), Some("draft" | "approved")) {
                world.run(&["message", "approve", mail["id"].as_str().unwrap()]).exits(0);
            }
        }
        world.run(&["message", "send", "--now"]);
        check(&world, &hook, &slack, point);
    }
    assert!(killed > 8, "it was killed only {killed} times");
}

#[track_caller]
fn check(world: &World, hook: &Hook, slack: &Hook, point: usize) {
    let mails = world.json(&["message", "list", "--all"]);
    if mails.as_array().unwrap().is_empty() {
        // Killed before anything was said.
        assert_eq!((hook.told().len(), slack.told().len()), (0, 0), "{point}");
        return;
    }
    for (channel, state) in states(world, "INC-1.m1") {
        match channel.as_str() {
            // Sent, or plainly said that nobody knows; never twice.
            "slack" => {
                assert!(state == "sent" || state == "uncertain", "{point}: {channel} is {state}");
                assert!(slack.told().len() <= 1, "{point}: slack heard it {} times", slack.told().len());
                assert!(state == "uncertain" || slack.told().len() == 1, "{point}");
            }
            "hook" => {
                assert_eq!(state, "sent", "{point}: {channel}");
                let keys: BTreeSet<String> = hook.told().into_iter().map(|told| told.key).collect();
                assert_eq!(keys.len(), 1, "{point}: {keys:?}");
            }
            _ => {
                assert_eq!(state, "sent", "{point}: {channel}");
                assert_eq!(world.read("hall.jsonl").lines().count(), 1, "{point}");
            }
        }
    }
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn two_that_empty_it_at_once_send_everything_once() {
    let (hook, slack) = (Hook::start(|_| 503), Hook::start(|_| 503));
    let world = place(&hook, &slack);
    let id = open(&world, &[]);
    world.run(&["incident", "update", &id, "We look into it", "--to", "hall", "--draft"]).exits(0);
    for number in 2..8 {
        let text = format!("update {number}");
        world.run(&["incident", "update", &id, &text, "--to", "hall", "--draft"]).exits(0);
    }
    // Each approval sends what is due of the whole incident: they meet.
    let children: Vec<_> =
        (1..8).map(|number| world.spawn(&["message", "approve", &format!("INC-1.m{number}")])).collect();
    for child in children {
        crate::common::finish(child);
    }
    world.run(&["message", "send", "--now"]);
    let lines = world.read("hall.jsonl");
    let ids: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), unique.len()), (7, 7), "{ids:?}");
}
