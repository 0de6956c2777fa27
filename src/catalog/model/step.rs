//! A step, and the parts it may have.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ground::Span;

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

/// Probes that a step makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probing {
    /// By id, tag or service.
    pub probes: Vec<String>,
    /// How long they are made again until they pass; once when zero.
    pub within: Span,
    /// How long to wait between attempts.
    pub every: Span,
}

/// What a step is.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// The operator does it and confirms.
    Manual,
    /// A command.
    Run(Box<CommandSpec>),
    /// Probes that must pass; ids, tags or services.
    Probe(Probing),
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
