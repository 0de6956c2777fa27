//! What the tests of the kinds of probes share.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::{Observation, Prober, State};
use crate::catalog::model::{Client, Expectation, Probe, ProbeTarget, Retry};
use crate::condition::{Compat, Written};
use crate::ground::{Span, SystemClock};
use crate::redact::Redactor;

#[path = "../../tests/common/ca.rs"]
pub(super) mod ca;
#[path = "../../tests/common/dnsmasq.rs"]
pub(super) mod dnsmasq;

/// A probe that looks so, with plenty of time.
pub(super) fn probe(target: ProbeTarget) -> Probe {
    Probe {
        id: "it".into(),
        title: "It".into(),
        service: "backend".into(),
        target,
        client: Client::default(),
        conditions: vec![],
        compat: Compat::Strict,
        timeout: Span::seconds(20),
        interval: Span::seconds(60),
        retry: Retry::default(),
        failure_threshold: 1,
        success_threshold: 1,
        depends_on: vec![],
        maintenance: vec![],
        enabled: true,
        tags: vec![],
    }
}

/// The same with these conditions.
pub(super) fn expecting(conditions: &[&str], probe: Probe) -> Probe {
    let one = |text: &&str| Expectation { written: Written::Text((*text).to_owned()), warn: false };
    Probe { conditions: conditions.iter().map(one).collect(), ..probe }
}

/// The same with little time, for what will not come.
pub(super) fn hurried(probe: Probe) -> Probe {
    Probe { timeout: Span(Duration::from_millis(500)), ..probe }
}

/// The same, trusting the certificates of a file.
pub(super) fn trusting(ca: &Path, probe: Probe) -> Probe {
    let client = Client { ca: Some(ca.display().to_string()), ..probe.client };
    Probe { client, ..probe }
}

/// Makes the probe where `TOKEN` is `tok-123456`.
pub(super) async fn look(probe: &Probe) -> Observation {
    let vars = BTreeMap::from([("TOKEN".to_owned(), "tok-123456".to_owned())]);
    Prober::new(&vars, std::env::temp_dir(), &SystemClock, Redactor::default()).observe(probe).await
}

/// It is down, and the error says this.
#[track_caller]
pub(super) fn assert_error(seen: &Observation, expected: &str) {
    assert_eq!(seen.state, State::Down, "{seen:?}");
    let error = seen.error.as_deref().unwrap_or_default();
    assert!(error.contains(expected), "{error}");
}

/// It is up.
#[track_caller]
pub(super) fn assert_up(seen: &Observation) {
    assert_eq!((seen.state, seen.error.as_deref()), (State::Up, None), "{seen:?}");
}

/// A server that does this with everyone who connects.
pub(super) fn serve(serve: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(serve));
    address
}
