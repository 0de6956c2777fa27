use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::{Backend, Health, Limits, Listener, Refusal};
use crate::error::{Kind, Result};
use crate::monitor::Beat;

/// A backend that remembers.
#[derive(Default)]
struct Memory {
    beats: Mutex<Vec<(String, Beat, Option<String>)>>,
    is_ill: AtomicBool,
    /// How much is measured, in bytes; little when it is zero.
    length: AtomicUsize,
    /// What the probe `slow` waits for, and how many heartbeats wait.
    go: Notify,
    waiting: AtomicUsize,
}

impl Backend for Memory {
    fn metrics(&self) -> String {
        match self.length.load(Ordering::SeqCst) {
            0 => "opsctl_up 1\n".to_owned(),
            length => "x".repeat(length),
        }
    }

    fn health(&self) -> Health {
        let ok = !self.is_ill.load(Ordering::SeqCst);
        Health { ok, json: json!({ "ok": ok }) }
    }

    fn heartbeat<'a>(
        &'a self,
        probe: &'a str,
        beat: Beat,
        message: Option<String>,
    ) -> BoxFuture<'a, std::result::Result<(), Refusal>> {
        async move {
            match probe {
                "nobody" => return Err(Refusal::unknown("there is no probe nobody")),
                "full" => return Err(Refusal::failed("the disk is full")),
                "broken" => panic!("a mistake in the backend"),
                "slow" => {
                    self.waiting.fetch_add(1, Ordering::SeqCst);
                    self.go.notified().await;
                }
                _ => {}
            }
            self.beats.lock().unwrap().push((probe.to_owned(), beat, message));
            Ok(())
        }
        .boxed()
    }

    fn page<'a>(&'a self, path: &'a str) -> BoxFuture<'a, std::result::Result<Option<Bytes>, Refusal>> {
        async move {
            match path {
                "index.html" => Ok(Some(Bytes::from_static(b"<h1>All is well</h1>"))),
                "api/v2/status.json" => Ok(Some(Bytes::from_static(b"{}"))),
                "feed.atom" => Err(Refusal::failed("the disk is gone")),
                _ => Ok(None),
            }
        }
        .boxed()
    }

    fn alerts(&self, body: String) -> BoxFuture<'_, std::result::Result<usize, Refusal>> {
        async move {
            let body: Value = serde_json::from_str(&body).map_err(|error| Refusal::nonsense(error.to_string()))?;
            Ok(body["alerts"].as_array().map_or(0, Vec::len))
        }
        .boxed()
    }
}

/// A listener that answers.
struct Served {
    address: SocketAddr,
    backend: Arc<Memory>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<()>>,
}

async fn serve(token: Option<&str>, limits: impl FnOnce(&mut Limits)) -> Served {
    let mut listener = Listener::bind("127.0.0.1:0".parse().unwrap(), token.map(str::to_owned)).await.unwrap();
    limits(&mut listener.limits);
    let (address, backend) = (listener.address(), Arc::new(Memory::default()));
    let (stop, stopped) = oneshot::channel::<()>();
    let work = listener.serve(Arc::clone(&backend) as Arc<dyn Backend>, stopped.map(drop));
    Served { address, backend, stop, ended: tokio::spawn(work) }
}

async fn usual() -> Served {
    serve(None, |_| {}).await
}

/// Ends a test that would wait for ever, before the limit on the whole of a connection does.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("it comes to an end")
}

/// Sends some bytes and returns all that comes back: every connection carries one request.
async fn raw(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent).await.unwrap();
    let mut got = Vec::new();
    soon(stream.read_to_end(&mut got)).await.unwrap();
    String::from_utf8(got).unwrap()
}

/// The status, the head and the body of an answer.
async fn ask(served: &Served, request: &str, headers: &str, body: &str) -> (u16, String, String) {
    let length = body.len();
    let sent = format!("{request} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\r\n{body}");
    let got = raw(served.address, sent.as_bytes()).await;
    let (head, body) = got.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_lowercase(), body.to_owned())
}

async fn status(served: &Served, request: &str, headers: &str) -> u16 {
    ask(served, request, headers, "").await.0
}

#[track_caller]
fn assert_json_error(body: &str, why: &str) {
    let error: Value = serde_json::from_str(body).unwrap();
    assert!(error["error"].as_str().unwrap().contains(why), "{body}");
}

fn beats(served: &Served) -> Vec<(String, Beat, Option<String>)> {
    served.backend.beats.lock().unwrap().clone()
}

