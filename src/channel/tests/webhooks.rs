//! Webhooks: what they get, and what their answers mean.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
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
use tokio_rustls::TlsAcceptor;

use super::{assert_failed, assert_uncertain, channel, courier, deliver, hook, message, post_to, vars};
use crate::catalog::model::{Delivery, Webhook};
use crate::channel::Receipt;

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
    let receipt = deliver(hook(url), &set, Path::new("/")).await.unwrap();
    assert_eq!(receipt, Receipt::taken(format!("{address} answered 202 Accepted")));
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
        assert_uncertain(failed, &format!("no proper answer from {address}: "));
    }
}

#[tokio::test]
async fn an_unset_variable_is_named() {
    let failed = deliver(hook("${PAGER_URL}"), &[("PAGER_URL", "")], Path::new("/")).await;
    assert_failed(failed, false, "the environment variable PAGER_URL is not set");
    assert_failed(post_to("hooks.test/secret").await, false, "no http or https URL");
}

#[tokio::test]
async fn a_webhook_goes_through_the_proxy_of_the_environment() {
    let (proxy, seen) = server().await;
    let proxy = format!("http://{proxy}");
    let set = [("HTTP_PROXY", proxy.as_str()), ("no_proxy", "127.0.0.1")];
    // The proxy takes the request for its own, whatever host is asked for.
    let far = || hook("http://far-away.invalid/hook");
    deliver(far(), &set, Path::new("/")).await.unwrap();
    assert_eq!(seen.lock().unwrap()[0].0["host"], "far-away.invalid");
    let (direct, seen) = server().await;
    let direct = hook(format!("http://{direct}/hook"));
    deliver(direct, &[("HTTP_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", "127.0.0.1")], Path::new("/")).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1);
    let failed = deliver(far(), &[("http_proxy", "http://127.0.0.1:1")], Path::new("/")).await;
    assert_failed(failed, true, "(the environment names a proxy)");
    for wrong in ["ftp://secret", "socks5://secret", "secret host"] {
        let failed = deliver(far(), &[("ALL_PROXY", wrong)], Path::new("/")).await;
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
    courier.roots.set(Arc::new(roots)).unwrap();
    let receipt = courier.deliver(&channel(hook(url)), &message()).await.unwrap();
    assert_eq!(receipt.to_string(), format!("localhost:{port} answered 204 No Content"));
}

#[tokio::test]
async fn a_secret_signs_what_is_sent() {
    let (address, seen) = server().await;
    let url = format!("http://{address}/hook");
    let signed = Delivery::Webhook(Webhook { url, secret: Some("${KEY}".to_owned()) });
    deliver(signed.clone(), &[("KEY", "whsec secret")], Path::new("/")).await.unwrap();
    let (headers, body) = seen.lock().unwrap()[0].clone();
    let header = headers["x-opsctl-signature"].to_str().unwrap();
    let (time, mac) = header.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).unwrap();
    // As the document says it: with a program that is not ours.
    let script =
        "import hmac, sys; print(hmac.new(sys.argv[1].encode(), sys.stdin.buffer.read(), 'sha256').hexdigest())";
    let mut python = assert_cmd::Command::new("python3");
    let output = python.args(["-c", script, "whsec secret"]).write_stdin(format!("{time}.{body}")).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), mac);
    let failed = deliver(signed, &[], Path::new("/")).await;
    assert_failed(failed, false, "the environment variable KEY is not set");
}

#[tokio::test]
async fn an_answer_that_never_comes_leaves_it_open() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
    });
    let vars = vars(&[]);
    let short = crate::ground::Span(Duration::from_secs(1));
    let patience = crate::channel::Patience { usual: short, ..crate::channel::PATIENCE };
    let hurried = crate::channel::Courier { patience, ..courier(&vars, Path::new("/")) };
    let outcome = hurried.deliver(&channel(hook(format!("http://{address}/secret"))), &message()).await;
    assert_uncertain(outcome, &format!("{address} did not answer within 1s"));
}
