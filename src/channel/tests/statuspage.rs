//! A status page that keeps what it is told, loses answers and has limits.

use std::collections::VecDeque;
use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{assert_failed, assert_uncertain, channel, courier, incident, message, statuspage, vars};
use crate::catalog::model::{Delivery, Statuspage};
use crate::channel::{Courier, Message, MessageKind, NotDelivered, PATIENCE, Patience, Receipt, Thread};
use crate::ground::Span;

/// What goes wrong with a request.
#[derive(Clone, Copy)]
enum Fault {
    /// It is refused with this status.
    Refuse(u16),
    /// What it says is done, and the answer is lost.
    Lose,
    /// It is well.
    None,
}

/// A page of Statuspage.
#[derive(Default)]
struct Page {
    incidents: Vec<Value>,
    /// Method and path of what came.
    asked: Vec<String>,
    /// What goes wrong with the next requests.
    faults: VecDeque<Fault>,
    is_busy: bool,
    has_overlapped: bool,
}

type Shared = Arc<Mutex<Page>>;

async fn page() -> (SocketAddr, Shared) {
    let page = Shared::default();
    let routes = Router::new().fallback(answer).with_state(Arc::clone(&page));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (address, page)
}

async fn answer(State(page): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if head.headers.get("authorization").is_none_or(|key| key != "OAuth page-key") {
        return (StatusCode::UNAUTHORIZED, "Could not authenticate with page-key").into_response();
    }
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let path = head.uri.path().strip_prefix("/v1/pages/page1/").unwrap_or_default().to_owned();
    let fault = {
        let mut page = page.lock().unwrap();
        page.has_overlapped |= std::mem::replace(&mut page.is_busy, true);
        page.asked.push(format!("{} {path}", head.method));
        page.faults.pop_front().unwrap_or(Fault::None)
    };
    tokio::task::yield_now().await;
    let done = {
        let mut page = page.lock().unwrap();
        page.is_busy = false;
        match fault {
            Fault::Refuse(status) => Err(status),
            _ => page.take(head.method.as_str(), &path, &body).ok_or(404),
        }
    };
    if matches!(fault, Fault::Lose) {
        pending::<()>().await;
    }
    match done {
        Ok(answer) => answer.to_string().into_response(),
        Err(status) => (StatusCode::from_u16(status).unwrap(), [("retry-after", "40")], "words").into_response(),
    }
}

impl Page {
    fn take(&mut self, method: &str, path: &str, body: &Value) -> Option<Value> {
        let parts: Vec<&str> = path.split('/').collect();
        let said = &body["incident"];
        match (method, parts.as_slice()) {
            ("GET", ["incidents", "unresolved"]) => {
                let open = self.incidents.iter().filter(|incident| incident["status"] != "resolved");
                Some(open.cloned().collect())
            }
            ("GET", ["incidents"]) => Some(json!(self.incidents)),
            ("POST", ["incidents"]) => {
                let mut incident = said.clone();
                incident["id"] = json!(format!("i{}", self.incidents.len() + 1));
                incident["incident_updates"] = json!([{"body": said["body"], "status": said["status"]}]);
                self.incidents.push(incident.clone());
                Some(incident)
            }
            (_, ["incidents", id, rest @ ..]) => {
                let incident = self.incidents.iter_mut().find(|incident| incident["id"] == *id)?;
                match (method, rest) {
                    ("GET", []) => {}
                    ("PATCH", []) => {
                        let updates = incident["incident_updates"].as_array_mut()?;
                        updates.insert(0, json!({"body": said["body"], "status": said["status"]}));
                        said.as_object()?.iter().for_each(|(key, value)| incident[key] = value.clone());
                    }
                    ("PUT", ["postmortem"]) => incident["postmortem_draft"] = body["postmortem"]["body_draft"].clone(),
                    ("PUT", ["postmortem", "publish"]) => {
                        incident["postmortem_body"] = incident["postmortem_draft"].clone();
                        incident["postmortem_published_at"] = json!("2026-11-23T03:00:00Z");
                    }
                    _ => return None,
                }
                Some(incident.clone())
            }
            _ => None,
        }
    }
}

fn asked(page: &Shared) -> Vec<String> {
    std::mem::take(&mut page.lock().unwrap().asked)
}

fn will(page: &Shared, faults: &[Fault]) {
    page.lock().unwrap().faults.extend(faults);
}

async fn tell(address: SocketAddr, message: &Message) -> Result<Receipt, NotDelivered> {
    tell_within(PATIENCE.usual, address, message).await
}

/// Tells it with an answer that is lost.
async fn tell_lost(address: SocketAddr, message: &Message) -> Result<Receipt, NotDelivered> {
    tell_within(Span::seconds(2), address, message).await
}

