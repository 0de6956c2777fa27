//! Decimal numbers of any size, compared exactly.

use std::cmp::Ordering;

/// A decimal number: its sign, and `0.DIGITS × 10^point`. Zero has no digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    negative: bool,
    digits: String,
    point: i64,
}

impl Number {
    /// Reads `42`, `-0.5`, `1e6`; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let leading = all.len() - significant.len();
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative: false, digits, point: 0 });
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()? + i64::from(exponent);
        Some(Self { negative, digits, point })
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // Digits end at the last that is not zero, so the order of texts is the order of fractions.
            (false, false) => self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::parse(&value.to_string()).unwrap_or(Self { negative: false, digits: String::new(), point: 0 })
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::Number;
    use proptest::{prop_assert_eq, proptest};

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn the_same_number_has_many_spellings() {
        for (one, other) in [("1", "1.0"), ("0", "-0.00"), ("1e3", "1000"), ("12.50", "1.25E1"), ("007", "7")] {
            assert_eq!(number(one), number(other));
        }
        for wrong in ["", "-", ".5", "1.", "1e", "0x10", "1 ", "+1", "--1", "1.2.3", "NaN", "inf", "1e99999999999", "٣"]
        {
            assert_eq!(Number::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn order_is_exact_where_floats_are_not() {
        let ascending = [
            "-18446744073709551617",
            "-1",
            "-0.1",
            "0",
            "1e-2000000000",
            "0.1",
            "0.11",
            "1",
            "9007199254740992",
            "9007199254740993",
            "18446744073709551617",
            "1e2000000000",
        ];
        for pair in ascending.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
        }
    }

    proptest! {
        #[test]
        fn integers_compare_as_integers(left: i64, right: i64) {
            prop_assert_eq!(number(&left.to_string()).cmp(&number(&right.to_string())), left.cmp(&right));
        }

        #[test]
        fn thousandths_compare_as_thousandths(left: i32, right: i32) {
            let written = |value: i32| format!("{value}e-3");
            prop_assert_eq!(number(&written(left)).cmp(&number(&written(right))), left.cmp(&right));
        }

        #[test]
        fn any_text_is_a_number_or_not(text: String) {
            let _ = Number::parse(&text);
        }
    }
}
