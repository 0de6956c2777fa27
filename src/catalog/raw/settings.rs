//! Templates, and `opsctl.yaml` with the files it includes, as they are written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::RawCommand;
use crate::catalog::model::{Dashboard, EscalationRoute, Objective, Parameter, Severity, Variant};
use crate::catalog::union::by_kind;
use crate::ground::Span;

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
    pub incident: Option<RawIncidentSettings>,
    /// Where messages go, by id.
    pub channels: IndexMap<String, RawChannel>,
    /// Whom to hand things to, by id.
    pub escalation: IndexMap<String, EscalationRoute>,
    /// Targets and alert thresholds, by id.
    pub objectives: IndexMap<String, Objective>,
    /// What is watched together, by id.
    pub dashboards: IndexMap<String, Dashboard>,
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
}

/// A check of a service from outside; it carries one of `http` and `command`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawProbe {
    /// The title people see.
    pub title: Option<String>,
    /// An address, or a request; `${NAME}` stands for an environment variable.
    pub http: Option<RawHttp>,
    /// A command whose exit code and output are looked at.
    pub command: Option<RawCommand>,
    /// What a good observation looks like; the status below 400 or the exit code 0 when left out.
    pub conditions: Vec<String>,
    /// How long it may take (10s when left out).
    pub timeout: Option<Span>,
    /// Words to find it by.
    pub tags: Vec<String>,
}

/// An address, or a request.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawHttp {
    /// An address.
    Url(String),
    /// A request.
    Full(RawRequest),
}

by_kind!(RawHttp, "an address, or a map with `url`", { text => RawHttp::Url, map => RawHttp::Full });

/// A request.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRequest {
    /// The address; `${NAME}` stands for an environment variable.
    pub url: String,
    /// The method (GET when left out).
    pub method: Option<String>,
    /// Headers.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// The body.
    pub body: Option<String>,
}

/// How incidents are handled.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawIncidentSettings {
    /// The playbook that is offered when an incident is opened.
    pub process: Option<String>,
}

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawChannel {
    /// The title people see.
    pub title: String,
    /// Who reads it: customers, team, public.
    pub audience: Option<String>,
}
