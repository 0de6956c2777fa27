//! Puts environment variables where `${NAME}` stands, and remembers which of them must not be shown.

use std::collections::BTreeMap;

/// Values shorter than this are not keys, and hiding them would hide half of any text.
pub const SHORTEST_KEY: usize = 6;

/// A text with its variables filled in.
#[derive(Debug, Default, PartialEq, Eq)]
struct Expanded {
    /// The text; without sense when something is unset.
    text: String,
    /// Where in the written text a variable stood, and its value.
    values: Vec<(usize, String)>,
    /// Names that are not set, or empty.
    unset: Vec<String>,
}

/// Fills in the texts of one definition, and remembers what is missing and what must not be shown.
#[derive(Debug)]
pub struct Filler<'a> {
    vars: &'a BTreeMap<String, String>,
    /// Names that are not set, each once.
    pub unset: Vec<String>,
    /// Values that stood where keys stand.
    pub hidden: Vec<String>,
}

impl<'a> Filler<'a> {
    /// Fills in from these variables.
    pub fn new(vars: &'a BTreeMap<String, String>) -> Self {
        Self { vars, unset: Vec::new(), hidden: Vec::new() }
    }

    /// A text in which every variable may be a key: a header, a body, a password.
    pub fn key(&mut self, written: &str) -> String {
        self.fill(written, |_| true)
    }

    /// An address: what stands before the host and after it may be a key.
    pub fn address(&mut self, written: &str) -> String {
        self.fill(written, |at| is_private(written, at))
    }

    /// A text that is no secret: a host's name, a path. A value that has a user in it, or is an address, is one.
    pub fn plain(&mut self, written: &str) -> String {
        self.fill(written, |_| false)
    }

    /// Remembers a key that stood in a text itself.
    pub fn hide(&mut self, key: &str) {
        if key.len() >= SHORTEST_KEY {
            self.hidden.push(key.to_owned());
        }
    }

    fn fill(&mut self, written: &str, private: impl Fn(usize) -> bool) -> String {
        let expanded = expand(written, self.vars);
        for name in expanded.unset {
            if !self.unset.contains(&name) {
                self.unset.push(name);
            }
        }
        // A whole address where only a host belongs may bring its password along.
        let is_key = |at: usize, value: &str| private(at) || value.contains('@') || value.contains("://");
        let keys = expanded.values.into_iter().filter(|(at, value)| is_key(*at, value) && value.len() >= SHORTEST_KEY);
        self.hidden.extend(keys.map(|(_, value)| value));
        expanded.text
    }
}

/// Fills the variables in. A `$` that no `{NAME}` follows stays as it is.
fn expand(written: &str, vars: &BTreeMap<String, String>) -> Expanded {
    let mut expanded = Expanded::default();
    let mut rest = written;
    while let Some(start) = rest.find("${") {
        let (before, after) = (&rest[..start], &rest[start + 2..]);
        let end = after.find('}').filter(|end| is_name(&after[..*end]));
        expanded.text.push_str(before);
        let Some(end) = end else {
            expanded.text.push_str("${");
            rest = after;
            continue;
        };
        let name = &after[..end];
        match vars.get(name).filter(|value| !value.is_empty()) {
            Some(value) => {
                expanded.values.push((written.len() - rest.len() + start, value.clone()));
                expanded.text.push_str(value);
            }
            None => expanded.unset.push(name.to_owned()),
        }
        rest = &after[end + 1..];
    }
    expanded.text.push_str(rest);
    expanded
}

/// Whether a place in a written address is one where keys stand: the user before the host, or the path after it.
fn is_private(url: &str, at: usize) -> bool {
    let start = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url.get(start..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(url.len(), |end| start + end);
    let host = url.get(start..end).and_then(|authority| authority.rfind('@')).map_or(start, |user| start + user);
    at >= end || (start..host).contains(&at)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::{Expanded, expand, is_private};
    use std::collections::BTreeMap;

    fn vars() -> BTreeMap<String, String> {
        [("HOST", "db.test"), ("A_1", "${HOST}"), ("EMPTY", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }

    #[test]
    fn variables_are_filled_in_once() {
        for (written, expected) in [
            ("https://${HOST}/x", "https://db.test/x"),
            ("${HOST}${HOST}", "db.testdb.test"),
            ("${A_1}", "${HOST}"), // a value is a value, not a template
            ("$HOST ${} ${no name} ${1A} ${open ${HOST}", "$HOST ${} ${no name} ${1A} ${open db.test"),
            ("", ""),
        ] {
            let Expanded { text, unset, .. } = expand(written, &vars());
            assert_eq!((text.as_str(), unset), (expected, vec![]), "{written}");
        }
    }

    #[test]
    fn what_is_not_set_is_named() {
        assert_eq!(expand("${HOST}${NOPE}/${EMPTY}", &vars()).unset, ["NOPE", "EMPTY"]);
    }

    #[test]
    fn keys_stand_before_and_after_the_host() {
        for (url, private) in [
            ("https://${X}/health", false),
            ("${X}/health", false),
            ("https://api.${X}:8080", false),
            ("https://user:${X}@host/health", true),
            ("https://host/hooks/${X}", true),
            ("https://host?key=${X}", true),
            ("${URL}?key=${X}", true),
            ("https://me@${X}/", false),
        ] {
            assert_eq!(is_private(url, url.find("${X}").unwrap()), private, "{url}");
        }
    }
}
