//! Planned work: planned, read, added to.

use std::borrow::Cow;

use serde_json::Value;

use crate::error::{Error, Result, nearest};
use crate::ground::Time;
use crate::journal::{self, JournalError, NewEvent};
use crate::ledger::{Ledger, occurred_at, told_late};
use crate::maintenance::{Maintenance, MaintenanceEvent, Recorded, facts};

pub(super) const PREFIX: &str = "maintenance/";

/// Work to plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMaintenance {
    /// What is done.
    pub title: String,
    /// Ids of the services that it touches.
    pub services: Vec<String>,
    /// When it is to begin.
    pub from: Time,
    /// When it is to be over.
    pub until: Time,
    /// More about it, for those who are told.
    pub text: Option<String>,
}

impl Ledger<'_> {
    /// Plans work under the next number.
    pub fn plan(&self, new: NewMaintenance) -> Result<Maintenance> {
        Maintenance::allows_plan(new.from, new.until, self.now()).map_err(Error::usage)?;
        let planned = [to_new(&planned(new), None)];
        let mut number = self.journal.streams(PREFIX)?.len();
        loop {
            number += 1;
            let id = format!("MNT-{number}");
            match self.journal.append(&stream(&id), 0, &self.context(), &planned) {
                Ok(stored) => return fold(&id, &stored),
                Err(JournalError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
    }

    /// How work would stand that is not planned yet; it has no number.
    pub fn would_plan(&self, new: &NewMaintenance) -> Result<Maintenance> {
        let now = self.now();
        Maintenance::allows_plan(new.from, new.until, now).map_err(Error::usage)?;
        let (actor, event) = (self.actor.clone(), planned(new.clone()));
        let recorded = Recorded { version: 1, at: now, recorded_at: now, actor, event };
        Maintenance::begin("it", &recorded).ok_or_else(|| Error::usage("there is nothing to plan"))
    }

    /// Planned work as it stands; `1` is short for `MNT-1`.
    pub fn maintenance(&self, id: &str) -> Result<Maintenance> {
        let wanted = if id.bytes().all(|b| b.is_ascii_digit()) { format!("MNT-{id}") } else { id.to_uppercase() };
        let events = self.journal.read(&stream(&wanted), 0)?;
        if !events.is_empty() {
            return fold(&wanted, &events);
        }
        let streams = self.journal.streams(PREFIX)?;
        let ids = streams.iter().filter_map(|stream| stream.strip_prefix(PREFIX));
        let error = Error::usage(format!("there is no maintenance `{id}`"));
        Err(match nearest(&wanted, ids) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("`opsctl maintenance list --all` shows what there is"),
        })
    }

    /// All planned work, in the order in which it was planned.
    pub fn maintenances(&self) -> Result<Vec<Maintenance>> {
        folded(&self.journal.read_all(PREFIX)?)
    }

    /// How work would stand with further facts, if they may follow.
    pub fn would_be(
        &self,
        maintenance: &Maintenance,
        events: &[MaintenanceEvent],
        at: Option<Time>,
    ) -> Result<Maintenance> {
        Ok(self.after(maintenance, events, at)?.into_owned())
    }

    // The last fact needs no state after it, so that one alone copies nothing.
    fn may_follow(&self, maintenance: &Maintenance, events: &[MaintenanceEvent], at: Option<Time>) -> Result<()> {
        let Some((last, before)) = events.split_last() else { return Ok(()) };
        let then = self.after(maintenance, before, at)?;
        then.allows(last, self.moment(at, maintenance.last_at)).map_err(Error::usage)
    }

    fn after<'a>(
        &self,
        maintenance: &'a Maintenance,
        events: &[MaintenanceEvent],
        at: Option<Time>,
    ) -> Result<Cow<'a, Maintenance>> {
        self.not_in_future(at)?;
        let recorded_at = self.moment(None, maintenance.last_at);
        let at = at.unwrap_or(recorded_at);
        let mut then = Cow::Borrowed(maintenance);
        for (event, version) in events.iter().zip(maintenance.version + 1..) {
            then.allows(event, at).map_err(Error::usage)?;
            let (actor, event) = (self.actor.clone(), event.clone());
            then.to_mut().apply(&Recorded { version, at, recorded_at, actor, event });
        }
        Ok(then)
    }

    /// Adds facts if they may follow, all of them or none, with the moment they happened where that was earlier; on a
    /// conflict looks again and decides anew.
    pub fn record_maintenance(
        &self,
        maintenance: &mut Maintenance,
        events: &[MaintenanceEvent],
        at: Option<Time>,
    ) -> Result<()> {
        let new: Vec<NewEvent> = events.iter().map(|event| to_new(event, at)).collect();
        loop {
            self.may_follow(maintenance, events, at)?;
            let stream = stream(&maintenance.id);
            let stored = match self.journal.append(&stream, maintenance.version, &self.context(), &new) {
                Ok(stored) => return apply_all(maintenance, &stored),
                Err(JournalError::Conflict { .. }) => self.journal.read(&stream, maintenance.version)?,
                Err(other) => return Err(other.into()),
            };
            apply_all(maintenance, &stored)?;
        }
    }

    /// The events of planned work, for its timeline.
    pub fn maintenance_events(&self, id: &str) -> Result<Vec<Recorded>> {
        self.journal.read(&stream(id), 0)?.iter().map(from_stored).collect()
    }

    /// What templates see of planned work.
    pub fn maintenance_facts(&self, maintenance: &Maintenance) -> Value {
        facts(maintenance, &self.service_titles(&maintenance.services))
    }

    /// The titles of services; of one that is not known any more its id.
    pub fn service_titles(&self, services: &[String]) -> Vec<String> {
        let known = &self.catalog.settings.services;
        let title = |id: &String| known.get(id).map_or_else(|| id.clone(), |service| service.title.clone());
        services.iter().map(title).collect()
    }
}

fn planned(new: NewMaintenance) -> MaintenanceEvent {
    let NewMaintenance { title, services, from, until, text } = new;
    MaintenanceEvent::MaintenancePlanned { title, services, from, until, text }
}

fn stream(id: &str) -> String {
    format!("{PREFIX}{id}")
}

pub(super) fn fold(id: &str, events: &[journal::Event]) -> Result<Maintenance> {
    let recorded = events.iter().map(from_stored).collect::<Result<Vec<_>>>()?;
    Maintenance::fold(id, &recorded)
        .ok_or_else(|| Error::environment(format!("maintenance {id} does not begin with its plan")))
}

/// What events come to, which stand stream by stream.
pub(super) fn folded(events: &[journal::Event]) -> Result<Vec<Maintenance>> {
    let streams = events.chunk_by(|one, next| one.stream == next.stream);
    streams.map(|events| fold(events[0].stream.strip_prefix(PREFIX).unwrap_or_default(), events)).collect()
}

fn apply_all(maintenance: &mut Maintenance, events: &[journal::Event]) -> Result<()> {
    for event in events {
        maintenance.apply(&from_stored(event)?);
    }
    Ok(())
}

fn to_new(event: &MaintenanceEvent, at: Option<Time>) -> NewEvent {
    told_late(event.to_parts(), at)
}

fn from_stored(stored: &journal::Event) -> Result<Recorded> {
    let event =
        MaintenanceEvent::from_parts(&stored.kind, &stored.body).map_err(|cause| super::unreadable(stored, cause))?;
    let (version, recorded_at, actor) = (stored.version, stored.at, stored.actor.clone());
    Ok(Recorded { version, at: occurred_at(stored), recorded_at, actor, event })
}
