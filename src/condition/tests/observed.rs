//! Observations read from JSON.

use crate::condition::{Condition, Facts, Phases};
use crate::ground::Time;

fn now() -> Time {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

#[track_caller]
fn read(text: &str) -> Facts {
    Facts::from_json(text, now()).unwrap()
}

#[track_caller]
fn refused(text: &str) -> String {
    Facts::from_json(text, now()).unwrap_err()
}

#[test]
fn everything_can_be_observed() {
    let all = read(
        r#"{
            "status": 200, "body": "up", "response_time_ms": 12, "connected": true, "ip": "10.0.0.1",
            "headers": {"Content-Type": "text/plain", "Via": ["a", "b"]},
            "dns_rcode": "NOERROR", "certificate_expiration_ms": -5, "domain_expiration_ms": 7, "rows": 3,
            "tls_version": "1.3", "redirects": 1, "exit_code": -1, "stdout": "out", "error": "it broke",
            "phases_us": {"dns": 1, "connect": 2, "tls": 3, "first_byte": 4, "transfer": 5, "total": 15},
            "something": {"unknown": [1]}
        }"#,
    );
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = Facts {
        status: Some(200),
        body: Some("up".into()),
        headers: Some(vec![header("Content-Type", "text/plain"), header("Via", "a"), header("Via", "b")]),
        response_time_ms: Some(12),
        connected: Some(true),
        ip: Some("10.0.0.1".into()),
        dns_rcode: Some("NOERROR".into()),
        certificate_expiration_ms: Some(-5),
        domain_expiration_ms: Some(7),
        rows: Some(3),
        tls_version: Some("1.3".into()),
        redirects: Some(1),
        phases: Some(Phases { dns: 1, connect: 2, tls: 3, first_byte: 4, transfer: 5, total: 15 }),
        exit_code: Some(-1),
        stdout: Some("out".into()),
        error: Some("it broke".into()),
    };
    assert_eq!(all, expected);
}

#[test]
fn nothing_need_be_observed() {
    let nulls = r#"{"status": null, "body": null, "headers": null, "phases_us": null, "ip": null, "error": null,
        "certificate_expires_at": null, "stdout": null, "connected": null}"#;
    for text in ["{}", " { } ", nulls, "[{}]"] {
        assert_eq!(read(text), Facts::default(), "{text}");
    }
}

#[test]
fn a_body_keeps_its_spelling() {
    let facts = read(r#"{"body": {"n": 123456789012345678901234567890, "f": 1.10, "e": 1E6}}"#);
    for condition in [
        "[BODY].n == 123456789012345678901234567890",
        "[BODY].n != 123456789012345678901234567891",
        "[BODY].e == 1000000",
        "[BODY] == pat(*1.10*)",
    ] {
        assert!(Condition::parse(condition).unwrap().evaluate(&facts).passed, "{condition}");
    }
    for (written, body) in
        [("\"a\\nb\"", "a\nb"), ("[1, 2]", "[1, 2]"), ("false", "false"), ("1.50", "1.50"), ("\"\"", "")]
    {
        assert_eq!(read(&format!("{{\"body\": {written}}}")).body.as_deref(), Some(body));
        assert_eq!(read(&format!("{{\"stdout\": {written}}}")).stdout.as_deref(), Some(body));
    }
}

#[test]
fn what_a_probe_run_printed_is_an_observation() {
    let facts = read(
        r#"[{"id": "api", "service": "shop", "kind": "http", "state": "up", "started_at": "2026-11-24T00:00:00.000Z",
            "conditions": [{"condition": "[STATUS] == 200", "passed": true, "shown": "[STATUS] (200) == 200"}],
            "status": 200, "address": "127.0.0.1:8443", "output": "text",
            "phases_us": {"dns": 400, "connect": 300, "tls": 1000, "first_byte": 1299, "transfer": 7000, "total": 9999},
            "certificate_expires_at": "2026-11-25T01:00:00+01:00", "error": null, "attempts": 1}]"#,
    );
    assert_eq!(facts.response_time_ms, Some(2));
    assert_eq!(facts.ip.as_deref(), Some("127.0.0.1"));
    assert_eq!(facts.certificate_expiration_ms, Some(86_400_000));
    assert_eq!(facts.stdout.as_deref(), Some("text"));
    assert_eq!(read(r#"{"address": "[::1]:80"}"#).ip.as_deref(), Some("::1"));
    assert_eq!(read(r#"{"address": "::1"}"#).ip.as_deref(), Some("::1"));
}

#[test]
fn what_is_wrong_is_named() {
    for (text, said) in [
        ("", "this is not JSON: EOF while parsing a value at line 1 column 0"),
        ("{\n\"status\": }", "this is not JSON: expected value at line 2 column 11"),
        ("200", "an observation is an object such as {\"status\": 200}, not 200"),
        ("[]", "this is a list of 0 observations; leave one of them"),
        ("[{}, {}]", "this is a list of 2 observations; leave one of them"),
        ("[1]", "this is a list without an observation such as {\"status\": 200}"),
        ("[[{}]]", "this is a list without an observation such as {\"status\": 200}"),
        (r#"{"status": "200"}"#, "`status` must be a whole number from 0 to 65535, not \"200\""),
        (r#"{"status": 65536}"#, "`status` must be a whole number from 0 to 65535, not 65536"),
        (r#"{"response_time_ms": 1.5}"#, "`response_time_ms` must be a whole number from 0, not 1.5"),
        (r#"{"response_time_ms": -1}"#, "`response_time_ms` must be a whole number from 0, not -1"),
        (r#"{"connected": "yes"}"#, "`connected` must be true or false, not \"yes\""),
        (r#"{"ip": 10}"#, "`ip` must be a text, not 10"),
        (r#"{"headers": ["a"]}"#, "`headers` must be an object with a text for each name, not [\"a\"]"),
        (r#"{"headers": {"x": [1]}}"#, "`headers.x` must be a text or a list of texts, not [1]"),
        (r#"{"phases_us": 12}"#, "`phases_us` must be an object with microseconds for each phase, not 12"),
        (r#"{"phases_us": {"dns": 0.5}}"#, "`phases_us.dns` must be a whole number from 0, not 0.5"),
        (
            r#"{"certificate_expires_at": "tomorrow"}"#,
            "`certificate_expires_at` must be a time such as 2027-01-31T12:00:00Z, not \"tomorrow\"",
        ),
        (r#"{"exit_code": true}"#, "`exit_code` must be a whole number, not true"),
        (r#"{"error": {}}"#, "`error` must be a text, not {}"),
    ] {
        assert_eq!(refused(text), said, "{text}");
    }
    let long = refused(&format!("{{\"ip\": [\"{}\"]}}", "x".repeat(1000)));
    assert!(long.chars().count() < 120, "{long}");
}
