//! Incidents: declared, read, added to.

use std::borrow::Cow;

use serde_json::Value;

use crate::error::{Error, Kind, Result, nearest};
use crate::ground::{Time, rfc3339};
use crate::incident::clock::{Due, breaches};
use crate::incident::{Incident, IncidentEvent, Recorded, Telling, Visibility, facts};
use crate::journal::{self, JournalError, NewEvent};
use crate::ledger::{Ledger, occurred_at, told_late};

pub(super) const PREFIX: &str = "incident/";

/// An incident to declare.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewIncident {
    /// Its title.
    pub title: String,
    /// Ids of the services it touches.
    pub services: Vec<String>,
    /// Its severity.
    pub severity: String,
    /// What is seen.
    pub seen: Option<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// When it was declared, where that was earlier.
    pub at: Option<Time>,
    /// When it was noticed, and by what.
    pub detected: Option<(Time, Option<String>)>,
}

/// Facts to add to an incident, and when they happened, where that was earlier.
#[derive(Debug, Clone, Default)]
pub struct Happening {
    /// The facts.
    pub events: Vec<IncidentEvent>,
    /// When they happened.
    pub at: Option<Time>,
}

impl From<IncidentEvent> for Happening {
    fn from(event: IncidentEvent) -> Self {
        Self { events: vec![event], at: None }
    }
}

