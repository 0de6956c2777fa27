//! One side of a condition, and what is seen when it is looked at.

use std::borrow::Cow;

use super::Facts;
use super::glob::Glob;
use super::json::{self, Found, Segment};
use super::number::Number;
use crate::ground::{Span, plain_line};

/// How much of what was seen is shown, in characters.
const SHOWN: usize = 80;

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

/// Something a probe can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// `[STATUS]`
    Status,
    /// `[RESPONSE_TIME]`, in milliseconds.
    ResponseTime,
    /// `[CONNECTED]`
    Connected,
    /// `[EXIT_CODE]`
    ExitCode,
    /// `[STDOUT]`, trimmed.
    Stdout,
    /// `[BODY]`, trimmed.
    Body,
    /// `[BODY].a.b[0]`
    BodyPath(Vec<Segment>),
    /// `[HEADERS].name`
    Header(String),
}

/// What a side turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Not there; the words say why.
    Missing(&'static str),
    /// A number, as written.
    Number(String),
    /// A text.
    Text(String),
    /// A pattern to hold the other side against.
    Pattern(Glob),
    /// Texts of which the other side may be one.
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
            _ if !matches!(self.what, What::Fact(_) | What::Length(_) | What::Has(_)) => return plain_line(&self.text),
            Seen::Missing(why) => (*why).to_owned(),
            seen if ordering && seen.quantity().is_none() => format!("{}, not a number", short(&seen.text())),
            seen => short(&seen.text()),
        };
        format!("{} ({seen})", plain_line(&self.text))
    }
}

impl Side {
    /// Whether what it looks at stands in the body.
    pub fn looks_at_body(&self) -> bool {
        match &self.what {
            What::Fact(fact) | What::Length(fact) | What::Has(fact) => matches!(fact, Fact::Body | Fact::BodyPath(_)),
            What::Literal(_) | What::Pattern(_) | What::Any(_) => false,
        }
    }
}

impl Fact {
    /// Whether it can only be a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Status | Self::ResponseTime | Self::ExitCode)
    }

    fn see(&self, facts: &Facts) -> Seen {
        let number = |value: Option<i128>| value.map(|value| Seen::Number(value.to_string()));
        let text = |value: &Option<String>| value.as_ref().map(|text| Seen::Text(text.trim().to_owned()));
        let seen = match self {
            Self::Status => number(facts.status.map(i128::from)),
            Self::ResponseTime => number(facts.response_time_ms.map(i128::from)),
            Self::ExitCode => number(facts.exit_code.map(i128::from)),
            Self::Connected => facts.connected.map(|connected| Seen::Text(connected.to_string())),
            Self::Stdout => text(&facts.stdout),
            Self::Body => text(&facts.body),
            Self::BodyPath(path) => facts.body.as_ref().map(|body| match json::find(body, path) {
                Ok(Found::Number(text)) => Seen::Number(text),
                Ok(Found::Bool(value)) => Seen::Text(value.to_string()),
                Ok(Found::Text(text) | Found::Array(_, text) | Found::Object(_, text)) => Seen::Text(text),
                Err(why) => Seen::Missing(why),
            }),
            Self::Header(name) => header(facts, name),
        };
        seen.unwrap_or(Seen::Missing("missing"))
    }

    fn length(&self, facts: &Facts) -> Seen {
        let found = match (self, &facts.body) {
            (Self::BodyPath(path), Some(body)) => Some(json::find(body, path)),
            // A body counts its elements when it is an array; any other is a text.
            (Self::Body, Some(body)) => {
                Some(json::find(body, &[])).filter(|found| matches!(found, Ok(Found::Array(..))))
            }
            _ => None,
        };
        let length = match found {
            Some(Ok(Found::Array(count, _) | Found::Object(count, _))) => count,
            Some(Ok(Found::Text(text))) => text.len(),
            Some(Ok(Found::Number(_) | Found::Bool(_))) => return Seen::Missing("missing, it has no length"),
            Some(Err(why)) => return Seen::Missing(why),
            None => match self.see(facts) {
                Seen::Missing(why) => return Seen::Missing(why),
                seen => seen.text().len(),
            },
        };
        Seen::Number(length.to_string())
    }
}

fn header(facts: &Facts, name: &str) -> Option<Seen> {
    let all = facts.headers.as_ref()?.iter();
    let values: Vec<&str> =
        all.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect();
    (!values.is_empty()).then(|| Seen::Text(values.join(", ")))
}

impl Seen {
    /// It as a text.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Number(text) | Self::Text(text) => Cow::Borrowed(text),
            Self::Missing(_) | Self::Pattern(_) | Self::Any(_) => Cow::Borrowed(""),
        }
    }

    /// It as a number.
    pub fn number(&self) -> Option<Number> {
        match self {
            Self::Number(text) | Self::Text(text) => Number::parse(text),
            Self::Missing(_) | Self::Pattern(_) | Self::Any(_) => None,
        }
    }

    /// It as something to put in order: a number, or a duration in milliseconds.
    pub fn quantity(&self) -> Option<Number> {
        self.number().or_else(|| match self {
            Self::Text(text) => quantity(text),
            _ => None,
        })
    }
}

/// A number, or a duration such as `500ms`, `48h` or `7d` in milliseconds.
pub fn quantity(text: &str) -> Option<Number> {
    let duration = || text.parse::<Span>().ok().and_then(|span| Number::parse(&span.0.as_millis().to_string()));
    Number::parse(text).or_else(duration)
}

fn short(text: &str) -> String {
    let line = plain_line(text);
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
