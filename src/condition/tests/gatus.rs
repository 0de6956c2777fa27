//! Conditions with the meaning they have in Gatus.

use crate::condition::{Compat, Condition, Facts};

#[track_caller]
fn outcome(condition: &str, facts: &Facts) -> (bool, String) {
    let parsed = Condition::parse_as(condition, Compat::Gatus).unwrap();
    assert_eq!(parsed.to_string(), condition);
    let outcome = parsed.evaluate(facts);
    assert_eq!(outcome.error, None);
    (outcome.passed, outcome.shown)
}

fn body(text: &str) -> Facts {
    Facts { body: Some(text.to_owned()), ..Facts::default() }
}

fn facts() -> Facts {
    Facts {
        status: Some(200),
        body: Some(
            r#" {"name": "john.doe", "id": 1, "million": 1000000, "near": 1234567, "hex": "0x1F", "none": null, "ok": true,
                 "f": 123.9, "b": {"z": 1, "a": [1, 2]}, "list": ["x", 1000000], "age": "72h", "path": "/a/b", "ü": "é"} "#
                .to_owned(),
        ),
        response_time_ms: Some(120),
        connected: Some(true),
        ip: Some("10.1.2.3".to_owned()),
        dns_rcode: Some("NOERROR".to_owned()),
        certificate_expiration_ms: Some(86_400_000),
        ..Facts::default()
    }
}

#[test]
fn conditions_that_hold() {
    for condition in [
        "[STATUS] == 200",
        "[status] == 0xC8",
        "200 == [STATUS]",
        "[STATUS] == any(200, 204)",
        "any(200, 204) == [STATUS]",
        "[STATUS] != any(500)",
        "[STATUS] == pat(2*)",
        "pat(2??) == [STATUS]",
        "[IP] == pat(10.*)",
        "[DNS_RCODE] == NOERROR",
        "[CONNECTED] == true",
        "[RESPONSE_TIME] < 1s",
        "[RESPONSE_TIME] >= 120",
        "[RESPONSE_TIME] <= 120.9",
        "[CERTIFICATE_EXPIRATION] > 12h",
        "[CERTIFICATE_EXPIRATION] > 7d",
        "[BODY].name == john.doe",
        "[BODY].name == pat(john*)",
        "[BODY].id == 1",
        "[BODY].hex == 31",
        "[BODY].hex >= 31",
        "[BODY].f > 122",
        "[BODY].f <= 123",
        "[BODY].ok == true",
        "[BODY].million == 1e+06",
        "[BODY].million != 1000000",
        "[BODY].million >= 1000000",
        "[BODY].near == 1.234567e+06",
        "[BODY].b == {\"a\":[1,2],\"z\":1}",
        "[BODY].list == [x 1e+06]",
        "[BODY].age > 48h",
        "[BODY].path == pat(ab)",
        "[BODY] == pat(*)",
        "[BODY] == pat({*john.doe*})",
        "[BODY].missing < 5",
        "[BODY].missing >= 0",
        "[BODY].missing != 5",
        "[BODY].name <= 0",
        "len([BODY].name) == 8",
        "len([BODY].ü) == 2",
        "len([BODY].list) == 2",
        "len([BODY].b) == 17",
        "len([BODY].id) == 1",
        "len([STATUS]) == 3",
        "len([BODY].missing) < 1",
        "has([BODY].name) == true",
        "has([BODY].none) == false",
        "has([BODY].missing) == false",
        "has([IP]) == true",
        "has([DOMAIN_EXPIRATION]) == true",
        "has([UNKNOWN]) == false",
        "[DOMAIN_EXPIRATION] < 1h",
        "raw == raw",
        "1 == 0x1",
        "[UNKNOWN] == [UNKNOWN]",
        "[STATUS] == 200 == 300",
    ] {
        let (passed, shown) = outcome(condition, &facts());
        assert!(passed, "{shown}");
    }
}

