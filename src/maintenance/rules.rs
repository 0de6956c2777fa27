//! What may follow where planned work stands.

use chrono::TimeDelta;

use super::event::MaintenanceEvent;
use super::state::Maintenance;
use super::status::Status;
use crate::ground::{Time, later, rfc3339};

/// People begin a little early; more than that is another time than the one that was announced.
const EARLY: TimeDelta = TimeDelta::minutes(15);

/// What lies so far back is still now: it took a while to type it.
const NOW: TimeDelta = TimeDelta::minutes(1);

impl Maintenance {
    /// Whether an event of a moment may follow here; the error says why not.
    pub fn allows(&self, event: &MaintenanceEvent, at: Time) -> Result<(), String> {
        let id = &self.id;
        match event {
            MaintenanceEvent::MaintenancePlanned { .. } => Err(format!("{id} is planned already")),
            MaintenanceEvent::NoteAdded { .. } => Ok(()),
            MaintenanceEvent::Message(event) => self.outbox.allows(event).map_err(|why| format!("{id}: {why}")),
            _ if !self.is_open() => Err(format!("{id} is {}", self.status.title())),
            MaintenanceEvent::MaintenanceChanged { from, until, .. } => self.allows_times(*from, *until, at),
            MaintenanceEvent::MaintenanceStarted {} => self.allows_start(at),
            MaintenanceEvent::MaintenanceCanceled { .. } if self.status.is_under_way() => {
                Err(format!("{id} has begun, so it cannot be canceled; `opsctl maintenance finish {id}` ends it"))
            }
            MaintenanceEvent::MaintenanceCanceled { .. } => Ok(()),
            MaintenanceEvent::MaintenanceVerifying {} if self.status == Status::Verifying => {
                Err(format!("{id} is being verified already"))
            }
            MaintenanceEvent::MaintenanceVerifying {} | MaintenanceEvent::MaintenanceFinished { .. } => {
                self.allows_end(at)
            }
        }
    }

    /// Whether work may be planned for these times, seen from a moment.
    pub fn allows_plan(from: Time, until: Time, at: Time) -> Result<(), String> {
        if until <= from {
            return Err(format!("it would end at {}, and begin only at {}", rfc3339(until), rfc3339(from)));
        }
        if from < later(at, -NOW) {
            return Err(format!("{} has passed already; work is planned ahead", rfc3339(from)));
        }
        Ok(())
    }

    fn allows_times(&self, from: Time, until: Time, at: Time) -> Result<(), String> {
        if (from, until) == (self.scheduled_for, self.scheduled_until) {
            return Err(format!("{} is planned for these times already", self.id));
        }
        if self.status == Status::Scheduled {
            // One that should have begun already may keep its beginning.
            let at = if from == self.scheduled_for { at.min(from) } else { at };
            Self::allows_plan(from, until, at)?;
        } else if from != self.scheduled_for {
            return Err(format!("{} has begun already; only its end can be another", self.id));
        }
        if until <= at {
            return Err(format!("{} has passed already; say when it is over from now on", rfc3339(until)));
        }
        Ok(())
    }

    fn allows_start(&self, at: Time) -> Result<(), String> {
        let id = &self.id;
        if self.status.is_under_way() {
            return Err(format!("{id} has begun already"));
        }
        if at < later(self.scheduled_for, -EARLY) {
            let from = rfc3339(self.scheduled_for);
            return Err(format!(
                "{id} is planned for {from}; move it first: opsctl maintenance update {id} --from now"
            ));
        }
        if at >= self.scheduled_until {
            let until = rfc3339(self.scheduled_until);
            return Err(format!(
                "{id} was to be over at {until}; give it a new time first: opsctl maintenance update {id} --from now --for 1h"
            ));
        }
        Ok(())
    }

    fn allows_end(&self, at: Time) -> Result<(), String> {
        let id = &self.id;
        let Some(started) = self.started_at else {
            return Err(format!("{id} has not begun; `opsctl maintenance start {id}` says that it has"));
        };
        let since = self.verifying_at.unwrap_or(started);
        if at < since {
            return Err(format!("{id} is {} since {}; nothing ends before", self.status.title(), rfc3339(since)));
        }
        Ok(())
    }
}

/// Those among others that work on one of these services at the same time.
pub fn clashes<'a>(
    others: &'a [Maintenance],
    services: &[String],
    from: Time,
    until: Time,
) -> impl Iterator<Item = &'a Maintenance> {
    let is_shared = move |other: &&Maintenance| other.services.iter().any(|service| services.contains(service));
    let at_once = move |other: &&Maintenance| other.scheduled_for < until && from < other.scheduled_until;
    others.iter().filter(|other| other.is_open()).filter(at_once).filter(is_shared)
}
