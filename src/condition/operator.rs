//! How two sides are held against each other.

use std::cmp::Ordering;

/// A comparison's sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
    /// `>`
    Greater,
    /// `<`
    Less,
}

impl Operator {
    /// All of them with their signs, in the order in which Gatus looks for them.
    pub const ALL: [(&'static str, Self); 6] = [
        ("==", Self::Equal),
        ("!=", Self::Unequal),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        (">", Self::Greater),
        ("<", Self::Less),
    ];

    /// How it is written.
    pub fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(_, operator)| *operator == self).map_or("", |(sign, _)| sign)
    }

    /// Whether it asks for more than sameness.
    pub fn is_ordering(self) -> bool {
        !matches!(self, Self::Equal | Self::Unequal)
    }

    /// Whether the left side may stand to the right one like this.
    pub fn accepts(self, ordering: Ordering) -> bool {
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
