//! Deliveries: what is due, one attempt each, and what came of it.

use std::time::Duration;

use super::{Post, letter};
use crate::catalog::model::{Channel, Delivery, Recipient, Repeat};
use crate::channel::{Message, NotDelivered, Receipt};
use crate::engine::event::Walker;
use crate::error::{Error, Kind, Result};
use crate::ground::{Time, abort_point};
use crate::ledger::About;
use crate::message::{Leg, LegState, Mail, MessageEvent, Target};

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

impl Post<'_> {
    /// Tries every delivery that is due now, each once, in the order in which they were queued.
    pub async fn deliver(&self, about: &mut About) -> Result<Vec<Delivered>> {
        self.settle_lost(about)?;
        let mut all = Vec::new();
        let mut tried: Vec<(String, Target)> = Vec::new();
        while let Some((message, target)) = self.next_due(about, &tried) {
            tried.push((message.clone(), target.clone()));
            if let Some(outcome) = self.attempt(about, &message, &target).await? {
                all.push(Delivered { message: about.full_id(&message), target, outcome });
            }
        }
        Ok(all)
    }

    /// When the next delivery is due; none when nothing waits.
    pub fn next_at(about: &About) -> Option<Time> {
        let waiting = about.outbox().mails.iter().flat_map(|mail| &mail.legs).filter_map(|leg| match leg.state {
            LegState::Waiting { not_before, .. } => Some(not_before),
            _ => None,
        });
        waiting.min()
    }

    // What is due and was not tried in this round. A channel hears things in their order: a later message waits while an
    // earlier one is on its way.
    fn next_due(&self, about: &About, tried: &[(String, Target)]) -> Option<(String, Target)> {
        let now = self.ledger.now();
        let mails = &about.outbox().mails;
        let is_held = |place: usize, target: &Target| {
            mails[..place].iter().flat_map(|mail| &mail.legs).any(|leg| {
                leg.target == *target && matches!(leg.state, LegState::Waiting { .. } | LegState::Trying { .. })
            })
        };
        let due = |(place, mail): (usize, &Mail)| {
            let is_due = |leg: &&Leg| {
                matches!(leg.state, LegState::Waiting { not_before, .. } if not_before <= now)
                    && !tried.contains(&(mail.id().to_owned(), leg.target.clone()))
                    && !is_held(place, &leg.target)
            };
            mail.legs.iter().find(is_due).map(|leg| (mail.id().to_owned(), leg.target.clone()))
        };
        mails.iter().enumerate().find_map(due)
    }

    // None when somebody else took it first.
    async fn attempt(&self, about: &mut About, message: &str, target: &Target) -> Result<Option<Outcome>> {
        let Some(channel) = self.channel(&target.channel).cloned() else {
            let why = format!("there is no channel `{}` any more", target.channel);
            return self.failed(about, message, target, &Failure::finally(why)).map(Some);
        };
        if channel.delivery.is_none() {
            let how = "opsctl sends nothing there; somebody copies it".to_owned();
            self.sent(about, message, target, how, None, true)?;
            return Ok(Some(Outcome::ByHand));
        }
        let Some(leg) = self.claim(about, message, target)? else { return Ok(None) };
        let letter = letter::letter(
            about,
            about.mail(message)?,
            &target.channel,
            &self.ledger.catalog.settings,
            self.ledger.now(),
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
            Err(why) => self.failed(about, message, target, &Failure::of(&channel, &why)).map(Some),
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

    fn claim(&self, about: &mut About, message: &str, target: &Target) -> Result<Option<Leg>> {
        let Some(leg) = leg(about, message, target) else { return Ok(None) };
        let event = MessageEvent::MessageAttempted {
            message: message.to_owned(),
            target: target.clone(),
            attempt: leg.attempts.saturating_add(1),
            pid: self.walker.pid,
            host: self.walker.host.clone(),
        };
        match self.ledger.record_mail(about, vec![event]) {
            Ok(()) => Ok(Some(leg)),
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
    ) -> Result<()> {
        let (message, target) = (message.to_owned(), target.clone());
        self.ledger.record_mail(about, vec![MessageEvent::MessageSent { message, target, how, remote, by_hand }])
    }

    fn failed(&self, about: &mut About, message: &str, target: &Target, why: &Failure) -> Result<Outcome> {
        let event = MessageEvent::MessageFailed {
            message: message.to_owned(),
            target: target.clone(),
            reason: why.reason.clone(),
            again: why.again,
            uncertain: why.uncertain,
            after_s: why.after.map(|after| after.as_secs()),
        };
        self.ledger.record_mail(about, vec![event])?;
        let reason = why.reason.clone();
        Ok(match (why.again, why.uncertain) {
            (true, _) => Outcome::Later(reason),
            (false, true) => Outcome::Uncertain(reason),
            (false, false) => Outcome::Failed(reason),
        })
    }

    /// Settles what processes left that ended in the middle of a delivery, so that nobody knows how it ended.
    pub fn settle_lost(&self, about: &mut About) -> Result<()> {
        let mut lost = Vec::new();
        for mail in &about.outbox().mails {
            for leg in &mail.legs {
                if let LegState::Trying { pid, host, .. } = &leg.state
                    && !(self.is_alive)(&Walker { pid: *pid, host: host.clone() })
                {
                    lost.push((mail.id().to_owned(), leg.target.clone()));
                }
            }
        }
        for (message, target) in lost {
            let repeat =
                self.channel(&target.channel).and_then(|channel| channel.delivery.as_ref()).map(Delivery::repeat);
            let reason = "the process that sent it ended before it knew the outcome".to_owned();
            let again = matches!(repeat, Some(Repeat::Known | Repeat::Keyed));
            let why = Failure { reason, again, uncertain: true, after: None };
            match self.failed(about, &message, &target, &why) {
                Err(error) if error.kind != Kind::Usage => return Err(error),
                _ => {} // somebody else has settled it
            }
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
}

impl Failure {
    fn finally(reason: String) -> Self {
        Self { reason, again: false, uncertain: false, after: None }
    }

    // What may have arrived is sent again only where that does not make it arrive twice.
    fn of(channel: &Channel, why: &NotDelivered) -> Self {
        let repeat = channel.delivery.as_ref().map_or(Repeat::Unknown, Delivery::repeat);
        let again = why.again && !(why.uncertain && repeat == Repeat::Unknown);
        Self { reason: why.reason.clone(), again, uncertain: why.uncertain, after: why.after }
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
