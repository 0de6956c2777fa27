//! One attempt: the definition is filled in, the kind of probe looks, and its time is limited.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::expand::Filler;
use super::sight::{Failure, Sight, micros};
use super::tls::Trust;
use super::{Prober, command, dns, grpc, handshake, http, icmp, place, postgres, push, redis, tcp, websocket};
use crate::catalog::model::{Client, Command, HttpAuth, Probe, ProbeTarget};
use crate::ground::{Span, Time};

/// What a kind of probe looks with.
#[derive(Debug, Clone, Copy)]
pub(super) struct With<'a> {
    /// How it connects, and whom it trusts; filled in.
    pub client: &'a Client,
    /// The directory that files are relative to.
    pub dir: &'a Path,
    /// The certificates that are trusted.
    pub trust: &'a Trust,
    /// When the attempt began.
    pub now: Time,
    /// How long it may take.
    pub limit: Span,
}

/// An attempt that has come to its end.
pub(super) struct Attempt {
    pub sight: Sight,
    pub started_at: Time,
    pub took: Duration,
}

/// Looks once.
pub(super) async fn attempt(probe: &Probe, prober: &Prober<'_>) -> Attempt {
    let (started_at, begun) = (prober.clock.now(), Instant::now());
    let mut sight = Sight::new();
    let mut fill = Filler::new(prober.vars);
    let client = filled(&probe.client, &mut fill);
    let with = With { client: &client, dir: &prober.dir, trust: &prober.trust, now: started_at, limit: probe.timeout };
    if let ProbeTarget::Command(run) = &probe.target {
        // A command is asked to end before it is killed, so it keeps its own time.
        command::look(run, probe.timeout, &mut fill, prober, &mut sight).await;
    } else if let ProbeTarget::Push { every, grace } = probe.target {
        if let Err(failure) = push::look(&probe.id, every, grace, started_at, prober, &mut sight) {
            sight.fail(failure);
        }
    } else {
        // A limit too long to be added to a clock is none.
        let deadline = begun.checked_add(probe.timeout.0).unwrap_or_else(|| begun + Duration::from_hours(24 * 365));
        match timeout_at(deadline, look(&probe.target, &mut fill, &with, &mut sight)).await {
            Ok(Ok(())) => sight.leave(),
            Ok(Err(failure)) => sight.fail(failure),
            Err(_) => {
                let why = format!("timed out after {}: {}", probe.timeout, sight.doing());
                sight.fail(why.into());
            }
        }
    }
    sight.unset = fill.unset;
    sight.hidden = fill.hidden;
    let took = begun.elapsed();
    let mut phases = sight.all_phases();
    phases.total = micros(took);
    sight.phases = phases;
    sight.facts.phases = Some(phases);
    Attempt { sight, started_at, took }
}

async fn look(target: &ProbeTarget, fill: &mut Filler<'_>, with: &With<'_>, sight: &mut Sight) -> Result<(), Failure> {
    match target {
        ProbeTarget::Http(target) => http::look(target, fill, with, sight).await,
        ProbeTarget::Tcp(target) => tcp::look(target, fill, with, sight).await,
        ProbeTarget::Tls { address, starttls } => handshake::look(address, *starttls, fill, with, sight).await,
        ProbeTarget::Dns(target) => dns::look(target, fill, with, sight).await,
        ProbeTarget::Icmp { host } => icmp::look(host, fill, with, sight).await,
        ProbeTarget::Postgres { url, query } => postgres::look(url, query, fill, with, sight).await,
        ProbeTarget::Redis { url, ask } => redis::look(url, *ask, fill, with, sight).await,
        ProbeTarget::Websocket { url, headers, send } => {
            websocket::look(url, headers, send.as_deref(), fill, with, sight).await
        }
        ProbeTarget::Grpc { address, service, tls } => grpc::look(address, service, *tls, fill, with, sight).await,
        // These two keep their own time: see above.
        ProbeTarget::Command(_) | ProbeTarget::Push { .. } => Ok(()),
    }
}

