//! Runs, incidents and planned work in the journal: fold what is there, append what is decided.

mod alerts;
mod incidents;
mod mails;
mod maintenances;
mod open;
mod runs;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::catalog::model::Catalog;
use crate::engine::Refusal;
use crate::error::{Error, Kind};
use crate::fact;
use crate::ground::{Actor, Clock, Time, rfc3339};
use crate::journal::{self, Context, Journal, JournalError, NewEvent};

pub use incidents::{Happening, NewIncident};
pub use mails::{About, Circular};
pub use maintenances::NewMaintenance;
pub use runs::{NewRun, Title};

/// The journal seen as runs and incidents, written to by one actor.
pub struct Ledger<'a> {
    /// The store.
    pub journal: &'a dyn Journal,
    /// The definitions as they are now.
    pub catalog: &'a Catalog,
    /// Where the time comes from.
    pub clock: &'a dyn Clock,
    /// Who writes.
    pub actor: Actor,
    /// On which machine.
    pub host: String,
}

/// The key in a body that says when something happened that was told of later.
const OCCURRED: &str = "occurred_at";

/// Why something was not recorded.
#[derive(Debug)]
pub enum NotRecorded {
    /// Another writer was faster; the state has been brought up to date, and the decision is to be made again.
    Conflict,
    /// It does not fit where the run stands.
    Refused(Refusal),
    /// The store failed.
    Failed(Error),
}

impl From<NotRecorded> for Error {
    fn from(reason: NotRecorded) -> Self {
        match reason {
            NotRecorded::Conflict => Error::new(Kind::Negative, "somebody else changed this at the same moment")
                .hint("look at it again, then repeat what is still needed"),
            NotRecorded::Refused(refusal) => {
                let error = Error::new(Kind::Usage, refusal.message);
                refusal.hint.into_iter().fold(error, Error::hint)
            }
            NotRecorded::Failed(error) => error,
        }
    }
}

impl From<JournalError> for NotRecorded {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Conflict { .. } => Self::Conflict,
            other => Self::Failed(other.into()),
        }
    }
}

impl Ledger<'_> {
    /// The current moment.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// When something happens that is written down now: the journal's moments never go back, even where the clocks of
    /// two machines differ.
    fn moment(&self, at: Option<Time>, last: Time) -> Time {
        at.unwrap_or_else(|| self.now().max(last))
    }

    fn context(&self) -> Context {
        Context { at: self.clock.now(), actor: self.actor.clone(), host: self.host.clone() }
    }
}

fn to_new<T: Serialize>(fact: &T) -> NewEvent {
    let (kind, body) = fact::to_parts(fact);
    NewEvent { kind, body }
}

/// A fact with the moment it happened, where that was earlier than it is told.
fn told_late((kind, mut body): (String, Value), at: Option<Time>) -> NewEvent {
    if let (Value::Object(body), Some(at)) = (&mut body, at) {
        body.insert(OCCURRED.to_owned(), Value::String(rfc3339(at)));
    }
    NewEvent { kind, body }
}

/// When something happened: when it was told, unless that was later.
fn occurred_at(stored: &journal::Event) -> Time {
    let occurred = stored.body.get(OCCURRED).and_then(Value::as_str).and_then(|at| at.parse::<Time>().ok());
    occurred.unwrap_or(stored.at)
}

fn fact_of<T: DeserializeOwned>(stored: &journal::Event) -> Result<T, Error> {
    fact::from_parts(&stored.kind, &stored.body).map_err(|cause| unreadable(stored, cause))
}

fn unreadable(stored: &journal::Event, cause: String) -> Error {
    Error::environment(format!("event {} of {} cannot be read", stored.version, stored.stream))
        .cause(cause)
        .hint("it may have been written by a newer opsctl; otherwise `opsctl journal verify` says more")
}
