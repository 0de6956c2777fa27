//! Where an incident stands: what folding its events gives, and what may be said about it next.

use serde_json::{Value, json};

use crate::catalog::model::Severity;
use crate::ground::{Actor, Time, rfc3339};
use crate::incident::event::{IncidentEvent, Recorded};

/// Where an incident stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Its id: `INC-7`.
    pub id: String,
    /// How many events have been applied.
    pub version: u64,
    /// Its title.
    pub title: String,
    /// Ids of the services it touches.
    pub services: Vec<String>,
    /// Its severity.
    pub severity: String,
    /// What is seen.
    pub seen: Option<String>,
    /// Who is affected, and how much.
    pub impact: Option<String>,
    /// Its status.
    pub status: Status,
    /// Who declared it.
    pub declared_by: Actor,
    /// When it was declared.
    pub declared_at: Time,
    /// When somebody took it.
    pub acknowledged_at: Option<Time>,
    /// When it was over.
    pub resolved_at: Option<Time>,
    /// How it was resolved.
    pub resolution: Option<String>,
    /// Ids of the runs that belong to it.
    pub runs: Vec<String>,
    /// The time of the last event.
    pub last_at: Time,
}

/// An incident's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Declared, and nobody has taken it.
    Triage,
    /// Somebody is at it.
    Investigating,
    /// It is over.
    Resolved,
}

impl Status {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Investigating => "investigating",
            Self::Resolved => "resolved",
        }
    }
}

impl Incident {
    /// The incident that a first event begins; none when it is not one.
    pub fn begin(id: &str, recorded: &Recorded) -> Option<Self> {
        let IncidentEvent::Declared { title, services, severity, seen } = &recorded.event else { return None };
        Some(Self {
            id: id.to_owned(),
            version: recorded.version,
            title: title.clone(),
            services: services.clone(),
            severity: severity.clone(),
            seen: seen.clone(),
            impact: None,
            status: Status::Triage,
            declared_by: recorded.actor.clone(),
            declared_at: recorded.at,
            acknowledged_at: None,
            resolved_at: None,
            resolution: None,
            runs: Vec::new(),
            last_at: recorded.at,
        })
    }

    /// Applies a further event.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.version = recorded.version;
        self.last_at = recorded.at;
        match &recorded.event {
            IncidentEvent::Declared { .. } | IncidentEvent::NoteAdded { .. } => {}
            IncidentEvent::Acknowledged {} => {
                self.acknowledged_at.get_or_insert(recorded.at);
                self.status = Status::Investigating;
            }
            IncidentEvent::SeverityChanged { severity, .. } => self.severity.clone_from(severity),
            IncidentEvent::ImpactRecorded { text } => self.impact = Some(text.clone()),
            IncidentEvent::RunAttached { run, .. } => {
                if !self.runs.contains(run) {
                    self.runs.push(run.clone());
                }
            }
            IncidentEvent::Resolved { reason } => {
                self.status = Status::Resolved;
                self.resolved_at = Some(recorded.at);
                self.resolution.clone_from(reason);
            }
        }
    }

    /// Whether it is still going on.
    pub fn is_open(&self) -> bool {
        self.status != Status::Resolved
    }

    /// Whether an event may follow here; the error says why not.
    pub fn allows(&self, event: &IncidentEvent) -> Result<(), String> {
        match event {
            IncidentEvent::Declared { .. } => Err(format!("{} is declared already", self.id)),
            IncidentEvent::NoteAdded { .. } | IncidentEvent::RunAttached { .. } => Ok(()),
            IncidentEvent::SeverityChanged { severity, .. } if *severity == self.severity => {
                Err(format!("{} is {severity} already", self.id))
            }
            IncidentEvent::Acknowledged {} if self.acknowledged_at.is_some() => {
                Err(format!("{} is acknowledged already", self.id))
            }
            _ if !self.is_open() => Err(format!("{} is resolved", self.id)),
            _ => Ok(()),
        }
    }

    /// When somebody has to have responded; none for a severity the workspace does not know.
    pub fn respond_by(&self, severity: Option<&Severity>) -> Option<Time> {
        severity.and_then(|severity| self.declared_at.checked_add_signed(severity.respond_within.delta()))
    }

    /// What templates and conditions see. What is not known yet is not there, so that it is asked for.
    pub fn facts(&self) -> Value {
        let mut facts = json!({
            "id": self.id,
            "title": self.title,
            "severity": self.severity,
            "status": self.status.word(),
            "services": self.services,
            "service": self.services.first(),
            "seen": self.seen,
            "impact": self.impact,
            "declared_at": rfc3339(self.declared_at),
            "acknowledged_at": self.acknowledged_at.map(rfc3339),
            "resolved_at": self.resolved_at.map(rfc3339),
            "resolution": self.resolution,
            "duration_minutes": self.resolved_at.map(|at| (at - self.declared_at).num_minutes()),
        });
        if let Value::Object(facts) = &mut facts {
            facts.retain(|_, value| !value.is_null());
        }
        facts
    }
}
