//! The planner: looks which planned work has begun and which is over, so that probes of its services count as
//! maintenance. Another process writes that down, hence it is looked up again and again; a thread of its own, so that no
//! disk delays a probe.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::interval;

use super::Place;
use super::ear::event_loop;
use super::voice::Voice;
use crate::error::Result;
use crate::ground::Actor;
use crate::journal::SqliteJournal;
use crate::ledger::Ledger;
use crate::probe::Works;
use crate::workspace::Workspace;

/// How often it is looked.
const GLANCE: Duration = Duration::from_secs(2);

/// The planner.
pub(super) struct Planner<'a> {
    pub workspace: Arc<Workspace>,
    pub place: &'a Place<'a>,
    pub journal: &'a SqliteJournal,
    pub voice: Voice,
    /// What the watcher's probers know.
    pub works: Works,
}

impl Planner<'_> {
    /// Looks now.
    pub fn look(&self) -> Result<()> {
        self.works.set(&self.ledger().open_maintenances()?);
        Ok(())
    }

    /// Looks until the other end of `ended` is gone. What cannot be read leaves what was known.
    pub fn look_on(self, mut ended: oneshot::Receiver<()>) -> Result<()> {
        event_loop("planner")?.block_on(async {
            let mut glance = interval(GLANCE);
            let mut told = None;
            loop {
                tokio::select! {
                    _ = &mut ended => return,
                    _ = glance.tick() => {
                        let trouble = self.look().err().map(|error| error.to_string());
                        // The same trouble is told once.
                        if let Some(trouble) = trouble.as_ref().filter(|_| told != trouble) {
                            self.voice.trouble(format!("planned maintenance cannot be read: {trouble}"));
                        }
                        told = trouble;
                    }
                }
            }
        });
        Ok(())
    }

    fn ledger(&self) -> Ledger<'_> {
        Ledger {
            journal: self.journal,
            catalog: &self.workspace.loaded.catalog,
            clock: self.place.clock,
            // Nothing is written here.
            actor: Actor(String::new()),
            host: String::new(),
        }
    }
}
