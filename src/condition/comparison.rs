//! A strict comparison: two sides and a sign.

use super::number::Number;
use super::operator::Operator;
use super::seen::Seen;
use super::side::Side;
use super::{Facts, Outcome};
use crate::ground::plain_line;

/// A condition that was read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// As it is written.
    pub text: String,
    /// What stands left.
    pub left: Side,
    /// The sign.
    pub operator: Operator,
    /// What stands right.
    pub right: Side,
}

impl Comparison {
    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it looks at the body.
    pub fn looks_at_body(&self) -> bool {
        self.left.looks_at_body() || self.right.looks_at_body()
    }

    /// Holds it against what was seen, and shows that only as `hide` leaves it.
    pub fn evaluate(&self, facts: &Facts, hide: &dyn Fn(&str) -> String) -> Outcome {
        let (left, right) = (self.left.see(facts), self.right.see(facts));
        let verdict = match &facts.error {
            Some(error) => Err(plain_line(&hide(error))),
            None => self.compare(&left, &right),
        };
        let ordering = self.operator.is_ordering();
        let shown = format!(
            "{} {} {}",
            self.left.show(&left, ordering, hide),
            self.operator.sign(),
            self.right.show(&right, ordering, hide)
        );
        Outcome { passed: verdict == Ok(true), shown, error: verdict.err() }
    }

    /// Whether it holds; the error says why that cannot be said.
    fn compare(&self, left: &Seen, right: &Seen) -> Result<bool, String> {
        let wrong = |side: &Side, why: &str| format!("{} is {why}", plain_line(&side.text));
        for (side, seen) in [(&self.left, left), (&self.right, right)] {
            if let Seen::Missing(why) = seen {
                return Err(wrong(side, why));
            }
        }
        if !self.operator.is_ordering() {
            return Ok(equal(left, right) == (self.operator == Operator::Equal));
        }
        let quantity = |side: &Side, seen: &Seen| seen.quantity().ok_or_else(|| wrong(side, "not a number"));
        let (left, right) = (quantity(&self.left, left)?, quantity(&self.right, right)?);
        Ok(self.operator.accepts(left.cmp(&right)))
    }
}

/// Whether two sides are the same.
fn equal(left: &Seen, right: &Seen) -> bool {
    match (left, right) {
        (Seen::Pattern(glob), other) | (other, Seen::Pattern(glob)) => glob.matches(&other.text()),
        (Seen::Any(some), other) | (other, Seen::Any(some)) => {
            some.iter().any(|one| equal(&Seen::Text(one.clone()), other))
        }
        (Seen::Text(left), Seen::Text(right)) => left == right,
        (Seen::Millis(_), _) | (_, Seen::Millis(_)) => same(left.quantity().as_ref(), right.quantity().as_ref()),
        // One side is a number, so that is what is meant.
        (left, right) => same(left.number().as_ref(), right.number().as_ref()),
    }
}

fn same(left: Option<&Number>, right: Option<&Number>) -> bool {
    left.is_some() && left == right
}
