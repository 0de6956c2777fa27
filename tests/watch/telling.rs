//! Channels are told, again where that helps, and whoever was told of the beginning is told of the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{World, eventually};
use crate::daemon::{Daemon, alert_events, count, seen};
use crate::hook::Hook;
use crate::target::{Target, settings, world};

/// A rule that tells these channels of an outage at once.
fn rule(channels: &str) -> String {
    format!(
        "alerts: {{down: {{title: Web is down, state: down, observations: 1, resolve_after: 1, channels: [{channels}]}}}}\n"
    )
}

fn webhook(hook: &Hook) -> String {
    format!("channels: {{hook: {{title: Hook, webhook: \"{}\"}}}}\n", hook.url())
}

fn notices(world: &World, kind: &str) -> Vec<Value> {
    let of_kind = alert_events(world).into_iter().filter(|event| event["kind"] == kind);
    of_kind.map(|event| event["body"]["notice"].clone()).collect()
}

#[test]
fn a_webhook_that_fails_is_told_again() {
    let hook = Hook::start(|nth| if nth == 1 { 500 } else { 200 });
    let target = Target::start();
    let world = world(&[target.probe("web")], &(rule("hook") + &webhook(&hook)));
    let daemon = Daemon::start(&world);
    daemon.says("web is up");
    target.answers(500);
    eventually("it was told", || count(&world, "alert_notified") == 1);
    target.answers(200);
    eventually("it was told that it is over", || count(&world, "alert_notified") == 2);
    daemon.stop().exits(0).says(&["not told: hook of Web is down: 127.0.0.1:", "answered 500"]);
    assert_eq!(hook.kinds(), ["alert_fired", "alert_fired", "alert_resolved"]);
    let keys: Vec<String> = hook.told().into_iter().map(|told| told.key).collect();
    assert_eq!(keys[0], keys[1], "whoever got it twice can tell");
    assert_ne!(keys[1], keys[2]);
    assert_eq!(hook.told()[0].message["id"], json!(keys[0]));
    assert_eq!(notices(&world, "alert_notified"), ["firing", "resolved"]);
    assert_eq!(notices(&world, "alert_notify_failed"), ["firing"]);
}

#[test]
fn what_was_owed_at_the_end_is_told_after_the_next_start() {
    let is_well = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&is_well);
    let hook = Hook::start(move |_| if well.load(Ordering::SeqCst) { 200 } else { 503 });
    let target = Target::start();
    target.answers(500);
    let world = world(&[target.probe("web")], &(rule("hook") + &webhook(&hook)));
    let daemon = Daemon::start(&world);
    eventually("it was tried", || count(&world, "alert_notify_failed") == 1);
    daemon.stop().exits(0);
    assert_eq!(count(&world, "alert_notified"), 0);
    is_well.store(true, Ordering::SeqCst);
    let daemon = Daemon::start(&world);
    eventually("it was told", || count(&world, "alert_notified") == 1);
    // The end is owed, too.
    is_well.store(false, Ordering::SeqCst);
    target.answers(200);
    eventually("that it is over was tried", || notices(&world, "alert_notify_failed") == ["firing", "resolved"]);
    daemon.kill();
    is_well.store(true, Ordering::SeqCst);
    let daemon = Daemon::start(&world);
    eventually("it was told that it is over", || count(&world, "alert_notified") == 2);
    daemon.stop().exits(0);
    assert_eq!(notices(&world, "alert_notified"), ["firing", "resolved"]);
}

#[test]
fn a_slow_receiver_hears_of_the_end_although_it_came_first() {
    let is_held = Arc::new(AtomicBool::new(true));
    let held = Arc::clone(&is_held);
    let hook = Hook::start(move |_| {
        while held.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(10));
        }
        200
    });
    let target = Target::start();
    let world = world(&[target.probe("web")], &(rule("hook") + &webhook(&hook)));
    let daemon = Daemon::start(&world);
    daemon.says("web is up");
    target.answers(500);
    eventually("it is being told", || hook.told().len() == 1);
    target.answers(200);
    eventually("it is over", || count(&world, "alert_resolved") == 1);
    is_held.store(false, Ordering::SeqCst);
    eventually("it is told that it is over", || hook.kinds().last().is_some_and(|kind| kind == "alert_resolved"));
    eventually("that is written down", || notices(&world, "alert_notified") == ["firing", "resolved"]);
    daemon.stop().exits(0);
}

#[test]
fn commands_are_told_in_their_environment() {
    let target = Target::start();
    target.answers(500);
    let channels = "channels:\n  all: {title: All, command: 'printf \"%s\\n\" \"$OPSCTL_MESSAGE\" >> told.jsonl'}\n  \
                    broken: {title: Broken, command: 'echo no such user; exit 3'}\n";
    let world = world(&[target.probe("web")], &(rule("all, broken") + channels));
    let daemon = Daemon::start(&world);
    eventually("it was told", || world.read("told.jsonl").ends_with('\n'));
    daemon.says("not told: broken of Web is down: the command ended with exit code 3: no such user");
    daemon.stop().exits(0);
    let message: Value = serde_json::from_str(world.read("told.jsonl").trim()).unwrap();
    assert_eq!((&message["kind"], &message["data"]["probe"]), (&json!("alert_fired"), &json!("web")));
}

#[test]
fn a_channel_that_is_mended_is_told_what_it_missed() {
    let (hook, target) = (Hook::start(|_| 200), Target::start());
    target.answers(500);
    let channels = |url: &str| {
        format!("channels:\n  hook: {{title: Hook, webhook: \"{url}\"}}\n  log: {{title: Log, file: told.jsonl}}\n")
    };
    let world = world(&[target.probe("web")], &(rule("hook, log") + &channels("${NOT_SET}")));
    let daemon = Daemon::start(&world);
    daemon.says("not told: hook of Web is down: the environment variable NOT_SET is not set");
    eventually("the other one was told", || world.read("told.jsonl").lines().count() == 1);
    settings(&world, &[target.probe("web")], &(rule("hook, log") + &channels(&hook.url())));
    eventually("it was told", || count(&world, "alert_notified") == 2);
    let outcome = daemon.stop().exits(0);
    assert_eq!(outcome.stderr.matches("not told").count(), 1, "{outcome}");
    assert_eq!((hook.told().len(), world.read("told.jsonl").lines().count()), (1, 1));
}

#[test]
fn names_may_have_any_letters() {
    let (hook, target) = (Hook::start(|_| 200), Target::start());
    target.answers(500);
    let rule = "alerts: {störung: {title: Störung, state: down, observations: 1, channels: [hook]}}\n";
    let world = world(&[target.probe("größe")], &format!("{rule}{}", webhook(&hook)));
    let daemon = Daemon::start(&world);
    eventually("it was told", || count(&world, "alert_notified") == 1);
    assert_eq!(hook.told()[0].message["data"]["probe"], "größe");
    daemon.stop().exits(0);
    assert!(seen(&world, "größe", "down") > 0);
}
