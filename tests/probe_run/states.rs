//! How probes come out, and what makes the difference.

use std::net::{SocketAddr, TcpListener};
use std::thread;

use serde_json::json;

use crate::common::World;
use crate::common::http::Server;
use crate::common::observe::{blunt, nobody, silent};

/// Closes every connection at once, and counts them.
fn rude() -> (SocketAddr, std::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (came, coming) = std::sync::mpsc::channel();
    thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(|_| came.send(()).unwrap_or_default()));
    (address, coming)
}

#[test]
fn what_is_down_is_looked_at_again_and_what_is_not_is_not() {
    let late = Server::start(|n| if n < 3 { 500 } else { 200 });
    let (never, at_once) = (Server::start(|_| 500), Server::start(|_| 200));
    let (rude, came) = rude();
    let retry = "retry: {attempts: 4, delay: 10ms, backoff: 2}";
    let world = World::with_probes(&format!(
        "late: {{http: \"{}\", {retry}}}\n\
         never: {{http: \"{}\", {retry}}}\n\
         at-once: {{http: \"{}\", {retry}}}\n\
         warned: {{http: \"{}\", conditions: [{{warn: \"[BODY] == x\"}}], {retry}}}\n\
         rude: {{http: \"http://{rude}/\", retry: 2}}\n",
        late.url(),
        never.url(),
        at_once.url(),
        at_once.url(),
    ));
    let seen = world.look(&[]);
    let states: Vec<(&str, &serde_json::Value)> =
        seen.all.iter().map(|one| (one["state"].as_str().unwrap(), &one["attempts"])).collect();
    let expected = [("up", 3), ("down", 4), ("up", 1), ("degraded", 1), ("down", 2)];
    assert_eq!(states, expected.map(|(state, attempts)| (state, Box::leak(Box::new(json!(attempts))) as &_)));
    assert_eq!((late.seen(), never.seen(), at_once.seen(), came.try_iter().count()), (3, 4, 2, 2));
    let text = world.run(&["probe", "run", "never"]).exits(1).stdout;
    assert!(text.contains("after 4 attempts"), "{text}");
}

#[test]
fn behind_what_is_down_nobody_knows() {
    let (closed, server) = (nobody(), Server::start(|n| if n == 1 { 200 } else { 500 }));
    let good = blunt(b"hello\r\n");
    let world = World::with_probes(&format!(
        "far: {{tcp: \"{closed}\", depends_on: [middle]}}\n\
         middle: {{tcp: \"{closed}\", depends_on: [root]}}\n\
         root: {{tcp: \"{closed}\"}}\n\
         well: {{tcp: \"{good}\", depends_on: [root]}}\n\
         alone: {{tcp: \"{closed}\", depends_on: [well]}}\n\
         behind-unset: {{tcp: \"{closed}\", depends_on: [unset]}}\n\
         unset: {{tcp: \"${{NOBODY}}\"}}\n\
         first: {{http: \"{}\"}}\n",
        server.url()
    ));
    let seen = world.look(&[]);
    for (id, state) in [
        ("far", "unknown"),
        ("middle", "unknown"),
        ("root", "down"),
        ("well", "up"),
        ("alone", "down"),
        ("behind-unset", "down"),
    ] {
        assert_eq!(seen.state(id), state, "{}", seen.of(id));
    }
    let refused = format!("{closed} refused the connection");
    assert_eq!(seen.of("middle")["error"], format!("it depends on root, which is down ({refused})"));
    // What it depends on is looked at, too, and not told.
    let seen = world.look(&["middle"]);
    assert_eq!((seen.all.len(), seen.state("middle")), (1, "unknown"));
    let text = seen.outcome.exits(1).stdout;
    assert!(text.contains("it depends on root, which is down"), "{text}");
}

