use super::{Condition, Facts};
use proptest::{prop_assert, proptest};

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
        exit_code: Some(0),
        stdout: Some("  42\n".to_owned()),
        ..Facts::default()
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

#[track_caller]
fn wrong(condition: &str) -> (String, usize, Option<String>) {
    let error = Condition::parse(condition).expect_err(condition);
    (error.message, error.column, error.suggestion)
}

#[test]
fn mistakes_are_named_with_a_way_out() {
    for (condition, message, column, suggestion) in [
        ("", "the condition is empty", 1, Some("[STATUS] == 200")),
        ("[STATUS]==200", "a space belongs on each side of `==`", 9, Some("[STATUS] == 200")),
        ("[STATUS] <400", "a space belongs on each side of `<`", 10, Some("[STATUS] < 400")),
        ("[STATUS] = 200", "`=` is no operator", 10, Some("[STATUS] == 200")),
        ("[STATUS] ==", "nothing stands after `==`", 10, None),
        ("[CONNECTED]", "a condition compares two sides", 1, Some("[CONNECTED] == true")),
        ("has([BODY].a)", "a condition compares two sides", 1, Some("has([BODY].a) == true")),
        ("status is 200", "a condition compares two sides", 1, Some("[STATUS] == 200")),
        ("[STATSU] == 200", "`[STATSU]` is nothing a probe can see", 1, Some("[STATUS]")),
        ("ü == [BODI].a", "`[BODI]` is nothing a probe can see", 6, Some("[BODY]")),
        ("200 == 200", "neither side is something a probe can see", 1, Some("[STATUS], ")),
        ("[STATUS == 200", "neither side", 1, Some("[STATUS], ")),
        ("[STATUS] == ok", "`[STATUS]` is a number, never `ok`", 13, None),
        ("[STATUS] == any(200, ok)", "`[STATUS]` is a number, never `ok`", 13, None),
        ("[STATUS] == 200 && [CONNECTED] == true", "`[STATUS]` is a number, never `200 &&", 13, None),
        ("len([BODY]) == many", "`len([BODY])` is a number, never `many`", 16, None),
        ("[STATUS] < fast", "`fast` has no order", 12, Some("[RESPONSE_TIME] < 500ms")),
        ("[STATUS] < any(1, 2)", "`any(1, 2)` has no order", 12, Some("[RESPONSE_TIME] < 500ms")),
        ("has([BODY]) > 0", "`has([BODY])` has no order", 1, Some("[RESPONSE_TIME] < 500ms")),
        ("[CONNECTED] == yes", "`[CONNECTED]` is true or false, never `yes`", 16, Some("[CONNECTED] == true")),
        ("[STATUS].code == 1", "nothing can follow `[STATUS]`", 9, Some("[STATUS]")),
        ("[HEADERS] == a", "`[HEADERS]` needs the name of a header", 10, Some("[HEADERS].content-type")),
        ("[BODY].a[x] == 1", "`x` is no place in an array", 9, Some("[BODY].items[0].name")),
        ("[BODY].a[-1] == 1", "`-1` is no place in an array", 9, Some("[BODY].items[0].name")),
        ("[BODY].a..b == 1", "a key is missing after the dot", 9, Some("[BODY].items[0].name")),
        ("[BODY]a == 1", "a path goes on with", 7, Some("[BODY].items[0].name")),
        ("[BODY][0 == 1", "`[` is never closed", 7, Some("[0]")),
        ("[BODY].a == \"UP\"", "a text is written without quotes", 13, Some("[BODY].a == UP")),
        ("len([BODY].a == 1", "`len(` is never closed", 1, Some("len([BODY].a)")),
        ("[BODY] == pat([a)", "the pattern has a `[` without its `]`", 15, None),
        ("[BODY] == any(a,)", "`any()` has an empty choice", 15, Some("any(200, 204)")),
        ("len(abc) == 3", "`len()` looks at something that was seen", 5, Some("len([BODY].items)")),
    ] {
        let (said, at, way_out) = wrong(condition);
        assert!(said.starts_with(message), "{condition}: {said}");
        assert_eq!(at, column, "{condition}: {said}");
        match suggestion {
            Some(expected) => {
                assert!(way_out.as_deref().unwrap_or("").starts_with(expected), "{condition}: {way_out:?}");
            }
            None => assert!(way_out.is_none(), "{condition}: {way_out:?}"),
        }
    }
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
        let _ = Condition::parse(&text).map(|condition| condition.evaluate(&facts));
    }

    #[test]
    fn no_near_miss_makes_it_panic(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "[BODY]", "[STATUS]", "[HEADERS]", "[", "]", ".a", "[0]", "len(", "has(", "pat(", "any(", ")", "*", ",",
                " == ", " < ", " != ", "==", " ", "1", "48h", "ü", "\"", "\\", "-", "1e9",
            ]),
            0..9,
        ),
        body in r#"[\[\]{}",:0-9a ]{0,20}"#,
    ) {
        let facts = Facts { status: Some(1), body: Some(body), headers: Some(vec![]), ..Facts::default() };
        if let Ok(condition) = Condition::parse(&parts.concat()) {
            let outcome = condition.evaluate(&facts);
            prop_assert!(!outcome.shown.contains('\n'));
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
}