// ---- routes ----

#[tokio::test]
async fn metrics_and_health_are_answered() {
    let served = usual().await;
    let (status, head, body) = ask(&served, "GET /metrics", "", "").await;
    assert_eq!((status, body.as_str()), (200, "opsctl_up 1\n"));
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    let (status, head, body) = ask(&served, "GET /healthz", "", "").await;
    assert_eq!((status, body.as_str()), (200, "{\"ok\":true}\n"));
    assert!(head.contains("content-type: application/json"), "{head}");
    served.backend.is_ill.store(true, Ordering::SeqCst);
    let (status, _, body) = ask(&served, "GET /healthz", "", "").await;
    assert_eq!((status, body.as_str()), (503, "{\"ok\":false}\n"));
    let (status, _, body) = ask(&served, "HEAD /metrics", "", "").await;
    assert_eq!((status, body.as_str()), (200, ""));
}

#[tokio::test]
async fn heartbeats_come_by_any_usual_method() {
    let served = usual().await;
    for (request, body) in [
        ("GET /heartbeat/backup", ""),
        ("HEAD /heartbeat/backup/start", ""),
        ("POST /heartbeat/backup/success", " 12 rows\n"),
        ("PUT /heartbeat/nightly%20copy/fail?x=1", "\u{1b}[31mdisk full"),
    ] {
        assert_eq!(ask(&served, request, "", body).await.0, 200, "{request}");
    }
    let text = |text: &str| Some(text.to_owned());
    let expected = [
        ("backup", Beat::Success, None),
        ("backup", Beat::Start, None),
        ("backup", Beat::Success, text("12 rows")),
        ("nightly copy", Beat::Fail, text("disk full")),
    ];
    assert_eq!(beats(&served), expected.map(|(probe, beat, message)| (probe.to_owned(), beat, message)));
}

#[tokio::test]
async fn what_the_backend_refuses_is_refused() {
    let served = usual().await;
    for (request, status, why) in [
        ("GET /heartbeat/nobody", 404, "there is no probe nobody"),
        ("GET /heartbeat/full", 503, "the disk is full"),
        ("GET /heartbeat/broken", 500, "broke off"),
        ("GET /heartbeat/backup/later", 404, "…/success or …/fail"),
        ("GET /heartbeat/backup%FF", 400, "UTF-8"),
        ("GET /heartbeat/", 404, "/heartbeat/PROBE"),
        ("GET /heartbeat", 404, "/heartbeat/PROBE"),
    ] {
        let (seen, _, body) = ask(&served, request, "", "").await;
        assert_eq!(seen, status, "{request}");
        assert_json_error(&body, why);
    }
    assert_eq!(beats(&served), []);
    assert_eq!(status(&served, "GET /heartbeat/backup", "").await, 200);
}

