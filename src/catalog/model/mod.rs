//! The definitions as the rest of the program sees them: checked and immutable.

mod alert;
mod channel;
mod incident;
mod probe;
mod settings;
mod step;

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::raw::AsWritten;
use crate::ground::Span;
use crate::schedule::Schedule;

pub use alert::{AlertRule, AlertState, AlertWhen, Connectivity, Retention};
pub use channel::{
    Channel, Delivery, Email, Recipient, Recipients, Repeat, Statuspage, Webhook, is_mail_address, mailbox,
};
pub use incident::{
    EscalationLevel, EscalationRoute, IncidentSettings, Reminders, Severity, StatusPageSettings, UpdateTemplate,
    response_time,
};
pub use probe::{
    Client, DnsTarget, Expectation, HttpAuth, HttpTarget, HttpVersion, MaintenanceWindow, Probe, ProbeTarget,
    RecordType, RedisAsk, StartTls, TcpTarget, Turn,
};
pub use settings::{Dashboard, FullVariant, Objective, Service, Settings, Template, TemplateText, Variant};
pub use step::{
    Approval, Capture, CaptureSource, ChoiceOption, Command, CommandSpec, Expect, IncidentPart, Link, OnFailure,
    Probing, Retry, Risk, Rollback, Send, Step, StepKind, Use, Verify, VerifyCheck, Wait,
};

/// The three kinds of procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProcedureKind {
    /// A run per execution, steps in order.
    Runbook,
    /// A run per period, steps in any order.
    Checklist,
    /// A run per subject.
    Playbook,
}

impl ProcedureKind {
    /// All kinds, in the order they are listed.
    pub const ALL: [Self; 3] = [Self::Runbook, Self::Checklist, Self::Playbook];

    /// The word for it: `runbook`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Runbook => "runbook",
            Self::Checklist => "checklist",
            Self::Playbook => "playbook",
        }
    }

    /// The folder its definitions lie in: `runbooks`.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Runbook => "runbooks",
            Self::Checklist => "checklists",
            Self::Playbook => "playbooks",
        }
    }
}

impl fmt::Display for ProcedureKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// Where a definition's text came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path relative to the workspace, with `/`: `runbooks/db-connection.yaml`.
    pub path: String,
    /// The text itself.
    pub text: Arc<str>,
}

/// What can be walked.
#[derive(Debug, Clone)]
pub struct Procedure {
    /// Which of the three it is.
    pub kind: ProcedureKind,
    /// The file's stem.
    pub id: String,
    /// The title people see.
    pub title: String,
    /// What it is for.
    pub summary: Option<String>,
    /// Who keeps it true.
    pub owner: Option<String>,
    /// Ids of the services it is about.
    pub services: Vec<String>,
    /// The severity such a problem usually has.
    pub severity: Option<String>,
    /// Names of alerts that lead here.
    pub alerts: Vec<String>,
    /// What is asked before the walk starts.
    pub parameters: Vec<Parameter>,
    /// Tools and environment variables that must be there.
    pub requires: Requires,
    /// Environment variables whose values must never be shown or stored.
    pub secrets: Vec<String>,
    /// The steps in groups; one group without a title when the file has `steps`.
    pub phases: Vec<Phase>,
    /// Ids of related procedures.
    pub related: Vec<String>,
    /// Runbooks: what is seen when this helps.
    pub symptoms: Vec<String>,
    /// Runbooks: what keeps it from happening again.
    pub prevention: Vec<String>,
    /// Checklists: when it is to be done.
    pub schedule: Option<Schedule>,
    /// Playbooks: what it covers.
    pub purpose: Option<String>,
    /// Playbooks: what must be there before it starts.
    pub prerequisites: Vec<String>,
    /// Playbooks: how one knows that it worked.
    pub success_criteria: Vec<String>,
    /// Playbooks: what shows that it is needed.
    pub signals: Vec<String>,
    /// Playbooks: levels of service with their response times.
    pub tiers: Vec<Tier>,
    /// Playbooks: ids of escalation routes.
    pub escalation: Vec<String>,
    /// The file it was read from.
    pub source: Source,
}

