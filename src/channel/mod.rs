//! A message in, a receipt out: how alerts reach people.
//!
//! A channel tries once; who asked decides whether and when to try again. Whoever receives a message twice can tell by
//! its id.

mod address;
mod client;
mod command;
mod excerpt;
mod file;
mod letter;
mod message;
mod receipt;
mod retry_after;
mod webhook;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::catalog::model::{Channel, Delivery};
use crate::ground::{Clock, Span};
use crate::probe::system_roots;
use crate::redact::Redactor;

pub use message::{Message, MessageKind};
pub use receipt::{NotDelivered, Receipt};

use letter::Letter;

/// How long a delivery may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// To a webhook or a file.
    usual: Span,
    /// By a command.
    command: Span,
}

const PATIENCE: Patience = Patience { usual: Span::seconds(10), command: Span::seconds(30) };

/// Brings messages to channels.
pub struct Courier<'a> {
    vars: &'a BTreeMap<String, String>,
    dir: PathBuf,
    clock: &'a dyn Clock,
    redactor: Redactor,
    patience: Patience,
    /// Made for the first webhook; the error says why there is none.
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl<'a> Courier<'a> {
    /// A courier with the environment `vars`; commands run in `dir`, and files are relative to it. Nothing that
    /// `redactor` hides leaves in a message or stands in a reason.
    pub fn new(vars: &'a BTreeMap<String, String>, dir: PathBuf, clock: &'a dyn Clock, redactor: Redactor) -> Self {
        Self { vars, dir, clock, redactor, patience: PATIENCE, client: OnceLock::new() }
    }

    /// Brings a message to a channel, once. Dropping the future ends what it started, except the writing of a file.
    pub async fn deliver(&self, channel: &Channel, message: &Message) -> Result<Receipt, NotDelivered> {
        let Some(delivery) = &channel.delivery else { return Ok(Receipt::Nowhere) };
        let letter = Letter::of(message, &self.redactor)?;
        match delivery {
            Delivery::File(path) => file::append(path, letter, self).await,
            Delivery::Webhook(url) => webhook::post(url, letter, self).await,
            Delivery::Command(command) => command::run(command, letter, self).await,
        }
    }

    fn client(&self) -> Result<&reqwest::Client, NotDelivered> {
        let made = self.client.get_or_init(|| client::make(system_roots(), self.vars, self.patience.usual));
        made.as_ref().map_err(|why| NotDelivered::finally(why.clone()))
    }
}

#[cfg(test)]
mod tests;
