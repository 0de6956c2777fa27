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
}
