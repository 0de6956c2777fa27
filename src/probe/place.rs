//! `host:port`, as it is written in definitions.

use std::fmt;
use std::net::IpAddr;

use url::Url;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Place {
    /// Where an address leads; without a port, to that of its scheme, or to the usual one.
    pub fn of(url: &Url, usual: u16) -> Result<Self, String> {
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("the address has no host")?;
        let port = url.port_or_known_default().unwrap_or(usual);
        Ok(Self { host: host.trim_start_matches('[').trim_end_matches(']').to_owned(), port })
    }

    /// Reads `host:port`; a host alone gets the usual port where there is one. An IPv6 address with a port has brackets.
    pub fn parse(text: &str, usual: Option<u16>) -> Result<Self, String> {
        // What stands before an @ or behind a slash may be a key.
        let wrong = || format!("`{}` is not a host with a port", written(text));
        let text = text.trim();
        let alone =
            text.parse::<IpAddr>().is_ok() || !text.trim_start_matches('[').contains(':') || text.ends_with(']');
        let (host, port) = match (alone, usual) {
            (true, Some(port)) => (text, port),
            (true, None) => return Err(wrong()),
            (false, _) => {
                let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
                (host, port.parse().map_err(|_| wrong())?)
            }
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || host.contains(['/', '@', ' ']) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// The host and port of an address as they are written: who asks stands before them, and keys may stand behind them.
pub(super) fn written(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, place)| place)
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(out, "[{}]:{}", self.host, self.port)
        } else {
            write!(out, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, written};

    #[test]
    fn of_an_address_only_the_place_is_shown() {
        for (url, expected) in [
            ("https://api.test:8443/hooks/key?key=1", "api.test:8443"),
            ("https://me:p@ss@api.test?key=1", "api.test"),
            ("https://${USER}:${PASS}@${HOST}/", "${HOST}"),
            ("${URL}/health", "${URL}"),
            ("api.test/health", "api.test"),
        ] {
            assert_eq!(written(url), expected);
        }
    }

    #[test]
    fn hosts_and_ports_are_told_apart() {
        let read = |text: &str, usual| Place::parse(text, usual).map(|place| place.to_string()).ok();
        for (text, usual, expected) in [
            ("db.test:5432", None, Some("db.test:5432")),
            ("db.test", Some(443), Some("db.test:443")),
            ("db.test", None, None),
            ("[::1]:80", None, Some("[::1]:80")),
            ("[::1]", Some(53), Some("[::1]:53")),
            ("::1", Some(53), Some("[::1]:53")),
            ("::1", None, None),
            ("127.0.0.1", Some(53), Some("127.0.0.1:53")),
            ("a:b", None, None),
            ("a:70000", None, None),
            (":80", None, None),
            ("http://a:80", None, None),
            ("", Some(1), None),
        ] {
            assert_eq!(read(text, usual).as_deref(), expected, "{text}");
        }
    }
}
