//! What has become of messages: drafted, approved, and each delivery on its way. Pure; whoever sends asks here what may
//! be tried, and says here what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;

use super::backoff;
use super::event::{Addressee, Drafted, MessageEvent, Queued, Target, Tell};
use crate::engine::event::Walker;
use crate::ground::{Actor, Time, later};

/// What was never tried, or is to be tried again, is due at once, whatever the clock says of the moment when it was
/// queued: another machine's may have been ahead.
const AT_ONCE: Time = Time::MIN_UTC;

/// The messages of one stream, in the order they were drafted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outbox {
    /// The messages.
    pub mails: Vec<Mail>,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Mail {
    /// What it says, and to whom.
    pub drafted: Drafted,
    /// When it was drafted.
    pub drafted_at: Time,
    /// By whom.
    pub drafted_by: Actor,
    /// Who approved it, when, and on what grounds.
    pub approved: Option<(Actor, Time, String)>,
    /// When it was queued.
    pub queued_at: Option<Time>,
    /// The process that queued it.
    pub queued_by: Option<Walker>,
    /// Its deliveries.
    pub legs: Vec<Leg>,
    /// Why it was dropped as a whole.
    pub dropped: Option<String>,
}

/// One delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// Where it goes.
    pub target: Target,
    /// The recipient's fields.
    pub fields: BTreeMap<String, String>,
    /// How many attempts were begun.
    pub attempts: u32,
    /// Where it stands.
    pub state: LegState,
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq)]
pub enum LegState {
    /// It waits, not to be tried before this moment; the reason of the last failure, if any.
    Waiting {
        /// Not before.
        not_before: Time,
        /// Why the last attempt failed.
        last: Option<String>,
    },
    /// Somebody tries it.
    Trying {
        /// The process.
        pid: u32,
        /// Its machine.
        host: String,
        /// Since when.
        since: Time,
    },
    /// It arrived.
    Sent {
        /// When.
        at: Time,
        /// The receipt in words.
        how: String,
        /// The id that the channel gave it.
        remote: Option<String>,
        /// Whether somebody copies it by hand.
        by_hand: bool,
    },
    /// It may have arrived or not.
    Uncertain {
        /// What happened.
        reason: String,
    },
    /// It did not arrive, and is not tried again by itself.
    Failed {
        /// Why.
        reason: String,
    },
    /// Somebody gave it up.
    Dropped {
        /// Why.
        reason: String,
    },
}

/// Where a message stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// Nobody has approved it.
    Draft,
    /// Approved, and not queued yet.
    Approved,
    /// Some delivery waits or is tried.
    Queued,
    /// All deliveries arrived, or were dropped.
    Sent,
    /// Some delivery needs somebody to decide.
    Stuck,
    /// Nothing of it was sent, and nothing will be.
    Dropped,
}

impl MailState {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Stuck => "stuck",
            Self::Dropped => "dropped",
        }
    }
}

impl LegState {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Trying { .. } => "trying",
            Self::Sent { by_hand: true, .. } => "by hand",
            Self::Sent { .. } => "sent",
            Self::Uncertain { .. } => "uncertain",
            Self::Failed { .. } => "failed",
            Self::Dropped { .. } => "dropped",
        }
    }

    /// Whether nothing more is going to happen to it.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Sent { .. } | Self::Dropped { .. })
    }
}

impl Leg {
    /// Since when it is being tried; none when nobody tries it.
    pub const fn tried_since(&self) -> Option<Time> {
        match self.state {
            LegState::Trying { since, .. } => Some(since),
            _ => None,
        }
    }

    /// Until when it waits; none when it does not wait, or may be tried at once.
    pub fn waits_until(&self) -> Option<Time> {
        match self.state {
            LegState::Waiting { not_before, .. } => Some(not_before).filter(|at| *at > AT_ONCE),
            _ => None,
        }
    }
}

impl Mail {
    /// Its id in its stream.
    pub fn id(&self) -> &str {
        &self.drafted.message
    }

    /// Where it stands as a whole.
    pub fn state(&self) -> MailState {
        if self.queued_at.is_none() {
            return match (&self.dropped, &self.approved) {
                (Some(_), _) => MailState::Dropped,
                (None, Some(_)) => MailState::Approved,
                (None, None) => MailState::Draft,
            };
        }
        let has = |wanted: fn(&LegState) -> bool| self.legs.iter().any(|leg| wanted(&leg.state));
        if has(|state| matches!(state, LegState::Waiting { .. } | LegState::Trying { .. })) {
            MailState::Queued
        } else if has(|state| matches!(state, LegState::Failed { .. } | LegState::Uncertain { .. })) {
            MailState::Stuck
        } else if has(|state| matches!(state, LegState::Sent { .. })) {
            MailState::Sent
        } else {
            MailState::Dropped
        }
    }

    /// When the first of its deliveries that wait is due; what is due at once is due since it was queued.
    pub fn due_at(&self) -> Option<Time> {
        let waiting = self.legs.iter().filter(|leg| matches!(leg.state, LegState::Waiting { .. }));
        waiting.filter_map(|leg| leg.waits_until().or(self.queued_at)).min()
    }

