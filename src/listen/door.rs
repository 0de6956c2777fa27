//! Who may come in.

use std::hint::black_box;
use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::Refusal;
use crate::error::{Error, Result};
use crate::ground::sha256;

/// Asks for the token, when there is one.
#[derive(Clone)]
pub(super) struct Door {
    /// The token's hash: comparing hashes tells nothing about the token.
    token: Option<String>,
}

impl Door {
    /// The door of a listener at `address`: whoever can be reached from other machines needs a token.
    pub fn new(address: SocketAddr, token: Option<&str>) -> Result<Self> {
        if let Some(token) = token
            && (token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()))
        {
            return Err(Error::usage("the token for the listener is empty, or has more in it than visible ASCII")
                .hint("make one with `openssl rand -hex 32`"));
        }
        if token.is_none() && !address.ip().is_loopback() {
            return Err(Error::usage(format!("{address} can be reached from other machines, and there is no token"))
                .hint("listen on this machine only: 127.0.0.1")
                .hint("or set a token in OPSCTL_TOKEN, which clients send as `Authorization: Bearer TOKEN`"));
        }
        Ok(Self { token: token.map(|token| sha256(token.as_bytes())) })
    }

    /// Whether a request with these headers may come in.
    pub fn admit(&self, headers: &HeaderMap) -> std::result::Result<(), Refusal> {
        let Some(token) = &self.token else { return keep_pages_out(headers) };
        let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let said = said.and_then(|said| said.split_once(' ')).filter(|(how, _)| how.eq_ignore_ascii_case("bearer"));
        match said {
            Some((_, said)) if is_same(&sha256(said.trim().as_bytes()), token) => Ok(()),
            Some(_) => Err(Refusal::new(StatusCode::UNAUTHORIZED, "the token is wrong")),
            None => {
                let why = "the token is missing: send it as `Authorization: Bearer TOKEN`";
                Err(Refusal::new(StatusCode::UNAUTHORIZED, why))
            }
        }
    }
}

/// Without a token, a page in a browser on this machine could send what it likes: browsers say where a request is from.
fn keep_pages_out(headers: &HeaderMap) -> std::result::Result<(), Refusal> {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if headers.contains_key(header::ORIGIN) || site.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) {
        let why = "pages of other sites may not send requests here; set a token for what comes from a browser";
        return Err(Refusal::new(StatusCode::FORBIDDEN, why));
    }
    // A name that somebody else lets lead here makes their page one of the same origin (DNS rebinding).
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    if host.is_some_and(|host| !is_this_machine(host)) {
        let why =
            "without a token only requests to this machine by its own name are taken: localhost, 127.0.0.1, [::1]";
        return Err(Refusal::new(StatusCode::FORBIDDEN, why));
    }
    Ok(())
}

/// Whether a `Host` header names this machine, with any port.
fn is_this_machine(host: &str) -> bool {
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Compares texts of the same length in the same time, wherever they differ.
fn is_same(one: &str, other: &str) -> bool {
    let difference = one.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
    one.len() == other.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use super::{Door, is_this_machine};
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        [(HeaderName::from_static(name), HeaderValue::from_static(value))].into_iter().collect()
    }

    #[test]
    fn other_machines_need_a_token() {
        for (address, token, is_fine) in [
            ("127.0.0.1:0", None, true),
            ("127.9.9.9:80", None, true),
            ("[::1]:0", None, true),
            ("127.0.0.1:0", Some("t"), true),
            ("0.0.0.0:9", Some("t"), true),
            ("0.0.0.0:9", None, false),
            ("[::]:9", None, false),
            ("[::ffff:127.0.0.1]:9", None, false),
            ("10.0.0.1:9", None, false),
            ("127.0.0.1:0", Some(""), false),
            ("127.0.0.1:0", Some("a b"), false),
            ("127.0.0.1:0", Some("ä"), false),
        ] {
            let door = Door::new(address.parse().unwrap(), token);
            assert_eq!(door.is_ok(), is_fine, "{address} {token:?}");
            assert!(door.err().is_none_or(|error| !error.hints.is_empty()));
        }
    }

    #[test]
    fn only_this_machine_goes_without_a_token() {
        for host in ["localhost", "LOCALHOST:9600", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:9600"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["evil.test", "evil.test:9600", "10.0.0.1", "localhost.evil.test", "", "127.0.0.1.evil.test:80"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn only_the_token_opens() {
        let door = Door::new("0.0.0.0:9".parse().unwrap(), Some("s3cret")).unwrap();
        for (said, opens) in [
            ("Bearer s3cret", true),
            ("bearer  s3cret", true),
            ("Bearer s3cre", false),
            ("Bearer s3crets", false),
            ("Bearer S3CRET", false),
            ("Bearer ", false),
            ("Basic s3cret", false),
            ("s3cret", false),
        ] {
            assert_eq!(door.admit(&headers("authorization", said)).is_ok(), opens, "{said}");
        }
        assert!(door.admit(&HeaderMap::new()).is_err());
    }

    #[test]
    fn pages_need_a_token_everywhere() {
        let door = Door::new("127.0.0.1:9".parse().unwrap(), None).unwrap();
        for (name, value, opens) in [
            ("origin", "https://evil.test", false),
            ("origin", "null", false),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "same-origin", true),
            ("user-agent", "curl", true),
        ] {
            assert_eq!(door.admit(&headers(name, value)).is_ok(), opens, "{name}: {value}");
        }
    }
}
