//! Slack's incoming webhooks, and what their answers mean.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Path as Named;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;

use super::{assert_failed, channel, courier, deliver, message, vars};
use crate::catalog::model::Delivery;
use crate::channel::placeholder;
use crate::channel::{Message, Receipt};

/// What Slack says no with.
const WORDS: [(u16, &str); 6] = [
    (400, "invalid_payload"),
    (403, "action_prohibited"),
    (404, "no_service"),
    (410, "channel_is_archived"),
    (429, "rate_limited"),
    (500, "rollup_error"),
];

type Seen = Arc<Mutex<Vec<Value>>>;

async fn server() -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let note = Arc::clone(&seen);
    let take = |body: String| async move {
        note.lock().unwrap().push(serde_json::from_str(&body).unwrap());
        "ok"
    };
    let no = |Named(status): Named<u16>| async move {
        let word = WORDS.iter().find(|known| known.0 == status).unwrap().1;
        (StatusCode::from_u16(status).unwrap(), [("retry-after", "30")], word)
    };
    let routes = Router::new().route("/services/T1/B1/secret", post(take)).route("/no/{status}/secret", post(no));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (address, seen)
}

#[tokio::test]
async fn a_message_is_posted_in_blocks() {
    let (address, seen) = server().await;
    let url = format!("http://{address}/services/T1/B1/secret");
    let receipt =
        deliver(Delivery::Slack("${SLACK_URL}".to_owned()), &[("SLACK_URL", &url)], Path::new("/")).await.unwrap();
    assert_eq!(receipt, Receipt::taken(format!("{address} answered 200 OK")));
    let seen = seen.lock().unwrap();
    let texts: Vec<&Value> = (0..2).map(|block| &seen[0]["blocks"][block]["text"]["text"]).collect();
    assert_eq!(texts, ["api is down", "api is down\nsince 03:00"]);
    assert_eq!(seen[0]["text"], "api is down\napi is down\nsince 03:00");
}

#[tokio::test]
async fn slack_is_asked_again_when_it_is_busy_only() {
    let (address, _) = server().await;
    for (status, word) in WORDS {
        let again = status > 410;
        let url = format!("http://{address}/no/{status}/secret");
        let outcome = deliver(Delivery::Slack(url), &[], Path::new("/")).await;
        let after = outcome.clone().unwrap_err().after;
        assert_eq!(after, again.then_some(Duration::from_secs(30)), "{status}");
        assert_failed(outcome, again, &format!(": {word}"));
    }
}

#[tokio::test]
async fn a_message_for_single_readers_goes_to_no_channel_as_a_whole() {
    let message = Message { text: format!("Hello {}", placeholder("name")), ..message() };
    let vars = vars(&[]);
    for delivery in [Delivery::Slack("http://127.0.0.1:1/secret".to_owned()), Delivery::File("x".to_owned())] {
        let outcome = courier(&vars, Path::new("/nowhere")).deliver(&channel(delivery), &message).await;
        assert_failed(outcome, false, "the message needs each recipient's `name`, and only mail has recipients");
    }
}
