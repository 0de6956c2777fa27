//! The YAML as it is written: plain serde types, from which the JSON Schemas are generated.
//!
//! Everything is optional that a kind message can be given for; `lower` turns these into the [`model`](super::model).

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::model::{
    Dashboard, EscalationRoute, IncidentPart, Objective, OnFailure, Parameter, Requires, Risk, Severity, Tier, Variant,
};
use super::union::by_kind;
use crate::ground::Span;

/// In schemas only: text that may look like a number or a boolean, such as a port; it is kept as it is written.
pub(super) struct AsWritten;

impl JsonSchema for AsWritten {
    fn schema_name() -> Cow<'static, str> {
        "AsWritten".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

/// One value or a list of them.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum OneOrMany<T> {
    /// A single value.
    One(T),
    /// A list.
    Many(Vec<T>),
}

by_kind!(OneOrMany<T>, "a single value or a list", {
    text => Self::Value::One, number => Self::Value::One, map => Self::Value::One, list => Self::Value::Many,
});

impl<T> OneOrMany<T> {
    /// The values in order.
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// What can be walked: a runbook, a checklist or a playbook.
///
/// One type serves all three; the keys that belong to one kind only are named in [`KEYS_OF_ONE_KIND`].
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawProcedure {
    /// The title people see.
    pub title: String,
    /// One or two sentences on what it is for.
    pub summary: Option<String>,
    /// Who keeps it true.
    pub owner: Option<String>,
    /// The services it is about.
    #[serde(default)]
    pub services: Vec<String>,
    /// The severity such a problem usually has.
    pub severity: Option<String>,
    /// Names of alerts that lead here.
    #[serde(default)]
    pub alerts: Vec<String>,
    /// What is asked before the walk starts.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Tools and environment variables that must be there.
    #[serde(default)]
    pub requires: Requires,
    /// Environment variables whose values must never be shown or stored.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// The steps, in order. Use this or `phases`.
    pub steps: Option<Vec<RawStep>>,
    /// The steps in titled groups. Use this or `steps`.
    pub phases: Option<Vec<RawPhase>>,
    /// Ids of related procedures.
    #[serde(default)]
    pub related: Vec<String>,
    /// Runbooks: what is seen when this runbook helps.
    #[serde(default)]
    pub symptoms: Vec<String>,
    /// Runbooks: what keeps it from happening again.
    #[serde(default)]
    pub prevention: Vec<String>,
    /// Checklists: when it is to be done.
    pub schedule: Option<RawSchedule>,
    /// Checklists: the local time of day by which it is to be done, as HH:MM.
    pub due: Option<String>,
    /// Playbooks: what it covers.
    pub purpose: Option<String>,
    /// Playbooks: what must be there before it starts.
    #[serde(default)]
    pub prerequisites: Vec<String>,
    /// Playbooks: how one knows that it worked.
    #[serde(default)]
    pub success_criteria: Vec<String>,
    /// Playbooks: what shows that it is needed.
    #[serde(default)]
    pub signals: Vec<String>,
    /// Playbooks: levels of service with their response times.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    /// Playbooks: ids of escalation routes.
    #[serde(default)]
    pub escalation: Vec<String>,
}

/// Keys of a procedure that only one kind has: (key, kind).
pub const KEYS_OF_ONE_KIND: [(&str, &str); 10] = [
    ("symptoms", "runbook"),
    ("prevention", "runbook"),
    ("schedule", "checklist"),
    ("due", "checklist"),
    ("purpose", "playbook"),
    ("prerequisites", "playbook"),
    ("success_criteria", "playbook"),
    ("signals", "playbook"),
    ("tiers", "playbook"),
    ("escalation", "playbook"),
];

/// A titled group of steps.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPhase {
    /// The phase's title.
    pub title: String,
    /// Its steps, in order.
    pub steps: Vec<RawStep>,
}

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
    /// What the step may do to the world.
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
    pub probe: Option<OneOrMany<String>>,
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
    Shell(#[schemars(with = "AsWritten")] String),
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

/// When a checklist is to be done.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RawSchedule {
    /// `daily`, `weekdays`, `weekly`, `monthly` or a weekday's name.
    Word(String),
    /// Every day, week or month, on some of its days.
    Full(RawFullSchedule),
}

by_kind!(RawSchedule, "a word such as `daily`, or a map with `every`", {
    text => RawSchedule::Word, map => RawSchedule::Full,
});

/// Every day, week or month, on some of its days.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFullSchedule {
    /// The period: one run a day, a week or a month.
    pub every: RawPeriod,
    /// Weekday names (day, week) or days of the month (month).
    #[serde(default)]
    pub on: Vec<RawDay>,
    /// Monthly: the first or the last week of the month.
    pub week: Option<RawWeek>,
    /// Monthly: only in these months, 1 to 12.
    #[serde(default)]
    pub months: Vec<u32>,
}

/// The period of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawPeriod {
    /// One run a day.
    Day,
    /// One run a week.
    Week,
    /// One run a month.
    Month,
}

/// A weekday's name or a day of the month.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum RawDay {
    /// A day of the month, 1 to 31.
    Date(u32),
    /// A weekday's name.
    Weekday(String),
}

by_kind!(RawDay, "a weekday, or a day of the month", { number => RawDay::Date, text => RawDay::Weekday });

/// The first or the last week of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawWeek {
    /// Days 1 to 7.
    First,
    /// The last seven days.
    Last,
}

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
