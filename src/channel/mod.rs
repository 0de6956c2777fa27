//! A message in, a receipt out: how people are reached.
//!
//! A channel tries once; who asked decides whether and when to try again. What can be known about a message that is sent
//! again is said by [`Delivery::repeat`], and a failure says whether the message may have arrived all the same.

mod address;
mod client;
mod command;
mod excerpt;
mod file;
mod letter;
mod mail;
mod message;
mod placeholder;
mod preview;
mod receipt;
mod request;
mod retry_after;
mod secrets;
mod shorten;
mod signature;
mod slack;
mod statuspage;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::RootCertStore;

use crate::catalog::model::{Channel, Delivery};
use crate::ground::{Clock, Span, plain_line};
use crate::probe::system_roots;
use crate::redact::Redactor;

pub use crate::catalog::model::{Recipient, Repeat};
pub use message::{Message, MessageKind, Thread};
pub use placeholder::{PLACEHOLDER_END, PLACEHOLDER_START, placeholder, placeholders};
pub use preview::Preview;
pub use receipt::{NotDelivered, Receipt};
pub use secrets::secrets;

use letter::Letter;

/// How long a delivery may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// To a webhook or a file, and to be connected to a mail server.
    usual: Span,
    /// By a command.
    command: Span,
    /// To a mail server, which may look at a mail before it takes it.
    mail: Span,
    /// Between two requests to a status page.
    pause: Span,
}

const PATIENCE: Patience =
    Patience { usual: Span::seconds(10), command: Span::seconds(30), mail: Span::seconds(60), pause: Span::seconds(1) };

impl Patience {
    /// To be connected. Less than the whole, so that it is known whether a request was begun when time is up.
    fn connecting(self) -> Span {
        Span(self.usual.0 / 2)
    }
}

/// The requests to one status page take turns.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// Brings messages to channels.
pub struct Courier<'a> {
    vars: &'a BTreeMap<String, String>,
    dir: PathBuf,
    clock: &'a dyn Clock,
    redactor: Redactor,
    patience: Patience,
    roots: OnceLock<Arc<RootCertStore>>,
    /// Made for the first request; the error says why there is none.
    client: OnceLock<Result<reqwest::Client, String>>,
    turns: Mutex<BTreeMap<String, Turn>>,
    /// Who has got a mail of a message that has not reached all of its recipients, by channel and message.
    reached: Mutex<BTreeMap<(String, String), BTreeSet<String>>>,
}

impl<'a> Courier<'a> {
    /// A courier with the environment `vars`; commands run in `dir`, and files are relative to it. Nothing that
    /// `redactor` hides leaves in a message or stands in a reason.
    pub fn new(vars: &'a BTreeMap<String, String>, dir: PathBuf, clock: &'a dyn Clock, redactor: Redactor) -> Self {
        Self {
            vars,
            dir,
            clock,
            redactor,
            patience: PATIENCE,
            roots: OnceLock::new(),
            client: OnceLock::new(),
            turns: Mutex::default(),
            reached: Mutex::default(),
        }
    }

    /// Brings a message to a channel, once; by mail to every recipient, one after another. Dropping the future ends what
    /// it started, except the writing of a file.
    ///
    /// A mail that has reached some of its recipients fails with who was not reached. Delivering it again writes to the
    /// others only, as long as this courier lives.
    pub async fn deliver(&self, channel: &Channel, message: &Message) -> Result<Receipt, NotDelivered> {
        let Some(delivery) = &channel.delivery else { return Ok(Receipt::Nowhere) };
        if let Delivery::Email(email) = delivery {
            return mail::to_all(&channel.id, email, message, self).await;
        }
        let letter = Letter::for_all(message, &self.redactor)?;
        match delivery {
            Delivery::File(path) => file::append(path, &letter, self).await,
            Delivery::Webhook(hook) => webhook::post(hook, &letter, self).await,
            Delivery::Slack(url) => slack::post(url, &letter, self).await,
            Delivery::Statuspage(page) => statuspage::post(page, &letter, self).await,
            Delivery::Command(command) => command::run(command, &letter, self).await,
            // The page is made of the journal, where the message stands already.
            Delivery::Page(_) | Delivery::Email(_) => Ok(Receipt::taken("published on the status page")),
        }
    }

    /// Brings a message to one recipient of a channel, once. A channel that has none is told as a whole.
    pub async fn deliver_to(
        &self,
        channel: &Channel,
        recipient: &Recipient,
        message: &Message,
    ) -> Result<Receipt, NotDelivered> {
        match &channel.delivery {
            Some(Delivery::Email(email)) => mail::to_one(email, recipient, message, self).await,
            _ => self.deliver(channel, message).await,
        }
    }

    /// Who gets a mail of their own; nobody where a channel is told as a whole. One mistake in the list is an error.
    pub fn recipients(&self, channel: &Channel) -> Result<Vec<Recipient>, NotDelivered> {
        match &channel.delivery {
            Some(Delivery::Email(email)) => mail::recipients(email, self),
            _ => Ok(Vec::new()),
        }
    }

    /// What a channel, or one of its recipients, would be sent. Nothing is sent, and nobody is asked.
    pub fn preview(
        &self,
        channel: &Channel,
        message: &Message,
        recipient: Option<&Recipient>,
    ) -> Result<Preview, NotDelivered> {
        let Some(delivery) = &channel.delivery else {
            return Err(NotDelivered::finally(Receipt::Nowhere.to_string()));
        };
        if let Delivery::Email(email) = delivery {
            return mail::preview(email, recipient, message, self);
        }
        let letter = Letter::for_all(message, &self.redactor)?;
        match delivery {
            Delivery::File(path) => file::preview(path, &letter),
            Delivery::Webhook(hook) => webhook::preview(hook, &letter, self),
            Delivery::Slack(url) => slack::preview(url, &letter, self),
            Delivery::Statuspage(page) => statuspage::preview(page, &letter, self),
            Delivery::Command(command) => command::preview(command, &letter, self),
            Delivery::Page(dir) => Ok(Preview { kind: "page", to: plain_line(dir), body: letter.json()? }),
            Delivery::Email(_) => Err(NotDelivered::finally("there is no mail")),
        }
    }

    fn roots(&self) -> &Arc<RootCertStore> {
        self.roots.get_or_init(|| Arc::clone(system_roots()))
    }

    fn client(&self) -> Result<&reqwest::Client, NotDelivered> {
        let made = self.client.get_or_init(|| client::make(self.roots(), self.vars, self.patience));
        made.as_ref().map_err(|why| NotDelivered::finally(why.clone()))
    }

    fn turn(&self, page: &str) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(page.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests;
