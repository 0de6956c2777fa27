//! The conditions a probe holds its observations against: `[STATUS] == 200`, `[BODY].queue.length < 100`.
//!
//! They are strict. What is missing is never zero: it fails every comparison, `!=` too; ask for it with
//! `has(…) == true`. Numbers compare exactly, however large, and a text is a number only where the other side is one.

mod facts;
mod glob;
mod json;
mod number;
mod parse;
mod side;
mod written;

use std::cmp::Ordering;
use std::fmt;

pub use facts::{Facts, Phases};
pub use parse::ConditionError;
use side::{Seen, Side};
pub use written::{Compat, Written};

/// Whether a condition holds, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it holds.
    pub passed: bool,
    /// The condition with what was seen beside what was looked at: `[STATUS] (500) == 200`. One line.
    pub shown: String,
}

/// One condition, checked and ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    text: String,
    left: Side,
    operator: Operator,
    right: Side,
}

/// How two sides are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    AtMost,
    AtLeast,
    Less,
    Greater,
}

impl Operator {
    const ALL: [(&'static str, Self); 6] = [
        ("==", Self::Equal),
        ("!=", Self::Unequal),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(_, operator)| *operator == self).map_or("", |(sign, _)| sign)
    }

    fn is_ordering(self) -> bool {
        !matches!(self, Self::Equal | Self::Unequal)
    }

    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Unequal => ordering.is_ne(),
            Self::AtMost => ordering.is_le(),
            Self::AtLeast => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::Greater => ordering.is_gt(),
        }
    }
}

impl Condition {
    /// Reads a condition; says what is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        parse::condition(text)
    }

    /// Whether it looks at the body.
    pub fn looks_at_body(&self) -> bool {
        self.left.looks_at_body() || self.right.looks_at_body()
    }

    /// Holds it against what was seen.
    pub fn evaluate(&self, facts: &Facts) -> Outcome {
        self.evaluate_hiding(facts, &str::to_owned)
    }

    /// Holds it against what was seen, and shows that only as `hide` leaves it.
    pub fn evaluate_hiding(&self, facts: &Facts, hide: &dyn Fn(&str) -> String) -> Outcome {
        let (left, right) = (self.left.see(facts), self.right.see(facts));
        let passed = match self.operator {
            Operator::Equal => equal(&left, &right).unwrap_or(false),
            Operator::Unequal => equal(&left, &right).is_some_and(|equal| !equal),
            ordering => match (left.quantity(), right.quantity()) {
                (Some(left), Some(right)) => ordering.accepts(left.cmp(&right)),
                _ => false,
            },
        };
        let ordering = self.operator.is_ordering();
        let shown = format!(
            "{} {} {}",
            self.left.show(&left, ordering, hide),
            self.operator.sign(),
            self.right.show(&right, ordering, hide)
        );
        Outcome { passed, shown }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Whether two sides are the same; none when one of them is missing.
fn equal(left: &Seen, right: &Seen) -> Option<bool> {
    match (left, right) {
        (Seen::Missing(_), _) | (_, Seen::Missing(_)) => None,
        (Seen::Pattern(glob), other) | (other, Seen::Pattern(glob)) => Some(glob.matches(&other.text())),
        (Seen::Any(some), other) | (other, Seen::Any(some)) => {
            Some(some.iter().any(|one| equal(&Seen::Text(one.clone()), other) == Some(true)))
        }
        (Seen::Text(left), Seen::Text(right)) => Some(left == right),
        // One side is a number, so that is what is meant.
        (left, right) => Some(match (left.number(), right.number()) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        }),
    }
}

#[cfg(test)]
mod tests;
