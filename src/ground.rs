//! Ids, time and durations: what every other module stands on.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Local, SecondsFormat, TimeDelta, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment, always in UTC.
pub type Time = DateTime<Utc>;

/// Where the time comes from. The pure layers never ask; they are told.
pub trait Clock: Send + Sync {
    /// The current moment in UTC.
    fn now(&self) -> Time;
    /// The same moment on the operator's wall clock.
    fn local(&self, time: Time) -> DateTime<FixedOffset>;
}

/// The machine's clock and time zone.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock's edge")]
    fn now(&self) -> Time {
        Utc::now()
    }

    fn local(&self, time: Time) -> DateTime<FixedOffset> {
        time.with_timezone(&Local).fixed_offset()
    }
}

/// A moment so much after another, or before it; at the end of time the last there is. What is stored may name any number.
pub fn later(from: Time, by: TimeDelta) -> Time {
    let end = if by < TimeDelta::zero() { Time::MIN_UTC } else { Time::MAX_UTC };
    from.checked_add_signed(by).unwrap_or(end)
}

/// RFC 3339 in UTC with milliseconds: `2026-11-23T15:40:21.000Z`.
pub fn rfc3339(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `serde(with)` for times as [`rfc3339`] writes them.
pub mod time_format {
    use super::{Time, rfc3339};
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes RFC 3339 with milliseconds.
    pub fn serialize<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&rfc3339(*time))
    }

    /// Reads any RFC 3339 time.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        let text = String::deserialize(from)?;
        chrono::DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).map_err(de::Error::custom)
    }
}

/// `serde(with)` for optional times as [`rfc3339`] writes them.
pub mod optional_time_format {
    use super::{Time, rfc3339};
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes RFC 3339 with milliseconds, or null.
    #[allow(clippy::ref_option, reason = "the signature that serde(with) calls")]
    pub fn serialize<S: Serializer>(time: &Option<Time>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_some(&rfc3339(*time)),
            None => to.serialize_none(),
        }
    }

    /// Reads any RFC 3339 time, or null.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Time>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let time = chrono::DateTime::parse_from_rfc3339(&text).map_err(de::Error::custom)?;
        Ok(Some(time.to_utc()))
    }
}

/// A duration as people write it: `500ms`, `30s`, `5m`, `1h30m`, `3d`, `2w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(pub Duration);

const UNITS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Ten years in milliseconds: no wait is longer, and every sum of a moment and a span stays a moment.
const LONGEST: u64 = 3650 * 86_400_000;

/// The pattern a written duration matches; the JSON Schemas carry it.
pub const SPAN_PATTERN: &str = r"^([0-9]+(ms|s|m|h|d|w))+$";

impl Span {
    /// A span of whole seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The span as chrono counts it; a span too long for chrono becomes the longest there is.
    pub fn delta(self) -> chrono::TimeDelta {
        chrono::TimeDelta::from_std(self.0).unwrap_or(chrono::TimeDelta::MAX)
    }

    /// Whether the span is nothing at all, which people read as "immediately".
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a duration; write it like 30s, 5m, 1h30m or 3d");
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(wrong());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let (number, tail) = rest.split_at(digits);
            let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(end);
            let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
            let amount: u64 = number.parse().map_err(|_| wrong())?;
            total = amount.checked_mul(*millis).and_then(|ms| total.checked_add(ms)).ok_or_else(wrong)?;
            rest = tail;
        }
        if total > LONGEST {
            return Err(format!("`{}` is too long; ten years are the most", text.trim()));
        }
        Ok(Self(Duration::from_millis(total)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if left == 0 {
            return out.write_str("0s");
        }
        for (unit, millis) in UNITS {
            if unit == "w" {
                continue; // 14d reads better than 2w
            }
            let amount = left / millis;
            if amount > 0 {
                write!(out, "{amount}{unit}")?;
                left %= millis;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": SPAN_PATTERN,
            "description": "A duration: 30s, 5m, 1h30m, 3d.",
        })
    }
}

