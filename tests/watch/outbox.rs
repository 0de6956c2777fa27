//! The outbox: what other processes queued is sent, at most once where that can be known, whatever happens.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::common::{World, eventually, finish};
use crate::daemon::Daemon;
use crate::hook::Hook;

/// A world without probes, with these channels and one open incident.
fn world(channels: &str) -> World {
    let world = World::new();
    settings(&world, channels);
    world.run(&["lint"]).exits(0);
    world.run(&["incident", "open", "--title", "Down", "--service", "api", "--severity", "P1"]).exits(0);
    world
}

fn settings(world: &World, channels: &str) {
    world.write(
        "opsctl.yaml",
        &format!(
            "title: Test\nservices: {{api: {{title: API}}}}\nseverities: {{P1: {{title: High, criteria: [Broken], respond_within: 1h}}}}\nchannels:\n{channels}"
        ),
    );
}

fn webhook(id: &str, url: &str) -> String {
    format!("  {id}: {{title: {id}, audience: team, webhook: \"{url}\"}}\n")
}

/// An address at which nobody listens.
fn closed() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The state of a message.
fn state(world: &World, message: &str) -> String {
    let shown = world.json(&["message", "show", message]);
    shown["state"].as_str().unwrap_or_default().to_owned()
}

fn ids(hook: &Hook) -> Vec<String> {
    hook.told().iter().map(|told| told.message["id"].as_str().unwrap().to_owned()).collect()
}

fn attempts(world: &World) -> Vec<(String, u64)> {
    let timeline = world.json(&["incident", "timeline", "1"]);
    let tried = timeline.as_array().unwrap().iter().filter(|line| line["kind"] == "message_attempted");
    let one = |line: &Value| {
        let data = &line["data"];
        (format!("{}:{}", data["message"], data["channel"]).replace('"', ""), data["attempt"].as_u64().unwrap())
    };
    tried.map(one).collect()
}

#[test]
fn what_could_not_be_sent_is_sent_when_the_network_is_back() {
    let place = closed();
    let world = world(&webhook("team", &format!("http://{place}/hook")));
    for text in ["The first", "The second", "The third"] {
        world.run(&["incident", "update", text, "--to", "team"]).exits(5).says(&["waits in the outbox"]);
    }
    let daemon = Daemon::start_json(&world);
    eventually("it is tried", || attempts(&world).len() > 1);
    daemon.kill();
    let hook = Hook::start_at(place, |_| 200);
    let daemon = Daemon::start_json(&world);
    eventually("all arrived", || (1..=3).all(|nth| state(&world, &format!("INC-1.m{nth}")) == "sent"));
    assert_eq!(ids(&hook), ["INC-1.m1", "INC-1.m2", "INC-1.m3"], "in their order, and each once");
    eventually("it says so", || {
        let sent = |line: &Value| line["kind"] == "message" && line["outcome"] == "sent";
        daemon.lines().iter().filter(|line| sent(line)).count() == 3
    });
    daemon.stop().exits(0);
    world.run(&["message", "list"]).exits(0).says(&["outbox is empty"]);
}

