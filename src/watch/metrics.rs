//! The page that Prometheus reads: what probes saw, and how the daemon itself is.

use super::board::Known;
use crate::ground::Time;
use crate::view::metrics::{Metrics, Point};
use crate::view::probe::prometheus;

/// Everything that is known, as one page.
pub(super) fn page(known: &Known, now: Time) -> String {
    let mut metrics = Metrics::default();
    prometheus::add(&mut metrics, &known.observations.values().map(AsRef::as_ref).collect::<Vec<_>>());
    let alerts = known
        .alerts
        .keys()
        .map(|(alert, probe)| Point { labels: vec![("alert", alert.as_str()), ("probe", probe.as_str())], value: 1.0 });
    metrics.gauge("opsctl_alert_firing", "1 for every alert of a rule that is open.", alerts);
    let alone = |value: f64| [Point { labels: vec![], value }];
    metrics.gauge("opsctl_watch_probes", "How many probes are watched.", alone(float(known.watched as u64)));
    metrics.counter(
        "opsctl_watch_skipped_total",
        "How many times a probe was left out because it was still being made.",
        alone(float(known.skipped)),
    );
    let delays = [("50", 0.5), ("99", 0.99), ("100", 1.0)].map(|(label, share)| Point {
        labels: vec![("percentile", label)],
        value: float(known.delay_us.value_at_quantile(share)) / 1e6,
    });
    metrics.gauge("opsctl_watch_delay_seconds", "How late probes began, since the daemon runs.", delays);
    let current = f64::from(u8::from(known.is_current));
    metrics.gauge("opsctl_watch_definitions_current", "0 after a broken edit: old definitions rule.", alone(current));
    let uptime = (now - known.since).num_milliseconds();
    metrics.gauge(
        "opsctl_watch_uptime_seconds",
        "How long the daemon has run.",
        alone(float(uptime.unsigned_abs()) / 1e3),
    );
    metrics.text()
}

#[allow(clippy::cast_precision_loss, reason = "the format has no other numbers")]
fn float(number: u64) -> f64 {
    number as f64
}
