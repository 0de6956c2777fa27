//! Probes by WebSocket and by the health protocol of gRPC against real servers, and against some that are none.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::convert::Infallible;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use indexmap::IndexMap;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request as Upgrade, Response as Upgraded};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use opsctl::catalog::model::{Client, Probe, ProbeTarget};
use opsctl::probe::State;

mod common;

use common::ca::{Authority, NOW};
use common::observe::{
    assert_error, assert_up, blunt, endless, expecting, look, look_with, nobody, probe, silent, talker, within,
};

/// Serves everyone who comes, each on their own, in clear or over TLS.
async fn serve<F>(tls: Option<TlsAcceptor>, to_each: fn(Box<dyn Both>) -> F) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tls = tls.clone();
            tokio::spawn(async move {
                if let Some(stream) = secure(stream, tls).await {
                    to_each(stream).await;
                }
            });
        }
    });
    address
}

/// Both directions of a connection.
trait Both: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}

async fn secure(stream: TcpStream, tls: Option<TlsAcceptor>) -> Option<Box<dyn Both>> {
    match tls {
        None => Some(Box::new(stream)),
        Some(tls) => Some(Box::new(tls.accept(stream).await.ok()?)),
    }
}

fn acceptor(authority: &Authority, alpn: &str) -> TlsAcceptor {
    let mut config = Arc::unwrap_or_clone(authority.issue(&["127.0.0.1"], NOW).server());
    config.alpn_protocols = vec![alpn.into()];
    TlsAcceptor::from(Arc::new(config))
}

fn trusting(authority: &Path, probe: Probe) -> Probe {
    let ca = Some(authority.display().to_string());
    Probe { client: Client { ca, ..Client::default() }, ..probe }
}

// ---- WebSocket ----

fn websocket(url: impl Into<String>, send: Option<&str>) -> Probe {
    with_headers(url, &[], send)
}

fn with_headers(url: impl Into<String>, headers: &[(&str, &str)], send: Option<&str>) -> Probe {
    let headers: IndexMap<String, String> =
        headers.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    probe(ProbeTarget::Websocket { url: url.into(), headers, send: send.map(str::to_owned) })
}

/// Does what the path says.
#[allow(clippy::result_large_err, reason = "the library wants it so")]
async fn talk(stream: Box<dyn Both>) {
    let mut asked = String::new();
    let callback = |request: &Upgrade, response: Upgraded| {
        let header = |name: &str| request.headers().get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
        asked = format!("{}|{}|{}|{}", request.uri(), header("x-token"), header("authorization"), header("host"));
        match request.uri().path() {
            "/closed" => {
                let mut refusal = ErrorResponse::new(Some("members only".into()));
                *refusal.status_mut() = hyper::StatusCode::FORBIDDEN;
                Err(refusal)
            }
            _ => Ok(response),
        }
    };
    if let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, callback).await {
        let _ = say(&mut socket, &asked).await;
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
    }
}

async fn say(
    socket: &mut WebSocketStream<Box<dyn Both>>,
    asked: &str,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    let heard = match socket.next().await {
        Some(Ok(message)) => message.into_text()?,
        _ => return Ok(()),
    };
    match asked.split('|').next().unwrap_or_default() {
        "/silent" => Ok(()),
        "/bytes" => socket.send(Message::binary(&b"four\xff"[..])).await,
        "/patient" => {
            socket.send(Message::Ping(Bytes::from_static(b"are you there?"))).await?;
            assert!(matches!(socket.next().await, Some(Ok(Message::Pong(_)))));
            socket.send(Message::text("yes")).await
        }
        "/leaving" => {
            let frame = CloseFrame { code: 1008.into(), reason: "not\u{1b}[31m today".into() };
            socket.close(Some(frame)).await
        }
        "/long" => socket.send(Message::text("x".repeat(2 * 1024 * 1024))).await,
        _ => socket.send(Message::text(format!("{heard} at {asked}"))).await,
    }
}

