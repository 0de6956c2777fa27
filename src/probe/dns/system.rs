//! The name server of this machine.

use std::net::{IpAddr, Ipv4Addr};

use resolv_conf::Config;

use crate::probe::sight::Failure;

const FILE: &str = "/etc/resolv.conf";

/// The first name server that the system asks.
pub(super) fn server() -> Result<IpAddr, Failure> {
    let found = std::fs::read(FILE).map_err(|error| error.to_string()).and_then(|text| first(&text));
    found.map_err(|why| Failure::blind(format!("{FILE} cannot be read: {why}; name a server with `resolver`")))
}

/// The first name server of a `resolv.conf`. Where there is none, it is this machine (resolv.conf(5)).
fn first(text: &[u8]) -> Result<IpAddr, String> {
    let config = Config::parse(text).map_err(|error| error.to_string())?;
    Ok(config.nameservers.first().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::from))
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn the_first_name_server_is_the_systems() {
        let server = |text: &str| first(text.as_bytes()).map(|address| address.to_string());
        assert_eq!(server("# by hand\nsearch a.test\nnameserver ::1\nnameserver 10.0.0.1\n"), Ok("::1".to_owned()));
        assert_eq!(server("search a.test\n"), Ok("127.0.0.1".to_owned()));
        assert!(server("nameserver nobody\n").is_err());
    }
}
