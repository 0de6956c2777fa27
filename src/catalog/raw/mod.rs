//! The YAML as it is written: plain serde types, from which the JSON Schemas are generated.
//!
//! Everything is optional that a kind message can be given for; `lower` turns these into the [`model`](super::model).

mod alert;
mod channel;
mod probe;
mod settings;
mod step;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::model::{Parameter, Requires, Tier};
use super::union::by_kind;

pub use alert::{
    RawAlert, RawAlertState, RawConnectivity, RawErrorRate, RawFullLatency, RawHeartbeat, RawLatency, RawOnAlert,
    RawRetention,
};
pub use channel::{RawChannel, RawEmail, RawRecipient, RawRecipients, RawStatuspage};
pub use probe::{
    RawAuth, RawBasic, RawCompat, RawCondition, RawDns, RawFullGrpc, RawFullPostgres, RawFullPush, RawFullRedis,
    RawFullTcp, RawFullTls, RawFullWebsocket, RawGroup, RawGrpc, RawHttp, RawMaintenance, RawPostgres, RawProbe,
    RawPush, RawRecordType, RawRedis, RawRedisAsk, RawRequest, RawStartTls, RawTcp, RawTls, RawTurn, RawWebsocket,
};
pub use settings::{RawService, RawTemplate, RawWorkspace};
pub use step::{
    RawApprove, RawCapture, RawCaptureSource, RawCommand, RawExpect, RawFullApprove, RawFullOption, RawFullRetry,
    RawFullRollback, RawFullSend, RawFullStep, RawFullUse, RawLink, RawOption, RawProbes, RawProbesWithin, RawRetry,
    RawRollback, RawSend, RawStep, RawTitledLink, RawUse, RawVerify, RawWait, RawWaitUntil,
};

/// In schemas only: text that may look like a number or a boolean, such as a port; it is kept as it is written.
pub(super) struct AsWritten;

/// In schemas only: text that may look like a boolean, such as the commands `true` and `false`.
struct Word;

macro_rules! loose_text {
    ($type:ident, $kinds:tt) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": $kinds })
            }
        }
    };
}

loose_text!(AsWritten, ["string", "number", "boolean"]);
loose_text!(Word, ["string", "boolean"]);

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
