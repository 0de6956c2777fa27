//! Makes probes as the library does, and servers that are of no use.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use opsctl::catalog::model::{Client, Expectation, Probe, ProbeTarget, Retry};
use opsctl::condition::{Compat, Written};
use opsctl::ground::{Span, SystemClock};
use opsctl::probe::{Observation, Prober, State};
use opsctl::redact::Redactor;

/// A probe with nothing but its target.
pub fn probe(target: ProbeTarget) -> Probe {
    Probe {
        id: "it".into(),
        title: "It".into(),
        service: "api".into(),
        target,
        client: Client::default(),
        conditions: vec![],
        compat: Compat::Strict,
        timeout: Span::seconds(30),
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

/// The probe with conditions.
pub fn expecting(conditions: &[&str], probe: Probe) -> Probe {
    let one = |text: &&str| Expectation { written: Written::Text((*text).to_owned()), warn: false };
    Probe { conditions: conditions.iter().map(one).collect(), ..probe }
}

/// The probe with so much time.
pub fn within(milliseconds: u64, probe: Probe) -> Probe {
    Probe { timeout: Span(Duration::from_millis(milliseconds)), ..probe }
}

/// Makes a probe.
pub async fn look(probe: &Probe) -> Observation {
    look_with(probe, &[]).await
}

/// Makes a probe in an environment.
pub async fn look_with(probe: &Probe, vars: &[(&str, &str)]) -> Observation {
    let vars: BTreeMap<String, String> =
        vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Prober::new(&vars, std::env::temp_dir(), &SystemClock, Redactor::default()).observe(probe).await
}

/// Fails unless the probe is up.
#[track_caller]
pub fn assert_up(seen: &Observation) {
    assert_eq!((seen.state, seen.error.as_deref()), (State::Up, None), "{seen:?}");
}

/// Fails unless the probe is down and says why in these words.
#[track_caller]
pub fn assert_error(seen: &Observation, expected: &str) {
    assert_eq!(seen.state, State::Down, "{seen:?}");
    let error = seen.error.as_deref().unwrap_or_default();
    assert!(error.contains(expected), "`{expected}` is not in: {error}");
}

/// A server that accepts and says nothing, ever.
pub fn silent() -> SocketAddr {
    serve(|mut stream| while stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {})
}

/// A server that says one thing to everyone, whatever it is asked, and hangs up.
pub fn blunt(answer: &'static [u8]) -> SocketAddr {
    talker(&[answer])
}

/// A server that has one answer for each thing it is told, and then hangs up.
pub fn talker(answers: &[&'static [u8]]) -> SocketAddr {
    endless(answers, b"")
}

/// A server that has one answer for each thing it is told, and then repeats a last one without end.
pub fn endless(answers: &[&'static [u8]], then: &'static [u8]) -> SocketAddr {
    let answers = answers.to_vec();
    serve(move |mut stream| {
        let said = |stream: &mut TcpStream, answer: &[u8]| {
            stream.read(&mut [0; 4096]).is_ok() && stream.write_all(answer).is_ok()
        };
        let all = answers.iter().all(|answer| said(&mut stream, answer));
        while all && !then.is_empty() && stream.write_all(then).is_ok() {}
        // What nobody has read would reset the connection, and with it what was said.
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

fn serve(to_each: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let to_this = to_each.clone();
            thread::spawn(move || to_this(stream));
        }
    });
    address
}

/// An address where nobody listens.
pub fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
