//! Says why there was no answer: which part failed, at whom, and how.

use std::error::Error as StdError;
use std::io;

use reqwest::Url;
use rustls::{AlertDescription, CertificateError, Error as Tls};

/// A failed request in one sentence; `url` is where it went when the error does not know. The address's path and query
/// are left out: they may hold keys.
pub fn sentence(error: &reqwest::Error, url: &Url) -> String {
    let url = error.url().unwrap_or(url);
    let host = url.host_str().unwrap_or("the host");
    let place = url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let chain: Vec<&(dyn StdError + 'static)> = causes(error).collect();
    let innermost = chain.last().map_or_else(String::new, ToString::to_string);
    if error.is_redirect() {
        return format!("gave up after 10 redirects, the last one at {place}");
    }
    if error.is_dns() {
        return format!("could not resolve the host {host}: {innermost}");
    }
    if let Some(tls) = chain.iter().find_map(|cause| cause.downcast_ref::<Tls>()) {
        return format!("TLS with {place} failed: {}", tls_words(tls));
    }
    let broken = chain.iter().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    match broken {
        Some(io::ErrorKind::ConnectionRefused) => format!("{place} refused the connection"),
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            format!("{place} cannot be reached from here: {innermost}")
        }
        _ if error.is_connect() => format!("could not connect to {place}: {innermost}"),
        _ if error.is_builder() => format!("the request cannot be sent: {innermost}"),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof) => {
            format!("{place} broke the connection off: {innermost}")
        }
        _ => format!("{place} gave no proper HTTP answer: {innermost}"),
    }
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause| below(*cause))
}

/// What caused this. An io::Error names the source of what it wraps, and so would skip the thing itself.
fn below<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => cause.source(),
    }
}

fn tls_words(error: &Tls) -> String {
    let words = match error {
        Tls::InvalidCertificate(wrong) => match wrong {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the certificate has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the certificate is not valid yet"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the certificate is for another name"
            }
            CertificateError::UnknownIssuer => "nobody this machine trusts has issued the certificate",
            CertificateError::Revoked => "the certificate was revoked",
            _ => return format!("the certificate is not valid: {wrong}"),
        },
        Tls::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion) => {
            "both sides have no version or cipher in common"
        }
        Tls::InvalidMessage(_) => "the other side does not speak TLS",
        other => return other.to_string(),
    };
    words.to_owned()
}
