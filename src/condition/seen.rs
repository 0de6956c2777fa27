//! What a side turned out to be when it was looked at.

use std::borrow::Cow;
use std::time::Duration;

use super::duration;
use super::glob::Glob;
use super::number::Number;
use crate::ground::{Span, plain_line};

/// How much of what was seen is shown, in characters.
const SHOWN: usize = 80;

/// What a side turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Not there; the words say why.
    Missing(&'static str),
    /// A number, as written.
    Number(String),
    /// A time in milliseconds.
    Millis(String),
    /// A text.
    Text(String),
    /// A pattern to hold the other side against.
    Pattern(Glob),
    /// Texts of which the other side may be one.
    Any(Vec<String>),
}

impl Seen {
    /// It as a text.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Number(text) | Self::Millis(text) | Self::Text(text) => Cow::Borrowed(text),
            Self::Missing(_) | Self::Pattern(_) | Self::Any(_) => Cow::Borrowed(""),
        }
    }

    /// It as a number.
    pub fn number(&self) -> Option<Number> {
        Number::parse(&self.text())
    }

    /// It as something to put in order: a number, or a duration in milliseconds.
    pub fn quantity(&self) -> Option<Number> {
        quantity(&self.text())
    }
}

/// A number, or a duration such as `500ms`, `1.5h` or `7d` in milliseconds.
pub fn quantity(text: &str) -> Option<Number> {
    Number::parse(text).or_else(|| duration::millis(text))
}

/// One line of what was seen, cut where it gets long.
pub fn short(text: &str) -> String {
    let line = plain_line(text);
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Milliseconds as people say them: `41d7h13m5s`, `-2h`. Under a second nothing is left out, above it parts of one are.
pub fn spoken(millis: i64) -> String {
    let size = millis.unsigned_abs();
    let said = if size < 1000 { size } else { size / 1000 * 1000 };
    let sign = if millis < 0 { "-" } else { "" };
    format!("{sign}{}", Span(Duration::from_millis(said)))
}
