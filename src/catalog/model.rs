//! The definitions as the rest of the program sees them: checked and immutable.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::raw::AsWritten;
use super::union::by_kind;
use crate::ground::Span;
use crate::schedule::Schedule;

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

/// One thing in a procedure.
#[derive(Debug, Clone)]
pub struct Step {
    /// Unique in its procedure.
    pub id: String,
    /// The title people see.
    pub title: String,
    /// What to do, in Markdown.
    pub instructions: Option<String>,
    /// Small things to tick.
    pub tasks: Vec<String>,
    /// Pages that help.
    pub links: Vec<Link>,
    /// An expression; the step is skipped when it is false.
    pub when: Option<String>,
    /// The walk counts as good without it.
    pub optional: bool,
    /// What the step may do to the world.
    pub risk: Risk,
    /// How it is tried again.
    pub retry: Retry,
    /// Values to keep from the output.
    pub captures: Vec<Capture>,
    /// What proves that the step worked.
    pub verify: Option<Verify>,
    /// What undoes the step.
    pub rollback: Option<Rollback>,
    /// What happens when the step fails.
    pub on_failure: OnFailure,
    /// Doing it twice is the same as doing it once.
    pub idempotent: bool,
    /// What it is.
    pub kind: StepKind,
}

impl Step {
    /// Whether it may be run again after an interruption without asking.
    pub fn is_repeatable(&self) -> bool {
        self.idempotent || self.risk == Risk::ReadOnly
    }
}

/// What a step is.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// The operator does it and confirms.
    Manual,
    /// A command.
    Run(Box<CommandSpec>),
    /// Probes that must pass; ids, tags or services.
    Probe(Vec<String>),
    /// A decision.
    Choose(Vec<ChoiceOption>),
    /// Another person's consent.
    Approve(Approval),
    /// A duration or a condition.
    Wait(Wait),
    /// A message.
    Send(Send),
    /// Another procedure, in place.
    Use(Use),
    /// A built-in part of incident handling.
    Incident(IncidentPart),
}

/// A command and how it is run.
#[derive(Debug, Clone)]
pub struct CommandSpec {
    /// What is run.
    pub command: Command,
    /// Environment variables; values may be templates.
    pub env: IndexMap<String, String>,
    /// The directory, relative to the workspace.
    pub dir: Option<String>,
    /// How long it may take; none means no limit.
    pub timeout: Option<Span>,
    /// What a good result looks like.
    pub expect: Expect,
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A script for `sh -c`, never a template.
    Shell(String),
    /// A program and its arguments; an argument may be one whole template.
    Argv(Vec<String>),
}

/// What a good result looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// Exit codes that are good.
    pub exit_codes: Vec<i32>,
    /// A regular expression that the output must match.
    pub output: Option<String>,
}

impl Default for Expect {
    fn default() -> Self {
        Self { exit_codes: vec![0], output: None }
    }
}

/// A page that helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What stands there.
    pub title: Option<String>,
    /// Where it stands.
    pub url: String,
}

/// How a step is tried again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// Attempts in all, at least one.
    pub attempts: u32,
    /// The wait before the second attempt.
    pub delay: Span,
    /// By what the wait grows with each attempt.
    pub backoff: f64,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 1, delay: Span::seconds(1), backoff: 1.0 }
    }
}

/// Where a captured value is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureSource {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Both, as they came.
    Output,
}

/// A value to keep from the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The name later steps know it by.
    pub name: String,
    /// Where it is taken from.
    pub from: CaptureSource,
    /// A regular expression; its first group, or all of it, is the value.
    pub pattern: Option<String>,
    /// A JSON pointer, when the output is JSON.
    pub pointer: Option<String>,
}

/// What proves that a step worked.
#[derive(Debug, Clone)]
pub struct Verify {
    /// A command or probes.
    pub check: VerifyCheck,
    /// How long it is tried again until it passes; zero means once.
    pub within: Span,
    /// How long to wait between attempts.
    pub every: Span,
}

/// A command or probes.
#[derive(Debug, Clone)]
pub enum VerifyCheck {
    /// A command.
    Run(Box<CommandSpec>),
    /// Probes by id, tag or service.
    Probe(Vec<String>),
}

