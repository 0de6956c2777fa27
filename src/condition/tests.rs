use super::{Compat, Condition, Facts, Phases};
use proptest::{prop_assert, proptest};

mod gatus;
mod mistakes;
mod observed;
mod rules;

fn facts() -> Facts {
    Facts {
        status: Some(200),
        body: Some(
            r#" {"status": "UP", "queue": {"length": 12, "limit": "100", "items": [{"id": 9007199254740993}, null]},
                 "big": 1000000, "huge": 123456789012345678901234567890, "ratio": 0.50, "ok": true, "none": null,
                 "uptime": "72h", "version": "1.10", "quoted": "\"x\"", "tags": ["a", "b c"]} "#
                .to_owned(),
        ),
        headers: Some(vec![
            ("Content-Type".into(), "application/json".into()),
            ("Via".into(), "a".into()),
            ("via".into(), "b".into()),
        ]),
        response_time_ms: Some(120),
        connected: Some(true),
        ip: Some("10.1.2.3".to_owned()),
        dns_rcode: Some("NOERROR".to_owned()),
        certificate_expiration_ms: Some(14 * 86_400_000 - 1),
        domain_expiration_ms: None,
        rows: Some(3),
        tls_version: Some("1.3".to_owned()),
        redirects: Some(0),
        phases: Some(Phases { dns: 0, connect: 734, tls: 12_500, first_byte: 90_000, transfer: 1, total: 103_235 }),
        exit_code: Some(0),
        stdout: Some("  42\n".to_owned()),
        error: None,
    }
}

#[track_caller]
fn shown(condition: &str, facts: &Facts) -> (bool, String) {
    let parsed = Condition::parse(condition).unwrap_or_else(|error| panic!("{condition}: {error:?}"));
    assert_eq!(parsed.to_string(), condition.trim());
    let outcome = parsed.evaluate(facts);
    (outcome.passed, outcome.shown)
}

#[test]
fn conditions_that_hold() {
    for condition in [
        "[STATUS] == 200",
        "[status] == 200",
        "200 == [STATUS]",
        "[STATUS] != 500",
        "[STATUS] < 400",
        "[STATUS] <= 200",
        "[STATUS] >= 200.0",
        "[STATUS] > 199.9",
        "[STATUS] == any(200, 204)",
        "[STATUS] != any(500, 502)",
        "[STATUS] == pat(2*)",
        "[RESPONSE_TIME] < 500",
        "[RESPONSE_TIME] < 500ms",
        "[RESPONSE_TIME] < 7d",
        "[CONNECTED] == true",
        "[EXIT_CODE] == 0",
        "[STDOUT] == 42",
        "[STDOUT] > 41",
        "[STDOUT] == pat(4?)",
        "len([STDOUT]) == 2",
        "[BODY].status == UP",
        "[BODY].status != DOWN",
        "[BODY].status == any(UP, DEGRADED)",
        "[BODY].queue.length < 100",
        "[BODY].queue.length < [BODY].queue.limit",
        "[BODY].queue.items[0].id == 9007199254740993",
        "[BODY].queue.items[0].id != 9007199254740992",
        "[BODY].queue.items[0].id > 9007199254740992",
        "[BODY].big == 1000000",
        "[BODY].big == 1e6",
        "[BODY].huge == 123456789012345678901234567890",
        "[BODY].huge > 123456789012345678901234567889",
        "[BODY].ratio == 0.5",
        "[BODY].ok == true",
        "[BODY].uptime > 48h",
        "[BODY].version != 1.1",
        "[BODY].quoted == pat(\"*\")",
        "[BODY].tags == [\"a\",\"b c\"]",
        "[BODY].tags[1] == b c",
        "len([BODY].tags) == 2",
        "len([BODY].queue) == 3",
        "len([BODY].status) == 2",
        "len([BODY]) > 100",
        "has([BODY].status) == true",
        "has([BODY].errors) == false",
        "has([BODY].none) == false",
        "has([HEADERS].x-missing) != true",
        "[BODY] == pat({*\"status\": \"UP\"*})",
        "[HEADERS].content-type == application/json",
        "[HEADERS].VIA == a, b",
        "  [STATUS] == 200  ",
        "[IP] == pat(10.*)",
        "[IP] != 10.1.2.4",
        "[DNS_RCODE] == NOERROR",
        "[CERTIFICATE_EXPIRATION] > 13d23h59m59.998s",
        "[CERTIFICATE_EXPIRATION] < 2w",
        "[CERTIFICATE_EXPIRATION] > -1h",
        "[CERTIFICATE_EXPIRATION] == 1209599999",
        "[CERTIFICATE_EXPIRATION] == 1209599.999s",
        "[ROWS] == 3",
        "[TLS_VERSION] >= 1.2",
        "[TLS_VERSION] == 1.3",
        "[TLS_VERSION] == any(1.2, 1.3)",
        "[REDIRECTS] <= 2",
        "[DNS] == 0",
        "[CONNECT] == 0.734",
        "[CONNECT] == 734us",
        "[CONNECT] < 0.7341",
        "[CONNECT] > 733999ns",
        "[TLS] == 12.5ms",
        "[TLS] == any(1s, 12.5)",
        "[TLS] != 12ms",
        "[FIRST_BYTE] == 90",
        "[TRANSFER] == 0.001",
        "[TOTAL] < 1m",
        "[TOTAL] <= [RESPONSE_TIME]",
        "[RESPONSE_TIME] == 0.12s",
        "[RESPONSE_TIME] != 120us",
        "[BODY].uptime == 72h",
        "[BODY].uptime != 3d",
        "[BODY].uptime > 2.99d",
    ] {
        let (passed, shown) = shown(condition, &facts());
        assert!(passed, "{shown}");
    }
}

