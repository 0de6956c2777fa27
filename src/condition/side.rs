//! One side of a condition.

use super::Facts;
use super::fact::Fact;
use super::glob::Glob;
use super::seen::{Seen, short, spoken};
use crate::ground::plain_line;

/// One side of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// As it is written.
    pub text: String,
    /// What is meant.
    pub what: What,
}

/// What a side means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A fact.
    Fact(Fact),
    /// `len(…)`: the elements of an array, the keys of an object, the bytes of a text.
    Length(Fact),
    /// `has(…)`: whether the fact is there.
    Has(Fact),
    /// A text or number.
    Literal(String),
    /// `pat(…)`.
    Pattern(Glob),
    /// `any(…)`.
    Any(Vec<String>),
}

impl Side {
    /// Looks at what the probe saw.
    pub fn see(&self, facts: &Facts) -> Seen {
        match &self.what {
            What::Fact(fact) => fact.see(facts),
            What::Has(fact) => Seen::Text((!matches!(fact.see(facts), Seen::Missing(_))).to_string()),
            What::Length(fact) => fact.length(facts),
            What::Literal(text) => Seen::Text(text.clone()),
            What::Pattern(glob) => Seen::Pattern(glob.clone()),
            What::Any(texts) => Seen::Any(texts.clone()),
        }
    }

    /// As it is written, and what was seen. In an ordering, a text that is no number says so.
    pub fn show(&self, seen: &Seen, ordering: bool, hide: &dyn Fn(&str) -> String) -> String {
        // Hidden before it is cut, for half a secret is still one.
        let short = |text: &str| short(&hide(text));
        let seen = match seen {
            _ if self.fact().is_none() => return plain_line(&self.text),
            Seen::Missing(why) => (*why).to_owned(),
            Seen::Millis(left) if self.what == What::Fact(Fact::CertificateExpiration) => {
                left.parse().map_or_else(|_| left.clone(), spoken)
            }
            seen if ordering && seen.quantity().is_none() => format!("{}, not a number", short(&seen.text())),
            seen => short(&seen.text()),
        };
        format!("{} ({seen})", plain_line(&self.text))
    }

    /// Whether what it looks at stands in the body, or in what a command printed.
    pub fn looks_at_body(&self) -> bool {
        matches!(self.fact(), Some(Fact::Body(_) | Fact::Stdout(_)))
    }

    /// The fact that it looks at.
    pub fn fact(&self) -> Option<&Fact> {
        match &self.what {
            What::Fact(fact) | What::Length(fact) | What::Has(fact) => Some(fact),
            What::Literal(_) | What::Pattern(_) | What::Any(_) => None,
        }
    }
}
