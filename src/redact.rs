//! Takes declared secrets out of text, whole, split or encoded.
//!
//! A secret is found as it stands and in the forms a command or a log is likely to turn it into: percent-encoded,
//! base64 (wherever it begins inside the encoded text), hexadecimal, JSON-escaped, shell-quoted. Base64 that a tool
//! breaks into lines in the middle of a secret is not recognised.

mod declared;
mod forms;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use serde_json::Value;

/// What stands where a secret was.
pub const HIDDEN: &str = "•••";

/// Knows the secrets and hides them.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
    forms: Option<Arc<Forms>>,
}

/// Every form of every secret, and the automaton that finds them.
struct Forms {
    sorted: Vec<String>,
    longest: usize,
    // None when the automaton could not be built; then nothing is let through.
    search: Option<AhoCorasick>,
}

impl Redactor {
    /// A redactor for some secrets; empty ones are ignored.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut redactor = Self { secrets: secrets.into_iter().filter(|s| !s.is_empty()).collect(), forms: None };
        redactor.rebuild();
        redactor
    }

    /// Declares one more secret.
    pub fn add(&mut self, secret: String) {
        if !secret.is_empty() && !self.secrets.contains(&secret) {
            self.secrets.push(secret);
            self.rebuild();
        }
    }

    fn rebuild(&mut self) {
        let forms: BTreeSet<String> = self.secrets.iter().flat_map(|secret| forms::of(secret)).collect();
        self.forms = (!forms.is_empty()).then(|| Arc::new(Forms::new(forms)));
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.forms.is_none()
    }

    /// Whether some secret stands in the text, in any form.
    pub fn contains_secret(&self, text: &str) -> bool {
        self.forms.as_ref().is_some_and(|forms| forms.search.as_ref().is_none_or(|search| search.is_match(text)))
    }

    /// The text with every secret replaced.
    pub fn text(&self, text: &str) -> String {
        match &self.forms {
            None => text.to_owned(),
            Some(forms) => String::from_utf8_lossy(&forms.hide(text.as_bytes())).into_owned(),
        }
    }

    /// Replaces secrets in every string and key of a JSON value.
    pub fn json(&self, value: &mut Value) {
        if self.is_empty() {
            return;
        }
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(map) => {
                let redact = |(key, mut value): (String, Value)| {
                    self.json(&mut value);
                    (self.text(&key), value)
                };
                *map = std::mem::take(map).into_iter().map(redact).collect();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A redactor for text that arrives in pieces.
    pub fn stream(&self) -> StreamRedactor {
        StreamRedactor { forms: self.forms.clone(), held: Vec::new() }
    }
}

impl fmt::Debug for Redactor {
    // The derived one would print the secrets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Redactor({} secrets)", self.secrets.len())
    }
}

impl Forms {
    fn new(forms: BTreeSet<String>) -> Self {
        let sorted: Vec<String> = forms.into_iter().collect();
        let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&sorted).ok();
        Self { longest: sorted.iter().map(String::len).max().unwrap_or(0), sorted, search }
    }

    fn hide(&self, bytes: &[u8]) -> Vec<u8> {
        let Some(search) = &self.search else { return HIDDEN.into() };
        search.replace_all_bytes(bytes, &vec![HIDDEN; self.sorted.len()])
    }

    /// Where the first form begins that may go on after the end of `bytes`, looking from `from`.
    fn unfinished(&self, bytes: &[u8], from: usize) -> usize {
        let earliest = from.max(bytes.len().saturating_sub(self.longest.saturating_sub(1)));
        (earliest..bytes.len()).find(|start| self.may_begin(&bytes[*start..])).unwrap_or(bytes.len())
    }

    /// Whether `tail` is the beginning of a form that is longer than it.
    fn may_begin(&self, tail: &[u8]) -> bool {
        let next = self.sorted.partition_point(|form| form.as_bytes() <= tail);
        self.sorted.get(next).is_some_and(|form| form.as_bytes().starts_with(tail))
    }
}

/// Hides secrets in text that arrives in pieces; a secret split over any number of pieces is found.
pub struct StreamRedactor {
    forms: Option<Arc<Forms>>,
    held: Vec<u8>,
}

impl StreamRedactor {
    /// Takes the next piece and returns what can be shown. Only what may be the beginning of a secret is held back.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let Some(forms) = &self.forms else { return piece.to_vec() };
        let Some(search) = &forms.search else { return HIDDEN.into() };
        self.held.extend_from_slice(piece);
        let mut shown = Vec::with_capacity(self.held.len());
        let mut done = 0;
        let mut open = forms.unfinished(&self.held, 0);
        for found in search.find_iter(&self.held) {
            // What begins at or before this match may still turn out to be another, longer one.
            if open <= found.start() {
                break;
            }
            shown.extend_from_slice(&self.held[done..found.start()]);
            shown.extend_from_slice(HIDDEN.as_bytes());
            done = found.end();
            if open < done {
                open = forms.unfinished(&self.held, done);
            }
        }
        shown.extend_from_slice(&self.held[done..open]);
        self.held.drain(..open);
        shown
    }

    /// Returns what was held back; the text has ended.
    pub fn finish(&mut self) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        self.forms.as_ref().map_or_else(Vec::new, |forms| if held.is_empty() { held } else { forms.hide(&held) })
    }
}

#[cfg(test)]
mod tests {
    use super::{HIDDEN, Redactor, forms};
    use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
    use serde_json::json;

    fn redactor(secrets: &[&str]) -> Redactor {
        Redactor::new(secrets.iter().map(ToString::to_string))
    }

