//! Probes by ping.

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until};

use super::With;
use super::connect;
use super::expand::Filler;
use super::sight::{Failure, Phase, Sight};

/// How long until the next request is sent.
const PATIENCE: Duration = Duration::from_secs(1);

/// What to do where pinging is not allowed.
const NOT_ALLOWED: &str = "this machine does not let opsctl ping: allow it with `sysctl -w \
                           net.ipv4.ping_group_range=\"0 2147483647\"`, or give opsctl the capability cap_net_raw";

/// Sends echo requests, one a second, until one is answered.
pub(super) async fn look(host: &str, fill: &mut Filler<'_>, with: &With<'_>, sight: &mut Sight) -> Result<(), Failure> {
    let host = fill.plain(host);
    if !fill.unset.is_empty() {
        return Ok(());
    }
    let host = host.trim().trim_start_matches('[').trim_end_matches(']');
    sight.facts.connected = Some(false);
    sight.unreached = !connect::is_local(host);
    let addresses = connect::addresses(host, with.client, sight).await?;
    sight.enter(Phase::FirstByte, format!("{host} did not answer the ping"));
    let (socket, address) = open(host, &addresses)?;
    sight.address = Some(address.to_string());
    sight.facts.ip.clone_from(&sight.address);
    echo(&socket, address).await.map_err(|error| format!("{host} cannot be pinged: {error}"))?;
    sight.answered();
    sight.unreached = false;
    sight.facts.connected = Some(true);
    Ok(())
}

/// A socket towards the first address that there is a way to.
fn open(host: &str, addresses: &[IpAddr]) -> Result<(UdpSocket, IpAddr), Failure> {
    let mut worst = Failure::from(format!("{host} has no address"));
    for address in addresses {
        match socket(*address).and_then(|socket| Ok((aim(socket, *address)?, *address))) {
            Ok(opened) => return Ok(opened),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => worst = Failure::blind(NOT_ALLOWED),
            Err(error) => worst = format!("{host} cannot be reached from here: {error}").into(),
        }
    }
    Err(worst)
}

/// A socket for everybody, else one for the privileged.
fn socket(address: IpAddr) -> io::Result<Socket> {
    let (domain, protocol) = match address {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    Socket::new(domain, Type::DGRAM, Some(protocol))
        .or_else(|refused| Socket::new(domain, Type::RAW, Some(protocol)).map_err(|_| refused))
}

fn aim(socket: Socket, address: IpAddr) -> io::Result<UdpSocket> {
    socket.set_nonblocking(true)?;
    socket.connect(&SocketAddr::new(address, 0).into())?;
    UdpSocket::from_std(socket.into())
}

/// Returns when the answer has come.
async fn echo(socket: &UdpSocket, address: IpAddr) -> io::Result<()> {
    let mut ping = Ping::new(address);
    let mut packet = [0; 1500];
    loop {
        socket.send(&ping.request()).await?;
        let next = Instant::now() + PATIENCE;
        loop {
            tokio::select! {
                came = socket.recv(&mut packet) => if ping.is_answered_by(&packet[..came?]) { return Ok(()) },
                () = sleep_until(next) => break,
            }
        }
        ping.sequence = ping.sequence.wrapping_add(1);
    }
}

/// What tells our echoes from those of others.
struct Ping {
    v4: bool,
    /// The system may put its own in its place.
    id: u16,
    sequence: u16,
    payload: [u8; 16],
}

impl Ping {
    fn new(address: IpAddr) -> Self {
        // Every state has keys of its own, which nobody can guess.
        let random = || RandomState::new().hash_one(()).to_ne_bytes();
        let [a, b, ..] = random();
        let mut payload = [0; 16];
        payload[..8].copy_from_slice(&random());
        payload[8..].copy_from_slice(&random());
        Self { v4: address.is_ipv4(), id: u16::from_ne_bytes([a, b]), sequence: 0, payload }
    }

    /// An echo request (RFC 792, RFC 4443). The checksum of ICMPv6 is the system's work.
    fn request(&self) -> Vec<u8> {
        let kind = if self.v4 { 8 } else { 128 };
        let head = [[kind, 0], [0, 0], self.id.to_be_bytes(), self.sequence.to_be_bytes()].concat();
        let mut request = [head.as_slice(), &self.payload].concat();
        if self.v4 {
            let sum = checksum(&request).to_be_bytes();
            request[2..4].copy_from_slice(&sum);
        }
        request
    }

    /// Whether a packet is the reply to one of our requests.
    fn is_answered_by(&self, packet: &[u8]) -> bool {
        let reply = if self.v4 { 0 } else { 129 };
        match inside(packet) {
            [kind, 0, _, _, _, _, high, low, payload @ ..] => {
                *kind == reply && u16::from_be_bytes([*high, *low]) <= self.sequence && *payload == self.payload
            }
            _ => false,
        }
    }
}

/// The ICMP message of a packet, which comes with its IPv4 header or without. No echo begins like a header.
fn inside(packet: &[u8]) -> &[u8] {
    match packet.first() {
        Some(first) if first >> 4 == 4 => packet.get(usize::from(first & 15) * 4..).unwrap_or_default(),
        _ => packet,
    }
}

/// The checksum of RFC 1071 over an even number of bytes.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    !words.fold(0, |sum: u16, word| {
        let (sum, carried) = sum.overflowing_add(word);
        sum + u16::from(carried)
    })
}

#[cfg(test)]
mod tests;
