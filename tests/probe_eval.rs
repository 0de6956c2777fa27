//! `opsctl probe eval`: one condition on one observation, as people and programs try the grammar.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

mod common;

use common::http::Server;
use common::{Outcome, World, finish};

/// What a probe could see.
const SEEN: &str = r#"{
  "status": 200,
  "body": "  {\"name\": \"john\", \"count\": 12, \"big\": 9007199254740993, \"million\": 1000000, \"half\": 0.5, \"items\": [{\"id\": 1}, {\"id\": 2}], \"grid\": [[1, 2], [3]], \"none\": null, \"ok\": true, \"empty\": \"\", \"text\": \"12\", \"path\": \"/a/b\", \"umlaut\": \"ä\", \"obj\": {\"b\": 1, \"a\": [1, 2]}}  ",
  "headers": {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": ["a=1", "b=2"], "X-Count": "7"},
  "response_time_ms": 123,
  "ip": "192.0.2.7",
  "connected": true,
  "dns_rcode": "NOERROR",
  "certificate_expiration_ms": 604800000,
  "domain_expiration_ms": 172800000,
  "rows": 3,
  "tls_version": "1.3",
  "redirects": 1,
  "phases_us": {"dns": 1500, "connect": 734, "tls": 20000, "first_byte": 100000, "transfer": 10, "total": 122244},
  "exit_code": 0,
  "stdout": "42\n"
}"#;

fn world(observation: &str) -> World {
    let world = World::new();
    world.write("seen.json", observation);
    world
}

fn eval(world: &World, condition: &str, compat: &[&str]) -> Outcome {
    world.run(&[&["-o", "json", "probe", "eval", condition, "--observation", "seen.json"], compat].concat())
}

