//! How a probe looks, in words. Values of headers, bodies and passwords are left out: they may be keys.

use indexmap::IndexMap;

use super::target::hide;
use crate::catalog::model::{Client, HttpAuth, HttpTarget, HttpVersion, ProbeTarget, RedisAsk, Turn};
use crate::view::count::counted;

/// By name and in words.
type Words = IndexMap<&'static str, String>;

/// What is written of how a probe looks, beside what it looks at.
pub(super) fn target(target: &ProbeTarget) -> Words {
    match target {
        ProbeTarget::Http(target) => http(target),
        ProbeTarget::Tcp(tcp) => words([("dialogue", dialogue(&tcp.dialogue))]),
        ProbeTarget::Postgres { query, .. } => words([("query", Some(query.clone()))]),
        ProbeTarget::Redis { ask, .. } => words([("asks", Some(asked(*ask).to_owned()))]),
        ProbeTarget::Websocket { headers, send, .. } => {
            words([("headers", names(headers)), ("sends", send.as_deref().map(size))])
        }
        ProbeTarget::Grpc { tls, .. } => words([("tls", tls.then(|| "from the beginning".to_owned()))]),
        ProbeTarget::Tls { .. }
        | ProbeTarget::Dns(_)
        | ProbeTarget::Icmp { .. }
        | ProbeTarget::Command(_)
        | ProbeTarget::Push { .. } => Words::new(),
    }
}

/// How it connects, and whom it trusts, as far as that is unusual.
pub(super) fn client(client: &Client) -> Words {
    let hosts = (!client.allow_hosts.is_empty()).then(|| client.allow_hosts.join(", "));
    words([
        ("trusts", client.ca.clone()),
        ("client certificate", client.certificate.clone()),
        ("client key", client.key.clone()),
        ("server name", client.server_name.clone()),
        ("insecure", client.insecure.then(|| "any certificate will do".to_owned())),
        ("proxy", client.proxy.as_deref().map(hide)),
        ("resolver", client.resolver.clone()),
        ("allowed hosts", hosts),
        ("private addresses", client.deny_private.then(|| "refused".to_owned())),
    ])
}

fn words<const N: usize>(said: [(&'static str, Option<String>); N]) -> Words {
    said.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

fn http(http: &HttpTarget) -> Words {
    let auth = http.auth.as_ref().map(|auth| match auth {
        HttpAuth::Basic { .. } => "basic, with user and password",
        HttpAuth::Bearer(_) => "bearer, with a token",
    });
    let version = http.version.map(|version| match version {
        HttpVersion::One => "HTTP/1.1",
        HttpVersion::Two => "HTTP/2",
    });
    let redirects = match http.redirects {
        0 => "not followed".to_owned(),
        most => format!("at most {most}"),
    };
    words([
        ("headers", names(&http.headers)),
        ("body", http.body.as_deref().map(size)),
        ("auth", auth.map(str::to_owned)),
        ("redirects", Some(redirects)),
        ("version", version.map(str::to_owned)),
    ])
}

fn dialogue(turns: &[Turn]) -> Option<String> {
    let patterns: Vec<&str> = turns.iter().filter_map(|turn| turn.expect.as_deref()).collect();
    let expects = if patterns.is_empty() { String::new() } else { format!(", expects {}", patterns.join(", then ")) };
    (!turns.is_empty()).then(|| format!("{}{expects}", counted(turns.len(), "turn")))
}

const fn asked(ask: RedisAsk) -> &'static str {
    match ask {
        RedisAsk::Ping => "PING",
        RedisAsk::Info => "INFO",
    }
}

fn names(headers: &IndexMap<String, String>) -> Option<String> {
    (!headers.is_empty()).then(|| headers.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
}

fn size(text: &str) -> String {
    counted(text.len(), "byte")
}