#[test]
fn conditions_that_fail_show_what_was_taken() {
    for (condition, expected) in [
        ("[STATUS] == 500", "[STATUS] (200) == 500"),
        ("[STATUS] == any(500, 204)", "[STATUS] (200) == any(500, 204)"),
        ("[RESPONSE_TIME] < potato", "[RESPONSE_TIME] (120) < potato (0)"),
        ("[RESPONSE_TIME] > 500ms", "[RESPONSE_TIME] (120) > 500ms"),
        ("[CERTIFICATE_EXPIRATION] > 48h", "[CERTIFICATE_EXPIRATION] (1d) > 48h"),
        ("[CERTIFICATE_EXPIRATION] < 7d", "[CERTIFICATE_EXPIRATION] (1d) < 7d (0)"),
        ("[BODY].million == 1000000", "[BODY].million (1e+06) == 1000000"),
        ("[BODY].missing == john", "[BODY].missing (INVALID) == john"),
        ("[BODY].none == null", "[BODY].none (INVALID) == null"),
        ("[BODY].name.more == x", "[BODY].name.more (INVALID) == x"),
        ("[BODY].missing > 5", "[BODY].missing (INVALID) > 5"),
        ("len([BODY].missing) == 8", "len([BODY].missing) (INVALID) == 8"),
        ("len(unknown) == 7", "len(unknown) (INVALID) == 7"),
        ("has([BODY].name) == false", "has([BODY].name) (true) == false"),
        ("[BODY].name == pat(bob*)", "[BODY].name (john.doe) == pat(bob*)"),
        ("[BODY].name == pat([)", "[BODY].name (john.doe) == pat([)"),
        ("[BODY].name == JOHN.DOE", "[BODY].name (john.doe) == JOHN.DOE"),
        ("[UNKNOWN] == 1", "[UNKNOWN] == 1"),
        ("[STATUS] > 100 == 200", "[STATUS] > 100 == 200"),
        ("1 == 2", "1 == 2"),
    ] {
        assert_eq!(outcome(condition, &facts()), (false, expected.to_owned()));
    }
}

#[test]
fn a_failed_probe_fails_nothing_by_itself() {
    let failed = Facts { error: Some("connection refused".to_owned()), ..Facts::default() };
    for condition in [
        "[STATUS] < 300",
        "[STATUS] == 0",
        "[CONNECTED] == false",
        "[RESPONSE_TIME] < 500",
        "[CERTIFICATE_EXPIRATION] == 0",
        "[BODY] != error",
        "len([BODY]) == 0",
        "has([BODY]) == false",
        "has([BODY].errors) == false",
    ] {
        assert!(outcome(condition, &failed).0, "{condition}");
    }
}

#[test]
fn only_a_body_that_is_an_array_is_counted() {
    assert!(outcome("len([BODY]) == 3", &body("[1, 2, 3]")).0);
    assert!(outcome("len([BODY]) == 20", &body(r#"{"name": "john.doe"}"#)).0);
    assert!(outcome("len([BODY]) == 5", &body("größ")).1.contains("(6)"));
    assert!(outcome("[BODY][0].id == 7", &body(r#"[{"id": 7}]"#)).0);
    assert!(outcome("[BODY] == text", &body("  text\n")).0);
}

#[test]
fn what_has_no_operator_is_no_condition() {
    for (condition, column) in
        [("[STATUS]==201", 9), ("[STATUS] ==", 10), ("[STATUS] ? 201", 1), ("", 1), ("[STATUS] = 1", 10)]
    {
        let error = Condition::parse_as(condition, Compat::Gatus).unwrap_err();
        assert_eq!(error.column, column, "{condition}: {error}");
    }
    assert!(Condition::parse_as("len([BODY][0]) > 1", Compat::Gatus).unwrap().looks_at_body());
    assert!(!Condition::parse_as("[STATUS] > 1", Compat::Gatus).unwrap().looks_at_body());
}

#[test]
fn secrets_are_hidden_here_too() {
    let condition = Condition::parse_as("[BODY] == ok", Compat::Gatus).unwrap();
    let facts = body(&format!("{}hunter2\nmore", "x".repeat(60)));
    let shown = condition.evaluate_hiding(&facts, &|text| text.replace("hunter2", "***")).shown;
    assert!(shown.contains("***") && !shown.contains("hunter2") && !shown.contains('\n'), "{shown}");
}
