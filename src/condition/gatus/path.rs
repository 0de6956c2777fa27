//! Walks through a body as Gatus does, and writes what it finds as Go would.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::number;

/// Deeper than this nothing is written out.
const DEEPEST: usize = 128;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As Go prints it; an object as JSON with sorted keys.
    pub text: String,
    /// The elements of an array, the bytes of any other text.
    pub length: usize,
}

type Object<'a> = BTreeMap<String, &'a RawValue>;

/// The value at a path; none when the body is not JSON, or nothing or `null` stands there. A path may go on behind an
/// array or number, where Gatus stops without complaint.
pub fn find(body: &str, path: &str) -> Option<Found> {
    let mut here: &RawValue = serde_json::from_str(body).ok()?;
    let mut path = path;
    loop {
        let (key, rest) = first_key(path);
        here = step(here, key)?;
        match (kind(here), rest) {
            ('{', Some(rest)) => path = rest,
            ('"', Some(_)) | ('n', _) => return None,
            ('[', _) => return Some(Found { text: printed(here, 0)?, length: elements(here)?.len() }),
            ('{', None) => return Some(bytes(json(here, 0)?)),
            _ => return Some(bytes(printed(here, 0)?)),
        }
    }
}

/// The elements of a body that is an array, or else its bytes.
pub fn length(body: &str) -> usize {
    if !(body.starts_with('[') && body.ends_with(']')) {
        return body.len();
    }
    serde_json::from_str::<Vec<&RawValue>>(body).map_or(body.len(), |elements| elements.len())
}

fn bytes(text: String) -> Found {
    Found { length: text.len(), text }
}

/// What stands before the first dot outside brackets, and what stands behind it.
fn first_key(path: &str) -> (&str, Option<&str>) {
    let mut depth = 0_isize;
    for (at, c) in path.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            '.' if depth == 0 => return (&path[..at], Some(&path[at + 1..])),
            _ => {}
        }
    }
    (path, None)
}

/// A key, an index, or both: `items`, `[0]`, `items[0][1]`. An array without an index stays what it is.
fn step<'a>(here: &'a RawValue, key: &str) -> Option<&'a RawValue> {
    let Some((name, indices)) = key.split_once('[').filter(|_| key.ends_with(']')) else {
        return match kind(here) {
            '{' => entries(here)?.remove(key),
            _ => Some(here),
        };
    };
    let mut here = if name.is_empty() { here } else { entries(here)?.remove(name)? };
    let mut indices = indices;
    loop {
        let (index, rest) = indices.split_once(']')?;
        let index = usize::try_from(index.parse::<i64>().ok()?).ok()?;
        here = elements(here)?.get(index).copied()?;
        match rest.strip_prefix('[') {
            Some(more) => indices = more,
            None => return Some(here),
        }
    }
}

fn kind(raw: &RawValue) -> char {
    raw.get().chars().next().unwrap_or('n')
}

fn entries(raw: &RawValue) -> Option<Object<'_>> {
    serde_json::from_str(raw.get()).ok()
}

fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

fn float(raw: &RawValue) -> Option<f64> {
    raw.get().parse().ok().filter(|float: &f64| float.is_finite())
}

/// A value as Go prints it: `[a 1e+06 map[k:<nil>]]`.
fn printed(raw: &RawValue, depth: usize) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    Some(match kind(raw) {
        '"' => serde_json::from_str(raw.get()).ok()?,
        'n' => "<nil>".to_owned(),
        't' | 'f' => raw.get().to_owned(),
        '[' => {
            let all: Option<Vec<String>> = elements(raw)?.into_iter().map(|one| printed(one, depth + 1)).collect();
            format!("[{}]", all?.join(" "))
        }
        '{' => {
            let pair = |(key, value)| Some(format!("{key}:{}", printed(value, depth + 1)?));
            let all: Option<Vec<String>> = entries(raw)?.into_iter().map(pair).collect();
            format!("map[{}]", all?.join(" "))
        }
        _ => number::printed(float(raw)?),
    })
}