#[tokio::test]
async fn a_websocket_is_up_when_it_upgrades() {
    let address = serve(None, talk).await;
    let seen = look(&websocket(format!("ws://{address}/silent"), None)).await;
    assert_up(&seen);
    assert_eq!((seen.status, seen.address), (Some(101), Some(address.to_string())));
    assert_eq!(seen.conditions[0].condition, "[CONNECTED] == true");
    assert!(seen.response_time_ms.is_some() && seen.phases_us.connect > 0 && seen.phases_us.first_byte > 0);
    let wanted = ["[STATUS] == 101", "[HEADERS].Upgrade == websocket", "has([BODY]) == false"];
    assert_up(&look(&expecting(&wanted, websocket(format!("ws://{address}/"), None))).await);
}

#[tokio::test]
async fn the_first_message_that_comes_back_is_the_body() {
    let address = serve(None, talk).await;
    for (path, body) in [("/patient", "yes"), ("/bytes", "four\u{fffd}")] {
        let probe = websocket(format!("ws://{address}{path}"), Some("hello"));
        assert_up(&look(&expecting(&[&format!("[BODY] == {body}")], probe)).await);
    }
    let headers = [("X-Token", "${TOKEN}"), ("Connection", "close"), ("Host", "chat.test")];
    let url = format!("ws://me:my%20secret@{address}/a?b=c#d");
    let probe = with_headers(url, &headers, Some("hi ${TOKEN}"));
    let body = "[BODY] == hi tok-123456 at /a?b=c|tok-123456|Basic bWU6bXkgc2VjcmV0|chat.test";
    let seen = look_with(&expecting(&[body], probe.clone()), &[("TOKEN", "tok-123456")]).await;
    assert_up(&seen);
    assert_eq!(seen.output.as_deref(), Some("hi ••• at /a?b=c|•••|Basic bWU6•••|chat.test"));
    assert_eq!(look(&probe).await.state, State::NotConfigured);
}

#[tokio::test]
async fn a_websocket_over_tls_is_trusted_when_its_issuer_is() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new("Ours"));
    let ours = authority.file(dir.path());
    let address = serve(Some(acceptor(&authority, "http/1.1")), talk).await;
    let probe = websocket(format!("wss://{address}/"), Some("hello"));
    let seen = look(&trusting(&ours, probe.clone())).await;
    assert_up(&seen);
    assert!(seen.certificate_expires_at.is_some() && seen.phases_us.tls > 0);
    assert_error(&look(&probe).await, "nobody this machine trusts has issued the certificate");
}

#[tokio::test]
async fn a_websocket_that_does_not_answer_as_it_should_is_down() {
    let address = serve(None, talk).await;
    let ask = |path: &str| websocket(format!("ws://{address}{path}"), Some("hello"));
    let seen = look(&ask("/closed")).await;
    assert_error(&seen, &format!("{address} refused the upgrade: it answered 403"));
    assert_eq!((seen.status, seen.response_time_ms.is_some()), (Some(403), true));
    let seen = look(&within(3000, ask("/silent"))).await;
    assert_error(&seen, &format!("timed out after 3s: {address} sent no message back"));
    assert_eq!((seen.status, seen.response_time_ms), (Some(101), None));
    assert_error(&look(&ask("/leaving")).await, "closed the WebSocket and sent no message back (1008: not today)");
    assert_error(&look(&ask("/long")).await, &format!("{address} sent a message longer than 1 MiB"));
    for (url, expected) in [
        ("http://me:hunter2-secret@h/", "begins neither with ws:// nor with wss://"),
        ("me:hunter2-secret@h/", "begins neither with ws:// nor with wss://"),
        ("ws://me:hunter2-secret@h:99999/", "cannot be read: invalid port number"),
    ] {
        let seen = look(&websocket(url, None)).await;
        assert_error(&seen, expected);
        assert!(!seen.error.unwrap().contains("hunter2"));
    }
    let seen = look(&with_headers(format!("ws://{address}/"), &[("X-A", "a\nb")], None)).await;
    assert_error(&seen, "the value of the header X-A has characters that cannot be sent");
}

