//! It looks again and again, keeps what it sees, and tells what has changed.

use serde_json::{Value, json};

use crate::common::eventually;
use crate::daemon::{Daemon, seen};
use crate::target::{Silent, Target, world};

#[test]
fn what_is_seen_is_kept_and_what_changes_is_told_once() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    let daemon = Daemon::start(&world);
    eventually("it is seen up", || seen(&world, "web", "up") >= 3);
    let list = world.json(&["probe", "list"]);
    assert_eq!((&list[0]["id"], &list[0]["state"]), (&json!("web"), &json!("up")));
    assert_eq!((daemon.count("web is up"), daemon.count("DOWN")), (1, 0), "{}", daemon.said());
    target.answers(503);
    eventually("it is seen down", || seen(&world, "web", "down") >= 3);
    target.answers(200);
    eventually("it is up again", || daemon.count("web is up") == 2);
    let said = daemon.stop().exits(0).stderr;
    assert_eq!(said.matches("web is DOWN").count(), 1, "{said}");
    assert!(said.contains("[STATUS] (503) < 400"), "{said}");
    let history = world.json(&["probe", "history", "web"]);
    assert_eq!(history["failures"][0]["state"], "down");
    assert!(history["response_ms"]["p50"].is_number(), "{history}");
}

#[test]
fn programs_are_told_in_lines_of_json() {
    let target = Target::start();
    let alerts = "alerts: {down: {title: Web is down, state: down, observations: 1, resolve_after: 1}}\n";
    let world = world(&[target.probe("web")], alerts);
    let daemon = Daemon::start_json(&world);
    let kinds = |daemon: &Daemon| -> Vec<(Value, Value)> {
        daemon.lines().iter().map(|line| (line["kind"].clone(), line["to"].clone())).collect()
    };
    eventually("it is up", || kinds(&daemon).len() == 1);
    target.answers(500);
    eventually("it is down", || kinds(&daemon).len() == 3);
    target.answers(200);
    eventually("it is up again", || kinds(&daemon).len() == 5);
    let told = daemon.lines();
    let changes: Vec<&Value> = told.iter().filter(|line| line["kind"] == "state").collect();
    let words: Vec<(&str, &str)> =
        changes.iter().map(|line| (line["from"].as_str().unwrap(), line["to"].as_str().unwrap())).collect();
    assert_eq!(words, [("unknown", "up"), ("up", "down"), ("down", "up")]);
    assert_eq!(changes[1]["reason"], "[STATUS] (500) < 400");
    assert!(told.iter().all(|line| line["at"].is_string()), "{told:?}");
    let fired = told.iter().find(|line| line["kind"] == "alert_fired").unwrap();
    assert_eq!((&fired["title"], &fired["probe"]), (&json!("Web is down"), &json!("web")));
    assert_eq!(told.iter().filter(|line| line["kind"] == "alert_resolved").count(), 1);
    let outcome = daemon.stop().exits(0);
    assert!(!outcome.stderr.contains("web is"), "{outcome}");
}

#[test]
fn nobody_has_to_be_able_to_ask_it() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    let daemon = Daemon::deaf(world.spawn(&["watch"]));
    eventually("it is seen", || seen(&world, "web", "up") >= 1);
    daemon.stop().exits(0).says(&["watching 1 probe. Ctrl-C stops it.", "web is up"]);
}

#[test]
fn a_target_that_hangs_piles_nothing_up_and_delays_nobody() {
    let (silent, target) = (Silent::start(), Target::start());
    let world = world(&[silent.probe("slow"), target.probe("web")], "");
    let daemon = Daemon::start(&world);
    eventually("it is left out", || daemon.metric("opsctl_watch_skipped_total").unwrap() >= 3.0);
    eventually("the other one is looked at", || target.asked() >= 3);
    assert_eq!(silent.accepted(), 1);
    assert_eq!(daemon.metric("opsctl_watch_probes"), Some(2.0));
    assert_eq!(daemon.metric("opsctl_probe_up{probe=\"slow\""), None, "nothing is known of it yet");
    daemon.stop().exits(0).says(&["still looking: 1 probe"]);
}

#[test]
fn after_a_crash_everything_goes_on() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    let daemon = Daemon::start(&world);
    eventually("it is kept", || seen(&world, "web", "up") >= 2);
    daemon.kill();
    let before = seen(&world, "web", "up");
    let daemon = Daemon::start(&world);
    eventually("more is kept", || seen(&world, "web", "up") >= before + 2);
    assert_eq!(daemon.count("web is"), 0, "it is up as before: {}", daemon.said());
    daemon.stop().exits(0);
    world.run(&["journal", "verify"]).exits(0);
}
