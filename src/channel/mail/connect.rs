//! A connection to a mail server, up to where mails can be sent.
//!
//! STARTTLS is spoken here, a byte at a time, so that nothing that came before the handshake can be taken for an answer
//! that came after it.

use std::net::IpAddr;
use std::sync::Arc;

use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::server::{Security, Server};
use super::stream::Stream;
use crate::channel::{Courier, NotDelivered, client};
use crate::ground::plain_line;

/// What the client is told where the server greets nobody.
const GREETING: &[u8] = b"220 TLS\r\n";

/// An answer to a greeting is not longer than this.
const LONGEST: usize = 8 * 1024;

/// Connects, with TLS where there is to be TLS, and says hello.
pub(super) async fn connect(server: &Server, courier: &Courier<'_>) -> Result<AsyncSmtpConnection, NotDelivered> {
    let limit = courier.patience.usual;
    let Ok(done) = timeout(limit.0, open(server, courier)).await else {
        return Err(NotDelivered::for_now(format!("could not connect to {} within {limit}", server.place())));
    };
    done
}

async fn open(server: &Server, courier: &Courier<'_>) -> Result<AsyncSmtpConnection, NotDelivered> {
    let place = server.place();
    let could_not = |error: &dyn std::fmt::Display| {
        NotDelivered::for_now(format!("could not connect to {place}: {}", plain_line(&error.to_string())))
    };
    let mut tcp = TcpStream::connect((server.host.as_str(), server.port)).await.map_err(|error| could_not(&error))?;
    let peer = tcp.peer_addr().map_err(|error| could_not(&error))?;
    let name = hello(&tcp);
    let stream: Box<dyn AsyncTokioStream> = match server.security {
        Security::None => Box::new(tcp),
        Security::Tls => {
            let inner = secure(tcp, server, courier).await.map_err(|error| could_not(&error))?;
            Box::new(Stream { greeting: b"", inner, peer })
        }
        Security::StartTls => {
            start_tls(&mut tcp, &name, &place).await?;
            let inner = secure(tcp, server, courier).await.map_err(|error| could_not(&error))?;
            Box::new(Stream { greeting: GREETING, inner, peer })
        }
    };
    AsyncSmtpConnection::connect_with_transport(stream, &name)
        .await
        .map_err(|error| super::send::unwelcome(&place, "would not be greeted", &error))
}

/// Who one is. A machine that does not know its name says its address (RFC 5321, 4.1.3).
fn hello(tcp: &TcpStream) -> ClientId {
    match tcp.local_addr().map(|address| address.ip()) {
        Ok(IpAddr::V4(ip)) => ClientId::Ipv4(ip),
        Ok(IpAddr::V6(ip)) => ClientId::Ipv6(ip),
        Err(_) => ClientId::default(),
    }
}

async fn secure(tcp: TcpStream, server: &Server, courier: &Courier<'_>) -> Result<TlsStream<TcpStream>, String> {
    let config = client::tls(courier.roots())?;
    let name = ServerName::try_from(server.host.clone())
        .map_err(|_| format!("`{}` cannot stand in a certificate", server.host))?;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|error| error.to_string())
}

/// Asks for TLS, and takes no for an answer to give up.
async fn start_tls(tcp: &mut TcpStream, name: &ClientId, place: &str) -> Result<(), NotDelivered> {
    expect(tcp, "", "220", place).await?;
    let offered = expect(tcp, &format!("EHLO {name}\r\n"), "250", place).await?;
    let has_tls = |line: &str| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"));
    if !offered.lines().any(has_tls) {
        return Err(NotDelivered::finally(format!(
            "{place} offers no STARTTLS, and nothing is sent without TLS: use smtps://, or another port"
        )));
    }
    expect(tcp, "STARTTLS\r\n", "220", place).await?;
    Ok(())
}

/// Says something, and reads an answer that is to have this code.
async fn expect(tcp: &mut TcpStream, said: &str, code: &str, place: &str) -> Result<String, NotDelivered> {
    let lost = |error: std::io::Error| NotDelivered::for_now(format!("{place} ended the conversation: {error}"));
    tcp.write_all(said.as_bytes()).await.map_err(lost)?;
    let answer = answer(tcp).await.map_err(lost)?;
    if answer.starts_with(code) {
        return Ok(answer);
    }
    let shown: String = plain_line(answer.trim()).chars().take(200).collect();
    let reason = format!("{place} answered `{shown}` where {code} was expected");
    Err(if answer.starts_with('5') { NotDelivered::finally(reason) } else { NotDelivered::for_now(reason) })
}

/// The lines of one answer; the last one has no hyphen after its code.
async fn answer(tcp: &mut TcpStream) -> std::io::Result<String> {
    let (mut all, mut line) = (String::new(), Vec::new());
    while all.len() + line.len() < LONGEST {
        line.push(tcp.read_u8().await?);
        if line.ends_with(b"\n") {
            all.push_str(&String::from_utf8_lossy(&line));
            // What does not begin with a code is no answer, and nothing needs to follow.
            if line.get(3) != Some(&b'-') || !line[..3].iter().all(u8::is_ascii_digit) {
                return Ok(all);
            }
            line.clear();
        }
    }
    Err(std::io::Error::other("its answer does not end"))
}
