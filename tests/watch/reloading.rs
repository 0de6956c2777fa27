//! Definitions change while it watches: good ones are taken over, broken ones are not.

use std::fs;

use rustix::process::Signal;
use serde_json::json;

use crate::common::eventually;
use crate::daemon::{Daemon, alert_events, count, seen};
use crate::target::{Target, settings, world};

const DOWN: &str = "alerts: {down: {title: It is down, state: down, observations: 2, resolve_after: 1}}\n";

#[test]
fn a_signal_makes_it_read_again() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    let daemon = Daemon::start(&world);
    daemon.says("web is up");
    settings(&world, &[target.probe("web"), target.probe("shop")], "");
    daemon.signal(Signal::HUP);
    daemon.says("read the definitions again: 2 probes");
    daemon.says("shop is up");
    assert_eq!(daemon.count("web is up"), 1, "what was known stays known");
    assert_eq!(daemon.health()["probes"], 2);
    daemon.stop().exits(0);
}

#[test]
fn an_edit_is_noticed_and_a_broken_one_leaves_the_old_definitions_in_force() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    let daemon = Daemon::start(&world);
    assert_eq!((&daemon.health()["status"], &daemon.health()["definitions_current"]), (&json!("ok"), &json!(true)));
    let unknown_channel = "alerts: {down: {title: Down, state: down, channels: [nobody]}}\n";
    for (nth, break_it) in [
        &(|| drop(world.write("opsctl.yaml", "services: [\n"))) as &dyn Fn(),
        &|| settings(&world, &[target.probe("shop")], unknown_channel),
        &|| fs::remove_file(world.path("opsctl.yaml")).unwrap(),
    ]
    .into_iter()
    .enumerate()
    {
        break_it();
        eventually("it says so", || daemon.count("the old definitions stay in force") == nth + 1);
        let health = daemon.health();
        assert_eq!((&health["status"], &health["definitions_current"]), (&json!("old definitions"), &json!(false)));
        assert_eq!(daemon.metric("opsctl_watch_definitions_current"), Some(0.0));
        let before = target.asked();
        eventually("it is still looked at", || target.asked() >= before + 2);
    }
    assert_eq!(daemon.count("nobody"), 1, "{}", daemon.said());
    settings(&world, &[target.probe("shop")], "");
    daemon.says("shop is up");
    daemon.says("read the definitions again: 1 probe");
    assert_eq!(daemon.health()["definitions_current"], true);
    assert_eq!(daemon.metric("opsctl_probe_up{probe=\"web\""), None, "it is no longer watched");
    let outcome = daemon.stop().exits(0);
    assert_eq!(outcome.stderr.matches("read the definitions again").count(), 1, "{outcome}");
    assert!(seen(&world, "shop", "up") > 0);
}

#[test]
fn files_that_are_included_are_looked_at_too() {
    let target = Target::start();
    let world = world(&[target.probe("web")], "");
    world.write("more/one.yaml", "channels: {ops: {title: Ops, file: told.jsonl}}\n");
    settings(&world, &[target.probe("web")], "include: [\"more/*.yaml\"]\n");
    let daemon = Daemon::start(&world);
    let probes = format!("services: {{shop: {{title: Shop, probes: {{{}}}}}}}\n", target.probe("shop"));
    world.write("more/two.yaml", &probes);
    daemon.says("shop is up");
    fs::remove_file(world.path("more/two.yaml")).unwrap();
    daemon.says("read the definitions again: 1 probe");
    daemon.stop().exits(0);
}

#[test]
fn an_open_alert_stays_open_until_nobody_looks_after_it() {
    let target = Target::start();
    target.answers(500);
    let both = [target.probe("web"), target.probe("shop")];
    let world = world(&both, DOWN);
    let daemon = Daemon::start(&world);
    eventually("both alerts are open", || count(&world, "alert_fired") == 2);
    assert_eq!(daemon.metric("opsctl_alert_firing{alert=\"down\",probe=\"web\"}"), Some(1.0));

    // A change that does not concern them.
    settings(&world, &both, &format!("{DOWN}retention: {{samples: 3d}}\n"));
    daemon.says("read the definitions again");
    let before = target.asked();
    eventually("they are looked at again", || target.asked() >= before + 6);
    assert_eq!((count(&world, "alert_fired"), count(&world, "alert_resolved")), (2, 0));

    // One probe is gone, and the rule looks at others than the second.
    settings(&world, &[target.probe("web")], DOWN);
    eventually("the alert of the probe that is gone is over", || count(&world, "alert_resolved") == 1);
    assert_eq!(daemon.metric("opsctl_alert_firing{alert=\"down\",probe=\"shop\"}"), None);
    let narrow = "alerts: {down: {title: It is down, state: down, probes: [other]}}\n";
    settings(&world, &[target.probe("web"), target.probe("other")], narrow);
    eventually("the alert that the rule looks at no longer is over", || count(&world, "alert_resolved") == 2);
    let resolved = alert_events(&world).into_iter().filter(|event| event["kind"] == "alert_resolved");
    for event in resolved {
        assert_eq!(event["body"]["reason"], "no rule looks at it any more");
    }
    daemon.stop().exits(0);
}
