//! TLS with a memory: what the server showed is known even when it is refused.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error as Tls, ProtocolVersion, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::Chain;
use super::failure;
use super::place::Place;
use super::sight::{Failure, Phase, Sight};
use crate::catalog::model::Client;

/// Whom probes trust. Files are read once; loading the system's certificates takes some 20 ms.
#[derive(Debug, Default)]
pub(super) struct Trust {
    made: Mutex<HashMap<(Client, Files), Arc<Ready>>>,
}

/// When the files of a client were written last.
type Files = [Option<SystemTime>; 3];

/// A configuration that only lacks its memory.
#[derive(Debug)]
struct Ready {
    config: ClientConfig,
    /// None when any certificate will do.
    verifier: Option<Arc<WebPkiServerVerifier>>,
}

impl Trust {
    /// Makes the handshake with `place` on a connection to it.
    pub async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        place: &Place,
        to: Towards<'_>,
        sight: &mut Sight,
    ) -> Result<TlsStream<S>, Failure> {
        sight.enter(Phase::Tls, format!("the TLS handshake with {place} did not end"));
        let ready = self.ready(to.client, to.dir)?;
        let seen = Arc::new(Mutex::new(Chain::default()));
        let recorder = Recorder { verifier: ready.verifier.clone(), seen: Arc::clone(&seen), provider: provider() };
        let mut config = ready.config.clone();
        config.dangerous().set_certificate_verifier(Arc::new(recorder));
        config.alpn_protocols = to.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = to.client.server_name.as_deref().unwrap_or(&place.host);
        let name =
            ServerName::try_from(name.to_owned()).map_err(|_| format!("`{name}` cannot stand in a certificate"))?;
        let done = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        sight.leave();
        let chain = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        note(&chain, to.now, sight);
        sight.chain = Some(chain).filter(|seen| seen.len() > 0);
        let stream = done.map_err(|error| failure::handshake(place, &error, sight.chain.as_ref()))?;
        sight.facts.tls_version = stream.get_ref().1.protocol_version().map(version);
        Ok(stream)
    }

    fn ready(&self, client: &Client, dir: &Path) -> Result<Arc<Ready>, String> {
        // Only what the configuration depends on: many probes share one.
        let key = Client {
            ca: client.ca.clone(),
            certificate: client.certificate.clone(),
            key: client.key.clone(),
            insecure: client.insecure,
            ..Client::default()
        };
        // A certificate that is renewed on disk is another one.
        let written =
            |file: &Option<String>| file.as_ref().and_then(|file| dir.join(file).metadata().ok()?.modified().ok());
        let files = [&key.ca, &key.certificate, &key.key].map(written);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = made.get(&(key.clone(), files)) {
            return Ok(Arc::clone(ready));
        }
        let ready = Arc::new(make(&key, dir)?);
        made.retain(|(known, _), _| *known != key);
        made.insert((key, files), Arc::clone(&ready));
        Ok(ready)
    }
}

/// Towards whom a handshake is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Towards<'a> {
    /// Whom to trust and how to name the server.
    pub client: &'a Client,
    /// The directory that files are relative to.
    pub dir: &'a Path,
    /// The protocols to offer, the best first.
    pub alpn: &'a [&'a str],
    /// The moment from which the rest of a certificate's life is counted.
    pub now: crate::ground::Time,
}

fn note(chain: &Chain, now: crate::ground::Time, sight: &mut Sight) {
    if let Some(end) = chain.first_end() {
        sight.certificate_expires_at = Some(end.at);
        sight.facts.certificate_expiration_ms = Some((end.at - now).num_milliseconds());
    }
}

fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => "1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "1.3".to_owned(),
        other => format!("{other:?}"),
    }
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider())))
}

fn make(client: &Client, dir: &Path) -> Result<Ready, String> {
    let verifier = if client.insecure { None } else { Some(verifier(client.ca.as_deref(), dir)?) };
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be used: {error}"))?
        .with_root_certificates(RootCertStore::empty());
    let mut config = match (&client.certificate, &client.key) {
        (Some(certificate), Some(key)) => {
            let key_file = dir.join(key);
            let key = PrivateKeyDer::from_pem_file(&key_file)
                .map_err(|error| format!("the private key {} cannot be read: {error}", key_file.display()))?;
            builder
                .with_client_auth_cert(certificates(&dir.join(certificate))?, key)
                .map_err(|error| format!("the client certificate and its key do not fit: {error}"))?
        }
        _ => builder.with_no_client_auth(),
    };
    // Every probe is a new visitor: a resumed session would show no certificate.
    config.resumption = Resumption::disabled();
    Ok(Ready { config, verifier })
}

fn verifier(ca: Option<&str>, dir: &Path) -> Result<Arc<WebPkiServerVerifier>, String> {
    let roots = match ca {
        None => system_roots().clone(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            let file = dir.join(ca);
            let (added, _) = roots.add_parsable_certificates(certificates(&file)?);
            if added == 0 {
                return Err(format!("{} has no certificate that can be trusted", file.display()));
            }
            Arc::new(roots)
        }
    };
    WebPkiServerVerifier::builder_with_provider(roots, provider()).build().map_err(|_| {
        "this machine has no trusted certificates: install them (ca-certificates), or name a file in client.ca"
            .to_owned()
    })
}

fn certificates(file: &PathBuf) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => Err(format!("{} has no certificate in it", file.display())),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("the certificates in {} cannot be read: {error}", file.display())),
    }
}

/// The certificates this machine trusts, loaded once.
pub(crate) fn system_roots() -> &'static Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    })
}

/// Notes the chain, then lets somebody else judge it.
#[derive(Debug)]
struct Recorder {
    verifier: Option<Arc<WebPkiServerVerifier>>,
    seen: Arc<Mutex<Chain>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Tls> {
        let chain = Chain::read(std::iter::once(own).chain(others));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        match &self.verifier {
            Some(verifier) => verifier.verify_server_cert(own, others, name, ocsp, now),
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Tls> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Tls> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
