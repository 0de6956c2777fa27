//! What is wrong with a condition, and where.

use std::sync::Arc;

use super::Written;
use super::json::Segment;
use crate::diagnostic::{Diagnostic, Excerpt, Level, position};

/// What is wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    /// What is wrong, in words.
    pub message: String,
    /// Where it begins, in characters from 1.
    pub column: usize,
    /// How many characters are meant; at least one.
    pub width: usize,
    /// What to write instead, or what to look at.
    pub suggestion: Option<String>,
}

/// What is wrong with a condition that may stand in a group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct GroupError {
    /// The way to the condition from where the rule stands: `or`, 1, `not`. Empty when it stands there itself.
    pub path: Vec<Segment>,
    /// What is wrong with it. Of a group without conditions the column means nothing.
    pub error: ConditionError,
}

impl GroupError {
    /// The text of the condition that is meant, in the rule that it was found in; empty for a group.
    pub fn text<'a>(&self, rule: &'a Written) -> &'a str {
        let mut here = rule;
        let mut steps = self.path.iter();
        while let Some(step) = steps.next() {
            let next = match (here, step) {
                (Written::Not(one), _) => Some(&**one),
                (Written::And(some) | Written::Or(some), _) => match steps.next() {
                    Some(Segment::Index(index)) => some.get(*index),
                    _ => None,
                },
                (Written::Text(_), _) => None,
            };
            let Some(next) = next else { return "" };
            here = next;
        }
        match here {
            Written::Text(text) => text.trim(),
            _ => "",
        }
    }
}

impl ConditionError {
    /// Adds what to write instead.
    pub(super) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// The picture for people: message, the condition with a caret in it, and suggestion, without a final newline. For
    /// conditions that stand in no file; `text` is the one that was read.
    pub fn picture(&self, text: &str, colour: bool) -> String {
        let offset = |characters: usize| text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
        let span = offset(self.column - 1)..offset(self.column - 1 + self.width);
        let (line, column) = position(text, span.start);
        let diagnostic = Diagnostic {
            file: "condition".to_owned(),
            line,
            column,
            severity: Level::Error,
            code: "invalid-condition",
            message: self.message.clone(),
            suggestion: self.suggestion.as_ref().map(|suggestion| format!("for example: {suggestion}")),
            excerpt: Some(Excerpt { text: Arc::from(text), span }),
        };
        diagnostic.render(colour)
    }
}
