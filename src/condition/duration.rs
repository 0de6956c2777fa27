//! Durations as Go writes them, to the last digit, and days and weeks besides.

use super::number::Number;

const SECOND: u128 = 1_000_000_000;
const DAY: u128 = 24 * 3600 * SECOND;

/// The units in nanoseconds. Go knows all but the first two; a micro sign comes as two different characters.
const UNITS: [(&str, u128); 10] = [
    ("w", 7 * DAY),
    ("d", DAY),
    ("h", 3600 * SECOND),
    ("m", 60 * SECOND),
    ("s", SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
];

/// A duration such as `1h30m`, `-1.5h` or `7d` in milliseconds, exactly.
pub fn millis(text: &str) -> Option<Number> {
    let (negative, sum) = read(text, &UNITS)?;
    let sign = if negative { "-" } else { "" };
    Number::parse(&format!("{sign}{}e-{}", sum.digits, sum.places + 6))
}

/// A duration as Go knows them, in whole milliseconds; none when it is nothing at all, for so Gatus asks.
pub fn go_millis(text: &str) -> Option<i64> {
    let (negative, sum) = read(text, &UNITS[2..])?;
    let nanos = i64::try_from(sum.digits / 10_u128.checked_pow(sum.places)?).ok()?;
    let nanos = if negative { -nanos } else { nanos };
    (nanos != 0).then_some(nanos / 1_000_000)
}

/// Nanoseconds, of which the last digits stand behind the point.
#[derive(Clone, Copy)]
struct Sum {
    digits: u128,
    places: u32,
}

fn read(text: &str, units: &[(&str, u128)]) -> Option<(bool, Sum)> {
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut sum = Sum { digits: 0, places: 0 };
    loop {
        let is_amount = |c: char| c.is_ascii_digit() || c == '.';
        let (amount, tail) = rest.split_at(rest.find(|c| !is_amount(c))?);
        let (unit, tail) = tail.split_at(tail.find(is_amount).unwrap_or(tail.len()));
        let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
        sum = sum.plus(amount, *size)?;
        if tail.is_empty() {
            return Some((negative, sum));
        }
        rest = tail;
    }
}

impl Sum {
    /// None when the amount is no number, or more than anybody means.
    fn plus(self, amount: &str, size: u128) -> Option<Self> {
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
        let fraction = if whole.is_empty() { fraction } else { fraction.trim_end_matches('0') };
        let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
        let added = Self { digits: digits.checked_mul(size)?, places: u32::try_from(fraction.len()).ok()? };
        let places = self.places.max(added.places);
        let digits = self.at(places)?.checked_add(added.at(places)?)?;
        Some(Self { digits, places })
    }

    /// Its digits with this many behind the point.
    fn at(self, places: u32) -> Option<u128> {
        self.digits.checked_mul(10_u128.checked_pow(places - self.places)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{go_millis, millis};
    use crate::condition::number::Number;
    use proptest::{prop_assert_eq, proptest};

    #[test]
    fn durations_are_exact_milliseconds() {
        for (text, expected) in [
            ("0s", "0"),
            ("1ns", "0.000001"),
            ("734us", "0.734"),
            ("734µs", "0.734"),
            ("734μs", "0.734"),
            ("500ms", "500"),
            ("1.5h", "5400000"),
            (".5s", "500"),
            ("1.s", "1000"),
            ("1h30m", "5400000"),
            ("-1m0.25s", "-60250"),
            ("+2m", "120000"),
            ("7d", "604800000"),
            ("2w", "1209600000"),
            ("1w1d0.1h", "691560000"),
            ("0.000000000001ns", "1e-18"),
            ("9007199254740993ms", "9007199254740993"),
            ("100000000d", "8640000000000000"),
        ] {
            assert_eq!(millis(text), Number::parse(expected), "{text}");
        }
        for wrong in
            ["", "-", "5", "s", ".s", "-.s", "1.2.3s", "5 s", "1h 5m", "1h-5m", "--5s", "5S", "5y", "1e3s", "٣s"]
        {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
        assert_eq!(millis(&format!("{}s", "9".repeat(60))), None);
    }

    #[test]
    fn go_knows_no_days_and_counts_whole_milliseconds() {
        for (text, expected) in [
            ("48h", Some(172_800_000)),
            ("1.5ms", Some(1)),
            ("-1.9ms", Some(-1)),
            ("900us", Some(0)),
            ("0s", None),
            ("7d", None),
            ("2562047h", Some(9_223_369_200_000)),
            ("2562048h", None),
        ] {
            assert_eq!(go_millis(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn seconds_and_milliseconds_add_up(seconds: u32, milliseconds: u32) {
            let sum = u64::from(seconds) * 1000 + u64::from(milliseconds);
            prop_assert_eq!(millis(&format!("{seconds}s{milliseconds}ms")), Number::parse(&sum.to_string()));
        }

        #[test]
        fn any_text_is_a_duration_or_not(text in r"[-+.0-9nuµmshdw]{0,12}") {
            let _ = (millis(&text), go_millis(&text));
        }
    }
}
