//! What is answered where.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, get, on, post};
use serde_json::json;

use super::answer::answer;
use super::body::read;
use super::door::Door;
use super::page;
use super::{Backend, LONGEST_MESSAGE, Limits, Refusal};
use crate::ground::plain;
use crate::monitor::Beat;

/// Asks for no token, for those who restart what does not answer.
const HEALTH: &str = "/healthz";

/// `curl URL` is enough for a heartbeat.
const BEATS: MethodFilter = MethodFilter::GET.or(MethodFilter::HEAD).or(MethodFilter::POST).or(MethodFilter::PUT);

/// What the routes need.
#[derive(Clone)]
pub(super) struct Desk {
    pub backend: Arc<dyn Backend>,
    limits: Limits,
}

/// All routes behind their door.
pub(super) fn router(backend: Arc<dyn Backend>, door: Door, limits: Limits) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route(HEALTH, get(health))
        .route("/heartbeat/{*said}", on(BEATS, heartbeat))
        .route("/alertmanager", post(alerts))
        .route("/", get(page::front))
        .route(page::PAGE, get(page::front))
        .route("/status/", get(page::index))
        .route("/status/{*path}", get(page::file))
        .route("/api/v2/{*path}", get(page::api))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_this_way)
        .layer(from_fn_with_state(door, admit))
        .with_state(Desk { backend, limits })
}

async fn admit(State(door): State<Door>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_public = path == HEALTH || page::is_public(path);
    let admitted = if is_public { Ok(()) } else { door.admit(request.headers()) };
    match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn metrics(State(desk): State<Desk>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, desk.backend.metrics()).into_response()
}

async fn health(State(desk): State<Desk>) -> Response {
    let health = desk.backend.health();
    answer(if health.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &health.json)
}

async fn heartbeat(
    State(desk): State<Desk>,
    path: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<Response, Refusal> {
    let Path(said) = path.map_err(|error| Refusal::nonsense(error.body_text()))?;
    let (probe, beat) = called(&said)?;
    let message = message(&read(body, desk.limits.body).await?);
    finish(async move { desk.backend.heartbeat(&probe, beat, message).await }).await?;
    Ok(answer(StatusCode::OK, &json!({ "heartbeat": beat.word() })))
}

async fn alerts(State(desk): State<Desk>, body: Body) -> Result<Response, Refusal> {
    let body = String::from_utf8(read(body, desk.limits.body).await?)
        .map_err(|_| Refusal::nonsense("the body is not UTF-8"))?;
    let alerts = finish(async move { desk.backend.alerts(body).await }).await?;
    Ok(answer(StatusCode::OK, &json!({ "alerts": alerts })))
}

async fn nowhere(uri: Uri) -> Refusal {
    let why = "there are /status/, /metrics, /healthz, /heartbeat/PROBE and /alertmanager";
    Refusal::unknown(format!("there is nothing at {}: {why}", uri.path()))
}

async fn not_this_way(method: Method, uri: Uri) -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not take {method}", uri.path()))
}

/// What a heartbeat's path says: the probe, and the beat where it is not a success.
fn called(said: &str) -> Result<(String, Beat), Refusal> {
    let (probe, word) = said.split_once('/').unwrap_or((said, Beat::Success.word()));
    match Beat::ALL.into_iter().find(|beat| beat.word() == word) {
        Some(beat) if !probe.is_empty() => Ok((probe.to_owned(), beat)),
        _ => Err(Refusal::unknown(
            "a heartbeat is sent to /heartbeat/PROBE, or /heartbeat/PROBE/start, …/success or …/fail",
        )),
    }
}

/// The beginning of a body as plain text; a longer one is no reason to miss a heartbeat.
fn message(body: &[u8]) -> Option<String> {
    let text = plain(&String::from_utf8_lossy(body));
    let text = text.trim();
    let kept = &text[..text.floor_char_boundary(LONGEST_MESSAGE)];
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// Work that is done to its end, whether or not the client waits for it.
async fn finish<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    let broken = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "opsctl broke off while it took this");
    tokio::spawn(work).await.map_err(broken)?
}

#[cfg(test)]
mod tests {
    use super::{called, message};
    use crate::monitor::Beat;

    #[test]
    fn a_path_names_a_probe_and_a_beat() {
        for (said, expected) in [
            ("backup", Some(("backup", Beat::Success))),
            ("backup/start", Some(("backup", Beat::Start))),
            ("backup/success", Some(("backup", Beat::Success))),
            ("backup/fail", Some(("backup", Beat::Fail))),
            ("backup/", None),
            ("backup/Fail", None),
            ("backup/fail/", None),
            ("/fail", None),
            ("", None),
        ] {
            let expected = expected.map(|(probe, beat)| (probe.to_owned(), beat));
            assert_eq!(called(said).ok(), expected, "{said}");
        }
    }

    #[test]
    fn a_message_is_short_plain_text() {
        assert_eq!(message(b" \r\n"), None);
        assert_eq!(message(b"12 \x1b[31mrows\xff\r\n").as_deref(), Some("12 rows\u{fffd}"));
        assert_eq!(message(&[b'x'; 5000]).map(|text| text.len()), Some(1024));
        assert_eq!(message("a€€".repeat(1000).as_bytes()).map(|text| text.len()), Some(1023));
    }
}
