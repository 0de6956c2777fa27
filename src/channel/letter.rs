//! A message as it leaves the house.

use std::fmt::Write as _;

use super::placeholder::placeholders;
use super::{Message, NotDelivered};
use crate::ground::{plain, plain_line};
use crate::redact::Redactor;

/// A message without secrets, and without what could move a reader's cursor or turn the direction of text.
pub(super) struct Letter {
    /// The message.
    pub message: Message,
}

impl Letter {
    /// The letter of a message.
    pub fn of(message: &Message, redactor: &Redactor) -> Self {
        let mut message = message.clone();
        message.title = redactor.text(&plain_line(&message.title));
        message.text = redactor.text(&plain(&message.text));
        redactor.json(&mut message.data);
        if let Some(thread) = &mut message.thread {
            thread.name = redactor.text(&plain_line(&thread.name));
        }
        Self { message }
    }

    /// The same for a channel that does not know its readers one by one.
    pub fn for_all(message: &Message, redactor: &Redactor) -> Result<Self, NotDelivered> {
        let letter = Self::of(message, redactor);
        let Some(column) = letter.asks_for() else { return Ok(letter) };
        let column = plain_line(&column);
        let why = format!("the message needs each recipient's `{column}`, and only mail has recipients");
        Err(NotDelivered::finally(why))
    }

    /// A column that the recipient is to be asked for.
    fn asks_for(&self) -> Option<String> {
        let Message { title, text, thread, .. } = &self.message;
        let name = thread.as_ref().map_or("", |thread| &thread.name);
        [title, text, name].into_iter().flat_map(placeholders).next()
    }

    /// It in JSON, on one line. Whatever a terminal would not show as it is, is escaped: a program that reads JSON gets
    /// the same text, and a person who looks at the file gets nothing else.
    pub fn json(&self) -> Result<String, NotDelivered> {
        let json = serde_json::to_string(&self.message)
            .map_err(|error| NotDelivered::finally(format!("the message cannot be written as JSON: {error}")))?;
        Ok(visible(&json))
    }
}

/// JSON in which invisible characters are escaped. Outside of its texts there are none.
pub(super) fn visible(json: &str) -> String {
    let mut seen = String::with_capacity(json.len());
    for c in json.chars() {
        if is_invisible(c) {
            let _ = write!(seen, "\\u{:04x}", u32::from(c));
        } else {
            seen.push(c);
        }
    }
    seen
}

fn is_invisible(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    turns || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn invisible_characters_are_escaped_and_read_back() {
        let text = "a\u{9b}2J\u{202e}b\u{7f}\u{2028}c\n\"é";
        let json = visible(&serde_json::to_string(text).unwrap());
        assert_eq!(json, "\"a\\u009b2J\\u202eb\\u007f\\u2028c\\n\\\"é\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
