//! The facts of a message, in the past tense. They stand in the stream of what the message is about. Their JSON is a
//! promise: keys are added, never changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::event::Walker;

/// A channel that a message is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Addressee {
    /// The channel's id.
    pub channel: String,
    /// Who reads it: customers, public, team; none when nobody said.
    pub audience: Option<String>,
}

impl Addressee {
    /// Whether people outside read it.
    pub fn is_outside(&self) -> bool {
        matches!(self.audience.as_deref(), Some("public" | "customers"))
    }

    /// Whether the team alone reads it. Of a channel without an audience nobody said that.
    pub fn is_inside(&self) -> bool {
        !self.is_outside() && self.audience.is_some()
    }

    /// Whether customers read it, so that the commander has to approve.
    pub fn is_customers(&self) -> bool {
        self.audience.as_deref() == Some("customers")
    }
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tell {
    /// How things stand.
    #[default]
    Update,
    /// That something is still to be done; the team alone hears it.
    Reminder,
    /// That somebody else has to help.
    Escalation,
    /// What was learned.
    Postmortem,
    /// Planned work.
    Maintenance,
}

/// A message as it was drafted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drafted {
    /// Its id in the stream: `m1`.
    pub message: String,
    /// What it is for.
    #[serde(default)]
    pub tell: Tell,
    /// The status that it tells.
    pub status: Option<String>,
    /// The severity when it was drafted.
    pub severity: Option<String>,
    /// The template it was made with; none when it was written freely.
    pub template: Option<String>,
    /// Which of the template's texts.
    pub variant: Option<String>,
    /// Who gets it.
    pub to: Vec<Addressee>,
    /// The subject line.
    pub subject: Option<String>,
    /// The text. `\u{E000}column\u{E001}` stands for a field of the recipient.
    pub text: String,
    /// The values that went in, by field.
    #[serde(default)]
    pub facts: BTreeMap<String, Value>,
    /// The run and step that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

/// One delivery: a channel, and for e-mail one of its recipients.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The channel's id.
    pub channel: String,
    /// The address of a recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}

/// A target with what its text needs to know of the recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// Where it goes.
    #[serde(flatten)]
    pub target: Target,
    /// The recipient's fields that stand in the text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

/// One fact of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum MessageEvent {
    /// Its text stands.
    MessageDrafted(Drafted),
    /// Somebody may be told this.
    MessageApproved {
        /// The message.
        message: String,
        /// On what grounds: `commander`, `said so`, `not needed`.
        grounds: String,
    },
    /// It waits for its deliveries.
    MessageQueued {
        /// The message.
        message: String,
        /// Its deliveries.
        targets: Vec<Queued>,
        /// The process that queued it, and sends it as long as it is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Walker>,
    },
    /// A delivery begins. Without an outcome it may have arrived or not.
    MessageAttempted {
        /// The message.
        message: String,
        /// The delivery.
        #[serde(flatten)]
        target: Target,
        /// Which attempt, from 1.
        attempt: u32,
        /// The process that tries.
        pid: u32,
        /// The machine it runs on.
        host: String,
    },
    /// A delivery arrived.
    MessageSent {
        /// The message.
        message: String,
        /// The delivery.
        #[serde(flatten)]
        target: Target,
        /// The receipt in words.
        how: String,
        /// The id that the channel gave it.
        remote: Option<String>,
        /// Whether somebody copies it by hand.
        #[serde(default)]
        by_hand: bool,
    },
    /// A delivery did not arrive, as far as is known.
    MessageFailed {
        /// The message.
        message: String,
        /// The delivery.
        #[serde(flatten)]
        target: Target,
        /// Why.
        reason: String,
        /// Whether it is tried again by itself.
        again: bool,
        /// Whether it may have arrived all the same.
        #[serde(default)]
        uncertain: bool,
        /// Not before so many seconds have passed.
        after_s: Option<u64>,
        /// Which attempt failed; none where nothing was tried.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
    },
    /// Somebody wants a delivery tried again that was given up or is uncertain.
    MessageRetried {
        /// The message.
        message: String,
        /// The delivery.
        #[serde(flatten)]
        target: Target,
        /// The attempt under way that nobody waits for any more; none where nothing is under way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
    },
    /// Somebody gave up what had not arrived; all of the message, or one channel.
    MessageDropped {
        /// The message.
        message: String,
        /// The channel; all of them when left out.
        channel: Option<String>,
        /// Why.
        reason: String,
    },
}

impl MessageEvent {
    /// The message that it is about.
    pub fn message(&self) -> &str {
        match self {
            Self::MessageDrafted(drafted) => &drafted.message,
            Self::MessageApproved { message, .. }
            | Self::MessageQueued { message, .. }
            | Self::MessageAttempted { message, .. }
            | Self::MessageSent { message, .. }
            | Self::MessageFailed { message, .. }
            | Self::MessageRetried { message, .. }
            | Self::MessageDropped { message, .. } => message,
        }
    }
}
