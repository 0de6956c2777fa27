//! Certificates that are good, and every way in which they are not.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use rustls::ServerConfig;
use tempfile::TempDir;

use crate::common::World;
use crate::common::ca::{Authority, FUTURE, Identity, NOW, PAST, secured};

/// Answers everybody over TLS.
fn https(identity: Identity) -> SocketAddr {
    over(identity.server())
}

fn over(config: Arc<ServerConfig>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut below = stream.try_clone().unwrap();
            let mut stream = secured(&config, stream);
            // Many go away when they have seen the certificate.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
            // What nobody has read would reset the connection, and with it what was said.
            let _ = below.shutdown(Shutdown::Write);
            let _ = below.read_to_end(&mut Vec::new());
        }
    });
    address
}

/// Probes of the same server: by HTTP, by HTTP whatever its certificate is, and by handshake.
fn three(id: &str, identity: Identity, ca: &str) -> (SocketAddr, String) {
    let address = https(identity);
    let probes = format!(
        "{id}: {{http: \"https://{address}/\", client: {{ca: {ca}}}}}\n\
         {id}-insecure: {{http: \"https://{address}/\", client: {{insecure: true}}, conditions: [\"[BODY] == hello\"]}}\n\
         {id}-tls: {{tls: \"{address}\", client: {{ca: {ca}}}}}\n"
    );
    (address, probes)
}

#[test]
fn a_bad_certificate_is_named_and_its_end_is_told() {
    let (dir, ours) = (TempDir::new().unwrap(), Authority::new("Ours"));
    let (below, ended) = (ours.below("Below", (2020, 2079)), ours.below("Ended", PAST));
    let (ca, loopback) = (ours.file(dir.path()).display().to_string(), ["127.0.0.1", "web.test"]);
    let end = |year: i32| format!("{year}-01-01T00:00:00.000Z");
    let mut all = String::new();
    let mut expected = Vec::new();
    for (id, identity, expires, error) in [
        ("good", ours.issue(&loopback, NOW), end(2080), ""),
        ("deep", below.issue(&loopback, NOW), end(2079), ""),
        ("expired", ours.issue(&loopback, PAST), end(2021), "the certificate has expired (2021-01-01 00:00 UTC)"),
        ("ended", ended.issue(&loopback, NOW), end(2021), "the certificate has expired (2021-01-01 00:00 UTC)"),
        ("early", ours.issue(&loopback, FUTURE), end(2080), "the certificate is not valid yet (2070-01-01 00:00 UTC)"),
        ("other", ours.issue(&["other.test"], NOW), end(2080), "the certificate is for another name (other.test)"),
        (
            "itself",
            Identity::self_signed(&loopback),
            end(2080),
            "the certificate is self-signed, and this machine does not trust it",
        ),
        (
            "incomplete",
            below.issue(&loopback, NOW).alone(),
            end(2080),
            "nobody this machine trusts has issued the certificate (by CN=Below); the server sends no intermediate \
             certificate: its chain may be incomplete",
        ),
        (
            "strange",
            Authority::new("Theirs").below("Far", NOW).issue(&loopback, NOW),
            end(2080),
            "nobody this machine trusts has issued the certificate (by CN=Theirs)",
        ),
    ] {
        let (address, probes) = three(id, identity, &ca);
        all.push_str(&probes);
        let error = if error.is_empty() { String::new() } else { format!("TLS with {address} failed: {error}") };
        expected.push((id, expires, error));
    }
    let seen = World::with_probes(&all).look(&[]);
    for (id, expires, error) in expected {
        for id in [id, &format!("{id}-tls")] {
            let one = seen.of(id);
            assert_eq!(one["error"].as_str().unwrap_or_default(), error, "{id}");
            assert_eq!(one["state"], if error.is_empty() { "up" } else { "down" }, "{one}");
            assert_eq!(one["certificate_expires_at"], *expires, "{one}");
        }
        let insecure = seen.of(&format!("{id}-insecure"));
        assert_eq!((&insecure["state"], &insecure["error"]), (&"up".into(), &serde_json::Value::Null), "{insecure}");
        assert_eq!(insecure["certificate_expires_at"], *expires, "{insecure}");
    }
    seen.outcome.exits(1);
}

