//! Telling channels, again and again where that helps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;

use super::Clerk;
use super::duties::Duty;
use super::message::message;
use crate::catalog::model::Channel;
use crate::channel::{Courier, NotDelivered, Receipt};
use crate::error::Result;
use crate::ground::Clock;
use crate::message::backoff;
use crate::monitor::event::Notice;
use crate::monitor::{Alert, AlertEvent};
use crate::watch::Place;
use crate::watch::voice::Told;
use crate::workspace::{Surroundings, Workspace, courier};

/// So many messages are on their way to one channel at the same time.
const AT_ONCE: usize = 4;

/// What is on its way to channels.
pub(super) struct Post<'a> {
    courier: Arc<Courier<'a>>,
    pub sending: FuturesUnordered<BoxFuture<'a, Delivered>>,
    /// Alert and channel of what is on its way, or has arrived and is not written down yet.
    under_way: BTreeSet<(String, String)>,
    turns: BTreeMap<String, Arc<Semaphore>>,
    is_closed: watch::Sender<bool>,
}

/// How a delivery ended.
pub(super) struct Delivered {
    alert: String,
    channel: String,
    notice: Notice,
    attempts: u32,
    /// None when it was not tried, for the daemon ends.
    outcome: Option<Result<Receipt, NotDelivered>>,
}

impl<'a> Post<'a> {
    /// Nothing is on its way yet.
    pub fn new(workspace: &Workspace, place: &Place<'a>) -> Self {
        Self {
            courier: Arc::new(courier(workspace, place.surroundings, place.clock)),
            sending: FuturesUnordered::new(),
            under_way: BTreeSet::new(),
            turns: BTreeMap::new(),
            is_closed: watch::Sender::new(false),
        }
    }

    /// What is sent from now on follows these definitions.
    pub fn follow(&mut self, workspace: &Workspace, surroundings: &'a Surroundings, clock: &'a dyn Clock) {
        self.courier = Arc::new(courier(workspace, surroundings, clock));
    }

    /// Sends nothing more; what only waits to be sent again comes back at once.
    pub fn close(&self) {
        self.is_closed.send_replace(true);
    }

    /// Whether something about an alert is on its way.
    pub fn is_about(&self, alert: &str) -> bool {
        let from = (alert.to_owned(), String::new());
        self.under_way.range(from..).next().is_some_and(|(known, _)| known == alert)
    }

    fn is_on_its_way(&self, alert: &str, channel: &str) -> bool {
        self.under_way.contains(&(alert.to_owned(), channel.to_owned()))
    }

    fn has_arrived(&mut self, alert: &str, channel: &str) {
        self.under_way.remove(&(alert.to_owned(), channel.to_owned()));
    }

    fn send(&mut self, alert: &Alert, channel: Channel, notice: Notice, attempts: u32, wait: Duration) {
        let (message, id, courier) = (message(alert, notice), alert.id.clone(), Arc::clone(&self.courier));
        let turns = self.turns.entry(channel.id.clone()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)));
        let (turns, mut is_closed) = (Arc::clone(turns), self.is_closed.subscribe());
        self.under_way.insert((id.clone(), channel.id.clone()));
        self.sending.push(Box::pin(async move {
            let turn = async {
                sleep(wait).await;
                turns.acquire().await
            };
            let turn = tokio::select! {
                biased;
                _ = is_closed.wait_for(|is_closed| *is_closed) => None,
                turn = turn => turn.ok(),
            };
            let outcome = match turn {
                Some(_turn) => Some(courier.deliver(&channel, &message).await),
                None => None,
            };
            Delivered { alert: id, channel: channel.id, notice, attempts, outcome }
        }));
    }
}

