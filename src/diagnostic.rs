//! One problem in a definition: where, what, what was meant; drawn with a caret.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Origin, Renderer, Snippet};
use serde::Serialize;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The definition cannot be used.
    Error,
    /// It can be used, but hardly as it was meant.
    Warning,
}

/// One problem in a file. As JSON it is `{file, line, column, severity, code, message, suggestion}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
        let lines = self.excerpt.as_ref().map(|excerpt| self.visible(excerpt));
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

    // The one line that is meant, so that a long document is not looked through for every problem.
    fn visible(&self, excerpt: &Excerpt) -> (String, Range<usize>) {
        let text = &*excerpt.text;
        let start = floor(text, excerpt.span.start);
        let head = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let tail = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line = text[head..tail].trim_end_matches('\r');
        let from = (start - head).min(line.len());
        let to = floor(text, excerpt.span.end).saturating_sub(head).clamp(from, line.len());
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
