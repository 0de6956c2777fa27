//! The formats of other tools, of real outcomes, read by those tools where they are there.

use std::io::Write;
use std::process::{Command, Stdio};

use super::mixed;
use crate::common::World;
use crate::common::http::Server;
use crate::common::observe::nobody;

/// What a program says that is given this text.
fn read_by(program: &str, args: &[&str], text: &str) -> String {
    let mut reader = Command::new(program);
    let reader = reader.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut reader = reader.spawn().unwrap();
    reader.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = reader.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}\n{text}");
    said.into_owned()
}

/// Every state there is; what is behind a dead one and what is planned included.
fn world(server: &Server) -> World {
    let closed = nobody();
    let world = mixed(&server.url(), closed);
    let more = format!(
        "      behind: {{tcp: \"{closed}\", depends_on: [down]}}
      planned: {{tcp: \"{closed}\", maintenance: [{{from: 2020-01-01T00:00:00Z, until: 2090-01-01T00:00:00Z}}]}}
  empty:"
    );
    world.write("opsctl.yaml", &world.read("opsctl.yaml").replace("  empty:", &more));
    world
}

/// Reads JUnit's XML as Python does, and prints what stands in it.
const READER: &str = "
import sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
print(root.tag, *(root.get(key) for key in ('tests', 'failures', 'errors', 'skipped')))
for case in root.iter('testcase'):
    print(case.get('classname'), case.get('name'), float(case.get('time')) >= 0, *(inside.tag for inside in case))";

#[test]
fn junit_is_read_as_xml() {
    let server = Server::start(|_| 200);
    let xml = world(&server).run(&["-o", "junit", "probe", "run"]).exits(1).stdout;
    insta::assert_snapshot!(read_by("python3", &["-c", READER], &xml), @r"
    testsuites 6 1 1 2
    web up True
    web degraded True system-out
    api down True failure
    api nobody True skipped
    api behind True error
    api planned True skipped
    ");
}

#[test]
fn tap_has_a_point_for_each_probe() {
    let server = Server::start(|_| 200);
    let tap = world(&server).run(&["-o", "tap", "probe", "run"]).exits(1).stdout;
    let points: Vec<&str> = tap.lines().filter(|line| !line.starts_with(' ')).collect();
    let (first, rest) = points.split_at(2);
    assert_eq!(first, ["TAP version 14", "1..6"]);
    assert_eq!(
        rest[..5].to_vec(),
        [
            "ok 1 - up",
            "ok 2 - degraded",
            "not ok 3 - down",
            "ok 4 - nobody # SKIP not configured: OPSCTL_API_URL is not set",
            "not ok 5 - behind",
        ]
    );
    assert!(rest[5].starts_with("ok 6 - planned # SKIP maintenance: ") && rest.len() == 6, "{tap}");
    assert!(tap.contains("    - \"warning: [BODY] (ok) == better\"\n"), "{tap}");
}

#[test]
fn prometheus_reads_the_metrics() {
    let server = Server::start(|_| 200);
    let metrics = world(&server).run(&["-o", "prometheus", "probe", "run"]).exits(1).stdout;
    assert_eq!(read_by("promtool", &["check", "metrics"], &metrics), "");
    for line in [
        "opsctl_probe_up{probe=\"up\",service=\"web\",kind=\"http\"} 1",
        "opsctl_probe_up{probe=\"degraded\",service=\"web\",kind=\"http\"} 1",
        "opsctl_probe_up{probe=\"down\",service=\"api\",kind=\"tcp\"} 0",
        "opsctl_probe_state{probe=\"behind\",service=\"api\",kind=\"tcp\",state=\"unknown\"} 1",
        "opsctl_probe_http_status{probe=\"up\",service=\"web\",kind=\"http\"} 200",
    ] {
        assert!(metrics.lines().any(|is| is == line), "`{line}` is not in:\n{metrics}");
    }
    assert!(!metrics.contains("opsctl_probe_up{probe=\"behind\""), "{metrics}");
}

#[test]
fn nagios_gets_a_line_numbers_and_its_own_exit_code() {
    let server = Server::start(|_| 200);
    let world = world(&server);
    for (selectors, code, line) in [
        (&["up"][..], 0, "PROBES OK - 1 up | 'up'="),
        (&["nobody"], 0, "PROBES OK - 1 not configured"),
        (&["planned"], 0, "PROBES OK - 1 maintenance"),
        (&["degraded"], 1, "PROBES WARNING - 1 degraded - degraded: [BODY] (ok) == better | 'degraded'="),
        (&["up", "degraded"], 1, "PROBES WARNING - 1 up, 1 degraded"),
        (&["down"], 2, "PROBES CRITICAL - 1 down - down: 127.0.0.1:"),
        (&["down", "degraded", "behind"], 2, "PROBES CRITICAL - 1 degraded, 1 down, 1 unknown"),
        (&["behind"], 3, "PROBES UNKNOWN - 1 unknown - behind: it depends on down, which is down"),
        (&["behind", "degraded", "up"], 3, "PROBES UNKNOWN - 1 up, 1 degraded, 1 unknown"),
        (&[], 2, "PROBES CRITICAL - 1 up, 1 degraded, 1 down, 1 unknown, 1 maintenance, 1 not configured"),
    ] {
        let outcome = world.run(&[&["-o", "nagios", "probe", "run"], selectors].concat()).exits(code);
        assert!(outcome.stdout.starts_with(line), "`{line}`: {outcome}");
        assert_eq!(outcome.stderr, "");
        // Label and seconds, as a plugin's performance data.
        let first = outcome.stdout.lines().next().unwrap();
        for number in first.split_once(" | ").map_or("", |(_, numbers)| numbers).split_whitespace() {
            let (label, value) = number.split_once('=').unwrap();
            assert!(label.starts_with('\'') && label.ends_with('\''), "{number}");
            value.strip_suffix("s;;;0").unwrap().parse::<f64>().unwrap();
        }
    }
}
