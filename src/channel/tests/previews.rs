//! Previews: what would be sent, and nothing that must not be seen.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use serde_json::Value;

use super::smtp::Smtpd;
use super::{channel, courier, email, incident, message, shell, statuspage, vars};
use crate::catalog::model::{Channel, Delivery, Webhook};
use crate::channel::{Message, MessageKind, Preview};

const SET: [(&str, &str); 4] = [
    ("SLACK_URL", "https://hooks.slack.test/services/T1/B1/slack-secret"),
    ("HOOK", "https://hooks.test/in/hook-secret"),
    ("KEY", "signing-secret"),
    ("SMTP", "smtps://me:mail-secret@mail.test"),
];

fn preview(delivery: Delivery, message: &Message) -> Preview {
    let vars = vars(&SET);
    let preview = courier(&vars, Path::new("/")).preview(&channel(delivery), message, None).unwrap();
    assert!(!format!("{preview:?}").contains("secret"), "{preview:?}");
    preview
}

#[test]
fn every_channel_shows_what_it_would_send_and_no_key() {
    let hook = || Delivery::Webhook(Webhook { url: "${HOOK}".to_owned(), secret: Some("${KEY}".to_owned()) });
    let mail = || Delivery::Email(email("${SMTP}"));
    for (delivery, kind, to) in [
        (Delivery::File("told.jsonl".to_owned()), "file", "told.jsonl"),
        (hook(), "webhook", "POST hooks.test:443"),
        (Delivery::Slack("${SLACK_URL}".to_owned()), "slack", "POST hooks.slack.test:443"),
        (mail(), "email", "ana@example.com"),
        (shell("page"), "command", "page"),
        (Delivery::Page("status".to_owned()), "page", "status"),
    ] {
        let shown = preview(delivery, &message());
        assert_eq!((shown.kind, shown.to.as_str()), (kind, to));
        assert!(shown.body.contains("api is down"), "{shown:?}");
    }
    let nowhere = Channel { delivery: None, ..channel(shell("")) };
    let vars = vars(&[]);
    let courier = courier(&vars, Path::new("/"));
    assert!(courier.preview(&nowhere, &message(), None).unwrap_err().reason.contains("no way out"));
    let unset = courier.preview(&channel(hook()), &message(), None).unwrap_err();
    assert_eq!(unset.reason, "the environment variable HOOK is not set");
}

#[test]
fn a_status_page_shows_method_path_and_body() {
    let page = || Delivery::Statuspage(statuspage("https://api.test"));
    let mut message = incident("investigating", "m1");
    let new = preview(page(), &message);
    assert_eq!(new.to, "POST /v1/pages/page1/incidents");
    let body: Value = serde_json::from_str(&new.body).unwrap();
    assert_eq!(body["incident"]["metadata"]["opsctl"]["message"], "m1");
    message.thread.as_mut().unwrap().remote = Some("i1".to_owned());
    assert_eq!(preview(page(), &message).to, "PATCH /v1/pages/page1/incidents/i1");
    message.kind = MessageKind::Postmortem;
    assert_eq!(preview(page(), &message).to, "PUT /v1/pages/page1/incidents/i1/postmortem");
}

#[tokio::test]
async fn what_was_shown_is_what_is_sent() {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let note = Arc::clone(&seen);
    let take = |body: String| async move { note.lock().unwrap().push(body) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let routes = Router::new().route("/hook", post(take));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let smtpd = Smtpd::plain();
    let vars = vars(&[]);
    let courier = courier(&vars, Path::new("/"));
    let message = Message { text: "äöü <b> \u{202e}x\n.\n".repeat(200), ..message() };
    for delivery in [
        Delivery::Webhook(Webhook { url: url.clone(), secret: None }),
        Delivery::Slack(url),
        Delivery::Email(email(&format!("smtp+plain://127.0.0.1:{}", smtpd.port))),
    ] {
        let is_mail = delivery.word() == "email";
        let channel = channel(delivery);
        let shown = courier.preview(&channel, &message, None).unwrap();
        courier.deliver(&channel, &message).await.unwrap();
        let sent = if is_mail { smtpd.mails(1)[0].text.clone() } else { seen.lock().unwrap().pop().unwrap() };
        // The line end before the last dot belongs to the way, not to the mail.
        assert_eq!(sent.trim_end(), shown.body.trim_end());
    }
}
