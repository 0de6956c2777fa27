//! Alert rules, retention and connectivity as they are written in, those of the model out.

use super::probe::above_zero;
use crate::catalog::model::{AlertRule, AlertState, AlertWhen, Connectivity, Retention};
use crate::catalog::problem::{Problem, Trail};
use crate::catalog::raw::{RawAlert, RawAlertState, RawConnectivity, RawErrorRate, RawLatency, RawRetention};
use crate::ground::Span;

const OBSERVATIONS: u32 = 3;
const RESOLVE_AFTER: u32 = 2;
const WINDOW: Span = Span::seconds(900);
// With the usual interval of a minute, enough samples for a p95.
const LATENCY_WINDOW: Span = Span::seconds(1800);
const PERCENTILE: u8 = 95;
const AT_LEAST: u32 = 3;
const PATIENCE: Span = Span::seconds(3);

/// The keys of which a rule carries exactly one.
const KINDS: [&str; 5] = ["state", "latency", "error_rate", "certificate", "heartbeat"];

/// Makes a rule of what is written at `at`.
pub(super) fn alert(id: &str, mut raw: RawAlert, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<AlertRule> {
    let when = when(&mut raw, at, problems)?;
    if raw.resolve_after == Some(0) {
        let at = at.key("resolve_after");
        problems.push(Problem::error("zero", &at, "an alert is resolved by at least 1 observation"));
    }
    Some(AlertRule {
        id: id.to_owned(),
        title: raw.title,
        probes: raw.probes,
        when,
        resolve_after: raw.resolve_after.unwrap_or(RESOLVE_AFTER).max(1),
        channels: raw.channels,
        opens_incident: raw.on_alert.is_some(),
        severity: raw.severity,
        runbook: raw.runbook,
    })
}

fn when(raw: &mut RawAlert, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<AlertWhen> {
    if raw.observations.is_some() && raw.state.is_none() {
        let problem = Problem::error("foreign-key", &at.key("observations"), "`observations` belongs to `state`");
        problems.push(problem.on_key().suggest("remove it"));
    }
    let rules = [
        raw.state.map(|state| state_rule(state, raw.observations, at, problems)),
        raw.latency.take().map(|latency| self::latency(latency, &at.key("latency"), problems)),
        raw.error_rate.take().and_then(|rate| error_rate(&rate, &at.key("error_rate"), problems)),
        raw.certificate.map(|within| AlertWhen::Certificate { within }),
        raw.heartbeat.map(|_| AlertWhen::Heartbeat),
    ];
    let mut found = KINDS.into_iter().zip(rules).filter_map(|(key, rule)| Some((key, rule?)));
    let Some((first, rule)) = found.next() else {
        let keys = KINDS.map(|key| format!("`{key}:`")).join(", ");
        let problem = Problem::error("no-check", at, format!("the alert `{}` never fires", raw.title));
        problems.push(problem.on_key().suggest(format!("give it one of {keys}")));
        return None;
    };
    if let Some((second, _)) = found.next() {
        let message = format!("an alert has `{first}` or `{second}`, not both");
        problems.push(Problem::error("two-kinds", &at.key(second), message).on_key().suggest("make it two alerts"));
        return None;
    }
    Some(rule)
}

fn state_rule(
    state: RawAlertState,
    observations: Option<u32>,
    at: &Trail<'_>,
    problems: &mut Vec<Problem>,
) -> AlertWhen {
    if observations == Some(0) {
        problems.push(Problem::error("zero", &at.key("observations"), "an alert needs at least 1 observation"));
    }
    let state = match state {
        RawAlertState::Down => AlertState::Down,
        RawAlertState::Degraded => AlertState::Degraded,
        RawAlertState::Unknown => AlertState::Unknown,
    };
    AlertWhen::State { state, observations: observations.unwrap_or(OBSERVATIONS).max(1) }
}

fn latency(raw: RawLatency, at: &Trail<'_>, problems: &mut Vec<Problem>) -> AlertWhen {
    let (above, percentile, window) = match raw {
        RawLatency::Above(above) => (above, None, None),
        RawLatency::Full(full) => (full.above, full.percentile, full.window),
    };
    let percentile = percentile.unwrap_or(PERCENTILE);
    if !(1..=100).contains(&percentile) {
        problems.push(Problem::error("out-of-range", &at.key("percentile"), "a percentile lies between 1 and 100"));
    }
    AlertWhen::Latency {
        above,
        percentile,
        window: above_zero(window.unwrap_or(LATENCY_WINDOW), &at.key("window"), problems),
    }
}

fn error_rate(raw: &RawErrorRate, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<AlertWhen> {
    let percent = raw.above.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    let Some(percent) = percent.filter(|percent| (0.0..100.0).contains(percent)) else {
        let message = format!("`{}` is no share of observations", raw.above);
        problems.push(Problem::error("out-of-range", &at.key("above"), message).suggest("write it like 1%"));
        return None;
    };
    Some(AlertWhen::ErrorRate {
        above: percent / 100.0,
        window: above_zero(raw.window.unwrap_or(WINDOW), &at.key("window"), problems),
        at_least: raw.at_least.unwrap_or(AT_LEAST).max(1),
    })
}

/// How long what was observed is kept.
pub(super) fn retention(raw: &RawRetention, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Retention {
    let usual = Retention::default();
    let retention =
        Retention { samples: raw.samples.unwrap_or(usual.samples), rollups: raw.rollups.unwrap_or(usual.rollups) };
    let two_days = Span::seconds(2 * 86_400);
    if retention.samples < two_days {
        let problem =
            Problem::error("out-of-range", &at.key("samples"), "single observations are kept for 2d at least");
        problems.push(problem.suggest("a day is added up when it is over"));
    }
    if retention.rollups < retention.samples {
        let message = "hours and days are kept at least as long as single observations";
        problems.push(Problem::error("out-of-range", &at.key("rollups"), message));
    }
    retention
}

/// How opsctl finds out whether its own machine has a network.
pub(super) fn connectivity(raw: RawConnectivity, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Connectivity {
    if raw.targets.is_empty() {
        let problem = Problem::error("no-check", &at.key("targets"), "there is nothing to connect to");
        problems.push(problem.on_key().suggest("for example: targets: [\"1.1.1.1:53\"]"));
    }
    Connectivity { targets: raw.targets, timeout: raw.timeout.unwrap_or(PATIENCE) }
}
