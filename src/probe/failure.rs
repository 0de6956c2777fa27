//! Says why there was no answer: which part failed, at whom, and how. Paths and queries are left out: they may hold keys.

use std::error::Error as StdError;
use std::fmt::Display;
use std::io;

use rustls::{AlertDescription, CertificateError, Error as Tls};

use super::certificate::Chain;
use super::place::Place;
use crate::ground::plain_line;

/// How much of what somebody said is shown, in characters.
const EXCERPT: usize = 200;

/// Why a connection could not be made.
pub(super) fn connecting(place: &Place, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("{place} refused the connection"),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            format!("{place} cannot be reached from here: {error}")
        }
        _ => format!("could not connect to {place}: {error}"),
    }
}

/// Why a TLS handshake failed.
pub(super) fn handshake(place: &Place, error: &io::Error, chain: Option<&Chain>) -> String {
    let words = match tls_of(error) {
        Some(tls) => tls_words(tls, chain),
        None if is_broken(error) => "the other side broke the connection off".to_owned(),
        None => error.to_string(),
    };
    format!("TLS with {place} failed: {words}")
}

/// Why a conversation broke; `protocol` is what the other side should have spoken.
pub(super) fn talking(place: &impl Display, protocol: &str, error: &(dyn StdError + 'static)) -> String {
    let chain: Vec<&(dyn StdError + 'static)> = std::iter::successors(Some(error), |cause| below(*cause)).collect();
    let innermost = chain.last().map_or_else(String::new, ToString::to_string);
    if let Some(tls) = chain.iter().find_map(|cause| cause.downcast_ref::<Tls>()) {
        return format!("TLS with {place} failed: {}", tls_words(tls, None));
    }
    let broken = chain.iter().find_map(|cause| cause.downcast_ref::<io::Error>()).is_some_and(is_broken);
    if broken {
        return format!("{place} broke the connection off: {innermost}");
    }
    format!("{place} gave no proper {protocol} answer: {innermost}")
}

/// What somebody said, in one short line, as the end of a sentence. It is cut between words, so that no part of a secret is left that nobody would
/// know for one.
pub(super) fn short(said: &str) -> String {
    let line = plain_line(said.trim().trim_end_matches('.'));
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", line[..end].rsplit_once(' ').map_or("", |(words, _)| words)),
        None => line,
    }
}

fn is_broken(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof)
}

fn tls_of(error: &io::Error) -> Option<&Tls> {
    error.get_ref().and_then(|wrapped| wrapped.downcast_ref::<Tls>())
}

/// What caused this. An io::Error names the source of what it wraps, and so would skip the thing itself.
fn below<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => cause.source(),
    }
}

fn tls_words(error: &Tls, chain: Option<&Chain>) -> String {
    let words = match error {
        Tls::InvalidCertificate(wrong) => return certificate_words(wrong, chain),
        Tls::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion) => {
            "both sides have no version or cipher in common"
        }
        Tls::AlertReceived(AlertDescription::CertificateRequired) => {
            "the other side wants a client certificate (client.certificate and client.key)"
        }
        Tls::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnsupportedCertificate,
        ) => "the other side does not trust the client certificate",
        Tls::AlertReceived(AlertDescription::CertificateExpired) => "the client certificate has expired",
        Tls::AlertReceived(AlertDescription::CertificateRevoked) => "the client certificate was revoked",
        Tls::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the other side does not know the name it was asked for"
        }
        Tls::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            "the other side speaks none of the protocols that were offered (ALPN)"
        }
        Tls::InvalidMessage(_) => "the other side does not speak TLS",
        other => return other.to_string(),
    };
    words.to_owned()
}

fn certificate_words(wrong: &CertificateError, chain: Option<&Chain>) -> String {
    let when = |time: Option<crate::ground::Time>| {
        time.map_or_else(String::new, |time| format!(" ({})", time.format("%Y-%m-%d %H:%M UTC")))
    };
    match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            let ended = chain.and_then(Chain::first_end);
            format!("the certificate has expired{}", when(ended.map(|end| end.at)))
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("the certificate is not valid yet{}", when(chain.and_then(Chain::last_beginning)))
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            match chain.map(Chain::names).filter(|names| !names.is_empty()) {
                Some(names) => format!("the certificate is for another name ({})", names.join(", ")),
                None => "the certificate is for another name".to_owned(),
            }
        }
        CertificateError::UnknownIssuer => match chain {
            Some(chain) if chain.is_self_signed() => {
                "the certificate is self-signed, and this machine does not trust it".to_owned()
            }
            Some(chain) if chain.len() == 1 => format!(
                "nobody this machine trusts has issued the certificate (by {}); the server sends no intermediate \
                 certificate: its chain may be incomplete",
                chain.issuer()
            ),
            Some(chain) => {
                format!("nobody this machine trusts has issued the certificate (by {})", chain.last_issuer())
            }
            None => "nobody this machine trusts has issued the certificate".to_owned(),
        },
        CertificateError::Revoked => "the certificate was revoked".to_owned(),
        _ if chain.is_some_and(Chain::is_self_signed) => {
            "the certificate is self-signed, and this machine does not trust it".to_owned()
        }
        _ => format!("the certificate is not valid: {wrong}"),
    }
}
