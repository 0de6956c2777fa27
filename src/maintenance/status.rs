//! The statuses of planned work, which only go forward.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where planned work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is announced, and has not begun.
    Scheduled,
    /// Somebody is at it.
    InProgress,
    /// The work is done, and somebody looks whether everything works.
    Verifying,
    /// It is over.
    Completed,
    /// It does not take place.
    Canceled,
}

impl Status {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::Scheduled, Self::InProgress, Self::Verifying, Self::Completed, Self::Canceled];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::Verifying => "verifying",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
        }
    }

    /// The word for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::InProgress => "in progress",
            other => other.word(),
        }
    }

    /// The status that a word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// The word that status pages have for it: to them, what does not take place is over.
    pub const fn public_word(self) -> &'static str {
        match self {
            Self::Canceled => Self::Completed.word(),
            other => other.word(),
        }
    }

    /// Whether something is still to come.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Scheduled | Self::InProgress | Self::Verifying)
    }

    /// Whether it has begun and is not over.
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::InProgress | Self::Verifying)
    }
}
