//! A request with everything filled in.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING, USER_AGENT,
};
use hyper::{Method, StatusCode, Uri, Version};
use url::Url;

use super::becomes_get;
use crate::catalog::model::{HttpAuth, HttpTarget};
use crate::probe::credentials::Credentials;
use crate::probe::expand::Filler;
use crate::probe::place::{self, Place};
use crate::probe::sight::Failure;

/// What a request has beside its address, filled in.
#[derive(Debug)]
pub(super) struct Parts {
    method: String,
    headers: Vec<Header>,
    authorization: Option<String>,
    body: Option<String>,
}

/// A request with everything filled in.
#[derive(Debug)]
pub(super) struct Request {
    pub url: Url,
    pub method: Method,
    headers: Vec<Header>,
    authorization: Option<String>,
    body: Option<String>,
}

/// A header that somebody wrote.
#[derive(Debug)]
struct Header {
    name: String,
    value: String,
    /// Whether only the host that it was written for may see it.
    is_private: bool,
}

impl Header {
    /// What comes from the environment may be a key, whatever the header is called.
    fn fill(name: &str, written: &str, fill: &mut Filler<'_>) -> Self {
        let is_private = written.contains("${") || [AUTHORIZATION, COOKIE, HOST].iter().any(|key| is(name, key));
        Self { name: name.to_owned(), value: fill.key(written), is_private }
    }
}

fn is(name: &str, key: &HeaderName) -> bool {
    name.eq_ignore_ascii_case(key.as_str())
}

impl Parts {
    /// Fills in everything but the address.
    pub fn fill(target: &HttpTarget, fill: &mut Filler<'_>) -> Self {
        let headers = target.headers.iter().map(|(name, value)| Header::fill(name, value, fill)).collect();
        let authorization = target.auth.as_ref().map(|auth| match auth {
            HttpAuth::Basic { username, password } => {
                let who = Credentials { username: fill.plain(username), password: fill.key(password) };
                basic(&who, fill)
            }
            HttpAuth::Bearer(token) => format!("Bearer {}", fill.key(token)),
        });
        let body = target.body.as_deref().map(|body| fill.key(body));
        Self { method: target.method.to_ascii_uppercase(), headers, authorization, body }
    }

    /// Reads the address and the method; errors show only what was written, and no keys.
    pub fn aim(self, url: &str, written: &str, fill: &mut Filler<'_>) -> Result<Request, Failure> {
        let written = place::written(written);
        let url = Url::parse(url).map_err(|error| format!("`{written}` is not an address: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("`{written}` is not an http or https address").into());
        }
        let of_address = Credentials::of(&url).map(|who| {
            fill.hide(&who.password);
            basic(&who, fill)
        });
        let authorization = self.authorization.or(of_address);
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| format!("`{}` is not an HTTP method", self.method))?;
        Ok(Request { url, method, headers: self.headers, authorization, body: self.body })
    }
}

impl Request {
    /// Follows a redirect. What proves who asks stays behind when the next host is another one.
    pub fn turn_to(&mut self, next: Url, status: StatusCode) {
        if next.origin() != self.url.origin() {
            self.authorization = None;
            self.headers.retain(|header| !header.is_private);
        }
        if becomes_get(status, &self.method) {
            self.method = Method::GET;
            self.body = None;
            self.headers.retain(|header| !is(&header.name, &CONTENT_TYPE));
        }
        self.url = next;
    }

    /// Where it goes.
    pub fn place(&self) -> Result<Place, Failure> {
        Ok(Place::of(&self.url, 80)?)
    }

    /// Whether it goes over TLS.
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The request for the wire; `absolute` where the target stands whole in its first line (HTTP/2, proxies).
    pub fn build(&self, version: Version, absolute: bool) -> Result<hyper::Request<Full<Bytes>>, Failure> {
        let mut whole = self.url.clone();
        whole.set_fragment(None);
        let _ = (whole.set_username(""), whole.set_password(None)); // fails only where there is no host
        let path = &whole[url::Position::BeforePath..];
        let uri = match self.host().filter(|_| version == Version::HTTP_2) {
            // HTTP/2 has no Host: what the request is for stands in its target.
            Some(host) => &format!("{}://{host}{path}", self.url.scheme()),
            None if absolute => whole.as_str(),
            None => path,
        };
        let uri: Uri = uri.parse().map_err(|error| format!("the request cannot be sent: {error}"))?;
        let body = Full::new(Bytes::from(self.body.clone().unwrap_or_default()));
        let mut request = hyper::Request::new(body);
        *request.uri_mut() = uri;
        *request.method_mut() = self.method.clone();
        *request.version_mut() = version;
        self.fill_headers(request.headers_mut(), version)?;
        Ok(request)
    }

    /// The host that somebody wrote in place of the address's.
    fn host(&self) -> Option<&str> {
        self.headers.iter().find(|header| is(&header.name, &HOST)).map(|header| header.value.trim())
    }

    fn fill_headers(&self, headers: &mut HeaderMap, version: Version) -> Result<(), Failure> {
        let agent = HeaderValue::from_static(concat!("opsctl/", env!("CARGO_PKG_VERSION")));
        headers.insert(USER_AGENT, agent);
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if version != Version::HTTP_2 {
            headers.insert(HOST, value("Host", &self.url[url::Position::BeforeHost..url::Position::AfterPort])?);
        }
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, value("Authorization", authorization)?);
        }
        for Header { name, value: text, .. } in &self.headers {
            let key: HeaderName = name.parse().map_err(|_| format!("`{name}` is not the name of a header"))?;
            // The length is the body's, whatever somebody wrote.
            if key != CONTENT_LENGTH && key != TRANSFER_ENCODING && !(key == HOST && version == Version::HTTP_2) {
                headers.insert(key, value(name, text.trim())?);
            }
        }
        Ok(())
    }
}

/// What a user and a password come to, which nobody else is to see.
fn basic(who: &Credentials, fill: &mut Filler<'_>) -> String {
    let pair = who.basic();
    fill.hidden.push(pair.trim_start_matches("Basic ").to_owned());
    pair
}

/// The value of a header, which is never logged.
pub(in crate::probe) fn value(name: &str, text: &str) -> Result<HeaderValue, Failure> {
    let made = HeaderValue::from_str(text);
    let mut made = made.map_err(|_| format!("the value of the header {name} has characters that cannot be sent"))?;
    made.set_sensitive(true);
    Ok(made)
}
