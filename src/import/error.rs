//! Why a foreign file cannot be read at all.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Excerpt, Level};

/// Why nothing can be made of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", place.map(|(line, column)| format!(" (line {line}, column {column})")).unwrap_or_default())]
pub struct ImportError {
    /// What is wrong, in words.
    pub message: String,
    /// Line and column in characters, both from 1; none when the file as a whole is meant.
    pub place: Option<(usize, usize)>,
    /// What to do about it.
    pub suggestion: Option<String>,
}

impl ImportError {
    /// Something wrong with the file as a whole.
    pub(super) fn whole(message: impl Into<String>, suggestion: impl Into<String>) -> Self {
        Self { message: message.into(), place: None, suggestion: Some(suggestion.into()) }
    }

    /// The picture of it, in the file called `file` with the text that was read.
    pub fn diagnostic(&self, file: &str, text: &str) -> Diagnostic {
        let (line, column) = self.place.unwrap_or((1, 1));
        let excerpt = self.place.map(|_| {
            let start = offset(text, line, column);
            let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
            Excerpt { text: Arc::from(text), span: start..end }
        });
        Diagnostic {
            file: file.to_owned(),
            line,
            column,
            severity: Level::Error,
            code: "not-imported",
            message: self.message.clone(),
            suggestion: self.suggestion.clone(),
            excerpt,
        }
    }
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text[start..].chars().take_while(|c| *c != '\n').take(column.saturating_sub(1));
    start + rest.map(char::len_utf8).sum::<usize>()
}
