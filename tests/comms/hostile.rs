//! Text that wants to be more than text: markup of every kind, line ends, letters that turn the order, escapes.

use serde_json::Value;

use crate::common::hook::Hook;
use crate::common::smtp::{Smtpd, understood};
use crate::{open, world};

/// What people and machines put into fields.
const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "<!channel> <@U123> <https://evil.test|click>",
    "*bold* _it_ `code` ~gone~ [link](javascript:alert(1)) ![x](https://evil.test/x.png)",
    "a\r\nBcc: eve@evil.test\r\n\r\nbody",
    "abc \u{202e}drowssap\u{2066} \u{200f}x",
    "\u{1b}[2J\u{1b}]0;pwned\u{7}red\u{9b}31m",
    "</title><img src=x onerror=alert(1)> & \"quotes\" 'single'",
    "{{ incident.title }} {% raw %} ${HOME} $(id) `id`",
    "# Heading\n- item\n> quote\n---\n<!-- comment",
];

/// Characters that no reader may get: they move cursors or turn the order of letters.
fn is_tame(text: &str) -> bool {
    !text.chars().any(|c| matches!(c, '\u{1b}' | '\u{7}' | '\u{9b}' | '\r' | '\u{202e}' | '\u{2066}' | '\u{200f}'))
}

#[test]
fn it_reaches_no_reader_as_anything_but_text() {
    let (hook, slack, server) = (Hook::start(|_| 200), Hook::start(|_| 200), Smtpd::plain());
    let world = world(&format!(
        "  hook: {{title: H, audience: team, webhook: \"{}\"}}\n  slack: {{title: S, audience: team, slack: \"{}\"}}\n  site: {{title: P, audience: public, page: site}}\n  mails: {{title: M, audience: customers, email: {{server: \"smtp+plain://127.0.0.1:{}\", from: shop@example.com, to: [ann@example.com]}}}}\n",
        hook.url(),
        slack.url(),
        server.port
    ));
    let mut sent = 0;
    for text in HOSTILE {
        world
            .run(&[
                "incident",
                "open",
                "--title",
                text,
                "--seen",
                text,
                "--service",
                "api",
                "--severity",
                "P1",
                "--source",
                text,
            ])
            .exits(0);
        sent += 1;
        let id = format!("INC-{sent}");
        for args in [
            vec!["note", &id, text],
            vec!["decide", &id, text, "--reason", text],
            vec!["impact", &id, text],
            vec!["role", &id, "commander", text],
            vec!["role", &id, "commander", "ana", "--note", text],
            vec!["todo", &id, text],
            vec!["action", "add", &id, text, "--type", "detective", "--owner", text],
            vec!["status", &id, "identified", "--reason", text],
            vec!["severity", &id, "P3", "--reason", text],
        ] {
            world.run(&[&["incident"], &args[..]].concat()).exits(0);
        }
        let to = ["--to", "hook", "--to", "slack", "--to", "site", "--to", "mails", "--approve", "--subject", text];
        world.run(&[&["incident", "update", &id, text], &to[..]].concat()).exits(0);
        for command in ["show", "timeline", "comms"] {
            let outcome = world.run(&["--color", "never", "incident", command, &id]).exits(0);
            assert!(is_tame(&outcome.stdout) && is_tame(&outcome.stderr), "{command}: {outcome:?}");
        }
        let shown = world.run(&["--color", "never", "message", "show", &format!("{id}.m1"), "--preview"]).exits(0);
        assert!(is_tame(&shown.stdout.replace('\r', "")), "{shown:?}");
    }
    let everything = world.run(&["--color", "never"]).exits(0);
    assert!(is_tame(&everything.stdout), "{everything:?}");
    slack_is_tame(&slack, sent);
    mails_are_tame(&server, sent);
    page_is_tame(&world.read("site/index.html"));
    world.run(&["journal", "verify"]).exits(0);
}

fn slack_is_tame(slack: &Hook, sent: usize) {
    assert_eq!(slack.told().len(), sent);
    for told in slack.told() {
        let body = told.message.to_string();
        assert!(!body.contains("<!channel>") && !body.contains("<@U123>") && !body.contains("<https://"), "{body}");
        let blocks = told.message["blocks"].as_array().unwrap();
        let types = blocks.iter().flat_map(|block| [&block["text"]["type"], &block["elements"][0]["type"]]);
        for kind in types.filter_map(Value::as_str) {
            assert_eq!(kind, "plain_text", "{body}");
        }
        let words = blocks.iter().filter_map(|block| block["text"]["text"].as_str());
        assert!(words.into_iter().all(is_tame), "{body}");
    }
}

#[track_caller]
fn mails_are_tame(server: &Smtpd, sent: usize) {
    for mail in server.mails(sent) {
        assert_eq!(mail.to, ["ann@example.com"]);
        let names = mail.header_names();
        assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("bcc")), "{names:?}");
        let read = understood(&mail.text);
        let html = read["html"].as_str().unwrap();
        for tag in ["<script", "<img", "<a ", "<!--"] {
            assert!(!html.contains(tag), "{tag}: {html}");
        }
        assert!(is_tame(read["plain"].as_str().unwrap()), "{read}");
        assert!(is_tame(read["headers"]["Subject"].as_str().unwrap()), "{read}");
        assert_eq!(read["defects"], serde_json::json!([]));
    }
}

#[track_caller]
fn page_is_tame(page: &str) {
    assert!(page.contains("&lt;script&gt;"), "the texts are not on the page");
    let body = &page[page.find("<body").unwrap()..];
    for tag in ["<script", "<img", "<!--", "href=\"javascript", "onerror=alert(1)>"] {
        assert!(!body.contains(tag), "{tag}: {page}");
    }
    assert!(is_tame(page));
}

#[test]
fn private_letters_of_a_writer_fill_in_nothing() {
    let server = Smtpd::plain();
    let world = world(&format!(
        "  mails: {{title: M, audience: customers, email: {{server: \"smtp+plain://127.0.0.1:{}\", from: shop@example.com, to: customers.csv}}}}\n",
        server.port
    ));
    world.write("customers.csv", "email,token\nann@example.com,s3cr3t\n");
    let id = open(&world, &[]);
    let text = "your \u{e000}token\u{e001} is safe";
    world.run(&["incident", "update", &id, text, "--to", "mails", "--approve"]).exits(0);
    assert!(!server.mails(1)[0].text.contains("s3cr3t"));
}
