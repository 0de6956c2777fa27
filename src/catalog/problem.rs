//! What is wrong with a definition and at which place of it; the place becomes line and column only when it is shown.

use crate::diagnostic::Level;

/// One step down into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// The value of a key.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
}

/// The way from the root to a place, kept on the stack: it costs nothing until there is a problem.
#[derive(Debug, Clone, Copy)]
pub struct Trail<'a> {
    parent: Option<&'a Trail<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Trail<'a> {
    /// The document itself.
    pub const ROOT: Trail<'static> = Trail { parent: None, step: Step::Root };

    /// The value of a key below.
    pub fn key(&'a self, key: &'a str) -> Trail<'a> {
        Trail { parent: Some(self), step: Step::Key(key) }
    }

    /// An item of a list below.
    pub fn index(&'a self, index: usize) -> Trail<'a> {
        Trail { parent: Some(self), step: Step::Index(index) }
    }

    /// The way written down.
    pub fn path(&self) -> Vec<Segment> {
        let mut path = self.parent.map(Trail::path).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(key) => path.push(Segment::Key(key.to_owned())),
            Step::Index(index) => path.push(Segment::Index(index)),
        }
        path
    }
}

/// Which part of a place is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The key that leads to it.
    Key,
    /// The value itself.
    Value,
}

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Error or warning.
    pub level: Level,
    /// A stable kebab-case name for the rule.
    pub code: &'static str,
    /// Where it is.
    pub path: Vec<Segment>,
    /// Which part of the place is meant.
    pub part: Part,
    /// A piece of the value's text that is meant, when not all of it is.
    pub word: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub suggestion: Option<String>,
}

impl Problem {
    /// An error in the value at a place.
    pub fn error(code: &'static str, at: &Trail<'_>, message: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            code,
            path: at.path(),
            part: Part::Value,
            word: None,
            message: message.into(),
            suggestion: None,
        }
    }

    /// A warning about the value at a place.
    pub fn warning(code: &'static str, at: &Trail<'_>, message: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(code, at, message) }
    }

    /// Means the key, not the value.
    #[must_use]
    pub fn on_key(self) -> Self {
        Self { part: Part::Key, ..self }
    }

    /// Means one piece of the value's text.
    #[must_use]
    pub fn word(self, word: impl Into<String>) -> Self {
        Self { word: Some(word.into()), ..self }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn suggest(self, suggestion: impl Into<String>) -> Self {
        Self { suggestion: Some(suggestion.into()), ..self }
    }

    /// Adds a near match, if there is one.
    #[must_use]
    pub fn suggest_name(self, near: Option<&str>) -> Self {
        match near {
            Some(name) => self.suggest(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}
