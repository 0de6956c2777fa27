//! The messages that wait, as the postman knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::journal::{SqliteJournal, Tail};
use crate::ledger::{About, Ledger};
use crate::message::LegState;

/// How long after something could not be read it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// What has messages that have not arrived.
#[derive(Default)]
pub(super) struct Pile<'a> {
    /// None until the journal has been read.
    tail: Option<Tail<'a>>,
    open: BTreeMap<String, About>,
    /// Ids of what could not be read, and when that is tried again. It holds up nothing else.
    unread: BTreeMap<String, Instant>,
    /// Why something could not be read, as far as the operator was told.
    said: BTreeSet<String>,
}

impl<'a> Pile<'a> {
    /// What has messages that have not arrived.
    pub fn open(&self) -> impl Iterator<Item = &About> {
        self.open.values()
    }

    /// After a failure: what was new and could not be read would not be new again.
    pub fn forget(&mut self) {
        self.tail = None;
    }

    /// Everything once, and from then on what is new. Gives why something cannot be read, where that was not told yet.
    pub fn read(&mut self, ledger: &Ledger<'_>, journal: &'a SqliteJournal) -> Result<Vec<Error>> {
        let mut wrong = match &mut self.tail {
            Some(tail) => {
                let touched = tail.touched()?;
                self.look(ledger, touched)
            }
            None => self.read_all(ledger, journal)?,
        };
        self.open.retain(|_, about| has_open(about));
        wrong.retain(|error| self.said.insert(error.to_string()));
        Ok(wrong)
    }

    fn read_all(&mut self, ledger: &Ledger<'_>, journal: &'a SqliteJournal) -> Result<Vec<Error>> {
        let tail = Tail::at_end(journal)?;
        let (all, wrong) = ledger.correspondence_readable()?;
        self.open = all.into_iter().map(|about| (about.id().to_owned(), about)).collect();
        self.tail = Some(tail);
        Ok(wrong)
    }

    fn look(&mut self, ledger: &Ledger<'_>, touched: BTreeMap<String, Vec<String>>) -> Vec<Error> {
        let now = Instant::now();
        let again = self.unread.iter().filter(|(_, again)| **again <= now).map(|(id, _)| id.clone());
        let mut ids: BTreeSet<String> = again.collect();
        for (stream, kinds) in touched {
            let Some(("incident" | "maintenance" | "message", id)) = stream.split_once('/') else { continue };
            if self.open.contains_key(id) || kinds.iter().any(|kind| kind.starts_with("message_")) {
                ids.insert(id.to_owned());
            }
        }
        ids.into_iter().filter_map(|id| self.look_at(ledger, id).err()).collect()
    }

    fn look_at(&mut self, ledger: &Ledger<'_>, id: String) -> Result<()> {
        self.unread.remove(&id);
        let read = match self.open.remove(&id) {
            Some(mut about) => ledger.catch_up(&mut about).map(|()| about),
            None => ledger.about(&id),
        };
        match read {
            Ok(about) => drop(self.open.insert(id, about)),
            Err(error) => {
                self.unread.insert(id, Instant::now() + AGAIN);
                return Err(error);
            }
        }
        Ok(())
    }
}

fn has_open(about: &About) -> bool {
    let mut legs = about.outbox().mails.iter().flat_map(|mail| &mail.legs);
    legs.any(|leg| matches!(leg.state, LegState::Waiting { .. } | LegState::Trying { .. }))
}
