//! Probes by the health protocol of gRPC (`grpc.health.v1.Health/Check`).
//!
//! Its two messages have one field each, so they are written and read by hand.

mod message;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::expand::Filler;
use super::http::headers_of;
use super::place::Place;
use super::sight::{Failure, Phase, Sight};
use super::task::Task;
use super::{With, failure, wire};
use message::Serving;

/// The longest answer, in bytes.
const LONGEST: usize = 64 * 1024;

/// The status codes, in order.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Asks how a service is.
pub(super) async fn look(
    address: &str,
    service: &str,
    tls: bool,
    fill: &mut Filler<'_>,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<(), Failure> {
    let (address, service) = (fill.plain(address), fill.plain(service));
    if !fill.unset.is_empty() {
        return Ok(());
    }
    let place = Place::parse(&address, None)?;
    let request = request(&place, &service, tls)?;
    let alpn: Option<&[&str]> = tls.then_some(&["h2"]);
    let stream = wire::open(&place, alpn, with, sight).await?;
    sight.enter(Phase::FirstByte, format!("{place} did not answer the question for its health"));
    let broken = |error: &hyper::Error| Failure::from(failure::talking(&place, "gRPC", error));
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.max_header_list_size(u32::try_from(LONGEST).unwrap_or(u32::MAX));
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let _connection = Task::spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    sight.answered();
    sight.facts.headers = Some(headers_of(response.headers()));
    sight.enter(Phase::Transfer, format!("the answer of {place} did not end"));
    let answer = read(response, &place).await?;
    sight.facts.status = Some(answer.code);
    if answer.code != 0 {
        return Err(refused(&place, &service, &answer));
    }
    let serving = Serving::read(&answer.message).ok_or_else(|| improper(&place, "the message cannot be read"))?;
    sight.output = serving.to_string();
    sight.facts.body = Some(serving.to_string());
    Ok(())
}

fn request(place: &Place, service: &str, tls: bool) -> Result<Request<Full<Bytes>>, Failure> {
    let scheme = if tls { "https" } else { "http" };
    Request::builder()
        .method(Method::POST)
        .version(Version::HTTP_2)
        .uri(format!("{scheme}://{place}/grpc.health.v1.Health/Check"))
        .header(CONTENT_TYPE, "application/grpc")
        .header(TE, "trailers")
        .header(USER_AGENT, concat!("opsctl/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(Bytes::from(message::question(service))))
        .map_err(|error| format!("{place} cannot be asked: {error}").into())
}

/// What a call came to.
struct Answer {
    /// The gRPC status; 0 is good.
    code: u16,
    /// What the server says about it.
    words: String,
    message: Vec<u8>,
}

async fn read(response: Response<Incoming>, place: &Place) -> Result<Answer, Failure> {
    let (head, mut body) = response.into_parts();
    if head.status != StatusCode::OK {
        return Err(improper(place, &format!("it answered with the HTTP status {}", head.status.as_u16())));
    }
    let mut message = Vec::new();
    // A call that fails at once has its status among the headers.
    let mut outcome = outcome(&head.headers);
    while let Some(frame) = body.frame().await {
        match frame.map_err(|error| failure::talking(place, "gRPC", &error))?.into_data() {
            Ok(data) if message.len() + data.len() > LONGEST => {
                return Err(improper(place, "it is longer than 64 KiB"));
            }
            Ok(data) => message.extend_from_slice(&data),
            Err(other) => outcome = other.trailers_ref().and_then(self::outcome).or(outcome),
        }
    }
    let (code, words) = outcome.ok_or_else(|| improper(place, "it has no grpc-status"))?;
    Ok(Answer { code, words, message })
}

fn outcome(headers: &HeaderMap) -> Option<(u16, String)> {
    let text = |name: &str| headers.get(name).map(HeaderValue::as_bytes).map(String::from_utf8_lossy);
    let code = text("grpc-status")?.parse().ok()?;
    let words = text("grpc-message").map_or_else(String::new, |words| failure::short(&message::unescaped(&words)));
    Some((code, words))
}

fn refused(place: &Place, service: &str, answer: &Answer) -> Failure {
    let name =
        CODES.get(usize::from(answer.code)).map_or_else(|| format!("the status {}", answer.code), ToString::to_string);
    match name.as_str() {
        "UNIMPLEMENTED" => format!("{place} does not know the health protocol ({name})"),
        "NOT_FOUND" if !service.is_empty() => format!("{place} does not know the service `{service}` ({name})"),
        _ if answer.words.is_empty() => format!("{place} answered with {name}"),
        _ => format!("{place} answered with {name}: {}", answer.words),
    }
    .into()
}

fn improper(place: &Place, why: &str) -> Failure {
    format!("{place} gave no proper gRPC answer: {why}").into()
}