    /// The deliveries to a channel.
    pub fn legs_to<'a>(&'a self, channel: &'a str) -> impl Iterator<Item = &'a Leg> {
        self.legs.iter().filter(move |leg| leg.target.channel == channel)
    }

    /// When the whole channel had it: the last of its deliveries, where none is open any more and one arrived.
    pub fn told_at(&self, channel: &str) -> Option<Time> {
        if self.legs_to(channel).any(|leg| !leg.state.is_settled()) {
            return None;
        }
        let sent = self.legs_to(channel).filter_map(|leg| match &leg.state {
            LegState::Sent { at, .. } => Some(*at),
            _ => None,
        });
        sent.max()
    }

    /// When the first of its deliveries to people outside arrived.
    pub fn told_outside_at(&self) -> Option<Time> {
        let outside = self.drafted.to.iter().filter(|to| to.is_outside());
        outside.filter_map(|to| self.first_sent(&to.channel)).min()
    }

    /// When the first delivery to a channel arrived.
    pub fn first_sent(&self, channel: &str) -> Option<Time> {
        let sent = self.legs_to(channel).filter_map(|leg| match &leg.state {
            LegState::Sent { at, .. } => Some(*at),
            _ => None,
        });
        sent.min()
    }

    fn leg(&mut self, target: &Target) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.target == *target)
    }
}

impl Outbox {
    /// The id of the next message.
    pub fn next_id(&self) -> String {
        format!("m{}", self.mails.len() + 1)
    }

    /// A message by its id; `2` is short for `m2`.
    pub fn mail(&self, id: &str) -> Option<&Mail> {
        self.mails.iter().find(|mail| mail.id() == id || mail.id().strip_prefix('m') == Some(id))
    }

    /// The channels that were told such things, or are about to be; not where it was given up.
    pub fn addressed(&self, tell: Tell) -> Vec<Addressee> {
        let mut channels: Vec<Addressee> = Vec::new();
        for mail in self.mails.iter().filter(|mail| mail.drafted.tell == tell && mail.queued_at.is_some()) {
            let is_given_up =
                |to: &Addressee| mail.legs_to(&to.channel).all(|leg| matches!(leg.state, LegState::Dropped { .. }));
            for to in mail.drafted.to.iter().filter(|to| !is_given_up(to)) {
                if !channels.iter().any(|known| known.channel == to.channel) {
                    channels.push(to.clone());
                }
            }
        }
        channels
    }

    /// Applies a fact.
    pub fn apply(&mut self, at: Time, actor: &Actor, event: &MessageEvent) {
        if let MessageEvent::MessageDrafted(drafted) = event {
            self.mails.push(Mail {
                drafted: drafted.clone(),
                drafted_at: at,
                drafted_by: actor.clone(),
                approved: None,
                queued_at: None,
                queued_by: None,
                legs: Vec::new(),
                dropped: None,
            });
            return;
        }
        if let Some(mail) = self.mails.iter_mut().find(|mail| mail.drafted.message == event.message()) {
            apply(mail, at, actor, event);
        }
    }

    /// Whether a fact may follow here; the error says why not.
    pub fn allows(&self, event: &MessageEvent) -> Result<(), String> {
        let id = event.message();
        let mail = self.mails.iter().find(|mail| mail.id() == id);
        let Some(mail) = mail else {
            return match event {
                MessageEvent::MessageDrafted(_) if id == self.next_id() => Ok(()),
                MessageEvent::MessageDrafted(_) => Err(format!("the next message is {}, not {id}", self.next_id())),
                _ => Err(format!("there is no message {id}")),
            };
        };
        allows(mail, event)
    }
}

fn allows(mail: &Mail, event: &MessageEvent) -> Result<(), String> {
    let id = mail.id();
    let word = mail.state().word();
    match event {
        MessageEvent::MessageDrafted(_) => Err(format!("there is a message {id} already")),
        MessageEvent::MessageApproved { .. } if mail.state() != MailState::Draft => {
            Err(format!("{id} is {word} already"))
        }
        MessageEvent::MessageQueued { .. } if mail.state() != MailState::Approved => {
            Err(format!("{id} is {word}, and only an approved message is sent"))
        }
        MessageEvent::MessageQueued { targets, .. } => match doubled(targets) {
            Some(target) => Err(format!("{id} would go twice to {}", place(target))),
            None => Ok(()),
        },
        MessageEvent::MessageAttempted { target, .. }
        | MessageEvent::MessageRetried { target, .. }
        | MessageEvent::MessageSent { target, .. }
        | MessageEvent::MessageFailed { target, .. } => match mail.legs.iter().find(|leg| leg.target == *target) {
            Some(leg) => allows_leg(id, leg, event),
            None => Err(format!("{id} does not go to {}", target.channel)),
        },
        MessageEvent::MessageDropped { .. } if matches!(mail.state(), MailState::Sent | MailState::Dropped) => {
            Err(format!("{id} is {word} already"))
        }
        MessageEvent::MessageDropped { channel: Some(channel), .. } if mail.legs_to(channel).next().is_none() => {
            Err(format!("{id} does not go to {channel}"))
        }
        _ => Ok(()),
    }
}

