//! Conditions as they are written: single ones, and groups.

use std::fmt;

/// A condition or a group of conditions, not yet read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// One condition.
    Text(String),
    /// All must hold.
    And(Vec<Written>),
    /// One must hold.
    Or(Vec<Written>),
    /// It must be possible to look, and it must not hold.
    Not(Box<Written>),
}

/// How conditions are understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compat {
    /// Strictly: what is missing is never zero.
    #[default]
    Strict,
    /// As Gatus does.
    Gatus,
}

impl fmt::Display for Written {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |out: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            out.write_str("(")?;
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(out, " {word} ")?;
                }
                part.fmt(out)?;
            }
            out.write_str(")")
        };
        match self {
            Self::Text(text) => out.write_str(text.trim()),
            Self::And(parts) => list(out, parts, "and"),
            Self::Or(parts) => list(out, parts, "or"),
            Self::Not(part) => write!(out, "not ({part})"),
        }
    }
}