async fn tell_within(usual: Span, address: SocketAddr, message: &Message) -> Result<Receipt, NotDelivered> {
    let vars = vars(&[]);
    let courier = hurried(&vars);
    let courier = Courier { patience: Patience { usual, ..courier.patience }, ..courier };
    courier.deliver(&channel(Delivery::Statuspage(statuspage(&format!("http://{address}")))), message).await
}

/// A courier that hardly pauses between two requests.
fn hurried(vars: &std::collections::BTreeMap<String, String>) -> Courier<'_> {
    Courier {
        patience: Patience { pause: Span(Duration::from_millis(1)), ..PATIENCE },
        ..courier(vars, Path::new("/"))
    }
}

fn is_now(remote: &str, how: &str, address: SocketAddr) -> Receipt {
    Receipt::Delivered { how: format!("{address} {how}"), remote: Some(remote.to_owned()) }
}

fn with_remote(mut message: Message) -> Message {
    message.thread.as_mut().unwrap().remote = Some("i1".to_owned());
    message
}

#[tokio::test]
async fn an_incident_is_made_updated_and_learned_from() {
    let (address, page) = page().await;
    let made = tell(address, &incident("investigating", "m1")).await.unwrap();
    assert_eq!(made, is_now("i1", "made the incident", address));
    assert_eq!(asked(&page), ["GET incidents/unresolved", "GET incidents", "POST incidents"]);
    let updated = tell(address, &with_remote(incident("monitoring", "m2"))).await.unwrap();
    assert_eq!(updated, is_now("i1", "updated the incident", address));
    assert_eq!(asked(&page), ["GET incidents/i1", "PATCH incidents/i1"]);
    tell(address, &with_remote(incident("resolved", "m3"))).await.unwrap();
    let text = "# What happened\n\n<b>Much</b>".to_owned();
    let learned = Message { kind: MessageKind::Postmortem, text, ..with_remote(incident("postmortem", "m4")) };
    assert_eq!(tell(address, &learned).await.unwrap(), is_now("i1", "published the post-mortem", address));
    asked(&page);
    let again = tell(address, &learned).await.unwrap();
    assert_eq!(again.to_string(), format!("it is at {address} already"));
    assert_eq!(asked(&page), ["GET incidents/i1"]);
    let page = page.lock().unwrap();
    let [incident] = page.incidents.as_slice() else { panic!("{:?}", page.incidents) };
    assert_eq!((&incident["name"], &incident["status"]), (&json!("Checkout is slow"), &json!("resolved")));
    assert_eq!(incident["metadata"], json!({"opsctl": {"incident": "INC-7", "message": "m3"}}));
    assert_eq!(incident["components"], json!({"c1": "partial_outage"}));
    assert_eq!(incident["incident_updates"].as_array().unwrap().len(), 3);
    assert_eq!(incident["postmortem_body"], "# What happened\n\n&lt;b>Much&lt;/b>");
}

#[tokio::test]
async fn nothing_is_written_twice_when_answers_are_lost() {
    let (address, page) = page().await;
    let first = incident("investigating", "m1");
    will(&page, &[Fault::None, Fault::None, Fault::Lose]);
    assert_uncertain(tell_lost(address, &first).await, "did not answer within 2s");
    assert_eq!(tell(address, &first).await.unwrap(), is_now("i1", "already", address).at(address));
    let second = with_remote(incident("identified", "m2"));
    will(&page, &[Fault::None, Fault::Lose]);
    assert_uncertain(tell_lost(address, &second).await, "did not answer within 2s");
    assert_eq!(tell(address, &second).await.unwrap(), is_now("i1", "already", address).at(address));
    // The id was lost together with the answer: it is found by ours, also when all is over.
    tell(address, &incident("resolved", "m3")).await.unwrap();
    let late = incident("resolved", "m4");
    tell(address, &late).await.unwrap();
    tell(address, &late).await.unwrap();
    let other = Thread { incident: "INC-8".to_owned(), ..super::thread() };
    tell(address, &Message { thread: Some(other), ..incident("investigating", "m5") }).await.unwrap();
    let page = page.lock().unwrap();
    assert_eq!(page.incidents.len(), 2);
    assert_eq!(page.incidents[0]["incident_updates"].as_array().unwrap().len(), 4);
    assert!(!page.has_overlapped);
}

impl Receipt {
    /// The receipt of what was there already.
    fn at(self, address: SocketAddr) -> Self {
        let Self::Delivered { remote, .. } = self else { return self };
        Self::Delivered { how: format!("it is at {address} already"), remote }
    }
}

