//! What probes saw, in the Test Anything Protocol (version 14, readable as 13).

use std::fmt::Write as _;

use serde_json::Value;

use super::words::{details, line, remark};
use crate::monitor::State;
use crate::probe::Observation;

/// What probes saw, a test point for each. Down and unknown are not ok; what is not configured or under maintenance was
/// skipped; degraded is ok, and its diagnostics say why.
pub fn tap(observations: &[Observation]) -> String {
    let mut tap = format!("TAP version 14\n1..{}", observations.len());
    tap.push_str(if observations.is_empty() { " # SKIP no probe was made\n" } else { "\n" });
    for (place, observation) in observations.iter().enumerate() {
        let ok = match observation.state {
            State::Down | State::Unknown => "not ok",
            State::Up | State::Degraded | State::Maintenance | State::NotConfigured => "ok",
        };
        let skip = match observation.state {
            state @ (State::Maintenance | State::NotConfigured) => {
                format!(" # SKIP {}: {}", state.title(), escaped(&remark(observation)))
            }
            _ => String::new(),
        };
        let _ = writeln!(tap, "{ok} {} - {}{skip}", place + 1, escaped(&observation.id));
        if matches!(observation.state, State::Degraded | State::Down | State::Unknown) {
            tap.push_str(&diagnostics(observation));
        }
    }
    tap
}

/// A block of YAML. Its texts are JSON strings, which every reader of YAML understands.
fn diagnostics(observation: &Observation) -> String {
    let text = |text: &str| Value::String(line(text)).to_string();
    let mut yaml = format!("  ---\n  message: {}\n", text(&remark(observation)));
    let _ = writeln!(yaml, "  state: {}", observation.state.word());
    let _ = writeln!(yaml, "  service: {}", text(&observation.service));
    let _ = writeln!(yaml, "  kind: {}", observation.kind.word());
    let _ = writeln!(yaml, "  duration_ms: {}", observation.duration_ms);
    let _ = writeln!(yaml, "  details:");
    for line in details(observation) {
        let _ = writeln!(yaml, "    - {}", text(&line));
    }
    yaml + "  ...\n"
}

/// A `#` begins a directive, unless it is escaped.
fn escaped(text: &str) -> String {
    line(text).replace('\\', r"\\").replace('#', r"\#")
}

#[cfg(test)]
mod tests {
    use super::tap;
    use crate::view::probe::tests::{all, hostile};

    #[test]
    fn there_is_a_test_point_for_each_probe() {
        insta::assert_snapshot!(tap(&all()), @r#"
        TAP version 14
        1..8
        ok 1 - web
        ok 2 - search
          ---
          message: "[RESPONSE_TIME] (812) < 500"
          state: degraded
          service: "shop"
          kind: http
          duration_ms: 12
          details:
            - "warning: [RESPONSE_TIME] (812) < 500"
          ...
        not ok 3 - checkout
          ---
          message: "[STATUS] (500) == 200 (and 2 more)"
          state: down
          service: "shop"
          kind: http
          duration_ms: 12
          details:
            - "not met: [STATUS] (500) == 200"
            - "warning: [RESPONSE_TIME] (812) < 500"
            - "not met: [BODY].status (null) == ok"
            - "request: http://shop.example:80 (192.0.2.7:443) → 301 in 6.1 ms"
            - "request: https://shop.example:443 (192.0.2.7:443) → 500 in 6.1 ms"
            - "after 3 attempts"
          ...
        not ok 4 - db
          ---
          message: "db.example:5432 refused the connection"
          state: down
          service: "database"
          kind: postgres
          duration_ms: 2000
          details:
            - "db.example:5432 refused the connection"
          ...
        not ok 5 - orders
          ---
          message: "it depends on db, which is down (timed out after 2s: no answer)"
          state: unknown
          service: "shop"
          kind: http
          duration_ms: 2000
          details:
            - "it depends on db, which is down (timed out after 2s: no answer)"
          ...
        ok 6 - billing # SKIP maintenance: 200 · 12 ms
        ok 7 - pay # SKIP not configured: OPSCTL_PAY_URL is not set
        ok 8 - backup
        "#);
        insta::assert_snapshot!(tap(&[]), @"
        TAP version 14
        1..0 # SKIP no probe was made
        ");
    }

    #[test]
    fn nothing_that_is_said_becomes_a_directive_or_a_line() {
        let tap = tap(&hostile()[1..2]);
        insta::assert_snapshot!(tap, @r#"
        TAP version 14
        1..1
        ok 1 - a|b 'c=1' "d" <e>&]]> \#f\\  not ok 9g h{}
          ---
          message: "a|b 'c=1' \"d\" <e>&]]> #f\\  not ok 9g h{}"
          state: degraded
          service: "a|b 'c=1' \"d\" <e>&]]> #f\\  not ok 9g h{}"
          kind: http
          duration_ms: 12
          details:
            - "a|b 'c=1' \"d\" <e>&]]> #f\\  not ok 9g h{}"
            - "request: a|b 'c=1' \"d\" <e>&]]> #f\\  not ok 9g h{} (a|b 'c=1' \"d\" <e>&]]> #f\\  not ok 9g h{}) → 301 in 0 ms"
          ...
        "#);
        let message = tap.lines().find_map(|line| line.trim().strip_prefix("message: ")).unwrap();
        assert!(serde_json::from_str::<String>(message).unwrap().starts_with("a|b 'c=1' \"d\" <e>"));
    }
}
