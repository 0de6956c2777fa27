//! How incidents are handled: severities, whom to ask for help, which templates tell what.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ground::Span;

/// How bad an incident is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Severity {
    /// Its title: Critical.
    pub title: String,
    /// What makes it so.
    pub criteria: Vec<String>,
    /// The time within which one responds; `0s` is immediately.
    pub respond_within: Span,
    /// Whether customers are informed.
    #[serde(default)]
    pub inform_customers: bool,
    /// The time within which people outside hear of it for the first time; no limit when left out.
    #[serde(default)]
    pub first_update_within: Option<Span>,
    /// How often they hear of it from then on.
    #[serde(default)]
    pub update_every: Option<Span>,
    /// Whether somebody has to command it; `opsctl` nags until somebody does.
    #[serde(default)]
    pub needs_commander: bool,
    /// The escalation policy that `opsctl watch` follows while nobody has acknowledged it.
    #[serde(default)]
    pub escalate: Option<String>,
}

impl Severity {
    /// The response time in the handbook's words: `Immediate`, `< 1 hour`.
    pub fn response_time(&self) -> String {
        response_time(self.respond_within)
    }
}

/// A response time in the handbook's words: `Immediate`, `< 1 hour`, `< 24 hours`, `< 30 minutes`.
pub fn response_time(span: Span) -> String {
    let seconds = span.0.as_secs();
    let (amount, unit) = match seconds {
        0 => return "Immediate".to_owned(),
        s if s % 3600 == 0 => (s / 3600, "hour"),
        s if s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!("< {amount} {unit}{}", if amount == 1 { "" } else { "s" })
}

/// Whom to hand things to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationRoute {
    /// What is handed over: Technical issues.
    pub topic: String,
    /// To whom: Engineering.
    pub to: String,
    /// Who is asked one after another, while nobody acknowledges; `to` alone when left out.
    #[serde(default)]
    pub levels: Vec<EscalationLevel>,
}

/// One of those who are asked one after another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationLevel {
    /// Who: on-call engineer.
    pub to: String,
    /// How long the level before had, or nobody when it is the first.
    #[serde(default)]
    pub after: Span,
    /// Ids of the channels by which they are asked.
    #[serde(default)]
    pub channels: Vec<String>,
}

impl EscalationRoute {
    /// Those who are asked, one after another; at least one.
    pub fn steps(&self) -> Vec<EscalationLevel> {
        if self.levels.is_empty() {
            return vec![EscalationLevel { to: self.to.clone(), after: Span::default(), channels: Vec::new() }];
        }
        self.levels.clone()
    }
}

/// How incidents are handled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IncidentSettings {
    /// The playbook that is offered when an incident is opened.
    pub process: Option<String>,
    /// The playbook for a security incident.
    pub security_process: Option<String>,
    /// Which template tells which status, by status.
    pub updates: IndexMap<String, UpdateTemplate>,
    /// How the team is reminded of what is still to be done.
    pub reminders: Option<Reminders>,
    /// The severities that need a post-mortem with a preventative action; those with `inform_customers` when left out.
    pub postmortem_for: Option<Vec<String>>,
}

/// What the public status page shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StatusPageSettings {
    /// What the page is called; the workspace's title when left out.
    pub title: Option<String>,
    /// Where it is published: https://status.example.com. Feeds and clients need it.
    pub url: Option<String>,
    /// Ids of the services that it shows, in this order; all of them when left out.
    pub services: Option<Vec<String>>,
}

/// The template that tells a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTemplate {
    /// The template's id.
    pub template: String,
    /// Which of its texts.
    #[serde(default)]
    pub variant: Option<String>,
}

/// How the team is reminded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reminders {
    /// Ids of the channels.
    pub channels: Vec<String>,
    /// How long between two reminders of the same thing; 10m when left out.
    #[serde(default = "ten_minutes")]
    pub every: Span,
    /// How many of the same thing at most; 3 when left out.
    #[serde(default = "three")]
    pub at_most: u32,
}

fn ten_minutes() -> Span {
    Span::seconds(600)
}

const fn three() -> u32 {
    3
}
