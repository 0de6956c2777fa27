//! Alerts, retention and what else `opsctl watch` is told, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::AsWritten;
use crate::catalog::union::by_kind;
use crate::ground::Span;

/// A rule that raises an alert; which one of `state`, `latency`, `error_rate`, `certificate` and `heartbeat` it carries
/// says when.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawAlert {
    /// The name of the alert; a runbook with it under `alerts` is suggested.
    pub title: String,
    /// Ids, tags and services of the probes it is about; all when left out.
    #[serde(default)]
    pub probes: Vec<String>,
    /// The probe is in this state.
    pub state: Option<RawAlertState>,
    /// For so many observations in a row (3 when left out); with `state`.
    pub observations: Option<u32>,
    /// Answers are slow.
    pub latency: Option<RawLatency>,
    /// Too many observations are bad.
    pub error_rate: Option<RawErrorRate>,
    /// A certificate ends in less than this.
    pub certificate: Option<Span>,
    /// A heartbeat is `missing`.
    pub heartbeat: Option<RawHeartbeat>,
    /// Observations in a row for which it must not hold before it is resolved (2 when left out).
    pub resolve_after: Option<u32>,
    /// Ids of the channels that are told.
    #[serde(default)]
    pub channels: Vec<String>,
    /// What is done beside telling.
    pub on_alert: Option<RawOnAlert>,
    /// The severity of an incident that it opens (the runbook's, else the mildest, when left out).
    pub severity: Option<String>,
    /// The runbook that helps, when it is not found by the alert's name.
    pub runbook: Option<String>,
}

/// A state that can be alerted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawAlertState {
    /// It is down.
    Down,
    /// It is degraded or down.
    Degraded,
    /// Nobody knows.
    Unknown,
}

/// The only thing that is wrong with a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawHeartbeat {
    /// It has not come, or said that the job failed.
    Missing,
}

/// What an alert does beside telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawOnAlert {
    /// Open an incident, or add to the open one of the same service.
    Incident,
}

/// A limit of the response time, or how it is measured.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawLatency {
    /// The limit.
    Above(Span),
    /// The limit, and how it is measured.
    Full(RawFullLatency),
}

by_kind!(RawLatency, "a duration, or a map with `above`", { text => RawLatency::Above, map => RawLatency::Full });

/// A limit of the response time, and how it is measured.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullLatency {
    /// The limit.
    pub above: Span,
    /// The percentile, 1 to 100 (95 when left out).
    pub percentile: Option<u8>,
    /// Looking back so far (30m when left out).
    pub window: Option<Span>,
}

/// A limit of the share of bad observations.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawErrorRate {
    /// The limit: `1%`.
    #[schemars(with = "AsWritten")]
    pub above: String,
    /// Looking back so far (15m when left out).
    pub window: Option<Span>,
    /// Only with at least so many bad ones (3 when left out).
    pub at_least: Option<u32>,
}

/// How long what was observed is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawRetention {
    /// Single observations (7d when left out).
    pub samples: Option<Span>,
    /// Hours and days added up (400d when left out).
    pub rollups: Option<Span>,
}

/// How opsctl finds out whether its own machine has a network.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawConnectivity {
    /// `host:port` addresses, one of which must accept a connection.
    pub targets: Vec<String>,
    /// How long that may take (3s when left out).
    pub timeout: Option<Span>,
}