#[test]
fn conditions_that_fail_show_what_was_seen() {
    for (condition, expected) in [
        ("[STATUS] == 500", "[STATUS] (200) == 500"),
        ("500 <= [STATUS]", "500 <= [STATUS] (200)"),
        ("[STATUS] != 200", "[STATUS] (200) != 200"),
        ("[STATUS] == any(500, 204)", "[STATUS] (200) == any(500, 204)"),
        ("[STATUS] == pat(5*)", "[STATUS] (200) == pat(5*)"),
        ("[RESPONSE_TIME] < 100ms", "[RESPONSE_TIME] (120) < 100ms"),
        ("[BODY].status == up", "[BODY].status (UP) == up"),
        ("[BODY].missing == 1", "[BODY].missing (missing) == 1"),
        ("[BODY].missing != 1", "[BODY].missing (missing) != 1"),
        ("[BODY].missing < 100", "[BODY].missing (missing) < 100"),
        ("[BODY].missing <= 0", "[BODY].missing (missing) <= 0"),
        ("[BODY].none == null", "[BODY].none (missing) == null"),
        ("[BODY].queue.items[9].id > 0", "[BODY].queue.items[9].id (missing) > 0"),
        ("[BODY].status < 100", "[BODY].status (UP, not a number) < 100"),
        (
            "[BODY].huge == 123456789012345678901234567891",
            "[BODY].huge (123456789012345678901234567890) == 123456789012345678901234567891",
        ),
        ("[BODY].version == 1.1", "[BODY].version (1.10) == 1.1"),
        ("len([BODY].tags) > 5", "len([BODY].tags) (2) > 5"),
        ("len([BODY].missing) == 0", "len([BODY].missing) (missing) == 0"),
        ("len([BODY].ratio) == 3", "len([BODY].ratio) (missing, it has no length) == 3"),
        ("has([BODY].status) == false", "has([BODY].status) (true) == false"),
        ("[HEADERS].x-missing == a", "[HEADERS].x-missing (missing) == a"),
        ("[STATUS] == [EXIT_CODE]", "[STATUS] (200) == [EXIT_CODE] (0)"),
        ("[IP] == pat(192.168.*)", "[IP] (10.1.2.3) == pat(192.168.*)"),
        ("[CERTIFICATE_EXPIRATION] > 14d", "[CERTIFICATE_EXPIRATION] (13d23h59m59s) > 14d"),
        ("[TLS_VERSION] < 1.3", "[TLS_VERSION] (1.3) < 1.3"),
        ("[CONNECT] > 1ms", "[CONNECT] (0.734) > 1ms"),
        ("[TLS] == 12", "[TLS] (12.5) == 12"),
        ("[BODY].uptime == 3d", "[BODY].uptime (72h) == 3d"),
        ("[BODY].queue.length == 0x0C", "[BODY].queue.length (12) == 0x0C"),
    ] {
        assert_eq!(shown(condition, &facts()), (false, expected.to_owned()));
    }
}

