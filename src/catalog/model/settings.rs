//! What is shared by all procedures: severities, services, probes, templates, channels, objectives.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AlertRule, Channel, Connectivity, EscalationRoute, IncidentSettings, Parameter, Probe, Retention, Severity, Source,
    StatusPageSettings,
};
use crate::catalog::union::by_kind;

/// A target with its alert threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Its title: Availability.
    pub title: String,
    /// Whose it is: operational or customer.
    pub group: Option<String>,
    /// The target: `99.9% uptime`.
    pub target: String,
    /// How it is measured.
    pub measurement: String,
    /// When to alert: `< 99.5%`.
    pub alert: String,
}

impl Objective {
    /// The share of the time that something has to be available, from 0 to 1: of `99.9% uptime`.
    pub fn uptime(&self) -> Option<f64> {
        let (number, rest) = self.target.split_once('%')?;
        let percent: f64 = number.trim().parse().ok()?;
        (rest.trim().eq_ignore_ascii_case("uptime") && (0.0..=100.0).contains(&percent)).then_some(percent / 100.0)
    }
}

/// What is watched together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// Its title.
    pub title: String,
    /// What it shows.
    pub metrics: Vec<String>,
    /// What raises an alert.
    #[serde(default)]
    pub alerts: Vec<String>,
    /// How it is drawn.
    #[serde(default)]
    pub visualizations: Vec<String>,
}

/// One text of a template: the body alone, or subject and body.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum Variant {
    /// The text.
    Body(String),
    /// Subject and text.
    Full(FullVariant),
}

by_kind!(Variant, "a text, or a map with `body`", { text => Variant::Body, map => Variant::Full });

/// Subject and text.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FullVariant {
    /// What this variant is for.
    pub title: Option<String>,
    /// The subject line.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
}

/// A message template.
#[derive(Debug, Clone)]
pub struct Template {
    /// The file's stem.
    pub id: String,
    /// The title people see.
    pub title: String,
    /// What it is for.
    pub summary: Option<String>,
    /// Who reads it.
    pub audience: Option<String>,
    /// What must be known before it can be rendered.
    pub fields: Vec<Parameter>,
    /// Its texts by name; one with the empty name when the file has `body`.
    pub variants: IndexMap<String, TemplateText>,
    /// The file it was read from.
    pub source: Source,
}

/// One text of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateText {
    /// What it is for.
    pub title: Option<String>,
    /// The subject line.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
}

/// What is operated.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its key in `opsctl.yaml`.
    pub id: String,
    /// The title people see.
    pub title: String,
    /// What it does.
    pub summary: Option<String>,
    /// Who keeps it running.
    pub owner: Option<String>,
}

/// Everything in `opsctl.yaml` and the files it includes.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The workspace's title.
    pub title: Option<String>,
    /// Severities, the worst first.
    pub severities: IndexMap<String, Severity>,
    /// Services by id.
    pub services: IndexMap<String, Service>,
    /// Probes by id.
    pub probes: IndexMap<String, Arc<Probe>>,
    /// Channels by id.
    pub channels: IndexMap<String, Channel>,
    /// Escalation routes by id.
    pub escalation: IndexMap<String, EscalationRoute>,
    /// Objectives by id.
    pub objectives: IndexMap<String, Objective>,
    /// Dashboards by id.
    pub dashboards: IndexMap<String, Dashboard>,
    /// Alert rules by id.
    pub alerts: IndexMap<String, AlertRule>,
    /// How long what was observed is kept.
    pub retention: Retention,
    /// How opsctl finds out whether its own machine has a network.
    pub connectivity: Option<Connectivity>,
    /// How incidents are handled.
    pub incident: IncidentSettings,
    /// What the public status page shows.
    pub status_page: StatusPageSettings,
}

impl Settings {
    /// All probes, in the order of the workspace.
    pub fn all_probes(&self) -> impl Iterator<Item = &Probe> {
        self.probes.values().map(AsRef::as_ref)
    }

    /// The probes that a list of ids, tags and services selects, in the order of the workspace.
    pub fn select_probes<'a>(&'a self, selectors: &[String]) -> Vec<&'a Probe> {
        self.all_probes().filter(|probe| selectors.iter().any(|selector| probe.is_called(selector))).collect()
    }
    /// The probes that an alert rule looks at.
    pub fn probes_under<'a>(&'a self, rule: &AlertRule) -> impl Iterator<Item = &'a Probe> + use<'a> {
        let rule = rule.clone();
        self.all_probes().filter(move |probe| rule.looks_at(probe))
    }

    /// These probes, and all that they depend on, each once.
    pub fn with_dependencies<'a>(&'a self, probes: &[&'a Probe]) -> Vec<&'a Probe> {
        let mut all: Vec<&Probe> = probes.to_vec();
        let mut known: HashSet<&str> = all.iter().map(|probe| probe.id.as_str()).collect();
        let mut next = 0;
        while let Some(probe) = all.get(next).copied() {
            let needed = probe.depends_on.iter().filter_map(|id| self.probes.get(id));
            all.extend(needed.map(AsRef::as_ref).filter(|found| known.insert(&found.id)));
            next += 1;
        }
        all
    }

    /// Like [`Settings::select_probes`], but all of them when nothing is selected.
    pub fn probes_of<'a>(&'a self, selectors: &[String]) -> Vec<&'a Probe> {
        if selectors.is_empty() { self.all_probes().collect() } else { self.select_probes(selectors) }
    }
}
