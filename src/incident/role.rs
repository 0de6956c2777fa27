//! Who does what in an incident.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role, in the order in which they are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Decides.
    Commander,
    /// Tells everybody.
    Communications,
    /// Does the work, or leads those who do.
    Operations,
    /// Writes down.
    Scribe,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Commander, Self::Communications, Self::Operations, Self::Scribe];

    /// The word for it on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commander => "commander",
            Self::Communications => "communications",
            Self::Operations => "operations",
            Self::Scribe => "scribe",
        }
    }

    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Commander => "incident commander",
            Self::Communications => "communications lead",
            Self::Operations => "operations lead",
            Self::Scribe => "scribe",
        }
    }

    /// The role that a word names; `ic`, `comms` and `ops` are what people say.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        match word.as_str() {
            "ic" => Some(Self::Commander),
            "comms" => Some(Self::Communications),
            "ops" => Some(Self::Operations),
            word => Self::ALL.into_iter().find(|role| role.word() == word || role.title() == word),
        }
    }
}
