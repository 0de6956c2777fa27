//! A certificate authority of the test's own.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

/// An authority, and a directory with its certificate and those it has issued.
pub struct Authority {
    root: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new one that nobody trusts yet.
    pub fn new(name: &str) -> Self {
        let root = tempfile::Builder::new().prefix("opsctl-ca-").tempdir().unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(root.path().join("ca.pem"), issuer.as_ref().pem()).unwrap();
        Self { root, issuer }
    }

    /// The file with its own certificate.
    pub fn certificate(&self) -> PathBuf {
        self.root.path().join("ca.pem")
    }

    /// Issues a certificate for a name or address; the files with it and with its key.
    pub fn issue(&self, name: &str) -> (PathBuf, PathBuf) {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &*self.issuer).unwrap();
        let (file, key_file) =
            (self.root.path().join(format!("{name}.pem")), self.root.path().join(format!("{name}.key")));
        fs::write(&file, certificate.pem()).unwrap();
        fs::write(&key_file, key.serialize_pem()).unwrap();
        (file, key_file)
    }
}
