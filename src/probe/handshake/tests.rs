use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;

use crate::catalog::model::{Client, Probe, ProbeTarget};
use crate::probe::State;
use crate::probe::trial::ca::{Authority, FUTURE, Identity, NOW, PAST, secured};
use crate::probe::trial::{assert_error, assert_up, expecting, hurried, look, probe, serve, trusting};

fn show(identity: Identity) -> SocketAddr {
    let config = identity.server();
    serve(move |stream| {
        let _ = secured(&config, stream).read(&mut [0; 16]);
    })
}

fn written(address: &str) -> Probe {
    probe(ProbeTarget::Tls { address: address.into(), starttls: None })
}

fn tls(address: SocketAddr) -> Probe {
    written(&address.to_string())
}

/// Looks for `api.test` at the address.
fn named(ca: &Path, address: SocketAddr) -> Probe {
    let asked = trusting(ca, tls(address));
    Probe { client: Client { server_name: Some("api.test".into()), ..asked.client }, ..asked }
}

#[tokio::test]
async fn a_good_chain_is_up_and_listed() {
    let (root, dir) = (Authority::new("Root"), tempfile::tempdir().unwrap());
    let middle = root.below("Middle", (2020, 2070));
    let address = show(middle.issue(&["api.test", "www.test"], NOW));
    let wanted = ["[CERTIFICATE_EXPIRATION] > 14d", "[TLS_VERSION] == 1.3", "[CONNECTED] == true"];
    let seen = look(&expecting(&wanted, named(&root.file(dir.path()), address))).await;
    assert_up(&seen);
    assert!(seen.phases_us.tls > 0 && seen.response_time_ms.is_some());
    let listed = "CN=api.test; issued by CN=Middle; until 2080-01-01 00:00 UTC; for api.test, www.test\n\
                  CN=Middle; issued by CN=Root; until 2070-01-01 00:00 UTC";
    assert_eq!(seen.output.as_deref(), Some(listed));
    // The chain ends with the first of its certificates.
    assert_eq!(seen.certificate_expires_at.unwrap().to_string(), "2070-01-01 00:00:00 UTC");
    // A certificate may be for an address.
    let address = show(root.issue(&["127.0.0.1"], NOW));
    let seen = look(&trusting(&root.file(dir.path()), tls(address))).await;
    assert_up(&seen);
    assert_eq!(seen.conditions[0].shown, "[CONNECTED] (true) == true");
}

#[tokio::test]
async fn every_bad_chain_is_named_and_its_end_is_known() {
    let (root, dir) = (Authority::new("Root"), tempfile::tempdir().unwrap());
    let ca = root.file(dir.path());
    let (middle, old) = (root.below("Middle", NOW), root.below("Old", PAST));
    let name: &[&str] = &["api.test"];
    for (identity, expected, end) in [
        (root.issue(name, PAST), "the certificate has expired (2021-01-01 00:00 UTC)", "2021"),
        (old.issue(name, NOW), "the certificate has expired (2021-01-01 00:00 UTC)", "2021"),
        (root.issue(name, FUTURE), "the certificate is not valid yet (2070-01-01 00:00 UTC)", "2080"),
        (root.issue(&["b.test", "c.test"], NOW), "the certificate is for another name (b.test, c.test)", "2080"),
        (Identity::self_signed(name), "the certificate is self-signed, and this machine does not trust it", "2080"),
        (
            middle.issue(name, NOW).alone(),
            "nobody this machine trusts has issued the certificate (by CN=Middle); the server sends no intermediate \
             certificate: its chain may be incomplete",
            "2080",
        ),
        (
            Authority::new("Other").below("Else", NOW).issue(name, NOW),
            "nobody this machine trusts has issued the certificate (by CN=Other)",
            "2080",
        ),
    ] {
        let address = show(identity);
        let seen = look(&named(&ca, address)).await;
        assert_error(&seen, &format!("TLS with {address} failed: {expected}"));
        assert_eq!(seen.certificate_expires_at.unwrap().format("%Y").to_string(), end, "{expected}");
        assert!(seen.output.as_deref().is_some_and(|listed| listed.contains("; issued by CN=")), "{seen:?}");
        assert_eq!(seen.address, Some(address.to_string()));
    }
}

#[tokio::test]
async fn who_trusts_anybody_still_sees_the_end() {
    let address = show(Authority::new("Root").issue(&["api.test"], PAST));
    let blind = |probe: Probe| Probe { client: Client { insecure: true, ..Client::default() }, ..probe };
    assert_up(&look(&blind(tls(address))).await);
    let seen = look(&blind(expecting(&["[CERTIFICATE_EXPIRATION] > 14d"], tls(address)))).await;
    assert_eq!((seen.state, seen.error.as_deref()), (State::Down, None));
}

#[tokio::test]
async fn who_makes_no_handshake_is_down() {
    let silent = serve(|stream| {
        let _ = (&stream).read_to_end(&mut Vec::new());
    });
    let seen = look(&hurried(tls(silent))).await;
    assert_error(&seen, &format!("timed out after 500ms: the TLS handshake with {silent} did not end"));
    let gone = serve(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
    });
    let seen = look(&tls(gone)).await;
    assert_error(&seen, &format!("TLS with {gone} failed: the other side broke the connection off"));
    let seen = look(&trusting(Path::new("/no/such/ca.pem"), tls(gone))).await;
    assert_error(&seen, "the certificates in /no/such/ca.pem cannot be read");
}

#[tokio::test]
async fn the_port_is_that_of_https() {
    let seen = look(&hurried(written("127.0.0.1"))).await;
    // Somebody may listen there, and be trusted or not.
    let told = format!("{:?} {:?}", seen.error, seen.address);
    assert!(told.contains("127.0.0.1:443"), "{told}");
    let seen = look(&written("${NAME}")).await;
    assert_eq!(seen.error.as_deref(), Some("the environment variable NAME is not set"));
}
