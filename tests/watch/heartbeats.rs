//! Jobs say how they are, by HTTP or by a command; and who may say something.

use serde_json::{Value, json};

use crate::common::{World, eventually, finish};
use crate::daemon::{Daemon, alert_events, count, seen};
use crate::target::world;

const RULE: &str = "alerts: {backup: {title: No backup, heartbeat: missing, resolve_after: 1}}\n";

fn backup(every: &str) -> Vec<String> {
    vec![format!("backup: {{push: {{every: {every}, grace: 1s}}, interval: 1s}}")]
}

fn state(world: &World) -> Value {
    world.json(&["probe", "list"])[0]["state"].clone()
}

#[test]
fn a_heartbeat_that_does_not_come_fires_and_one_that_comes_resolves() {
    let world = world(&backup("1s"), RULE);
    let daemon = Daemon::start(&world);
    eventually("nobody knows yet", || seen(&world, "backup", "unknown") >= 2);
    assert_eq!(count(&world, "alert_fired"), 0);
    assert_eq!(daemon.request("POST", "/heartbeat/backup", &[], ""), (200, "{\"heartbeat\":\"success\"}\n".to_owned()));
    eventually("it is missed", || count(&world, "alert_fired") == 1);
    let reason = alert_events(&world)[0]["body"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("the heartbeat is late by"), "{reason}");
    // Until somebody looks it may be late again.
    eventually("it is over", || {
        daemon.get("/heartbeat/backup");
        count(&world, "alert_resolved") == 1
    });
    daemon.stop().exits(0);
}

#[test]
fn a_job_says_how_it_is_by_http_and_by_a_command() {
    let world = world(&backup("1h"), RULE);
    let daemon = Daemon::start(&world);
    assert_eq!(daemon.get("/heartbeat/backup"), "{\"heartbeat\":\"success\"}\n");
    eventually("it is well", || state(&world) == "up");
    let (status, _) = daemon.request("POST", "/heartbeat/backup/fail", &[], "disk \u{1b}[31mfull\n");
    assert_eq!(status, 200);
    eventually("it has failed", || state(&world) == "down");
    eventually("it fires", || count(&world, "alert_fired") == 1);
    let reason = alert_events(&world)[0]["body"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("disk full"), "{reason}");
    world.run(&["probe", "beat", "backup"]).exits(0);
    eventually("it is well again", || state(&world) == "up");
    eventually("it is over", || count(&world, "alert_resolved") == 1);
    assert_eq!(daemon.request("PUT", "/heartbeat/backup/start", &[], "").0, 200);
    eventually("it has run for too long", || state(&world) == "down");
    world.run(&["probe", "beat", "backup", "success"]).exits(0);
    eventually("it is well in the end", || state(&world) == "up");
    for (path, status) in [("/heartbeat/nobody", 404), ("/heartbeat/backup/late", 404), ("/heartbeat/", 404)] {
        assert_eq!(daemon.request("POST", path, &[], "").0, status, "{path}");
    }
    daemon.stop().exits(0);
}

#[test]
fn what_is_no_heartbeat_misses_none() {
    let target = crate::target::Target::start();
    target.answers(500);
    let probes = [backup("1h"), vec![target.probe("web")]].concat();
    let world = world(&probes, RULE);
    let daemon = Daemon::start(&world);
    eventually("it is down", || seen(&world, "web", "down") >= 2);
    daemon.stop().exits(0);
    assert_eq!(count(&world, "alert_fired"), 0);
}

#[test]
fn whoever_can_be_reached_by_others_asks_for_a_token() {
    let world = world(&backup("1h"), "");
    let refused = finish(world.spawn(&["watch", "--listen", "0.0.0.0:0"])).exits(2);
    refused.says(&["there is no token", "127.0.0.1"]);
    let mut command = world.command(&["watch", "--listen", "0.0.0.0:0"]);
    command.env("OPSCTL_TOKEN", "t0ken");
    let daemon = Daemon::spawn(command);
    let place = daemon.address().replace("0.0.0.0", "127.0.0.1");
    let status = |path: &str, headers: &[&str]| crate::daemon::request(&place, "GET", path, headers, "").0;
    for path in ["/metrics", "/heartbeat/backup"] {
        assert_eq!(status(path, &[]), 401, "{path}");
        assert_eq!(status(path, &["Authorization: Bearer t0ke"]), 401, "{path}");
        assert_eq!(status(path, &["Authorization: Bearer t0ken"]), 200, "{path}");
    }
    assert_eq!(status("/healthz", &[]), 200, "whoever restarts it need not know the token");
    let health: Value = serde_json::from_str(&crate::daemon::request(&place, "GET", "/healthz", &[], "").1).unwrap();
    assert_eq!(health["probes"], json!(1));
    let outcome = daemon.stop().exits(0);
    assert!(!outcome.stderr.contains("t0ken"), "{outcome}");
}
