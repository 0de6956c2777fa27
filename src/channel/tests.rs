use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use rustls::RootCertStore;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use super::{Courier, Message, MessageKind, NotDelivered, Patience, Receipt, client};
use crate::catalog::model::{Channel, Command, Delivery};
use crate::ground::{Span, SystemClock, rfc3339};
use crate::redact::Redactor;

fn message() -> Message {
    Message {
        id: "alert-1-fired".to_owned(),
        kind: MessageKind::AlertFired,
        title: "api is down".to_owned(),
        text: "api is down\nsince 03:00".to_owned(),
        at: "2026-11-23T03:00:00Z".parse().unwrap(),
        data: json!({"alert": "api-down", "seen": "key hunter2secret"}),
    }
}

fn channel(delivery: Delivery) -> Channel {
    Channel { id: "ops".into(), title: "Operations".into(), audience: None, delivery: Some(delivery) }
}

fn vars(set: &[(&str, &str)]) -> BTreeMap<String, String> {
    set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn courier<'a>(vars: &'a BTreeMap<String, String>, dir: &Path) -> Courier<'a> {
    Courier::new(vars, dir.to_owned(), &SystemClock, Redactor::new(["hunter2secret".to_owned()]))
}

async fn deliver(delivery: Delivery, set: &[(&str, &str)], dir: &Path) -> Result<Receipt, NotDelivered> {
    courier(&vars(set), dir).deliver(&channel(delivery), &message()).await
}

async fn post_to(url: impl Into<String>) -> Result<Receipt, NotDelivered> {
    deliver(Delivery::Webhook(url.into()), &[], Path::new("/")).await
}

#[track_caller]
fn assert_failed(outcome: Result<Receipt, NotDelivered>, again: bool, reason: &str) {
    let failed = outcome.unwrap_err();
    assert!(failed.reason.contains(reason), "{failed:?}");
    assert_eq!(failed.again, again, "{failed:?}");
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
    let short = Span(Duration::from_millis(200));
    let hurried = Courier { patience: Patience { usual: short, command: short }, ..courier(&vars, Path::new("/")) };
    let outcome = hurried.deliver(&channel(Delivery::Webhook(format!("http://{address}/secret"))), &message()).await;
    assert_failed(outcome, true, &format!("{address} did not answer within 200ms"));
    let outcome = hurried.deliver(&channel(shell("exec sleep 600")), &message()).await;
    assert_failed(outcome, true, "the command did not end within 200ms and was stopped");
}

// ---- files ----

fn lines(path: &Path) -> Vec<Result<Value, String>> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).map_err(|_| line.to_owned())).collect()
}