#[tokio::test]
async fn words_decide_where_our_ids_were_overwritten() {
    let (address, page) = page().await;
    tell(address, &incident("investigating", "m1")).await.unwrap();
    page.lock().unwrap().incidents[0]["metadata"] = json!({"jira": {"key": "OPS-1"}});
    let again = tell(address, &with_remote(incident("investigating", "m1"))).await.unwrap();
    assert!(again.to_string().ends_with("already"), "{again}");
    tell(address, &with_remote(incident("identified", "m2"))).await.unwrap();
    assert_eq!(page.lock().unwrap().incidents[0]["incident_updates"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_page_decides_when_it_is_asked_again() {
    let (address, page) = page().await;
    for (status, again) in [(420, true), (429, true), (500, true), (503, true), (401, false), (422, false)] {
        will(&page, &[Fault::None, Fault::None, Fault::Refuse(status)]);
        let outcome = tell(address, &incident("investigating", "m1")).await;
        assert_eq!(outcome.clone().unwrap_err().after, again.then_some(Duration::from_secs(40)), "{status}");
        assert_failed(outcome, again, &format!("{address} answered {status}"));
    }
    // Nobody is told anything by a question.
    will(&page, &[Fault::Lose]);
    assert_failed(tell_lost(address, &incident("investigating", "m1")).await, true, "did not answer");
    let gone = with_remote(incident("investigating", "m1"));
    assert_failed(tell(address, &gone).await, false, "answered 404");
    assert!(page.lock().unwrap().incidents.is_empty());
}

#[tokio::test]
async fn requests_to_a_page_take_turns() {
    let (address, page) = page().await;
    let vars = vars(&[]);
    let courier = hurried(&vars);
    let channel = channel(Delivery::Statuspage(statuspage(&format!("http://{address}"))));
    let messages: Vec<Message> = (0..8)
        .map(|nth| {
            let thread = Thread { incident: format!("INC-{nth}"), ..super::thread() };
            Message { thread: Some(thread), ..incident("investigating", &format!("m{nth}")) }
        })
        .collect();
    let all = futures_util::future::join_all(messages.iter().map(|message| courier.deliver(&channel, message))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let page = page.lock().unwrap();
    assert_eq!((page.incidents.len(), page.has_overlapped), (8, false));
}

#[tokio::test]
async fn what_belongs_to_no_incident_is_not_for_the_page() {
    let (address, page) = page().await;
    assert_failed(tell(address, &message()).await, false, "this message belongs to neither");
    let learned = Message { kind: MessageKind::Postmortem, ..incident("postmortem", "m1") };
    assert_failed(tell(address, &learned).await, false, "has no incident for INC-7");
    let vars = vars(&[]);
    for (wrong, why) in [
        (Statuspage { key: "wrong-secret".to_owned(), ..statuspage(&format!("http://{address}")) }, "answered 401"),
        (Statuspage { key: "${NOPE}".to_owned(), ..statuspage("") }, "the environment variable NOPE is not set"),
        (statuspage("ftp://x"), "no http or https URL"),
    ] {
        let channel = channel(Delivery::Statuspage(wrong));
        assert_failed(hurried(&vars).deliver(&channel, &incident("investigating", "m1")).await, false, why);
    }
    assert!(page.lock().unwrap().incidents.is_empty());
}

#[tokio::test]
async fn maintenance_is_one_incident_from_scheduled_to_completed() {
    let (address, page) = page().await;
    let mut news = incident("scheduled", "MNT-1.m1");
    news.kind = MessageKind::Maintenance;
    news.data = json!({"starts_at": "2026-12-01T01:00:00Z", "ends_at": "2026-12-01T02:00:00Z"});
    let mut remote = None;
    for (status, level, message) in [
        ("scheduled", "operational", "MNT-1.m1"),
        ("in_progress", "under_maintenance", "MNT-1.m2"),
        ("verifying", "under_maintenance", "MNT-1.m3"),
        ("completed", "operational", "MNT-1.m4"),
    ] {
        news.id = message.to_owned();
        let thread = news.thread.as_mut().unwrap();
        (thread.incident, thread.status) = ("MNT-1".to_owned(), status.to_owned());
        (thread.components, thread.remote) = (vec![("shop".to_owned(), level.to_owned())], remote.take());
        let Receipt::Delivered { remote: id, .. } = tell(address, &news).await.unwrap() else { panic!("{status}") };
        remote = id;
        let page = page.lock().unwrap();
        let [made] = page.incidents.as_slice() else { panic!("{:?}", page.incidents) };
        assert_eq!((&made["status"], &made["scheduled_for"]), (&json!(status), &json!("2026-12-01T01:00:00Z")));
        let components = if status == "scheduled" { json!(null) } else { json!({"c1": level}) };
        assert_eq!(made["components"], components, "{status}");
    }
    assert_eq!(page.lock().unwrap().incidents[0]["incident_updates"].as_array().unwrap().len(), 4);
}
