//! What an endpoint looks at, by the scheme of its URL.

use crate::import::notes::Notes;
use crate::import::phrase::Phrase;
use crate::import::section::Section;
use crate::import::yaml::Yaml;

use super::address::{is_header, place, url};
use super::client::Client;

/// What only some kinds of endpoint have; Gatus pays no heed to it elsewhere, and so does this.
const OF_KINDS: [&str; 6] = ["method", "headers", "body", "graphql", "dns", "ssh"];

const NO_ENDPOINT: &str = "the whole endpoint is left out";

/// The key of a probe's kind and what stands under it; none when there is no such kind of probe.
pub(super) fn target(endpoint: &mut Section, client: &mut Client, notes: &mut Notes) -> Option<(&'static str, Yaml)> {
    let at = endpoint.at("url");
    let Some(written) = endpoint.phrase("url", notes).filter(|phrase| !phrase.text().trim().is_empty()) else {
        notes.leave(at, format!("there is nothing to look at: {NO_ENDPOINT}"));
        return None;
    };
    let seen =
        if endpoint.has("dns") { dns(endpoint, &written, notes) } else { by_scheme(endpoint, &written, client, notes) };
    endpoint.drop(&OF_KINDS);
    match seen {
        Ok(target) => {
            if target.0 != "http" {
                client.without_proxy(notes);
            }
            Some(target)
        }
        Err((what, why)) => {
            notes.leave(what, format!("{why}: {NO_ENDPOINT}"));
            None
        }
    }
}

/// A kind with what stands under it; or where the obstacle is, and what.
type Seen = Result<(&'static str, Yaml), (String, String)>;

fn by_scheme(endpoint: &mut Section, written: &Phrase, client: &Client, notes: &mut Notes) -> Seen {
    let at = endpoint.at("url");
    let text = written.text();
    let Some((scheme, address)) = text.trim().split_once("://") else {
        if text.starts_with("${") {
            notes.leave(&at, "the kind of address stands in a variable: it is taken for HTTP");
            return Ok(("http", http(endpoint, url(written, &at, notes), client, notes)));
        }
        return Err((at, "this is no address".to_owned()));
    };
    let needs = |needs_port| place(address, needs_port).map_err(|why| (at.clone(), why.to_owned()));
    if !matches!(scheme, "http" | "https") {
        written.remark(&at, notes);
    }
    match scheme {
        "http" | "https" => Ok(("http", http(endpoint, url(written, &at, notes), client, notes))),
        "ws" | "wss" => Ok(("websocket", websocket(endpoint, url(written, &at, notes), notes))),
        "tcp" => needs(true).map(|()| tcp(endpoint, address, false, notes)),
        "tls" => needs(true).map(|()| tls(endpoint, address, notes)),
        "starttls" => needs(true).map(|()| ("tls", starttls(address))),
        "icmp" => needs(false).map(|()| ("icmp", Yaml::text(address))),
        "grpc" => needs(true).map(|()| ("grpc", Yaml::text(address))),
        "grpcs" => needs(true)
            .map(|()| ("grpc", Yaml::map([("address", Some(Yaml::text(address))), ("tls", Some(Yaml::word(true)))]))),
        "ssh" => ssh(endpoint, address, notes).map_err(|why| (at.clone(), why.to_owned())),
        "udp" => Err((at, "there is no probe for UDP".to_owned())),
        "sctp" => Err((at, "there is no probe for SCTP".to_owned())),
        _ if scheme.starts_with("${") => {
            notes.leave(&at, "the kind of address stands in a variable: it is taken for HTTP");
            Ok(("http", http(endpoint, url(written, &at, notes), client, notes)))
        }
        _ => Err((at, "this kind of address is not known".to_owned())),
    }
}

fn http(endpoint: &mut Section, url: String, client: &Client, notes: &mut Notes) -> Yaml {
    let method = method(endpoint, notes);
    let is_query = endpoint.flag("graphql", notes) == Some(true);
    let body = body(endpoint, notes)
        .map(|body| if is_query { serde_json::json!({ "query": body }).to_string() } else { body });
    let mut headers = headers(endpoint, notes);
    if is_query && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("Content-Type".to_owned(), Yaml::text("application/json")));
    }
    let request = Yaml::map([
        ("url", Some(Yaml::Text(url.clone()))),
        ("method", method.map(Yaml::Text)),
        ("headers", Yaml::Map(headers).filled()),
        ("body", body.map(Yaml::Text)),
        ("redirects", client.stays.then(|| Yaml::word(0))),
    ]);
    short(request, url)
}

/// The address alone, where nothing else is said.
fn short(full: Yaml, address: impl Into<String>) -> Yaml {
    match full {
        Yaml::Map(entries) if entries.len() == 1 => Yaml::Text(address.into()),
        full => full,
    }
}

