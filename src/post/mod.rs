//! The way of a message: drafted, approved, queued, delivered, and its receipt in the journal.
//!
//! An attempt is written down before it is made. Where its outcome was lost (a crash, a connection that broke off), the
//! message is tried again by itself only where the channel lets it be known that it arrived already; otherwise it waits
//! for somebody to decide.

mod approve;
mod deliver;
mod end;
mod letter;
mod nudge;
mod others;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalog::model::Channel;
use crate::catalog::model::Recipient;
use crate::channel::{Courier, Preview, placeholders};
use crate::engine::event::Walker;
use crate::error::{Error, Kind, Result};
use crate::ground::plain;
use crate::ledger::{About, Ledger};
use crate::message::event::Queued;
use crate::message::{Addressee, Drafted, MessageEvent, Target, Tell};
use others::Others;

pub use approve::{Consent, consent};
pub use deliver::{Delivered, Outcome, verdict};
pub use end::{check_told, end_all, resolved};
pub use letter::{contact, impact, public_name, readable, title, unmarked, unmarked_facts};
pub use nudge::{Asked, escalation, reminder};

/// What brings messages on their way.
pub struct Post<'a> {
    /// The journal.
    pub ledger: &'a Ledger<'a>,
    /// Who brings them to channels.
    pub courier: &'a Courier<'a>,
    /// This process.
    pub walker: Walker,
    /// Whether a process is there.
    pub is_alive: &'a (dyn Fn(&Walker) -> bool + Sync),
    /// Makes our own status page anew in a directory; what is queued stands on it.
    pub publish: &'a (dyn Fn(&str) -> Result<()> + Sync),
}

/// A message to draft.
#[derive(Debug, Clone, Default)]
pub struct NewMail {
    /// What it is for.
    pub tell: Tell,
    /// The status that it tells.
    pub status: Option<String>,
    /// The template it was made with.
    pub template: Option<String>,
    /// Which of the template's texts.
    pub variant: Option<String>,
    /// Ids of the channels.
    pub to: Vec<String>,
    /// The subject line.
    pub subject: Option<String>,
    /// The text.
    pub text: String,
    /// The values that went in.
    pub facts: BTreeMap<String, Value>,
    /// The run and step that made it.
    pub step: Option<String>,
    /// Whether people outside may read it, though the incident is restricted.
    pub disclose: bool,
}

impl NewMail {
    /// The values that went in, as they may be kept.
    pub fn facts_of(values: &BTreeMap<String, String>, keep: impl Fn(&str) -> String) -> BTreeMap<String, Value> {
        values.iter().map(|(name, value)| (name.clone(), Value::String(keep(value)))).collect()
    }
}

