//! Places in a message where each recipient finds their own: their name, their account.
//!
//! They are marked with characters that no text has (Unicode's private use), so that nothing a person writes can be
//! taken for one.

use super::NotDelivered;
use crate::catalog::model::Recipient;
use crate::ground::plain_line;

/// Begins a placeholder; the name of a column follows.
pub const PLACEHOLDER_START: char = '\u{e000}';

/// Ends a placeholder.
pub const PLACEHOLDER_END: char = '\u{e001}';

/// The column that is always there.
const EMAIL: &str = "email";

/// What stands in a text where each recipient finds their value of a column.
pub fn placeholder(column: &str) -> String {
    format!("{PLACEHOLDER_START}{column}{PLACEHOLDER_END}")
}

/// The columns that a text asks for, each once, in the order of the text.
pub fn placeholders(text: &str) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for column in pieces(text).filter_map(|piece| piece.1) {
        if !columns.iter().any(|known| known == column) {
            columns.push(column.to_owned());
        }
    }
    columns
}

/// A text with a recipient's values.
pub(super) fn fill(text: &str, recipient: &Recipient) -> Result<String, NotDelivered> {
    let mut filled = String::with_capacity(text.len());
    for (before, column) in pieces(text) {
        filled.push_str(before);
        if let Some(column) = column {
            filled.push_str(&value(column, recipient)?);
        }
    }
    Ok(filled)
}

fn value(column: &str, recipient: &Recipient) -> Result<String, NotDelivered> {
    if column == EMAIL {
        return Ok(recipient.address.clone());
    }
    // A value is one line: it may stand in a subject.
    let value = recipient.fields.get(column).map(|value| plain_line(value)).unwrap_or_default();
    if value.trim().is_empty() {
        let (address, column) = (&recipient.address, plain_line(column));
        return Err(NotDelivered::finally(format!("{address} has no `{column}`, which the message needs")));
    }
    Ok(value)
}

/// The text before each placeholder, with its column; the rest has none.
fn pieces(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let now = rest.take()?;
        let found = now.split_once(PLACEHOLDER_START).and_then(|(before, after)| {
            let (column, after) = after.split_once(PLACEHOLDER_END)?;
            Some((before, column, after))
        });
        let Some((before, column, after)) = found else { return Some((now, None)) };
        rest = Some(after);
        Some((before, Some(column)))
    })
}

#[cfg(test)]
mod tests {
    use super::{fill, placeholder, placeholders};
    use crate::catalog::model::Recipient;

    fn ana() -> Recipient {
        let fields = [("name", "Ana\r\nBcc: eve@x"), ("empty", " ")];
        let fields = fields.map(|(column, value)| (column.to_owned(), value.to_owned())).into();
        Recipient { address: "ana@example.com".to_owned(), fields }
    }

    #[test]
    fn values_stand_where_the_placeholders_stood() {
        let text = format!("Hello {}, {} {}!", placeholder("name"), placeholder("email"), placeholder("name"));
        assert_eq!(placeholders(&text), ["name", "email"]);
        let filled = fill(&text, &ana()).unwrap();
        assert_eq!(filled, "Hello Ana Bcc: eve@x, ana@example.com Ana Bcc: eve@x!");
        assert_eq!(fill("no {name}, \u{e000}half", &ana()).unwrap(), "no {name}, \u{e000}half");
    }

    #[test]
    fn a_value_that_is_not_there_is_named() {
        for column in ["empty", "plan"] {
            let failed = fill(&placeholder(column), &ana()).unwrap_err();
            let expected = format!("ana@example.com has no `{column}`, which the message needs");
            assert_eq!((failed.reason, failed.again), (expected, false));
        }
    }
}
