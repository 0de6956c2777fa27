//! Alerts: what about the probes somebody is to be told.

use super::{Probe, ProbeTarget};
use crate::ground::Span;

/// A rule that raises an alert for each probe it holds for.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRule {
    /// Its key in `opsctl.yaml`.
    pub id: String,
    /// The name of the alert, by which runbooks are found.
    pub title: String,
    /// Ids, tags and services of the probes it is about; all when empty.
    pub probes: Vec<String>,
    /// When it fires.
    pub when: AlertWhen,
    /// Observations in a row for which it must not hold before it is resolved.
    pub resolve_after: u32,
    /// Ids of the channels that are told.
    pub channels: Vec<String>,
    /// Whether an incident is opened or added to.
    pub opens_incident: bool,
    /// The severity of an incident that it opens.
    pub severity: Option<String>,
    /// The runbook that helps, when it is not found by the alert's name.
    pub runbook: Option<String>,
}

impl AlertRule {
    /// Whether it looks at a probe.
    pub fn looks_at(&self, probe: &Probe) -> bool {
        let is_named = self.probes.is_empty() || self.probes.iter().any(|selector| probe.is_called(selector));
        is_named && (self.when != AlertWhen::Heartbeat || matches!(probe.target, ProbeTarget::Push { .. }))
    }
}

/// When an alert fires.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AlertWhen {
    /// The probe was in a state for some observations in a row.
    State {
        /// The state.
        state: AlertState,
        /// How many observations.
        observations: u32,
    },
    /// A percentile of the response time is above a limit.
    Latency {
        /// The limit.
        above: Span,
        /// The percentile, 1 to 100.
        percentile: u8,
        /// Looking back so far.
        window: Span,
    },
    /// The share of bad observations is above a limit.
    ErrorRate {
        /// The limit, 0 to 1.
        above: f64,
        /// Looking back so far.
        window: Span,
        /// Only with at least so many bad ones.
        at_least: u32,
    },
    /// A certificate ends soon.
    Certificate {
        /// In less than this.
        within: Span,
    },
    /// A heartbeat has not come.
    Heartbeat,
}

/// A state that can be alerted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertState {
    /// It is down.
    Down,
    /// It is degraded or down.
    Degraded,
    /// Nobody knows.
    Unknown,
}

/// How long what was observed is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Single observations.
    pub samples: Span,
    /// Hours and days added up.
    pub rollups: Span,
}

impl Default for Retention {
    fn default() -> Self {
        Self { samples: Span::seconds(7 * 86_400), rollups: Span::seconds(400 * 86_400) }
    }
}

/// How opsctl finds out whether its own machine has a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connectivity {
    /// `host:port` addresses, one of which must accept a connection.
    pub targets: Vec<String>,
    /// How long that may take.
    pub timeout: Span,
}