#[test]
fn the_name_that_is_wanted_may_be_another_than_the_host() {
    let (dir, ours) = (TempDir::new().unwrap(), Authority::new("Ours"));
    let ca = ours.file(dir.path()).display().to_string();
    let address = https(ours.issue(&["other.test"], NOW));
    let url = format!("https://{address}/");
    let world = World::with_probes(&format!(
        "wanted: {{http: \"{url}\", client: {{ca: {ca}, server_name: other.test}}}}\n\
         unwanted: {{http: \"{url}\", client: {{ca: {ca}, server_name: web.test}}}}\n\
         impossible: {{http: \"{url}\", client: {{ca: {ca}, server_name: \"a b\"}}}}\n\
         unread: {{http: \"{url}\", client: {{ca: opsctl.yaml}}}}\n\
         untrusted: {{http: \"{url}\"}}\n"
    ));
    let seen = world.look(&[]);
    assert_eq!(seen.state("wanted"), "up", "{}", seen.outcome);
    seen.is_down("unwanted", "the certificate is for another name (other.test)");
    seen.is_down("impossible", "`a b` cannot stand in a certificate");
    seen.is_down("unread", "opsctl.yaml has no certificate in it");
    seen.is_down("untrusted", "nobody this machine trusts has issued the certificate (by CN=Ours)");
}

#[test]
fn who_wants_a_certificate_of_the_client_is_told_from_who_does_not_trust_it() {
    let (dir, ours, theirs) = (TempDir::new().unwrap(), Authority::new("Ours"), Authority::new("Theirs"));
    let ca = ours.file(dir.path()).display().to_string();
    ours.issue(&["member.test"], NOW).files(dir.path(), "member");
    ours.issue(&["member.test"], PAST).files(dir.path(), "former");
    theirs.issue(&["stranger.test"], NOW).files(dir.path(), "stranger");
    let address = over(ours.members_only(ours.issue(&["127.0.0.1"], NOW)));
    let path = dir.path().display();
    let shown = |who: &str| format!(", certificate: {path}/{who}.pem, key: {path}/{who}.key");
    let probe = |id: &str, more: &str| format!("{id}: {{http: \"https://{address}/\", client: {{ca: {ca}{more}}}}}\n");
    let probes = ["member", "former", "stranger"].map(|who| probe(who, &shown(who))).concat() + &probe("nobody", "");
    let seen = World::with_probes(&probes).look(&[]);
    assert_eq!(seen.state("member"), "up", "{}", seen.outcome);
    let failed = format!("TLS with {address} failed: ");
    seen.is_down(
        "nobody",
        &format!("{failed}the other side wants a client certificate (client.certificate and client.key)"),
    );
    seen.is_down("stranger", &format!("{failed}the other side does not trust the client certificate"));
    seen.is_down("former", &format!("{failed}the client certificate has expired"));
}

#[test]
fn days_until_the_end_are_held_against_conditions() {
    let (dir, ours) = (TempDir::new().unwrap(), Authority::new("Ours"));
    let ca = ours.file(dir.path()).display().to_string();
    let (good, ended) = (https(ours.issue(&["127.0.0.1"], NOW)), https(ours.issue(&["127.0.0.1"], PAST)));
    let world = World::with_probes(&format!(
        "long: {{http: \"https://{good}/\", client: {{ca: {ca}}}, conditions: [\"[CERTIFICATE_EXPIRATION] > 30d\"]}}\n\
         short: {{http: \"https://{good}/\", client: {{ca: {ca}}}, conditions: [\"[CERTIFICATE_EXPIRATION] > 30000d\"]}}\n\
         over: {{tls: \"{ended}\", client: {{insecure: true}}, conditions: [\"[CERTIFICATE_EXPIRATION] > 0s\"]}}\n\
         none: {{tcp: \"{good}\", conditions: [\"[CERTIFICATE_EXPIRATION] > 0s\"]}}\n"
    ));
    let seen = world.look(&[]);
    let states: Vec<&str> = seen.all.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["up", "down", "down", "down"], "{}", seen.outcome);
    let shown = |id: &str| seen.of(id)["conditions"][0]["shown"].as_str().unwrap();
    assert!(shown("over").starts_with("[CERTIFICATE_EXPIRATION] (-"), "{}", shown("over"));
    assert_eq!(shown("none"), "[CERTIFICATE_EXPIRATION] (missing) > 0s");
}
