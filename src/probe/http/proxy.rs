//! Goes through a proxy that the probe names.

use hyper::header::{HeaderValue, PROXY_AUTHORIZATION};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use crate::catalog::model::Client;
use crate::probe::credentials::Credentials;
use crate::probe::failure;
use crate::probe::place::Place;
use crate::probe::sight::Failure;

/// The longest head of a proxy's answer, in bytes.
const LONGEST_HEAD: usize = 8 * 1024;

/// A proxy, and who asks it.
#[derive(Debug)]
pub(super) struct Proxy {
    pub place: Place,
    authorization: Option<String>,
}

impl Proxy {
    /// Reads `http://[user:password@]host:port`.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "http");
        let url = url.ok_or_else(|| Failure::from("`client.proxy` is not an http address"))?;
        let authorization = Credentials::of(&url).map(|who| who.basic());
        Ok(Self { place: Place::of(&url, 80)?, authorization })
    }

    /// How one connects to it: the probe's lists of hosts are about what it asks for, not about the way there.
    pub fn client(client: &Client) -> Client {
        Client { allow_hosts: Vec::new(), deny_private: false, ..client.clone() }
    }

    /// Says who asks, on a request that the proxy itself answers.
    pub fn introduce<T>(&self, mut request: hyper::Request<T>) -> hyper::Request<T> {
        if let Some(value) = self.authorization.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, value);
        }
        request
    }
}

/// Asks the proxy for a way to `place` (RFC 9110, section 9.3.6).
pub(super) async fn tunnel(stream: &mut TcpStream, proxy: &Proxy, place: &Place) -> Result<(), Failure> {
    let who = proxy.authorization.as_ref().map(|who| format!("Proxy-Authorization: {who}\r\n")).unwrap_or_default();
    let asked = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{who}\r\n");
    let broken = |error: &std::io::Error| Failure::from(failure::talking(&proxy.place, "proxy", error));
    stream.write_all(asked.as_bytes()).await.map_err(|error| broken(&error))?;
    let mut head = Vec::new();
    // Byte by byte: what comes after the head belongs to the other side.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST_HEAD {
            return Err(format!("the proxy {} gave no proper answer", proxy.place).into());
        }
        head.push(stream.read_u8().await.map_err(|error| broken(&error))?);
    }
    let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
    match line.split(' ').nth(1) {
        Some(code) if code.len() == 3 && code.starts_with('2') => Ok(()),
        Some(code) => Err(format!("the proxy {} made no way to {place}: it answered {code}", proxy.place).into()),
        None => Err(format!("the proxy {} gave no proper answer", proxy.place).into()),
    }
}
