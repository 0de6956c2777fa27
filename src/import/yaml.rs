//! YAML as it is written by hand: blocks, and quotes where a text could be taken for something else.

use std::fmt::{self, Write as _};

/// A value to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    /// A word of our own, written as it is: `10s`, `true`, `gatus`.
    Word(String),
    /// A text from elsewhere, quoted where that is needed.
    Text(String),
    /// A list.
    List(Vec<Yaml>),
    /// A map.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// A word of our own.
    pub fn word(word: impl fmt::Display) -> Self {
        Self::Word(word.to_string())
    }

    /// A text from elsewhere.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A map of entries with keys of our own; those without a value are left away.
    pub fn map<const N: usize>(entries: [(&str, Option<Yaml>); N]) -> Self {
        Self::Map(entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
    }

    /// Itself, unless it is an empty list or map.
    pub fn filled(self) -> Option<Self> {
        match &self {
            Self::List(items) if items.is_empty() => None,
            Self::Map(entries) if entries.is_empty() => None,
            _ => Some(self),
        }
    }

    /// How many values it has, keys included.
    pub fn size(&self) -> usize {
        match self {
            Self::Word(_) | Self::Text(_) => 1,
            Self::List(items) => items.iter().map(Self::size).sum::<usize>() + 1,
            Self::Map(entries) => entries.iter().map(|(_, value)| value.size() + 1).sum::<usize>() + 1,
        }
    }

    /// The document.
    pub fn document(&self) -> String {
        let mut text = String::new();
        match self {
            Self::Map(entries) if !entries.is_empty() => map(&mut text, 0, entries),
            other => {
                below(&mut text, 0, other);
                text = text.trim_start().to_owned();
            }
        }
        text
    }
}

fn map(out: &mut String, depth: usize, entries: &[(String, Yaml)]) {
    for (key, value) in entries {
        let _ = write!(out, "{:1$}{2}:", "", 2 * depth, scalar(key));
        below(out, depth, value);
    }
}

/// What follows a `:`, up to the end of its last line.
fn below(out: &mut String, depth: usize, value: &Yaml) {
    match value {
        Yaml::Word(word) => {
            let _ = writeln!(out, " {word}");
        }
        Yaml::Text(text) if is_block(text) => block(out, depth + 1, text),
        Yaml::Text(text) => {
            let _ = writeln!(out, " {}", scalar(text));
        }
        Yaml::List(items) if items.is_empty() => out.push_str(" []\n"),
        Yaml::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
        Yaml::List(items) => {
            out.push('\n');
            for item in items {
                list_item(out, depth + 1, item);
            }
        }
        Yaml::Map(entries) => {
            out.push('\n');
            map(out, depth + 1, entries);
        }
    }
}

fn list_item(out: &mut String, depth: usize, item: &Yaml) {
    let _ = write!(out, "{:1$}-", "", 2 * depth);
    match item {
        Yaml::Map(entries) if !entries.is_empty() => {
            let mut lines = String::new();
            map(&mut lines, depth + 1, entries);
            let _ = write!(out, " {}", lines.trim_start_matches(' '));
        }
        other => below(out, depth, other),
    }
}

/// Whether a text reads better as a block: several lines of plain characters.
fn is_block(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
        && !text.starts_with([' ', '\n', '\t', '#', '%'])
        && text.chars().all(|c| c == '\n' || is_printable(c))
}