/// The method, unless it is GET.
fn method(endpoint: &mut Section, notes: &mut Notes) -> Option<String> {
    let at = endpoint.at("method");
    let method = endpoint.text("method", notes)?.to_ascii_uppercase();
    if !method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        notes.leave(at, "this is not an HTTP method: the request is a GET");
        return None;
    }
    Some(method).filter(|method| method != "GET")
}

fn headers(endpoint: &mut Section, notes: &mut Notes) -> Vec<(String, Yaml)> {
    let Some(mut section) = endpoint.section("headers", notes) else { return Vec::new() };
    let mut headers = Vec::new();
    for name in section.keys() {
        if !is_header(&name) {
            section.leave(&name, "this cannot be the name of a header", notes);
            continue;
        }
        if let Some(value) = section.filled(&name, notes) {
            headers.push((name, Yaml::Text(value)));
        }
    }
    headers
}

/// The body, when there is one.
fn body(endpoint: &mut Section, notes: &mut Notes) -> Option<String> {
    let at = endpoint.at("body");
    let body = endpoint.filled("body", notes).filter(|body| !body.is_empty())?;
    if body.contains("[RANDOM_STRING_") || body.contains("[LOCAL_ADDRESS]") {
        notes.leave(&at, "nothing is put where `[RANDOM_STRING_N]` or `[LOCAL_ADDRESS]` stands: it is sent as it is");
    }
    Some(body)
}

fn websocket(endpoint: &mut Section, url: String, notes: &mut Notes) -> Yaml {
    let headers = headers(endpoint, notes);
    // Gatus sends something always, be it nothing, and waits for an answer.
    let send = body(endpoint, notes).unwrap_or_default();
    Yaml::map([
        ("url", Some(Yaml::Text(url))),
        ("headers", Yaml::Map(headers).filled()),
        ("send", Some(Yaml::Text(send))),
    ])
}

/// A connection; with a body it is sent, and any answer will do.
fn tcp(endpoint: &mut Section, address: &str, tls: bool, notes: &mut Notes) -> (&'static str, Yaml) {
    let send = body(endpoint, notes);
    let expect = send.is_some().then(|| Yaml::text("(?s)."));
    let full = Yaml::map([
        ("address", Some(Yaml::text(address))),
        ("tls", tls.then(|| Yaml::word(true))),
        ("send", send.map(Yaml::Text)),
        ("expect", expect),
    ]);
    ("tcp", short(full, address))
}

fn tls(endpoint: &mut Section, address: &str, notes: &mut Notes) -> (&'static str, Yaml) {
    if endpoint.has("body") { tcp(endpoint, address, true, notes) } else { ("tls", Yaml::text(address)) }
}

fn starttls(address: &str) -> Yaml {
    Yaml::map([("address", Some(Yaml::text(address))), ("starttls", Some(Yaml::word("smtp")))])
}

/// A connection on which an SSH server says what it is.
fn ssh(endpoint: &mut Section, address: &str, notes: &mut Notes) -> Result<(&'static str, Yaml), &'static str> {
    place(address, false)?;
    for key in ["ssh", "body"] {
        endpoint.leave(key, "nobody logs in by SSH: only whether an SSH server answers is looked at", notes);
    }
    let is_bare = address.matches(':').count() > 1 && !address.starts_with('[');
    let address = match address {
        _ if is_bare => format!("[{address}]:22"),
        _ if address.contains(':') && !address.ends_with(']') => address.to_owned(),
        _ => format!("{address}:22"),
    };
    place(&address, true)?;
    Ok(("tcp", Yaml::map([("address", Some(Yaml::Text(address))), ("expect", Some(Yaml::text("^SSH-")))])))
}

fn dns(endpoint: &mut Section, written: &Phrase, notes: &mut Notes) -> Seen {
    let at = endpoint.at("url");
    written.remark(&at, notes);
    let text = written.text();
    let resolver = text.trim().split_once("://").map_or(text.trim(), |(_, rest)| rest).trim_end_matches('/');
    place(resolver, false).map_err(|why| (at, why.to_owned()))?;
    let Some(mut dns) = endpoint.section("dns", notes) else {
        return Err((endpoint.at("dns"), "nothing is asked".to_owned()));
    };
    let at = dns.at("query-name");
    let name = dns.filled("query-name", notes).unwrap_or_default();
    place(&name, false).map_err(|why| (at, why.to_owned()))?;
    let at = dns.at("query-type");
    let record = dns.text("query-type", notes).unwrap_or_default().to_ascii_uppercase();
    dns.rest(&["query-name", "query-type"], notes);
    if !["A", "AAAA", "CNAME", "MX", "TXT", "NS", "SRV"].contains(&record.as_str()) {
        return Err((at, "only A, AAAA, CNAME, MX, TXT, NS and SRV can be asked for".to_owned()));
    }
    let question = Yaml::map([
        ("name", Some(Yaml::Text(name))),
        ("type", Some(Yaml::Word(record))),
        ("resolver", Some(Yaml::text(resolver))),
    ]);
    Ok(("dns", question))
}
