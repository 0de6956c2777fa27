//! The daemon with 10,000 probes that are made once a minute, and a Prometheus that asks it every 15 seconds.
//!
//! `OPSCTL_BENCH_SECONDS` says how long it is looked at (90).

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has failed")]
#![allow(clippy::print_stdout, reason = "a bench says what it left out")]
#![allow(clippy::disallowed_methods, reason = "a bench has no surroundings")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use opsctl::ground::{Clock as _, Span, SystemClock};
use opsctl::monitor::{Sample, State};
use opsctl::sample::Samples;

mod measure;

use measure::target::Target;
use measure::usage::{cpu, peak_memory};
use measure::{Row, report};

const PROBES: usize = 10_000;
const SCRAPE: Duration = Duration::from_secs(15);

/// So long the beginning takes; after it everything is as it stays.
const BEGINNING: Duration = Duration::from_secs(30);

/// So many minutes the rules look back at most.
const MINUTES: i32 = 30;

const RULES: &str = "
channels:
  ops: {title: Ops, file: alerts.log}
alerts:
  down: {title: Down, state: down, observations: 3, channels: [ops]}
  slow: {title: Slow, latency: 1s, channels: [ops]}
  errors: {title: Errors, error_rate: {above: 5%}, channels: [ops]}
  certificate: {title: A certificate ends, certificate: 14d, channels: [ops]}
";

fn main() {
    let Some(server) = Target::start() else { return println!("left out: there is no nginx here") };
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    measure::many::probes(dir.path(), PROBES, &server, RULES);
    remember(&dir.path().join(".opsctl"));
    let daemon = Daemon::start(dir.path());
    let seconds = std::env::var("OPSCTL_BENCH_SECONDS").ok().map_or(90, |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds).max(2 * BEGINNING);
    sleep(BEGINNING);
    let (before, begun) = (cpu(daemon.pid()), Instant::now());
    while Instant::now() < end {
        assert!(!daemon.metrics().is_empty());
        sleep(SCRAPE.min(end.saturating_duration_since(Instant::now())));
    }
    let busy = (cpu(daemon.pid()) - before) / begun.elapsed().as_secs_f64();
    let page = daemon.metrics();
    let number = |name: &str| number(&page, name);
    let up = page.lines().filter(|line| line.starts_with("opsctl_probe_up{") && line.ends_with(" 1")).count();
    println!("{up} of {PROBES} probes are up, {} were left out", number("opsctl_watch_skipped_total"));
    let delay = |share: &str| number(&format!("opsctl_watch_delay_seconds{{percentile=\"{share}\"}}")) * 1000.0;
    let mut rows = vec![
        Row::new("10,000 probes a minute, of one processor", busy * 100.0, 30.0, "%"),
        Row::new("how late they begin, 99 of 100", delay("99"), 10.0, "ms").note(format!(
            "(half of them {:.2} ms, the latest {:.0} ms)",
            delay("50"),
            delay("100")
        )),
    ];
    rows.extend(peak_memory(daemon.pid()).map(|peak| Row::new("peak memory", peak, 150.0, "MB")));
    report(&rows);
}

/// What a daemon has left behind that ran until now: as much as it would remember itself.
fn remember(dir: &Path) {
    let samples = Samples::open(dir).unwrap();
    let now = SystemClock.now();
    for minute in (0..MINUTES).rev() {
        let at = now - Span::seconds(60).delta() * (minute + 1);
        let one = |n| Sample {
            probe: format!("probe-{n:05}"),
            at,
            state: State::Up,
            response_us: Some(1_000),
            status: Some(200),
            certificate_expires_at: None,
            interval: Span::seconds(60),
            reason: None,
        };
        samples.append(&(0..PROBES).map(one).collect::<Vec<_>>()).unwrap();
    }
}

/// What stands behind a name on a page of metrics.
fn number(page: &str, name: &str) -> f64 {
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name} on the page")).parse().unwrap()
}

/// A daemon at work; it ends with this.
struct Daemon {
    child: Child,
    address: String,
}

impl Daemon {
    fn start(dir: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsctl"));
        command.arg("-C").arg(dir).args(["watch", "--listen", "127.0.0.1:0"]);
        command.env_clear().env("HOME", dir).env("PATH", "/usr/bin:/bin");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = said.find_map(|line| Some(line.split_once("listening on ")?.1.split(". ").next()?.to_owned()));
        // Somebody has to read what it says, or it would wait.
        std::thread::spawn(move || said.for_each(drop));
        Self { child, address: address.unwrap() }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        page
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