fn block(out: &mut String, depth: usize, text: &str) {
    let body = text.trim_end_matches('\n');
    let ends = text.len() - body.len();
    out.push_str([" |-\n", " |\n", " |+\n"][ends.min(2)]);
    for line in body.split('\n') {
        let indent = if line.is_empty() { 0 } else { 2 * depth };
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
    out.push_str(&"\n".repeat(ends.saturating_sub(1)));
}

/// A text on one line, in double quotes unless it can be nothing but this text.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// A letter first, then letters, digits, hyphens and single spaces, and none of the words that mean something.
fn is_plain(text: &str) -> bool {
    const MEANT: [&str; 11] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ' | '/'))
        && !text.ends_with(' ')
        && !text.contains("  ")
        && text.len() <= 80
        && !MEANT.contains(&text.to_ascii_lowercase().as_str())
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if is_printable(c) => quoted.push(c),
            c => {
                let _ = match u32::from(c) {
                    code @ 0..=0xffff => write!(quoted, "\\u{code:04x}"),
                    code => write!(quoted, "\\U{code:08x}"),
                };
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character may stand in YAML as it is, and neither breaks the line nor turns its direction.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use proptest::prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest};

    use super::Yaml;
    use crate::catalog::yaml_options;

    type Texts = IndexMap<String, Vec<String>>;

    fn read(text: &str) -> Texts {
        serde_saphyr::from_str_with_options(text, yaml_options()).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn document(key: &str, texts: &[String]) -> String {
        let items = texts.iter().map(Yaml::text).collect();
        Yaml::Map(vec![(key.to_owned(), Yaml::List(items))]).document()
    }

    #[test]
    fn blocks_and_quotes_are_written_as_a_person_would() {
        let text = |text: &str| Some(Yaml::text(text));
        let yaml = Yaml::map([
            ("title", text("Blog of the team")),
            ("url", text("https://blog.test/#top")),
            ("body", text("{\n  \"a\": \"b\"\n}\n")),
            ("flag", text("Yes")),
            ("port", text("0755")),
            ("timeout", Some(Yaml::word("10s"))),
            ("nothing", None),
            ("empty", Some(Yaml::Map(Vec::new()))),
            ("conditions", Some(Yaml::List(vec![Yaml::text("[STATUS] == 200"), Yaml::text("a")]))),
            ("windows", Some(Yaml::List(vec![Yaml::map([("start", text("02:00")), ("days", text("monday"))])]))),
        ]);
        insta::assert_snapshot!(yaml.document(), @r#"
        title: Blog of the team
        url: "https://blog.test/#top"
        body: |
          {
            "a": "b"
          }
        flag: "Yes"
        port: "0755"
        timeout: 10s
        empty: {}
        conditions:
          - "[STATUS] == 200"
          - a
        windows:
          - start: "02:00"
            days: monday
        "#);
        assert_eq!(yaml.size(), 26);
    }

    #[test]
    fn texts_that_mean_something_stay_texts() {
        let texts = [
            "",
            " ",
            "~",
            "null",
            "NULL",
            "true",
            "no",
            "y",
            "1",
            "1e3",
            "0x1f",
            ".inf",
            "- a",
            "a: b",
            "a #b",
            "#",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "{a}",
            "[a]",
            "'a'",
            "\"a\"",
            "\\n",
            "a\nb",
            "a\n\nb\n",
            "\na\nb",
            "a\nb\n\n\n",
            " a\nb",
            "a\n b",
            "---\na",
            "...\na",
            "a\r\nb",
            "a\tb",
            "\u{85}",
            "\u{2028}x",
            "\u{feff}",
            "\u{202e}x",
            "\u{0}",
            "🚒 fire",
            "${A} {{ b }}",
            "<<",
            "=",
            "2026-01-01",
            "a ",
            "a\n---\nb",
            "a\n\tb",
            "# a\nb",
            "\u{10ffff}",
        ];
        for text in texts {
            let said = document(if text.is_empty() { "k" } else { text }, &[text.to_owned()]);
            assert_eq!(read(&said).values().next().unwrap(), &[text], "{said}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(
            key in any::<String>().prop_filter("YAML has a limit", |key| key.len() < 200),
            texts in proptest::collection::vec(prop_oneof![any::<String>(), r"[-a-z:#\n \t{}\[\]'$|>&*]{0,30}"], 1..4),
        ) {
            let said = document(&key, &texts);
            prop_assert_eq!(read(&said), Texts::from([(key, texts)]), "{}", said);
        }
    }
}