#[tokio::test]
async fn alerts_are_counted_and_nonsense_is_named() {
    let served = usual().await;
    let (status, _, body) = ask(&served, "POST /alertmanager", "", r#"{"alerts":[{},{}],"new":1}"#).await;
    assert_eq!((status, body.as_str()), (200, "{\"alerts\":2}\n"));
    let (status, _, body) = ask(&served, "POST /alertmanager", "", "{\"alerts\":").await;
    assert_eq!(status, 400);
    assert_json_error(&body, "EOF");
    let got =
        raw(served.address, b"POST /alertmanager HTTP/1.1\r\ncontent-length: 1\r\nhost: localhost\r\n\r\n\xff").await;
    assert!(got.starts_with("HTTP/1.1 400 ") && got.contains("not UTF-8"), "{got}");
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_in_json() {
    let served = usual().await;
    let (status, _, body) = ask(&served, "GET /admin", "", "").await;
    assert_eq!(status, 404);
    assert_json_error(&body, "there is nothing at /admin");
    for (request, allowed) in
        [("POST /metrics", "get,head"), ("DELETE /heartbeat/x", "get,head,put,post"), ("GET /alertmanager", "post")]
    {
        let (status, head, body) = ask(&served, request, "", "").await;
        assert_eq!(status, 405, "{request}");
        let said = head.lines().find_map(|line| line.strip_prefix("allow: ")).unwrap_or_default();
        let sorted = |list: &str| {
            let mut list: Vec<String> = list.split(',').map(|method| method.trim().to_owned()).collect();
            list.sort();
            list
        };
        assert_eq!(sorted(said), sorted(allowed), "{head}");
        assert_json_error(&body, "does not take");
    }
}

#[tokio::test]
async fn the_status_page_is_for_everybody() {
    let served = serve(Some("s3cret"), |_| {}).await;
    let (status, head, body) = ask(&served, "GET /status/", "origin: https://evil.test\r\n", "").await;
    assert_eq!((status, body.as_str()), (200, "<h1>All is well</h1>"));
    assert!(head.contains("content-type: text/html; charset=utf-8"), "{head}");
    let (status, head, _) = ask(&served, "GET /api/v2/status.json", "", "").await;
    assert_eq!(status, 200);
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    for (request, expected) in [
        ("GET /status/nothing", 404),
        ("GET /status/feed.atom", 503),
        ("GET /status/%FF", 400),
        ("POST /status/", 405),
        ("GET /statusx", 401),
        ("GET /api/v1/x", 401),
    ] {
        let (status, _, body) = ask(&served, request, "", "").await;
        assert_eq!(status, expected, "{request}");
        assert_json_error(&body, "");
    }
}

// ---- who may come in ----

#[tokio::test]
async fn a_token_is_asked_for_except_by_health() {
    let served = serve(Some("s3cret"), |_| {}).await;
    for request in ["GET /metrics", "POST /alertmanager", "GET /heartbeat/backup", "GET /admin", "GET /healthz/"] {
        let (status, head, body) = ask(&served, request, "", "").await;
        assert_eq!(status, 401, "{request}");
        assert!(head.contains("www-authenticate: bearer"), "{head}");
        assert_json_error(&body, "Authorization: Bearer TOKEN");
        let (status, _, body) = ask(&served, request, "authorization: Bearer wrong\r\n", "").await;
        assert_eq!(status, 401, "{request}");
        assert_json_error(&body, "the token is wrong");
    }
    assert_eq!(beats(&served), []);
    assert_eq!(status(&served, "GET /healthz", "").await, 200);
    let right = "authorization: Bearer s3cret\r\norigin: https://grafana.test\r\n";
    assert_eq!(status(&served, "GET /metrics", right).await, 200);
    assert_eq!(status(&served, "GET /heartbeat/backup", right).await, 200);
    assert_eq!(status(&served, "GET /admin", right).await, 404);
}

#[tokio::test]
async fn other_machines_are_let_in_with_a_token_only() {
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let error = Listener::bind(everywhere, None).await.err().unwrap();
    assert_eq!(error.kind, Kind::Usage);
    assert!(error.hints.iter().any(|hint| hint.contains("Authorization: Bearer")), "{error:?}");
    assert!(Listener::bind(everywhere, Some("s3cret".to_owned())).await.is_ok());
}

#[tokio::test]
async fn pages_in_a_browser_are_kept_out() {
    let served = usual().await;
    for header in ["origin: https://evil.test\r\n", "sec-fetch-site: cross-site\r\n"] {
        assert_eq!(status(&served, "POST /alertmanager", header).await, 403);
        assert_eq!(status(&served, "GET /heartbeat/backup", header).await, 403);
    }
    assert_eq!(beats(&served), []);
}

#[tokio::test]
async fn a_place_that_is_taken_is_named_with_a_way_out() {
    let served = usual().await;
    let error = Listener::bind(served.address, None).await.err().unwrap();
    assert_eq!(error.kind, Kind::Environment);
    assert_eq!(error.message, format!("cannot listen on {}", served.address));
    assert!(error.hints[0].contains("choose another port"), "{error:?}");
}

// ---- clients that are slow, long or many ----

/// A client like those that post alerts.
fn client() -> reqwest::Client {
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}

#[tokio::test]
async fn a_body_that_is_too_long_is_heard_out_and_refused() {
    let served = usual().await;
    let url = format!("http://{}/alertmanager", served.address);
    let post = |body: String| client().post(&url).body(body).send();
    let fits = r#"{"alerts":[{}]}"#.to_owned() + &" ".repeat(1024 * 1024 - 15);
    assert_eq!(post(fits.clone()).await.unwrap().status(), StatusCode::OK);
    for body in [fits + " ", "x".repeat(20 * 1024 * 1024)] {
        let answer = post(body).await.unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_json_error(&answer.text().await.unwrap(), "more than 1048576 bytes");
    }
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let served = usual().await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let head = format!("GET /metrics HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(100 * 1024));
    // Who sends this much may find the connection closed before the answer is read.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut got = Vec::new();
    let _ = stream.read_to_end(&mut got).await;
    let got = String::from_utf8_lossy(&got);
    assert!(got.is_empty() || got.starts_with("HTTP/1.1 431 "), "{got}");
    assert_eq!(status(&served, "GET /healthz", "").await, 200);
}

#[tokio::test]
async fn those_who_do_not_get_to_an_end_are_cut_off() {
    let short = Duration::from_millis(200);
    let served = serve(None, |limits| (limits.head, limits.body) = (short, short)).await;
    // Each of these leaves its request unfinished; reading to the end is what would never end.
    assert_eq!(raw(served.address, b"").await, "");
    assert_eq!(raw(served.address, b"GET /metrics HTTP/1.1\r\nhost").await, "");
    let got =
        raw(served.address, b"POST /alertmanager HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{").await;
    assert!(got.starts_with("HTTP/1.1 408 ") && got.contains("the body did not come within"), "{got}");
}

#[tokio::test]
async fn a_drop_at_a_time_does_not_stretch_the_time() {
    let short = Duration::from_millis(200);
    let served = serve(None, |limits| (limits.head, limits.body) = (short, short)).await;
    for head in ["", "POST /alertmanager HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n"] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        soon(async {
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn who_does_not_take_its_answer_is_cut_off() {
    let served = serve(None, |limits| (limits.whole, limits.clients) = (Duration::from_secs(1), 1)).await;
    served.backend.length.store(50 * 1024 * 1024, Ordering::SeqCst);
    for path in ["/metrics", "/heartbeat/slow"] {
        let mut stuck = TcpStream::connect(served.address).await.unwrap();
        stuck.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await.unwrap();
        // Only one client at a time is let in, so this one comes in when the other is out.
        assert_eq!(status(&served, "GET /healthz", "").await, 200, "{path}");
    }
}

#[tokio::test]
async fn many_at_once_are_all_answered() {
    let served = usual().await;
    let (client, url) = (client(), format!("http://{}/heartbeat/backup", served.address));
    let all = join_all((0..400).map(|_| client.get(&url).send())).await;
    assert!(all.into_iter().all(|answer| answer.unwrap().status() == StatusCode::OK));
    assert_eq!(beats(&served).len(), 400);
}

#[tokio::test]
async fn only_so_many_are_let_in_at_a_time() {
    let served = serve(None, |limits| limits.clients = 2).await;
    let mut idle = Vec::new();
    for _ in 0..2 {
        idle.push(TcpStream::connect(served.address).await.unwrap());
    }
    let waits = ask(&served, "GET /healthz", "", "");
    let mut waits = std::pin::pin!(waits);
    assert!(tokio::time::timeout(Duration::from_millis(200), waits.as_mut()).await.is_err());
    drop(idle);
    assert_eq!(waits.await.0, 200);
}

#[tokio::test]
async fn work_is_finished_when_its_client_goes_away() {
    let served = usual().await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"GET /heartbeat/slow HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    until(|| served.backend.waiting.load(Ordering::SeqCst) == 1).await;
    drop(stream);
    assert_eq!(status(&served, "GET /healthz", "").await, 200);
    served.backend.go.notify_one();
    until(|| beats(&served).len() == 1).await;
}

async fn until(is_so: impl Fn() -> bool) {
    soon(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

// ---- the end ----

#[tokio::test]
async fn what_is_under_way_at_the_end_is_answered() {
    let served = usual().await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"GET /heartbeat/slow HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    until(|| served.backend.waiting.load(Ordering::SeqCst) == 1).await;
    served.stop.send(()).unwrap();
    // Nobody new is let in from now on.
    while TcpStream::connect(served.address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    served.backend.go.notify_one();
    let mut got = String::new();
    stream.read_to_string(&mut got).await.unwrap();
    assert!(got.starts_with("HTTP/1.1 200 "), "{got}");
    served.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn those_who_hang_do_not_hold_up_the_end() {
    let served = serve(None, |limits| limits.grace = Duration::from_millis(200)).await;
    let mut hanging = Vec::new();
    for sent in ["", "GET /met", "GET /heartbeat/slow HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        hanging.push(stream);
    }
    until(|| served.backend.waiting.load(Ordering::SeqCst) == 1).await;
    served.stop.send(()).unwrap();
    soon(served.ended).await.unwrap().unwrap();
}

#[test]
fn serving_can_be_spawned() {
    fn is_send<T: Send>(_: &T) {}
    let serving = async {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), None).await.unwrap();
        listener.serve(Arc::new(Memory::default()), pending()).await
    };
    is_send(&serving);
}
