//! What programs are promised.

use serde_json::{Value, json};

use super::mixed;
use crate::common::World;
use crate::common::http::Server;
use crate::common::observe::nobody;

/// The keys of the contract, in its order.
const KEYS: [&str; 13] = [
    "id",
    "service",
    "kind",
    "state",
    "started_at",
    "conditions",
    "status",
    "address",
    "phases_us",
    "certificate_expires_at",
    "error",
    "attempts",
    "duration_ms",
];

/// Keys that are there besides.
const MORE: [&str; 5] = ["response_time_ms", "exit_code", "tls_version", "hops", "output"];

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[track_caller]
fn is_text_or_null(value: &Value) {
    assert!(value.is_string() || value.is_null(), "{value}");
}

#[test]
fn every_observation_has_the_same_shape() {
    let (server, closed) = (Server::start(|_| 200), nobody());
    let world = World::with_probes(&format!(
        "up: {{http: \"{}\", conditions: [\"[STATUS] == 200\", \"[BODY] == ok\"]}}\n\
         degraded: {{http: \"{}\", conditions: [{{warn: \"[STATUS] == 201\"}}]}}\n\
         down: {{http: \"http://{closed}/\", conditions: [\"[STATUS] == 200\"], retry: {{attempts: 2, delay: 0s}}}}\n\
         behind: {{tcp: \"{closed}\", depends_on: [down]}}\n\
         planned: {{tcp: \"{closed}\", maintenance: [{{from: 2020-01-01T00:00:00Z, until: 2090-01-01T00:00:00Z}}]}}\n\
         unset: {{redis: \"${{REDIS_URL}}\"}}\n\
         command: {{command: \"echo 42\", conditions: [\"[STDOUT] == 42\"]}}\n\
         push: {{push: 1h}}\n",
        server.url(),
        server.url(),
    ));
    let seen = world.look(&[]);
    let states: Vec<String> = seen
        .all
        .iter()
        .map(|one| format!("{} {}", one["kind"].as_str().unwrap(), one["state"].as_str().unwrap()))
        .collect();
    let expected = ["http up", "http degraded", "http down", "tcp unknown", "tcp maintenance", "redis not_configured"];
    assert_eq!(states, [&expected[..], &["command up", "push unknown"]].concat());
    for one in &seen.all {
        assert_eq!(keys(one), [&KEYS[..], &MORE].concat());
        assert!(one["id"].is_string() && one["service"] == "api", "{one}");
        chrono::DateTime::parse_from_rfc3339(one["started_at"].as_str().unwrap()).unwrap();
        for condition in one["conditions"].as_array().unwrap() {
            assert_eq!(keys(condition), ["condition", "passed", "shown", "warn"]);
            assert!(condition["condition"].is_string() && condition["shown"].is_string(), "{one}");
            assert!(condition["passed"].is_boolean() && condition["warn"].is_boolean(), "{one}");
        }
        assert!(one["status"].is_u64() || one["status"].is_null(), "{one}");
        [&one["address"], &one["certificate_expires_at"], &one["error"]].into_iter().for_each(is_text_or_null);
        assert_eq!(keys(&one["phases_us"]), ["dns", "connect", "tls", "first_byte", "transfer", "total"]);
        assert!(one["phases_us"].as_object().unwrap().values().all(Value::is_u64), "{one}");
        assert!(one["attempts"].is_u64(), "{one}");
    }
    let up = seen.of("up");
    assert_eq!((&up["status"], &up["error"], &up["attempts"]), (&json!(200), &Value::Null, &json!(1)));
    let shown = json!({"condition": "[BODY] == ok", "passed": true, "shown": "[BODY] (ok) == ok", "warn": false});
    assert_eq!(up["conditions"][1], shown);
    assert!(server.url().contains(up["address"].as_str().unwrap()) && up["phases_us"]["total"].as_u64() > Some(0));
    let down = seen.of("down");
    assert_eq!((&down["status"], &down["attempts"], &down["address"]), (&Value::Null, &json!(2), &Value::Null));
    assert_eq!(down["error"], format!("{closed} refused the connection"));
    assert_eq!(down["conditions"][0]["shown"], "[STATUS] (missing) == 200");
    assert_eq!(seen.of("unset")["conditions"], json!([]));
    seen.outcome.exits(1);
}