/// What is said on standard error, however it is folded.
fn on_one_line(outcome: &Outcome) -> String {
    outcome.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The condition holds or does not, with no error, and is shown so.
#[track_caller]
fn judged(world: &World, compat: &[&str], cases: &[(&str, bool, &str)]) {
    for (condition, passed, shown) in cases {
        let outcome = eval(world, condition, compat);
        let expected = json!({"passed": passed, "shown": shown, "error": null});
        assert_eq!(outcome.json(), expected, "{condition}");
        outcome.exits(i32::from(!passed));
    }
}

#[test]
fn conditions_hold_or_do_not() {
    judged(
        &world(SEEN),
        &[],
        &[
            ("[STATUS] == 200", true, "[STATUS] (200) == 200"),
            ("[STATUS] == 201", false, "[STATUS] (200) == 201"),
            ("[STATUS] == any(200, 204)", true, "[STATUS] (200) == any(200, 204)"),
            ("[status] < 300", true, "[status] (200) < 300"),
            ("[RESPONSE_TIME] < 500", true, "[RESPONSE_TIME] (123) < 500"),
            ("[RESPONSE_TIME] < 0.1s", false, "[RESPONSE_TIME] (123) < 0.1s"),
            ("[BODY].name == john", true, "[BODY].name (john) == john"),
            ("[BODY].name == pat(j*n)", true, "[BODY].name (john) == pat(j*n)"),
            ("[BODY].name == any(jane, joe)", false, "[BODY].name (john) == any(jane, joe)"),
            ("[BODY].count > 11.5", true, "[BODY].count (12) > 11.5"),
            ("[BODY].big == 9007199254740992", false, "[BODY].big (9007199254740993) == 9007199254740992"),
            ("[BODY].big > 9007199254740992", true, "[BODY].big (9007199254740993) > 9007199254740992"),
            ("[BODY].million == 1000000", true, "[BODY].million (1000000) == 1000000"),
            ("[BODY].half >= 0.50", true, "[BODY].half (0.5) >= 0.50"),
            ("[BODY].items[1].id == 2", true, "[BODY].items[1].id (2) == 2"),
            ("[BODY].grid[0][1] == 2", true, "[BODY].grid[0][1] (2) == 2"),
            ("[BODY].ok == true", true, "[BODY].ok (true) == true"),
            ("[BODY].text == 12.0", false, "[BODY].text (12) == 12.0"),
            ("len([BODY].items) == 2", true, "len([BODY].items) (2) == 2"),
            ("len([BODY].obj) == 2", true, "len([BODY].obj) (2) == 2"),
            ("len([BODY].name) > 4", false, "len([BODY].name) (4) > 4"),
            ("has([BODY].items) == true", true, "has([BODY].items) (true) == true"),
            ("has([BODY].nothing) == false", true, "has([BODY].nothing) (false) == false"),
            ("has([BODY].none) == true", false, "has([BODY].none) (false) == true"),
            (
                "[HEADERS].content-type == pat(text/html*)",
                true,
                "[HEADERS].content-type (text/html; charset=utf-8) == pat(text/html*)",
            ),
            ("[HEADERS].SET-COOKIE == a=1, b=2", true, "[HEADERS].SET-COOKIE (a=1, b=2) == a=1, b=2"),
            ("[HEADERS].X-Count > 6", true, "[HEADERS].X-Count (7) > 6"),
            ("[CONNECTED] == true", true, "[CONNECTED] (true) == true"),
            ("[IP] == pat(192.0.2.*)", true, "[IP] (192.0.2.7) == pat(192.0.2.*)"),
            ("[DNS_RCODE] != NXDOMAIN", true, "[DNS_RCODE] (NOERROR) != NXDOMAIN"),
            ("[CERTIFICATE_EXPIRATION] > 48h", true, "[CERTIFICATE_EXPIRATION] (7d) > 48h"),
            ("[CERTIFICATE_EXPIRATION] > 8d", false, "[CERTIFICATE_EXPIRATION] (7d) > 8d"),
            ("[ROWS] == 3", true, "[ROWS] (3) == 3"),
            ("[TLS_VERSION] >= 1.2", true, "[TLS_VERSION] (1.3) >= 1.2"),
            ("[REDIRECTS] < 1", false, "[REDIRECTS] (1) < 1"),
            ("[DNS] == 1.5", true, "[DNS] (1.5) == 1.5"),
            ("[CONNECT] < 1ms", true, "[CONNECT] (0.734) < 1ms"),
            ("[TLS] <= 20", true, "[TLS] (20) <= 20"),
            ("[FIRST_BYTE] > 1s", false, "[FIRST_BYTE] (100) > 1s"),
            ("[TRANSFER] == 10us", true, "[TRANSFER] (0.01) == 10us"),
            ("[TOTAL] < 122.245", true, "[TOTAL] (122.244) < 122.245"),
            ("[EXIT_CODE] == 0", true, "[EXIT_CODE] (0) == 0"),
            ("[STDOUT] >= 42", true, "[STDOUT] (42) >= 42"),
            ("200 == [STATUS]", true, "200 == [STATUS] (200)"),
            ("[BODY].count < [BODY].million", true, "[BODY].count (12) < [BODY].million (1000000)"),
        ],
    );
}

#[test]
fn what_cannot_be_compared_fails_and_says_why() {
    let world = world(SEEN);
    for (condition, shown, error) in [
        ("[BODY].zero == 0", "[BODY].zero (missing) == 0", "[BODY].zero is missing"),
        ("[BODY].zero < 5", "[BODY].zero (missing) < 5", "[BODY].zero is missing"),
        ("[BODY].zero != x", "[BODY].zero (missing) != x", "[BODY].zero is missing"),
        ("[BODY].none == null", "[BODY].none (missing) == null", "[BODY].none is missing"),
        ("[BODY].items[2].id == 3", "[BODY].items[2].id (missing) == 3", "[BODY].items[2].id is missing"),
        ("[BODY].name > 5", "[BODY].name (john, not a number) > 5", "[BODY].name is not a number"),
        (
            "len([BODY].count) > 1",
            "len([BODY].count) (missing, it has no length) > 1",
            "len([BODY].count) is missing, it has no length",
        ),
        ("[HEADERS].x-none == 1", "[HEADERS].x-none (missing) == 1", "[HEADERS].x-none is missing"),
    ] {
        let outcome = eval(&world, condition, &[]).exits(1);
        assert_eq!(outcome.json(), json!({"passed": false, "shown": shown, "error": error}), "{condition}");
    }
    world.write("seen.json", r#"{"status": 200, "error": "timed out after 10s: the answer did not end"}"#);
    let outcome = eval(&world, "[STATUS] == 200", &[]).exits(1);
    let error = "timed out after 10s: the answer did not end";
    assert_eq!(outcome.json(), json!({"passed": false, "shown": "[STATUS] (200) == 200", "error": error}));
    let text = world.run(&["probe", "eval", "[STATUS] == 200", "--observation", "seen.json"]).exits(1);
    assert_eq!(text.stdout, format!("error: [STATUS] (200) == 200\n{error}\n"));
    assert_eq!(eval(&world, "[STATUS] == 200", &["--compat", "gatus"]).exits(0).json()["passed"], true);
}

#[test]
fn gatus_is_copied_with_all_its_ways() {
    judged(
        &world(SEEN),
        &["--compat", "gatus"],
        &[
            // Placeholders ignore case, paths do not.
            ("[status] == 200", true, "[status] (200) == 200"),
            ("[BODY].Name == john", false, "[BODY].Name (INVALID) == john"),
            // The first operator in Gatus's order splits, wherever it stands; sides are trimmed.
            ("[BODY].name == a < b", false, "[BODY].name (john) == a < b"),
            ("1 < 2 == 2", false, "1 < 2 == 2"),
            ("  [STATUS]  ==  200  ", true, "[STATUS] (200) == 200"),
            // What is missing is 0 in an ordering, and a text in a comparison.
            ("[BODY].zero < 5", true, "[BODY].zero (INVALID) < 5"),
            ("[BODY].zero >= 1", false, "[BODY].zero (INVALID) >= 1"),
            ("[BODY].zero == x", false, "[BODY].zero (INVALID) == x"),
            ("[BODY].zero != x", true, "[BODY].zero (INVALID) != x"),
            ("[BODY].none == x", false, "[BODY].none (INVALID) == x"),
            ("[BODY].items[9].id == 1", false, "[BODY].items[9].id (INVALID) == 1"),
            ("has([BODY].zero) == false", true, "has([BODY].zero) (false) == false"),
            ("has([BODY].none) == true", false, "has([BODY].none) (false) == true"),
            ("has([BODY].items[9]) == false", true, "has([BODY].items[9]) (false) == false"),
            ("has([UNKNOWN]) == false", true, "has([UNKNOWN]) (false) == false"),
            ("has([BODY].name) == true", true, "has([BODY].name) (true) == true"),
            // A text is 0 where order is asked for; days are no durations.
            ("[BODY].name < 1", true, "[BODY].name (0) < 1"),
            ("[CERTIFICATE_EXPIRATION] > 48h", true, "[CERTIFICATE_EXPIRATION] (7d) > 48h"),
            ("[CERTIFICATE_EXPIRATION] < 300d", false, "[CERTIFICATE_EXPIRATION] (7d) < 300d (0)"),
            ("[DOMAIN_EXPIRATION] > 47h", true, "[DOMAIN_EXPIRATION] (2d) > 47h"),
            ("[RESPONSE_TIME] < 1m30s", true, "[RESPONSE_TIME] (123) < 1m30s"),
            ("[RESPONSE_TIME] < 123.9", false, "[RESPONSE_TIME] (123) < 123.9 (123)"),
            ("[BODY].half < 1", true, "[BODY].half (0) < 1"),
            // Integers have bases; large ones of JSON are printed as floats.
            ("[STATUS] == 0xC8", true, "[STATUS] (200) == 0xC8"),
            ("[STATUS] == 0b11001000", true, "[STATUS] (200) == 0b11001000"),
            ("[BODY].count == 12", true, "[BODY].count (12) == 12"),
            ("[BODY].million == 1000000", false, "[BODY].million (1e+06) == 1000000"),
            ("[BODY].million == 1e+06", true, "[BODY].million (1e+06) == 1e+06"),
            ("[BODY].million >= 1000000", true, "[BODY].million (1000000) >= 1000000"),
            // Lengths: elements of an array, bytes of a text.
            ("len([BODY].items) == 2", true, "len([BODY].items) (2) == 2"),
            ("len([BODY].umlaut) == 2", true, "len([BODY].umlaut) (2) == 2"),
            (
                "[BODY].obj == {\"a\":[1,2],\"b\":1}",
                true,
                "[BODY].obj ({\"a\":[1,2],\"b\":1}) == {\"a\":[1,2],\"b\":1}",
            ),
            // Patterns go over slashes, and a star alone fits everything.
            ("[BODY].path == pat(/a*)", true, "[BODY].path (/a/b) == pat(/a*)"),
            ("[BODY].path == pat(*b)", true, "[BODY].path (/a/b) == pat(*b)"),
            ("[BODY].empty == pat(*)", true, "[BODY].empty () == pat(*)"),
            ("[BODY].name == any(joe, john)", true, "[BODY].name (john) == any(joe, john)"),
            ("[BODY].name != any(joe, john)", false, "[BODY].name (john) != any(joe, john)"),
            ("[IP] == pat(192.*)", true, "[IP] (192.0.2.7) == pat(192.*)"),
            ("[DNS_RCODE] == NOERROR", true, "[DNS_RCODE] (NOERROR) == NOERROR"),
            ("[CONNECTED] == true", true, "[CONNECTED] (true) == true"),
            // What only opsctl knows is a text to Gatus.
            ("[ROWS] == 3", false, "[ROWS] == 3"),
            ("[HEADERS].x-count == 7", false, "[HEADERS].x-count == 7"),
        ],
    );
    let list = world(r#"{"body": [1, 2, 3], "status": 0}"#);
    judged(
        &list,
        &["--compat", "gatus"],
        &[
            ("len([BODY]) == 3", true, "len([BODY]) (3) == 3"),
            ("[BODY][1] == 2", true, "[BODY][1] (2) == 2"),
            ("[STATUS] < 300", true, "[STATUS] (0) < 300"),
            ("[CONNECTED] == false", true, "[CONNECTED] (false) == false"),
        ],
    );
    let text = world(r#"{"body": "  hello  "}"#);
    judged(
        &text,
        &["--compat", "gatus"],
        &[
            ("[BODY] == hello", true, "[BODY] (hello) == hello"),
            ("[BODY].x == hello", false, "[BODY].x (INVALID) == hello"),
        ],
    );
}

#[test]
fn a_wrong_condition_is_wrong_usage_with_a_caret() {
    let world = world(SEEN);
    let outcome = world.run(&["probe", "eval", "[STATUS] = 200", "--observation", "seen.json"]).exits(2);
    assert_eq!(outcome.stdout, "");
    insta::assert_snapshot!(outcome.stderr, @r"
    error[invalid-condition]: `=` is no operator; `==` asks whether two sides are
                              equal
     --> condition:1:10
      |
    1 | [STATUS] = 200
      |          ^
      |
      = help: for example: [STATUS] == 200
    ");
    for (condition, column, message) in [
        ("", 1, "the condition is empty"),
        ("[STATUS]", 1, "a condition compares two sides"),
        ("[STATUS]==200", 9, "a space belongs on each side of `==`"),
        ("[STATUS] == ", 10, "nothing stands after `==`"),
        ("[STATSU] == 200", 1, "`[STATSU]` is nothing a probe can see"),
        ("200 == 200", 1, "neither side is something a probe can see"),
        ("[STATUS] == ok", 13, "`[STATUS]` is a number, never `ok`"),
        ("[RESPONSE_TIME] < fast", 19, "`fast` has no order"),
        ("[BODY].name == \"john\"", 16, "a text is written without quotes"),
        ("[BODY].a[x] == 1", 9, "`x` is no place in an array"),
        ("[BODY]..a == 1", 7, "a key is missing after the dot"),
        ("[HEADERS] == 1", 10, "`[HEADERS]` needs the name of a header"),
        ("[STATUS].x == 1", 9, "nothing can follow `[STATUS]`"),
        ("len([BODY].a == 1", 1, "`len(` is never closed"),
        ("has(x) == true", 5, "`has()` looks at something that was seen"),
        ("[CONNECTED] == yes", 16, "true or false, never `yes`"),
        ("[BODY].ä == any(a,)", 17, "`any()` has an empty choice"),
        ("[DOMAIN_EXPIRATION] > 48h", 1, "opsctl asks no whois server"),
    ] {
        let outcome = eval(&world, condition, &[]).exits(2);
        let view = outcome.json();
        assert_eq!((&view["passed"], &view["shown"]), (&Value::Bool(false), &json!(condition.trim())), "{condition}");
        assert!(view["error"].as_str().unwrap().contains(message), "{condition}: {view}");
        outcome.says(&[&format!("--> condition:1:{column}\n")]);
    }
    for condition in ["[STATUS]", "[STATUS]==200", ""] {
        eval(&world, condition, &["--compat", "gatus"]).exits(2).says(&["error[invalid-condition]"]);
    }
    eval(&world, "[STATUS] == 200", &["--compat", "nagios"]).exits(2);
}

#[test]
fn an_observation_that_is_none_is_wrong_usage() {
    let world = World::new();
    eval(&world, "[STATUS] == 200", &[]).exits(2).says(&["the observation seen.json cannot be read"]);
    world.run(&["probe", "eval", "[STATUS] == 200"]).exits(2).says(&["--observation"]);
    for (text, said) in [
        ("", "seen.json is no observation: this is not JSON"),
        ("{\"status\": 200", "this is not JSON"),
        ("7", "an observation is an object such as {\"status\": 200}, not 7"),
        ("[]", "this is a list of 0 observations; leave one of them"),
        ("[{}, {}]", "this is a list of 2 observations; leave one of them"),
        ("{\"status\": \"200\"}", "`status` must be a whole number from 0 to 65535, not \"200\""),
        ("{\"status\": 70000}", "`status` must be a whole number from 0 to 65535, not 70000"),
        ("{\"headers\": [\"a\"]}", "`headers` must be an object with a text for each name"),
        ("{\"headers\": {\"a\": 1}}", "`headers.a` must be a text or a list of texts, not 1"),
        ("{\"phases_us\": {\"dns\": 1.5}}", "`phases_us.dns` must be a whole number from 0, not 1.5"),
        ("{\"certificate_expires_at\": \"soon\"}", "`certificate_expires_at` must be a time such as"),
    ] {
        world.write("seen.json", text);
        let outcome = eval(&world, "[STATUS] == 200", &[]).exits(2);
        assert!(on_one_line(&outcome).contains(said), "`{said}` is not said: {outcome}");
        assert_eq!(outcome.stdout, "", "{text}");
    }
    world.write("seen.json", "{\"status\": null, \"more\": [1]}");
    eval(&world, "has([STATUS]) == false", &[]).exits(0);
}

#[test]
fn standard_input_and_what_a_probe_saw_are_read() {
    let server = Server::start(|_| 503);
    let world = World::with_probes(&format!("web: {{http: \"{}\"}}\njob: {{command: \"echo 42\"}}\n", server.url()));
    let piped = |text: &str, condition: &str| {
        let mut command = world.command(&["-o", "json", "probe", "eval", condition, "--observation", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        finish(child)
    };
    assert_eq!(piped(SEEN, "[BODY].count == 12").exits(0).json()["passed"], true);
    piped("nonsense", "[STATUS] == 200").exits(2).says(&["standard input is no observation"]);
    let seen = world.run(&["-o", "json", "probe", "run", "web"]).exits(1).stdout;
    for (condition, code) in [
        ("[STATUS] == 503", 0),
        ("[STATUS] == 200", 1),
        ("[IP] == 127.0.0.1", 0),
        ("[TOTAL] > 0", 0),
        ("[CONNECT] > 0", 0),
        ("has([RESPONSE_TIME]) == true", 0),
        ("has([CERTIFICATE_EXPIRATION]) == false", 0),
    ] {
        piped(&seen, condition).exits(code);
    }
    let seen = world.run(&["-o", "json", "probe", "run", "job"]).exits(0).stdout;
    piped(&seen, "[STDOUT] == 42").exits(0);
    piped(&seen, "[EXIT_CODE] == 0").exits(0);
    let both = world.run(&["-o", "json", "probe", "run"]).stdout;
    let outcome = piped(&both, "[STATUS] == 503").exits(2);
    assert!(on_one_line(&outcome).contains("this is a list of 2 observations"), "{outcome}");
}
