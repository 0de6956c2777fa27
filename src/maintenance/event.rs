//! The facts of planned work, in the past tense. Their JSON is a promise: keys are added, never changed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fact;
use crate::ground::{Actor, Time, time_format};
use crate::message::MessageEvent;

/// The kinds that end planned work, for queries.
pub const ENDS: [&str; 2] = ["maintenance_finished", "maintenance_canceled"];

/// A fact with its time and actor.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its place in the stream, from 1.
    pub version: u64,
    /// When it happened.
    pub at: Time,
    /// When it was written down; later than `at` when somebody told of it afterwards.
    pub recorded_at: Time,
    /// Who.
    pub actor: Actor,
    /// What.
    pub event: MaintenanceEvent,
}

/// One fact of planned work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum MaintenanceEvent {
    /// Work is planned.
    MaintenancePlanned {
        /// What is done.
        title: String,
        /// Ids of the services that it touches.
        services: Vec<String>,
        /// When it is to begin.
        #[serde(with = "time_format")]
        from: Time,
        /// When it is to be over.
        #[serde(with = "time_format")]
        until: Time,
        /// More about it, for those who are told.
        text: Option<String>,
    },
    /// It takes place at another time.
    MaintenanceChanged {
        /// When it is to begin.
        #[serde(with = "time_format")]
        from: Time,
        /// When it is to be over.
        #[serde(with = "time_format")]
        until: Time,
        /// Why.
        reason: Option<String>,
    },
    /// The work has begun.
    MaintenanceStarted {},
    /// The work is done, and somebody looks whether everything works.
    MaintenanceVerifying {},
    /// It is over.
    MaintenanceFinished {
        /// What came of it.
        note: Option<String>,
    },
    /// It does not take place.
    MaintenanceCanceled {
        /// Why.
        reason: String,
    },
    /// Somebody wrote something down.
    NoteAdded {
        /// The text.
        text: String,
    },
    /// A fact of one of its messages.
    #[serde(skip)]
    Message(MessageEvent),
}

impl MaintenanceEvent {
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