#[test]
fn what_another_process_queues_while_it_runs_is_sent_when_that_process_is_gone() {
    let hook = Hook::start(|_| 200);
    let world = world(&webhook("team", &hook.url()));
    let daemon = Daemon::start(&world);
    // Killed once the message is queued and before it is tried, wherever exactly that is.
    let mut point = 1;
    while world.json(&["message", "list", "--all"]).as_array().unwrap().iter().all(|mail| mail["queued_at"].is_null()) {
        let mut command = world.command(&["incident", "update", "Hello", "--to", "team"]);
        command.env("OPSCTL_ABORT_AT", point.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap();
        point += 1;
    }
    let queued = world.json(&["message", "list", "--all"]);
    let queued = queued.as_array().unwrap().iter().find(|mail| !mail["queued_at"].is_null()).unwrap();
    let id = queued["id"].as_str().unwrap().to_owned();
    eventually("it is sent", || state(&world, &id) == "sent");
    assert_eq!(ids(&hook), std::slice::from_ref(&id));
    daemon.says(&format!("message {id} to team: sent"));
    daemon.stop().exits(0);
}

#[test]
fn two_processes_never_send_the_same_twice() {
    let is_well = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&is_well);
    let hook = Hook::start(move |_| {
        // Long enough for the other one to come by.
        thread::sleep(Duration::from_millis(20));
        if well.load(Ordering::SeqCst) { 200 } else { 503 }
    });
    let channels: String = ["a", "b", "c"].map(|id| webhook(id, &hook.url())).concat();
    let world = world(&channels);
    for _ in 0..4 {
        world.run(&["incident", "update", "Hello", "--to", "a", "--to", "b", "--to", "c"]).exits(5);
    }
    is_well.store(true, Ordering::SeqCst);
    let before = hook.told().len();
    let daemon = Daemon::start(&world);
    let sent = || (1..=4).all(|nth| state(&world, &format!("INC-1.m{nth}")) == "sent");
    // Several processes try at the same time as the daemon, until all is sent.
    while !sent() {
        let others: Vec<_> = (0..3).map(|_| world.spawn(&["message", "send", "--now"])).collect();
        for other in others {
            finish(other);
        }
    }
    daemon.stop().exits(0);
    let told: Vec<(String, String)> =
        hook.told()[before..].iter().map(|told| (told.message["id"].to_string(), told.key.clone())).collect();
    assert_eq!(told.len(), 12, "four messages to three channels: {told:?}");
    let tried = attempts(&world);
    let each: BTreeSet<_> = tried.iter().collect();
    assert_eq!(each.len(), tried.len(), "each attempt was made by one: {tried:?}");
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn an_operator_who_sends_hears_what_came_of_it_although_the_daemon_runs() {
    let hook = Hook::start(|_| {
        thread::sleep(Duration::from_millis(700)); // the daemon looks meanwhile
        200
    });
    let channels: String = ["a", "b", "c"].map(|id| webhook(id, &hook.url())).concat();
    let world = world(&channels);
    let daemon = Daemon::start(&world);
    let all = ["--to", "a", "--to", "b", "--to", "c"];
    let told = world.run(&[&["incident", "update", "It is over", "--status", "resolved"], &all[..]].concat()).exits(0);
    told.says(&["to a: sent", "to b: sent", "to c: sent", "INC-1 is resolved"]);
    assert_eq!(daemon.count("message INC-1"), 0, "{}", daemon.said());
    daemon.stop().exits(0);
}

#[test]
fn a_daemon_that_is_killed_in_the_middle_of_a_delivery_loses_nothing_and_repeats_with_the_same_key() {
    for point in 1..=8 {
        let is_well = Arc::new(AtomicBool::new(false));
        let well = Arc::clone(&is_well);
        let hook = Hook::start(move |_| if well.load(Ordering::SeqCst) { 200 } else { 503 });
        let world = world(&webhook("team", &hook.url()));
        world.run(&["incident", "update", "Hello", "--to", "team"]).exits(5);
        let before = hook.told().len();
        is_well.store(true, Ordering::SeqCst);
        let mut command = world.command(&["watch"]);
        command.env("OPSCTL_ABORT_AT", point.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        eventually("it was killed, or sent it", || {
            child.try_wait().unwrap().is_some() || state(&world, "INC-1.m1") == "sent"
        });
        let _ = child.kill();
        child.wait().unwrap();
        let daemon = Daemon::start(&world);
        eventually("it arrives", || state(&world, "INC-1.m1") == "sent");
        daemon.stop().exits(0);
        let told = hook.told();
        let keys: BTreeSet<&String> = told[before..].iter().map(|told| &told.key).collect();
        assert_eq!(keys.len(), 1, "killed at {point}: whoever got it twice can tell");
        assert!(told.len() - before <= 2, "killed at {point}: {told:?}");
    }
}

#[test]
fn where_the_channel_cannot_tell_nothing_is_repeated_by_itself_and_that_is_said() {
    // The command has done its work when the daemon is killed; nobody can ask it whether it has.
    let world = world(
        "  team: {title: Team, audience: team, command: [/bin/sh, -c, 'echo sent >> sent.txt; touch ran; while test -e hold; do sleep 0.05; done']}\n",
    );
    world.write("hold", "");
    world.run(&["incident", "update", "Hello", "--to", "team", "--draft"]).exits(0);
    // Queued by a process that is gone.
    let mut point = 1;
    while state(&world, "INC-1.m1") != "queued" {
        let mut command = world.command(&["message", "approve", "INC-1.m1"]);
        command.env("OPSCTL_ABORT_AT", point.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap();
        point += 1;
    }
    let daemon = Daemon::start(&world);
    eventually("it is being told", || world.path("ran").exists());
    daemon.kill();
    std::fs::remove_file(world.path("hold")).unwrap();
    let daemon = Daemon::start_json(&world);
    eventually("it waits for somebody", || state(&world, "INC-1.m1") == "stuck");
    eventually("it goes on looking", || daemon.health()["status"] == "ok");
    daemon.stop().exits(0);
    assert_eq!(world.read("sent.txt"), "sent\n");
    world.run(&["message", "retry", "INC-1.m1"]).exits(2).says(&["it may have arrived"]);
}

#[test]
fn changed_channels_are_taken_over_and_a_slow_one_keeps_no_other_waiting() {
    let is_held = Arc::new(AtomicBool::new(true));
    let held = Arc::clone(&is_held);
    let slow = Hook::start(move |_| {
        while held.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(10));
        }
        200
    });
    let (place, quick) = (closed(), Hook::start(|_| 200));
    let nowhere = format!("http://{place}/hook");
    let world = world(&(webhook("slow", &nowhere) + &webhook("quick", &nowhere)));
    world.run(&["incident", "update", "Hello", "--to", "slow", "--to", "quick"]).exits(5);
    let daemon = Daemon::start(&world);
    settings(&world, &(webhook("slow", &slow.url()) + &webhook("quick", &quick.url())));
    daemon.says("read the definitions again");
    eventually("the quick one is told", || quick.told().len() == 1);
    eventually("the slow one is being told", || slow.told().len() == 1);
    assert_eq!(state(&world, "INC-1.m1"), "queued");
    is_held.store(false, Ordering::SeqCst);
    eventually("all arrived", || state(&world, "INC-1.m1") == "sent");
    daemon.stop().exits(0);
}
