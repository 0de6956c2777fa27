//! Fits text into columns.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::look::{Look, Style, paint};

/// How many columns a text without escape sequences takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// The text in at most `width` columns; what is too long ends in `…`.
pub fn fit(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = |c: &char| {
        let needed = c.width().unwrap_or(0);
        let fits = needed <= left;
        left -= needed.min(left);
        fits
    };
    let mut short: String = text.chars().take_while(fits).collect();
    if width > 0 {
        short.push('…');
    }
    short
}

/// The lines of a text, broken between words where they are longer than `width`. A single longer word stays whole, so
/// that an address or a path can be copied.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let look = Look { width, colour: false };
    text.split('\n').flat_map(|line| flow(look, &[(line.to_owned(), None)])).collect()
}

/// Prose with its long lines broken between words; what follows a break is set in like the line it belongs to.
pub fn folded(text: &str, width: usize) -> String {
    hanging(text, width, 0)
}

/// Like [`folded`], with what follows a break set in by so many columns more.
pub fn hanging(text: &str, width: usize, more: usize) -> String {
    text.split('\n').map(|line| fold_line(line, width, more)).collect::<Vec<_>>().join("\n")
}

// Words are measured without their colour.
fn fold_line(line: &str, width: usize, more: usize) -> String {
    if shown_columns(line) <= width {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start().len();
    let mut folded = line[..indent].to_owned();
    let mut used = indent;
    for (number, word) in line[indent..].split(' ').enumerate() {
        let needs = shown_columns(word);
        if number > 0 && used + 1 + needs > width {
            folded.push('\n');
            folded.push_str(&" ".repeat(indent + more));
            used = indent + more;
        } else if number > 0 {
            folded.push(' ');
            used += 1;
        }
        folded.push_str(word);
        used += needs;
    }
    folded
}

fn shown_columns(text: &str) -> usize {
    if text.contains('\u{1b}') { columns(&crate::ground::plain(text)) } else { columns(text) }
}

/// Styled pieces of one paragraph as lines of at most `look.width` columns. A newline in a piece breaks the line.
pub fn flow(look: Look, pieces: &[(String, Option<Style>)]) -> Vec<String> {
    let mut page = Page { look, lines: Vec::new(), line: String::new(), used: 0, word: Vec::new(), spaced: false };
    for (text, style) in pieces {
        for c in text.chars() {
            match c {
                '\n' => page.end_line(),
                ' ' | '\t' => page.end_word(),
                c => page.add(c, *style),
            }
        }
    }
    page.end_line();
    page.lines
}

struct Page {
    look: Look,
    lines: Vec<String>,
    line: String,
    used: usize,
    word: Vec<(String, Option<Style>)>,
    spaced: bool,
}

impl Page {
    fn add(&mut self, c: char, style: Option<Style>) {
        match self.word.last_mut() {
            Some((text, last)) if *last == style => text.push(c),
            _ => self.word.push((c.into(), style)),
        }
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if !word.is_empty() {
            let needed: usize = word.iter().map(|(text, _)| columns(text)).sum();
            if self.used > 0 && self.used + 1 + needed > self.look.width {
                self.break_line();
            }
            if self.spaced && self.used > 0 {
                self.line.push(' ');
                self.used += 1;
            }
            for (text, style) in word {
                self.line.push_str(&style.map_or_else(|| text.clone(), |style| paint(self.look, style, &text)));
            }
            self.used += needed;
        }
        self.spaced = true;
    }

    fn end_line(&mut self) {
        self.end_word();
        self.break_line();
    }

    fn break_line(&mut self) {
        self.lines.push(std::mem::take(&mut self.line));
        self.used = 0;
        self.spaced = false;
    }
}

#[cfg(test)]
mod tests {
    use super::{columns, fit, flow, wrap};
    use crate::view::look::{Look, Style};

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two  three\n\nfour", 8), ["one two", "three", "", "four"]);
        assert_eq!(
            wrap("see https://example.org/a/long/path now", 10),
            ["see", "https://example.org/a/long/path", "now"]
        );
        assert_eq!(wrap("日本 語", 5), ["日本", "語"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn long_text_is_cut_at_the_column() {
        assert_eq!([fit("abc", 3), fit("abcd", 3), fit("日本語", 4), fit("abc", 0)], ["abc", "ab…", "日…", ""]);
    }

    #[test]
    fn styles_may_change_inside_a_word() {
        let pieces = [("see ".to_owned(), None), ("this".to_owned(), Some(Style::Strong)), (", now".to_owned(), None)];
        assert_eq!(flow(Look { width: 9, colour: true }, &pieces), ["see \u{1b}[1mthis\u{1b}[0m,", "now"]);
        assert_eq!(columns("ä€"), 2);
    }

    #[test]
    fn prose_is_folded_between_words_and_keeps_its_indent() {
        assert_eq!(super::folded("  one two three four", 12), "  one two\n  three four");
        assert_eq!(super::hanging("1 one two three", 9, 2), "1 one two\n  three");
        let painted = "\u{1b}[1mone\u{1b}[0m two three";
        assert_eq!(super::folded(painted, 8), "\u{1b}[1mone\u{1b}[0m two\nthree");
    }
}
