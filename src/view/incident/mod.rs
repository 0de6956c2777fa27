//! Incidents for people and programs.

pub mod action;
mod clock;
pub mod comms;
pub mod export;
pub mod figures;
pub mod metrics;
pub mod postmortem;
mod text;
mod words;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::catalog::model::Severity;
use crate::ground::rfc3339;
use crate::incident::clock::{next_update_due, respond_by};
use crate::incident::duration::{Figure, figure};
use crate::incident::{Incident, Role};

pub use clock::{banner, clocks};
pub use text::{incident_text, incidents_table, respond_line, severity_line, timeline_text, update_line};
pub use words::{incident_words, message_words};

/// An incident for programs. What is not known is null.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct IncidentView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its severity.
    pub severity: String,
    /// triage, investigating, identified, mitigated, resolved, postmortem, closed, canceled or merged.
    pub status: String,
    /// Ids of the services it touches.
    pub services: Vec<String>,
    /// Who may see it: normal or restricted.
    pub visibility: String,
    /// Who leads it.
    pub commander: Option<String>,
    /// When it was declared, RFC 3339 in UTC.
    pub declared_at: String,
    /// When it was detected.
    pub detected_at: Option<String>,
    /// When somebody took it.
    pub acknowledged_at: Option<String>,
    /// When its effects ended.
    pub mitigated_at: Option<String>,
    /// When it was over.
    pub resolved_at: Option<String>,
    /// When somebody has to have responded.
    pub respond_by: Option<String>,
    /// When people are to hear of it next.
    pub next_update_due: Option<String>,
    /// Ids of its runs.
    pub runs: Vec<String>,
    /// How long things took.
    pub durations: DurationsView,
}

/// How long things took, in seconds; null where it is not known.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DurationsView {
    /// Time to detect.
    pub ttd_s: Option<i64>,
    /// Time to acknowledge: from detected, else declared, to acknowledged.
    pub tta_s: Option<i64>,
    /// Time to mitigate.
    pub ttm_s: Option<i64>,
    /// Time to resolve: from the start of the impact, else declared, to resolved.
    pub ttr_s: Option<i64>,
}

/// One line of a timeline.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TimelineView {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What kind of fact.
    pub kind: String,
    /// The fact in words.
    pub text: String,
    /// The fact's data.
    pub data: Value,
}

/// The incident for programs.
pub fn incident_view(incident: &Incident, severity: Option<&Severity>) -> IncidentView {
    let took = |which: Figure| figure(incident, which).map(|took| took.span.num_seconds());
    IncidentView {
        id: incident.id.clone(),
        title: incident.title.clone(),
        severity: incident.severity.clone(),
        status: incident.status.word().to_owned(),
        services: incident.services.clone(),
        visibility: incident.visibility.word().to_owned(),
        commander: incident.role(Role::Commander).map(str::to_owned),
        declared_at: rfc3339(incident.declared_at),
        detected_at: incident.detected_at.map(rfc3339),
        acknowledged_at: incident.acknowledged_at.map(rfc3339),
        mitigated_at: incident.mitigated_at.map(rfc3339),
        resolved_at: incident.resolved_at.map(rfc3339),
        respond_by: respond_by(incident, severity).map(rfc3339),
        next_update_due: next_update_due(incident, severity).map(rfc3339),
        runs: incident.runs.clone(),
        durations: DurationsView {
            ttd_s: took(Figure::Detect),
            tta_s: took(Figure::Acknowledge),
            ttm_s: took(Figure::Mitigate),
            ttr_s: took(Figure::Resolve),
        },
    }
}