#[test]
fn nothing_seen_passes_nothing() {
    for condition in [
        "[STATUS] == 200",
        "[STATUS] != 200",
        "[STATUS] < 400",
        "[RESPONSE_TIME] >= 0",
        "[CONNECTED] == true",
        "[CONNECTED] != true",
        "[EXIT_CODE] == 0",
        "[STDOUT] == pat(*)",
        "[BODY] != any(a, b)",
        "[BODY].a == b",
        "len([BODY]) == 0",
        "[HEADERS].via != a",
        "has([BODY]) == true",
        "[IP] != 10.0.0.1",
        "[DNS_RCODE] != NXDOMAIN",
        "[CERTIFICATE_EXPIRATION] > -1000w",
        "[ROWS] >= 0",
        "[TLS_VERSION] != 1.0",
        "[REDIRECTS] <= 10",
        "[DNS] >= 0",
        "[TOTAL] >= 0",
        "[STDOUT].a != b",
        "[STDOUT][0] != b",
    ] {
        let (passed, shown) = shown(condition, &Facts::default());
        assert!(!passed, "{shown}");
    }
}

#[test]
fn a_body_that_is_no_json_says_so() {
    let facts = Facts { body: Some("<html>down</html>".to_owned()), ..Facts::default() };
    assert_eq!(
        shown("[BODY].status == UP", &facts),
        (false, "[BODY].status (missing, the body is not JSON) == UP".to_owned())
    );
    assert!(shown("[BODY] == pat(*down*)", &facts).0);
    assert!(shown("len([BODY]) == 17", &facts).0);
    let list = Facts { body: Some("[1, 2, 3]".to_owned()), ..Facts::default() };
    assert!(shown("len([BODY]) == 3", &list).0);
    assert!(shown("[BODY][2] == 3", &list).0);
}

#[test]
fn paths_go_into_arrays_and_into_output() {
    let list = r#"[{"name": "a", "n": 9007199254740993}, {"name": "b"}]"#.to_owned();
    let facts = Facts { body: Some(list.clone()), stdout: Some(format!("\n{list}\n")), ..Facts::default() };
    for condition in [
        "[BODY][0].name == a",
        "[body][1].name == b",
        "[STDOUT][0].n == 9007199254740993",
        "[STDOUT][1].name == pat(?)",
        "len([STDOUT]) == 2",
        "len([STDOUT][0].name) == 1",
        "has([STDOUT][2]) == false",
    ] {
        assert!(shown(condition, &facts).0, "{condition}");
    }
    let text = Facts { stdout: Some("42 items".to_owned()), ..Facts::default() };
    assert_eq!(shown("[STDOUT].a == 1", &text).1, "[STDOUT].a (missing, the output is not JSON) == 1");
    assert!(Condition::parse("[STDOUT].a == 1").unwrap().looks_at_body());
    assert!(Condition::parse("1 == len([BODY][0].name)").unwrap().looks_at_body());
}

#[test]
fn what_cannot_be_compared_says_why() {
    for (condition, error) in [
        ("[BODY].missing == 1", "[BODY].missing is missing"),
        ("1 != [BODY].missing", "[BODY].missing is missing"),
        ("len([BODY].missing) < 1", "len([BODY].missing) is missing"),
        ("len([BODY].ratio) < 1", "len([BODY].ratio) is missing, it has no length"),
        ("[BODY].status < 100", "[BODY].status is not a number"),
        ("100 > [BODY].tags", "[BODY].tags is not a number"),
        ("[STDOUT].a == 1", "[STDOUT].a is missing"),
        ("[HEADERS].x-missing == a", "[HEADERS].x-missing is missing"),
    ] {
        let outcome = Condition::parse(condition).unwrap().evaluate(&facts());
        assert_eq!((outcome.passed, outcome.error.as_deref()), (false, Some(error)), "{condition}");
    }
    for condition in ["[STATUS] == 500", "[BODY].status == down", "[BODY].queue.length == UP", "has([BODY].x) == true"]
    {
        let outcome = Condition::parse(condition).unwrap().evaluate(&facts());
        assert_eq!((outcome.passed, outcome.error), (false, None), "{condition}");
    }
}

#[test]
fn nothing_holds_when_the_probe_failed() {
    let failed = Facts { error: Some("hunter2 broke\nthe line".to_owned()), ..facts() };
    for condition in ["[STATUS] == 200", "[STATUS] != 500", "has([BODY].x) == false", "[CONNECTED] != false"] {
        let parsed = Condition::parse(condition).unwrap();
        assert!(parsed.evaluate(&facts()).passed, "{condition}");
        let outcome = parsed.evaluate_hiding(&failed, &|text| text.replace("hunter2", "***"));
        assert_eq!((outcome.passed, outcome.error.as_deref()), (false, Some("*** broke the line")), "{condition}");
    }
    let outcome = Condition::parse("[STATUS] == 200").unwrap().evaluate(&failed);
    assert_eq!(outcome.shown, "[STATUS] (200) == 200");
}

