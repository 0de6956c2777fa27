//! A subject in a header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::message::header::{HeaderName, HeaderValue};

/// So many bytes of a text make an encoded word that fits into the 75 characters it may have (RFC 2047).
const WORD: usize = 45;

/// The header of a subject, which has no line ends.
///
/// What looks like an encoded word is encoded: else whoever reads the mail would decode what somebody wrote, line ends
/// and all.
pub(super) fn header(subject: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Subject");
    if subject.contains("=?") {
        HeaderValue::dangerous_new_pre_encoded(name, subject.to_owned(), encoded(subject))
    } else {
        HeaderValue::new(name, subject.to_owned())
    }
}

fn encoded(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD));
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn words_are_short_and_cut_between_characters() {
        assert_eq!(encoded("=?x?="), "=?utf-8?B?PT94Pz0=?=");
        let words = encoded(&"ä=?".repeat(40));
        assert!(words.split("\r\n ").all(|word| word.len() <= 75 && word.starts_with("=?utf-8?B?")), "{words}");
        assert_eq!(words.split("\r\n ").count(), 4);
    }
}