#[tokio::test]
async fn a_file_gets_a_line_a_message_and_no_secret() {
    let dir = TempDir::new().unwrap();
    let file = || Delivery::File("alerts.jsonl".to_owned());
    let path = dir.path().join("alerts.jsonl");
    let receipt = deliver(file(), &[], dir.path()).await.unwrap();
    assert_eq!(receipt, Receipt::Delivered("written to alerts.jsonl".to_owned()));
    deliver(file(), &[], dir.path()).await.unwrap();
    let expected = json!({
        "id": "alert-1-fired",
        "kind": "alert_fired",
        "title": "api is down",
        "text": "api is down\nsince 03:00",
        "at": rfc3339(message().at),
        "data": {"alert": "api-down", "seen": "key •••"},
    });
    assert_eq!(lines(&path), [Ok(expected.clone()), Ok(expected)]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_torn_line_spoils_no_other() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("alerts.jsonl");
    fs::write(&path, "{\"id\":\"torn").unwrap();
    deliver(Delivery::File("alerts.jsonl".to_owned()), &[], dir.path()).await.unwrap();
    let lines = lines(&path);
    assert_eq!(lines[0], Err("{\"id\":\"torn".to_owned()));
    assert_eq!(lines[1].as_ref().unwrap()["id"], "alert-1-fired");
}

#[tokio::test]
async fn lines_of_many_writers_do_not_mix() {
    let dir = TempDir::new().unwrap();
    let (vars, channel) = (vars(&[]), channel(Delivery::File("alerts.jsonl".to_owned())));
    let courier = courier(&vars, dir.path());
    let message = Message { data: json!({"long": "x".repeat(100_000)}), ..message() };
    let all = futures_util::future::join_all((0..20).map(|_| courier.deliver(&channel, &message))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let lines = lines(&dir.path().join("alerts.jsonl"));
    assert_eq!((lines.len(), lines.iter().filter(|line| line.is_ok()).count()), (20, 20));
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_explained() {
    let dir = TempDir::new().unwrap();
    let file = |path: &str| deliver(Delivery::File(path.to_owned()), &[], dir.path());
    let missing = dir.path().join("no/such");
    assert_failed(file("no/such/file").await, true, &format!("directory {} does not exist", missing.display()));
    assert_failed(file(".").await, true, "not a regular file");
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_failed(file("pipe").await, true, "pipe could not be written: it is not a regular file");
    assert_failed(file("/dev/full").await, true, "/dev/full could not be written");
}

// ---- commands ----

fn shell(script: &str) -> Delivery {
    Delivery::Command(Command::Shell(script.to_owned()))
}

#[tokio::test]
async fn a_command_gets_the_message_in_its_environment() {
    let dir = TempDir::new().unwrap();
    let receipt = deliver(shell("printf %s \"$OPSCTL_MESSAGE\" > got"), &[], dir.path()).await.unwrap();
    assert_eq!(receipt.to_string(), "the command ended with exit code 0");
    let got: Value = serde_json::from_str(&fs::read_to_string(dir.path().join("got")).unwrap()).unwrap();
    assert_eq!((&got["id"], &got["text"]), (&json!("alert-1-fired"), &json!("api is down\nsince 03:00")));
    let argv = ["touch", "${NAME}"].map(str::to_owned).into();
    deliver(Delivery::Command(Command::Argv(argv)), &[("NAME", "touched")], dir.path()).await.unwrap();
    assert!(dir.path().join("touched").exists());
}

#[tokio::test]
async fn a_command_that_fails_is_tried_again() {
    let dir = TempDir::new().unwrap();
    let run = |script: &str| deliver(shell(script), &[], dir.path());
    assert_failed(run("echo no pager hunter2secret >&2; exit 3").await, true, "exit code 3: no pager •••");
    assert_failed(run("exit 1").await, true, "the command ended with exit code 1");
    assert_failed(run("kill -9 $$").await, true, "ended by signal 9");
    let argv = |argv: &[&str]| Delivery::Command(Command::Argv(argv.iter().map(|item| (*item).to_owned()).collect()));
    assert_failed(deliver(argv(&["no-such-pager-here"]), &[], dir.path()).await, true, "was not found");
    assert_failed(deliver(argv(&["page", "${WHOM}"]), &[], dir.path()).await, false, "variable WHOM is not set");
}

#[tokio::test]
async fn a_message_too_long_for_a_variable_is_refused_with_the_reason() {
    let long = Message { text: "x".repeat(130 * 1024), ..message() };
    let vars = vars(&[]);
    let outcome = courier(&vars, Path::new("/")).deliver(&channel(shell("true")), &long).await;
    assert_failed(outcome, false, "a command is given 122880 at most");
}

// ---- webhooks ----

type Seen = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A server with everything the tests ask for, and what came to `/hook`.
async fn server() -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let note = Arc::clone(&seen);
    let take = |headers: HeaderMap, body: String| async move {
        note.lock().unwrap().push((headers, body));
        StatusCode::ACCEPTED
    };
    let echo = |request: Request| async move {
        (StatusCode::NOT_FOUND, format!("no hook at {}, \u{1b}[31mhunter2secret", request.uri()))
    };
    let endless = || async {
        let piece = axum::body::Bytes::from_static(&[b'x'; 16 * 1024]);
        let body = Body::from_stream(futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone())));
        (StatusCode::BAD_REQUEST, body)
    };
    let routes = Router::new()
        .route("/hook", post(take))
        .route("/moved", post(|| async { Redirect::temporary("/hook") }))
        .route("/status/{status}", post(status))
        .route("/hooks/{secret}", post(echo))
        .route("/endless", post(endless))
        .route("/hook", get(|| async { StatusCode::METHOD_NOT_ALLOWED }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (address, seen)
}

async fn status(axum::extract::Path(status): axum::extract::Path<u16>) -> Response {
    (StatusCode::from_u16(status).unwrap(), [("retry-after", "90000")], "words").into_response()
}

#[tokio::test]
async fn a_webhook_gets_json_with_a_key_against_duplicates() {
    let (address, seen) = server().await;
    let url = "http://${HOST}/hook?key=${KEY}".to_owned();
    let set = [("HOST", address.to_string()), ("KEY", "a secret".to_owned())];
    let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let receipt = deliver(Delivery::Webhook(url), &set, Path::new("/")).await.unwrap();
    assert_eq!(receipt, Receipt::Delivered(format!("{address} answered 202 Accepted")));
    let seen = seen.lock().unwrap();
    let (headers, body) = &seen[0];
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["idempotency-key"], "alert-1-fired");
    assert_eq!(headers["user-agent"], concat!("opsctl/", env!("CARGO_PKG_VERSION")));
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["kind"], &body["data"]["seen"]), (&json!("alert_fired"), &json!("key •••")));
}