#[test]
fn what_is_shown_is_one_short_clean_line() {
    let body = format!("\u{1b}[2Jone\ntwo {}", "x".repeat(10_000));
    let facts = Facts { body: Some(body), ..Facts::default() };
    let (_, shown) = shown("[BODY] == ok", &facts);
    assert!(shown.starts_with("[BODY] (one two xxx") && shown.ends_with("…) == ok"), "{shown}");
    assert!(shown.chars().count() < 110, "{shown}");
}

#[test]
fn a_secret_is_hidden_before_it_is_cut() {
    let facts = Facts { body: Some(format!("{}hunter2", "x".repeat(77))), ..Facts::default() };
    let condition = Condition::parse("[BODY] == ok").unwrap();
    assert!(condition.looks_at_body() && condition.evaluate(&facts).shown.contains("hun"));
    let hidden = condition.evaluate_hiding(&facts, &|text| text.replace("hunter2", "***"));
    assert!(!hidden.shown.contains("hun"), "{}", hidden.shown);
    assert!(!Condition::parse("[STATUS] == 200").unwrap().looks_at_body());
}

#[test]
fn operators_inside_parentheses_are_part_of_the_text() {
    let facts = Facts { body: Some("a < b".to_owned()), ..Facts::default() };
    assert!(shown("[BODY] == pat(* < *)", &facts).0);
    assert!(shown("[BODY] == a < b", &facts).0); // the first operator is the one that counts
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text: String, body: String) {
        let facts = Facts { body: Some(body), ..Facts::default() };
        for compat in [Compat::Strict, Compat::Gatus] {
            match Condition::parse_as(&text, compat) {
                Ok(condition) => {
                    condition.evaluate(&facts);
                }
                Err(error) => prop_assert!(!error.picture(&text, false).is_empty()),
            }
        }
    }

    #[test]
    fn no_near_miss_makes_it_panic(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "[BODY]", "[STATUS]", "[HEADERS]", "[STDOUT]", "[TLS_VERSION]", "[DNS]", "[CERTIFICATE_EXPIRATION]", "[", "]",
                ".a", "[0]", "len(", "has(", "pat(", "any(", ")", "*", ",", " == ", " < ", " != ", "==", " ", "1", "48h",
                "7d", "ü", "\"", "\\", "-", "1e9", "0x", "\n",
            ]),
            0..9,
        ),
        body in r#"[\[\]{}",:0-9a ]{0,20}"#,
    ) {
        let text = parts.concat();
        let facts = Facts {
            status: Some(1),
            body: Some(body.clone()),
            stdout: Some(body),
            headers: Some(vec![]),
            certificate_expiration_ms: Some(i64::MIN),
            phases: Some(Phases { dns: u64::MAX, ..Phases::default() }),
            ..Facts::default()
        };
        for compat in [Compat::Strict, Compat::Gatus] {
            match Condition::parse_as(&text, compat) {
                Ok(condition) => {
                    let outcome = condition.evaluate(&facts);
                    prop_assert!(!outcome.shown.contains('\n') && (outcome.error.is_none() || !outcome.passed));
                }
                Err(error) => {
                    let end = error.column - 1 + error.width;
                    prop_assert!(error.column > 0 && error.width > 0 && end <= text.chars().count() + 1, "{text:?} {error:?}");
                    prop_assert!(error.picture(&text, false).contains('^'));
                }
            }
        }
    }

    #[test]
    fn integers_in_a_body_compare_exactly(left: i128, right: i128) {
        let facts = Facts { body: Some(format!("{{\"n\": {left}}}")), ..Facts::default() };
        for (sign, expected) in [("==", left == right), ("!=", left != right), ("<", left < right), (">=", left >= right)] {
            let condition = Condition::parse(&format!("[BODY].n {sign} {right}")).unwrap();
            prop_assert!(condition.evaluate(&facts).passed == expected);
        }
    }

    #[test]
    fn phases_compare_to_the_microsecond(left: u32, right: u32) {
        let facts = Facts { phases: Some(Phases { tls: left.into(), ..Phases::default() }), ..Facts::default() };
        for (sign, expected) in [("==", left == right), ("!=", left != right), ("<", left < right), (">=", left >= right)] {
            let condition = Condition::parse(&format!("[TLS] {sign} {right}us")).unwrap();
            prop_assert!(condition.evaluate(&facts).passed == expected);
        }
    }
}
