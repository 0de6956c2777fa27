//! The clerk: keeps alerts in the journal, opens incidents for them, and sees to it that channels are told. A thread of
//! its own, so that neither disk nor network delays a probe.
//!
//! What the journal says is all that counts: after a restart the clerk goes on where the journal stops. What cannot be
//! written down waits, in the order in which it came. Who was told that an alert fired is told that it is over; a
//! message that is sent twice has the same id.

mod delivery;
mod duties;
mod episode;
mod incoming;
mod message;
mod order;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use super::ear::event_loop;
use super::voice::Voice;
use super::{ACTOR, Place};
use crate::catalog::model::AlertRule;
use crate::error::Result;
use crate::ground::{Actor, Clock};
use crate::journal::SqliteJournal;
use crate::ledger::Ledger;
use crate::monitor::Alert;
use crate::monitor::event::Source;
use crate::redact::Redactor;
use crate::sample::Samples;
use crate::workspace::{Surroundings, Workspace, redactor};

use delivery::Post;
use duties::Duties;
pub(super) use order::{OpenAlerts, Order, Refused, Signalled};

/// How long deliveries under way are waited for at the end; what is owed then is delivered after the next start.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// The clerk.
pub(super) struct Clerk<'a> {
    workspace: Arc<Workspace>,
    surroundings: &'a Surroundings,
    clock: &'a dyn Clock,
    journal: &'a SqliteJournal,
    samples: Samples,
    voice: Voice,
    redactor: Redactor,
    /// Alerts that are open, or about which somebody is still to be told, by id.
    alerts: BTreeMap<String, Alert>,
    duties: Duties,
    post: Post<'a>,
}

impl<'a> Clerk<'a> {
    /// A clerk who knows what the journal says.
    pub fn new(workspace: Arc<Workspace>, place: &Place<'a>, journal: &'a SqliteJournal, voice: Voice) -> Result<Self> {
        let mut clerk = Self {
            samples: Samples::open(workspace.state_dir()?)?,
            post: Post::new(&workspace, place),
            redactor: redactor(&workspace, place.surroundings),
            surroundings: place.surroundings,
            clock: place.clock,
            workspace,
            journal,
            voice,
            alerts: BTreeMap::new(),
            duties: Duties::default(),
        };
        let known = clerk.ledger().alerts()?;
        clerk.alerts = known.into_iter().map(|alert| (alert.id.clone(), alert)).collect();
        clerk.let_go();
        Ok(clerk)
    }

    /// Since when the alerts of rules are open.
    pub fn open_alerts(&self) -> OpenAlerts {
        let open = self.alerts.values().filter(|alert| alert.is_open() && alert.source == Source::Watch);
        let key = |alert: &Alert| (alert.alert.clone(), alert.probe.clone().unwrap_or_default());
        open.map(|alert| (key(alert), alert.starts_at)).collect()
    }

    /// Works until nobody can order anything more. Fails when something is left that could not be written down.
    pub fn work(mut self, mut orders: UnboundedReceiver<Order>) -> Result<()> {
        let runtime = event_loop("clerk")?;
        let done = runtime.block_on(async {
            loop {
                tokio::select! {
                    order = orders.recv() => match order {
                        Some(order) => self.obey(order),
                        None => break,
                    },
                    Some(delivered) = self.post.sending.next() => self.delivered(delivered),
                    () = self.duties.are_due() => self.do_duties(),
                }
            }
            self.post.close();
            let all = async {
                while let Some(delivered) = self.post.sending.next().await {
                    self.delivered(delivered);
                }
            };
            let _ = timeout(LAST_WAIT, all).await;
            self.last_duties()
        });
        drop(self);
        // A disk that hangs must not keep us.
        runtime.shutdown_background();
        done
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Signal(signalled) => self.note(signalled),
            Order::Workspace(workspace) => self.take_over(workspace),
            Order::Beat { probe, beat, message, answer } => {
                let _ = answer.send(self.beat(&probe, beat, message.as_deref()));
            }
            Order::Incoming { body, answer } => {
                let _ = answer.send(self.incoming(&body));
                self.let_go();
            }
        }
    }

    fn ledger(&self) -> Ledger<'_> {
        Ledger {
            journal: self.journal,
            catalog: &self.workspace.loaded.catalog,
            clock: self.clock,
            actor: Actor(ACTOR.to_owned()),
            host: self.surroundings.host.clone(),
        }
    }

    /// The rule that an alert belongs to: the one that raised it, or for one from outside the one with its title.
    fn rule(&self, alert: &Alert) -> Option<&AlertRule> {
        let rules = &self.workspace.loaded.catalog.settings.alerts;
        match alert.source {
            Source::Watch => rules.get(&alert.alert),
            Source::Alertmanager => self.rule_titled(&alert.title),
        }
    }

    fn rule_titled(&self, title: &str) -> Option<&AlertRule> {
        let mut rules = self.workspace.loaded.catalog.settings.alerts.values();
        rules.find(|rule| rule.title.eq_ignore_ascii_case(title))
    }

    // What is over and owed to nobody need not be remembered.
    fn let_go(&mut self) {
        let alerts = std::mem::take(&mut self.alerts);
        let is_needed = |alert: &Alert| alert.is_open() || self.owes_anyone(alert) || self.post.is_about(&alert.id);
        self.alerts = alerts.into_iter().filter(|(_, alert)| is_needed(alert)).collect();
    }
}