#[test]
fn planned_work_is_maintenance_whatever_is_seen() {
    let (closed, server) = (nobody(), Server::start(|_| 200));
    let url = server.url();
    let now = "from: 2020-01-01T00:00:00Z, until: 2090-01-01T00:00:00Z";
    let world = World::new();
    world.write(
        "opsctl.yaml",
        &format!(
            "title: Test
services:
  api:
    title: API
    probes:
      once: {{tcp: \"{closed}\", maintenance: [{{{now}}}]}}
      daily: {{tcp: \"{closed}\", maintenance: [{{start: \"00:00\", duration: 24h, timezone: Europe/Berlin}}]}}
      over: {{tcp: \"{closed}\", maintenance: [{{from: 2020-01-01T00:00:00Z, until: 2020-01-02T00:00:00Z}}]}}
      well: {{http: \"{url}\", maintenance: [{{{now}}}]}}
      unset: {{http: \"${{NOBODY}}\", maintenance: [{{{now}}}]}}
  web:
    title: Web
    maintenance: [{{{now}}}]
    probes:
      of-service: {{tcp: \"{closed}\"}}
"
        ),
    );
    let seen = world.look(&[]);
    for (id, state) in [
        ("once", "maintenance"),
        ("daily", "maintenance"),
        ("over", "down"),
        ("well", "maintenance"),
        ("unset", "not_configured"),
        ("of-service", "maintenance"),
    ] {
        assert_eq!(seen.state(id), state, "{}", seen.of(id));
    }
    assert!(seen.of("once")["error"].as_str().unwrap().contains("refused"), "what was seen is told");
}

#[test]
fn groups_and_warnings_decide_together() {
    let server = Server::start(|_| 200);
    let cases = [
        ("and", "up", "{and: [\"[STATUS] == 200\", \"[BODY] == ok\"]}"),
        ("and-not", "down", "{and: [\"[STATUS] == 200\", \"[BODY] == no\"]}"),
        ("or", "up", "{or: [\"[STATUS] == 201\", \"[BODY] == ok\"]}"),
        ("or-not", "down", "{or: [\"[STATUS] == 201\", \"[BODY] == no\"]}"),
        ("not", "up", "{not: \"[BODY] == no\"}"),
        ("not-not", "down", "{not: {not: \"[BODY] == no\"}}"),
        ("not-missing", "down", "{not: \"[BODY].x == no\"}"),
        (
            "deep",
            "up",
            "{or: [{and: [\"[STATUS] == 200\", {not: \"[BODY] == ok\"}]}, {not: {or: [\"[STATUS] > 300\"]}}]}",
        ),
        ("warn", "degraded", "{warn: \"[STATUS] == 201\"}"),
        ("warn-group", "degraded", "{warn: {or: [\"[STATUS] == 201\", \"[BODY] == no\"]}}"),
        ("warn-well", "up", "{warn: \"[STATUS] == 200\"}"),
        ("both", "down", "{warn: \"[STATUS] == 201\"}, \"[BODY] == no\""),
    ];
    let probe = |(id, _, conditions): &(&str, &str, &str)| {
        format!("{id}: {{http: \"{}\", conditions: [{conditions}]}}\n", server.url())
    };
    let seen = World::with_probes(&cases.iter().map(probe).collect::<String>()).look(&[]);
    for (id, state, _) in cases {
        assert_eq!(seen.state(id), state, "{}", seen.of(id));
    }
    let group = &seen.of("deep")["conditions"][0];
    assert_eq!(group["condition"], "(([STATUS] == 200 and not ([BODY] == ok)) or not ([STATUS] > 300))", "{group}");
    assert_eq!(group["shown"], "(([STATUS] (200) == 200 and not ([BODY] (ok) == ok)) or not ([STATUS] (200) > 300))");
    assert_eq!(seen.of("warn")["conditions"][0]["warn"], true);
}

#[test]
fn what_comes_from_gatus_is_judged_as_gatus_does() {
    let (server, closed, hanging) = (Server::start(|_| 200), nobody(), silent());
    let cases = [
        // A failed request has status 0.
        ("refused", format!("http://{closed}/"), "[STATUS] < 300", "up", "down"),
        ("hanging", format!("http://{hanging}/"), "[STATUS] != 200", "up", "down"),
        ("unconnected", format!("http://{closed}/"), "[CONNECTED] == true", "down", "down"),
        // What is missing is 0, and days are none.
        ("missing", server.url(), "[BODY].count < 5", "up", "down"),
        ("days", server.url(), "[RESPONSE_TIME] < 7d", "down", "up"),
        ("well", server.url(), "[STATUS] == 200", "up", "up"),
    ];
    let probes = |compat: &str| -> String {
        let probe = |(id, url, condition, ..): &(&str, String, &str, &str, &str)| {
            format!("{id}: {{http: \"{url}\", conditions: [\"{condition}\"], timeout: 500ms, {compat}}}\n")
        };
        cases.iter().map(probe).collect()
    };
    let gatus = World::with_probes(&probes("compat: gatus")).look(&[]);
    let strict = World::with_probes(&probes("tags: []")).look(&[]);
    for (id, _, _, by_gatus, by_us) in &cases {
        assert_eq!(gatus.state(id), *by_gatus, "{}", gatus.of(id));
        assert_eq!(strict.state(id), *by_us, "{}", strict.of(id));
    }
    // Up is what Gatus says; what went wrong is told all the same.
    assert!(gatus.of("refused")["error"].as_str().unwrap().contains("refused the connection"));
}
