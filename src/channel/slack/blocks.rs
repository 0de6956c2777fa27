//! A message in Slack's blocks.
//!
//! All of it stands in `plain_text`, where nothing is formatted, and `&`, `<` and `>` are escaped all the same: they are
//! what `<!channel>` and `<@U123>` are made of, and the text beside the blocks is looked at for those, too.

use serde_json::{Value, json};

use crate::channel::Message;
use crate::channel::letter::visible;
use crate::channel::shorten::{MARK, fitting, shorten};

/// A header's length.
const HEADER: usize = 150;

/// A section's length.
const SECTION: usize = 3000;

/// The length of all sections; Slack takes some 13,000 in all.
const ALL: usize = 12_000;

/// The length of the text that stands in notifications.
const NOTICE: usize = 3000;

/// What is posted.
pub(super) fn body(message: &Message) -> String {
    let parts = [&message.title, &message.text].map(|part| part.trim());
    let [title, text] = parts;
    let notice = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
    let notice = shorten(&notice, NOTICE, "…", cost);
    let mut blocks = Vec::new();
    if !title.is_empty() {
        blocks.push(json!({"type": "header", "text": plain(&shorten(title, HEADER, "…", cost))}));
    }
    let whole = shorten(text, ALL, MARK, cost);
    blocks.extend(sections(&whole).into_iter().map(|text| json!({"type": "section", "text": plain(text)})));
    let context = context(message);
    blocks.push(json!({"type": "context", "elements": [plain(&context)]}));
    let body = json!({
        "text": escape(if notice.is_empty() { &context } else { &notice }),
        "blocks": blocks,
        "mrkdwn": false,
        "link_names": false,
        "parse": "none",
        "unfurl_links": false,
        "unfurl_media": false,
    });
    visible(&body.to_string())
}

fn context(message: &Message) -> String {
    let at = message.at.format("%Y-%m-%d %H:%M UTC");
    match &message.thread {
        Some(thread) => format!("{} · {at}", thread.incident),
        None => at.to_string(),
    }
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": escape(text), "emoji": false})
}

/// The text in pieces that fit into a section each, cut between lines where that can be.
fn sections(text: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.trim().is_empty() {
        let most = fitting(rest, SECTION, cost);
        let end = if most == rest.len() { most } else { rest[..most].rfind('\n').map_or(most, |line| line + 1) };
        let (piece, after) = rest.split_at(end);
        // A piece of nothing but line ends is no section.
        let piece = piece.trim_end_matches('\n');
        if !piece.trim().is_empty() {
            pieces.push(piece);
        }
        rest = after;
    }
    pieces
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What a character takes: Slack counts as JavaScript does.
fn cost(c: char) -> usize {
    match c {
        '&' => "&amp;".len(),
        '<' | '>' => "&lt;".len(),
        c => c.len_utf16(),
    }
}

#[cfg(test)]
mod tests {
    use super::{SECTION, body, cost, sections};
    use crate::channel::tests::message;
    use crate::channel::{Message, Thread};
    use serde_json::{Value, json};

    fn posted(message: &Message) -> Value {
        serde_json::from_str(&body(message)).unwrap()
    }

    #[test]
    fn nobody_is_called_by_what_somebody_wrote() {
        let thread = Thread { incident: "INC-7".to_owned(), ..crate::channel::tests::thread() };
        let (title, text) = ("<!channel> & *down*".to_owned(), "<@U1> `x` <https://evil.test|ok> :fire:".to_owned());
        let posted = posted(&Message { title, text, thread: Some(thread), ..message() });
        let plain = |text: &str| json!({"type": "plain_text", "text": text, "emoji": false});
        assert_eq!(
            posted["blocks"],
            json!([
                {"type": "header", "text": plain("&lt;!channel&gt; &amp; *down*")},
                {"type": "section", "text": plain("&lt;@U1&gt; `x` &lt;https://evil.test|ok&gt; :fire:")},
                {"type": "context", "elements": [plain("INC-7 · 2026-11-23 03:00 UTC")]},
            ])
        );
        assert!(posted["text"].as_str().unwrap().starts_with("&lt;!channel&gt; &amp; *down*\n&lt;@U1&gt;"));
        for (key, value) in [("mrkdwn", false), ("link_names", false), ("unfurl_links", false), ("unfurl_media", false)]
        {
            assert_eq!(posted[key], value, "{key}");
        }
    }

    #[test]
    fn long_texts_come_in_several_sections_and_end_with_a_mark() {
        let line = format!("{}&\n", "x".repeat(700));
        let text = line.repeat(40);
        let posted = posted(&Message { text, title: "t".repeat(200), ..message() });
        let blocks = posted["blocks"].as_array().unwrap();
        let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"]["text"].as_str()).collect();
        assert_eq!(texts[0], format!("{}…", "t".repeat(149)));
        assert!(texts[1..].iter().all(|text| text.len() <= SECTION && !text.is_empty()), "{texts:?}");
        assert!(texts[1..texts.len() - 1].iter().all(|text| text.ends_with("x&amp;")), "{texts:?}");
        assert!(texts.iter().map(|text| text.len()).sum::<usize>() < 12_500);
        assert!(texts[texts.len() - 1].ends_with("too long for this channel)"), "{texts:?}");
    }

    #[test]
    fn no_section_is_cut_inside_a_character() {
        let text = "😀&".repeat(3000);
        let pieces = sections(&text);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.iter().all(|piece| piece.chars().map(cost).sum::<usize>() <= SECTION));
        assert_eq!(sections("\n\n \n"), [""; 0]);
    }

    #[test]
    fn a_message_without_words_has_no_empty_block() {
        let posted = posted(&Message { title: " ".to_owned(), text: "\n".to_owned(), ..message() });
        assert_eq!(posted["blocks"].as_array().unwrap().len(), 1);
        assert_eq!(posted["text"], "2026-11-23 03:00 UTC");
    }
}
