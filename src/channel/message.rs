//! What is told.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ground::{Time, time_format};

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// An alert has begun.
    AlertFired,
    /// An alert is over.
    AlertResolved,
    /// An incident has begun, or there is news of it.
    IncidentUpdate,
    /// Work is planned, or there is news of it.
    Maintenance,
    /// Something is due.
    Reminder,
    /// Somebody is asked to take something over.
    Escalation,
    /// What was learned from an incident.
    Postmortem,
}

/// A message. As JSON it is what webhooks, commands and files get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The same whenever this message is sent again, and no other message's: visible ASCII.
    pub id: String,
    /// What it is about.
    pub kind: MessageKind,
    /// One line.
    pub title: String,
    /// All that a person needs to read.
    pub text: String,
    /// When it happened.
    #[serde(with = "time_format")]
    pub at: Time,
    /// The same for programs.
    pub data: Value,
    /// What it continues, for channels that keep things together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Thread>,
}

/// The incident or maintenance that a message belongs to, in the words of status pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its id: `INC-7` or `MNT-2`.
    pub incident: String,
    /// What it is called.
    pub name: String,
    /// Of an incident `investigating`, `identified`, `monitoring`, `resolved` or `postmortem`; of maintenance
    /// `scheduled`, `in_progress`, `verifying` or `completed`.
    pub status: String,
    /// `none`, `minor`, `major` or `critical`.
    pub impact: String,
    /// Services with how they are: `operational`, `under_maintenance`, `degraded_performance`, `partial_outage` or
    /// `major_outage`.
    pub components: Vec<(String, String)>,
    /// The id that the channel gave it earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
}
