//! The certificates that a server shows.

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::ground::{Time, plain_line};

/// A chain as it was shown, the server's own certificate first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Chain {
    certificates: Vec<Certificate>,
}

/// What matters of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub subject: String,
    pub issuer: String,
    pub from: Time,
    pub until: Time,
    pub names: Vec<String>,
}

/// The end of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End<'a> {
    /// When it ends.
    pub at: Time,
    /// Whose certificate it is.
    pub subject: &'a str,
}

impl Chain {
    /// Reads what a server showed. A certificate that cannot be read is left out: the handshake refuses it anyway.
    pub fn read<'a>(shown: impl IntoIterator<Item = &'a CertificateDer<'a>>) -> Self {
        Self { certificates: shown.into_iter().filter_map(|der| certificate(der)).collect() }
    }

    /// The certificates, the server's own first.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// How many certificates were shown.
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// The certificate that ends first.
    pub fn first_end(&self) -> Option<End<'_>> {
        let first = self.certificates.iter().min_by_key(|certificate| certificate.until)?;
        Some(End { at: first.until, subject: &first.subject })
    }

    /// When the last of them begins to be valid.
    pub fn last_beginning(&self) -> Option<Time> {
        self.certificates.iter().map(|certificate| certificate.from).max()
    }

    /// The names that the server's own certificate is for.
    pub fn names(&self) -> Vec<String> {
        self.certificates.first().map(|own| own.names.clone()).unwrap_or_default()
    }

    /// Whether the server's own certificate was issued by itself.
    pub fn is_self_signed(&self) -> bool {
        self.certificates.first().is_some_and(|own| own.subject == own.issuer)
    }

    /// Who issued the server's own certificate.
    pub fn issuer(&self) -> &str {
        self.certificates.first().map_or("somebody", |own| &own.issuer)
    }

    /// Who issued the last certificate of the chain.
    pub fn last_issuer(&self) -> &str {
        self.certificates.last().map_or("somebody", |last| &last.issuer)
    }
}

fn certificate(der: &CertificateDer<'_>) -> Option<Certificate> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let validity = parsed.validity();
    let moment = |seconds: i64| Time::from_timestamp(seconds, 0);
    let alternative = parsed.subject_alternative_name().ok().flatten();
    let names = alternative.into_iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(plain_line(name)),
        GeneralName::IPAddress([a, b, c, d]) => Some(format!("{a}.{b}.{c}.{d}")),
        _ => None,
    });
    Some(Certificate {
        subject: plain_line(&parsed.subject().to_string()),
        issuer: plain_line(&parsed.issuer().to_string()),
        from: moment(validity.not_before.timestamp())?,
        until: moment(validity.not_after.timestamp())?,
        names: names.take(20).collect(),
    })
}