impl Procedure {
    /// Every step of its own, options' steps included, in the order they are written.
    pub fn all_steps(&self) -> Vec<&Step> {
        let mut all = Vec::new();
        for phase in &self.phases {
            collect(&phase.steps, &mut all);
        }
        all
    }

    /// The reference that names it without doubt: `runbook/db-connection`.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }
}

fn collect<'a>(steps: &'a [Step], all: &mut Vec<&'a Step>) {
    for step in steps {
        all.push(step);
        if let StepKind::Choose(options) = &step.kind {
            for option in options {
                collect(&option.steps, all);
            }
        }
    }
}

/// A group of steps.
#[derive(Debug, Clone)]
pub struct Phase {
    /// Its title; none for a plain list of steps.
    pub title: Option<String>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// Something asked for by name: a procedure's parameter or a template's field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parameter {
    /// A name of letters, digits and `_`.
    pub name: String,
    /// The question.
    pub prompt: Option<String>,
    /// The value when nothing is said; it may be a template.
    #[schemars(with = "Option<AsWritten>")]
    pub default: Option<String>,
    /// The only values allowed.
    #[schemars(with = "Vec<AsWritten>")]
    pub values: Vec<String>,
    /// A regular expression that the whole value must match.
    pub pattern: Option<String>,
    /// Whether an empty value is refused (true when left out).
    pub required: Option<bool>,
    /// Whether it must never be shown or stored.
    pub secret: bool,
}

impl Parameter {
    /// Whether an empty value is refused.
    pub fn is_required(&self) -> bool {
        self.required.unwrap_or(true)
    }

    /// The question, or the name when there is none.
    pub fn question(&self) -> &str {
        self.prompt.as_deref().unwrap_or(&self.name)
    }
}

/// Tools and environment variables that must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Requires {
    /// Programs that must be found on the PATH.
    pub tools: Vec<String>,
    /// Environment variables that must be set.
    pub env: Vec<String>,
}

/// A level of service with its response time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Its title.
    pub title: String,
    /// The time within which one answers.
    pub respond_within: Option<Span>,
    /// What belongs here.
    #[serde(default)]
    pub covers: Vec<String>,
}

/// Every definition of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Runbooks, checklists and playbooks, sorted by kind and id.
    pub procedures: Vec<Arc<Procedure>>,
    /// Templates, sorted by id.
    pub templates: Vec<Arc<Template>>,
    /// The rest.
    pub settings: Settings,
}

impl Catalog {
    /// A procedure by kind and id.
    pub fn procedure(&self, kind: ProcedureKind, id: &str) -> Option<&Arc<Procedure>> {
        self.procedures.iter().find(|p| p.kind == kind && p.id == id)
    }

    /// A procedure by a reference as `use:` and `related:` write it: `runbook/ID`, or an id that only one kind has.
    pub fn resolve(&self, reference: &str) -> Option<&Arc<Procedure>> {
        if let Some((kind, id)) = reference.split_once('/') {
            let kind = ProcedureKind::ALL.into_iter().find(|k| k.word() == kind)?;
            return self.procedure(kind, id);
        }
        let mut found = self.procedures.iter().filter(|p| p.id == reference);
        match (found.next(), found.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        }
    }

    /// The procedures of one kind.
    pub fn of_kind(&self, kind: ProcedureKind) -> impl Iterator<Item = &Arc<Procedure>> {
        self.procedures.iter().filter(move |p| p.kind == kind)
    }

    /// Environment variables that some procedure declares secret.
    pub fn secret_env(&self) -> impl Iterator<Item = &str> {
        self.procedures.iter().flat_map(|procedure| procedure.secrets.iter().map(String::as_str))
    }

    /// A template by id.
    pub fn template(&self, id: &str) -> Option<&Arc<Template>> {
        self.templates.iter().find(|t| t.id == id)
    }
}
