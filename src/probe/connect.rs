//! Name resolution and TCP, with the time that each takes.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::guard::Guard;
use super::place::Place;
use super::sight::{Failure, Phase, Sight};
use super::{dns, failure};
use crate::catalog::model::Client;

/// How long one address is tried alone before the next is tried beside it (RFC 8305 calls it the connection attempt
/// delay).
const HEAD_START: Duration = Duration::from_millis(250);

/// Resolves the host, keeps to what may be connected to, and connects.
pub(super) async fn connect(place: &Place, client: &Client, sight: &mut Sight) -> Result<TcpStream, Failure> {
    sight.facts.connected = Some(false);
    sight.unreached = !is_local(&place.host);
    let addresses = addresses(&place.host, client, sight).await?;
    sight.enter(Phase::Connect, format!("{place} did not accept the connection"));
    let targets = addresses.into_iter().map(|address| SocketAddr::new(address, place.port));
    let stream = first(targets.collect()).await.map_err(|error| failure::connecting(place, &error))?;
    sight.leave();
    sight.unreached = false;
    // A reset right after the handshake leaves no peer; then the next step says so.
    if let Ok(peer) = stream.peer_addr() {
        sight.facts.ip = Some(peer.ip().to_string());
        sight.address = Some(peer.to_string());
    }
    let _ = stream.set_nodelay(true);
    sight.facts.connected = Some(true);
    Ok(stream)
}

/// Whether a host is this machine, whatever network it has.
pub(super) fn is_local(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The addresses of a host that may be connected to, in the order in which they are to be tried.
pub(super) async fn addresses(host: &str, client: &Client, sight: &mut Sight) -> Result<Vec<IpAddr>, Failure> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return admitted(host, vec![address], client, sight);
    }
    sight.enter(Phase::Dns, format!("the name {host} was not resolved"));
    let found = match &client.resolver {
        Some(resolver) => dns::addresses(host, resolver).await?,
        None => system(host).await.map_err(|error| format!("could not resolve the host {host}: {error}"))?,
    };
    sight.leave();
    if found.is_empty() {
        return Err(format!("could not resolve the host {host}: it has no address").into());
    }
    admitted(host, found, client, sight)
}

fn admitted(host: &str, addresses: Vec<IpAddr>, client: &Client, sight: &mut Sight) -> Result<Vec<IpAddr>, Failure> {
    // What is refused is refused, whatever network this machine has.
    Ok(Guard::of(client).admit(host, addresses).inspect_err(|_| sight.unreached = false)?)
}

/// What the system resolves a name to.
pub(super) async fn system(host: &str) -> io::Result<Vec<IpAddr>> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for found in tokio::net::lookup_host((host, 0)).await? {
        if !addresses.contains(&found.ip()) {
            addresses.push(found.ip());
        }
    }
    Ok(addresses)
}

/// The first of the addresses that accepts, each tried a little after the one before it.
async fn first(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut trying = FuturesUnordered::new();
    let mut worst = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        let next = waiting.next();
        let more = next.is_some();
        trying.extend(next.map(TcpStream::connect));
        loop {
            let came = tokio::select! {
                came = trying.next() => came,
                () = sleep(HEAD_START), if more => break,
            };
            match came {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => worst = error,
                None => break,
            }
            if more {
                break;
            }
        }
        if !more && trying.is_empty() {
            return Err(worst);
        }
    }
}
