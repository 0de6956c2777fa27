//! The conditions a probe holds its observations against: `[STATUS] == 200`, `[BODY].queue.length < 100`.
//!
//! They are strict. What is missing is never zero: it fails every comparison, `!=` too; ask for it with
//! `has(…) == true`. When the probe itself failed, nothing holds. Numbers compare exactly, however large, and a text is
//! a number only where the other side is one. [`Compat::Gatus`] reads and judges as Gatus does instead.

mod check;
mod comparison;
mod duration;
mod error;
mod fact;
mod facts;
mod gatus;
mod glob;
mod json;
mod number;
mod observed;
mod operator;
mod parse;
mod piece;
mod rule;
mod seen;
mod side;

use std::fmt;

pub use error::{ConditionError, GroupError};
pub use facts::{Facts, Phases};
pub use json::Segment;
pub use rule::{Rule, Written};

/// Whose reading of conditions is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compat {
    /// Our own, which is strict.
    #[default]
    Strict,
    /// That of Gatus, with its zeros for what is missing.
    Gatus,
}

/// Whether a condition holds, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it holds.
    pub passed: bool,
    /// The condition with what was seen beside what was looked at: `[STATUS] (500) == 200`. One line.
    pub shown: String,
    /// Why nothing could be compared: the probe's error, `[BODY].x is missing`, `[BODY].x is not a number`. One line;
    /// none when it holds.
    pub error: Option<String>,
}

/// One condition, checked and ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Strict(comparison::Comparison),
    Gatus(gatus::Comparison),
}

impl Condition {
    /// Reads a condition; says what is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        Self::parse_as(text, Compat::Strict)
    }

    /// Reads a condition as somebody else would; says what is wrong with it, and where.
    pub fn parse_as(text: &str, compat: Compat) -> Result<Self, ConditionError> {
        Ok(Self(match compat {
            Compat::Strict => Form::Strict(parse::condition(text)?),
            Compat::Gatus => Form::Gatus(gatus::Comparison::parse(text)?),
        }))
    }

    /// Whether it looks at the body.
    pub fn looks_at_body(&self) -> bool {
        match &self.0 {
            Form::Strict(comparison) => comparison.looks_at_body(),
            Form::Gatus(comparison) => comparison.looks_at_body(),
        }
    }

    /// Holds it against what was seen.
    pub fn evaluate(&self, facts: &Facts) -> Outcome {
        self.evaluate_hiding(facts, &str::to_owned)
    }

    /// Holds it against what was seen, and shows that only as `hide` leaves it.
    pub fn evaluate_hiding(&self, facts: &Facts, hide: &dyn Fn(&str) -> String) -> Outcome {
        match &self.0 {
            Form::Strict(comparison) => comparison.evaluate(facts, hide),
            Form::Gatus(comparison) => comparison.evaluate(facts, hide),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match &self.0 {
            Form::Strict(comparison) => comparison.text(),
            Form::Gatus(comparison) => comparison.text(),
        })
    }
}

#[cfg(test)]
mod tests;
