//! Where a webhook is, and what of that nobody may see.

use reqwest::Url;

use super::NotDelivered;
use crate::expand::Filler;
use crate::expand::SHORTEST_KEY;

/// A webhook's address.
pub(super) struct Address {
    /// All of it.
    pub url: Url,
    /// Its host and port, which may be shown.
    pub place: String,
    /// What may be a key.
    pub hidden: Vec<String>,
}

impl Address {
    /// Reads a written address, with its variables filled in.
    pub fn read(written: &str, mut fill: Filler<'_>) -> Result<Self, NotDelivered> {
        let text = fill.address(written);
        if !fill.unset.is_empty() {
            return Err(NotDelivered::unset(&fill.unset));
        }
        // Whoever keeps the whole address in a variable has put its host there, too.
        let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(url) = url else {
            let why = "the webhook's address is no http or https URL (it is not shown here: it may hold a key)";
            return Err(NotDelivered::finally(why));
        };
        let place =
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        let mut hidden = fill.hidden;
        hidden.extend(keys(&url).filter(|key| key.len() >= SHORTEST_KEY));
        Ok(Self { url, place, hidden })
    }
}

/// Everything in a URL that may be a key: all but its host.
fn keys(url: &Url) -> impl Iterator<Item = String> {
    let parts = url.path_segments().into_iter().flatten().chain([url.as_str(), url.path(), url.username()]);
    let rest = url.password().into_iter().chain(url.query()).chain(url.fragment());
    let values = url.query_pairs().map(|(_, value)| value.into_owned());
    parts.chain(rest).map(str::to_owned).chain(values)
}

#[cfg(test)]
mod tests {
    use super::Address;
    use crate::expand::Filler;
    use std::collections::BTreeMap;

    fn read(written: &str) -> Result<Address, String> {
        let vars = [("KEY", "k1/k2+k3"), ("URL", "https://h.test:8443/x/abcdef?t=a%20secret")];
        let vars: BTreeMap<String, String> = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Address::read(written, Filler::new(&vars)).map_err(|error| error.reason)
    }

    #[test]
    fn the_place_is_shown_and_the_rest_is_hidden() {
        let address = read("${URL}").unwrap();
        assert_eq!(address.place, "h.test:8443");
        for key in ["abcdef", "/x/abcdef", "a secret", "t=a%20secret"] {
            assert!(address.hidden.iter().any(|hidden| hidden == key), "{key}: {:?}", address.hidden);
        }
        let address = read("http://me:password@[::1]/hook/${KEY}").unwrap();
        assert_eq!(address.place, "[::1]:80");
        assert!(address.hidden.contains(&"password".to_owned()) && address.hidden.contains(&"k1/k2+k3".to_owned()));
        assert!(!address.hidden.contains(&"hook".to_owned()));
    }

    #[test]
    fn what_is_no_address_is_not_shown() {
        for written in ["hooks.test/secret", "ftp://h.test/secret", "/secret", "http://", ""] {
            let why = read(written).err().unwrap();
            assert!(why.starts_with("the webhook's address is no http or https URL"), "{why}");
            assert!(!why.contains("secret"), "{why}");
        }
        assert_eq!(read("https://${NOPE}/${KEY}").err().unwrap(), "the environment variable NOPE is not set");
    }
}
