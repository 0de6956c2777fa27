//! The address of a database, taken apart.

use std::error::Error as _;
use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};

use crate::probe::place::Place;
use crate::probe::sight::Failure;

/// The port of PostgreSQL.
const PORT: u16 = 5432;

/// Modes of TLS that the parser does not know, what stands for them, and whether they want the certificate checked.
const MODES: [(&str, &str, bool); 3] =
    [("verify-full", "require", true), ("verify-ca", "require", true), ("allow", "prefer", false)];

/// Where a database is, and who asks.
#[derive(Debug)]
pub(super) struct Address {
    /// Who asks for what.
    pub config: Config,
    /// Its servers, in the order in which they are tried.
    pub servers: Vec<Server>,
    /// How much TLS it wants.
    pub mode: SslMode,
    /// Whether it wants the certificate checked.
    pub verify: bool,
    /// Whether TLS begins at once, without being asked for.
    pub direct: bool,
}

/// One server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// Over TCP: where it is, and the name of its certificate.
    Tcp(Place, String),
    /// A Unix socket.
    Unix(PathBuf),
}

impl Address {
    /// Reads `postgresql://…` or `key=value` words. It may hold a password, so errors show nothing of it.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let (text, verify) = known(text);
        if text.contains("://") && !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err("the address of the database begins neither with postgresql:// nor with postgres://".into());
        }
        let config: Config = text.parse().map_err(|error| unreadable(&error))?;
        let servers = servers(&config)?;
        let (mode, direct) = (config.get_ssl_mode(), config.get_ssl_negotiation() == SslNegotiation::Direct);
        Ok(Self { config, servers, mode, verify, direct })
    }
}

fn known(text: &str) -> (String, bool) {
    let mut known = (text.to_owned(), false);
    for (mode, instead, verify) in MODES {
        for quote in ["", "'"] {
            let written = format!("sslmode={quote}{mode}");
            if known.0.contains(&written) {
                known = (known.0.replace(&written, &format!("sslmode={quote}{instead}")), known.1 || verify);
            }
        }
    }
    known
}

fn unreadable(error: &tokio_postgres::Error) -> Failure {
    let why = error.source().map(ToString::to_string).unwrap_or_default();
    let word = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let named = why.split('`').nth(1).filter(|name| word(name));
    match named {
        Some("sslrootcert" | "sslcert" | "sslkey") => {
            "the address of the database names a certificate: name it in `client` instead (ca, certificate, key)".into()
        }
        Some(name) if why.starts_with("unknown option") => {
            format!("the address of the database has the option `{name}`, which no probe knows").into()
        }
        Some(name) if why.starts_with("invalid value") => {
            format!("the address of the database has no good value for `{name}`").into()
        }
        _ => "the address of the database cannot be read: write postgresql://user:password@host/database".into(),
    }
}

fn servers(config: &Config) -> Result<Vec<Server>, Failure> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let count = hosts.len().max(addresses.len());
    if count == 0 {
        return Err("the address of the database names no host".into());
    }
    let fits = |length: usize| length <= 1 || length == count;
    if !fits(ports.len()) || (!addresses.is_empty() && !hosts.is_empty() && hosts.len() != addresses.len()) {
        return Err("the address of the database does not have as many ports as hosts".into());
    }
    let server = |index: usize| {
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(PORT);
        let address = addresses.get(index).map(ToString::to_string);
        match (hosts.get(index), address) {
            (Some(Host::Unix(dir)), _) => Server::Unix(dir.join(format!(".s.PGSQL.{port}"))),
            (Some(Host::Tcp(name)), address) => {
                Server::Tcp(Place { host: address.unwrap_or_else(|| name.clone()), port }, name.clone())
            }
            (None, address) => {
                let host = address.unwrap_or_default();
                Server::Tcp(Place { host: host.clone(), port }, host)
            }
        }
    };
    Ok((0..count).map(server).collect())
}

#[cfg(test)]
mod tests {
    use super::{Address, Server};
    use tokio_postgres::config::SslMode;

    fn servers(text: &str) -> Result<Vec<String>, String> {
        let address = Address::parse(text).map_err(|failure| failure.message)?;
        let one = |server: &Server| match server {
            Server::Tcp(place, name) => format!("{place} as {name}"),
            Server::Unix(path) => path.display().to_string(),
        };
        Ok(address.servers.iter().map(one).collect())
    }

    #[test]
    fn servers_are_found_in_every_form() {
        for (text, expected) in [
            ("postgresql://app:pw@db.test/x", &["db.test:5432 as db.test"][..]),
            ("postgres://a.test:1,b.test/x", &["a.test:1 as a.test", "b.test:5432 as b.test"]),
            ("postgresql://app@/x?host=/run/pg&port=5433", &["/run/pg/.s.PGSQL.5433"]),
            ("host=db.test hostaddr=127.0.0.1 port=7 user=app", &["127.0.0.1:7 as db.test"]),
            ("hostaddr=::1", &["[::1]:5432 as ::1"]),
            ("host=a,b port=9", &["a:9 as a", "b:9 as b"]),
        ] {
            assert_eq!(servers(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn modes_of_tls_are_known() {
        for (text, mode, verify) in [
            ("postgresql://h/x", SslMode::Prefer, false),
            ("postgresql://h/x?sslmode=disable", SslMode::Disable, false),
            ("postgresql://h/x?sslmode=allow", SslMode::Prefer, false),
            ("postgresql://h/x?sslmode=require", SslMode::Require, false),
            ("postgresql://h/x?sslmode=verify-full&connect_timeout=3", SslMode::Require, true),
            ("host=h sslmode='verify-ca'", SslMode::Require, true),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.mode, address.verify), (mode, verify), "{text}");
        }
    }

    #[test]
    fn errors_show_no_password() {
        for (text, expected) in [
            ("postgres:/app:sec-ret@h/x?sslmode=require", "cannot be read"),
            ("mysql://app:sec-ret@h/x", "begins neither"),
            ("host=h password=sec-ret x", "cannot be read"),
            ("host=h password=a sec-ret=1", "cannot be read"),
            ("postgresql://app:sec-ret@h/x?service=1", "the option `service`, which no probe knows"),
            ("postgresql://app:sec-ret@h/x?sslmode=sec-ret", "no good value for `sslmode`"),
            ("postgresql://app:sec-ret@h:sec-ret/x", "no good value for `port`"),
            ("postgresql://app:sec-ret@h/x?sslrootcert=ca.pem", "name it in `client`"),
            ("postgresql://app:sec-ret@/x", "names no host"),
            ("host=a,b,c port=1,2 password=sec-ret", "as many ports as hosts"),
        ] {
            let why = servers(text).unwrap_err();
            assert!(why.contains(expected) && !why.contains("sec-ret"), "{text}: {why}");
        }
    }
}
