//! Texts by others, as they may stand on a public page.

use std::fmt::Write as _;

use crate::ground::{plain, sha256};

/// One line: nothing in it ends it, moves anything or turns the direction of what follows.
pub(super) fn line(text: &str) -> String {
    let line: String = text_of(text).chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// Several lines. Empty ones at both ends are left out.
pub(super) fn body(text: &str) -> String {
    let text = text_of(text);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// The paragraphs of a text: what empty lines part.
pub(super) fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in body(text).lines() {
        match paragraphs.last_mut() {
            Some(last) if !line.is_empty() && last.is_empty() => last.push_str(line),
            Some(last) if !line.is_empty() => {
                let _ = write!(last, "\n{line}");
            }
            Some(last) if !last.is_empty() => paragraphs.push(String::new()),
            _ => {}
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

// No control sequences, none of the line ends that only some readers know, and nothing that XML has no place for.
fn text_of(text: &str) -> String {
    let is_kept = |c: &char| !matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    let ended = |c: char| if matches!(c, '\u{2028}' | '\u{2029}') { '\n' } else { c };
    plain(text).chars().filter(is_kept).map(ended).collect()
}

/// An id as it can stand in a path, an address and an anchor. Ours stay as they are; two others never become one.
pub(super) fn name(id: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !id.is_empty() && id.len() <= 64 && id.chars().all(is_safe) {
        return id.to_owned();
    }
    let kept: String = id.chars().filter(|c| is_safe(*c)).take(32).collect();
    let hash = sha256(id.as_bytes());
    format!("{kept}-{}", &hash[..12]).trim_start_matches('-').to_owned()
}

/// Where the page is published, ready to be put before a path: an http or https address without question and fragment.
pub(super) fn base(url: Option<&str>) -> Option<String> {
    let mut url = url::Url::parse(url?.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        return None;
    }
    let _ = (url.set_username(""), url.set_password(None));
    url.set_query(None);
    url.set_fragment(None);
    let base = url.to_string();
    Some(if base.ends_with('/') { base } else { base + "/" })
}

#[cfg(test)]
mod tests {
    use super::{base, body, line, name, paragraphs};

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line(" a\r\nb\u{2028}c\td\u{85}e\u{b}f\u{a0}g "), "a b c de f g".replace("e f", "ef"));
        assert_eq!(line("\u{1b}[31mred\u{202e}der\u{2066}\u{feff}\u{ffff}\u{0}"), "redder");
        assert_eq!(line("\n\n"), "");
    }

    #[test]
    fn a_body_keeps_its_lines_and_paragraphs() {
        assert_eq!(body("\n\na  \r\nb\r\n\r\n\r\nc\n"), "a\nb\n\n\nc");
        assert_eq!(paragraphs("\n\na\nb\n\n\n  c\n"), ["a\nb", "  c"]);
        assert_eq!(paragraphs("\n \n"), [""; 0]);
    }

    #[test]
    fn an_id_is_a_name_and_others_are_made_into_one() {
        assert_eq!(name("INC-7"), "INC-7");
        let others = ["", ".", "..", "a/b", "a b", "../../etc/passwd", "a\u{0}b", "ä", "\"><script>", &"x".repeat(99)];
        let mut names: Vec<String> = others.iter().map(|id| name(id)).collect();
        for name in &names {
            assert!(!name.is_empty() && name.len() < 64, "{name}");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')), "{name}");
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), others.len());
    }

    #[test]
    fn only_an_address_of_the_web_is_a_base() {
        let of = |url: &str| base(Some(url));
        assert_eq!(of("https://status.example.com").as_deref(), Some("https://status.example.com/"));
        assert_eq!(of("http://u:p@h/status?x=1#y").as_deref(), Some("http://h/status/"));
        for url in ["javascript:alert(1)", "data:text/html,x", "ftp://h/", "status.example.com", "", "//h"] {
            assert_eq!(of(url), None, "{url}");
        }
        assert_eq!(base(None), None);
    }
}
