//! What probes saw, as metrics.

use std::time::Duration;

use super::words::{is_answered, parts};
use crate::ground::Time;
use crate::monitor::State;
use crate::probe::{Kind, Observation};
use crate::view::metrics::{Metrics, Point};

/// A page of metrics about the probes alone.
pub fn prometheus(observations: &[Observation]) -> String {
    let mut metrics = Metrics::default();
    add(&mut metrics, &observations.iter().collect::<Vec<_>>());
    metrics.text()
}

/// Adds what probes saw to a page.
///
/// `opsctl_probe_up` is 1 for up and degraded and 0 for down. Where nobody can tell, where work is planned and where
/// nothing is configured it is absent, and only `opsctl_probe_state` speaks.
pub fn add(metrics: &mut Metrics, observations: &[&Observation]) {
    let made: Vec<&Observation> =
        observations.iter().copied().filter(|observation| observation.state != State::NotConfigured).collect();
    let each = |value: fn(&Observation) -> Option<f64>| {
        made.iter().filter_map(move |&seen| Some(Point { labels: labels(seen), value: value(seen)? }))
    };
    metrics.gauge("opsctl_probe_up", "Whether the probe is up or degraded (1) or down (0).", each(up));
    let states = observations.iter().flat_map(|seen| {
        State::ALL.map(|state| with(seen, ("state", state.word()), f64::from(u8::from(seen.state == state))))
    });
    metrics.gauge("opsctl_probe_state", "1 for the state the probe is in, 0 for all others.", states);
    metrics.gauge(
        "opsctl_probe_duration_seconds",
        "How long the last attempt took.",
        each(|seen| Some(seconds(seen.phases_us.total))),
    );
    let phases = made.iter().filter(|seen| is_networked(seen.kind)).flat_map(|seen| {
        let parts = parts(&seen.phases_us).into_iter().filter(|(name, _)| *name != "total");
        parts.map(|(name, us)| with(seen, ("phase", name), seconds(us)))
    });
    metrics.gauge("opsctl_probe_phase_seconds", "How long each part of the last attempt took.", phases);
    metrics.gauge("opsctl_probe_response_seconds", "How long the answer took.", each(response));
    metrics.gauge("opsctl_probe_http_status", "The status of the HTTP answer.", each(http_status));
    metrics.gauge(
        "opsctl_probe_certificate_expiry_timestamp_seconds",
        "When the first certificate of the chain ends.",
        each(|seen| seen.certificate_expires_at.map(timestamp)),
    );
    metrics.gauge("opsctl_probe_attempts", "How many times the probe was made.", each(|s| Some(f64::from(s.attempts))));
    metrics.gauge(
        "opsctl_probe_started_timestamp_seconds",
        "When the last attempt began.",
        each(|seen| Some(timestamp(seen.started_at))),
    );
}

fn labels(seen: &Observation) -> Vec<(&'static str, &str)> {
    vec![("probe", &seen.id), ("service", &seen.service), ("kind", seen.kind.word())]
}

fn with<'a>(seen: &'a Observation, label: (&'static str, &'a str), value: f64) -> Point<'a> {
    let mut labels = labels(seen);
    labels.push(label);
    Point { labels, value }
}

fn up(seen: &Observation) -> Option<f64> {
    match seen.state {
        State::Up | State::Degraded => Some(1.0),
        State::Down => Some(0.0),
        State::Unknown | State::Maintenance | State::NotConfigured => None,
    }
}

fn response(seen: &Observation) -> Option<f64> {
    seen.response_us().filter(|_| is_answered(seen)).map(seconds)
}

fn http_status(seen: &Observation) -> Option<f64> {
    seen.status.filter(|_| matches!(seen.kind, Kind::Http | Kind::Websocket)).map(f64::from)
}

/// Whether there are parts to take the time of.
const fn is_networked(kind: Kind) -> bool {
    !matches!(kind, Kind::Command | Kind::Push)
}

fn seconds(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64()
}

