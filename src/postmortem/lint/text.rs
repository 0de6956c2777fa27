//! What people wrote: their lines, amounts in them, and blame.

use std::sync::LazyLock;

use regex::Regex;

use super::super::document::{Document, Place, marker, rows};

/// A line that people wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own<'a> {
    /// Its number in the file, from 1.
    pub line: usize,
    /// The line.
    pub text: &'a str,
}

/// The lines of a section that people wrote: without its heading, its block, markers and comments.
pub fn own<'a>(document: &Document<'a>, place: &Place) -> Vec<Own<'a>> {
    let is_told = |start: usize| document.blocks.iter().any(|block| block.inner.contains(&start));
    let mut own = Vec::new();
    let (mut in_comment, mut is_first) = (false, true);
    for row in rows(document.text).filter(|row| place.body.contains(&row.start)) {
        let begins = row.text.trim_start().starts_with("<!--");
        if is_told(row.start) || marker(row.text).is_some() {
            continue;
        }
        if in_comment || begins {
            in_comment = !row.text.contains("-->");
        } else if is_first && row.text.starts_with("## ") {
            is_first = false;
        } else {
            own.push(Own { line: row.number, text: row.text });
        }
    }
    own
}

/// Whether a line is an item of a list that says something.
pub fn is_item(line: &str) -> bool {
    static ITEM: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\s*([-*+]|\d+[.)])\s+.*\w").ok());
    ITEM.as_ref().is_some_and(|item| item.is_match(line))
}

/// What is no unit though it stands behind a number.
const NO_UNITS: [&str; 19] = [
    "utc",
    "am",
    "pm",
    "st",
    "nd",
    "rd",
    "th",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Whether a text has a number with a unit: `1,200 users`, `4 %`, `$300`. Moments and ids are none.
pub fn has_amount(text: &str) -> bool {
    static AMOUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?:^|[^\w:.,/-])(?:[$€£¥]\s?\d|~?(?P<number>\d[\d.,'_]*)(?:\s|\u{a0}|\u{202f}|-|\\)*(?P<unit>[%‰$€£¥]|\p{L}+))")
            .ok()
    });
    let Some(amount) = AMOUNT.as_ref() else { return true };
    // A number that is no amount does not hide the next: `at 14 UTC 30 users`.
    let mut from = 0;
    while let Some(found) = amount.captures_at(text, from) {
        let unit = found.name("unit");
        if unit.is_none_or(|unit| !NO_UNITS.contains(&unit.as_str().to_lowercase().as_str())) {
            return true;
        }
        from = unit.map_or(text.len(), |unit| unit.start());
    }
    false
}

/// The words by which a line blames somebody instead of telling what made the mistake possible.
pub fn blames(line: &str) -> Option<&str> {
    static BLAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let whose = r"(human|operator|user|pilot|personal|individual|employee|engineer|developer)(['’]s)?";
        let what = r"(error|errors|mistake|mistakes|failure)";
        let more = r"careless(ness|ly)?|negligen(ce|t)|inattention|fat[- ]finger(ed|ing)?|not paying attention";
        Regex::new(&format!(r"(?i)\b({whose}[ -]{what}|{more})\b")).ok()
    });
    BLAME.as_ref()?.find(line).map(|found| found.as_str())
}

#[cfg(test)]
mod tests {
    use super::{blames, has_amount, is_item};

    #[test]
    fn amounts_have_a_unit() {
        for text in [
            "1,200 users could not log in",
            "for 35 minutes",
            "4 % of orders",
            "about 4% failed",
            "lost $300",
            "~20 requests",
            "3.5 GB",
            "at 14:05 UTC 30 customers left",
            "(12 orders)",
            "\\~20 requests",
        ] {
            assert!(has_amount(text), "{text}");
        }
        for text in [
            "many users",
            "since 14:05 UTC",
            "on 2026-11-24",
            "INC-7 and P1 incidents",
            "version 1.2.3",
            "24 November",
            "at 9 am",
            "the 3rd",
            "",
        ] {
            assert!(!has_amount(text), "{text}");
        }
    }

    #[test]
    fn blame_is_no_factor() {
        for (text, found) in [
            ("- Human error", Some("Human error")),
            ("- It was an operator-error", Some("operator-error")),
            ("- Someone was careless", Some("careless")),
            ("- The error page said nothing to humans", None),
            ("- The user had errored requests", None),
        ] {
            assert_eq!(blames(text), found, "{text}");
        }
    }

    #[test]
    fn items_say_something() {
        assert!(is_item("- The pool had no limit") && is_item("  2. Nobody looked"));
        assert!(!is_item("- ") && !is_item("text") && !is_item("-text"));
    }
}
