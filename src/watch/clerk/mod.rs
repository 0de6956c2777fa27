//! The clerk: keeps alerts in the journal, opens incidents for them, and sees to it that channels are told. A thread of
//! its own, so that neither disk nor network delays a probe.
//!
//! What the journal says is all that counts: after a restart the clerk goes on where the journal stops. Who was told
//! that an alert fired is told that it is over; a message that is sent twice has the same id.

mod delivery;
mod episode;
mod incoming;
mod order;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, timeout_at};

use crate::channel::Courier;
use crate::error::{Error, Result};
use crate::ground::{Actor, Clock, Time};
use crate::journal::SqliteJournal;
use crate::ledger::Ledger;
use crate::monitor::Alert;
use crate::monitor::event::Source;
use crate::redact::Redactor;
use crate::sample::Samples;
use crate::workspace::{Surroundings, Workspace};

use delivery::Delivered;
pub(super) use order::{Order, Refused, Told};

/// Since when the alert of a rule and a probe is open.
pub(super) type OpenAlerts = BTreeMap<(String, String), Time>;

/// Under whose name the daemon writes.
const ACTOR: &str = "opsctl watch";

/// How long deliveries under way are waited for at the end; what is owed then is delivered after the next start.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// The clerk.
pub(super) struct Clerk<'a> {
    workspace: Arc<Workspace>,
    surroundings: &'a Surroundings,
    clock: &'a dyn Clock,
    journal: &'a SqliteJournal,
    samples: Samples,
    tell: UnboundedSender<Told>,
    courier: Arc<Courier<'a>>,
    /// Alerts that are open, or about which somebody is still to be told, by id.
    alerts: BTreeMap<String, Alert>,
    sending: FuturesUnordered<BoxFuture<'a, Delivered>>,
}

impl<'a> Clerk<'a> {
    /// A clerk who knows what the journal says.
    pub fn new(
        workspace: Arc<Workspace>,
        surroundings: &'a Surroundings,
        clock: &'a dyn Clock,
        journal: &'a SqliteJournal,
        tell: UnboundedSender<Told>,
    ) -> Result<Self> {
        let samples = Samples::open(workspace.state_dir()?)?;
        let courier = Arc::new(courier(&workspace, surroundings, clock));
        let alerts = BTreeMap::new();
        let sending = FuturesUnordered::new();
        let mut clerk = Self { workspace, surroundings, clock, journal, samples, tell, courier, alerts, sending };
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

    /// Works until nobody can order anything more.
    pub fn work(mut self, mut orders: UnboundedReceiver<Order>) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| Error::environment("the event loop of the clerk cannot be started").cause(cause))?;
        runtime.block_on(async {
            self.end_orphans();
            self.deliver_owed();
            loop {
                tokio::select! {
                    order = orders.recv() => match order {
                        Some(order) => self.obey(order),
                        None => break,
                    },
                    Some(delivered) = self.sending.next(), if !self.sending.is_empty() => self.delivered(&delivered),
                }
            }
            let deadline = Instant::now() + LAST_WAIT;
            while let Ok(Some(delivered)) = timeout_at(deadline, self.sending.next()).await {
                self.note_delivered(&delivered);
            }
        });
        Ok(())
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Signal { rule, probe, signal, at } => self.signal(&rule, &probe, signal, at),
            Order::Workspace(workspace) => {
                self.courier = Arc::new(courier(&workspace, self.surroundings, self.clock));
                self.workspace = workspace;
                self.end_orphans();
            }
            Order::Beat { probe, beat, message, answer } => {
                let _ = answer.send(self.beat(&probe, beat, message.as_deref()));
            }
            Order::Incoming { body, answer } => {
                let _ = answer.send(self.incoming(&body));
            }
        }
        self.let_go();
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

    fn say(&self, told: Told) {
        let _ = self.tell.send(told); // the watcher may have ended before us
    }

    // What is over and owed to nobody need not be remembered.
    fn let_go(&mut self) {
        let alerts = std::mem::take(&mut self.alerts);
        self.alerts = alerts.into_iter().filter(|(_, alert)| alert.is_open() || self.owes_anyone(alert)).collect();
    }
}

fn courier<'a>(workspace: &Workspace, surroundings: &'a Surroundings, clock: &'a dyn Clock) -> Courier<'a> {
    let redactor = Redactor::of_variables(workspace.loaded.catalog.secret_env(), &surroundings.vars);
    Courier::new(&surroundings.vars, workspace.working_dir(surroundings).to_owned(), clock, redactor)
}
