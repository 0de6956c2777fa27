//! Conditions as Gatus reads and judges them, for those who come from there.
//!
//! What is missing is 0 where order is asked for, and the text `… (INVALID)` where sameness is. A failed probe has status
//! 0 and fails nothing by itself. Days are no durations, and JSON numbers are floats.

mod number;
mod path;

use super::glob::Glob;
use super::operator::Operator;
use super::parse::no_operator;
use super::piece::Piece;
use super::seen::{short, spoken};
use super::{ConditionError, Facts, Outcome};
use crate::ground::plain_line;

/// A condition as it was split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    text: String,
    left: Side,
    operator: Operator,
    right: Side,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Side {
    text: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Seen(Wrapper, Place),
    /// `len(…)` of nothing that is known.
    Unknown,
    Literal(String),
    /// The pattern as it is written, and ready when it is one.
    Pattern(String, Option<Glob>),
    Any(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrapper {
    None,
    Length,
    Has,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Status,
    Ip,
    ResponseTime,
    DnsRcode,
    Connected,
    CertificateExpiration,
    DomainExpiration,
    Body,
    BodyPath(String),
}

/// What a side comes to; none when it is not there.
type Value = Option<String>;

impl Comparison {
    /// Splits at the first operator in Gatus's order of looking; what stands behind a second one of its kind is ignored.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        for (sign, operator) in Operator::ALL {
            let spaced = format!(" {sign} ");
            let mut sides = text.split(&spaced).map(Side::new);
            if let (Some(left), Some(right)) = (sides.next(), sides.next()) {
                return Ok(Self { text: text.to_owned(), left, operator, right });
            }
        }
        Err(no_operator(Piece::of(text)))
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it looks at the body.
    pub fn looks_at_body(&self) -> bool {
        let looks = |side: &Side| matches!(side.what, What::Seen(_, Place::Body | Place::BodyPath(_)));
        looks(&self.left) || looks(&self.right)
    }

    /// Holds it against what was seen, and shows that only as `hide` leaves it.
    pub fn evaluate(&self, facts: &Facts, hide: &dyn Fn(&str) -> String) -> Outcome {
        let (left, right) = (self.left.value(facts), self.right.value(facts));
        let ordering = self.operator.is_ordering();
        let passed = if ordering {
            self.operator.accepts(quantity(left.as_deref()).cmp(&quantity(right.as_deref())))
        } else {
            self.equal(&left, &right) == (self.operator == Operator::Equal)
        };
        let shown = format!(
            "{} {} {}",
            self.left.show(&left, ordering, hide),
            self.operator.sign(),
            self.right.show(&right, ordering, hide)
        );
        Outcome { passed, shown, error: None }
    }

    fn equal(&self, left: &Value, right: &Value) -> bool {
        let (left_text, right_text) = (self.left.invalid_or(left), self.right.invalid_or(right));
        match (&self.left.what, &self.right.what) {
            (What::Pattern(one, _), What::Pattern(other, _)) | (What::Any(one), What::Any(other)) => same(one, other),
            (What::Pattern(_, glob), _) => fits(glob.as_ref(), &right_text),
            (_, What::Pattern(_, glob)) => fits(glob.as_ref(), &left_text),
            (What::Any(choices), _) => choices.split(',').any(|choice| choice.trim() == right_text),
            (_, What::Any(choices)) => choices.split(',').any(|choice| choice.trim() == left_text),
            _ => same(&left_text, &right_text),
        }
    }
}

/// Whether two texts are the same, as integers when both are.
fn same(left: &str, right: &str) -> bool {
    match (number::integer(left), number::integer(right)) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

/// Slashes are left out on both sides, so that a star goes over them.
fn fits(glob: Option<&Glob>, text: &str) -> bool {
    glob.is_some_and(|glob| glob.matches(&text.replace('/', "")))
}

fn quantity(value: Option<&str>) -> i64 {
    value.map_or(0, number::quantity)
}

impl Side {
    fn new(text: &str) -> Self {
        let text = text.trim();
        let inside = |name: &str| text.strip_prefix(name).and_then(|rest| rest.strip_suffix(')'));
        let what = if let Some(inner) = inside("len(") {
            Place::named(inner).map_or(What::Unknown, |place| What::Seen(Wrapper::Length, place))
        } else if let Some(inner) = inside("has(") {
            let has = |place| What::Seen(Wrapper::Has, place);
            Place::named(inner).map_or_else(|| What::Literal("false".to_owned()), has)
        } else if let Some(inner) = inside("pat(") {
            What::Pattern(inner.to_owned(), Glob::go(&inner.replace('/', "")))
        } else if let Some(inner) = inside("any(") {
            What::Any(inner.to_owned())
        } else {
            let seen = |place| What::Seen(Wrapper::None, place);
            Place::named(text).map_or_else(|| What::Literal(text.to_owned()), seen)
        };
        Self { text: text.to_owned(), what }
    }

    fn value(&self, facts: &Facts) -> Value {
        match &self.what {
            What::Seen(Wrapper::None, place) => place.value(facts),
            What::Seen(Wrapper::Length, place) => place.length(facts).map(|length| length.to_string()),
            What::Seen(Wrapper::Has, place) => Some(place.is_there(facts).to_string()),
            What::Literal(text) => Some(text.clone()),
            What::Unknown => None,
            What::Pattern(..) | What::Any(_) => Some(self.text.clone()),
        }
    }

    fn invalid_or(&self, value: &Value) -> String {
        value.clone().unwrap_or_else(|| format!("{} (INVALID)", self.text))
    }

    /// As it is written, with what it was taken for when that is something else.
    fn show(&self, value: &Value, ordering: bool, hide: &dyn Fn(&str) -> String) -> String {
        let written = plain_line(&self.text);
        let Some(value) = value else { return format!("{written} (INVALID)") };
        let taken = match &self.what {
            What::Seen(Wrapper::None, Place::CertificateExpiration | Place::DomainExpiration) if ordering => {
                spoken(number::quantity(value))
            }
            What::Literal(text) if ordering && super::duration::go_millis(text).is_some() => return written,
            _ if ordering => number::quantity(value).to_string(),
            _ => short(&hide(value)),
        };
        if taken == written { written } else { format!("{written} ({taken})") }
    }
}

impl Place {
    /// The place of a placeholder, whose name ignores case.
    fn named(text: &str) -> Option<Self> {
        const BODY: &str = "[BODY]";
        if let (Some(name), Some(path)) = (text.get(..BODY.len()), text.get(BODY.len()..))
            && name.eq_ignore_ascii_case(BODY)
            && path.starts_with(['.', '['])
        {
            return Some(Self::BodyPath(path.strip_prefix('.').unwrap_or(path).to_owned()));
        }
        Some(match text.to_ascii_uppercase().as_str() {
            "[STATUS]" => Self::Status,
            "[IP]" => Self::Ip,
            "[RESPONSE_TIME]" => Self::ResponseTime,
            "[DNS_RCODE]" => Self::DnsRcode,
            "[CONNECTED]" => Self::Connected,
            "[CERTIFICATE_EXPIRATION]" => Self::CertificateExpiration,
            "[DOMAIN_EXPIRATION]" => Self::DomainExpiration,
            BODY => Self::Body,
            _ => return None,
        })
    }

    fn value(&self, facts: &Facts) -> Value {
        Some(match self {
            Self::Status => facts.status.unwrap_or_default().to_string(),
            Self::Ip => facts.ip.clone().unwrap_or_default(),
            Self::ResponseTime => facts.response_time_ms.unwrap_or_default().to_string(),
            Self::DnsRcode => facts.dns_rcode.clone().unwrap_or_default(),
            Self::Connected => facts.connected.unwrap_or_default().to_string(),
            Self::CertificateExpiration => facts.certificate_expiration_ms.unwrap_or_default().to_string(),
            Self::DomainExpiration => facts.domain_expiration_ms.unwrap_or_default().to_string(),
            Self::Body => body(facts).trim().to_owned(),
            Self::BodyPath(path) => return path::find(body(facts), path).map(|found| found.text),
        })
    }

    /// Bytes; of an array, its elements.
    fn length(&self, facts: &Facts) -> Option<usize> {
        match self {
            Self::Body => Some(path::length(body(facts))),
            Self::BodyPath(path) => path::find(body(facts), path).map(|found| found.length),
            plain => plain.value(facts).map(|text| text.len()),
        }
    }

    fn is_there(&self, facts: &Facts) -> bool {
        match self {
            Self::BodyPath(_) => self.value(facts).is_some(),
            plain => plain.value(facts).is_some_and(|text| !text.is_empty()),
        }
    }
}

fn body(facts: &Facts) -> &str {
    facts.body.as_deref().unwrap_or_default()
}
