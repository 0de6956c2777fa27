//! The mail server: where it is, how it is talked to, and who one is there.

use std::collections::BTreeMap;
use std::net::IpAddr;

use url::{Host, Url};

use crate::catalog::model::Email;
use crate::channel::NotDelivered;
use crate::expand::Filler;
use crate::probe::Credentials;

/// How a conversation is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS after a few words, or nothing.
    StartTls,
    /// TLS from the beginning.
    Tls,
    /// Not at all.
    None,
}

/// A mail server.
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<Credentials>,
    /// What must not be shown.
    pub hidden: Vec<String>,
}

impl Server {
    /// Reads the written address of the server, with its variables filled in.
    pub fn read(email: &Email, vars: &BTreeMap<String, String>) -> Result<Self, NotDelivered> {
        let mut fill = Filler::new(vars);
        let parts = parts(&email.server, &mut fill);
        if !fill.unset.is_empty() {
            return Err(NotDelivered::unset(&fill.unset));
        }
        let server = parts.and_then(|parts| parts.server(fill.hidden)).ok_or_else(|| {
            NotDelivered::finally(
                "the mail server's address is no smtp:// or smtps:// URL (it is not shown here: it may hold a \
                 password); signs like @ / ? # in a password are written as %40 %2F %3F %23",
            )
        })?;
        if server.security == Security::None && !email.insecure && !server.is_here() {
            return Err(NotDelivered::finally(format!(
                "smtp+plain sends mails and passwords readable for everybody on the way, and {} is another machine: \
                 use smtp:// or smtps://, or say `insecure: true`",
                server.host
            )));
        }
        Ok(server)
    }

    /// Its host and port, which may be shown.
    pub fn place(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    fn is_here(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

/// What nobody may see of a server's address.
pub(in crate::channel) fn keys(written: &str, fill: &mut Filler<'_>) {
    if let Some(credentials) = parts(written, fill).and_then(|parts| parts.credentials) {
        fill.hide(&credentials.password);
    }
}

/// A server's address in parts.
struct Parts {
    scheme: String,
    credentials: Option<Credentials>,
    host: String,
    port: Option<u16>,
}

/// Takes an address apart. A password that stands in a variable of its own is taken as it is: only one that is written
/// in an address has percent signs.
fn parts(written: &str, fill: &mut Filler<'_>) -> Option<Parts> {
    let split = written.trim().split_once("://").and_then(|(scheme, rest)| {
        let (user, place) = rest.rsplit_once('@')?;
        Some((scheme, user, place))
    });
    let (text, credentials) = match split {
        None => (fill.address(written), None),
        Some((scheme, user, place)) => {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            let password = fill.key(&Credentials::decoded(password));
            // A user is often the address that people write to: it may be shown.
            let shown = fill.hidden.len();
            let username = fill.plain(&Credentials::decoded(user));
            fill.hidden.truncate(shown);
            (format!("{scheme}://{}", fill.plain(place)), Some(Credentials { username, password }))
        }
    };
    let url = Url::parse(text.trim()).ok()?;
    // Outside of the web's own schemes a host is not looked at by the parser.
    let host = match Host::parse(url.host_str()?).ok()? {
        Host::Domain(name) => name,
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => ip.to_string(),
    };
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let credentials = credentials.or_else(|| Credentials::of(&url));
    is_bare.then(|| Parts { scheme: url.scheme().to_owned(), credentials, host, port: url.port() })
}

impl Parts {
    fn server(self, hidden: Vec<String>) -> Option<Server> {
        let (security, port) = match self.scheme.as_str() {
            "smtp" => (Security::StartTls, 587),
            "smtps" => (Security::Tls, 465),
            "smtp+plain" => (Security::None, 25),
            _ => return None,
        };
        let mut hidden = hidden;
        hidden.extend(self.credentials.iter().map(|known| known.password.clone()));
        let port = self.port.unwrap_or(port);
        Some(Server { host: self.host, port, security, credentials: self.credentials, hidden })
    }
}

#[cfg(test)]
mod tests {
    use super::{Security, Server};
    use crate::channel::tests::{email, vars};

    fn read(server: &str, insecure: bool) -> Result<Server, String> {
        let vars = vars(&[("URL", "smtp://me:p%40ss@mail.test"), ("PW", "a/b:c@d#"), ("HOST", "h.test")]);
        let email = crate::catalog::model::Email { server: server.to_owned(), insecure, ..email("") };
        Server::read(&email, &vars).map_err(|failed| failed.reason)
    }

    #[test]
    fn the_scheme_says_how_it_is_talked_to() {
        for (written, place, security) in [
            ("smtp://mail.test", "mail.test:587", Security::StartTls),
            ("smtps://mail.test", "mail.test:465", Security::Tls),
            ("smtp://[::1]:2525", "[::1]:2525", Security::StartTls),
            ("smtp+plain://localhost", "localhost:25", Security::None),
            ("smtp+plain://127.0.0.1:1025/", "127.0.0.1:1025", Security::None),
            ("${URL}", "mail.test:587", Security::StartTls),
        ] {
            let server = read(written, false).unwrap();
            assert_eq!((server.place().as_str(), server.security), (place, security), "{written}");
        }
        let why = read("smtp+plain://mail.test", false).err().unwrap();
        assert!(why.contains("mail.test is another machine"), "{why}");
        assert!(read("smtp+plain://mail.test", true).is_ok());
    }

    #[test]
    fn passwords_come_from_addresses_and_variables() {
        for (written, user, password) in [
            ("smtp://me:p%40ss@mail.test", "me", "p@ss"),
            ("${URL}", "me", "p@ss"),
            ("smtp://a@b.c:${PW}@${HOST}:25", "a@b.c", "a/b:c@d#"),
        ] {
            let server = read(written, false).unwrap();
            let known = server.credentials.unwrap();
            assert_eq!((known.username.as_str(), known.password.as_str()), (user, password), "{written}");
            assert!(server.hidden.contains(&known.password), "{written}");
        }
        assert!(read("smtp://mail.test", false).unwrap().credentials.is_none());
    }

    #[test]
    fn what_is_no_server_is_not_shown() {
        for written in ["mail.test", "https://u:secret@mail.test", "smtp://", "smtp://u:secret@h/x?y", "smtp://a b", ""]
        {
            let why = read(written, true).err().unwrap_or_else(|| panic!("{written}"));
            assert!(why.contains("no smtp:// or smtps:// URL") && !why.contains("secret"), "{why}");
        }
        assert_eq!(read("smtp://u:${NOPE}@h", true).err().unwrap(), "the environment variable NOPE is not set");
    }
}
