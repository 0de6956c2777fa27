//! Conditions joined by `and`, `or` and `not`.

use crate::condition::{Compat, Facts, Rule, Segment, Written};
use Written::{And, Not, Or, Text};

fn text(text: &str) -> Written {
    Text(text.to_owned())
}

fn not(written: Written) -> Written {
    Not(Box::new(written))
}

fn rule(written: &Written) -> Rule {
    Rule::parse(written, Compat::Strict).unwrap()
}

fn facts() -> Facts {
    let body = r#"{"ok": true, "text": "an error"}"#.to_owned();
    Facts { status: Some(204), body: Some(body), ..Facts::default() }
}

const TRUE: &str = "[STATUS] == 204";
const FALSE: &str = "[STATUS] == 500";
const MISSING: &str = "[BODY].gone == 1";
const ALSO_MISSING: &str = "[BODY].text < 1";

#[test]
fn groups_are_written_and_shown_as_they_nest() {
    let either = Or(vec![text("[STATUS] == 200"), text("[STATUS] == 204")]);
    let none = not(text("[BODY] == pat(*error*)"));
    for (written, expected, shown) in [
        (either.clone(), "([STATUS] == 200 or [STATUS] == 204)", "([STATUS] (204) == 200 or [STATUS] (204) == 204)"),
        (
            not(either.clone()),
            "not ([STATUS] == 200 or [STATUS] == 204)",
            "not ([STATUS] (204) == 200 or [STATUS] (204) == 204)",
        ),
        (
            And(vec![either, not(text("[STATUS] > 299"))]),
            "(([STATUS] == 200 or [STATUS] == 204) and not ([STATUS] > 299))",
            "(([STATUS] (204) == 200 or [STATUS] (204) == 204) and not ([STATUS] (204) > 299))",
        ),
        (not(Or(vec![text(FALSE)])), "not ([STATUS] == 500)", "not ([STATUS] (204) == 500)"),
        (not(not(text(TRUE))), "not (not ([STATUS] == 204))", "not (not ([STATUS] (204) == 204))"),
        (text(TRUE), TRUE, "[STATUS] (204) == 204"),
    ] {
        let rule = rule(&written);
        assert_eq!(rule.to_string(), expected);
        assert_eq!(rule.evaluate(&facts()).shown, shown);
    }
    assert_eq!(rule(&none).to_string(), "not ([BODY] == pat(*error*))");
    assert!(rule(&none).looks_at_body() && !rule(&text(TRUE)).looks_at_body());
}

#[test]
fn groups_hold_by_what_their_members_settle() {
    let and = |one: &str, other: &str| And(vec![text(one), text(other)]);
    let or = |one: &str, other: &str| Or(vec![text(one), text(other)]);
    for (written, passed, error) in [
        (and(TRUE, TRUE), true, None),
        (and(TRUE, FALSE), false, None),
        (and(TRUE, MISSING), false, Some("[BODY].gone is missing")),
        (and(MISSING, FALSE), false, None),
        (or(FALSE, TRUE), true, None),
        (or(MISSING, TRUE), true, None),
        (or(FALSE, FALSE), false, None),
        (or(FALSE, MISSING), false, Some("[BODY].gone is missing")),
        (or(ALSO_MISSING, MISSING), false, Some("[BODY].text is not a number")),
        (not(text(FALSE)), true, None),
        (not(text(TRUE)), false, None),
        (not(text(MISSING)), false, Some("[BODY].gone is missing")),
        (not(not(text(MISSING))), false, Some("[BODY].gone is missing")),
        (not(and(TRUE, MISSING)), false, Some("[BODY].gone is missing")),
        (not(and(MISSING, FALSE)), true, None),
        (not(or(MISSING, TRUE)), false, None),
        (not(or(MISSING, FALSE)), false, Some("[BODY].gone is missing")),
    ] {
        let rule = rule(&written);
        let outcome = rule.evaluate(&facts());
        assert_eq!((outcome.passed, outcome.error.as_deref()), (passed, error), "{rule}");
    }
}

#[test]
fn a_failed_probe_fails_every_group() {
    let failed = Facts { error: Some("refused".to_owned()), ..facts() };
    for written in [text(TRUE), not(text(FALSE)), Or(vec![not(text(FALSE)), text(TRUE)]), not(And(vec![text(FALSE)]))] {
        assert!(rule(&written).evaluate(&facts()).passed);
        let outcome = rule(&written).evaluate(&failed);
        assert_eq!((outcome.passed, outcome.error.as_deref()), (false, Some("refused")));
    }
}

#[test]
fn what_is_wrong_inside_a_group_has_its_path() {
    let key = |name: &str| Segment::Key(name.to_owned());
    let written =
        And(vec![text(TRUE), Or(vec![text(TRUE), not(text("[STATUS]==200"))]), And(vec![]), text("[STATSU] == 200")]);
    let problems = Rule::problems(&written, Compat::Strict);
    let found: Vec<_> = problems.iter().map(|problem| (problem.path.clone(), problem.error.column)).collect();
    assert_eq!(
        found,
        [
            (vec![key("and"), Segment::Index(1), key("or"), Segment::Index(1), key("not")], 9),
            (vec![key("and"), Segment::Index(2), key("and")], 1),
            (vec![key("and"), Segment::Index(3)], 1),
        ]
    );
    assert_eq!(problems[1].to_string(), "`and` needs at least one condition");
    assert_eq!(Rule::parse(&written, Compat::Strict), Err(problems[0].clone()));
    assert_eq!(Rule::parse(&text("x"), Compat::Strict).unwrap_err().path, []);
    assert!(Rule::problems(&text(TRUE), Compat::Strict).is_empty());
}

#[test]
fn gatus_conditions_stand_in_groups_too() {
    let written = not(text("[BODY].gone > 0"));
    assert!(Rule::parse(&written, Compat::Gatus).unwrap().evaluate(&facts()).passed);
    assert!(!rule(&written).evaluate(&facts()).passed);
}