fn timestamp(time: Time) -> f64 {
    (time - Time::UNIX_EPOCH).as_seconds_f64()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::prometheus;
    use crate::view::probe::tests::{all, hostile};

    /// What promtool has to say.
    fn checked(metrics: &str) -> String {
        let mut promtool = Command::new("promtool");
        let promtool = promtool.args(["check", "metrics"]).stdin(Stdio::piped());
        let mut promtool = promtool.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        promtool.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
        let output = promtool.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\n{metrics}");
        said.into_owned()
    }

    #[test]
    fn metrics_are_what_prometheus_reads() {
        assert_eq!(checked(&prometheus(&all())), "");
        assert_eq!(checked(&prometheus(&hostile()[..1])), "");
        assert_eq!(prometheus(&[]), "");
    }

    #[test]
    fn a_probe_has_its_numbers() {
        insta::assert_snapshot!(prometheus(&all()[..1]), @r#"
        # HELP opsctl_probe_up Whether the probe is up or degraded (1) or down (0).
        # TYPE opsctl_probe_up gauge
        opsctl_probe_up{probe="web",service="shop",kind="http"} 1
        # HELP opsctl_probe_state 1 for the state the probe is in, 0 for all others.
        # TYPE opsctl_probe_state gauge
        opsctl_probe_state{probe="web",service="shop",kind="http",state="up"} 1
        opsctl_probe_state{probe="web",service="shop",kind="http",state="degraded"} 0
        opsctl_probe_state{probe="web",service="shop",kind="http",state="down"} 0
        opsctl_probe_state{probe="web",service="shop",kind="http",state="unknown"} 0
        opsctl_probe_state{probe="web",service="shop",kind="http",state="maintenance"} 0
        opsctl_probe_state{probe="web",service="shop",kind="http",state="not_configured"} 0
        # HELP opsctl_probe_duration_seconds How long the last attempt took.
        # TYPE opsctl_probe_duration_seconds gauge
        opsctl_probe_duration_seconds{probe="web",service="shop",kind="http"} 0.012345
        # HELP opsctl_probe_phase_seconds How long each part of the last attempt took.
        # TYPE opsctl_probe_phase_seconds gauge
        opsctl_probe_phase_seconds{probe="web",service="shop",kind="http",phase="dns"} 0.0012
        opsctl_probe_phase_seconds{probe="web",service="shop",kind="http",phase="connect"} 0.0008
        opsctl_probe_phase_seconds{probe="web",service="shop",kind="http",phase="tls"} 0.0054
        opsctl_probe_phase_seconds{probe="web",service="shop",kind="http",phase="first_byte"} 0.0047
        opsctl_probe_phase_seconds{probe="web",service="shop",kind="http",phase="transfer"} 0.00013
        # HELP opsctl_probe_response_seconds How long the answer took.
        # TYPE opsctl_probe_response_seconds gauge
        opsctl_probe_response_seconds{probe="web",service="shop",kind="http"} 0.0121
        # HELP opsctl_probe_http_status The status of the HTTP answer.
        # TYPE opsctl_probe_http_status gauge
        opsctl_probe_http_status{probe="web",service="shop",kind="http"} 200
        # HELP opsctl_probe_certificate_expiry_timestamp_seconds When the first certificate of the chain ends.
        # TYPE opsctl_probe_certificate_expiry_timestamp_seconds gauge
        opsctl_probe_certificate_expiry_timestamp_seconds{probe="web",service="shop",kind="http"} 1798732821.25
        # HELP opsctl_probe_attempts How many times the probe was made.
        # TYPE opsctl_probe_attempts gauge
        opsctl_probe_attempts{probe="web",service="shop",kind="http"} 1
        # HELP opsctl_probe_started_timestamp_seconds When the last attempt began.
        # TYPE opsctl_probe_started_timestamp_seconds gauge
        opsctl_probe_started_timestamp_seconds{probe="web",service="shop",kind="http"} 1795446021.25
        "#);
    }

    #[test]
    fn what_nobody_can_tell_is_neither_up_nor_down() {
        let all = prometheus(&all());
        let up: Vec<&str> = all.lines().filter(|line| line.starts_with("opsctl_probe_up{")).collect();
        insta::assert_snapshot!(up.join("\n"), @r#"
        opsctl_probe_up{probe="web",service="shop",kind="http"} 1
        opsctl_probe_up{probe="search",service="shop",kind="http"} 1
        opsctl_probe_up{probe="checkout",service="shop",kind="http"} 0
        opsctl_probe_up{probe="db",service="database",kind="postgres"} 0
        opsctl_probe_up{probe="backup",service="jobs",kind="command"} 1
        "#);
        let states = all.lines().filter(|line| line.starts_with("opsctl_probe_state{") && line.ends_with(" 1"));
        insta::assert_snapshot!(states.collect::<Vec<_>>().join("\n"), @r#"
        opsctl_probe_state{probe="web",service="shop",kind="http",state="up"} 1
        opsctl_probe_state{probe="search",service="shop",kind="http",state="degraded"} 1
        opsctl_probe_state{probe="checkout",service="shop",kind="http",state="down"} 1
        opsctl_probe_state{probe="db",service="database",kind="postgres",state="down"} 1
        opsctl_probe_state{probe="orders",service="shop",kind="http",state="unknown"} 1
        opsctl_probe_state{probe="billing",service="shop",kind="http",state="maintenance"} 1
        opsctl_probe_state{probe="pay",service="shop",kind="http",state="not_configured"} 1
        opsctl_probe_state{probe="backup",service="jobs",kind="command",state="up"} 1
        "#);
    }
}
