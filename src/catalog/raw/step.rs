//! A step as it is written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{AsWritten, OneOrMany, Word};
use crate::catalog::model::{IncidentPart, OnFailure, Risk};
use crate::catalog::union::by_kind;
use crate::ground::Span;

/// A step: a plain string is a manual step with that title.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawStep {
    /// A manual step with this title.
    Title(String),
    /// A step with keys.
    Full(Box<RawFullStep>),
}

by_kind!(RawStep, "a title or a map of keys", { text => RawStep::Title, map => RawStep::Full });

/// One thing in a procedure; which one of `run`, `probe`, `choose`, `approve`, `wait`, `send`, `use`, `incident` it
/// carries says what it is, and none of them makes it manual.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawFullStep {
    /// A stable id; the title as a slug when left out.
    pub id: Option<String>,
    /// The title people see.
    pub title: Option<String>,
    /// What to do, in Markdown.
    pub instructions: Option<String>,
    /// Small things to tick.
    pub tasks: Vec<String>,
    /// Pages that help.
    pub links: Vec<RawLink>,
    /// An expression; the step is skipped when it is false.
    #[schemars(with = "Option<AsWritten>")]
    pub when: Option<String>,
    /// The walk counts as good without it.
    pub optional: bool,
    /// What the step may do to the world; a command counts as mutating, in a checklist as read-only, unless said.
    pub risk: Option<Risk>,
    /// How long it may take before it is stopped.
    pub timeout: Option<Span>,
    /// How often and how it is tried again.
    pub retry: Option<RawRetry>,
    /// What a good result looks like.
    pub expect: Option<RawExpect>,
    /// Values to keep from the output.
    pub capture: Option<OneOrMany<RawCapture>>,
    /// A probe or command that proves that the step worked.
    pub verify: Option<RawVerify>,
    /// The command that undoes the step.
    pub rollback: Option<RawRollback>,
    /// What happens when the step fails.
    pub on_failure: Option<OnFailure>,
    /// Doing it twice is the same as doing it once.
    pub idempotent: bool,
    /// Environment variables for the command; values may be templates.
    #[schemars(with = "IndexMap<String, AsWritten>")]
    pub env: IndexMap<String, String>,
    /// The directory the command runs in, relative to the workspace.
    pub dir: Option<String>,

    /// A command: a string for the shell, or a list for argv.
    pub run: Option<RawCommand>,
    /// Probes by id, tag or service.
    pub probe: Option<RawProbes>,
    /// A decision between options.
    pub choose: Option<Vec<RawOption>>,
    /// Another person's consent.
    pub approve: Option<RawApprove>,
    /// A duration, or a probe that must pass.
    pub wait: Option<RawWait>,
    /// A template to its channels.
    pub send: Option<RawSend>,
    /// Another procedure, walked in place.
    #[serde(rename = "use")]
    pub use_: Option<RawUse>,
    /// A built-in part of incident handling.
    pub incident: Option<IncidentPart>,
}

/// A command: a string for the shell, or a list for argv.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawCommand {
    /// A script for the shell; it may not contain templates.
    Shell(#[schemars(with = "Word")] String),
    /// A program and its arguments; an argument may be one whole template.
    Argv(#[schemars(with = "Vec<AsWritten>")] Vec<String>),
}

// `true` and `false` are commands, too.
by_kind!(RawCommand, "a command: text for the shell, or a list of arguments", {
    text => RawCommand::Shell, boolean => |word: bool| RawCommand::Shell(word.to_string()), list => RawCommand::Argv,
});

/// A page that helps.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawLink {
    /// An address.
    Url(String),
    /// An address with a title.
    Titled(RawTitledLink),
}

by_kind!(RawLink, "an address, or `title` and `url`", { text => RawLink::Url, map => RawLink::Titled });

/// An address with a title.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawTitledLink {
    /// What stands there.
    pub title: String,
    /// Where it stands.
    pub url: String,
}

/// How often and how a step is tried again.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawRetry {
    /// The number of attempts in all.
    Attempts(u32),
    /// Attempts, delay and backoff.
    Full(RawFullRetry),
}

by_kind!(RawRetry, "the number of attempts, or `attempts`, `delay` and `backoff`", {
    number => RawRetry::Attempts, map => RawRetry::Full,
});

/// Attempts, delay and backoff.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullRetry {
    /// The number of attempts in all.
    pub attempts: u32,
    /// How long to wait before the second attempt (1s when left out).
    pub delay: Option<Span>,
    /// By what the delay grows with each attempt (1 when left out).
    pub backoff: Option<f64>,
}

/// What a good result looks like.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawExpect {
    /// Exit codes that are good (0 when left out).
    pub exit_code: Option<OneOrMany<i32>>,
    /// A regular expression that the output must match.
    pub output: Option<String>,
}

/// A value to keep from the output.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawCapture {
    /// The name later steps know it by.
    pub name: String,
    /// Where it is taken from (stdout when left out).
    pub from: Option<RawCaptureSource>,
    /// A regular expression; its first group, or all of it, is the value.
    pub pattern: Option<String>,
    /// A JSON pointer such as `/items/0/id`, when the output is JSON.
    pub pointer: Option<String>,
}

