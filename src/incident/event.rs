//! The facts of an incident, in the past tense. Their JSON is a promise: keys are added, never changed.

use serde::{Deserialize, Serialize};

use crate::ground::{Actor, Time};

/// A fact with its time and actor.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its place in the incident's stream, from 1.
    pub version: u64,
    /// When.
    pub at: Time,
    /// Who.
    pub actor: Actor,
    /// What.
    pub event: IncidentEvent,
}

/// One fact of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Who is affected, and how much.
    ImpactRecorded {
        /// In words.
        text: String,
    },
    /// Somebody wrote something down.
    NoteAdded {
        /// The text.
        text: String,
    },
    /// A run belongs to it.
    RunAttached {
        /// The run's id.
        run: String,
        /// The title of what is walked.
        title: String,
    },
    /// It is over.
    Resolved {
        /// How.
        reason: Option<String>,
    },
}
