//! Who asks, as an address has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

/// A user and a password, without percent signs.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub username: String,
    pub password: String,
}

impl Credentials {
    /// What stands before the host of an address; none when nothing does.
    pub fn of(url: &Url) -> Option<Self> {
        let password = Self::decoded(url.password().unwrap_or_default());
        let credentials = Self { username: Self::decoded(url.username()), password };
        (!credentials.username.is_empty() || !credentials.password.is_empty()).then_some(credentials)
    }

    /// A part of an address without its percent signs.
    pub fn decoded(text: &str) -> String {
        let pairs = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
        url::form_urlencoded::parse(pairs.as_bytes()).next().map_or_else(String::new, |(_, value)| value.into_owned())
    }

    /// As the header has them (RFC 7617).
    pub fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.username, self.password)))
    }
}

#[cfg(test)]
mod tests {
    use super::Credentials;
    use url::Url;

    #[test]
    fn users_and_passwords_are_read_from_addresses() {
        let read = |url: &str| {
            Credentials::of(&Url::parse(url).unwrap()).map(|found| format!("{}|{}", found.username, found.password))
        };
        for (url, expected) in [
            ("https://host/", None),
            ("https://me@host/", Some("me|")),
            ("https://me:p%40s+s%25@host/", Some("me|p@s+s%")),
            ("redis://:only@host", Some("|only")),
            ("https://me:a&b=c@host/", Some("me|a&b=c")),
        ] {
            assert_eq!(read(url).as_deref(), expected, "{url}");
        }
        let one = Credentials { username: "me".into(), password: "pw".into() };
        assert_eq!(one.basic(), "Basic bWU6cHc=");
    }
}
