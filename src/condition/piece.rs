//! A piece of a condition, which knows where it stands.

use super::ConditionError;

/// A piece of the condition and where it begins, in bytes.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    whole: &'a str,
    /// What stands there.
    pub text: &'a str,
    start: usize,
}

impl<'a> Piece<'a> {
    /// The condition without the spaces around it.
    pub fn of(whole: &'a str) -> Self {
        Self { whole, text: whole, start: 0 }.trimmed()
    }

    /// It without the spaces around it.
    pub fn trimmed(self) -> Self {
        let text = self.text.trim_start();
        Self { start: self.start + self.text.len() - text.len(), text: text.trim_end(), ..self }
    }

    /// It from a byte on.
    pub fn from(self, offset: usize) -> Self {
        Self { text: &self.text[offset..], start: self.start + offset, ..self }
    }

    /// It up to a byte.
    pub fn to(self, end: usize) -> Self {
        Self { text: &self.text[..end], ..self }
    }

    /// An error that points at it.
    pub fn wrong(self, message: impl Into<String>) -> ConditionError {
        let column = self.whole[..self.start].chars().count() + 1;
        let width = self.text.chars().count().max(1);
        ConditionError { message: message.into(), column, width, suggestion: None }
    }
}
