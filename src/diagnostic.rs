//! One problem in a definition: where, what, what was meant; drawn with a caret.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Origin, Renderer, Snippet};
use schemars::JsonSchema;
use serde::Serialize;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The definition cannot be used.
    Error,
    /// It can be used, but hardly as it was meant.
    Warning,
}

/// One problem in a file. As JSON it is `{file, line, column, severity, code, message, suggestion}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diagnostic {
    /// The path relative to the workspace.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// Error or warning.
    pub severity: Level,
    /// A stable kebab-case name for the rule.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub suggestion: Option<String>,
    /// The text it stands in, for drawing.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
}

/// A place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The whole text.
    pub text: Arc<str>,
    /// The bytes that are meant.
    pub span: Range<usize>,
}

impl Diagnostic {
    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Level::Error
    }

    /// The picture for people: message, source line, caret and suggestion, without a final newline.
    pub fn render(&self, colour: bool) -> String {
        use annotate_snippets::Level as Drawn;
        let level = match self.severity {
            Level::Error => Drawn::ERROR,
            Level::Warning => Drawn::WARNING,
        };
        let lines = self.excerpt.as_ref().map(Excerpt::line);
        let head = if self.is_error() { "error[]: " } else { "warning[]: " };
        let message = wrapped(&self.message, head.len() + self.code.len());
        let mut group = Group::with_title(level.primary_title(message).id(self.code));
        group = match &lines {
            Some((text, span)) => group.element(
                Snippet::source(text.as_str())
                    .path(self.file.as_str())
                    .line_start(self.line)
                    .annotation(AnnotationKind::Primary.span(span.clone())),
            ),
            None => group.element(Origin::path(self.file.as_str())),
        };
        if let Some(suggestion) = &self.suggestion {
            let margin = self.line.to_string().len() + "  = help: ".len();
            group = group.element(Drawn::HELP.message(wrapped(suggestion, margin)));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.term_width(WIDTH).render(&[group])
    }
}

impl Excerpt {
    // The one line that is meant, so that a long document is not looked through for every problem.
    fn line(&self) -> (String, Range<usize>) {
        let text = &*self.text;
        let start = floor(text, self.span.start);
        let head = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let tail = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line = text[head..tail].trim_end_matches('\r');
        let from = (start - head).min(line.len());
        let to = floor(text, self.span.end).saturating_sub(head).clamp(from, line.len());
        // A tab or another control character would push the caret out of place.
        let visible: String = line.chars().map(tame).collect();
        let shift = |at: usize| line[..at].chars().map(|c| tame(c).len_utf8()).sum();
        (visible, shift(from)..shift(to))
    }
}

fn tame(c: char) -> char {
    match c {
        '\t' => '→',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

const WIDTH: usize = 80;

// Breaks a text at spaces so that it fits beside a margin, where the renderer indents further lines.
fn wrapped(text: &str, margin: usize) -> String {
    let width = WIDTH.saturating_sub(margin).max(20);
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push('\n');
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Line and column, both from 1 and in characters, of a byte offset in a text.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..floor(text, offset)];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Diagnostic, Excerpt, Level, position};

    fn at(text: &str, word: &str) -> Diagnostic {
        let start = text.find(word).unwrap();
        let (line, column) = position(text, start);
        Diagnostic {
            file: "runbooks/a.yaml".to_owned(),
            line,
            column,
            severity: Level::Error,
            code: "unknown-key",
            message: "`x` is not a key".to_owned(),
            suggestion: None,
            excerpt: Some(Excerpt { text: Arc::from(text), span: start..start + word.len() }),
        }
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(position("a\nbä c", 6), (2, 4));
        assert_eq!(position("a\r\nb", 3), (2, 1));
        assert_eq!(position("ä", 1), (1, 1));
        assert_eq!(position("", 99), (1, 1));
    }

    #[test]
    fn the_caret_stands_under_what_is_meant() {
        for text in ["a: b\nkey: hot\n", "key: hot\r\n", "\t\u{1b}[2J hot", "Grüße: hot # ende", "日本: hot", "hot"]
        {
            let picture = at(text, "hot").render(false);
            let lines: Vec<&str> = picture.lines().collect();
            let caret = lines.iter().position(|line| line.contains('^')).unwrap();
            let before = lines[caret].split('^').next().unwrap().chars().count();
            let shown = lines[caret - 1];
            let wide = |c: char| if ('\u{3040}'..'\u{a000}').contains(&c) { 2 } else { 1 };
            let column: usize = shown.split("hot").next().unwrap().chars().map(wide).sum();
            assert_eq!(before, column, "{picture}");
            assert!(!picture.contains('\u{1b}') && !picture.contains('\r'), "{picture:?}");
        }
    }

    #[test]
    fn pictures_fit_a_terminal() {
        let long = format!("{}: hot{}", "word ".repeat(40), " tail".repeat(40));
        let mut diagnostic = at(&long, "hot");
        diagnostic.message =
            "this message has quite a lot of words, so that it has to be broken somewhere in between".to_owned();
        diagnostic.suggestion = Some(diagnostic.message.clone());
        let picture = diagnostic.render(false);
        assert!(picture.lines().all(|line| line.chars().count() <= 80), "{picture}");
        assert!(diagnostic.render(true).contains('\u{1b}'));
    }
}