fn filled(client: &Client, fill: &mut Filler<'_>) -> Client {
    let mut plain = |text: &Option<String>| text.as_deref().map(|text| fill.plain(text));
    let (ca, certificate, key) = (plain(&client.ca), plain(&client.certificate), plain(&client.key));
    let (server_name, resolver) = (plain(&client.server_name), plain(&client.resolver));
    Client {
        ca,
        certificate,
        key,
        server_name,
        resolver,
        proxy: client.proxy.as_deref().map(|text| fill.address(text)),
        allow_hosts: client.allow_hosts.iter().map(|text| fill.plain(text)).collect(),
        ..*client
    }
}

/// The environment variables that a probe needs and that are not set.
pub fn unset(probe: &Probe, vars: &BTreeMap<String, String>) -> Vec<String> {
    let mut fill = Filler::new(vars);
    filled(&probe.client, &mut fill);
    fill_in(&probe.target, &mut fill);
    fill.unset.sort();
    fill.unset
}

/// Adds the values that a probe is given where keys stand: no other probe may show them either.
pub fn keys(probe: &Probe, fill: &mut Filler<'_>) {
    filled(&probe.client, fill);
    fill_in(&probe.target, fill);
}

/// The host and port that a probe asks, as far as it is written; none for what asks no host.
pub(super) fn place(probe: &Probe) -> Option<String> {
    match &probe.target {
        ProbeTarget::Http(http) => Some(place::written(&http.url).to_owned()),
        ProbeTarget::Postgres { url, .. } | ProbeTarget::Redis { url, .. } | ProbeTarget::Websocket { url, .. } => {
            Some(place::written(url).to_owned())
        }
        ProbeTarget::Tcp(tcp) => Some(tcp.address.clone()),
        ProbeTarget::Tls { address, .. } | ProbeTarget::Grpc { address, .. } => Some(address.clone()),
        ProbeTarget::Icmp { host } => Some(host.clone()),
        ProbeTarget::Dns(dns) => dns.resolver.clone(),
        ProbeTarget::Command(_) | ProbeTarget::Push { .. } => None,
    }
}

/// Fills in every text of a target. Where a host or an argument of a command stands, only what is an address with a user
/// in it is a key.
fn fill_in(target: &ProbeTarget, fill: &mut Filler<'_>) {
    let is_plain = |place: usize| match target {
        ProbeTarget::Tcp(_) | ProbeTarget::Grpc { .. } => place == 0,
        ProbeTarget::Postgres { .. }
        | ProbeTarget::Redis { .. }
        | ProbeTarget::Http(_)
        | ProbeTarget::Websocket { .. } => false,
        _ => true,
    };
    for (place, text) in texts(target).into_iter().enumerate() {
        match target {
            ProbeTarget::Http(_) | ProbeTarget::Websocket { .. } if place == 0 => fill.address(text),
            _ if is_plain(place) => fill.plain(text),
            _ => fill.key(text),
        };
    }
}

/// Every text of a target in which a variable may stand, the address first.
fn texts(target: &ProbeTarget) -> Vec<&str> {
    match target {
        ProbeTarget::Http(http) => {
            let auth: Vec<&str> = match &http.auth {
                None => vec![],
                Some(HttpAuth::Bearer(token)) => vec![token],
                Some(HttpAuth::Basic { username, password }) => vec![username, password],
            };
            let headers = http.headers.values().chain(&http.body).map(String::as_str);
            std::iter::once(http.url.as_str()).chain(headers).chain(auth).collect()
        }
        ProbeTarget::Tcp(tcp) => {
            let sent = tcp.dialogue.iter().filter_map(|turn| turn.send.as_deref());
            std::iter::once(tcp.address.as_str()).chain(sent).collect()
        }
        ProbeTarget::Tls { address, .. } => vec![address],
        ProbeTarget::Dns(dns) => std::iter::once(&dns.name).chain(&dns.resolver).map(String::as_str).collect(),
        ProbeTarget::Icmp { host } => vec![host],
        ProbeTarget::Postgres { url, query } => vec![url, query],
        ProbeTarget::Redis { url, .. } => vec![url],
        ProbeTarget::Websocket { url, headers, send } => {
            std::iter::once(url).chain(headers.values()).chain(send).map(String::as_str).collect()
        }
        ProbeTarget::Grpc { address, service, .. } => vec![address, service],
        ProbeTarget::Command(Command::Argv(items)) => items.iter().map(String::as_str).collect(),
        ProbeTarget::Command(Command::Shell(_)) | ProbeTarget::Push { .. } => vec![],
    }
}
