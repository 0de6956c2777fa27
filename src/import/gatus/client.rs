//! How an endpoint is connected to.

use crate::ground::Span;
use crate::import::notes::Notes;
use crate::import::section::Section;
use crate::import::yaml::Yaml;

use super::address::{place, url};

/// What is beyond a probe, and what happens without it.
const BEYOND: [(&str, &str); 4] = [
    ("oauth2", "no token is fetched: write one as `auth: {bearer: \"${TOKEN}\"}`"),
    ("identity-aware-proxy", "no token is fetched: write one as `auth: {bearer: \"${TOKEN}\"}`"),
    ("kerberos", "nobody logs in by Kerberos: the request goes out without it"),
    ("tunnel", "there are no tunnels: the connection is made directly"),
];

const KNOWN: [&str; 11] = [
    "timeout",
    "insecure",
    "ignore-redirect",
    "dns-resolver",
    "proxy-url",
    "oauth2",
    "identity-aware-proxy",
    "kerberos",
    "tunnel",
    "tls",
    "network",
];

/// What became of an endpoint's `client`.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// The probe's `client`.
    pub fields: Option<Yaml>,
    /// How long an attempt may take, when that is written.
    pub timeout: Option<Span>,
    /// Whether redirects are looked at and not followed.
    pub stays: bool,
    /// Where the proxy stands, in the endpoint.
    proxy_at: Option<String>,
}

impl Client {
    /// Takes an endpoint's `client`.
    pub fn of(endpoint: &mut Section, notes: &mut Notes) -> Self {
        let Some(mut client) = endpoint.section("client", notes) else { return Self::default() };
        for (key, why) in BEYOND {
            client.leave(key, why, notes);
        }
        network(&mut client, notes);
        let (certificate, key) = certificate(&mut client, notes);
        let insecure = client.flag("insecure", notes).filter(|insecure| *insecure);
        let proxy_at = client.has("proxy-url").then(|| client.at("proxy-url"));
        let proxy = proxy(&mut client, notes);
        let taken = Self {
            // Gatus takes less than a millisecond for no limit of its own.
            timeout: client.span("timeout", notes).filter(|timeout| !timeout.is_zero()),
            stays: client.flag("ignore-redirect", notes) == Some(true),
            proxy_at: proxy.is_some().then_some(proxy_at).flatten(),
            fields: Yaml::map([
                ("certificate", certificate),
                ("key", key),
                ("insecure", insecure.map(Yaml::word)),
                ("proxy", proxy),
                ("resolver", resolver(&mut client, notes)),
            ])
            .filled(),
        };
        client.rest(&KNOWN, notes);
        taken
    }

    /// Takes the proxy out again, where nothing goes through one.
    pub fn without_proxy(&mut self, notes: &mut Notes) {
        if let (Some(at), Some(Yaml::Map(entries))) = (self.proxy_at.take(), self.fields.as_mut()) {
            entries.retain(|(key, _)| key != "proxy");
            notes.leave(at, "only `http` probes go through a proxy");
            self.fields = self.fields.take().and_then(Yaml::filled);
        }
    }
}

fn network(client: &mut Section, notes: &mut Notes) {
    let at = client.at("network");
    if client.text("network", notes).is_some_and(|network| network != "ip") {
        notes.leave(at, "whether IPv4 or IPv6 is used cannot be chosen");
    }
}

fn certificate(client: &mut Section, notes: &mut Notes) -> (Option<Yaml>, Option<Yaml>) {
    let Some(mut tls) = client.section("tls", notes) else { return (None, None) };
    let at = tls.at("certificate-file");
    tls.leave("renegotiation", "TLS is never negotiated again", notes);
    let files = (tls.filled("certificate-file", notes), tls.filled("private-key-file", notes));
    tls.rest(&["certificate-file", "private-key-file", "renegotiation"], notes);
    match files {
        (Some(certificate), Some(key)) => (Some(Yaml::Text(certificate)), Some(Yaml::Text(key))),
        (None, None) => (None, None),
        _ => {
            notes.leave(at, "a client certificate needs both `certificate-file` and `private-key-file`");
            (None, None)
        }
    }
}

fn proxy(client: &mut Section, notes: &mut Notes) -> Option<Yaml> {
    let at = client.at("proxy-url");
    let phrase = client.phrase("proxy-url", notes)?;
    let proxy = url(&phrase, &at, notes);
    if proxy.starts_with("http://") || proxy.starts_with("${") {
        return Some(Yaml::Text(proxy));
    }
    notes.leave(at, "a proxy begins with `http://` here");
    None
}

/// `tcp://8.8.8.8:53` without its protocol.
fn resolver(client: &mut Section, notes: &mut Notes) -> Option<Yaml> {
    let at = client.at("dns-resolver");
    let written = client.filled("dns-resolver", notes)?;
    let resolver = written.split_once("://").map_or(written.as_str(), |(_, place)| place);
    match place(resolver, false) {
        Ok(()) => Some(Yaml::text(resolver)),
        Err(why) => {
            notes.leave(at, why);
            None
        }
    }
}
