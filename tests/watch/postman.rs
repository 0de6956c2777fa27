//! The postman: what keeps one message waiting keeps no other.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use opsctl::ground::Actor;
use opsctl::journal::{Context, Journal as _, NewEvent, SqliteJournal};
use serde_json::json;

use crate::common::{World, eventually};
use crate::daemon::Daemon;
use crate::hook::Hook;

/// A world with these channels and so many open incidents.
fn world(channels: &str, incidents: usize) -> World {
    let world = World::new();
    world.write(
        "opsctl.yaml",
        &format!(
            "title: Test\nservices: {{api: {{title: API}}}}\n\
             severities: {{P1: {{title: High, criteria: [Broken], respond_within: 1s, escalate: all}}}}\n\
             escalation: {{all: {{topic: All, to: Team, levels: [{{to: On call, after: 1s, channels: [team]}}]}}}}\n\
             channels:\n{channels}"
        ),
    );
    world.run(&["lint"]).exits(0);
    for _ in 0..incidents {
        world.run(&["incident", "open", "--title", "Down", "--service", "api", "--severity", "P1"]).exits(0);
    }
    world
}

fn is_sent(world: &World, message: &str) -> bool {
    world.json(&["message", "show", message])["state"] == "sent"
}

/// Something that only a newer opsctl could know.
fn unheard_of(world: &World, id: &str) {
    let journal = SqliteJournal::open(&world.state()).unwrap();
    let stream = format!("incident/{id}");
    let context =
        Context { at: "2026-11-23T12:00:00Z".parse().unwrap(), actor: Actor("ana".to_owned()), host: "box".to_owned() };
    let event = NewEvent { kind: "sung_about".to_owned(), body: json!({}) };
    // The daemon may write to it at the same moment.
    let append = || {
        let seen = journal.read(&stream, 0).unwrap().len();
        journal.append(&stream, u64::try_from(seen).unwrap(), &context, std::slice::from_ref(&event))
    };
    eventually("it is written", || append().is_ok());
}

#[test]
fn a_page_that_takes_long_keeps_no_other_channel_waiting() {
    let hook = Hook::start(|_| 503);
    let world = world(
        &format!(
            "  site: {{title: Site, audience: public, page: site}}\n  team: {{title: Team, audience: team, webhook: \"{}\"}}\n",
            hook.url()
        ),
        1,
    );
    world.run(&["incident", "ack", "1"]).exits(0);
    let file = world.write("site", "in the way");
    world.run(&["incident", "update", "1", "We look", "--to", "site", "--to", "team"]).exits(5);
    std::fs::remove_file(file).unwrap();
    world.run(&["status-page", "build", "site"]).exits(0);
    // Somebody else builds the page.
    let lock = File::open(world.path("site/.opsctl-page.lock")).unwrap();
    lock.lock().unwrap();
    let daemon = Daemon::start(&world);
    let is_trying = || {
        let shown = world.json(&["message", "show", "INC-1.m1"]);
        let legs = shown["deliveries"].as_array().unwrap();
        legs.iter().any(|leg| leg["channel"] == "site" && leg["state"] == "trying")
    };
    eventually("the page is being made", is_trying);
    let meanwhile = hook.told().len();
    eventually("the team is told, and told again", || hook.told().len() > meanwhile);
    assert!(is_trying(), "the page was waited for: {}", daemon.said());
    lock.unlock().unwrap();
    daemon.says("message INC-1.m1 to site: sent");
    assert!(world.read("site/index.html").contains("We look"));
    daemon.stop().exits(0);
}

#[test]
fn what_cannot_be_read_of_one_incident_stops_no_other() {
    let is_well = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&is_well);
    let hook = Hook::start(move |_| if well.load(Ordering::SeqCst) { 200 } else { 503 });
    let channels = format!("  team: {{title: Team, audience: team, webhook: \"{}\"}}\n", hook.url());
    let world = world(&channels, 3);
    for id in ["1", "2", "3"] {
        world.run(&["incident", "update", id, "Hello", "--to", "team"]).exits(5);
    }
    unheard_of(&world, "INC-1");
    let daemon = Daemon::start(&world);
    daemon.says("messages wait, for they cannot be read; others are sent: event");
    unheard_of(&world, "INC-2");
    let of = |id: &str| {
        let said = daemon.said();
        said.matches("messages wait, for").count() + said.matches(&format!("incident/{id} cannot be read")).count()
    };
    eventually("it says so of the other", || daemon.count("incident/INC-2 cannot be read") > 0);
    is_well.store(true, Ordering::SeqCst);
    eventually("the third is told of", || is_sent(&world, "INC-3.m1"));
    // Its clock goes on, too, whatever is with the others.
    eventually("somebody is asked", || {
        let timeline = world.json(&["incident", "timeline", "3"]);
        timeline.as_array().unwrap().iter().any(|line| line["kind"] == "escalated")
    });
    let before = (of("INC-1"), of("INC-2"));
    thread::sleep(Duration::from_secs(6)); // longer than until it is tried again
    assert_eq!((of("INC-1"), of("INC-2")), before, "each is told once: {}", daemon.said());
    daemon.stop().exits(0);
}