/// What undoes a step.
#[derive(Debug, Clone)]
pub struct Rollback {
    /// What it does, for people.
    pub title: Option<String>,
    /// The command.
    pub command: CommandSpec,
}

/// An option of a decision.
#[derive(Debug, Clone)]
pub struct ChoiceOption {
    /// Unique in its decision.
    pub id: String,
    /// What the operator chooses.
    pub title: String,
    /// The steps it leads to.
    pub steps: Vec<Step>,
    /// The step it jumps to.
    pub goto: Option<String>,
}

/// Another person's consent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Approval {
    /// What is to be approved, in words.
    pub prompt: Option<String>,
    /// The people who may; anyone but the starter when empty.
    pub from: Vec<String>,
}

/// A duration or a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// How long.
    For(Span),
    /// Until probes pass.
    Until {
        /// Probes by id, tag or service.
        probes: Vec<String>,
        /// The deadline.
        within: Span,
        /// How long between two looks.
        every: Span,
    },
}

/// A template to its channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// The template's id.
    pub template: String,
    /// Which of its variants.
    pub variant: Option<String>,
    /// Field values; they may be templates.
    pub set: IndexMap<String, String>,
    /// Ids of channels.
    pub to: Vec<String>,
}

/// Another procedure, in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Its id, or `runbook/ID`.
    pub procedure: String,
    /// Parameter values; they may be templates.
    pub with: IndexMap<String, String>,
}

/// A built-in part of incident handling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IncidentPart {
    /// Someone takes the incident: it is acknowledged.
    Acknowledge,
    /// The severity is determined by the criteria.
    Severity,
    /// Who is affected and how much is written down.
    Impact,
    /// A note goes to the timeline.
    Note,
    /// The incident is resolved.
    Resolve,
}

/// What a step may do to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// It only looks.
    ReadOnly,
    /// It changes something that can be changed back.
    Mutating,
    /// It destroys something.
    Destructive,
}

impl Risk {
    /// The word for it, as in the YAML.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Mutating => "mutating",
            Self::Destructive => "destructive",
        }
    }
}

/// What happens when a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// The operator decides.
    #[default]
    Ask,
    /// The run ends as failed.
    Stop,
    /// The walk goes on; the run counts as failed unless the step is optional.
    Continue,
    /// What was done is undone in reverse order, and the run ends as failed.
    Rollback,
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
}

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

/// A check of a service from outside.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Unique in the workspace.
    pub id: String,
    /// The title people see.
    pub title: String,
    /// The service it looks at.
    pub service: String,
    /// How it looks.
    pub target: ProbeTarget,
    /// What a good observation looks like.
    pub conditions: Vec<String>,
    /// How long it may take.
    pub timeout: Span,
    /// Words to find it by.
    pub tags: Vec<String>,
}

/// How a probe looks.
#[derive(Debug, Clone)]
pub enum ProbeTarget {
    /// An HTTP request; `${NAME}` stands for an environment variable.
    Http {
        /// The address.
        url: String,
        /// The method.
        method: String,
        /// Headers.
        headers: IndexMap<String, String>,
        /// The body.
        body: Option<String>,
    },
    /// A command.
    Command(Command),
}

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its key in `opsctl.yaml`.
    pub id: String,
    /// The title people see.
    pub title: String,
    /// Who reads it.
    pub audience: Option<String>,
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
    pub probes: IndexMap<String, Probe>,
    /// Channels by id.
    pub channels: IndexMap<String, Channel>,
    /// Escalation routes by id.
    pub escalation: IndexMap<String, EscalationRoute>,
    /// Objectives by id.
    pub objectives: IndexMap<String, Objective>,
    /// Dashboards by id.
    pub dashboards: IndexMap<String, Dashboard>,
    /// The playbook that is offered when an incident is opened.
    pub incident_process: Option<String>,
}

impl Settings {
    /// The probes that a list of ids, tags and services selects, in the order of the workspace.
    pub fn select_probes<'a>(&'a self, selectors: &[String]) -> Vec<&'a Probe> {
        let matches =
            |probe: &&Probe| selectors.iter().any(|s| probe.id == *s || probe.service == *s || probe.tags.contains(s));
        self.probes.values().filter(matches).collect()
    }
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

    /// A template by id.
    pub fn template(&self, id: &str) -> Option<&Arc<Template>> {
        self.templates.iter().find(|t| t.id == id)
    }
}
