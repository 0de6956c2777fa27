//! Which hosts and addresses a probe may talk to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::catalog::model::Client;

/// What `allow_hosts` and `deny_private` come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Guard {
    allowed: Vec<Allowed>,
    deny_private: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Allowed {
    /// This name.
    Host(String),
    /// Every name below this one.
    Below(String),
    /// The addresses of a network.
    Network(IpAddr, u8),
}

impl Guard {
    /// The guard of a probe.
    pub fn of(client: &Client) -> Self {
        Self {
            allowed: client.allow_hosts.iter().map(|text| allowed(text)).collect(),
            deny_private: client.deny_private,
        }
    }

    /// The addresses that may be connected to; the error says why there is none.
    pub fn admit(&self, host: &str, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, String> {
        let named = self.allowed.is_empty() || self.allowed.iter().any(|allowed| allowed.is_host(host));
        let (in_list, outside): (Vec<IpAddr>, Vec<IpAddr>) = addresses
            .into_iter()
            .partition(|address| named || self.allowed.iter().any(|allowed| allowed.has(*address)));
        let (kept, private): (Vec<IpAddr>, Vec<IpAddr>) =
            in_list.into_iter().partition(|address| !self.deny_private || is_public(*address));
        match (kept.is_empty(), private.first(), outside.first()) {
            (false, ..) => Ok(kept),
            (true, Some(private), _) => {
                Err(format!("not connected: {host} has the address {private}, which is not public (deny_private)"))
            }
            _ => Err(format!("not connected: {host} is not in the probe's allow_hosts")),
        }
    }

    /// Whether somebody else, who will resolve it, may be asked for a host; the error says why not.
    pub fn admit_unresolved(&self, host: &str) -> Result<(), String> {
        if let Ok(address) = host.parse() {
            return self.admit(host, vec![address]).map(|_| ());
        }
        if !self.allowed.is_empty() && !self.allowed.iter().any(|allowed| allowed.is_host(host)) {
            return Err(format!("not connected: {host} is not in the probe's allow_hosts"));
        }
        if self.deny_private {
            return Err(format!(
                "not connected: the proxy resolves {host}, so its address may not be public (deny_private)"
            ));
        }
        Ok(())
    }
}

impl Allowed {
    fn is_host(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        match self {
            Self::Host(name) => host == *name,
            Self::Below(parent) => host.strip_suffix(parent.as_str()).is_some_and(|rest| rest.ends_with('.')),
            Self::Network(..) => false,
        }
    }

    fn has(&self, address: IpAddr) -> bool {
        let Self::Network(network, length) = self else { return false };
        let bits = |address: IpAddr| match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let ((network, family), (address, other)) = (bits(*network), bits(unmapped(address)));
        family == other && (*length == 0 || (network ^ address) >> (128 - u32::from(*length).min(128)) == 0)
    }
}

fn allowed(text: &str) -> Allowed {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    if let Ok(address) = address.trim_matches(['[', ']']).parse::<IpAddr>() {
        let longest = if address.is_ipv4() { 32 } else { 128 };
        return Allowed::Network(address, length.and_then(|length| length.parse().ok()).unwrap_or(longest));
    }
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    match name.strip_prefix("*.") {
        Some(parent) => Allowed::Below(parent.to_owned()),
        None => Allowed::Host(name),
    }
}

/// An IPv4 address that is written as IPv6 counts as IPv4.
fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Whether an address is reachable from anywhere, after the registries of special-purpose addresses (RFC 6890).
pub(super) fn is_public(address: IpAddr) -> bool {
    match unmapped(address) {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // What is carried inside an address counts as much as the address.
    let segments = address.segments();
    let low = || Ipv4Addr::from_bits((u32::from(segments[6]) << 16) | u32::from(segments[7]));
    match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => is_public_v4(low()),
        [0x2002, high, rest, ..] => is_public_v4(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(rest))),
        [0x2001, 0xdb8 | 0..=0x1ff, ..] | [0x64, 0xff9b, 1, ..] | [0x100, 0, 0, 0, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000, // 2000::/3 is all that was given out
    }
}

#[cfg(test)]
mod tests {
    use super::{Guard, is_public};
    use crate::catalog::model::Client;
    use std::net::IpAddr;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn guard(allow: &[&str], deny_private: bool) -> Guard {
        let allow_hosts = allow.iter().map(|text| (*text).to_owned()).collect();
        Guard::of(&Client { allow_hosts, deny_private, ..Client::default() })
    }

    #[test]
    fn addresses_that_only_some_can_reach_are_not_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(ip(private)), "{private}");
        }
        for public in ["1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            assert!(is_public(ip(public)), "{public}");
        }
    }

    #[test]
    fn only_what_is_listed_is_connected_to() {
        let list = guard(&["api.example.com", "*.internal", "10.0.0.0/8", "::1"], false);
        for (host, address, admitted) in [
            ("api.example.com", "1.2.3.4", true),
            ("API.example.com.", "1.2.3.4", true),
            ("x.api.example.com", "1.2.3.4", false),
            ("a.b.internal", "1.2.3.4", true),
            ("internal", "1.2.3.4", false),
            ("evilinternal", "1.2.3.4", false),
            ("whatever", "10.200.0.1", true),
            ("whatever", "::ffff:10.200.0.1", true),
            ("whatever", "11.0.0.1", false),
            ("::1", "::1", true),
        ] {
            assert_eq!(list.admit(host, vec![ip(address)]).is_ok(), admitted, "{host} {address}");
        }
    }

    #[test]
    fn what_somebody_else_resolves_is_held_to_its_name() {
        for (allow, deny_private, host, admitted) in [
            (&[][..], false, "db.test", true),
            (&["db.test"], false, "db.test", true),
            (&["db.test"], false, "other.test", false),
            (&["10.0.0.0/8"], false, "db.test", false),
            (&["10.0.0.0/8"], false, "10.1.1.1", true),
            (&[], true, "1.1.1.1", true),
            (&[], true, "10.1.1.1", false),
            (&["db.test"], true, "db.test", false),
        ] {
            assert_eq!(guard(allow, deny_private).admit_unresolved(host).is_ok(), admitted, "{allow:?} {host}");
        }
    }

    #[test]
    fn private_addresses_are_left_out_and_named_when_there_is_no_other() {
        let public_only = guard(&[], true);
        let both = vec![ip("10.0.0.1"), ip("1.1.1.1")];
        assert_eq!(public_only.admit("x.test", both), Ok(vec![ip("1.1.1.1")]));
        let why = public_only.admit("x.test", vec![ip("127.0.0.1")]).unwrap_err();
        assert!(why.contains("x.test has the address 127.0.0.1, which is not public"), "{why}");
        assert!(guard(&["x.test"], true).admit("x.test", vec![ip("10.0.0.1")]).is_err());
        assert!(guard(&[], false).admit("y.test", vec![ip("10.0.0.1")]).is_ok());
    }
}
