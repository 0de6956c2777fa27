//! What somebody wrote reaches every reader as text, whatever it is made of.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::smtp::{Smtpd, understood};
use super::{channel, courier, email, shell, statuspage, thread, vars};
use crate::catalog::model::{Delivery, Email, Recipients};
use crate::channel::{Message, Recipient, Thread, placeholder};

const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</div></body></html><!-- --><style>*{display:none}</style>",
    "**bold** _it_ `code` [click](javascript:alert(1)) ![x](http://evil.test/x.png)",
    "<!channel> <!here> <@U123> <#C1> <https://evil.test|https://good.test> @here",
    "a\r\nBcc: eve@evil.test\r\nX-Evil: 1\r\n\r\nbody",
    "a\nb\rc\u{b}d\u{c}e\u{85}f\u{2028}g\u{2029}h",
    "\u{202e}gnp.exe\u{202c} \u{2066}x\u{2069} \u{200e}\u{200f}\u{61c}",
    "\u{1b}[2J\u{1b}]0;title\u{7} \u{9b}31m \u{90}x\u{9c} \0 \u{8}\u{7f}",
    "\r\n.\r\nMAIL FROM:<eve@evil.test>\r\n",
    "=?utf-8?q?=0D=0ABcc:_eve?= =3D --opsctl-0 --opsctl",
    "&lt;b&gt; &amp;amp; &#60;x&#62; \"'`",
    "العربية שלום 你好 é 😀",
];

fn is_bad(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    turns || c.is_control() && !matches!(c, '\n' | '\t')
}

fn message(hostile: &str) -> Message {
    let thread = Thread { name: hostile.to_owned(), ..thread() };
    Message {
        title: hostile.to_owned(),
        text: format!("{hostile}\n{hostile}"),
        data: json!({ "said": hostile }),
        thread: Some(thread),
        ..super::message()
    }
}

/// What must arrive: the same words without what is no word.
fn words(text: &str) -> Vec<String> {
    let clean = crate::ground::plain(text).replace(['\u{2028}', '\u{2029}'], " ");
    clean.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn mails_have_our_headers_and_the_text_as_text() {
    let smtpd = Smtpd::plain();
    let vars = vars(&[]);
    let courier = courier(&vars, Path::new("/"));
    let server = format!("smtp+plain://127.0.0.1:{}", smtpd.port);
    for (index, hostile) in HOSTILE.into_iter().enumerate() {
        let fields = [("name".to_owned(), format!("x{hostile}"))].into();
        let ana = Recipient { address: "ana@example.com".to_owned(), fields };
        let mut message = message(hostile);
        message.title.push_str(&placeholder("name"));
        message.text = format!("{}{}", message.text, placeholder("name"));
        let email = Email { to: Recipients::List(vec![ana]), ..email(&server) };
        courier.deliver(&channel(Delivery::Email(email)), &message).await.unwrap();
        let mail = smtpd.mails(index + 1).pop().unwrap();
        let names = [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "X-Opsctl-Message",
            "In-Reply-To",
            "References",
            "MIME-Version",
            "Content-Type",
        ];
        let (mut seen, mut expected) = (mail.header_names(), names.map(str::to_owned).to_vec());
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected, "{hostile:?}: {}", mail.text);
        assert!(mail.text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])), "{hostile:?}");
        let read = understood(&mail.text);
        assert_eq!(read["kinds"], json!(["multipart/alternative", "text/plain", "text/html"]), "{hostile:?}");
        let [subject, plain, html] = [&read["headers"]["Subject"], &read["plain"], &read["html"]];
        assert!([subject, plain, html].iter().all(|part| !part.as_str().unwrap().contains(is_bad)), "{read}");
        assert!(!subject.as_str().unwrap().contains('\n'), "{read}");
        assert_eq!(words(plain.as_str().unwrap()), words(&format!("{hostile}\n{hostile}x{hostile}")));
        let html = html.as_str().unwrap();
        let tags: Vec<&str> = html.split('<').skip(1).map(|tag| tag.split(['>', ' ']).next().unwrap()).collect();
        let ours =
            ["!DOCTYPE", "html", "head", "meta", "title", "/title", "/head", "body", "div", "/div", "/body", "/html"];
        assert_eq!(tags, ours, "{html}");
    }
}

#[tokio::test]
async fn files_and_commands_get_one_line_without_anything_that_moves_a_cursor() {
    let dir = TempDir::new().unwrap();
    let vars = vars(&[]);
    let courier = courier(&vars, dir.path());
    for (index, hostile) in HOSTILE.into_iter().enumerate() {
        let message = Message { id: format!("m{index}"), ..message(hostile) };
        courier.deliver(&channel(Delivery::File("told".to_owned())), &message).await.unwrap();
        courier.deliver(&channel(shell("printf '%s\\n' \"$OPSCTL_MESSAGE\" >> got")), &message).await.unwrap();
    }
    let told = fs::read_to_string(dir.path().join("told")).unwrap();
    assert_eq!(told, fs::read_to_string(dir.path().join("got")).unwrap());
    assert!(!told.contains(is_bad), "{told:?}");
    assert_eq!(told.lines().count(), HOSTILE.len());
    for (line, hostile) in told.lines().zip(HOSTILE) {
        let read: Value = serde_json::from_str(line).unwrap();
        assert_eq!(read["data"]["said"], hostile, "programs get it as it was");
        assert!(!read["title"].as_str().unwrap().contains('\n') && !read["text"].as_str().unwrap().contains(is_bad));
    }
}

#[test]
fn slack_and_status_pages_find_no_markup() {
    let vars = vars(&[]);
    let courier = courier(&vars, Path::new("/"));
    for hostile in HOSTILE {
        let message = message(hostile);
        let slack = channel(Delivery::Slack("https://hooks.slack.test/x".to_owned()));
        let shown = courier.preview(&slack, &message, None).unwrap().body;
        assert!(!shown.contains(is_bad) && !shown.contains(['<', '>', '\n']), "{shown}");
        let read: Value = serde_json::from_str(&shown).unwrap();
        let blocks = read["blocks"].as_array().unwrap();
        let texts =
            blocks.iter().flat_map(|block| [&block["text"], &block["elements"][0]]).filter(|text| !text.is_null());
        assert!(texts.into_iter().all(|text| text["type"] == "plain_text"), "{shown}");
        let page = channel(Delivery::Statuspage(statuspage("https://api.test")));
        let shown = courier.preview(&page, &message, None).unwrap().body;
        let read: Value = serde_json::from_str(&shown).unwrap();
        let body = read["incident"]["body"].as_str().unwrap();
        assert!(!body.contains(['<', '>', '*', '[', '`']) && !body.contains(is_bad), "{body}");
        assert!(!read["incident"]["name"].as_str().unwrap().contains(|c| is_bad(c) || c == '\n'), "{shown}");
    }
}
