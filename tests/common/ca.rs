//! A certificate authority of the test's own, and servers that show what it issued.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;

/// The years from whose first of January to whose first of January a certificate is valid.
pub type Years = (i32, i32);

/// Valid now, and for as long as anybody runs these tests.
pub const NOW: Years = (2020, 2080);

/// Has ended.
pub const PAST: Years = (2020, 2021);

/// Has not begun.
pub const FUTURE: Years = (2070, 2080);

/// Somebody who issues certificates.
pub struct Authority {
    name: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// The certificates from this one up to the root, without the root.
    above: Vec<CertificateDer<'static>>,
}

/// What a server shows, and its key.
pub struct Identity {
    /// Its own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key.
    pub key: PrivateKeyDer<'static>,
}

impl Authority {
    /// A root.
    pub fn new(name: &str) -> Self {
        let issuer = CertifiedIssuer::self_signed(authority(name, NOW), KeyPair::generate().unwrap()).unwrap();
        Self { name: name.to_owned(), issuer, above: vec![] }
    }

    /// An intermediate authority below this one.
    pub fn below(&self, name: &str, years: Years) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::signed_by(authority(name, years), key, &self.issuer).unwrap();
        let above = std::iter::once(issuer.der()).chain(&self.above).cloned().collect();
        Self { name: name.to_owned(), issuer, above }
    }

    /// Writes its certificate into a directory, for those who trust it.
    pub fn file(&self, dir: &Path) -> PathBuf {
        let file = dir.join(format!("{}.pem", self.name));
        fs::write(&file, self.issuer.pem()).unwrap();
        file
    }

    /// A certificate for these names, with everything between it and the root.
    pub fn issue(&self, names: &[&str], years: Years) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = server(names, years).signed_by(&key, &self.issuer).unwrap();
        let chain = std::iter::once(certificate.der()).chain(&self.above).cloned().collect();
        Identity { chain, key: key.into() }
    }
}

impl Identity {
    /// One that nobody but itself has signed.
    pub fn self_signed(names: &[&str]) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = server(names, NOW).self_signed(&key).unwrap();
        Self { chain: vec![certificate.der().clone()], key: key.into() }
    }

    /// The same without what stands between its certificate and the root.
    pub fn alone(mut self) -> Self {
        self.chain.truncate(1);
        self
    }

    /// Writes the chain and the key into a directory, for those who read files.
    pub fn files(&self, dir: &Path, stem: &str) -> (PathBuf, PathBuf) {
        let (chain, key) = (dir.join(format!("{stem}.pem")), dir.join(format!("{stem}.key")));
        fs::write(&chain, self.chain.iter().map(|one| pem("CERTIFICATE", one)).collect::<String>()).unwrap();
        fs::write(&key, pem("PRIVATE KEY", self.key.secret_der())).unwrap();
        (chain, key)
    }

    /// Makes the server's side of handshakes.
    pub fn server(self) -> Arc<rustls::ServerConfig> {
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key);
        Arc::new(config.unwrap())
    }
}

impl Authority {
    /// Makes the server's side of handshakes with those alone whose certificates this authority has issued.
    pub fn members_only(&self, identity: Identity) -> Arc<rustls::ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let members = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(members.unwrap())
            .with_single_cert(identity.chain, identity.key);
        Arc::new(config.unwrap())
    }
}

/// The server's side of a connection; the handshake is made by the first read or write.
pub fn secured(config: &Arc<rustls::ServerConfig>, stream: TcpStream) -> impl std::io::Read + std::io::Write {
    rustls::StreamOwned::new(rustls::ServerConnection::new(Arc::clone(config)).unwrap(), stream)
}

/// As files have it (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn authority(name: &str, years: Years) -> CertificateParams {
    let mut params = named(CertificateParams::default(), name, years);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn server(names: &[&str], years: Years) -> CertificateParams {
    let all: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    named(CertificateParams::new(all).unwrap(), names[0], years)
}

fn named(mut params: CertificateParams, name: &str, (from, until): Years) -> CertificateParams {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
    params
}
