//! Hostile texts, rendered by a Markdown parser with all it knows.

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use proptest::strategy::Strategy;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{cells, escape, quote, table};
use crate::ground::plain_line;

/// All texts in some Markdown, and whatever else is not a paragraph, a table or a quote.
fn read(markdown: &str) -> (Vec<String>, Vec<String>) {
    let options = Options::all().difference(Options::ENABLE_SMART_PUNCTUATION);
    let (mut texts, mut odd) = (vec![String::new()], Vec::new());
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Text(text) => texts.last_mut().unwrap().push_str(&text),
            Event::Start(
                Tag::Paragraph
                | Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::TableCell
                | Tag::BlockQuote(None),
            )
            | Event::HardBreak => texts.push(String::new()),
            Event::End(_) => {}
            other => odd.push(format!("{other:?}")),
        }
    }
    texts.retain(|text| !text.is_empty());
    (texts, odd)
}

/// How a text comes out that stands at these places.
fn assert_stays_text(text: &str) {
    let expected: Vec<String> =
        Some(plain_line(text).trim().to_owned()).filter(|text| !text.is_empty()).into_iter().collect();
    let escaped = escape(text);
    assert_eq!(read(&format!("{escaped}\n")), (expected.clone(), vec![]), "alone: {escaped:?}");
    assert_eq!(read(&format!("> {escaped}\n")).1, [""; 0], "quoted: {escaped:?}");
    let (texts, odd) = read(&table(&["A", "B"], &[vec![escaped.clone(), "end".to_owned()]]));
    let whole: Vec<String> = [&["A".to_owned(), "B".to_owned()], &expected[..], &["end".to_owned()]].concat();
    assert_eq!((texts, odd), (whole, vec![]), "in a cell: {escaped:?}");
    let row = format!("| {escaped} | end |");
    assert_eq!(cells(&row).map(|cells| cells.len()), Some(2), "{row}");
    for before in ["- ", "## ", "1. ", "Title: "] {
        let kinds = read(&format!("{before}{escaped}\n")).1.into_iter();
        let odd: Vec<String> = kinds
            .filter(|kind| !["Start(List", "Start(Item", "Start(Heading"].iter().any(|known| kind.starts_with(known)))
            .collect();
        assert_eq!(odd, [""; 0], "after {before:?}: {escaped:?}");
    }
}

const HOSTILE: [&str; 34] = [
    "<script>alert(1)</script>",
    "</td></tr></table><h1>x",
    "<!-- opsctl:end timeline -->",
    "--> <img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "<http://evil.example>",
    "http://evil.example and www.evil.example",
    "[a]: http://evil.example",
    "[^1] and [[wiki]] and [x][y]",
    "# Heading",
    "## Heading #",
    "- item",
    "* item",
    "+ item",
    "1. item",
    "12) item",
    "> quote",
    "```sh",
    "~~~",
    "    code",
    "---",
    "===",
    "***",
    "| a | b |",
    "a | b \\| c",
    "ends with \\",
    "&lt;b&gt; &#60; &amp;",
    "`code` and $math$ and ~~gone~~ and ^up^",
    "*bold* __bold__ _it_ snake_case _a_b_",
    ": definition",
    "title {#id .class}",
    "- [ ] task",
    "\u{1b}[2J\u{202e}evil\u{0}\r\nline",
];

#[test]
fn hostile_texts_come_out_as_they_are() {
    for text in HOSTILE {
        assert_stays_text(text);
    }
}

#[test]
fn what_is_harmless_stays_readable() {
    for text in [
        "Log in fails for 20 % of users (since 14:05)",
        "partial_outage; p95 > 500 ms",
        "db-connection.1: done!",
        "99.9% uptime",
    ] {
        assert_eq!(escape(text), text);
    }
}

#[test]
fn lines_of_a_quote_stay_lines() {
    assert_eq!(quote("one\n# two\n\nthree\n"), "> one\\\n> \\# two\n>\n> three\n");
    assert_eq!(quote(""), "");
    let (texts, odd) = read(&quote(&HOSTILE.join("\n")));
    assert_eq!(odd, [""; 0]);
    let lines: Vec<String> = HOSTILE
        .iter()
        .flat_map(|text| crate::ground::plain(text).lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>())
        .collect();
    assert_eq!(texts, lines);
}

#[test]
fn tables_are_read_back() {
    assert_eq!(cells("| a | b \\| c | \\\\ |"), Some(vec!["a", "b \\| c", "\\\\"]));
    assert_eq!(cells("text"), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_out_as_it_is(text in "[ a-c1\\\\`*_\\[\\]()<>#|~&!^$:/.@{}=+-]{0,24}") {
        assert_stays_text(&text);
    }

    #[test]
    fn any_text_at_all_is_only_text(text in any::<String>().prop_filter("printable", |text| !text.chars().any(char::is_whitespace))) {
        prop_assert_eq!(read(&escape(&text)).1, Vec::<String>::new());
    }
}