#[tokio::test]
async fn a_websocket_that_is_none_is_down() {
    let ask = |address: SocketAddr| websocket(format!("ws://{address}/"), None);
    let silent = silent();
    let seen = look(&within(300, ask(silent))).await;
    assert_error(&seen, &format!("timed out after 300ms: {silent} did not answer the upgrade"));
    let nonsense = blunt(b"SSH-2.0-OpenSSH_9.6\r\n");
    assert_error(&look(&ask(nonsense)).await, &format!("{nonsense} gave no proper WebSocket answer: invalid HTTP"));
    assert_error(&look(&ask(blunt(b""))).await, "broke the connection off");
    let forged = b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";
    assert_error(&look(&ask(blunt(forged))).await, "gave no proper WebSocket answer: Key mismatch");
    let page = blunt(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
    assert_error(&look(&ask(page)).await, &format!("{page} refused the upgrade: it answered 200"));
    let nobody = nobody();
    assert_error(&look(&ask(nobody)).await, &format!("{nobody} refused the connection"));
    let headers = endless(&[b"HTTP/1.1 101 Yes\r\n"], b"x-a: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n");
    assert_error(&look(&ask(headers)).await, "gave no proper WebSocket answer");
}

// ---- gRPC ----

type Answer = Response<BoxBody<Bytes, Infallible>>;

fn grpc(address: impl Display, service: &str, tls: bool) -> Probe {
    probe(ProbeTarget::Grpc { address: address.to_string(), service: service.to_owned(), tls })
}

/// A message of the health protocol with one status.
fn message(status: u8) -> Bytes {
    Bytes::copy_from_slice(&[0, 0, 0, 0, 2, 8, status])
}

fn status(code: &str, words: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("grpc-status", code.parse().unwrap());
    if !words.is_empty() {
        headers.insert("grpc-message", words.parse().unwrap());
    }
    headers
}

fn whole(data: Bytes, trailers: HeaderMap) -> Answer {
    let body = Full::new(data).with_trailers(async move { Some(Ok(trailers)) });
    Response::new(body.boxed())
}

/// Answers with headers alone.
fn at_once(http: u16, headers: HeaderMap) -> Answer {
    let mut answer = Response::new(Empty::new().boxed());
    *answer.status_mut() = hyper::StatusCode::from_u16(http).unwrap();
    *answer.headers_mut() = headers;
    answer
}

/// Some data, and no end of it.
fn without_end(data: Bytes, again: bool) -> Answer {
    let pieces = stream::repeat_with(move || Ok(Frame::data(data.clone()))).take(if again { usize::MAX } else { 1 });
    Response::new(BodyExt::boxed(StreamBody::new(pieces.chain(stream::pending()))))
}

/// A health server that does what the service's name says.
async fn health(request: Request<Incoming>) -> Result<Answer, Infallible> {
    let (head, body) = request.into_parts();
    assert_eq!((head.method.as_str(), head.uri.path()), ("POST", "/grpc.health.v1.Health/Check"));
    assert_eq!(
        (&head.headers["te"], &head.headers["content-type"]),
        (&"trailers".parse().unwrap(), &"application/grpc".parse().unwrap())
    );
    let asked = body.collect().await.unwrap().to_bytes();
    let service = String::from_utf8(asked.get(7..).unwrap_or_default().to_vec()).unwrap();
    Ok(match service.as_str() {
        "" => whole(message(1), status("0", "")),
        "tired" => whole(message(2), status("0", "")),
        "odd" => whole(message(3), status("0", "")),
        "empty" => whole(Bytes::from_static(&[0; 5]), status("0", "")),
        "garbled" => whole(Bytes::from_static(b"hello"), status("0", "")),
        "busy" => whole(Bytes::new(), status("14", "no%20room%0Aleft.")),
        "new" => whole(message(1), status("99", "")),
        "silent" => std::future::pending().await,
        "half" => without_end(message(1), false),
        "endless" => without_end(Bytes::from_static(&[0; 16 * 1024]), true),
        "page" => at_once(404, HeaderMap::new()),
        "bare" => whole(message(1), HeaderMap::new()),
        "old" => at_once(200, status("12", "unknown service grpc.health.v1.Health")),
        _ => at_once(200, status("5", "unknown service")),
    })
}

async fn answer(stream: Box<dyn Both>) {
    let service = hyper::service::service_fn(health);
    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

#[tokio::test]
async fn a_service_is_up_when_it_says_so() {
    let address = serve(None, answer).await;
    let seen = look(&grpc(address, "", false)).await;
    assert_up(&seen);
    assert_eq!(
        (seen.status, seen.output.as_deref(), seen.address),
        (Some(0), Some("SERVING"), Some(address.to_string()))
    );
    assert_eq!(seen.conditions[0].shown, "[BODY] (SERVING) == SERVING");
    assert!(seen.response_time_ms.is_some() && seen.phases_us.connect > 0 && seen.phases_us.first_byte > 0);
    for (service, state) in [("tired", "NOT_SERVING"), ("odd", "SERVICE_UNKNOWN"), ("empty", "UNKNOWN")] {
        let seen = look(&grpc(address, service, false)).await;
        assert_eq!((seen.state, seen.error.as_deref()), (State::Down, None), "{seen:?}");
        assert_eq!(seen.conditions[0].shown, format!("[BODY] ({state}) == SERVING"));
    }
    let named = expecting(&["[BODY] == NOT_SERVING", "[STATUS] == 0"], grpc("${HOST}", "${NAME}", false));
    assert_up(&look_with(&named, &[("HOST", &address.to_string()), ("NAME", "tired")]).await);
}

#[tokio::test]
async fn a_service_over_tls_is_trusted_when_its_issuer_is() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new("Ours"));
    let ours = authority.file(dir.path());
    let address = serve(Some(acceptor(&authority, "h2")), answer).await;
    let seen = look(&trusting(&ours, grpc(address, "", true))).await;
    assert_up(&seen);
    assert!(seen.certificate_expires_at.is_some() && seen.phases_us.tls > 0);
    assert_error(&look(&grpc(address, "", true)).await, "nobody this machine trusts has issued the certificate");
    let other = serve(Some(acceptor(&authority, "http/1.1")), talk).await;
    let seen = look(&trusting(&ours, grpc(other, "", true))).await;
    assert_error(&seen, &format!("TLS with {other} failed: the other side speaks none of the protocols"));
}

