//! HTTP probes, each on a new connection, 50 at the same time, beside blackbox_exporter. Both look at the same server,
//! by turns.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has failed")]
#![allow(clippy::print_stdout, reason = "a bench says what it left out")]
#![allow(clippy::cast_precision_loss, reason = "counts of probes are far below that")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::net::TcpStream as Blocking;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use opsctl::catalog::load::{Root, load};
use opsctl::catalog::model::Probe;
use opsctl::ground::SystemClock;
use opsctl::probe::{Limits, Observation, Prober, State};
use opsctl::redact::Redactor;
use opsctl::view::probe::prometheus::prometheus;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

mod measure;

use measure::port::on_a_free_one;
use measure::target::{Target, program};
use measure::usage::cpu;
use measure::{Row, report, time};

const PROBES: usize = 5000;
const ROUNDS: usize = 7;
const AT_ONCE: usize = 50;

/// What a round of all probes took.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    cpu: f64,
}

fn main() {
    let Some(server) = Target::start() else { return println!("left out: there is no nginx here") };
    let dir = tempfile::tempdir().unwrap();
    measure::many::probes(dir.path(), PROBES, &server, "");
    let settings = load(&Root::Directory(dir.path().to_owned())).catalog.settings;
    let probes: Vec<&Probe> = settings.all_probes().collect();
    assert_eq!(probes.len(), PROBES);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let peer = Blackbox::start(dir.path());
    let ours = || look(&runtime, &probes, dir.path());
    let theirs = || peer.as_ref().map(|peer| peer.look(&runtime, &server));
    // The first round warms up.
    let rounds: Vec<_> = (0..=ROUNDS).map(|_| (ours(), theirs())).skip(1).collect();
    let of_ours = least(&rounds.iter().map(|(ours, _)| *ours).collect::<Vec<_>>());
    let theirs: Option<Vec<Cost>> = rounds.iter().map(|(_, theirs)| *theirs).collect();
    let Some(of_theirs) = theirs.as_deref().map(least) else {
        println!("opsctl: {:.0} probes a second, {:.0} µs of processor time each", of_ours.rate(), of_ours.each());
        return println!("left out: there is no blackbox_exporter here to compare it with");
    };
    report(&[
        Row::at_least("probes a second / blackbox_exporter's", of_ours.rate() / of_theirs.rate(), 3.0, "x")
            .note(format!("({:.0} / {:.0})", of_ours.rate(), of_theirs.rate())),
        Row::new("processor time of a probe / blackbox_exporter's", of_ours.cpu / of_theirs.cpu, 1.0 / 3.0, "x")
            .note(format!("({:.0} µs / {:.0} µs)", of_ours.each(), of_theirs.each())),
    ]);
}

impl Cost {
    /// Probes a second.
    fn rate(self) -> f64 {
        PROBES as f64 / self.seconds
    }

    /// The processor time of a probe, in microseconds.
    fn each(self) -> f64 {
        self.cpu * 1e6 / PROBES as f64
    }
}

/// The least of each: what disturbs a round only makes it cost more.
fn least(costs: &[Cost]) -> Cost {
    let of = |part: fn(&Cost) -> f64| costs.iter().map(part).fold(f64::INFINITY, f64::min);
    Cost { seconds: of(|cost| cost.seconds), cpu: of(|cost| cost.cpu) }
}

fn costs(pid: u32, work: impl FnOnce()) -> Cost {
    let before = cpu(pid);
    let (took, ()) = time(work);
    Cost { seconds: took.as_secs_f64(), cpu: cpu(pid) - before }
}

/// All probes by ours: the observations, and the page of metrics about them.
fn look(runtime: &Runtime, probes: &[&Probe], dir: &Path) -> Cost {
    let vars = BTreeMap::new();
    costs(std::process::id(), || {
        let eye = Prober::new(&vars, dir.to_owned(), &SystemClock, Redactor::default());
        let limits = Limits { at_once: AT_ONCE, per_host: AT_ONCE };
        let seen = runtime.block_on(eye.observe_all(probes, limits, &mut |_| ()));
        assert!(seen.iter().all(|seen| seen.state == State::Up), "{:?}", seen.iter().find_map(Observation::why));
        assert!(prometheus(&seen).len() > PROBES);
    })
}

/// A running blackbox_exporter; it ends with this.
struct Blackbox {
    child: Child,
    port: u16,
}

impl Blackbox {
    fn start(dir: &Path) -> Option<Self> {
        let program = program("prometheus-blackbox-exporter").or_else(|| program("blackbox_exporter"))?;
        let config = dir.join("blackbox.yml");
        let module = "prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4, fail_if_body_not_matches_regexp: ['\"status\":\"ok\"']}";
        fs::write(&config, format!("modules: {{http_2xx: {{{module}}}}}\n")).unwrap();
        Some(on_a_free_one(|port| {
            let mut command = Command::new(&program);
            command.arg(format!("--config.file={}", config.display()));
            command.arg(format!("--web.listen-address=127.0.0.1:{port}")).arg("--log.level=error");
            let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let mut started = Self { child, port };
            let until = Instant::now() + Duration::from_secs(20);
            while Blocking::connect(("127.0.0.1", port)).is_err() {
                if started.child.try_wait().unwrap().is_some() || Instant::now() > until {
                    return None;
                }
                sleep(Duration::from_millis(10));
            }
            Some(started)
        }))
    }

    /// All probes by theirs, asked over connections that are kept.
    fn look(&self, runtime: &Runtime, server: &Target) -> Cost {
        let next = Cell::new(0);
        let take = || Some(next.replace(next.get() + 1)).filter(|n| *n < PROBES);
        costs(self.child.id(), || {
            runtime.block_on(join_all((0..AT_ONCE).map(|_| self.ask(server, &take))));
        })
    }

    async fn ask(&self, server: &Target, take: &impl Fn() -> Option<usize>) {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        while let Some(n) = take() {
            let uri = format!("/probe?module=http_2xx&target={}", server.url(n));
            let request = hyper::Request::get(uri).header("Host", "localhost").body(Empty::<Bytes>::new()).unwrap();
            sender.ready().await.unwrap();
            let page = sender.send_request(request).await.unwrap().collect().await.unwrap().to_bytes();
            let page = std::str::from_utf8(&page).unwrap();
            assert!(page.contains("probe_success 1\n"), "{page}");
        }
        connection.abort();
    }
}

impl Drop for Blackbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
