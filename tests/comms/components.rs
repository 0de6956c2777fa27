//! How services are said to be: that one thing is over does not make well what another still breaks.

use serde_json::{Value, json};

use crate::common::World;
use crate::common::hook::Hook;
use crate::{open, world};

/// How the last message says that services are.
fn last(hook: &Hook) -> Value {
    hook.told().last().unwrap().message["thread"]["components"].clone()
}

fn place() -> (Hook, World) {
    let hook = Hook::start(|_| 200);
    let world = world(&format!("  hook: {{title: H, audience: public, webhook: \"{}\"}}\n", hook.url()));
    (hook, world)
}

fn suffers(world: &World, id: &str, level: &str) {
    world.run(&["incident", "impact", id, "Log-ins fail", "--start", "api", "--level", level]).exits(0);
}

fn tell(world: &World, id: &str, status: &str) {
    world.run(&["incident", "update", id, "It is so", "--status", status, "--to", "hook"]).exits(0);
}

#[test]
fn a_service_is_as_the_worst_of_what_is_open_says() {
    let (hook, world) = place();
    let (one, other) = (open(&world, &[]), open(&world, &[]));
    suffers(&world, &one, "partial_outage");
    suffers(&world, &other, "major_outage");
    tell(&world, &one, "investigating");
    assert_eq!(last(&hook), json!([["api", "major_outage"]]));
    tell(&world, &one, "resolved");
    assert_eq!(last(&hook), json!([["api", "major_outage"]]));
    tell(&world, &other, "resolved");
    assert_eq!(last(&hook), json!([["api", "operational"]]));
}

#[test]
fn of_what_a_restricted_one_breaks_nothing_is_said() {
    let (hook, world) = place();
    let (one, secret) = (open(&world, &[]), open(&world, &["--security"]));
    suffers(&world, &secret, "major_outage");
    tell(&world, &one, "resolved");
    assert_eq!(last(&hook), json!([]));
}

#[test]
fn work_that_ends_while_something_is_broken_makes_nothing_well() {
    let (hook, world) = place();
    let plan = ["maintenance", "plan", "--title", "A new disk", "--service", "api", "--from", "now", "--for", "1h"];
    world.run(&[&plan[..], &["--no-input"]].concat());
    let one = open(&world, &[]);
    suffers(&world, &one, "degraded_performance");
    world.run(&["maintenance", "start", "1", "--to", "hook", "--no-input"]).exits(0);
    assert_eq!(last(&hook), json!([["api", "degraded_performance"]]));
    tell(&world, &one, "resolved");
    assert_eq!(last(&hook), json!([["api", "under_maintenance"]]));
    world.run(&["maintenance", "finish", "1", "--to", "hook", "--no-input"]).exits(0);
    assert_eq!(last(&hook), json!([["api", "operational"]]));
}
