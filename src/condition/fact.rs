//! What a condition can look at.

use super::Facts;
use super::facts::Phases;
use super::json::{self, Found, Segment, Unfound};
use super::seen::Seen;

/// Something a probe can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// `[STATUS]`
    Status,
    /// `[RESPONSE_TIME]`, in milliseconds.
    ResponseTime,
    /// `[BODY]`, trimmed, or what stands in it at a path: `[BODY].a.b[0]`.
    Body(Vec<Segment>),
    /// `[HEADERS].name`
    Header(String),
    /// `[CONNECTED]`
    Connected,
    /// `[IP]`
    Ip,
    /// `[DNS_RCODE]`
    DnsRcode,
    /// `[CERTIFICATE_EXPIRATION]`, in milliseconds.
    CertificateExpiration,
    /// `[ROWS]`
    Rows,
    /// `[TLS_VERSION]`
    TlsVersion,
    /// `[REDIRECTS]`
    Redirects,
    /// `[DNS]`, in milliseconds, like all phases.
    Dns,
    /// `[CONNECT]`
    Connect,
    /// `[TLS]`
    Tls,
    /// `[FIRST_BYTE]`
    FirstByte,
    /// `[TRANSFER]`
    Transfer,
    /// `[TOTAL]`
    Total,
    /// `[EXIT_CODE]`
    ExitCode,
    /// `[STDOUT]`, trimmed, or what stands in it at a path.
    Stdout(Vec<Segment>),
}

/// Every fact by the name that stands between brackets.
static NAMED: [(&str, Fact); 19] = [
    ("STATUS", Fact::Status),
    ("RESPONSE_TIME", Fact::ResponseTime),
    ("BODY", Fact::Body(Vec::new())),
    ("HEADERS", Fact::Header(String::new())),
    ("CONNECTED", Fact::Connected),
    ("IP", Fact::Ip),
    ("DNS_RCODE", Fact::DnsRcode),
    ("CERTIFICATE_EXPIRATION", Fact::CertificateExpiration),
    ("ROWS", Fact::Rows),
    ("TLS_VERSION", Fact::TlsVersion),
    ("REDIRECTS", Fact::Redirects),
    ("DNS", Fact::Dns),
    ("CONNECT", Fact::Connect),
    ("TLS", Fact::Tls),
    ("FIRST_BYTE", Fact::FirstByte),
    ("TRANSFER", Fact::Transfer),
    ("TOTAL", Fact::Total),
    ("EXIT_CODE", Fact::ExitCode),
    ("STDOUT", Fact::Stdout(Vec::new())),
];

impl Fact {
    /// The fact of a name in capitals.
    pub fn named(name: &str) -> Option<Self> {
        NAMED.iter().find(|(known, _)| *known == name).map(|(_, fact)| fact.clone())
    }