    #[test]
    fn every_form_is_hidden() {
        let secret = "pä ss/w\"o'rd+$1~";
        let hidden = redactor(&[secret]);
        for form in [
            "pä ss/w\"o'rd+$1~",
            "p%C3%A4%20ss%2Fw%22o%27rd%2B%241~",
            "p%c3%a4%20ss%2fw%22o%27rd%2b%241~",
            "p%C3%A4+ss%2Fw%22o%27rd%2B%241%7E",
            "p%C3%A4%20ss%2Fw%22o'rd%2B%241~",
            "70c3a42073732f77226f2772642b24317e",
            "70C3A42073732F77226F2772642B24317E",
            r#"pä ss/w\"o'rd+$1~"#,
            r#"p\u00e4 ss\/w\"o'rd+$1~"#,
            r#"p\u00E4 ss/w\"o'rd+$1~"#,
            r#"pä ss/w"o'\''rd+$1~"#,
            r#"pä ss/w"o'"'"'rd+$1~"#,
            r#"pä ss/w\"o'rd+\$1~"#,
        ] {
            assert_eq!(hidden.text(&format!("<{form}>")), format!("<{HIDDEN}>"), "{form}");
        }
    }

    #[test]
    fn base64_is_hidden_wherever_it_begins() {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        let hidden = redactor(&["s3cret?>token"]);
        for before in ["", "a", "ab", "abc", "user:"] {
            for after in ["", "z", "zz", "zzz\n"] {
                let plain = format!("{before}s3cret?>token{after}");
                for encoded in [STANDARD.encode(&plain), URL_SAFE_NO_PAD.encode(&plain)] {
                    let shown = hidden.text(&encoded);
                    assert!(shown.contains(HIDDEN), "{encoded} became {shown}");
                    assert!(shown.len() <= encoded.len().saturating_sub(15) + HIDDEN.len(), "{encoded}: {shown}");
                }
            }
        }
    }

    #[test]
    fn the_lines_of_a_long_secret_are_secrets() {
        let hidden = redactor(&["-----BEGIN KEY-----\r\nAAAA1111\r\nab\n"]);
        assert_eq!(hidden.text("  AAAA1111 ab"), format!("  {HIDDEN} ab"));
        assert_eq!(hidden.text("-----BEGIN KEY-----\nAAAA1111\nab\n"), format!("{HIDDEN}\n"));
        assert_eq!(redactor(&["token\n"]).text("token;"), format!("{HIDDEN};"));
    }

    #[test]
    fn empty_secrets_hide_nothing() {
        let hidden = redactor(&["", "\n"]);
        assert!(hidden.is_empty());
        assert_eq!(hidden.text("as it was\n"), "as it was\n");
        assert_eq!(hidden.stream().push(b"as it was"), b"as it was");
    }

    #[test]
    fn json_is_searched_in_strings_and_keys() {
        let mut value = json!({"a": ["x hunter2 y", 2], "hunter2": {"b": "hunter2"}});
        redactor(&["hunter2"]).json(&mut value);
        assert_eq!(value, json!({"a": ["x ••• y", 2], "•••": {"b": "•••"}}));
    }

    #[test]
    fn a_stream_holds_back_only_a_possible_beginning() {
        let mut stream = redactor(&["hunter2"]).stream();
        assert_eq!(stream.push(b"all of this, not this: hun"), b"all of this, not this: ");
        assert_eq!(stream.push(b"ger\n"), b"hunger\n");
        assert_eq!(stream.push(b"hunter"), b"");
        assert_eq!(stream.push(b"2"), HIDDEN.as_bytes());
        assert_eq!(stream.push(b"h"), b"");
        assert_eq!(stream.finish(), b"h");
        assert_eq!(stream.finish(), b"");
    }

    #[test]
    fn debug_tells_nothing() {
        let mut hidden = redactor(&["hunter2"]);
        hidden.add("tango".to_owned());
        assert_eq!(format!("{hidden:?}"), "Redactor(2 secrets)");
        assert!(hidden.contains_secret("tango") && !hidden.contains_secret("tang"));
    }

    // Few letters, so that secrets overlap themselves and each other often.
    fn secret() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!['a', 'b', '"', '\'', '/', 'ä', '€', '😀', '\n', ' ']), 1..9)
            .prop_map(String::from_iter)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn streams_hide_what_whole_texts_hide(
            secrets in prop::collection::vec(secret(), 1..4),
            parts in prop::collection::vec((any::<prop::sample::Index>(), secret()), 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let known: Vec<String> = secrets.iter().flat_map(|secret| forms::of(secret)).collect();
            let mut text = String::new();
            for (index, between) in &parts {
                text.push_str(between);
                if !known.is_empty() {
                    text.push_str(&known[index.index(known.len())]);
                }
            }
            let redactor = Redactor::new(secrets);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let mut stream = redactor.stream();
            let mut shown = Vec::new();
            for piece in cuts.windows(2) {
                shown.extend(stream.push(&text.as_bytes()[piece[0]..piece[1]]));
            }
            shown.extend(stream.finish());
            let shown = String::from_utf8(shown).unwrap();
            prop_assert_eq!(&shown, &redactor.text(&text));
            prop_assert!(!redactor.contains_secret(&shown), "{:?} still tells", shown);
            for form in &known {
                prop_assert!(!shown.contains(form.as_str()));
            }
        }

        #[test]
        fn any_secret_is_hidden_in_any_surroundings(secret in ".{1,12}", before in ".{0,9}", after in ".{0,9}") {
            let redactor = Redactor::new([secret.clone()]);
            for form in forms::of(&secret) {
                let shown = redactor.text(&format!("{before}{form}{after}"));
                prop_assert!(!redactor.contains_secret(&shown) || secret.contains('•'), "{} still tells", shown);
            }
        }
    }
}
