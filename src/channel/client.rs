//! The HTTP client, and TLS.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::redirect::Policy;
use reqwest::{Client, NoProxy, Proxy, Url};
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};

use super::Patience;

const USER_AGENT: &str = concat!("opsctl/", env!("CARGO_PKG_VERSION"));

/// Variables that name proxies: for https, for http, and for what is left.
const KINDS: [&str; 3] = ["https_proxy", "http_proxy", "all_proxy"];

/// TLS with those whom these certificates vouch for.
pub(super) fn tls(roots: &Arc<RootCertStore>) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be used: {error}"))?;
    Ok(config.with_root_certificates(Arc::clone(roots)).with_no_client_auth())
}

/// A client that trusts these certificates, and goes through the proxies that `vars` name.
pub(super) fn make(
    roots: &Arc<RootCertStore>,
    vars: &BTreeMap<String, String>,
    patience: Patience,
) -> Result<Client, String> {
    // Messages are rare: a connection kept from the last one would be dead when it is needed.
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls(roots)?)
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .connect_timeout(patience.connecting().0)
        .timeout(patience.usual.0)
        .pool_max_idle_per_host(0)
        .no_proxy();
    for proxy in proxies(vars)? {
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| format!("webhooks cannot be used: {error}"))
}

/// The proxies that the environment names, by the names that curl and others know.
fn proxies(vars: &BTreeMap<String, String>) -> Result<Vec<Proxy>, String> {
    let except = set("no_proxy", vars).and_then(|(_, list)| NoProxy::from_string(list));
    let mut proxies = Vec::new();
    for kind in KINDS {
        let Some((name, address)) = set(kind, vars) else { continue };
        let proxy = proxy_url(address).and_then(|url| match kind {
            "https_proxy" => Proxy::https(url).ok(),
            "http_proxy" => Proxy::http(url).ok(),
            _ => Proxy::all(url).ok(),
        });
        let proxy =
            proxy.ok_or_else(|| format!("the environment variable {name} holds no address of an http proxy"))?;
        proxies.push(proxy.no_proxy(except.clone()));
    }
    Ok(proxies)
}

/// The address of a proxy, which may be written without its scheme.
fn proxy_url(text: &str) -> Option<Url> {
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Whether some proxy is named.
pub(super) fn has_proxy(vars: &BTreeMap<String, String>) -> bool {
    KINDS.iter().any(|name| set(name, vars).is_some())
}

/// A variable under its name in small or in capital letters.
fn set<'a>(name: &str, vars: &'a BTreeMap<String, String>) -> Option<(&'a str, &'a str)> {
    let found = vars.get_key_value(name).or_else(|| vars.get_key_value(&name.to_uppercase()));
    found.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.as_str(), value.as_str()))
}
