//! Incidents: declared, read, added to.

use crate::error::{Error, Result, nearest};
use crate::incident::Incident;
use crate::incident::event::{IncidentEvent, Recorded};
use crate::journal::{self, JournalError};
use crate::ledger::{Ledger, fact_of, to_new};

const PREFIX: &str = "incident/";

/// An incident to declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIncident {
    /// Its title.
    pub title: String,
    /// Ids of the services it touches.
    pub services: Vec<String>,
    /// Its severity.
    pub severity: String,
    /// What is seen.
    pub seen: Option<String>,
}

impl Ledger<'_> {
    /// Declares an incident under the next number.
    pub fn declare(&self, new: NewIncident) -> Result<Incident> {
        let event = IncidentEvent::Declared {
            title: new.title,
            services: new.services,
            severity: new.severity,
            seen: new.seen,
        };
        let mut number = self.journal.streams(PREFIX)?.len();
        loop {
            number += 1;
            let id = format!("INC-{number}");
            match self.journal.append(&stream(&id), 0, &self.context(), &[to_new(&event)]) {
                Ok(stored) => return fold(&id, &stored),
                Err(JournalError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
    }

    /// An incident as it stands; `7` is short for `INC-7`.
    pub fn incident(&self, id: &str) -> Result<Incident> {
        let wanted = if id.bytes().all(|b| b.is_ascii_digit()) { format!("INC-{id}") } else { id.to_uppercase() };
        let events = self.journal.read(&stream(&wanted), 0)?;
        if !events.is_empty() {
            return fold(&wanted, &events);
        }
        let streams = self.journal.streams(PREFIX)?;
        let ids = streams.iter().filter_map(|stream| stream.strip_prefix(PREFIX));
        let error = Error::usage(format!("there is no incident `{id}`"));
        Err(match nearest(&wanted, ids) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("`opsctl incident list --all` shows those there are"),
        })
    }

    /// All incidents, in the order they were declared.
    pub fn incidents(&self) -> Result<Vec<Incident>> {
        let mut incidents: Vec<Incident> = Vec::new();
        for event in self.journal.read_all(PREFIX)? {
            let id = event.stream.strip_prefix(PREFIX).unwrap_or(&event.stream);
            let recorded = from_stored(&event)?;
            match incidents.last_mut() {
                Some(last) if last.id == id => last.apply(&recorded),
                _ => incidents.extend(Incident::begin(id, &recorded)),
            }
        }
        Ok(incidents)
    }

    /// Adds an event if it may follow; on a conflict looks again and decides anew.
    pub fn record_incident(&self, incident: &mut Incident, event: &IncidentEvent) -> Result<()> {
        loop {
            incident.allows(event).map_err(Error::usage)?;
            let stream = stream(&incident.id);
            match self.journal.append(&stream, incident.version, &self.context(), &[to_new(event)]) {
                Ok(stored) => return apply_all(incident, &stored),
                Err(JournalError::Conflict { .. }) => {
                    let newer = self.journal.read(&stream, incident.version)?;
                    apply_all(incident, &newer)?;
                }
                Err(other) => return Err(other.into()),
            }
        }
    }

    /// The events of an incident, for its timeline.
    pub fn incident_events(&self, id: &str) -> Result<Vec<Recorded>> {
        self.journal.read(&stream(id), 0)?.iter().map(from_stored).collect()
    }
}

fn stream(id: &str) -> String {
    format!("{PREFIX}{id}")
}

fn fold(id: &str, events: &[journal::Event]) -> Result<Incident> {
    let unreadable = || Error::environment(format!("incident {id} does not begin with its declaration"));
    let (first, rest) = events.split_first().ok_or_else(unreadable)?;
    let mut incident = Incident::begin(id, &from_stored(first)?).ok_or_else(unreadable)?;
    apply_all(&mut incident, rest)?;
    Ok(incident)
}

fn apply_all(incident: &mut Incident, events: &[journal::Event]) -> Result<()> {
    for event in events {
        incident.apply(&from_stored(event)?);
    }
    Ok(())
}

fn from_stored(stored: &journal::Event) -> Result<Recorded> {
    let event = fact_of(stored)?;
    Ok(Recorded { version: stored.version, at: stored.at, actor: stored.actor.clone(), event })
}
