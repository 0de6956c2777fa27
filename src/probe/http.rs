//! Probes by HTTP request.
//!
//! Every request has a connection of its own, as a new visitor's would. Proxies of the environment are not used: a
//! proxy's answer says nothing about the service.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use indexmap::IndexMap;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, Url};
use tokio::time::{Instant, timeout_at};

use super::expand::{SHORTEST_KEY, expand, is_private};
use super::{Sight, failure, millis};
use crate::ground::Span;

/// The longest body that is looked at, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// What stands in place of a body that is longer than that.
pub const TOO_LONG: &str = "the body is longer than 1 MiB and was not read to its end";

const REDIRECTS: usize = 10;

/// A request as it is written, with `${NAME}` for environment variables.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The address.
    pub url: &'a str,
    /// The method.
    pub method: &'a str,
    /// Headers.
    pub headers: &'a IndexMap<String, String>,
    /// The body.
    pub body: Option<&'a str>,
}

/// A request with everything filled in.
struct Filled {
    url: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    hidden: Vec<String>,
}

/// Sends the request and waits for the whole answer, together at most for `limit`.
pub async fn look(request: Request<'_>, limit: Span, vars: &BTreeMap<String, String>) -> Sight {
    let filled = match fill(request, vars) {
        Ok(filled) => filled,
        Err(unset) => return Sight { unset, ..Sight::default() },
    };
    let hidden = filled.hidden.clone();
    let mut sight = match build(request, filled) {
        Ok((request, url)) => answer(request, &url, limit).await,
        Err(error) => Sight::failed(error),
    };
    sight.hidden = hidden;
    sight
}

fn fill(request: Request<'_>, vars: &BTreeMap<String, String>) -> Result<Filled, Vec<String>> {
    let (mut unset, mut hidden) = (Vec::new(), Vec::new());
    let mut one = |written: &str, private: &dyn Fn(usize) -> bool| {
        let expanded = expand(written, vars);
        unset.extend(expanded.unset);
        let keys = expanded.values.into_iter().filter(|(at, value)| private(*at) && value.len() >= SHORTEST_KEY);
        hidden.extend(keys.map(|(_, value)| value));
        expanded.text
    };
    let url = one(request.url, &|at| is_private(request.url, at));
    let headers = request.headers.iter().map(|(name, value)| (name.clone(), one(value, &|_| true))).collect();
    let body = request.body.map(|body| one(body, &|_| true));
    if unset.is_empty() {
        return Ok(Filled { url, headers, body, hidden });
    }
    let mut seen = std::collections::BTreeSet::new();
    unset.retain(|name| seen.insert(name.clone()));
    Err(unset)
}

/// Checks each part, so that the error names it; as written, for what is filled in may be a key.
fn build(written: Request<'_>, filled: Filled) -> Result<(RequestBuilder, Url), String> {
    let url = Url::parse(&filled.url).map_err(|error| format!("`{}` is not an address: {error}", written.url))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{}` is not an http or https address", written.url));
    }
    let method = Method::from_bytes(written.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| format!("`{}` is not an HTTP method", written.method))?;
    let mut request = client()?.request(method, url.clone());
    for (name, value) in filled.headers {
        let key: HeaderName = name.parse().map_err(|_| format!("`{name}` is not the name of a header"))?;
        let mut value = HeaderValue::from_str(value.trim())
            .map_err(|_| format!("the value of the header {name} has characters that cannot be sent"))?;
        value.set_sensitive(true);
        request = request.header(key, value);
    }
    if let Some(body) = filled.body {
        request = request.body(body);
    }
    Ok((request, url))
}

async fn answer(request: RequestBuilder, url: &Url, limit: Span) -> Sight {
    let begun = Instant::now();
    // A limit too long to be added to a clock is none.
    let deadline = begun.checked_add(limit.0).unwrap_or_else(|| begun + Duration::from_hours(24 * 365));
    let mut sight = Sight::default();
    let mut response = match timeout_at(deadline, request.send()).await {
        Err(_) => {
            sight.facts.connected = Some(false);
            sight.error = Some(format!("timed out after {limit}: there was no answer"));
            return sight;
        }
        Ok(Err(error)) => {
            sight.facts.connected = Some(!error.is_connect());
            sight.error = Some(failure::sentence(&error, url));
            return sight;
        }
        Ok(Ok(response)) => response,
    };
    sight.facts.connected = Some(true);
    sight.facts.status = Some(response.status().as_u16());
    sight.facts.response_time_ms = Some(millis(begun.elapsed()));
    sight.facts.headers = Some(headers(&response));
    let mut body = Vec::new();
    match timeout_at(deadline, read(&mut response, &mut body)).await {
        Err(_) => sight.error = Some(format!("timed out after {limit}: the answer did not end")),
        Ok(Err(error)) => sight.error = Some(failure::sentence(&error, response.url())),
        Ok(Ok(())) => {}
    }
    sight.cut = body.len() > BODY_LIMIT;
    let text = String::from_utf8_lossy(&body).into_owned();
    if sight.error.is_none() && !sight.cut {
        sight.facts.body = Some(text.clone());
    }
    sight.output = text;
    sight
}

async fn read(response: &mut Response, body: &mut Vec<u8>) -> reqwest::Result<()> {
    while body.len() <= BODY_LIMIT {
        let Some(chunk) = response.chunk().await? else { break };
        body.extend_from_slice(&chunk);
    }
    Ok(())
}

fn headers(response: &Response) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// The one client: loading the trusted certificates takes some 20 ms.
fn client() -> Result<&'static Client, String> {
    static CLIENT: OnceLock<Result<Client, String>> = OnceLock::new();
    let make = || {
        // Fails when someone installed one before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            Client::builder()
                .user_agent(concat!("opsctl/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::limited(REDIRECTS))
                .no_proxy()
                .pool_max_idle_per_host(0)
        };
        // A machine without trusted certificates can still be probed by plain http, and https then says whom it lacks.
        let made = builder().build().or_else(|_| builder().tls_certs_only([]).build());
        made.map_err(|error| format!("no HTTP client can be made: {error}"))
    };
    CLIENT.get_or_init(make).as_ref().map_err(Clone::clone)
}
