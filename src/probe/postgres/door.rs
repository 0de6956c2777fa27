//! Gets through to a server: TCP or a Unix socket, and TLS where it is wanted.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::config::SslMode;
use x509_parser::oid_registry::{
    OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256,
    OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::address::{Address, Server};
use super::stream::Measured;
use crate::catalog::model::Client;
use crate::probe::connect::connect;
use crate::probe::guard::Guard;
use crate::probe::place::Place;
use crate::probe::sight::{Failure, Phase, Sight};
use crate::probe::starttls::SSL_REQUEST;
use crate::probe::tls::Towards;
use crate::probe::{With, failure};

/// Connects to a server.
pub(super) async fn open(
    server: &Server,
    address: &Address,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<Measured, Failure> {
    match server {
        Server::Unix(path) => {
            let stream = socket(path, with.client, sight).await?;
            Ok(Measured::new(Box::new(stream), None))
        }
        Server::Tcp(place, name) => {
            let mut stream = connect(place, with.client, sight).await?;
            if wants_tls(&mut stream, place, address, with.client, sight).await? {
                secure(stream, place, name, address, with, sight).await
            } else {
                Ok(Measured::new(Box::new(stream), None))
            }
        }
    }
}

/// A Unix socket counts as this machine, and its path as nobody's name.
async fn socket(path: &Path, client: &Client, sight: &mut Sight) -> Result<UnixStream, Failure> {
    sight.facts.connected = Some(false);
    Guard::of(client).admit("localhost", vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])?;
    let path_text = path.display().to_string();
    sight.enter(Phase::Connect, format!("{path_text} did not accept the connection"));
    let stream = UnixStream::connect(path).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no socket {path_text}: the database does not run, or elsewhere"),
        io::ErrorKind::ConnectionRefused => format!("{path_text} refused the connection"),
        _ => format!("could not connect to {path_text}: {error}"),
    })?;
    sight.leave();
    sight.address = Some(path_text);
    sight.facts.connected = Some(true);
    Ok(stream)
}

/// Whether to go on over TLS. Whoever names a CA wants it whatever the mode, unless that is `disable`.
async fn wants_tls(
    stream: &mut TcpStream,
    place: &Place,
    address: &Address,
    client: &Client,
    sight: &mut Sight,
) -> Result<bool, Failure> {
    if address.mode == SslMode::Disable || address.direct {
        return Ok(address.direct);
    }
    sight.enter(Phase::Tls, format!("{place} did not answer whether it speaks TLS"));
    let broken = |error: &io::Error| Failure::from(failure::talking(place, "PostgreSQL", error));
    stream.write_all(&SSL_REQUEST).await.map_err(|error| broken(&error))?;
    let required = address.mode == SslMode::Require || client.ca.is_some();
    match stream.read_u8().await.map_err(|error| broken(&error))? {
        b'S' => Ok(true),
        b'N' if required => Err(format!("{place} does not speak TLS, and the probe wants it").into()),
        b'N' => Ok(false),
        _ => Err(broken(&io::Error::other("it does not say whether it speaks TLS"))),
    }
}

/// As in PostgreSQL's own library, only who asks for it gets the certificate checked: by `sslmode=verify-full` or
/// `verify-ca`, or by naming a CA.
async fn secure(
    stream: TcpStream,
    place: &Place,
    name: &str,
    address: &Address,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<Measured, Failure> {
    let verify = address.verify || with.client.ca.is_some();
    let client = Client {
        insecure: with.client.insecure || !verify,
        server_name: with.client.server_name.clone().or_else(|| Some(name.to_owned())),
        ..with.client.clone()
    };
    let towards = Towards { client: &client, dir: with.dir, alpn: &["postgresql"], now: with.now };
    let stream = with.trust.handshake(stream, place, towards, sight).await?;
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let end_point = shown.and_then(|certificate| end_point(certificate));
    Ok(Measured::new(Box::new(stream), end_point))
}

/// The hash of a certificate, by the algorithm that it is signed with; none where that leaves it open.
fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let signed = &parsed.signature_algorithm.algorithm;
    if [OID_PKCS1_SHA256WITHRSA, OID_SIG_ECDSA_WITH_SHA256].contains(signed) {
        Some(Sha256::digest(certificate).to_vec())
    } else if [OID_PKCS1_SHA384WITHRSA, OID_SIG_ECDSA_WITH_SHA384].contains(signed) {
        Some(Sha384::digest(certificate).to_vec())
    } else if [OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA512].contains(signed) {
        Some(Sha512::digest(certificate).to_vec())
    } else {
        None
    }
}