#[tokio::test]
async fn a_call_that_fails_is_named() {
    let address = serve(None, answer).await;
    for (service, status, expected) in [
        ("old", Some(12), "does not know the health protocol (UNIMPLEMENTED)"),
        ("none", Some(5), "does not know the service `none` (NOT_FOUND)"),
        ("busy", Some(14), "answered with UNAVAILABLE: no room left"),
        ("new", Some(99), "answered with the status 99"),
        ("garbled", Some(0), "gave no proper gRPC answer: the message cannot be read"),
        ("page", None, "gave no proper gRPC answer: it answered with the HTTP status 404"),
        ("bare", None, "gave no proper gRPC answer: it has no grpc-status"),
        ("endless", None, "gave no proper gRPC answer: it is longer than 64 KiB"),
    ] {
        let seen = look(&grpc(address, service, false)).await;
        assert_error(&seen, &format!("{address} {expected}"));
        assert_eq!(seen.status, status, "{service}");
    }
    let seen = look(&within(300, grpc(address, "silent", false))).await;
    assert_error(&seen, &format!("timed out after 300ms: {address} did not answer the question for its health"));
    let seen = look(&within(3000, grpc(address, "half", false))).await;
    assert_error(&seen, &format!("timed out after 3s: the answer of {address} did not end"));
}

#[tokio::test]
async fn a_health_server_that_is_none_is_down() {
    let silent = silent();
    let seen = look(&within(300, grpc(silent, "", false))).await;
    assert_error(&seen, &format!("timed out after 300ms: {silent} did not answer the question for its health"));
    let nonsense = blunt(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_error(&look(&grpc(nonsense, "", false)).await, &format!("{nonsense} gave no proper gRPC answer"));
    assert_error(&look(&grpc(blunt(b""), "", false)).await, "broke the connection off");
    let settings = endless(&[b"\0\0\0\x04\0\0\0\0\0"], b"\0\0\x08\x06\0\0\0\0\0pingping");
    assert_eq!(look(&within(300, grpc(settings, "", false))).await.state, State::Down);
    assert_eq!(look(&grpc(talker(&[b"\0\0\0\x04\0\0\0\0\0", b""]), "", false)).await.state, State::Down);
    let nobody = nobody();
    assert_error(&look(&grpc(nobody, "", false)).await, &format!("{nobody} refused the connection"));
    assert_error(&look(&grpc("no-port", "", false)).await, "`no-port` is not a host with a port");
}
