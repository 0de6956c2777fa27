//! The facts of an incident, in the past tense. Their JSON is a promise: keys are added, never changed.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::role::Role;
use super::status::Status;
use crate::fact;
use crate::ground::{Actor, Time, optional_time_format, time_format};
use crate::message::{Addressee, MessageEvent};

/// The kinds that end an incident, for queries.
pub const ENDS: [&str; 4] = ["resolved", "closed", "canceled", "merged"];

/// The kind that begins an action, for queries.
pub const ACTION_BEGINS: [&str; 1] = ["action_created"];

/// The kinds that end one.
pub const ACTION_ENDS: [&str; 2] = ["action_done", "action_dropped"];

/// The kind that opens one again.
pub const REOPENS: [&str; 1] = ["reopened"];

/// A fact with its time and actor.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its place in the incident's stream, from 1.
    pub version: u64,
    /// When it happened.
    pub at: Time,
    /// When it was written down; later than `at` when somebody told of it afterwards.
    pub recorded_at: Time,
    /// Who.
    pub actor: Actor,
    /// What.
    pub event: IncidentEvent,
}

/// Who may see an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody who reads the journal, and by approved messages the public.
    #[default]
    Normal,
    /// Those who work on it. Nothing of it is public by itself, and reports leave it out.
    Restricted,
}

impl Visibility {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Restricted => "restricted",
        }
    }
}

/// What an action is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// To notice it sooner.
    Detective,
    /// To keep it from happening again.
    Preventative,
    /// To mend what it left.
    Corrective,
}

impl ActionKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Detective, Self::Preventative, Self::Corrective];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Detective => "detective",
            Self::Preventative => "preventative",
            Self::Corrective => "corrective",
        }
    }
}

/// What was to be done by a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Somebody responds.
    Respond,
    /// People outside hear of it for the first time.
    FirstUpdate,
    /// They hear of it again.
    NextUpdate,
}

impl Target {
    /// What it is, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Respond => "response",
            Self::FirstUpdate => "first public update",
            Self::NextUpdate => "next update",
        }
    }
}

/// A file or text that is evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is called.
    pub name: String,
    /// SHA-256 over its bytes, in hexadecimal.
    pub sha256: String,
    /// How many bytes.
    pub bytes: u64,
    /// Whether the journal holds the bytes, as a blob under that hash.
    pub stored: bool,
    /// Where it came from.
    pub source: String,
    /// What it shows.
    pub note: Option<String>,
}