#[test]
fn the_exit_code_is_0_when_all_are_up_and_else_1() {
    let (server, closed) = (Server::start(|_| 200), nobody());
    let world = mixed(&server.url(), closed);
    for (selectors, code) in [
        (&["up"][..], 0),
        (&["down"], 1),
        (&["degraded"], 1),
        (&["up", "degraded"], 1),
        (&["up", "down"], 1),
        (&["nobody"], 0),
        (&["up", "nobody"], 0),
        (&["nobody", "down"], 1),
        (&[], 1),
    ] {
        for format in ["text", "json", "junit", "tap", "prometheus"] {
            world.run(&[&["-o", format, "probe", "run"], selectors].concat()).exits(code);
        }
        world.run(&[&["probe", "run", "--repeat", "2"], selectors].concat()).exits(code);
    }
}

#[test]
fn what_is_not_configured_names_its_variable() {
    let world = mixed("http://127.0.0.1:1", nobody());
    let outcome = world.run(&["probe", "run", "nobody"]).exits(0);
    assert!(outcome.stdout.contains("not configured  nobody        OPSCTL_API_URL is not set\n"), "{outcome}");
    let seen = world.look(&["nobody"]);
    let one = seen.of("nobody");
    assert_eq!(one["state"], "not_configured");
    assert_eq!(one["error"], "the environment variable OPSCTL_API_URL is not set");
    let server = Server::start(|_| 200);
    let set = world.look_with(&["nobody"], &[("OPSCTL_API_URL", server.url().trim_end_matches("/health"))]);
    assert_eq!(set.state("nobody"), "up", "{}", set.outcome);
    assert_eq!(world.look_with(&["nobody"], &[("OPSCTL_API_URL", "")]).state("nobody"), "not_configured");
}

#[test]
fn a_job_is_known_by_its_heartbeats() {
    let world = World::with_probes("job: {push: {every: 1h, grace: 1m}}\n");
    for (beat, code, told) in [
        (None, 1, "unknown  job    * no heartbeat has come yet"),
        (Some(&["start"][..]), 1, "unknown  job    * the job began at"),
        (Some(&["fail", "--message", "disk full"]), 1, "DOWN   job    * the job failed at"),
        (Some(&["success"]), 0, "up     job    * the last heartbeat is in time"),
    ] {
        if let Some(beat) = beat {
            world.run(&[&["probe", "beat", "job"], beat].concat()).exits(0);
        }
        let outcome = world.run(&["probe", "run"]).exits(code);
        let (state, seen) = told.split_once('*').unwrap();
        let is_told = |line: &str| line.starts_with(state) && line.contains(seen);
        assert!(outcome.stdout.lines().any(is_told), "`{told}` is not shown: {outcome}");
        assert_eq!(outcome.stdout.contains("disk full"), beat.is_some_and(|beat| beat[0] == "fail"), "{outcome}");
    }
}

#[test]
fn people_get_a_line_for_each_and_what_is_behind_it() {
    let server = Server::start(|_| 200);
    let closed = nobody();
    let outcome = mixed(&server.url(), closed).run(&["probe", "run"]).exits(1);
    for part in [
        "up              up ",
        "degraded        degraded ",
        "DOWN            down ",
        "degraded · degraded · http of web\n  warning: [BODY] (ok) == better\n",
        &format!("down · DOWN · tcp of api\n  {closed} refused the connection\n"),
        "\n1 up, 1 degraded, 1 down, 1 not configured\n",
    ] {
        assert!(outcome.stdout.contains(part), "`{part}` is not shown: {outcome}");
    }
    assert_eq!(outcome.stderr, "");
    let verbose = mixed(&server.url(), closed).run(&["-v", "probe", "run", "up"]).exits(0);
    assert!(verbose.stdout.contains("ms: connect ") && verbose.stdout.contains(" · total "), "{verbose}");
}
