//! A message as it leaves the house.

use super::{Message, NotDelivered};
use crate::redact::Redactor;

/// A message in JSON, on one line, without secrets.
pub(super) struct Letter {
    /// The message's id.
    pub id: String,
    /// The message.
    pub json: String,
}

impl Letter {
    /// The letter of a message.
    pub fn of(message: &Message, redactor: &Redactor) -> Result<Self, NotDelivered> {
        let mut shown =
            Message { title: redactor.text(&message.title), text: redactor.text(&message.text), ..message.clone() };
        redactor.json(&mut shown.data);
        let json = serde_json::to_string(&shown)
            .map_err(|error| NotDelivered::finally(format!("the message cannot be written as JSON: {error}")))?;
        Ok(Self { id: shown.id, json })
    }
}
