//! What probes saw, as JUnit XML: a suite for each service, a case for each probe.

use std::fmt::Write as _;
use std::time::Duration;

use indexmap::IndexMap;

use super::words::{details, line, remark};
use crate::monitor::State;
use crate::probe::Observation;

/// What probes saw, as JUnit XML. Down is a failure, unknown an error; what is not configured or under maintenance was
/// skipped; degraded passes, and says why in its output.
pub fn junit(observations: &[Observation]) -> String {
    let mut suites: IndexMap<&str, Vec<&Observation>> = IndexMap::new();
    for observation in observations {
        suites.entry(&observation.service).or_default().push(observation);
    }
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Observation> = observations.iter().collect();
    let _ = writeln!(xml, "<testsuites name=\"probes\" {}>", totals(&all));
    for (service, observations) in &suites {
        let began = observations.iter().map(|observation| observation.started_at).min().unwrap_or_default();
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" timestamp=\"{}\" {}>",
            attribute(service),
            began.format("%Y-%m-%dT%H:%M:%S"),
            totals(observations)
        );
        for observation in observations {
            xml.push_str(&case(observation));
        }
        xml.push_str("  </testsuite>\n");
    }
    xml + "</testsuites>\n"
}

fn totals(observations: &[&Observation]) -> String {
    let count = |states: &[State]| observations.iter().filter(|seen| states.contains(&seen.state)).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"",
        observations.len(),
        count(&[State::Down]),
        count(&[State::Unknown]),
        count(&[State::Maintenance, State::NotConfigured]),
        seconds(observations.iter().map(|seen| seen.phases_us.total).sum())
    )
}

fn case(observation: &Observation) -> String {
    let mut case = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
        attribute(&observation.service),
        attribute(&observation.id),
        seconds(observation.phases_us.total)
    );
    let message = attribute(&remark(observation));
    let text = escaped(&details(observation).join("\n"));
    let state = observation.state.word();
    let inside = match observation.state {
        State::Up => return case + "/>\n",
        State::Degraded => format!("<system-out>{state}: {text}</system-out>"),
        State::Down => format!("<failure type=\"{state}\" message=\"{message}\">{text}</failure>"),
        State::Unknown => format!("<error type=\"{state}\" message=\"{message}\">{text}</error>"),
        State::Maintenance => format!("<skipped message=\"maintenance: {message}\"/>"),
        State::NotConfigured => format!("<skipped message=\"not configured: {message}\"/>"),
    };
    let _ = write!(case, ">\n      {inside}\n    </testcase>\n");
    case
}

fn seconds(us: u64) -> String {
    Duration::from_micros(us).as_secs_f64().to_string()
}

fn attribute(text: &str) -> String {
    escaped(&line(text))
}

/// Text without what XML 1.0 knows no way to write, and with what it reads as its own written otherwise.
fn escaped(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() || *c == '\n' || *c == '\t';
    text.chars().filter(allowed).fold(String::with_capacity(text.len()), |mut xml, c| {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            c => xml.push(c),
        }
        xml
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::junit;
    use crate::view::probe::tests::{all, hostile};

    /// Reads XML as Python does, and prints what stands in it.
    const READER: &str = r#"
import sys, xml.etree.ElementTree as tree
for case in tree.fromstring(sys.stdin.buffer.read()).iter("testcase"):
    results = [(result.tag, result.get("type")) for result in case]
    print(case.get("classname"), case.get("name"), case.get("time"), results)
"#;

    fn read(xml: &str) -> String {
        let mut python = Command::new("python3");
        let mut reader = python
            .args(["-c", READER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        reader.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
        let output = reader.wait_with_output().unwrap();
        assert!(output.status.success(), "{}\n{xml}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn there_is_a_suite_for_each_service() {
        insta::assert_snapshot!(junit(&all()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="probes" tests="8" failures="2" errors="1" skipped="2" time="4.14107">
          <testsuite name="shop" timestamp="2026-11-23T15:00:21" tests="6" failures="1" errors="1" skipped="2" time="2.049725">
            <testcase classname="shop" name="web" time="0.012345"/>
            <testcase classname="shop" name="search" time="0.012345">
              <system-out>degraded: warning: [RESPONSE_TIME] (812) &lt; 500</system-out>
            </testcase>
            <testcase classname="shop" name="checkout" time="0.012345">
              <failure type="down" message="[STATUS] (500) == 200 (and 2 more)">not met: [STATUS] (500) == 200
        warning: [RESPONSE_TIME] (812) &lt; 500
        not met: [BODY].status (null) == ok
        request: http://shop.example:80 (192.0.2.7:443) → 301 in 6.1 ms
        request: https://shop.example:443 (192.0.2.7:443) → 500 in 6.1 ms
        after 3 attempts</failure>
            </testcase>
            <testcase classname="shop" name="orders" time="2.000345">
              <error type="unknown" message="it depends on db, which is down (timed out after 2s: no answer)">it depends on db, which is down (timed out after 2s: no answer)</error>
            </testcase>
            <testcase classname="shop" name="billing" time="0.012345">
              <skipped message="maintenance: 200 · 12 ms"/>
            </testcase>
            <testcase classname="shop" name="pay" time="0">
              <skipped message="not configured: OPSCTL_PAY_URL is not set"/>
            </testcase>
          </testsuite>
          <testsuite name="database" timestamp="2026-11-23T15:00:21" tests="1" failures="1" errors="0" skipped="0" time="2.000345">
            <testcase classname="database" name="db" time="2.000345">
              <failure type="down" message="db.example:5432 refused the connection">db.example:5432 refused the connection</failure>
            </testcase>
          </testsuite>
          <testsuite name="jobs" timestamp="2026-11-23T15:00:21" tests="1" failures="0" errors="0" skipped="0" time="0.091">
            <testcase classname="jobs" name="backup" time="0.091"/>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn others_read_it() {
        insta::assert_snapshot!(read(&junit(&all())), @"
        shop web 0.012345 []
        shop search 0.012345 [('system-out', None)]
        shop checkout 0.012345 [('failure', 'down')]
        shop orders 2.000345 [('error', 'unknown')]
        shop billing 0.012345 [('skipped', None)]
        shop pay 0 [('skipped', None)]
        database db 2.000345 [('failure', 'down')]
        jobs backup 0.091 []
        ");
        assert_eq!(read(&junit(&hostile())).lines().count(), hostile().len());
        assert_eq!(read(&junit(&[])), "");
    }
}