/// A value as Go writes it into JSON: without spaces, keys sorted, and what HTML could mistake escaped.
fn json(raw: &RawValue, depth: usize) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    Some(match kind(raw) {
        '"' => quoted(&serde_json::from_str::<String>(raw.get()).ok()?),
        'n' | 't' | 'f' => raw.get().to_owned(),
        '[' => {
            let all: Option<Vec<String>> = elements(raw)?.into_iter().map(|one| json(one, depth + 1)).collect();
            format!("[{}]", all?.join(","))
        }
        '{' => {
            let pair =
                |(key, value): (String, &RawValue)| Some(format!("{}:{}", quoted(&key), json(value, depth + 1)?));
            let all: Option<Vec<String>> = entries(raw)?.into_iter().map(pair).collect();
            format!("{{{}}}", all?.join(","))
        }
        _ => number::json(float(raw)?),
    })
}

fn quoted(text: &str) -> String {
    let mut quoted = serde_json::Value::from(text).to_string();
    for (c, escaped) in
        [('<', r"\u003c"), ('>', r"\u003e"), ('&', r"\u0026"), ('\u{2028}', r"\u2028"), ('\u{2029}', r"\u2029")]
    {
        quoted = quoted.replace(c, escaped);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::{find, length};
    use proptest::{prop_assert_eq, proptest};

    const BODY: &str = r#"{"data": {"ids": [{"id": 1}, {"id": 2}], "name": "jöhn", "b": {"z": [1, "<x>"], "a": 1000000}},
        "rows": [["a", "b"], ["c", "d", "e"]], "mixed": [1, "two", null, true, {"k": 2.50, "a": 1e6}, []],
        "big": 9007199254740993, "million": 1000000, "half": 0.5, "none": null, "ok": true, "empty": "", "": {"x": 1}}"#;

    #[track_caller]
    fn at(path: &str, text: &str, length: usize) {
        let found = find(BODY, path).unwrap_or_else(|| panic!("{path} is there"));
        assert_eq!((found.text.as_str(), found.length), (text, length), "{path}");
    }

    #[test]
    fn values_are_printed_as_go_prints_them() {
        at("data.name", "jöhn", 5);
        at("data.ids[1].id", "2", 1);
        at("data.ids[0]", r#"{"id":1}"#, 8);
        at("data.b", r#"{"a":1000000,"z":[1,"\u003cx\u003e"]}"#, 37);
        at("rows[1][2]", "e", 1);
        at("rows", "[[a b] [c d e]]", 2);
        at("mixed", "[1 two <nil> true map[a:1e+06 k:2.5] []]", 6);
        at("big", "9.007199254740992e+15", 21);
        at("million", "1e+06", 5);
        at("half", "0.5", 3);
        at("ok", "true", 4);
        at("empty", "", 0);
        at(".x", "1", 1);
        // Where Gatus does not mind that the path goes on.
        at("million.more", "1e+06", 5);
        at("rows.more", "[[a b] [c d e]]", 2);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for path in [
            "zero",
            "none",
            "data.zero",
            "data.name.more",
            "rows[9]",
            "rows[0][9]",
            "rows[-1]",
            "rows[x]",
            "rows[]",
            "rows[0",
            "data[0]",
            "ok[0]",
            "mixed[2]",
            "[0]",
            "data.",
            "x[[0]",
        ] {
            assert_eq!(find(BODY, path), None, "{path}");
        }
        for body in ["", "no json", "null", "{", r#"{"a": 1} x"#] {
            assert_eq!(find(body, "a"), None, "{body}");
        }
        assert_eq!(find(&format!("{}{}", "[".repeat(5000), "]".repeat(5000)), "a"), None);
    }

    #[test]
    fn a_body_may_be_an_array() {
        let body = r#"[[1, 2], {"id": 3}]"#;
        assert_eq!(find(body, "[0][1]").unwrap().text, "2");
        assert_eq!(find(body, "[1].id").unwrap().text, "3");
        assert_eq!(find(body, "id").unwrap().text, "[[1 2] map[id:3]]");
        assert_eq!((length(body), length(r#"{"id": 3}"#), length("[no json]"), length("")), (2, 9, 9, 0));
    }

    proptest! {
        #[test]
        fn no_path_panics(path in r"[a\[\]0-9.\-]{0,9}", body in r#"[\[\]{}",:0-9a ]{0,20}"#) {
            let _ = (find(&body, &path), find(BODY, &path), length(&body));
        }

        #[test]
        fn texts_are_found_as_they_are(text: String) {
            let body = serde_json::json!({ "a": [text] }).to_string();
            prop_assert_eq!(find(&body, "a[0]").unwrap().text, text);
        }
    }
}
