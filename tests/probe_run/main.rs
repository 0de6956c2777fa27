//! `opsctl probe run` from outside: which probes are made, how they come out, and how that is told.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]
#![allow(clippy::format_push_string, clippy::format_collect, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod contract;
mod formats;
mod many;
mod network;
mod repeated;
mod secrets;
mod selection;
mod states;
mod terminal;

use common::World;

/// A world with two services, of whose probes `up` is up, `down` down, and `degraded` degraded; `nobody` waits for a
/// variable.
fn mixed(url: &str, closed: impl std::fmt::Display) -> World {
    let world = World::new();
    world.write(
        "opsctl.yaml",
        &format!(
            "title: Test
services:
  web:
    title: Web
    probes:
      up: {{http: \"{url}\", tags: [health, quick]}}
      degraded: {{http: \"{url}\", conditions: [\"[STATUS] == 200\", {{warn: \"[BODY] == better\"}}], tags: [slow]}}
  api:
    title: API
    probes:
      down: {{tcp: \"{closed}\", tags: [health]}}
      nobody: {{http: \"${{OPSCTL_API_URL}}/health\", tags: [unset]}}
      off: {{tcp: \"{closed}\", enabled: false}}
  empty: {{title: Empty}}
"
        ),
    );
    world
}