/// One fact of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum IncidentEvent {
    /// Somebody said that there is an incident.
    Declared {
        /// Its title.
        title: String,
        /// Ids of the services it touches.
        services: Vec<String>,
        /// Its severity.
        severity: String,
        /// What is seen.
        seen: Option<String>,
        /// Who may see it.
        #[serde(default)]
        visibility: Visibility,
    },
    /// It was noticed.
    Detected {
        /// By what: an alert, a customer.
        source: Option<String>,
    },
    /// Somebody took it.
    Acknowledged {},
    /// Its severity was found to be another.
    SeverityChanged {
        /// The severity from now on.
        severity: String,
        /// Why.
        reason: Option<String>,
    },
    /// It stands elsewhere.
    StatusChanged {
        /// The status from now on.
        status: Status,
        /// Why.
        reason: Option<String>,
    },
    /// Who is affected, and how much.
    ImpactRecorded {
        /// In words.
        text: String,
    },
    /// A service began to suffer.
    ImpactStarted {
        /// The service.
        service: String,
        /// How much, in the words of status pages: `partial_outage`.
        level: String,
    },
    /// A service suffers no more.
    ImpactEnded {
        /// The service.
        service: String,
    },
    /// Somebody has a role.
    RoleAssigned {
        /// The role.
        role: Role,
        /// Who.
        person: String,
    },
    /// A role went from one to another.
    RoleHandedOver {
        /// The role.
        role: Role,
        /// Who had it.
        from: String,
        /// Who has it.
        person: String,
        /// What the next one has to know.
        note: Option<String>,
    },
    /// Somebody wrote something down.
    NoteAdded {
        /// The text.
        text: String,
    },
    /// Something was decided.
    DecisionMade {
        /// What.
        text: String,
        /// Why.
        reason: Option<String>,
    },
    /// Something is to be done later.
    TodoAdded {
        /// Its id: `t1`.
        todo: String,
        /// What.
        text: String,
    },
    /// A to-do needs no action.
    TodoDropped {
        /// Its id.
        todo: String,
        /// Why.
        reason: String,
    },
    /// Evidence was secured.
    EvidenceAdded(Evidence),
    /// A run belongs to it.
    RunAttached {
        /// The run's id.
        run: String,
        /// The title of what is walked.
        title: String,
    },
    /// Somebody promised the next update.
    NextUpdatePromised {
        /// By when.
        #[serde(with = "time_format")]
        by: Time,
    },
    /// Something was not done in time.
    TargetBreached {
        /// What.
        target: Target,
        /// When it was due.
        #[serde(with = "time_format")]
        due: Time,
    },
    /// The team was reminded of what is still to be done.
    Reminded {
        /// Of what, in words.
        of: String,
        /// The how manieth time.
        count: u32,
    },
    /// Somebody else is to help.
    Escalated {
        /// The policy: engineering.
        policy: String,
        /// The level, from 1.
        level: u32,
        /// Who is asked.
        to: String,
        /// Why.
        reason: Option<String>,
        /// Whether the clock did it and not a person.
        #[serde(default)]
        by_itself: bool,
    },
    /// Something is to be done about the causes.
    ActionCreated {
        /// Its id: `a1`.
        action: String,
        /// What.
        title: String,
        /// What it is to do.
        #[serde(rename = "type")]
        action_kind: ActionKind,
        /// Who does it.
        owner: Option<String>,
        /// By when.
        due: Option<NaiveDate>,
        /// The to-do it came from.
        todo: Option<String>,
    },
    /// An action's owner or date is another.
    ActionChanged {
        /// Its id.
        action: String,
        /// Who does it.
        owner: Option<String>,
        /// By when.
        due: Option<NaiveDate>,
    },
    /// An action is done.
    ActionDone {
        /// Its id.
        action: String,
        /// What came of it.
        note: Option<String>,
    },
    /// An action will not be done.
    ActionDropped {
        /// Its id.
        action: String,
        /// Why.
        reason: String,
    },
    /// It is told in another incident from now on.
    Merged {
        /// Which.
        into: String,
        /// Why.
        reason: Option<String>,
    },
    /// Another incident is told here.
    Absorbed {
        /// Which.
        incident: String,
        /// Its title.
        title: String,
        /// Channels that were told of it, and are to hear that it is over.
        #[serde(default)]
        channels: Vec<Addressee>,
    },
    /// It goes on.
    Reopened {
        /// Why.
        reason: String,
    },
    /// It is over.
    Resolved {
        /// How.
        reason: Option<String>,
        /// Why a channel that was told of it was not told that it is over.
        #[serde(default)]
        untold: Option<String>,
    },
    /// It was none.
    Canceled {
        /// Why.
        reason: String,
        /// Why a channel that was told of it was not told that it was none.
        #[serde(default)]
        untold: Option<String>,
    },
    /// Nothing more is to be done.
    Closed {
        /// Why.
        reason: Option<String>,
    },
    /// The post-mortem was written to a file.
    PostmortemWritten {
        /// Where, relative to the workspace.
        path: String,
        /// SHA-256 over its bytes.
        sha256: String,
    },
    /// An earlier event was told wrongly.
    Corrected {
        /// The event's place in the stream.
        event: u64,
        /// When it really happened.
        #[serde(default, with = "optional_time_format")]
        at: Option<Time>,
        /// What it should have said.
        #[serde(default)]
        text: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// A fact of one of its messages.
    #[serde(skip)]
    Message(MessageEvent),
}

impl IncidentEvent {
    /// Its kind and body, as they are stored.
    pub fn to_parts(&self) -> (String, Value) {
        match self {
            Self::Message(event) => fact::to_parts(event),
            other => fact::to_parts(other),
        }
    }

    /// The fact that a stored kind and body stand for.
    pub fn from_parts(kind: &str, body: &Value) -> Result<Self, String> {
        if kind.starts_with("message_") {
            return fact::from_parts(kind, body).map(Self::Message);
        }
        fact::from_parts(kind, body)
    }
}
