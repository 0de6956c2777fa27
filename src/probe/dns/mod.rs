//! Questions to a name server, as probes and for hosts whose name is not resolved by the system.
//!
//! Names are absolute: the system's search list is for people who type, not for what is written down. The system's name
//! server is the first one in `/etc/resolv.conf`.

mod answer;
mod exchange;
mod question;
mod system;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;

use super::With;
use super::connect;
use super::expand::Filler;
use super::place::Place;
use super::sight::{Failure, Phase, Sight};
use crate::catalog::model::{DnsTarget, RecordType};
use answer::Answer;
use question::Question;

/// The port of name servers.
const USUAL_PORT: u16 = 53;

/// How long the addresses of one family wait for those of the other (RFC 8305 calls it the resolution delay).
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

/// Asks the probe's name server, else the one of its client, else the system's. That there is no such name is an
/// answer, too.
pub(super) async fn look(
    target: &DnsTarget,
    fill: &mut Filler<'_>,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<(), Failure> {
    let name = fill.plain(&target.name);
    let resolver = target.resolver.as_deref().map(|text| fill.plain(text));
    if !fill.unset.is_empty() {
        return Ok(());
    }
    let question = Question::new(&name, target.record)?;
    let place = match resolver.as_ref().or(with.client.resolver.as_ref()) {
        Some(text) => Place::parse(text, Some(USUAL_PORT))?,
        None => Place { host: system::server()?.to_string(), port: USUAL_PORT },
    };
    sight.facts.connected = Some(false);
    sight.unreached = !connect::is_local(&place.host);
    let addresses = connect::addresses(&place.host, with.client, sight).await?;
    let server = addresses.first().map(|address| SocketAddr::new(*address, place.port));
    let server = server.ok_or_else(|| format!("the name server {place} has no address"))?;
    sight.enter(Phase::FirstByte, format!("the name server {server} did not answer"));
    let answer = exchange::ask(server, &question, &mut |waiting| sight.enter(Phase::FirstByte, waiting)).await?;
    sight.answered();
    // A name server on this machine that cannot answer may be cut off from all the others.
    sight.unreached = connect::is_local(&place.host) && answer.code == "SERVFAIL";
    sight.address = Some(server.to_string());
    sight.facts.ip = Some(server.ip().to_string());
    sight.facts.connected = Some(true);
    note(&answer, sight);
    Ok(())
}

fn note(answer: &Answer, sight: &mut Sight) {
    let joined = |part: fn(&answer::Value) -> &str| answer.values.iter().map(part).collect::<Vec<_>>().join("\n");
    sight.facts.dns_rcode = Some(answer.code.clone());
    sight.facts.rows = u64::try_from(answer.values.len()).ok();
    sight.facts.body = Some(joined(|value| &value.text));
    sight.output = joined(|value| &value.shown);
}

/// The addresses that a name server gives for a host, IPv6 first; none when it has none.
pub(super) async fn addresses(host: &str, resolver: &str) -> Result<Vec<IpAddr>, Failure> {
    let server = server(resolver).await?;
    let mut asking: FuturesUnordered<_> =
        [RecordType::Aaaa, RecordType::A].into_iter().map(|record| one(host, record, server)).collect();
    let (mut found, mut why) = (Vec::new(), None);
    loop {
        let came = tokio::select! {
            came = asking.next() => came,
            // RFC 8305: what has an IPv4 address waits a moment for IPv6, and not the other way round.
            () = sleep(RESOLUTION_DELAY), if found.iter().any(IpAddr::is_ipv4) => None,
        };
        match came {
            Some(Ok(answer)) if answer.is_good() => found.extend(answer.addresses()),
            Some(Ok(answer)) => why = Some(format!("the name server {server} answered {}", answer.code)),
            Some(Err(failure)) => why = Some(failure.message),
            None => break,
        }
    }
    found.sort_by_key(IpAddr::is_ipv4);
    match why {
        Some(why) if found.is_empty() => Err(format!("could not resolve the host {host}: {why}").into()),
        _ => Ok(found),
    }
}

async fn one(host: &str, record: RecordType, server: SocketAddr) -> Result<Answer, Failure> {
    exchange::ask(server, &Question::new(host, record)?, &mut |_| {}).await
}

/// Where a name server is. The name of one is resolved by the system.
async fn server(resolver: &str) -> Result<SocketAddr, Failure> {
    let Place { host, port } = Place::parse(resolver, Some(USUAL_PORT))?;
    if let Ok(address) = host.parse() {
        return Ok(SocketAddr::new(address, port));
    }
    let wrong = |why: String| Failure::from(format!("could not resolve the name server {host}: {why}"));
    let found = connect::system(&host).await.map_err(|error| wrong(error.to_string()))?;
    let first = found.first().ok_or_else(|| wrong("it has no address".to_owned()))?;
    Ok(SocketAddr::new(*first, port))
}

#[cfg(test)]
mod tests;