    /// Every name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
    }

    /// Whether it can only be a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Status | Self::Rows | Self::TlsVersion | Self::Redirects | Self::ExitCode)
    }

    /// Whether it is a time in milliseconds.
    pub fn is_time(&self) -> bool {
        matches!(self, Self::ResponseTime | Self::CertificateExpiration) || self.micros(&Phases::default()).is_some()
    }

    /// Whether there can be more or less of it.
    pub fn has_order(&self) -> bool {
        !matches!(self, Self::Connected | Self::Ip | Self::DnsRcode)
    }

    /// Whether it stands in JSON at a path.
    pub fn has_path(&self) -> bool {
        matches!(self, Self::Body(path) | Self::Stdout(path) if !path.is_empty())
    }

    /// Looks at it.
    pub fn see(&self, facts: &Facts) -> Seen {
        let text = |text: Option<&String>| text.map(|text| Seen::Text(text.trim().to_owned()));
        let seen = match self {
            Self::Status => number(facts.status),
            Self::Rows => number(facts.rows),
            Self::Redirects => number(facts.redirects),
            Self::ExitCode => number(facts.exit_code),
            Self::ResponseTime => facts.response_time_ms.map(|millis| Seen::Millis(millis.to_string())),
            Self::CertificateExpiration => facts.certificate_expiration_ms.map(|left| Seen::Millis(left.to_string())),
            Self::Connected => facts.connected.map(|connected| Seen::Text(connected.to_string())),
            Self::Ip => text(facts.ip.as_ref()),
            Self::DnsRcode => text(facts.dns_rcode.as_ref()),
            Self::TlsVersion => text(facts.tls_version.as_ref()),
            Self::Header(name) => header(facts, name),
            Self::Body(path) | Self::Stdout(path) if path.is_empty() => text(self.source(facts)),
            Self::Body(path) | Self::Stdout(path) => self.source(facts).map(|source| self.at(source, path)),
            Self::Dns | Self::Connect | Self::Tls | Self::FirstByte | Self::Transfer | Self::Total => {
                facts.phases.and_then(|phases| self.micros(&phases)).map(|micros| Seen::Millis(millis(micros)))
            }
        };
        seen.unwrap_or(Seen::Missing("missing"))
    }

    /// The elements of an array, the keys of an object, the bytes of a text.
    pub fn length(&self, facts: &Facts) -> Seen {
        let found = match (self, self.source(facts)) {
            (Self::Body(path) | Self::Stdout(path), Some(source)) => match json::find(source, path) {
                // Only an array is counted where all of it is meant; anything else is a text.
                found if path.is_empty() => found.ok().filter(|found| matches!(found, Found::Array(..))).map(Ok),
                found => Some(found),
            },
            _ => None,
        };
        let length = match found {
            Some(Ok(Found::Array(count, _) | Found::Object(count, _))) => count,
            Some(Ok(Found::Text(text))) => text.len(),
            Some(Ok(Found::Number(_) | Found::Bool(_))) => return Seen::Missing("missing, it has no length"),
            Some(Err(why)) => return self.missing(why),
            None => match self.see(facts) {
                Seen::Missing(why) => return Seen::Missing(why),
                seen => seen.text().len(),
            },
        };
        Seen::Number(length.to_string())
    }

    /// The text it is or stands in.
    fn source<'a>(&self, facts: &'a Facts) -> Option<&'a String> {
        match self {
            Self::Body(_) => facts.body.as_ref(),
            Self::Stdout(_) => facts.stdout.as_ref(),
            _ => None,
        }
    }

    fn at(&self, source: &str, path: &[Segment]) -> Seen {
        match json::find(source, path) {
            Ok(Found::Number(text)) => Seen::Number(text),
            Ok(Found::Bool(value)) => Seen::Text(value.to_string()),
            Ok(Found::Text(text) | Found::Array(_, text) | Found::Object(_, text)) => Seen::Text(text),
            Err(why) => self.missing(why),
        }
    }

    fn missing(&self, why: Unfound) -> Seen {
        Seen::Missing(match (why, self) {
            (Unfound::Absent, _) => "missing",
            (Unfound::NotJson, Self::Stdout(_)) => "missing, the output is not JSON",
            (Unfound::NotJson, _) => "missing, the body is not JSON",
        })
    }

    /// How long the phase that it is took, in microseconds.
    fn micros(&self, phases: &Phases) -> Option<u64> {
        Some(match self {
            Self::Dns => phases.dns,
            Self::Connect => phases.connect,
            Self::Tls => phases.tls,
            Self::FirstByte => phases.first_byte,
            Self::Transfer => phases.transfer,
            Self::Total => phases.total,
            _ => return None,
        })
    }
}

fn number<T: ToString>(value: Option<T>) -> Option<Seen> {
    value.map(|value| Seen::Number(value.to_string()))
}

/// Microseconds in milliseconds: 734 is `0.734`.
fn millis(micros: u64) -> String {
    let exact = format!("{}.{:03}", micros / 1000, micros % 1000);
    exact.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn header(facts: &Facts, name: &str) -> Option<Seen> {
    let all = facts.headers.as_ref()?.iter();
    let values: Vec<&str> =
        all.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect();
    (!values.is_empty()).then(|| Seen::Text(values.join(", ")))
}