impl Post<'_> {
    /// Drafts a message about something; about nothing else when there is nothing. Gives what it is about, and its id.
    pub fn draft(&self, about: Option<About>, new: NewMail) -> Result<(About, String)> {
        let mut drafted = self.drafted(about.as_ref(), new)?;
        let Some(mut about) = about else {
            let about = self.ledger.begin_circular(&MessageEvent::MessageDrafted(drafted))?;
            return Ok((about, "m1".to_owned()));
        };
        loop {
            drafted.message = about.outbox().next_id();
            match self.ledger.record_mail(&mut about, vec![MessageEvent::MessageDrafted(drafted.clone())]) {
                // Somebody else took that number meanwhile; what we know is up to date now.
                Err(error) if error.kind == Kind::Usage && about.outbox().next_id() != drafted.message => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok((about, drafted.message)),
            }
        }
    }

    /// The facts of a message that nobody has to look at: drafted, approved, queued. For whoever writes down more in the
    /// same moment, so that there is no message without its cause.
    pub fn ready(&self, about: &About, new: NewMail) -> Result<Vec<MessageEvent>> {
        let drafted = self.drafted(Some(about), new)?;
        if let Some(to) = drafted.to.iter().find(|to| to.is_outside()) {
            return Err(Error::usage(format!("people outside read {}, and nobody has approved this", to.channel))
                .hint("reminders and escalations go to channels of the team"));
        }
        let message = drafted.message.clone();
        let grounds = "not needed".to_owned();
        let queued = MessageEvent::MessageQueued {
            message: message.clone(),
            targets: self.targets(&drafted)?,
            by: Some(self.walker.clone()),
        };
        let approved = MessageEvent::MessageApproved { message, grounds };
        Ok(vec![MessageEvent::MessageDrafted(drafted), approved, queued])
    }

    fn drafted(&self, about: Option<&About>, new: NewMail) -> Result<Drafted> {
        let to = self.addressees(&new.to)?;
        check_visibility(about, &to, new.disclose)?;
        if to.is_empty() {
            return Err(Error::usage("a message needs a channel").hint("name one with --to; opsctl.yaml defines them"));
        }
        let text = cleaned(&new.text);
        if text.trim().is_empty() {
            return Err(Error::usage("the message is empty"));
        }
        Ok(Drafted {
            message: about.map_or_else(|| "m1".to_owned(), |about| about.outbox().next_id()),
            tell: new.tell,
            status: new.status,
            severity: about.and_then(About::incident).map(|incident| incident.severity.clone()),
            template: new.template,
            variant: new.variant,
            to,
            subject: new.subject.map(|subject| cleaned(&subject).replace(['\n', '\t'], " ")),
            text,
            facts: new.facts,
            step: new.step,
        })
    }

    /// Those of some channels by which the team can be told something now, and what is wrong with others that have a way
    /// out.
    pub fn reachable(&self, channels: &[String]) -> (Vec<String>, Vec<Error>) {
        let (mut reachable, mut wrong) = (Vec::new(), Vec::new());
        for channel in channels.iter().filter_map(|id| self.channel(id)) {
            let is_outside = matches!(channel.audience.as_deref(), Some("public" | "customers"));
            if channel.delivery.is_none() || is_outside {
                continue;
            }
            match self.recipients(channel) {
                Ok(_) => reachable.push(channel.id.clone()),
                Err(error) => wrong.push(error),
            }
        }
        (reachable, wrong)
    }

    /// Approves a draft on some grounds and puts it into the outbox, both or neither: from here on it survives whatever
    /// happens to this process.
    pub fn release(&self, about: &mut About, message: &str, grounds: &str) -> Result<()> {
        let approved = MessageEvent::MessageApproved { message: message.to_owned(), grounds: grounds.to_owned() };
        let queued = self.to_queue(about, message)?;
        self.ledger.record_mail(about, vec![approved, queued])
    }

    /// Puts a message into the outbox that was approved by an opsctl that stopped there.
    pub fn queue(&self, about: &mut About, message: &str) -> Result<()> {
        let queued = self.to_queue(about, message)?;
        self.ledger.record_mail(about, vec![queued])
    }

    fn to_queue(&self, about: &About, message: &str) -> Result<MessageEvent> {
        let targets = self.targets(&about.mail(message)?.drafted)?;
        Ok(MessageEvent::MessageQueued { message: message.to_owned(), targets, by: Some(self.walker.clone()) })
    }

    /// What would be sent to each channel, byte for byte; for a list of recipients to the first of them.
    pub fn preview(&self, about: &About, message: &str) -> Result<Vec<(String, Preview, usize)>> {
        let mail = about.mail(message)?;
        let (mut previews, others) = (Vec::new(), Others::of(self.ledger, about));
        for to in &mail.drafted.to {
            let Some(channel) = self.channel(&to.channel) else { continue };
            let recipients = self.recipients(channel)?;
            let letter = letter::letter(about, mail, &to.channel, &self.ledger.catalog.settings, &others);
            let preview =
                self.courier.preview(channel, &letter, recipients.first()).map_err(|why| not_fit(&to.channel, &why))?;
            previews.push((to.channel.clone(), preview, recipients.len()));
        }
        Ok(previews)
    }

    fn targets(&self, drafted: &Drafted) -> Result<Vec<Queued>> {
        let subject = drafted.subject.as_deref().unwrap_or_default();
        let columns: Vec<String> = placeholders(&drafted.text).into_iter().chain(placeholders(subject)).collect();
        let mut targets = Vec::new();
        for to in &drafted.to {
            let recipients = match self.channel(&to.channel) {
                Some(channel) => self.recipients(channel)?,
                None => Vec::new(),
            };
            if recipients.is_empty() {
                let target = Target { channel: to.channel.clone(), recipient: None };
                targets.push(Queued { target, fields: BTreeMap::new() });
            }
            for recipient in recipients {
                targets.push(queued(&to.channel, recipient, &columns)?);
            }
        }
        Ok(targets)
    }

    fn recipients(&self, channel: &Channel) -> Result<Vec<Recipient>> {
        self.courier.recipients(channel).map_err(|why| not_fit(&channel.id, &why))
    }

    // Each channel once, however often it was named.
    fn addressees(&self, ids: &[String]) -> Result<Vec<Addressee>> {
        let mut to: Vec<Addressee> = Vec::new();
        for id in ids {
            let addressee = self.addressee(id)?;
            if !to.contains(&addressee) {
                to.push(addressee);
            }
        }
        Ok(to)
    }

    fn addressee(&self, id: &str) -> Result<Addressee> {
        let channels = &self.ledger.catalog.settings.channels;
        let Some(channel) = channels.get(id) else {
            let error = Error::usage(format!("there is no channel `{id}`"));
            return Err(match crate::error::nearest(id, channels.keys().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("opsctl.yaml defines the channels"),
            });
        };
        Ok(Addressee { channel: id.to_owned(), audience: channel.audience.clone() })
    }

    fn channel(&self, id: &str) -> Option<&Channel> {
        self.ledger.catalog.settings.channels.get(id)
    }
}

/// Nothing of a restricted incident goes outside by mistake.
pub fn check_visibility(about: Option<&About>, to: &[Addressee], disclose: bool) -> Result<()> {
    let Some(incident) = about.and_then(About::incident).filter(|incident| incident.is_restricted()) else {
        return Ok(());
    };
    match to.iter().find(|to| !to.is_inside()).filter(|_| !disclose) {
        Some(to) => {
            Err(Error::usage(format!("{} is restricted, and people outside may read {}", incident.id, to.channel))
                .hint("a channel of the team has `audience: team`")
                .hint(format!("if they are to know: opsctl incident notify {} --disclose", incident.id)))
        }
        None => Ok(()),
    }
}

fn queued(channel: &str, recipient: Recipient, columns: &[String]) -> Result<Queued> {
    let mut fields = BTreeMap::new();
    // The address is always there.
    for column in columns.iter().filter(|column| *column != "email") {
        let value = recipient.fields.get(column).ok_or_else(|| {
            Error::usage(format!("{} of channel {channel} has no `{column}`", recipient.address))
                .hint("the text needs it: complete the list, or give the field with --set")
        })?;
        fields.insert(column.clone(), value.clone());
    }
    let target = Target { channel: channel.to_owned(), recipient: Some(recipient.address) };
    Ok(Queued { target, fields })
}

fn not_fit(channel: &str, why: &crate::channel::NotDelivered) -> Error {
    Error::new(Kind::Environment, format!("channel {channel} cannot be used")).cause(why)
}

/// A text without anything that moves a cursor or turns the order of letters; private letters stay, they stand for the
/// recipients' fields.
fn cleaned(text: &str) -> String {
    plain(text)
}
