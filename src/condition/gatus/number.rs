//! Numbers as Go reads and writes them.

use crate::condition::duration;

/// An integer with an optional sign, base prefix (`0x`, `0o`, `0b`, or a plain `0` for octal) and underscores.
pub fn integer(text: &str) -> Option<i64> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let lower = rest.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") if lower.len() > 2 => (16, &lower[2..]),
        Some("0o") if lower.len() > 2 => (8, &lower[2..]),
        Some("0b") if lower.len() > 2 => (2, &lower[2..]),
        Some(_) if lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    // An underscore stands between digits, or between the prefix and a digit.
    let misplaced = digits.ends_with('_') || digits.contains("__") || (base == 10 && digits.starts_with('_'));
    if misplaced || digits.contains(['+', '-']) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{}", digits.replace('_', "")), base).ok()
}

/// What Gatus puts in order: a duration in milliseconds, an integer, a float without its fraction, or else 0.
pub fn quantity(text: &str) -> i64 {
    duration::go_millis(text).or_else(|| integer(text)).unwrap_or_else(|| truncated(text))
}

#[allow(clippy::cast_possible_truncation, reason = "that is what Gatus does")]
fn truncated(text: &str) -> i64 {
    match text.parse::<f64>() {
        // More than a float can hold is an error to Go, an infinity that is written is not.
        Ok(float) if float.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) => 0,
        Ok(float) => float as i64,
        Err(_) => 0,
    }
}

/// A float as Go prints it by itself: `42`, `0.5`, `1e+06`.
pub fn printed(float: f64) -> String {
    let (mantissa, exponent) = parts(float);
    match exponent {
        -4..6 => float.to_string(),
        _ => format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.unsigned_abs()),
    }
}

/// A float as Go writes it into JSON, where only very large and very small ones have an exponent.
pub fn json(float: f64) -> String {
    let (mantissa, exponent) = parts(float);
    match exponent {
        -6..21 => float.to_string(),
        _ => format!("{mantissa}e{exponent:+}"),
    }
}

/// The shortest digits that mean this float, and its exponent.
fn parts(float: f64) -> (String, i32) {
    let written = format!("{float:e}");
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    (mantissa.to_owned(), exponent.parse().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{integer, json, printed, quantity};
    use proptest::{prop_assert_eq, proptest};

    #[test]
    fn integers_have_bases() {
        for (text, expected) in [
            ("0", Some(0)),
            ("200", Some(200)),
            ("-7", Some(-7)),
            ("+7", Some(7)),
            ("0x1F", Some(31)),
            ("-0XfF", Some(-255)),
            ("0o17", Some(15)),
            ("017", Some(15)),
            ("0b0010", Some(2)),
            ("1_000", Some(1000)),
            ("0x_1f", Some(31)),
            ("0_7", Some(7)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("08", None),
            ("0x", None),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("--1", None),
            ("0x-1", None),
            ("1e6", None),
            ("", None),
            ("-", None),
            (" 1", None),
        ] {
            assert_eq!(integer(text), expected, "{text}");
        }
    }

    #[test]
    fn everything_has_a_quantity() {
        for (text, expected) in [
            ("48h", 172_800_000),
            ("500", 500),
            ("0x10", 16),
            ("123.9", 123),
            ("-1.9", -1),
            ("1e+06", 1_000_000),
            ("7d", 0),
            ("0s", 0),
            ("UP", 0),
            ("", 0),
            ("1e400", 0),
        ] {
            assert_eq!(quantity(text), expected, "{text}");
        }
    }

    #[test]
    fn floats_get_an_exponent_from_a_million_on() {
        for (float, by_itself, in_json) in [
            (0.0, "0", "0"),
            (1.0, "1", "1"),
            (-2.5, "-2.5", "-2.5"),
            (999_999.0, "999999", "999999"),
            (123_456.78, "123456.78", "123456.78"),
            (1e6, "1e+06", "1000000"),
            (1_234_567.0, "1.234567e+06", "1234567"),
            (1e21, "1e+21", "1e+21"),
            (1e100, "1e+100", "1e+100"),
            (0.0001, "0.0001", "0.0001"),
            (0.00012, "0.00012", "0.00012"),
            (0.00001, "1e-05", "0.00001"),
            (1e-7, "1e-07", "1e-7"),
        ] {
            assert_eq!((printed(float).as_str(), json(float).as_str()), (by_itself, in_json));
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(float in proptest::num::f64::NORMAL) {
            prop_assert_eq!(printed(float).parse(), Ok(float));
            prop_assert_eq!(json(float).parse(), Ok(float));
        }

        #[test]
        fn any_text_is_a_number_or_not(text: String) {
            let _ = (integer(&text), quantity(&text));
        }
    }
}
