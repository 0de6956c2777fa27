//! How a probe came out.

use serde::{Deserialize, Serialize};

/// How a probe came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It could be made and its conditions hold.
    Up,
    /// Only conditions that warn do not hold.
    Degraded,
    /// It could not be made, or a condition does not hold.
    Down,
    /// Nobody can tell: something that it depends on is down, or this machine itself cannot look.
    Unknown,
    /// Work on it is planned for now.
    Maintenance,
    /// Nothing was looked at, for environment variables are missing.
    NotConfigured,
}

impl State {
    /// All states, the good ones first.
    pub const ALL: [Self; 6] =
        [Self::Up, Self::Degraded, Self::Down, Self::Unknown, Self::Maintenance, Self::NotConfigured];

    /// The word for it, as JSON has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Unknown => "unknown",
            Self::Maintenance => "maintenance",
            Self::NotConfigured => "not_configured",
        }
    }

    /// The word for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::NotConfigured => "not configured",
            other => other.word(),
        }
    }

    /// Whether a script may go on: everything that was to be looked at is up.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Up | Self::NotConfigured)
    }
}
