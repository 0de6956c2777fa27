//! Conditions joined by `and`, `or` and `not`.

use std::fmt;

use super::{Compat, Condition, ConditionError, Facts, GroupError, Outcome, Segment};

/// A condition or a group of them.
///
/// What cannot be compared is neither true nor false: a group only says something when its other members settle it.
/// `not` never turns it into success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// One condition.
    One(Condition),
    /// All of them must hold.
    All(Vec<Rule>),
    /// At least one must hold.
    Any(Vec<Rule>),
    /// It must not hold.
    Not(Box<Rule>),
}

/// A rule as it is written in YAML: a text, or a mapping with one of the keys `and`, `or` and `not`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// One condition.
    Text(String),
    /// `and: […]`
    And(Vec<Written>),
    /// `or: […]`
    Or(Vec<Written>),
    /// `not: …`
    Not(Box<Written>),
}

impl Rule {
    /// Reads a rule; the error says what is wrong with its first wrong condition.
    pub fn parse(written: &Written, compat: Compat) -> Result<Self, GroupError> {
        let mut problems = Vec::new();
        let rule = Reader { compat, path: Vec::new(), problems: &mut problems }.rule(written);
        match problems.into_iter().next() {
            Some(problem) => Err(problem),
            None => Ok(rule),
        }
    }

    /// Everything that is wrong with a rule, in its order.
    pub fn problems(written: &Written, compat: Compat) -> Vec<GroupError> {
        let mut problems = Vec::new();
        Reader { compat, path: Vec::new(), problems: &mut problems }.rule(written);
        problems
    }

    /// Whether any of its conditions looks at the body.
    pub fn looks_at_body(&self) -> bool {
        match self {
            Self::One(condition) => condition.looks_at_body(),
            Self::All(rules) | Self::Any(rules) => rules.iter().any(Self::looks_at_body),
            Self::Not(rule) => rule.looks_at_body(),
        }
    }

    /// Holds it against what was seen.
    pub fn evaluate(&self, facts: &Facts) -> Outcome {
        self.evaluate_hiding(facts, &str::to_owned)
    }

    /// Holds it against what was seen, and shows that only as `hide` leaves it.
    pub fn evaluate_hiding(&self, facts: &Facts, hide: &dyn Fn(&str) -> String) -> Outcome {
        let each =
            |rules: &[Self]| -> Vec<Outcome> { rules.iter().map(|rule| rule.evaluate_hiding(facts, hide)).collect() };
        match self {
            Self::One(condition) => condition.evaluate_hiding(facts, hide),
            Self::All(rules) => {
                let outcomes = each(rules);
                let refuted = outcomes.iter().any(|outcome| !outcome.passed && outcome.error.is_none());
                settled(&outcomes, outcomes.iter().all(|outcome| outcome.passed), refuted, "and")
            }
            Self::Any(rules) => {
                let outcomes = each(rules);
                settled(&outcomes, outcomes.iter().any(|outcome| outcome.passed), false, "or")
            }
            Self::Not(rule) => {
                let Outcome { passed, shown, error } = rule.evaluate_hiding(facts, hide);
                Outcome { passed: !passed && error.is_none(), shown: rule.negated(&shown), error }
            }
        }
    }

    fn negated(&self, text: &str) -> String {
        if self.is_bracketed() { format!("not {text}") } else { format!("not ({text})") }
    }

    fn is_bracketed(&self) -> bool {
        match self {
            Self::All(rules) | Self::Any(rules) => match rules.as_slice() {
                [one] => one.is_bracketed(),
                _ => true,
            },
            Self::One(_) | Self::Not(_) => false,
        }
    }
}

/// What a group comes to; the first member that could not be compared is its error, unless the others settle it.
fn settled(outcomes: &[Outcome], passed: bool, refuted: bool, word: &str) -> Outcome {
    let error = if passed || refuted { None } else { outcomes.iter().find_map(|outcome| outcome.error.clone()) };
    Outcome { passed, shown: joined(outcomes.iter().map(|outcome| outcome.shown.clone()).collect(), word), error }
}

fn joined(mut texts: Vec<String>, word: &str) -> String {
    match texts.pop() {
        Some(only) if texts.is_empty() => only,
        last => {
            texts.extend(last);
            format!("({})", texts.join(&format!(" {word} ")))
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = |rules: &[Self]| -> Vec<String> { rules.iter().map(Self::to_string).collect() };
        match self {
            Self::One(condition) => condition.fmt(out),
            Self::All(rules) => out.write_str(&joined(each(rules), "and")),
            Self::Any(rules) => out.write_str(&joined(each(rules), "or")),
            Self::Not(rule) => out.write_str(&rule.negated(&rule.to_string())),
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = |some: &[Self]| -> Vec<String> { some.iter().map(Self::to_string).collect() };
        match self {
            Self::Text(text) => out.write_str(text.trim()),
            Self::And(some) => out.write_str(&joined(each(some), "and")),
            Self::Or(some) => out.write_str(&joined(each(some), "or")),
            Self::Not(one) => match one.to_string() {
                group if group.starts_with('(') => write!(out, "not {group}"),
                single => write!(out, "not ({single})"),
            },
        }
    }
}

/// Reads what is written and keeps everything that is wrong with it.
struct Reader<'a> {
    compat: Compat,
    path: Vec<Segment>,
    problems: &'a mut Vec<GroupError>,
}

impl Reader<'_> {
    /// The rule without its wrong conditions.
    fn rule(&mut self, written: &Written) -> Rule {
        match written {
            Written::Text(text) => match Condition::parse_as(text, self.compat) {
                Ok(condition) => Rule::One(condition),
                Err(error) => {
                    self.wrong(error);
                    Rule::Any(Vec::new())
                }
            },
            Written::And(some) => Rule::All(self.group(some, "and")),
            Written::Or(some) => Rule::Any(self.group(some, "or")),
            Written::Not(one) => Rule::Not(Box::new(self.below(Segment::Key("not".to_owned()), one))),
        }
    }

    fn group(&mut self, some: &[Written], word: &str) -> Vec<Rule> {
        self.path.push(Segment::Key(word.to_owned()));
        if some.is_empty() {
            let message = format!("`{word}` needs at least one condition");
            let suggestion = Some(format!("{word}: [\"[STATUS] == 200\"]"));
            self.wrong(ConditionError { message, column: 1, width: 1, suggestion });
        }
        let rules = some.iter().enumerate().map(|(index, one)| self.below(Segment::Index(index), one)).collect();
        self.path.pop();
        rules
    }

    fn below(&mut self, step: Segment, written: &Written) -> Rule {
        self.path.push(step);
        let rule = self.rule(written);
        self.path.pop();
        rule
    }

    fn wrong(&mut self, error: ConditionError) {
        self.problems.push(GroupError { path: self.path.clone(), error });
    }
}