impl Clerk<'_> {
    /// Tells every channel of every alert what it does not know yet.
    pub(super) fn deliver_all(&mut self) {
        let ids: Vec<String> = self.alerts.keys().cloned().collect();
        for id in &ids {
            self.deliver(id);
        }
    }

    /// Tells every channel of an alert what it does not know yet.
    pub(super) fn deliver(&mut self, id: &str) {
        let Some(alert) = self.alerts.get(id) else { return };
        for channel in self.channels(alert) {
            self.deliver_to(id, channel);
        }
    }

    fn deliver_to(&mut self, id: &str, channel: Channel) {
        if let Some(alert) = self.alerts.get(id)
            && let Some(notice) = alert.owes(&channel.id)
            && !self.post.is_on_its_way(id, &channel.id)
        {
            self.post.send(alert, channel, notice, 1, Duration::ZERO);
        }
    }

    /// Takes in how a delivery ended, and tries again where that may help.
    pub(super) fn delivered(&mut self, delivered: Delivered) {
        let Delivered { alert, channel, notice, attempts, outcome } = delivered;
        match outcome {
            None => self.post.has_arrived(&alert, &channel),
            // Until that is written down it counts as being on its way, or it would be sent again.
            Some(Ok(_)) => self.add_duty(Duty::Receipt { alert, channel, notice }),
            Some(Err(failed)) => {
                // The first failure and the last one are facts worth keeping; what lies between is noise.
                if attempts == 1 || !failed.again {
                    self.note_failure(&alert, &channel, notice, attempts, &failed);
                }
                self.post.has_arrived(&alert, &channel);
                if failed.again {
                    self.try_again(&alert, &channel, attempts, failed.after);
                }
                self.let_go();
            }
        }
    }

    /// Writes down that a channel was told.
    pub(super) fn receipt(&mut self, id: &str, channel: &str, notice: Notice) -> Result<()> {
        let Some(mut alert) = self.alerts.remove(id) else { return Ok(()) };
        let event = AlertEvent::AlertNotified { channel: channel.to_owned(), notice };
        let done = self.ledger().record_alert(&mut alert, &event);
        self.alerts.insert(id.to_owned(), alert);
        done?;
        self.post.has_arrived(id, channel);
        // It was told that the alert began, and that may be over by now.
        if let Some(channel) = self.channel(id, channel) {
            self.deliver_to(id, channel);
        }
        Ok(())
    }

    fn note_failure(&mut self, id: &str, channel: &str, notice: Notice, attempts: u32, failed: &NotDelivered) {
        let Some(mut alert) = self.alerts.remove(id) else { return };
        let (channel, error) = (channel.to_owned(), failed.reason.clone());
        self.voice.say(Told::Undelivered { alert: alert.title.clone(), channel: channel.clone(), why: error.clone() });
        let event = AlertEvent::AlertNotifyFailed { channel, notice, error, attempts };
        if let Err(error) = self.ledger().record_alert(&mut alert, &event) {
            self.voice.trouble(format!("that could not be written down: {error}"));
        }
        self.alerts.insert(id.to_owned(), alert);
    }

    fn try_again(&mut self, id: &str, channel: &str, attempts: u32, after: Option<Duration>) {
        if let Some(alert) = self.alerts.get(id)
            && let Some(channel) = self.channel(id, channel)
            && let Some(notice) = alert.owes(&channel.id)
        {
            self.post.send(alert, channel, notice, attempts.saturating_add(1), backoff(attempts, after));
        }
    }

    /// Whether some channel is still to be told something about an alert.
    pub(super) fn owes_anyone(&self, alert: &Alert) -> bool {
        self.channels(alert).iter().any(|channel| alert.owes(&channel.id).is_some())
    }

    fn channel(&self, alert: &str, id: &str) -> Option<Channel> {
        self.channels(self.alerts.get(alert)?).into_iter().find(|channel| channel.id == id)
    }

    // The channels of the alert's rule; those with a way out.
    fn channels(&self, alert: &Alert) -> Vec<Channel> {
        let known = &self.workspace.loaded.catalog.settings.channels;
        let named = self.rule(alert).into_iter().flat_map(|rule| &rule.channels).filter_map(|id| known.get(id));
        named.filter(|channel| channel.delivery.is_some()).cloned().collect()
    }
}
