//! One request on a connection of its own, up to the headers of the answer.

use std::pin::pin;

use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::first;
use super::proxy::{Proxy, tunnel};
use super::request::Request;
use crate::catalog::model::HttpVersion;
use crate::probe::connect::connect;
use crate::probe::guard::Guard;
use crate::probe::place::Place;
use crate::probe::sight::{Failure, Phase, Sight};
use crate::probe::task::Task;
use crate::probe::tls::Towards;
use crate::probe::{With, failure};

/// The longest head of an answer, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// An answer whose body is still to be read.
pub(super) struct Answer {
    response: Response<Incoming>,
    // Keeps the connection going; ends it with the answer.
    _connection: Task,
}

impl Answer {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers, by name.
    pub fn headers(&self) -> Vec<(String, String)> {
        headers_of(self.response.headers())
    }

    /// The first header of a name.
    pub fn header(&self, name: &HeaderName) -> Option<String> {
        self.response.headers().get(name).map(text)
    }

    /// The next piece of the body; none at its end.
    pub async fn piece(&mut self) -> Option<Result<Bytes, hyper::Error>> {
        loop {
            match self.response.body_mut().frame().await? {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Headers as conditions look at them.
pub(in crate::probe) fn headers_of(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// Connects, sends the request, and waits for the head of the answer.
pub(super) async fn exchange(
    request: &Request,
    version: Option<HttpVersion>,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<Answer, Failure> {
    let place = request.place()?;
    let proxy = with.client.proxy.as_deref().map(Proxy::parse).transpose()?;
    // What cannot be sent is said before anybody is bothered.
    request.build(Version::HTTP_11, false)?;
    let mut stream = match &proxy {
        None => connect(&place, with.client, sight).await?,
        Some(proxy) => {
            Guard::of(with.client).admit_unresolved(&place.host)?;
            connect(&proxy.place, &Proxy::client(with.client), sight).await?
        }
    };
    if !request.is_secure() {
        let absolute = proxy.is_some();
        let two = version == Some(HttpVersion::Two);
        let request = request.build(if two { Version::HTTP_2 } else { Version::HTTP_11 }, absolute || two)?;
        let request = proxy.iter().fold(request, |request, proxy| proxy.introduce(request));
        return send(stream, two, request, &place, sight).await;
    }
    if let Some(proxy) = &proxy {
        sight.enter(Phase::Connect, format!("the proxy {} made no way to {place}", proxy.place));
        tunnel(&mut stream, proxy, &place).await?;
    }
    let alpn: &[&str] = match version {
        None => &["h2", "http/1.1"],
        Some(HttpVersion::One) => &["http/1.1"],
        Some(HttpVersion::Two) => &["h2"],
    };
    let towards = Towards { client: with.client, dir: with.dir, alpn, now: with.now };
    let stream: tokio_rustls::client::TlsStream<TcpStream> =
        with.trust.handshake(stream, &place, towards, sight).await?;
    let two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    if version == Some(HttpVersion::Two) && !two {
        return Err(format!("{place} does not speak HTTP/2").into());
    }
    let request = request.build(if two { Version::HTTP_2 } else { Version::HTTP_11 }, two)?;
    send(stream, two, request, &place, sight).await
}

async fn send<S>(
    stream: S,
    two: bool,
    request: hyper::Request<http_body_util::Full<Bytes>>,
    place: &Place,
    sight: &mut Sight,
) -> Result<Answer, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    sight.enter(Phase::FirstByte, "there was no answer");
    let broken = |error: &hyper::Error| match error {
        error if error.is_incomplete_message() => {
            Failure::from(format!("{place} closed the connection before it had answered"))
        }
        error => failure::talking(place, "HTTP", error).into(),
    };
    let (response, connection) = if two {
        let io = TokioIo::new(stream);
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.max_header_list_size(u32::try_from(LONGEST_HEAD).unwrap_or(u32::MAX));
        let (mut sender, connection) = builder.handshake(io).await.map_err(|error| broken(&error))?;
        let connection = Task::spawn(connection);
        (sender.send_request(request).await, connection)
    } else {
        let (stream, begun) = first::watched(stream);
        let mut builder = http1::Builder::new();
        builder.max_buf_size(LONGEST_HEAD);
        let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
        let connection = Task::spawn(connection);
        let mut response = pin!(sender.send_request(request));
        let response = tokio::select! {
            biased;
            response = &mut response => response,
            Ok(()) = begun => {
                sight.enter(Phase::Transfer, "the head of the answer did not end");
                response.await
            }
        };
        (response, connection)
    };
    let response = response.map_err(|error| broken(&error))?;
    sight.answered();
    Ok(Answer { response, _connection: connection })
}
