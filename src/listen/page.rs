//! The public status page, to everybody: under `/status/`, and its JSON also where clients of Statuspage look for it.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::Refusal;
use super::routes::Desk;
use crate::ground::sha256;

/// Where the page lies.
pub(super) const PAGE: &str = "/status";

/// Where its JSON lies, too: clients of Statuspage add this to a host's name.
const API: &str = "api/v2/";

/// Whether a path asks for no token.
pub(super) fn is_public(path: &str) -> bool {
    matches!(path, "/" | PAGE) || path.starts_with("/status/") || path.starts_with("/api/v2/")
}

pub(super) async fn front() -> Redirect {
    Redirect::temporary("/status/")
}

pub(super) async fn index(State(desk): State<Desk>, headers: HeaderMap) -> Result<Response, Refusal> {
    answer(&desk, "index.html", &headers).await
}

pub(super) async fn file(
    State(desk): State<Desk>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Path(path) = path.map_err(|error| Refusal::nonsense(error.body_text()))?;
    answer(&desk, &path, &headers).await
}

pub(super) async fn api(
    State(desk): State<Desk>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Path(path) = path.map_err(|error| Refusal::nonsense(error.body_text()))?;
    answer(&desk, &format!("{API}{path}"), &headers).await
}

async fn answer(desk: &Desk, path: &str, asked: &HeaderMap) -> Result<Response, Refusal> {
    let found = desk.backend.page(path).await?;
    let bytes = found.ok_or_else(|| Refusal::unknown("the status page has no such file"))?;
    Ok(file_of(path, bytes, asked))
}

fn file_of(path: &str, bytes: Bytes, asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", &sha256(&bytes)[..32]);
    let is_same = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|tags| {
        tags.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
    });
    let mut headers: Vec<(HeaderName, &str)> = vec![
        (header::ETAG, &tag),
        (header::CACHE_CONTROL, "max-age=10"),
        (header::CONTENT_TYPE, kind(path)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    if path.starts_with(API) {
        // Pages of other sites may read it: that is what it is for.
        headers.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    }
    let headers: HeaderMap =
        headers.into_iter().filter_map(|(name, value)| Some((name, value.parse().ok()?))).collect();
    if is_same { (StatusCode::NOT_MODIFIED, headers).into_response() } else { (headers, bytes).into_response() }
}

fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "atom")) => "application/atom+xml; charset=utf-8",
        Some((_, "json")) => "application/json; charset=utf-8",
        _ => "application/octet-stream",
    }
}
