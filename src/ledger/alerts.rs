//! Alerts: fired, read, added to. Each episode has a stream of its own.

use crate::error::{Error, Result};
use crate::journal::{self, JournalError};
use crate::ledger::{Ledger, fact_of, to_new};
use crate::monitor::event::Recorded;
use crate::monitor::{Alert, AlertEvent};

pub(super) const PREFIX: &str = "alert/";

impl Ledger<'_> {
    /// Begins an alert under an id that names its episode; none when that episode is known already.
    pub fn fire(&self, id: &str, event: &AlertEvent) -> Result<Option<Alert>> {
        match self.journal.append(&stream(id), 0, &self.context(), &[to_new(event)]) {
            Ok(stored) => fold(id, &stored).map(Some),
            Err(JournalError::Conflict { .. }) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    /// An alert as it stands; none when there is no such episode.
    pub fn alert(&self, id: &str) -> Result<Option<Alert>> {
        let events = self.journal.read(&stream(id), 0)?;
        if events.is_empty() { Ok(None) } else { fold(id, &events).map(Some) }
    }

    /// All alerts, in the order in which they fired.
    pub fn alerts(&self) -> Result<Vec<Alert>> {
        fold_all(&self.journal.read_all(PREFIX)?)
    }

    /// Adds an event if it may follow; on a conflict looks again and decides anew.
    pub fn record_alert(&self, alert: &mut Alert, event: &AlertEvent) -> Result<()> {
        loop {
            alert.allows(event).map_err(Error::usage)?;
            let stream = stream(&alert.id);
            let stored = match self.journal.append(&stream, alert.version, &self.context(), &[to_new(event)]) {
                Ok(stored) => return apply_all(alert, &stored),
                Err(JournalError::Conflict { .. }) => self.journal.read(&stream, alert.version)?,
                Err(other) => return Err(other.into()),
            };
            apply_all(alert, &stored)?;
        }
    }
}

fn stream(id: &str) -> String {
    format!("{PREFIX}{id}")
}

/// The alerts whose events stand there stream by stream.
pub(super) fn fold_all(events: &[journal::Event]) -> Result<Vec<Alert>> {
    let mut alerts: Vec<Alert> = Vec::new();
    for event in events {
        let id = event.stream.strip_prefix(PREFIX).unwrap_or(&event.stream);
        let recorded = from_stored(event)?;
        match alerts.last_mut() {
            Some(last) if last.id == id => last.apply(&recorded),
            _ => alerts.extend(Alert::begin(id, &recorded)),
        }
    }
    Ok(alerts)
}

fn fold(id: &str, events: &[journal::Event]) -> Result<Alert> {
    let unreadable = || Error::environment(format!("alert {id} does not begin with its firing"));
    let (first, rest) = events.split_first().ok_or_else(unreadable)?;
    let mut alert = Alert::begin(id, &from_stored(first)?).ok_or_else(unreadable)?;
    apply_all(&mut alert, rest)?;
    Ok(alert)
}

fn apply_all(alert: &mut Alert, events: &[journal::Event]) -> Result<()> {
    for event in events {
        alert.apply(&from_stored(event)?);
    }
    Ok(())
}

fn from_stored(stored: &journal::Event) -> Result<Recorded> {
    let event = fact_of(stored)?;
    Ok(Recorded { version: stored.version, at: stored.at, actor: stored.actor.clone(), event })
}
