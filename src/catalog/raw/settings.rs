//! Templates, and `opsctl.yaml` with the files it includes, as they are written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{RawAlert, RawChannel, RawConnectivity, RawMaintenance, RawProbe, RawRetention};
use crate::catalog::model::{
    Dashboard, EscalationRoute, IncidentSettings, Objective, Parameter, Severity, StatusPageSettings, Variant,
};

/// A message template.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawTemplate {
    /// The title people see.
    pub title: String,
    /// What it is for.
    pub summary: Option<String>,
    /// Who reads it: customers, team, public.
    pub audience: Option<String>,
    /// What must be known before it can be rendered.
    #[serde(default)]
    pub fields: Vec<Parameter>,
    /// The subject line, for channels that have one.
    pub subject: Option<String>,
    /// The text. Use this or `variants`.
    pub body: Option<String>,
    /// Texts by name. Use this or `body`.
    #[serde(default)]
    pub variants: IndexMap<String, Variant>,
}

/// `opsctl.yaml`, and the files it includes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawWorkspace {
    /// The workspace's title.
    pub title: Option<String>,
    /// More files of this shape, as glob patterns relative to the workspace.
    pub include: Vec<String>,
    /// What is operated, by id.
    pub services: IndexMap<String, RawService>,
    /// Severities by id, the worst first.
    pub severities: IndexMap<String, Severity>,
    /// How incidents are handled.
    pub incident: Option<IncidentSettings>,
    /// What the public status page shows.
    pub status_page: Option<StatusPageSettings>,
    /// Where messages go, by id.
    pub channels: IndexMap<String, RawChannel>,
    /// Whom to hand things to, by id.
    pub escalation: IndexMap<String, EscalationRoute>,
    /// Targets and alert thresholds, by id.
    pub objectives: IndexMap<String, Objective>,
    /// What is watched together, by id.
    pub dashboards: IndexMap<String, Dashboard>,
    /// What about the probes somebody is to be told, by id.
    pub alerts: IndexMap<String, RawAlert>,
    /// How long what was observed is kept.
    pub retention: Option<RawRetention>,
    /// How opsctl finds out whether its own machine has a network.
    pub connectivity: Option<RawConnectivity>,
}

/// What is operated.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawService {
    /// The title people see.
    pub title: String,
    /// What it does.
    pub summary: Option<String>,
    /// Who keeps it running.
    pub owner: Option<String>,
    /// Its probes, by id.
    #[serde(default)]
    pub probes: IndexMap<String, RawProbe>,
    /// When work on it is planned.
    #[serde(default)]
    pub maintenance: Vec<RawMaintenance>,
}
