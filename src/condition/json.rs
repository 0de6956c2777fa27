//! Finds a value in a JSON text without turning its numbers into floats.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

/// One part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// The value of a key of an object.
    Key(String),
    /// An element of an array, from 0.
    Index(usize),
}

/// A value at a path, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A string, decoded.
    Text(String),
    /// A number, to the last digit.
    Number(String),
    /// `true` or `false`.
    Bool(bool),
    /// An array: how many elements, and its text without spaces.
    Array(usize, String),
    /// An object: how many keys, and its text without spaces.
    Object(usize, String),
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfound {
    /// The text is not JSON.
    NotJson,
    /// It is, but nothing stands at the path.
    Absent,
}

type Object<'a> = HashMap<Cow<'a, str>, &'a RawValue>;

/// The value at a path; the error says why there is none. `null` counts as none.
pub fn find(text: &str, path: &[Segment]) -> Result<Found, Unfound> {
    let mut here: &RawValue = serde_json::from_str(text).map_err(|_| Unfound::NotJson)?;
    for segment in path {
        here = step(here, segment).ok_or(Unfound::Absent)?;
    }
    value(here).ok_or(Unfound::Absent)
}

fn step<'a>(here: &'a RawValue, segment: &Segment) -> Option<&'a RawValue> {
    match segment {
        Segment::Key(key) => serde_json::from_str::<Object<'a>>(here.get()).ok()?.remove(key.as_str()),
        Segment::Index(index) => {
            let elements: Vec<&'a RawValue> = serde_json::from_str(here.get()).ok()?;
            elements.get(*index).copied()
        }
    }
}

fn value(here: &RawValue) -> Option<Found> {
    let text = here.get();
    Some(match text.as_bytes().first()? {
        b'"' => Found::Text(serde_json::from_str(text).ok()?),
        b't' => Found::Bool(true),
        b'f' => Found::Bool(false),
        b'n' => return None,
        b'[' => Found::Array(serde_json::from_str::<Vec<&RawValue>>(text).ok()?.len(), minified(text)),
        b'{' => Found::Object(serde_json::from_str::<Object<'_>>(text).ok()?.len(), minified(text)),
        _ => Found::Number(text.to_owned()),
    })
}

/// JSON without the spaces between its tokens.
fn minified(text: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let keep = |c: &char| {
        if inside {
            inside = escaped || *c != '"';
            escaped = !escaped && *c == '\\';
            return true;
        }
        inside = *c == '"';
        !c.is_ascii_whitespace()
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::{Found, Segment, Unfound, find, minified};
    use Segment::{Index, Key};

    const BODY: &str = r#" { "a" : { "b" : [ 1, "x\u0041", {"c d": null} ] }, "n" : 123456789012345678901234567890,
        "a.b": true, "f": 0.10, "e\"": [[7]] } "#;

    fn key(name: &str) -> Segment {
        Key(name.to_owned())
    }

    #[test]
    fn values_are_found_as_written() {
        let at = |path: &[Segment]| find(BODY, path);
        assert_eq!(at(&[key("a"), key("b"), Index(1)]), Ok(Found::Text("xA".into())));
        assert_eq!(at(&[key("n")]), Ok(Found::Number("123456789012345678901234567890".into())));
        assert_eq!(at(&[key("f")]), Ok(Found::Number("0.10".into())));
        assert_eq!(at(&[key("a.b")]), Ok(Found::Bool(true)));
        assert_eq!(at(&[key("e\""), Index(0), Index(0)]), Ok(Found::Number("7".into())));
        assert_eq!(at(&[key("a"), key("b")]), Ok(Found::Array(3, r#"[1,"x\u0041",{"c d":null}]"#.into())));
        assert!(matches!(at(&[]), Ok(Found::Object(5, _))));
    }

    #[test]
    fn what_is_not_there_is_missing() {
        let paths: [&[Segment]; 5] = [
            &[key("z")],
            &[key("a"), Index(0)],
            &[key("a"), key("b"), Index(3)],
            &[key("n"), key("x")],
            &[key("a"), key("b"), Index(2), key("c d")],
        ];
        for path in paths {
            assert_eq!(find(BODY, path), Err(Unfound::Absent));
        }
        for no_json in ["", "<html>", "{", "[1,]", "{} {}"] {
            assert_eq!(find(no_json, &[key("a")]), Err(Unfound::NotJson));
        }
        assert!(find(&"[".repeat(100_000), &[Index(0)]).is_err());
    }

    #[test]
    fn only_spaces_between_tokens_go() {
        assert_eq!(minified("{ \"a \\\" b\" :\n [ 1 , \"\\\\\" , 2 ] }"), r#"{"a \" b":[1,"\\",2]}"#);
    }
}
