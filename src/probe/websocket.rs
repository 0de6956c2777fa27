//! Probes by WebSocket: upgrade, and where there is something to send, wait for what comes back.

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use hyper::Request;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, USER_AGENT};
use indexmap::IndexMap;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Url;

use super::credentials::Credentials;
use super::expand::Filler;
use super::http::{header_value, headers_of};
use super::place::Place;
use super::sight::{Failure, Phase, Sight};
use super::wire::Wire;
use super::{With, failure, wire};

/// The longest message, in bytes.
const LONGEST: usize = 1024 * 1024;

/// The upgrade makes these itself.
const OF_THE_UPGRADE: [&str; 7] = [
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "content-length",
    "transfer-encoding",
];

/// Upgrades, sends, and waits for the first message.
pub(super) async fn look(
    url: &str,
    headers: &IndexMap<String, String>,
    send: Option<&str>,
    fill: &mut Filler<'_>,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<(), Failure> {
    let url = fill.address(url);
    let headers: Vec<(&str, String)> = headers.iter().map(|(name, text)| (name.as_str(), fill.key(text))).collect();
    let send = send.map(|text| fill.key(text));
    if !fill.unset.is_empty() {
        return Ok(());
    }
    let url = parse(&url)?;
    let who = Credentials::of(&url);
    fill.hide(who.as_ref().map_or("", |who| &who.password));
    let place = Place::of(&url, 80)?;
    let request = request(&url, who, &headers)?;
    let tls: Option<&[&str]> = (url.scheme() == "wss").then_some(&["http/1.1"]);
    let stream = wire::open(&place, tls, with, sight).await?;
    sight.enter(Phase::FirstByte, format!("{place} did not answer the upgrade"));
    let config = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST));
    let (mut socket, answer) = match client_async_with_config(request, stream, Some(config)).await {
        Ok(upgraded) => upgraded,
        Err(Error::Http(answer)) => {
            let status = answer.status().as_u16();
            sight.answered();
            sight.facts.status = Some(status);
            sight.facts.headers = Some(headers_of(answer.headers()));
            return Err(format!("{place} refused the upgrade: it answered {status}").into());
        }
        Err(error) => return Err(broken(&place, &error)),
    };
    sight.facts.status = Some(answer.status().as_u16());
    sight.facts.headers = Some(headers_of(answer.headers()));
    if let Some(text) = send {
        sight.enter(Phase::FirstByte, format!("{place} sent no message back"));
        let body = echo(&mut socket, text, &place).await?;
        sight.output.clone_from(&body);
        sight.facts.body = Some(body);
    }
    sight.answered();
    // A farewell, as far as it can be said without waiting.
    let _ = socket.close(None).now_or_never();
    Ok(())
}

// No error shows the address: a password may stand in it.
fn parse(url: &str) -> Result<Url, Failure> {
    let url = Url::parse(url).map_err(|error| format!("the address of the WebSocket cannot be read: {error}"))?;
    match url.scheme() {
        "ws" | "wss" => Ok(url),
        _ => Err("the address of the WebSocket begins neither with ws:// nor with wss://".into()),
    }
}

fn request(url: &Url, who: Option<Credentials>, headers: &[(&str, String)]) -> Result<Request<()>, Failure> {
    let mut bare = url.clone();
    bare.set_fragment(None);
    let _ = (bare.set_username(""), bare.set_password(None)); // fails only where there is no host
    let mut request =
        bare.as_str().into_client_request().map_err(|error| format!("the upgrade cannot be asked for: {error}"))?;
    fill_headers(request.headers_mut(), who, headers)?;
    Ok(request)
}

fn fill_headers(filled: &mut HeaderMap, who: Option<Credentials>, headers: &[(&str, String)]) -> Result<(), Failure> {
    filled.insert(USER_AGENT, header_value("User-Agent", concat!("opsctl/", env!("CARGO_PKG_VERSION")))?);
    if let Some(who) = who {
        filled.insert(AUTHORIZATION, header_value("Authorization", &who.basic())?);
    }
    for (name, text) in headers {
        let key: HeaderName = name.parse().map_err(|_| format!("`{name}` is not the name of a header"))?;
        if !OF_THE_UPGRADE.contains(&key.as_str()) {
            filled.insert(key, header_value(name, text.trim())?);
        }
    }
    Ok(())
}

async fn echo(socket: &mut WebSocketStream<Box<dyn Wire>>, text: String, place: &Place) -> Result<String, Failure> {
    socket.send(Message::text(text)).await.map_err(|error| broken(place, &error))?;
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(Message::Binary(bytes))) => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Some(Ok(Message::Close(frame))) => return Err(closed(place, frame.as_ref())),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(broken(place, &error)),
            None => return Err(closed(place, None)),
        }
    }
}

fn closed(place: &Place, frame: Option<&CloseFrame>) -> Failure {
    let why = frame.map_or_else(String::new, |frame| {
        let reason = failure::short(&frame.reason);
        let code = u16::from(frame.code);
        if reason.is_empty() { format!(" ({code})") } else { format!(" ({code}: {reason})") }
    });
    format!("{place} closed the WebSocket and sent no message back{why}").into()
}

fn broken(place: &Place, error: &Error) -> Failure {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            format!("{place} sent a message longer than 1 MiB").into()
        }
        Error::Protocol(ProtocolError::HandshakeIncomplete | ProtocolError::ResetWithoutClosingHandshake)
        | Error::ConnectionClosed => format!("{place} broke the connection off").into(),
        error => failure::talking(place, "WebSocket", error).into(),
    }
}
