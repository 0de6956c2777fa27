//! What can be broken on purpose.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can be broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The pool of connections is exhausted, and the database turns everybody away.
    Database,
    /// Three of ten orders fail.
    Errors,
    /// Every answer is late.
    Latency,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Database, Self::Errors, Self::Latency];

    /// Its name: `database`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Errors => "errors",
            Self::Latency => "latency",
        }
    }

    /// What it does to the application.
    pub const fn effect(self) -> &'static str {
        match self {
            Self::Database => "the connection pool is exhausted, and the database turns everybody away",
            Self::Errors => "three of ten orders fail",
            Self::Latency => "every answer is a second and a half late",
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|fault| fault.word() == word);
        found.ok_or_else(|| format!("`{word}` cannot be broken; what can: {}", Self::ALL.map(Self::word).join(", ")))
    }
}
