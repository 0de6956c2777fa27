//! Alerts fire once and resolve once, whatever happens meanwhile.

use serde_json::{Value, json};

use crate::common::{World, eventually};
use crate::daemon::{Daemon, alert_events, count, seen};
use crate::target::{Target, world};

const DOWN: &str =
    "alerts: {down: {title: Web is down, state: down, observations: 2, resolve_after: 2, channels: [log]}}\n";
const LOG: &str = "channels: {log: {title: Log, file: told.jsonl}}\n";

/// What was written to the channel that is a file.
fn told(world: &World) -> Vec<Value> {
    world.read("told.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The ids of what was told, whose second half says what.
fn ids(world: &World) -> Vec<String> {
    told(world).iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_state_fires_and_resolves_once_also_over_a_crash() {
    let target = Target::start();
    let world = world(&[target.probe("web")], &format!("{DOWN}{LOG}"));
    let daemon = Daemon::start(&world);
    daemon.says("web is up");
    target.answers(500);
    eventually("it is told, and that is written down", || count(&world, "alert_notified") == 1);
    assert_eq!(daemon.metric("opsctl_alert_firing{alert=\"down\",probe=\"web\"}"), Some(1.0));
    daemon.kill();

    let daemon = Daemon::start(&world);
    assert_eq!(daemon.metric("opsctl_alert_firing{alert=\"down\",probe=\"web\"}"), Some(1.0), "it is known at once");
    let before = seen(&world, "web", "down");
    eventually("it is still down", || seen(&world, "web", "down") >= before + 4);
    assert_eq!(count(&world, "alert_fired"), 1);
    target.answers(200);
    eventually("it is over", || told(&world).len() == 2);
    let before = seen(&world, "web", "up");
    eventually("it stays up", || seen(&world, "web", "up") >= before + 4);
    assert_eq!(daemon.metric("opsctl_alert_firing"), None);
    let outcome =
        daemon.stop().exits(0).says(&["alert resolved: Web is down (web): it has not held for 2 observations"]);
    assert!(!outcome.stderr.contains("alert fired"), "{outcome}");

    let told = told(&world);
    assert_eq!((&told[0]["kind"], &told[1]["kind"]), (&json!("alert_fired"), &json!("alert_resolved")));
    assert_eq!(told[0]["title"], "Firing: Web is down · web");
    assert_eq!(told[0]["data"]["reason"], "down 2 times in a row: [STATUS] (500) < 400");
    assert_eq!((&told[1]["data"]["starts_at"], &told[0]["data"]["ends_at"]), (&told[0]["at"], &Value::Null));
    let episode = alert_events(&world)[0]["stream"].as_str().unwrap().replace("alert/", "");
    assert_eq!(ids(&world), [format!("{episode}.firing"), format!("{episode}.resolved")]);
    let kinds: Vec<Value> = alert_events(&world).iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["alert_fired", "alert_notified", "alert_resolved", "alert_notified"]);
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn what_ends_while_nobody_watches_is_over_afterwards() {
    let target = Target::start();
    target.answers(500);
    let world = world(&[target.probe("web")], &format!("{DOWN}{LOG}"));
    let daemon = Daemon::start(&world);
    eventually("it is told", || told(&world).len() == 1);
    daemon.stop().exits(0);
    target.answers(200);
    let daemon = Daemon::start(&world);
    eventually("it is over", || told(&world).len() == 2);
    daemon.stop().exits(0);
    assert!(ids(&world)[1].ends_with(".resolved"));
}

#[test]
fn too_many_bad_observations_fire() {
    let target = Target::start();
    let rule = "alerts: {errors: {title: Many errors, error_rate: {above: \"20%\", window: 5m, at_least: 2}}}\n";
    let world = world(&[target.probe("web")], rule);
    let daemon = Daemon::start(&world);
    eventually("there are good ones", || seen(&world, "web", "up") >= 2);
    target.answers(500);
    eventually("one is bad", || seen(&world, "web", "down") >= 1);
    target.answers(200);
    let before = seen(&world, "web", "up");
    eventually("it is good again", || seen(&world, "web", "up") > before);
    target.answers(500);
    eventually("it fires", || count(&world, "alert_fired") == 1);
    let reason = alert_events(&world)[0]["body"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("bad observations in 5m: ") && reason.ends_with(", above 20 %"), "{reason}");
    daemon.stop().exits(0);
}

#[test]
fn answers_that_are_slow_fire() {
    let target = Target::start();
    // No answer comes in no time.
    let rule = "alerts: {slow: {title: Slow, latency: {above: 0s, percentile: 50, window: 5m}}}\n";
    let world = world(&[target.probe("web")], rule);
    let daemon = Daemon::start(&world);
    eventually("it fires", || count(&world, "alert_fired") == 1);
    let reason = alert_events(&world)[0]["body"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("p50 in 5m is "), "{reason}");
    daemon.stop().exits(0);
}

#[test]
fn while_work_is_planned_nothing_fires_and_nothing_resolves() {
    let target = Target::start();
    target.answers(500);
    let planned = "maintenance: [{from: \"2020-01-01T00:00:00Z\", until: \"2100-01-01T00:00:00Z\"}]";
    let probe = format!("web: {{http: \"{}\", interval: 1s, {planned}}}", target.url());
    let rules = "alerts:\n  down: {title: Down, state: down, observations: 1, resolve_after: 1}\n  \
                 unknown: {title: Unknown, state: unknown, observations: 1}\n  \
                 errors: {title: Errors, error_rate: {above: \"0%\", at_least: 1}}\n";
    let world = world(&[probe], rules);
    let daemon = Daemon::start(&world);
    eventually("it is looked at", || seen(&world, "web", "maintenance") >= 4);
    assert_eq!(
        daemon.metric("opsctl_probe_state{probe=\"web\",service=\"api\",kind=\"http\",state=\"maintenance\"}"),
        Some(1.0)
    );
    daemon.stop().exits(0);
    assert_eq!(alert_events(&world), Vec::<Value>::new());
}

#[test]
fn what_cannot_be_looked_at_behind_a_dead_one_is_no_outage_of_its_own() {
    let target = Target::start();
    target.answers(500);
    let behind = format!("shop: {{http: \"{}\", interval: 1s, depends_on: [web]}}", target.url());
    let rule = "alerts: {down: {title: Down, state: down, observations: 2}}\n";
    let world = world(&[target.probe("web"), behind], rule);
    let daemon = Daemon::start(&world);
    eventually("one is down", || count(&world, "alert_fired") >= 1);
    eventually("the other is unknown", || seen(&world, "shop", "unknown") >= 3);
    daemon.stop().exits(0);
    let about: Vec<Value> = alert_events(&world).iter().map(|event| event["body"]["probe"].clone()).collect();
    assert_eq!(about, ["web"]);
}
