//! A real Prometheus reads the page of metrics, and its own tool finds nothing wrong with it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::common::eventually;
use crate::daemon::Daemon;
use crate::server::Server;
use crate::target::{Target, world};

#[test]
fn a_prometheus_reads_what_probes_see() {
    let (good, bad) = (Target::start(), Target::start());
    bad.answers(500);
    let rule = "alerts: {down: {title: Down, state: down, observations: 1}}\n";
    let world = world(&[good.probe("web"), bad.probe("shop")], rule);
    let mut command = world.command(&["watch", "--listen", "127.0.0.1:0"]);
    command.env("OPSCTL_TOKEN", "t0ken");
    let daemon = Daemon::spawn(command);
    let prometheus = Server::prometheus(daemon.address(), "t0ken");
    let value = |query: &str| {
        let answer = prometheus.json(&format!("/api/v1/query?query={query}"));
        answer["data"]["result"][0]["value"][1].as_str().map(str::to_owned)
    };
    eventually("one is up", || value("opsctl_probe_up%7Bprobe=%22web%22%7D").as_deref() == Some("1"));
    eventually("one is down", || value("opsctl_probe_up%7Bprobe=%22shop%22%7D").as_deref() == Some("0"));
    eventually("an alert is open", || value("opsctl_alert_firing%7Balert=%22down%22%7D").as_deref() == Some("1"));
    assert_eq!(value("up").as_deref(), Some("1"));
    assert_eq!(value("opsctl_watch_probes").as_deref(), Some("2"));
    assert_eq!(value("opsctl_watch_definitions_current").as_deref(), Some("1"));
    let targets = prometheus.json("/api/v1/targets");
    assert_eq!(targets["data"]["activeTargets"][0]["lastError"], "", "{targets}");
    daemon.stop().exits(0);
}

#[test]
fn promtool_finds_nothing_wrong_with_the_page() {
    let (good, bad) = (Target::start(), Target::start());
    bad.answers(500);
    let rule = "alerts: {down: {title: Down, state: down, observations: 1}}\n";
    let world = world(&[good.probe("web"), bad.probe("größe")], rule);
    let daemon = Daemon::start(&world);
    eventually("both are seen, and an alert is open", || {
        daemon.get("/metrics").matches("opsctl_probe_up{").count() == 2
            && daemon.metric("opsctl_alert_firing").is_some()
    });
    let page = daemon.get("/metrics");
    let mut promtool = Command::new("promtool");
    let promtool = promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut promtool = promtool.stderr(Stdio::piped()).spawn().expect("promtool, which scripts/test installs");
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let found = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && found.is_empty(), "{found}\n{page}");
    daemon.stop().exits(0);
}
