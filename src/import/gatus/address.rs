//! Addresses: what a probe takes for a host, and what for a URL.

use crate::import::notes::Notes;
use crate::import::phrase::{Phrase, is_name};
use crate::template::has_marks;

/// Whether a text is `host:port`, or a host alone where a port is known anyway; else what is wrong with it.
pub(super) fn place(text: &str, needs_port: bool) -> Result<(), &'static str> {
    let with_port = text.matches(':').count() == 1 || text.starts_with('[');
    let port = text.rsplit_once(':').map(|(_, port)| port).filter(|_| with_port && !text.ends_with(']'));
    let host = port.map_or(text, |port| &text[..text.len() - port.len() - 1]);
    if host.trim().is_empty() || text.contains("://") || text.contains(char::is_whitespace) || has_marks(text) {
        return Err("this is not a host");
    }
    if let Some(odd) = odd_variables(text) {
        return if odd { Err("this is not a host") } else { Ok(()) };
    }
    match port {
        None if needs_port => Err("the address has no port"),
        Some(port) if port.parse::<u16>().is_err() => Err("the address has no port that is a number"),
        _ => Ok(()),
    }
}

/// Whether a `${` stands in a text that begins no variable; none when there is no `${`.
fn odd_variables(text: &str) -> Option<bool> {
    let mut parts = text.split("${").skip(1).peekable();
    parts.peek()?;
    Some(parts.any(|rest| !rest.split_once('}').is_some_and(|(name, _)| is_name(name))))
}

/// A URL with its variables; braces of other kinds are percent-encoded, which changes nothing for the server.
pub(super) fn url(phrase: &Phrase, at: &str, notes: &mut Notes) -> String {
    phrase.remark(at, notes);
    let escaped = |text: &str| text.replace('{', "%7B").replace('}', "%7D");
    phrase.text_with(escaped).trim().replace(' ', "%20")
}

/// Whether a text can be the name of a header.
pub(super) fn is_header(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{place, url};
    use crate::import::notes::Notes;
    use crate::import::phrase::Phrase;

    #[test]
    fn hosts_are_told_from_other_texts() {
        for good in ["db:5432", "[::1]:80", "10.0.0.1:1", "${HOST}", "${HOST}:${PORT}", "a.test:443"] {
            assert_eq!(place(good, true), Ok(()), "{good}");
        }
        for wrong in [
            "",
            " ",
            "db",
            "db:",
            "db:http",
            "db:70000",
            "a b:1",
            "http://a:1",
            "db:80/x",
            ":80",
            "{{a}}:1",
            "${:1",
            "${a b}:1",
        ] {
            assert!(place(wrong, true).is_err(), "{wrong}");
        }
        for good in ["db", "::1", "[::1]", "1111:2222:3333::4444"] {
            assert_eq!(place(good, false), Ok(()), "{good}");
        }
    }

    #[test]
    fn braces_in_urls_are_no_marks() {
        let mut notes = Notes::default();
        let made = url(&Phrase::new(" https://$HOST/{{x}}?q=$${y} z\n"), "url", &mut notes);
        assert_eq!(made, "https://${HOST}/%7B%7Bx%7D%7D?q=$%7By%7D%20z");
        assert_eq!(notes.left_out, []);
    }
}
