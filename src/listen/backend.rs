//! What the listener asks of the daemon.

use axum::body::Bytes;
use axum::http::StatusCode;
use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::monitor::Beat;

/// How the daemon is.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// Whether it does its work.
    pub ok: bool,
    /// The whole answer. Everybody may read it: it asks for no token.
    pub json: Value,
}

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The answer's status: 4xx when the sender is wrong, 5xx when it is to try again.
    pub status: StatusCode,
    /// A sentence for the sender.
    pub why: String,
}

impl Refusal {
    /// Some refusal.
    pub fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }

    /// What was sent makes no sense: 400.
    pub fn nonsense(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, why)
    }

    /// There is no such thing: 404.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, why)
    }

    /// It could not be written down: 503, so that it is sent again.
    pub fn failed(why: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, why)
    }
}

/// What the daemon does for the listener. An `Ok` says that it is done for good: written down, where there is something
/// to write down. Work that has begun is not broken off when the client goes away.
pub trait Backend: Send + Sync + 'static {
    /// Everything that is measured, in Prometheus' text format.
    fn metrics(&self) -> String;

    /// How the daemon is.
    fn health(&self) -> Health;

    /// Takes a heartbeat for a probe; the message is plain text of at most [`LONGEST_MESSAGE`](super::LONGEST_MESSAGE)
    /// bytes.
    fn heartbeat<'a>(
        &'a self,
        probe: &'a str,
        beat: Beat,
        message: Option<String>,
    ) -> BoxFuture<'a, Result<(), Refusal>>;

    /// A file of the public status page by its path in it; none when there is none. Everybody may read it: it asks for
    /// no token.
    fn page<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Refusal>>;

    /// Takes what Alertmanager posts, as it came; gives the number of alerts in it.
    fn alerts(&self, body: String) -> BoxFuture<'_, Result<usize, Refusal>>;
}
