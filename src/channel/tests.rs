use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::{Courier, Message, MessageKind, NotDelivered, PATIENCE, Patience, Receipt, Thread};
use crate::catalog::model::{Channel, Command, Delivery, Email, Recipient, Recipients, Statuspage, Webhook};
use crate::ground::{Span, SystemClock};
use crate::redact::Redactor;

mod commands;
mod files;
mod hostile;
mod mail;
mod mail_lost;
mod previews;
mod slack;
mod statuspage;
mod webhooks;

#[path = "../../tests/common/smtp.rs"]
mod smtp;

/// A message about an alert.
pub(super) fn message() -> Message {
    Message {
        id: "alert-1-fired".to_owned(),
        kind: MessageKind::AlertFired,
        title: "api is down".to_owned(),
        text: "api is down\nsince 03:00".to_owned(),
        at: "2026-11-23T03:00:00Z".parse().unwrap(),
        data: json!({"alert": "api-down", "seen": "key hunter2secret"}),
        thread: None,
    }
}

fn channel(delivery: Delivery) -> Channel {
    Channel { id: "ops".into(), title: "Operations".into(), audience: None, delivery: Some(delivery) }
}

pub(super) fn vars(set: &[(&str, &str)]) -> BTreeMap<String, String> {
    set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn courier<'a>(vars: &'a BTreeMap<String, String>, dir: &Path) -> Courier<'a> {
    Courier::new(vars, dir.to_owned(), &SystemClock, Redactor::new(["hunter2secret".to_owned()]))
}

async fn deliver(delivery: Delivery, set: &[(&str, &str)], dir: &Path) -> Result<Receipt, NotDelivered> {
    courier(&vars(set), dir).deliver(&channel(delivery), &message()).await
}

async fn post_to(url: impl Into<String>) -> Result<Receipt, NotDelivered> {
    deliver(hook(url), &[], Path::new("/")).await
}

#[track_caller]
fn assert_failed(outcome: Result<Receipt, NotDelivered>, again: bool, reason: &str) {
    let failed = outcome.unwrap_err();
    assert!(failed.reason.contains(reason), "{failed:?}");
    assert_eq!(failed.again, again, "{failed:?}");
    assert!(!failed.uncertain, "{failed:?}");
    assert!(!failed.reason.contains("secret"), "{failed:?}");
}

/// It failed, may have arrived, and is worth trying again.
#[track_caller]
fn assert_uncertain(outcome: Result<Receipt, NotDelivered>, reason: &str) {
    let failed = outcome.unwrap_err();
    assert!(failed.reason.contains(reason), "{failed:?}");
    assert!(failed.uncertain && failed.again, "{failed:?}");
    assert!(!failed.reason.contains("secret"), "{failed:?}");
}

#[tokio::test]
async fn a_channel_without_a_way_out_says_so() {
    let nowhere = Channel { delivery: None, ..channel(Delivery::File(String::new())) };
    let receipt = courier(&vars(&[]), Path::new("/")).deliver(&nowhere, &message()).await.unwrap();
    assert_eq!(receipt, Receipt::Nowhere);
    assert!(receipt.to_string().contains("no way out"));
}

#[test]
fn delivering_can_be_spawned() {
    fn is_send<T: Send>(_: T) {}
    is_send(deliver(Delivery::File(String::new()), &[], Path::new("/")));
}

#[tokio::test]
async fn who_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap(); // connections wait in its queue
    let address = listener.local_addr().unwrap();
    let vars = vars(&[]);
    let short = Span(Duration::from_secs(1));
    let hurried =
        Courier { patience: Patience { usual: short, command: short, ..PATIENCE }, ..courier(&vars, Path::new("/")) };
    let outcome = hurried.deliver(&channel(hook(format!("http://{address}/secret"))), &message()).await;
    assert_uncertain(outcome, &format!("{address} did not answer within 1s"));
    let outcome = hurried.deliver(&channel(shell("exec sleep 600")), &message()).await;
    assert_uncertain(outcome, "the command did not end within 1s and was stopped");
}

fn hook(url: impl Into<String>) -> Delivery {
    Delivery::Webhook(Webhook { url: url.into(), secret: None })
}

fn shell(script: &str) -> Delivery {
    Delivery::Command(Command::Shell(script.to_owned()))
}

/// Mail to one recipient.
pub(super) fn email(server: &str) -> Email {
    let ana = Recipient { address: "ana@example.com".to_owned(), fields: BTreeMap::new() };
    Email {
        server: server.to_owned(),
        insecure: false,
        from: "Acme Support <support@acme.test>".to_owned(),
        reply_to: None,
        to: Recipients::List(vec![ana]),
    }
}

/// A page with one component.
pub(super) fn statuspage(url: &str) -> Statuspage {
    Statuspage {
        page: "page1".to_owned(),
        key: "page-key".to_owned(),
        url: url.to_owned(),
        components: [("shop".to_owned(), "c1".to_owned())].into_iter().collect(),
    }
}

/// An incident of the shop.
pub(super) fn thread() -> Thread {
    Thread {
        incident: "INC-7".to_owned(),
        name: "Checkout is slow".to_owned(),
        status: "investigating".to_owned(),
        impact: "major".to_owned(),
        components: vec![
            ("shop".to_owned(), "partial_outage".to_owned()),
            ("not-on-the-page".to_owned(), "major_outage".to_owned()),
        ],
        remote: None,
    }
}

/// News of that incident.
pub(super) fn incident(status: &str, id: &str) -> Message {
    Message {
        id: id.to_owned(),
        kind: MessageKind::IncidentUpdate,
        title: "Checkout is slow".to_owned(),
        text: "We are looking into it.".to_owned(),
        thread: Some(Thread { status: status.to_owned(), ..thread() }),
        ..message()
    }
}
