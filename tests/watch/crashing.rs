//! It is killed at every point at which it writes something down, and goes on afterwards as if nothing had been.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::thread;

use serde_json::Value;

use crate::common::eventually;
use crate::daemon::{Daemon, count};
use crate::target::{Target, world};

const RULE: &str = "alerts: {down: {title: Down, state: down, observations: 1, resolve_after: 1, channels: [log], on_alert: incident}}\n\
                    channels: {log: {title: Log, file: told.jsonl}}\n";

/// How many points there are until an alert has fired, has opened its incident and was told, and some more.
const POINTS: usize = 16;

fn killed_at(point: usize) {
    let target = Target::start();
    target.answers(500);
    let world = world(&[target.probe("web")], RULE);
    let mut command = world.command(&["watch"]);
    command.env("OPSCTL_ABORT_AT", point.to_string()).stderr(Stdio::null());
    let mut doomed = Doomed(command.spawn().unwrap());
    eventually("it is killed", || doomed.0.try_wait().unwrap().is_some());
    let daemon = Daemon::start(&world);
    eventually("it was told", || count(&world, "alert_notified") == 1);
    target.answers(200);
    eventually("it was told that it is over", || count(&world, "alert_notified") == 2);
    daemon.stop().exits(0);
    assert_eq!((count(&world, "alert_fired"), count(&world, "alert_resolved")), (1, 1), "killed at {point}");
    let incidents = world.json(&["incident", "list", "--all"]);
    assert_eq!(incidents.as_array().unwrap().len(), 1, "killed at {point}: {incidents}");
    assert_eq!(count(&world, "incident_opened") + count(&world, "incident_joined"), 1, "killed at {point}");
    let told = world.read("told.jsonl");
    let message = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].clone();
    let ids: BTreeSet<String> = told.lines().map(|line| message(line).to_string()).collect();
    assert_eq!(ids.len(), 2, "killed at {point}: {told}");
    world.run(&["journal", "verify"]).exits(0);
}

/// A daemon that is to be killed by itself.
struct Doomed(Child);

impl Drop for Doomed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn wherever_it_is_killed_an_alert_fires_once_opens_one_incident_and_is_told() {
    thread::scope(|threads| {
        for part in 0..4 {
            threads.spawn(move || (1..=POINTS).filter(|point| point % 4 == part).for_each(killed_at));
        }
    });
}
