//! The timekeeper: sees to the clocks of open incidents. Writes down what was missed, reminds the team, and asks others
//! to help while nobody acknowledges. What it tells it puts into the outbox, in the same append as what it tells of:
//! after a crash at any point a reminder is there once or, as before, is to be made.

mod keep;
mod troubles;

use std::collections::{BTreeMap, BTreeSet};
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
use crate::journal::{Journal as _, SqliteJournal, Tail};
use crate::workspace::Workspace;
use troubles::Troubles;

/// How often the clocks are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What the streams of incidents are called before their ids.
const STREAMS: &str = "incident/";

/// How long after a failure of the journal, or of one incident, it is tried again.
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
    /// What is wrong with some of them, or with some that cannot be read.
    troubles: Troubles,
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
        Self {
            place,
            journal,
            board,
            voice,
            bag,
            tail: None,
            open: BTreeMap::new(),
            troubles: Troubles::default(),
            again: None,
        }
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
        match self.read() {
            Ok(()) => {
                if self.again.take().is_some() {
                    self.voice.trouble("the clocks of incidents are seen to again");
                }
                self.keep_all();
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
        let Some(tail) = &mut self.tail else {
            let tail = Tail::at_end(self.journal)?;
            self.read_all()?;
            self.tail = Some(tail);
            return Ok(());
        };
        let touched = tail.touched()?.into_keys();
        let mut ids: BTreeSet<String> =
            touched.filter_map(|stream| stream.strip_prefix(STREAMS).map(str::to_owned)).collect();
        ids.extend(self.troubles.due(Instant::now()).filter(|id| !self.open.contains_key(*id)).map(str::to_owned));
        for id in ids {
            self.look_at(id);
        }
        Ok(())
    }

    fn read_all(&mut self) -> Result<()> {
        if let Ok(open) = self.bag.ledger(self.journal).open_incidents() {
            self.open = open.into_iter().map(|incident| (incident.id.clone(), incident)).collect();
            return Ok(());
        }
        // The journal fails, or one of them cannot be read; that is no reason to leave the others alone.
        self.open.clear();
        for stream in self.journal.streams(STREAMS)? {
            self.look_at(stream.strip_prefix(STREAMS).unwrap_or_default().to_owned());
        }
        Ok(())
    }

    fn look_at(&mut self, id: String) {
        let ledger = self.bag.ledger(self.journal);
        let read = match self.open.remove(&id) {
            Some(mut incident) => ledger.refresh_incident(&mut incident).map(|_| incident),
            None => ledger.incident(&id),
        };
        match read {
            Ok(incident) if incident.is_open() => drop(self.open.insert(id, incident)),
            Ok(_) => drop(self.troubles.over(&id)),
            Err(error) => self.trouble(&id, &error),
        }
    }

    // Each is told once; the others go on.
    fn trouble(&mut self, id: &str, error: &Error) {
        if self.troubles.begin(id, &error.to_string(), Instant::now() + AGAIN) {
            self.voice.trouble(format!("nobody sees to the clocks of {id} now: {error}"));
        }
    }
}