/// How long something took, for people: `0:42`, `12:05`, `3 h 07 min`, `2 d 4 h`.
pub fn elapsed(from: Time, to: Time) -> String {
    let seconds = (to - from).num_seconds().max(0);
    match seconds {
        0..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// Lower-case words joined by hyphens: the id a title gets when none is written.
pub fn slug(title: &str) -> String {
    let mut slug = String::with_capacity(title.len());
    for c in title.chars() {
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// Who does something: the name that stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Actor(pub String);

impl fmt::Display for Actor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Lower-case hexadecimal SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex(&Sha256::digest(bytes))
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Removes what could move a reader's cursor, set a title or turn the direction of text: escape sequences,
/// control characters other than newline and tab, and bidirectional overrides. A carriage return ends a line.
pub fn plain(text: &str) -> String {
    // Nearly all text is of these, and is asked for often.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_csi(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    clean.push('\n');
                }
            }
            '\n' | '\t' => clean.push(c),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {}
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    clean
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_escape(chars: &mut Chars<'_>) {
    match chars.next_if(|c| !c.is_control()) {
        Some('[') => skip_csi(chars),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(chars),
        Some(' '..='/') => while chars.next_if(|c| matches!(c, ' '..='~')).is_some_and(|c| matches!(c, ' '..='/')) {},
        _ => {}
    }
}

fn skip_csi(chars: &mut Chars<'_>) {
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    chars.next_if(|c| matches!(c, '@'..='~'));
}

// An operating-system command runs to BEL or ST; one that never ends must not swallow the lines after it.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(c) = chars.next_if(|c| *c != '\n') {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// One line of [`plain`] text: newlines and tabs become spaces.
pub fn plain_line(text: &str) -> String {
    let plain = plain(text);
    if plain.contains(['\n', '\t']) { plain.replace(['\n', '\t'], " ") } else { plain }
}

/// Test builds kill themselves here when told to, so that crash tests can stop a walk at every point.
///
/// `OPSCTL_ABORT_AT=N` kills the process with SIGKILL at the Nth point it passes. Release builds have no such points.
#[inline]
pub fn abort_point() {
    #[cfg(debug_assertions)]
    {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static PASSED: AtomicUsize = AtomicUsize::new(0);
        #[allow(clippy::disallowed_methods, reason = "test builds only")]
        let at = std::env::var("OPSCTL_ABORT_AT").ok().and_then(|at| at.parse::<usize>().ok());
        if at == Some(PASSED.fetch_add(1, Ordering::SeqCst) + 1) {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{Span, Time, later, plain, slug};

    #[test]
    fn what_is_added_to_a_moment_never_leaves_time() {
        assert_eq!(later(Time::UNIX_EPOCH, TimeDelta::seconds(1)).timestamp(), 1);
        assert_eq!(later(Time::UNIX_EPOCH, TimeDelta::MAX), Time::MAX_UTC);
        assert_eq!(later(Time::UNIX_EPOCH, TimeDelta::MIN), Time::MIN_UTC);
    }

    #[test]
    fn spans_read_and_write() {
        for (text, millis) in [("500ms", 500), ("30s", 30_000), ("1h30m", 5_400_000), ("3d", 259_200_000)] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.0.as_millis(), millis);
            assert_eq!(span.to_string(), text);
        }
        for wrong in ["", "30", "s", "5 minutes", "-1s", "3651d", "99999999999999999999w"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn plain_text_has_no_way_to_move_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\u{1b}]0;title\u{7}c\u{9b}1Ad\re\u{202e}f"), "abcd\nef");
        assert_eq!(plain("\u{1b}]0;never ends\nnext"), "\nnext");
        assert_eq!(plain("\u{1b}(Bx\u{1b}P q\u{1b}\\y"), "xy");
    }

    #[test]
    fn slugs_are_ids() {
        assert_eq!(slug("Check Database Status"), "check-database-status");
        assert_eq!(slug("  Vercel: redeploy! "), "vercel-redeploy");
    }
}
