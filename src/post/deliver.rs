//! Deliveries: what is due, one attempt each, and what came of it.

use std::fmt;
use std::time::Duration;

use chrono::TimeDelta;

use super::others::Others;
use super::{Post, letter};
use crate::catalog::model::{Channel, Delivery, Recipient, Repeat};
use crate::channel::{Message, NotDelivered, Receipt};
use crate::engine::event::Walker;
use crate::error::{Error, Kind, Result};
use crate::ground::{Time, abort_point, later};
use crate::ledger::About;
use crate::message::{Leg, LegState, Mail, MessageEvent, Target};

/// So long a message is left to the process that queued it, as long as that is there.
const HEAD_START: TimeDelta = TimeDelta::minutes(2);

/// Mail may take a minute for each recipient, a command half a minute; nothing takes longer than this.
const LONGEST_ATTEMPT: TimeDelta = TimeDelta::minutes(15);

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The message everywhere: `INC-7.m2`.
    pub message: String,
    /// Where it went.
    pub target: Target,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived; the receipt in words.
    Sent(String),
    /// The channel has no way out: somebody copies it.
    ByHand,
    /// It did not arrive, and is tried again by itself.
    Later(String),
    /// It may have arrived or not; somebody has to decide.
    Uncertain(String),
    /// It did not arrive; somebody has to decide.
    Failed(String),
}

impl fmt::Display for Delivered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channel = &self.target.channel;
        let recipient = self.target.recipient.as_ref().map(|one| format!(" ({one})")).unwrap_or_default();
        write!(out, "{} to {channel}{recipient}: ", self.message)?;
        match &self.outcome {
            Outcome::Sent(how) => write!(out, "sent ({how})"),
            Outcome::ByHand => write!(out, "opsctl sends nothing there; copy it to {channel} yourself."),
            Outcome::Later(why) => write!(out, "waits in the outbox: {why}"),
            Outcome::Uncertain(why) => write!(out, "nobody knows whether it arrived: {why}"),
            Outcome::Failed(why) => write!(out, "not sent: {why}"),
        }
    }
}

