//! What is said about conditions that cannot be right.

use crate::condition::Condition;

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
        ("[DOMAIN_EXPIRATION] > 7d", "opsctl asks no whois server", 1, Some("[CERTIFICATE_EXPIRATION] > 7d")),
        ("has([domain_expiration]) == true", "opsctl asks no whois server", 5, Some("[CERTIFICATE_EXPIRATION] > 7d")),
        ("[TSL_VERSION] >= 1.2", "`[TSL_VERSION]` is nothing a probe can see", 1, Some("[TLS_VERSION]")),
        ("[HEADER].via == a", "`[HEADER]` is nothing a probe can see", 1, Some("[HEADERS]")),
        ("[CONTEXT].a == a", "`[CONTEXT]` is nothing a probe can see", 1, Some("[CONNECT]")),
        ("[TLS_VERSION] == TLS1.2", "`[TLS_VERSION]` is a number, never `TLS1.2`", 18, None),
        ("[ROWS] < 5s", "`[ROWS]` is a number, never `5s`", 10, None),
        ("[TLS] == fast", "`[TLS]` is a time in milliseconds, never `fast`", 10, None),
        ("[RESPONSE_TIME] < 1 s", "`1 s` has no order", 19, Some("[RESPONSE_TIME] < 500ms")),
        ("[IP] > 10", "`[IP]` has no order", 1, Some("[RESPONSE_TIME] < 500ms")),
        ("[DNS_RCODE] < [STATUS]", "`[DNS_RCODE]` has no order", 1, Some("[RESPONSE_TIME] < 500ms")),
        ("[TOTAL].x < 10", "nothing can follow `[TOTAL]`", 8, Some("[TOTAL]")),
        ("[STDOUT].a[-1] == 1", "`-1` is no place in an array", 11, Some("[STDOUT].items[0].name")),
        ("[STDOUT].a == 'UP'", "a text is written without quotes", 15, Some("[STDOUT].a == UP")),
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
fn the_caret_stands_under_all_that_is_meant() {
    for (condition, meant) in [
        ("[STATUS]==200", "=="),
        ("[STATUS] = 200", "="),
        ("ü == [BODI].a", "[BODI]"),
        ("[STATUS] == any(200, ok)", "any(200, ok)"),
        ("[BODY].a[xy].b == 1", "[xy]"),
        ("[BODY].a..b == 1", "."),
        ("[STATUS].code == 1", ".code"),
        ("  [DOMAIN_EXPIRATION] > 7d", "[DOMAIN_EXPIRATION]"),
    ] {
        let error = Condition::parse(condition).unwrap_err();
        let found: String = condition.chars().skip(error.column - 1).take(error.width).collect();
        assert_eq!(found, meant, "{condition}");
    }
    let error = Condition::parse("").unwrap_err();
    assert_eq!((error.column, error.width), (1, 1));
}

#[test]
fn a_mistake_has_its_picture() {
    let picture = |text: &str| Condition::parse(text).unwrap_err().picture(text, false);
    assert_eq!(
        picture("[STATSU] == 200"),
        "error[invalid-condition]: `[STATSU]` is nothing a probe can see
 --> condition:1:1
  |
1 | [STATSU] == 200
  | ^^^^^^^^
  |
  = help: for example: [STATUS]"
    );
    assert!(picture("[STATUS] ==\n").contains("1 | [STATUS] ==\n  |          ^^"), "{}", picture("[STATUS] ==\n"));
}
