//! The beginning of what somebody else said, fit to be shown.

use crate::ground::plain_line;
use crate::redact::Redactor;

/// How much is shown, in characters.
const SHOWN: usize = 200;

/// The beginning of a text on one line, cleaned and without secrets; `whole` says whether the text ends where it ends.
pub(super) fn excerpt(bytes: &[u8], whole: bool, redactor: &Redactor) -> String {
    let mut stream = redactor.stream();
    let mut shown = stream.push(bytes);
    if whole {
        // Else what is held back may be the beginning of a secret.
        shown.extend(stream.finish());
    }
    // Once more, for an escape sequence may have hidden a secret.
    let shown = redactor.text(&plain_line(&String::from_utf8_lossy(&shown)));
    let shown = shown.trim();
    match shown.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::excerpt;
    use crate::redact::Redactor;

    #[test]
    fn only_a_clean_beginning_is_shown() {
        let redactor = Redactor::new(["hunter2secret".to_owned()]);
        for (text, whole, shown) in [
            (" no \u{1b}[31msuch\r\nhook ", true, "no such hook"),
            ("key hunter2secret!", true, "key •••!"),
            ("key hunter\u{1b}[0m2secret!", true, "key •••!"),
            ("key hunter2sec", false, "key"),
            ("key hunter2sec", true, "key hunter2sec"),
            ("", true, ""),
        ] {
            assert_eq!(excerpt(text.as_bytes(), whole, &redactor), shown, "{text:?}");
        }
        assert_eq!(excerpt(&[b'x'; 300], true, &redactor), format!("{}…", "x".repeat(200)));
    }
}
