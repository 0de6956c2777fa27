//! Durations as Go writes them: `1h30m`, `1.5s`, `500ms`.

use std::str::FromStr as _;

use crate::ground::Span;

/// The units in nanoseconds; a micro sign comes as two different characters.
const UNITS: [(&str, u128); 8] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
];

/// The span of a duration. A part of a millisecond counts as a whole one: less than written would be too little.
pub(super) fn span(text: &str) -> Result<Span, String> {
    let wrong = || "this is not a duration: Go writes it like 1h30m or 1.5s".to_owned();
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    if unsigned == "0" {
        return Ok(Span::default());
    }
    let millis = nanoseconds(unsigned).ok_or_else(wrong)?.div_ceil(1_000_000);
    Span::from_str(&format!("{millis}ms")).map_err(|_| "this is too long; ten years are the most".to_owned())
}

fn nanoseconds(mut rest: &str) -> Option<u128> {
    let mut sum: u128 = 0;
    loop {
        let is_amount = |c: char| c.is_ascii_digit() || c == '.';
        let (amount, tail) = rest.split_at(rest.find(|c| !is_amount(c))?);
        let (unit, tail) = tail.split_at(tail.find(is_amount).unwrap_or(tail.len()));
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(part(amount, *size)?)?;
        if tail.is_empty() {
            return Some(sum);
        }
        rest = tail;
    }
}

/// So many of a unit, and what stands behind the point, cut off below a nanosecond.
fn part(amount: &str, size: u128) -> Option<u128> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(15)];
    let digits: u128 = format!("0{whole}{fraction}").parse().ok()?;
    Some(digits.checked_mul(size)? / 10_u128.pow(u32::try_from(fraction.len()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn what_go_writes_is_read() {
        for (text, expected) in [
            ("1h30m", "1h30m"),
            ("1.5s", "1s500ms"),
            ("500ms", "500ms"),
            ("90s", "1m30s"),
            ("1.5h", "1h30m"),
            (".5m", "30s"),
            ("1.m", "1m"),
            ("36h", "1d12h"),
            ("+2m", "2m"),
            ("0", "0s"),
            ("0s", "0s"),
            ("1us", "1ms"),
            ("1500µs", "2ms"),
            ("1h0.000001s", "1h1ms"),
            ("2.000000000000000000001s", "2s"),
        ] {
            assert_eq!(span(text).map(|span| span.to_string()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in ["", "60", "5 m", "-5m", "1d", "1w", "s", ".s", "1.2.3s", "1h-5m", "five minutes", "5M", "٣s"] {
            assert!(span(text).is_err(), "{text}");
        }
        assert_eq!(span("100000h").unwrap_err(), "this is too long; ten years are the most");
        assert!(span(&format!("{}h", "9".repeat(60))).is_err());
    }
}
