//! What went wrong, for whom, with which exit code and which way out.

use std::fmt;

/// The kinds of failure a caller can tell apart; each has its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Done, and the answer is bad.
    Negative,
    /// Wrong usage: an unknown id, a flag that does not fit, an answer for a step that does not exist.
    Usage,
    /// A definition is invalid.
    Definition,
    /// Input is needed and there is nobody to ask; what was done is kept.
    InputNeeded,
    /// Disk, database, network or another part of the environment failed.
    Environment,
    /// The operator interrupted; saved and resumable.
    Interrupted,
    /// All was said in the result; a format of its own asks for this exit code.
    Said(u8),
}

impl Kind {
    /// The process exit code that says so.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Negative => 1,
            Self::Usage => 2,
            Self::Definition => 3,
            Self::InputNeeded => 4,
            Self::Environment => 5,
            Self::Interrupted => 130,
            Self::Said(code) => code,
        }
    }
}

/// A failure as the operator sees it: what, why, and the way out.
#[derive(Debug)]
pub struct Error {
    /// Which kind it is.
    pub kind: Kind,
    /// What went wrong, naming the thing.
    pub message: String,
    /// Ways out, one a line.
    pub hints: Vec<String>,
    /// The causes below, outermost first.
    pub causes: Vec<String>,
}

/// Results with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of some kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), causes: Vec::new() }
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// An invalid definition.
    pub fn definition(message: impl Into<String>) -> Self {
        Self::new(Kind::Definition, message)
    }

    /// Nobody to ask.
    pub fn input_needed(message: impl Into<String>) -> Self {
        Self::new(Kind::InputNeeded, message)
    }

    /// The environment failed.
    pub fn environment(message: impl Into<String>) -> Self {
        Self::new(Kind::Environment, message)
    }

    /// The operator interrupted.
    pub fn interrupted(message: impl Into<String>) -> Self {
        Self::new(Kind::Interrupted, message)
    }

    /// All was said in the result; only the exit code is left.
    pub fn said(code: u8) -> Self {
        Self::new(Kind::Said(code), String::new())
    }

    /// Adds a way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same failure in words that something was taken out of.
    #[must_use]
    pub fn in_words(self, words: impl Fn(&str) -> String) -> Self {
        Self {
            kind: self.kind,
            message: words(&self.message),
            hints: self.hints.iter().map(|hint| words(hint)).collect(),
            causes: self.causes.iter().map(|cause| words(cause)).collect(),
        }
    }

    /// Adds a cause.
    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        for cause in &self.causes {
            write!(out, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// What failed below without a kind of its own is the environment's failure: the context is the message, what lies
/// under it are the causes.
impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        let causes = error.chain().skip(1).map(ToString::to_string).collect();
        Self { causes, ..Self::environment(error.to_string()) }
    }
}

/// The name nearest to a misspelt one, when it is near enough to be what was meant.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name))
        .filter(|(distance, name)| *distance <= (name.chars().count().max(wanted.chars().count()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