fn allows_leg(id: &str, leg: &Leg, event: &MessageEvent) -> Result<(), String> {
    let channel = &leg.target.channel;
    let is_waiting = matches!(leg.state, LegState::Waiting { .. });
    let is_tried = matches!(leg.state, LegState::Trying { .. });
    match event {
        // Who has not seen the attempt before takes nothing: what he knows is old.
        MessageEvent::MessageAttempted { attempt, .. } if is_waiting => {
            let is_next = leg.attempts.saturating_add(1) == *attempt;
            if is_next { Ok(()) } else { Err(format!("{id} to {channel} was tried meanwhile")) }
        }
        // Only whoever names the attempt that he gives up knows that there is one.
        MessageEvent::MessageRetried { attempt: Some(attempt), .. } if is_tried && leg.attempts == *attempt => Ok(()),
        MessageEvent::MessageRetried { .. }
            if is_waiting || matches!(leg.state, LegState::Failed { .. } | LegState::Uncertain { .. }) =>
        {
            Ok(())
        }
        // It failed once; whoever sees that a second time must not end the attempt that came after.
        MessageEvent::MessageFailed { attempt: Some(attempt), .. } => {
            let is_it = is_tried && leg.attempts == *attempt;
            if is_it { Ok(()) } else { Err(format!("attempt {attempt} of {id} to {channel} is over already")) }
        }
        // Where nothing was tried, nothing may have come of it.
        MessageEvent::MessageFailed { attempt: None, .. } if is_waiting => Ok(()),
        MessageEvent::MessageSent { .. } if !matches!(leg.state, LegState::Sent { .. }) => Ok(()),
        _ => Err(format!("{id} to {channel} is {}", leg.state.word())),
    }
}

fn doubled(targets: &[Queued]) -> Option<&Target> {
    let mut seen = BTreeSet::new();
    targets.iter().map(|queued| &queued.target).find(|target| !seen.insert(*target))
}

fn place(target: &Target) -> String {
    target.recipient.as_ref().map_or_else(|| target.channel.clone(), |who| format!("{who} ({})", target.channel))
}

fn apply(mail: &mut Mail, at: Time, actor: &Actor, event: &MessageEvent) {
    match event {
        MessageEvent::MessageDrafted(_) => {}
        MessageEvent::MessageApproved { grounds, .. } => mail.approved = Some((actor.clone(), at, grounds.clone())),
        MessageEvent::MessageQueued { targets, by, .. } => {
            mail.queued_at = Some(at);
            mail.queued_by.clone_from(by);
            mail.legs.clear();
            // A target that is named twice is told once.
            let mut seen = BTreeSet::new();
            let targets = targets.iter().filter(|queued| seen.insert(&queued.target));
            mail.legs.extend(targets.map(fresh));
        }
        MessageEvent::MessageAttempted { target, attempt, pid, host, .. } => {
            if let Some(leg) = mail.leg(target) {
                leg.attempts = *attempt;
                leg.state = LegState::Trying { pid: *pid, host: host.clone(), since: at };
            }
        }
        MessageEvent::MessageSent { target, how, remote, by_hand, .. } => {
            if let Some(leg) = mail.leg(target) {
                leg.state = LegState::Sent { at, how: how.clone(), remote: remote.clone(), by_hand: *by_hand };
            }
        }
        MessageEvent::MessageFailed { target, reason, again, uncertain, after_s, .. } => {
            if let Some(leg) = mail.leg(target) {
                leg.state = failed(leg.attempts, at, reason, (*again, *uncertain), *after_s);
            }
        }
        MessageEvent::MessageRetried { target, .. } => {
            if let Some(leg) = mail.leg(target) {
                leg.state = LegState::Waiting { not_before: AT_ONCE, last: None };
            }
        }
        MessageEvent::MessageDropped { channel, reason, .. } => {
            if channel.is_none() && mail.queued_at.is_none() {
                mail.dropped = Some(reason.clone());
            }
            let open = mail.legs.iter_mut().filter(|leg| !leg.state.is_settled());
            for leg in open.filter(|leg| channel.as_ref().is_none_or(|channel| leg.target.channel == *channel)) {
                leg.state = LegState::Dropped { reason: reason.clone() };
            }
        }
    }
}

fn fresh(queued: &Queued) -> Leg {
    let (target, fields) = (queued.target.clone(), queued.fields.clone());
    Leg { target, fields, attempts: 0, state: LegState::Waiting { not_before: AT_ONCE, last: None } }
}

fn failed(attempts: u32, at: Time, reason: &str, (again, uncertain): (bool, bool), after_s: Option<u64>) -> LegState {
    if again {
        let wait = backoff(attempts, after_s.map(Duration::from_secs));
        let not_before = later(at, TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX));
        return LegState::Waiting { not_before, last: Some(reason.to_owned()) };
    }
    if uncertain {
        return LegState::Uncertain { reason: reason.to_owned() };
    }
    LegState::Failed { reason: reason.to_owned() }
}

#[cfg(test)]
#[path = "outbox/tests.rs"]
mod tests;