impl Ledger<'_> {
    /// Declares an incident under the next number.
    pub fn declare(&self, new: NewIncident) -> Result<Incident> {
        let declared = IncidentEvent::Declared {
            title: new.title,
            services: new.services,
            severity: new.severity,
            seen: new.seen,
            visibility: new.visibility,
        };
        self.not_in_future(new.at)?;
        let mut events = vec![to_new(&declared, new.at)];
        if let Some((at, source)) = new.detected {
            self.not_in_future(Some(at))?;
            events.push(to_new(&IncidentEvent::Detected { source }, Some(at)));
        }
        let mut number = self.journal.streams(PREFIX)?.len();
        loop {
            number += 1;
            let id = format!("INC-{number}");
            match self.journal.append(&stream(&id), 0, &self.context(), &events) {
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
        folded(&self.journal.read_all(PREFIX)?)
    }

    /// Adds facts if they may follow, all of them or none; on a conflict looks again and decides anew.
    pub fn record_incident(&self, incident: &mut Incident, happening: impl Into<Happening>) -> Result<()> {
        let happening = happening.into();
        self.not_in_future(happening.at)?;
        let new: Vec<NewEvent> = happening.events.iter().map(|event| to_new(event, happening.at)).collect();
        loop {
            self.allowed(incident, &happening)?;
            let stream = stream(&incident.id);
            match self.journal.append(&stream, incident.version, &self.context(), &new) {
                Ok(stored) => return self.apply_all(incident, &stored),
                Err(JournalError::Conflict { .. }) => {
                    let newer = self.journal.read(&stream, incident.version)?;
                    self.apply_all(incident, &newer)?;
                }
                Err(other) => return Err(other.into()),
            }
        }
    }

    /// Brings an incident up to date with what others have added. Tells whether there was anything.
    pub fn refresh_incident(&self, incident: &mut Incident) -> Result<bool> {
        let newer = self.journal.read(&stream(&incident.id), incident.version)?;
        self.apply_all(incident, &newer)?;
        Ok(!newer.is_empty())
    }

    /// Writes down what was missed until now and is not written down yet. Gives what that was.
    pub fn note_breaches(&self, incident: &mut Incident) -> Result<Vec<Due>> {
        let severity = self.catalog.settings.severities.get(&incident.severity);
        let missed = breaches(incident, severity, self.now());
        let events = missed.iter().map(|due| IncidentEvent::TargetBreached { target: due.target, due: due.by });
        let events: Vec<IncidentEvent> = events.collect();
        if events.is_empty() {
            return Ok(missed);
        }
        match self.record_incident(incident, Happening { events, at: None }) {
            Ok(()) => Ok(missed),
            // Somebody else was faster.
            Err(error) if error.kind == Kind::Usage => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// What templates and conditions see of an incident now, and of what is told about it.
    pub fn facts(&self, incident: &Incident, telling: Telling) -> Value {
        let settings = &self.catalog.settings;
        let mut facts = facts(incident, settings.severities.get(&incident.severity), telling, self.now());
        facts["service_titles"] = self.service_titles(&incident.services).into();
        facts
    }

    /// The events of an incident, for its timeline.
    pub fn incident_events(&self, id: &str) -> Result<Vec<Recorded>> {
        self.incident_events_after(id, 0)
    }

    /// The events of an incident with a version above `after`.
    pub fn incident_events_after(&self, id: &str, after: u64) -> Result<Vec<Recorded>> {
        self.journal.read(&stream(id), after)?.iter().map(from_stored).collect()
    }

    // Each fact has to fit where those before it lead to.
    fn allowed(&self, incident: &Incident, happening: &Happening) -> Result<()> {
        self.in_order(incident, happening)?;
        let Some((last, before)) = happening.events.split_last() else { return Ok(()) };
        let at = self.moment(happening.at, incident.last_at);
        let recorded_at = self.moment(None, incident.last_at);
        let mut then = Cow::Borrowed(incident);
        for (event, version) in before.iter().zip(incident.version + 1..) {
            then.allows(event, at).map_err(Error::usage)?;
            let (actor, event) = (self.actor.clone(), event.clone());
            then.to_mut().apply(&Recorded { version, at, recorded_at, actor, event });
        }
        then.allows(last, at).map_err(Error::usage)
    }

    // What corrects a moment must not turn round what followed from it.
    fn in_order(&self, incident: &Incident, happening: &Happening) -> Result<()> {
        for event in happening.events.iter().filter(|event| Incident::rewrites(event)) {
            let events = self.incident_events(&incident.id)?;
            let (at, recorded_at) = (self.moment(happening.at, incident.last_at), self.now());
            let version = incident.version + 1;
            let further = Recorded { version, at, recorded_at, actor: self.actor.clone(), event: event.clone() };
            Incident::keeps_order(&events, &further).map_err(|why| Error::usage(format!("{}: {why}", incident.id)))?;
        }
        Ok(())
    }

    fn apply_all(&self, incident: &mut Incident, stored: &[journal::Event]) -> Result<()> {
        for event in stored {
            let recorded = from_stored(event)?;
            if Incident::rewrites(&recorded.event) {
                *incident = fold(&incident.id, &self.journal.read(&stream(&incident.id), 0)?)?;
                return Ok(());
            }
            incident.apply(&recorded);
        }
        Ok(())
    }

    pub(super) fn not_in_future(&self, at: Option<Time>) -> Result<()> {
        match at.filter(|at| *at > self.now()) {
            Some(at) => Err(Error::usage(format!("{} has not come yet", rfc3339(at)))
                .hint("--at is for what happened earlier; leave it out for what happens now")),
            None => Ok(()),
        }
    }
}

fn stream(id: &str) -> String {
    format!("{PREFIX}{id}")
}

pub(super) fn fold(id: &str, events: &[journal::Event]) -> Result<Incident> {
    let recorded = events.iter().map(from_stored).collect::<Result<Vec<_>>>()?;
    Incident::fold(id, &recorded)
        .ok_or_else(|| Error::environment(format!("incident {id} does not begin with its declaration")))
}

/// The incidents that events come to, which stand stream by stream.
pub(super) fn folded(events: &[journal::Event]) -> Result<Vec<Incident>> {
    let streams = events.chunk_by(|one, next| one.stream == next.stream);
    streams.map(|events| fold(events[0].stream.strip_prefix(PREFIX).unwrap_or(&events[0].stream), events)).collect()
}

fn to_new(event: &IncidentEvent, at: Option<Time>) -> NewEvent {
    told_late(event.to_parts(), at)
}

fn from_stored(stored: &journal::Event) -> Result<Recorded> {
    let event =
        IncidentEvent::from_parts(&stored.kind, &stored.body).map_err(|cause| super::unreadable(stored, cause))?;
    Ok(Recorded {
        version: stored.version,
        at: occurred_at(stored),
        recorded_at: stored.at,
        actor: stored.actor.clone(),
        event,
    })
}