/// Where a captured value is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawCaptureSource {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Both, as they came.
    Output,
}

/// A probe or command that proves that a step worked.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawVerify {
    /// A command.
    pub run: Option<RawCommand>,
    /// Probes by id, tag or service.
    pub probe: Option<OneOrMany<String>>,
    /// What a good result looks like.
    pub expect: Option<RawExpect>,
    /// How long one attempt may take.
    pub timeout: Option<Span>,
    /// How long it is tried again until it passes.
    pub within: Option<Span>,
    /// How long to wait between attempts.
    pub every: Option<Span>,
}

/// Probes by id, tag or service; as a map, made again until they pass.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawProbes {
    /// A single one.
    One(String),
    /// Several.
    Many(Vec<String>),
    /// Made again until they pass.
    Within(RawProbesWithin),
}

by_kind!(RawProbes, "probes by id, tag or service, or a map with `probes` and `within`", {
    text => RawProbes::One, list => RawProbes::Many, map => RawProbes::Within,
});

/// Probes that are made again until they pass.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawProbesWithin {
    /// Probes by id, tag or service.
    pub probes: OneOrMany<String>,
    /// How long they are made again until they pass.
    pub within: Span,
    /// How long to wait between attempts (5s when left out).
    pub every: Option<Span>,
}

/// The command that undoes a step.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawRollback {
    /// A script for the shell.
    Shell(String),
    /// A program and its arguments.
    Argv(#[schemars(with = "Vec<AsWritten>")] Vec<String>),
    /// A command with its own time limit.
    Full(RawFullRollback),
}

by_kind!(RawRollback, "a command: text, a list of arguments, or a map with `run`", {
    text => RawRollback::Shell, list => RawRollback::Argv, map => RawRollback::Full,
});

/// A command with its own time limit.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullRollback {
    /// The command.
    pub run: RawCommand,
    /// What it does, for people.
    pub title: Option<String>,
    /// How long it may take.
    pub timeout: Option<Span>,
}

/// An option of a decision; a plain string is an option that leads on to the next step.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawOption {
    /// An option that leads on to the next step.
    Title(String),
    /// An option with steps or a jump.
    Full(RawFullOption),
}

by_kind!(RawOption, "a title, or a map with `title`", { text => RawOption::Title, map => RawOption::Full });

/// An option with steps or a jump.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullOption {
    /// A stable id; the title as a slug when left out.
    pub id: Option<String>,
    /// What the operator chooses.
    pub title: String,
    /// The steps it leads to.
    pub steps: Option<Vec<RawStep>>,
    /// The step it jumps to.
    pub goto: Option<String>,
}

/// Another person's consent.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawApprove {
    /// `true`: anyone but the one who started the run.
    Anyone(bool),
    /// What is to be approved, in words.
    Prompt(String),
    /// Who may approve.
    Full(RawFullApprove),
}

by_kind!(RawApprove, "`true`, a prompt, or a map with `prompt` and `from`", {
    boolean => RawApprove::Anyone, text => RawApprove::Prompt, map => RawApprove::Full,
});

/// Who may approve.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawFullApprove {
    /// What is to be approved, in words.
    pub prompt: Option<String>,
    /// The people who may; anyone else but the starter when empty.
    pub from: Vec<String>,
}

/// A duration, or a probe that must pass.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawWait {
    /// How long.
    For(Span),
    /// Until probes pass, with a deadline.
    Until(RawWaitUntil),
}

by_kind!(RawWait, "a duration, or a map with `until`", { text => RawWait::For, map => RawWait::Until });

/// Until probes pass, with a deadline.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawWaitUntil {
    /// Probes by id, tag or service.
    pub until: OneOrMany<String>,
    /// The deadline (5m when left out).
    pub within: Option<Span>,
    /// How long between two looks (5s when left out).
    pub every: Option<Span>,
}

/// A template to its channels.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawSend {
    /// The template's id.
    Template(String),
    /// The template with its variant, fields and channels.
    Full(RawFullSend),
}

by_kind!(RawSend, "a template's id, or a map with `template`", { text => RawSend::Template, map => RawSend::Full });

/// The template with its variant, fields and channels.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullSend {
    /// The template's id.
    pub template: String,
    /// Which of its variants.
    pub variant: Option<String>,
    /// Field values; they may be templates.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, AsWritten>")]
    pub set: IndexMap<String, String>,
    /// Ids of channels.
    #[serde(default)]
    pub to: Vec<String>,
}

/// Another procedure, walked in place.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawUse {
    /// Its id, or `runbook/ID` where two kinds share one.
    Id(String),
    /// Its id with values for its parameters.
    Full(RawFullUse),
}

by_kind!(RawUse, "a procedure's id, or a map with `procedure`", { text => RawUse::Id, map => RawUse::Full });

/// Its id with values for its parameters.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullUse {
    /// Its id, or `runbook/ID` where two kinds share one.
    pub procedure: String,
    /// Parameter values; they may be templates.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, AsWritten>")]
    pub with: IndexMap<String, String>,
}
