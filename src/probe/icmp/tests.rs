use std::net::IpAddr;

use super::{Ping, checksum};
use crate::catalog::model::{Client, Probe, ProbeTarget};
use crate::probe::State;
use crate::probe::trial::{assert_error, look, probe};

fn icmp(host: &str) -> Probe {
    probe(ProbeTarget::Icmp { host: host.into() })
}

fn ping(address: &str) -> Ping {
    Ping::new(address.parse::<IpAddr>().unwrap())
}

/// Not every machine lets its users ping; then that is what is said.
#[tokio::test]
async fn this_machine_answers_or_does_not_let_us_ask() {
    for host in ["127.0.0.1", "localhost", "::1", "[::1]"] {
        let seen = look(&icmp(host)).await;
        match seen.state {
            State::Up => {
                assert_eq!(seen.conditions[0].shown, "[CONNECTED] (true) == true");
                assert!(seen.response_time_ms.is_some() && seen.address.is_some(), "{seen:?}");
            }
            State::Unknown => assert!(seen.error.as_deref().unwrap().contains("ping_group_range"), "{seen:?}"),
            // A machine without IPv6.
            _ => assert!(host.contains("::1") && seen.error.as_deref().unwrap().contains("reached"), "{seen:?}"),
        }
    }
}

#[tokio::test]
async fn only_who_may_be_pinged_is() {
    let refused = Client { deny_private: true, ..Client::default() };
    let seen = look(&Probe { client: refused, ..icmp("127.0.0.1") }).await;
    assert_error(&seen, "127.0.0.1, which is not public");
    let seen = look(&icmp("${HOST}")).await;
    assert_eq!(seen.state, State::NotConfigured);
    let host = "x".repeat(70);
    assert_error(&look(&icmp(&format!("{host}.invalid"))).await, "could not resolve the host");
}

/// The answer to a request.
fn reply(ping: &Ping) -> Vec<u8> {
    let mut reply = ping.request();
    reply[0] = if ping.v4 { 0 } else { 129 };
    reply
}

#[test]
fn only_its_own_reply_answers_a_ping() {
    for address in ["127.0.0.1", "::1"] {
        let mut mine = ping(address);
        mine.sequence = 1;
        assert!(mine.is_answered_by(&reply(&mine)));
        assert!(!mine.is_answered_by(&mine.request()), "a request is no reply");
        assert!(!mine.is_answered_by(&reply(&ping(address))), "the reply to somebody else's request");
        let mut later = reply(&mine);
        later[7] = 2;
        assert!(!mine.is_answered_by(&later), "the reply to a request that was not sent");
        let mut other_id = reply(&mine);
        (other_id[4], other_id[5]) = (!other_id[4], other_id[5]);
        assert!(mine.is_answered_by(&other_id), "the system may choose the id");
        let whole = reply(&mine);
        for length in 0..whole.len() {
            assert!(!mine.is_answered_by(&whole[..length]), "cut to {length}");
        }
    }
    let mine = ping("127.0.0.1");
    let with_header = [&[0x46; 24][..], &reply(&mine)].concat();
    assert!(mine.is_answered_by(&with_header), "a header with options");
    assert!(!mine.is_answered_by(&[0x4f; 20]), "a header and nothing else");
}

#[test]
fn checksums_are_those_of_the_standard() {
    // The example of RFC 1071, section 3.
    assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
    // A message with its checksum in it sums to nothing.
    assert_eq!(checksum(&ping("127.0.0.1").request()), 0);
}
