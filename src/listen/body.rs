//! Reads what a client sends, within limits.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use super::Refusal;

/// The longest body, in bytes.
const LONGEST: usize = 1024 * 1024;

/// All of the body.
pub(super) async fn read(body: Body, limit: Duration) -> Result<Vec<u8>, Refusal> {
    let late = |_| {
        let why = format!("the body did not come within {} s", limit.as_secs());
        Refusal::new(StatusCode::REQUEST_TIMEOUT, why)
    };
    timeout(limit, collect(body)).await.map_err(late)?
}

async fn collect(mut body: Body) -> Result<Vec<u8>, Refusal> {
    let (mut kept, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refusal::nonsense(format!("the body was broken off: {error}")))?;
        let Some(piece) = frame.data_ref() else { continue };
        length += piece.len();
        // What is too much is read all the same: one who is still sending does not hear the answer.
        if length <= LONGEST {
            kept.extend_from_slice(piece);
        }
    }
    if length > LONGEST {
        let why = format!("the body has more than {LONGEST} bytes");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, why));
    }
    Ok(kept)
}
