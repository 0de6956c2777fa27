//! Markdown that says what somebody else wrote: whatever stands in a text, it comes out as that text and nothing else.

use std::fmt::Write as _;

use crate::ground::{plain, plain_line};

/// A text on one line in which nothing is a link, an image, a heading, a list, HTML or anything else but text.
///
/// It may stand in a paragraph, at the beginning of a line, in a list item, in a heading, in a block quote or in a cell.
pub fn escape(text: &str) -> String {
    let line = plain_line(text);
    let chars: Vec<char> = line.trim().chars().collect();
    let mut escaped = String::with_capacity(chars.len() + 8);
    let number = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    for (at, c) in chars.iter().enumerate() {
        // `1.` and `1)` begin lists, `1.5` does not.
        let is_last = chars.get(at + 1).is_none_or(|next| next.is_whitespace());
        let ends_number = number > 0 && at == number && is_last && matches!(c, '.' | ')');
        let begins_block = at == 0 && matches!(c, '-' | '+' | '=' | '>' | ':');
        if ends_number || begins_block || is_special(&chars, at) {
            escaped.push('\\');
        }
        escaped.push(*c);
    }
    escaped
}

fn is_special(chars: &[char], at: usize) -> bool {
    let next = chars.get(at + 1).copied();
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let before = at.checked_sub(1).and_then(|at| chars.get(at)).copied();
    match chars[at] {
        '\\' | '`' | '*' | '[' | ']' | '<' | '|' | '~' | '$' | '^' | '{' | '}' | '#' => true,
        // Inside of words, as in `partial_outage`, it means nothing.
        '_' => !(is_word(before) && is_word(next)),
        '&' => next.is_some_and(|c| c == '#' || c.is_ascii_alphanumeric()),
        // Some make links of bare addresses.
        ':' => chars[at + 1..].starts_with(&['/', '/']),
        '.' => at >= 3 && chars[at - 3..at].iter().all(|c| c.eq_ignore_ascii_case(&'w')),
        _ => false,
    }
}

/// A text of several lines as a block quote, line by line; ends with a newline unless it is empty.
pub fn quote(text: &str) -> String {
    let clean = plain(text);
    let lines: Vec<&str> = clean.trim_matches('\n').lines().collect();
    let mut quoted = String::new();
    for (place, line) in lines.iter().enumerate() {
        let line = escape(line);
        let is_last = lines.get(place + 1).is_none_or(|next| next.trim().is_empty());
        // A backslash at the end of a line breaks it.
        let end = if line.is_empty() || is_last { "" } else { "\\" };
        let space = if line.is_empty() { "" } else { " " };
        let _ = writeln!(quoted, ">{space}{line}{end}");
    }
    quoted
}

/// A table; its cells are Markdown already. Ends with a newline.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let header: Vec<String> = header.iter().map(|&cell| cell.to_owned()).collect();
    let rule = format!("|{}\n", "---|".repeat(header.len()));
    let rows: String = rows.iter().map(|row| line(row)).collect();
    format!("{}{rule}{rows}", line(&header))
}

/// The cells of a line of a table as they stand there; none when it is no such line.
pub fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?;
    let mut cells = Vec::new();
    let (mut begin, mut is_escaped) = (0, false);
    for (at, c) in inner.char_indices() {
        if c == '|' && !is_escaped {
            cells.push(inner[begin..at].trim());
            begin = at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    Some(cells)
}

#[cfg(test)]
mod tests;
