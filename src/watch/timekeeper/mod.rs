//! The timekeeper: sees to the clocks of open incidents. Writes down what was missed, reminds the team, and asks others
//! to help while nobody acknowledges. What it tells it puts into the outbox, in the same append as what it tells of:
//! after a crash at any point a reminder is there once or, as before, is to be made.

mod keep;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Place;
use super::board::Board;
use super::ear::event_loop;
use super::postman::Bag;
use super::voice::Voice;
use crate::error::{Error, Result};
use crate::incident::Incident;
use crate::journal::{SqliteJournal, Tail};
use crate::workspace::Workspace;

/// How often the clocks are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How long after a failure of the journal it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// The timekeeper.
pub(super) struct Timekeeper<'a> {
    place: &'a Place<'a>,
    journal: &'a SqliteJournal,
    /// Where the definitions stand that are in force.
    board: Arc<Board>,
    voice: Voice,
    bag: Bag<'a>,
    /// None until the journal has been read.
    tail: Option<Tail<'a>>,
    /// The incidents that are open.
    open: BTreeMap<String, Incident>,
    /// While the journal fails: when it is tried again.
    again: Option<Instant>,
}

impl<'a> Timekeeper<'a> {
    /// A timekeeper who has not looked yet.
    pub fn new(
        workspace: Arc<Workspace>,
        place: &'a Place<'a>,
        journal: &'a SqliteJournal,
        board: Arc<Board>,
        voice: Voice,
    ) -> Self {
        let bag = Bag::new(workspace, place);
        Self { place, journal, board, voice, bag, tail: None, open: BTreeMap::new(), again: None }
    }

    /// Works until the daemon ends.
    pub fn work(mut self, mut ended: Receiver<()>) -> Result<()> {
        let runtime = event_loop("timekeeper")?;
        runtime.block_on(async {
            let mut looks = interval(LOOK);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = ended.changed() => break,
                    _ = looks.tick() => self.look(),
                }
            }
        });
        Ok(())
    }

    fn look(&mut self) {
        if let Some(workspace) = self.board.workspace()
            && !Arc::ptr_eq(&workspace, &self.bag.workspace)
        {
            self.bag = Bag::new(workspace, self.place);
        }
        if self.again.is_some_and(|again| Instant::now() < again) {
            return;
        }
        match self.read().and_then(|()| self.keep_all()) {
            Ok(()) => {
                if self.again.take().is_some() {
                    self.voice.trouble("the clocks of incidents are seen to again");
                }
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &Error) {
        if self.again.replace(Instant::now() + AGAIN).is_none() {
            self.voice.trouble(format!("nobody sees to the clocks of incidents now: {error}"));
        }
        // What was new and could not be read would not be new again.
        self.tail = None;
    }

    // Everything once, and from then on what is new.
    fn read(&mut self) -> Result<()> {
        let ledger = self.bag.ledger(self.journal);
        let Some(tail) = &mut self.tail else {
            let tail = Tail::at_end(self.journal)?;
            self.open = ledger.open_incidents()?.into_iter().map(|incident| (incident.id.clone(), incident)).collect();
            self.tail = Some(tail);
            return Ok(());
        };
        for stream in tail.touched()?.into_keys() {
            let Some(id) = stream.strip_prefix("incident/") else { continue };
            match self.open.get_mut(id) {
                Some(incident) => drop(ledger.refresh_incident(incident)?),
                None => drop(self.open.insert(id.to_owned(), ledger.incident(id)?)),
            }
        }
        self.open.retain(|_, incident| incident.is_open());
        Ok(())
    }
}