impl Post<'_> {
    /// Tries every delivery that is due now, each once, in the order in which they were queued.
    pub async fn deliver(&self, about: &mut About) -> Result<Vec<Delivered>> {
        self.deliver_by(about, &|_| true, &|| true).await
    }

    /// The same for one channel, as long as it may go on; so that a channel that is slow keeps no other waiting.
    pub async fn deliver_to(
        &self,
        about: &mut About,
        channel: &str,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Delivered>> {
        self.deliver_by(about, &|target| target.channel == channel, goes_on).await
    }

    /// The channels for which something is due now, or of which nobody knows what came of an attempt.
    pub fn due_channels(&self, about: &About) -> Vec<String> {
        let legs = about.outbox().mails.iter().flat_map(|mail| &mail.legs);
        let mut channels: Vec<&String> = legs.clone().map(|leg| &leg.target.channel).collect();
        channels.sort();
        channels.dedup();
        let is_lost = |channel: &str| legs.clone().any(|leg| leg.target.channel == channel && self.is_lost(leg));
        let is_due = |channel: &str| self.next_due(about, &|target| target.channel == channel, &[]).is_some();
        channels.into_iter().filter(|channel| is_due(channel) || is_lost(channel)).cloned().collect()
    }

    async fn deliver_by(
        &self,
        about: &mut About,
        is_meant: &dyn Fn(&Target) -> bool,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Delivered>> {
        self.settle_lost_to(about, is_meant)?;
        let mut all = Vec::new();
        let mut tried: Vec<(String, Target)> = Vec::new();
        while goes_on()
            && let Some((message, target)) = self.next_due(about, is_meant, &tried)
        {
            tried.push((message.clone(), target.clone()));
            if let Some(outcome) = self.attempt(about, &message, &target).await? {
                all.push(Delivered { message: about.full_id(&message), target, outcome });
            }
        }
        Ok(all)
    }

    /// When the next delivery is due; none when nothing waits.
    pub fn next_at(about: &About) -> Option<Time> {
        about.outbox().mails.iter().filter_map(Mail::due_at).min()
    }

    // What is due and was not tried in this round. A channel hears things in their order: a later message waits while an
    // earlier one is on its way.
    fn next_due(
        &self,
        about: &About,
        is_meant: &dyn Fn(&Target) -> bool,
        tried: &[(String, Target)],
    ) -> Option<(String, Target)> {
        let now = self.ledger.now();
        let mails = &about.outbox().mails;
        let is_held = |place: usize, target: &Target| {
            mails[..place].iter().flat_map(|mail| &mail.legs).any(|leg| {
                leg.target == *target && matches!(leg.state, LegState::Waiting { .. } | LegState::Trying { .. })
            })
        };
        let due = |(place, mail): (usize, &Mail)| {
            let is_left_to_another = self.is_left_to_another(mail, now);
            let is_due = |leg: &&Leg| {
                !(leg.attempts == 0 && is_left_to_another)
                    && matches!(leg.state, LegState::Waiting { not_before, .. } if not_before <= now)
                    && is_meant(&leg.target)
                    && !tried.contains(&(mail.id().to_owned(), leg.target.clone()))
                    && !is_held(place, &leg.target)
            };
            mail.legs.iter().find(is_due).map(|leg| (mail.id().to_owned(), leg.target.clone()))
        };
        mails.iter().enumerate().find_map(due)
    }

    // Whoever queued it is about to send it, and tells its operator what came of it.
    fn is_left_to_another(&self, mail: &Mail, now: Time) -> bool {
        let Some((walker, since)) = mail.queued_by.as_ref().zip(mail.queued_at) else { return false };
        *walker != self.walker && now < later(since, HEAD_START) && (self.is_alive)(walker)
    }

    // None when somebody else took it first.
    async fn attempt(&self, about: &mut About, message: &str, target: &Target) -> Result<Option<Outcome>> {
        let Some(channel) = self.channel(&target.channel).cloned() else {
            let why = format!("there is no channel `{}` any more", target.channel);
            return self.failed(about, message, target, &Failure::finally(why));
        };
        if channel.delivery.is_none() {
            let how = "opsctl sends nothing there; somebody copies it".to_owned();
            return Ok(self.sent(about, message, target, how, None, true)?.then_some(Outcome::ByHand));
        }
        let Some(leg) = self.claim(about, message, target)? else { return Ok(None) };
        let letter = letter::letter(
            about,
            about.mail(message)?,
            &target.channel,
            &self.ledger.catalog.settings,
            &Others::of(self.ledger, about),
        );
        abort_point();
        let done = self.bring(&channel, &letter, &leg).await;
        abort_point();
        match done {
            Ok(Receipt::Delivered { how, remote }) => {
                self.sent(about, message, target, how.clone(), remote, false)?;
                Ok(Some(Outcome::Sent(how)))
            }
            Ok(Receipt::Nowhere) => {
                let how = Receipt::Nowhere.to_string();
                self.sent(about, message, target, how, None, true)?;
                Ok(Some(Outcome::ByHand))
            }
            Err(why) => self.failed(about, message, target, &Failure::of(&channel, &why, leg.attempts)),
        }
    }

    async fn bring(&self, channel: &Channel, letter: &Message, leg: &Leg) -> Result<Receipt, NotDelivered> {
        if let Some(Delivery::Page(dir)) = &channel.delivery {
            return self.publish(dir);
        }
        let Some(address) = &leg.target.recipient else { return self.courier.deliver(channel, letter).await };
        let recipient = Recipient { address: address.clone(), fields: leg.fields.clone() };
        self.courier.deliver_to(channel, &recipient, letter).await
    }

    fn publish(&self, dir: &str) -> Result<Receipt, NotDelivered> {
        match (self.publish)(dir) {
            Ok(()) => Ok(Receipt::Delivered { how: format!("published in {dir}"), remote: None }),
            Err(why) => Err(NotDelivered {
                reason: format!("the status page could not be made in {dir}: {why}"),
                again: why.kind == Kind::Environment,
                after: None,
                uncertain: false,
            }),
        }
    }

    // Whoever writes this down may try; who comes second is refused. The leg as it stands with this attempt.
    fn claim(&self, about: &mut About, message: &str, target: &Target) -> Result<Option<Leg>> {
        let Some(before) = leg(about, message, target) else { return Ok(None) };
        let event = MessageEvent::MessageAttempted {
            message: message.to_owned(),
            target: target.clone(),
            attempt: before.attempts.saturating_add(1),
            pid: self.walker.pid,
            host: self.walker.host.clone(),
        };
        match self.ledger.record_mail(about, vec![event]) {
            Ok(()) => Ok(leg(about, message, target)),
            // Another process was faster, or somebody dropped it.
            Err(error) if error.kind == Kind::Usage => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn sent(
        &self,
        about: &mut About,
        message: &str,
        target: &Target,
        how: String,
        remote: Option<String>,
        by_hand: bool,
    ) -> Result<bool> {
        let (message, target) = (message.to_owned(), target.clone());
        self.written(about, MessageEvent::MessageSent { message, target, how, remote, by_hand })
    }

    // Whether it is written down; not where somebody else has settled it.
    fn written(&self, about: &mut About, event: MessageEvent) -> Result<bool> {
        match self.ledger.record_mail(about, vec![event]) {
            Ok(()) => Ok(true),
            Err(error) if error.kind == Kind::Usage => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn failed(&self, about: &mut About, message: &str, target: &Target, why: &Failure) -> Result<Option<Outcome>> {
        let event = MessageEvent::MessageFailed {
            message: message.to_owned(),
            target: target.clone(),
            reason: why.reason.clone(),
            again: why.again,
            uncertain: why.uncertain,
            after_s: why.after.map(|after| after.as_secs()),
            attempt: why.attempt,
        };
        let reason = why.reason.clone();
        Ok(self.written(about, event)?.then_some(match (why.again, why.uncertain) {
            (true, _) => Outcome::Later(reason),
            (false, true) => Outcome::Uncertain(reason),
            (false, false) => Outcome::Failed(reason),
        }))
    }

    // A process that ended in the middle of a delivery left nobody who knows how it ended. One on another machine cannot be
    // looked for, and a number may be another process's by now; but no attempt takes so long.
    fn is_lost(&self, leg: &Leg) -> bool {
        let LegState::Trying { pid, host, since } = &leg.state else { return false };
        let took = self.ledger.now().signed_duration_since(*since);
        took > LONGEST_ATTEMPT || !(self.is_alive)(&Walker { pid: *pid, host: host.clone() })
    }

    /// Settles what processes left that ended in the middle of a delivery, so that nobody knows how it ended.
    pub fn settle_lost(&self, about: &mut About) -> Result<()> {
        self.settle_lost_to(about, &|_| true)
    }

    fn settle_lost_to(&self, about: &mut About, is_meant: &dyn Fn(&Target) -> bool) -> Result<()> {
        let mut lost = Vec::new();
        for mail in &about.outbox().mails {
            let legs = mail.legs.iter().filter(|leg| is_meant(&leg.target) && self.is_lost(leg));
            lost.extend(legs.map(|leg| (mail.id().to_owned(), leg.target.clone(), leg.attempts)));
        }
        for (message, target, attempt) in lost {
            let repeat =
                self.channel(&target.channel).and_then(|channel| channel.delivery.as_ref()).map(Delivery::repeat);
            let reason = "the process that sent it ended before it knew the outcome".to_owned();
            let again = matches!(repeat, Some(Repeat::Known | Repeat::Keyed));
            let why = Failure { reason, again, uncertain: true, after: None, attempt: Some(attempt) };
            self.failed(about, &message, &target, &why)?;
        }
        Ok(())
    }
}

/// Why a delivery failed, and what follows.
struct Failure {
    reason: String,
    again: bool,
    uncertain: bool,
    after: Option<Duration>,
    /// Which attempt; none where nothing was tried.
    attempt: Option<u32>,
}

impl Failure {
    fn finally(reason: String) -> Self {
        Self { reason, again: false, uncertain: false, after: None, attempt: None }
    }

    // What may have arrived is sent again only where that does not make it arrive twice.
    fn of(channel: &Channel, why: &NotDelivered, attempt: u32) -> Self {
        let repeat = channel.delivery.as_ref().map_or(Repeat::Unknown, Delivery::repeat);
        let again = why.again && !(why.uncertain && repeat == Repeat::Unknown);
        let attempt = Some(attempt);
        Self { reason: why.reason.clone(), again, uncertain: why.uncertain, after: why.after, attempt }
    }
}

fn leg(about: &About, message: &str, target: &Target) -> Option<Leg> {
    about.outbox().mail(message)?.legs.iter().find(|leg| leg.target == *target).cloned()
}

/// Fails when a delivery needs somebody, or waits: the exit code tells a script.
pub fn verdict(delivered: &[Delivered]) -> Result<()> {
    let is = |wanted: fn(&Outcome) -> bool| delivered.iter().filter(|one| wanted(&one.outcome)).count();
    let stuck = is(|outcome| matches!(outcome, Outcome::Failed(_) | Outcome::Uncertain(_)));
    if stuck > 0 {
        return Err(Error::new(
            Kind::Negative,
            format!("{stuck} of {} deliveries did not go through", delivered.len()),
        )
        .hint("`opsctl message list` shows them; `message retry` or `message drop` decides"));
    }
    let later = is(|outcome| matches!(outcome, Outcome::Later(_)));
    if later > 0 {
        return Err(Error::environment(format!("{later} of {} deliveries wait in the outbox", delivered.len()))
            .hint("nothing is lost: `opsctl watch`, or `opsctl message send`, tries again"));
    }
    Ok(())
}