#[tokio::test]
async fn the_status_decides_whether_to_try_again() {
    let (address, _) = server().await;
    for (status, again) in
        [(400, false), (401, false), (408, true), (410, false), (429, true), (500, true), (503, true)]
    {
        let failed = post_to(format!("http://{address}/status/{status}")).await.unwrap_err();
        assert!(failed.reason.starts_with(&format!("{address} answered {status} ")), "{failed:?}");
        assert!(failed.reason.ends_with(": words"), "{failed:?}");
        let after = again.then_some(Duration::from_hours(1)); // 90,000 s are too long to be silent
        assert_eq!((failed.again, failed.after), (again, after), "{failed:?}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (address, seen) = server().await;
    assert_failed(post_to(format!("http://{address}/moved")).await, false, "redirects are not followed");
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_is_shown_without_the_parts_of_the_url_that_are_keys() {
    let (address, _) = server().await;
    let failed = post_to(format!("http://{address}/hooks/secret-path?key=secret-key")).await;
    assert_failed(failed, false, "answered 404 Not Found: no hook at •••?•••, •••");
    let failed = post_to(format!("http://{address}/endless")).await.unwrap_err();
    assert!(failed.reason.ends_with(&format!(": {}…", "x".repeat(200))), "{failed:?}");
}

#[tokio::test]
async fn nobody_there_is_tried_again_and_the_url_is_not_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let refused = post_to(format!("http://{address}/secret-path")).await;
    assert_failed(refused, true, &format!("could not connect to {address}: Connection refused"));
    let host = "x".repeat(70); // too long for a name, so that nobody needs to be asked
    let unknown = post_to(format!("http://secret-user:secret-pass@{host}.invalid/secret-path")).await;
    assert_failed(unknown, true, &format!("could not connect to {host}.invalid:80"));
}

#[tokio::test]
async fn nonsense_is_tried_again() {
    for answer in [&b""[..], b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\ncontent-le"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
            let _ = stream.write_all(answer);
        });
        let failed = post_to(format!("http://{address}/secret")).await;
        assert_failed(failed, true, &format!("no proper answer from {address}: "));
    }
}

#[tokio::test]
async fn an_unset_variable_is_named() {
    let failed = deliver(Delivery::Webhook("${PAGER_URL}".to_owned()), &[("PAGER_URL", "")], Path::new("/")).await;
    assert_failed(failed, false, "the environment variable PAGER_URL is not set");
    assert_failed(post_to("hooks.test/secret").await, false, "no http or https URL");
}

#[tokio::test]
async fn a_webhook_goes_through_the_proxy_of_the_environment() {
    let (proxy, seen) = server().await;
    let proxy = format!("http://{proxy}");
    let set = [("HTTP_PROXY", proxy.as_str()), ("no_proxy", "127.0.0.1")];
    // The proxy takes the request for its own, whatever host is asked for.
    let hook = || Delivery::Webhook("http://far-away.invalid/hook".to_owned());
    deliver(hook(), &set, Path::new("/")).await.unwrap();
    assert_eq!(seen.lock().unwrap()[0].0["host"], "far-away.invalid");
    let (direct, seen) = server().await;
    let direct = Delivery::Webhook(format!("http://{direct}/hook"));
    deliver(direct, &[("HTTP_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", "127.0.0.1")], Path::new("/")).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1);
    let failed = deliver(hook(), &[("http_proxy", "http://127.0.0.1:1")], Path::new("/")).await;
    assert_failed(failed, true, "(the environment names a proxy)");
    for wrong in ["ftp://secret", "socks5://secret", "secret host"] {
        let failed = deliver(hook(), &[("ALL_PROXY", wrong)], Path::new("/")).await;
        assert_failed(failed, false, "the environment variable ALL_PROXY holds no address of an http proxy");
    }
}

#[tokio::test]
async fn tls_is_spoken_with_those_who_are_trusted_only() {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = issued.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4096]).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    });
    let url = format!("https://localhost:{port}/secret-path");
    assert_failed(post_to(url.clone()).await, true, &format!("could not connect to localhost:{port}: invalid peer"));
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let vars = vars(&[]);
    let courier = courier(&vars, Path::new("/"));
    courier.client.set(client::make(&Arc::new(roots), &vars, Span::seconds(10))).unwrap();
    let receipt = courier.deliver(&channel(Delivery::Webhook(url)), &message()).await.unwrap();
    assert_eq!(receipt.to_string(), format!("localhost:{port} answered 204 No Content"));
}

#[tokio::test]
async fn a_file_is_kept_as_it_was_apart_from_its_new_line() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("shared.log");
    OpenOptions::new().create(true).append(true).open(&path).unwrap().write_all(b"before\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    deliver(Delivery::File(path.display().to_string()), &[], Path::new("/nowhere")).await.unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("before\n{\"id\""));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
}
