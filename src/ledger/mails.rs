//! Messages in the journal: each in the stream of what it is about.

use std::borrow::Cow;

use crate::error::{Error, Result, nearest};
use crate::ground::plain_line;
use crate::incident::{Incident, IncidentEvent};
use crate::journal::{self, JournalError};
use crate::ledger::{Happening, Ledger, fact_of, incidents, maintenances, to_new};
use crate::maintenance::{Maintenance, MaintenanceEvent};
use crate::message::{Mail, MessageEvent, Outbox};

/// Messages about nothing else have streams of their own.
const PREFIX: &str = "message/";

/// What messages are about.
#[derive(Debug, Clone, PartialEq)]
pub enum About {
    /// An incident.
    Incident(Box<Incident>),
    /// Planned work.
    Maintenance(Box<Maintenance>),
    /// Nothing but themselves.
    Nothing(Box<Circular>),
}

/// A message about nothing else.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Circular {
    /// Its id: `MSG-3`.
    pub id: String,
    /// How many events have been applied.
    pub version: u64,
    /// The one message.
    pub outbox: Outbox,
}

impl About {
    /// The id of what they are about.
    pub fn id(&self) -> &str {
        match self {
            Self::Incident(incident) => &incident.id,
            Self::Maintenance(maintenance) => &maintenance.id,
            Self::Nothing(circular) => &circular.id,
        }
    }

    /// The messages.
    pub fn outbox(&self) -> &Outbox {
        match self {
            Self::Incident(incident) => &incident.outbox,
            Self::Maintenance(maintenance) => &maintenance.outbox,
            Self::Nothing(circular) => &circular.outbox,
        }
    }

    /// The incident, if they are about one.
    pub fn incident(&self) -> Option<&Incident> {
        match self {
            Self::Incident(incident) => Some(incident),
            Self::Maintenance(_) | Self::Nothing(_) => None,
        }
    }

    /// The planned work, if they are about some.
    pub fn maintenance(&self) -> Option<&Maintenance> {
        match self {
            Self::Maintenance(maintenance) => Some(maintenance),
            Self::Incident(_) | Self::Nothing(_) => None,
        }
    }

    /// Ids of the services that they are about.
    pub fn services(&self) -> &[String] {
        match self {
            Self::Incident(incident) => &incident.services,
            Self::Maintenance(maintenance) => &maintenance.services,
            Self::Nothing(_) => &[],
        }
    }

    /// A message by its id in the stream.
    pub fn mail(&self, message: &str) -> Result<&Mail> {
        self.outbox().mail(message).ok_or_else(|| {
            Error::usage(format!("{} has no message {message}", self.id()))
                .hint("`opsctl message list --all` shows those there are")
        })
    }

    /// The id of a message everywhere: `INC-7.m2`.
    pub fn full_id(&self, message: &str) -> String {
        format!("{}.{message}", self.id())
    }
}

impl Ledger<'_> {
    /// What a message is about, and the message's id in its stream. `INC-7.m2`, or `MSG-3` for one about nothing else.
    pub fn mail(&self, id: &str) -> Result<(About, String)> {
        let (about, message) = id.rsplit_once('.').unwrap_or((id, "m1"));
        let number = about.rsplit_once('-').map_or(about, |(_, number)| number);
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::usage(format!("`{}` names no message", plain_line(id)))
                .hint("a message is named like INC-7.m2; `opsctl message list --all` shows those there are"));
        }
        let about = self.about(about)?;
        let message = about.mail(&message.to_lowercase())?.id().to_owned();
        Ok((about, message))
    }

    /// What messages are about, by its id.
    pub fn about(&self, id: &str) -> Result<About> {
        let upper = id.to_uppercase();
        if upper.starts_with("MNT-") {
            return self.maintenance(id).map(|maintenance| About::Maintenance(Box::new(maintenance)));
        }
        if !upper.starts_with("MSG-") {
            return self.incident(id).map(|incident| About::Incident(Box::new(incident)));
        }
        let events = self.journal.read(&stream(&upper), 0)?;
        if events.is_empty() {
            let streams = self.journal.streams(PREFIX)?;
            let known = streams.iter().filter_map(|stream| stream.strip_prefix(PREFIX));
            let error = Error::usage(format!("there is no message {upper}"));
            return Err(match nearest(&upper, known) {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error.hint("`opsctl message list --all` shows those there are"),
            });
        }
        circular(&upper, &events).map(|circular| About::Nothing(Box::new(circular)))
    }

    /// Brings what messages are about up to date with what others have added.
    pub fn catch_up(&self, about: &mut About) -> Result<()> {
        match about {
            About::Incident(incident) => self.refresh_incident(incident).map(|_| ()),
            About::Maintenance(maintenance) => {
                **maintenance = self.maintenance(&maintenance.id)?;
                Ok(())
            }
            About::Nothing(circular) => {
                let newer = self.journal.read(&stream(&circular.id), circular.version)?;
                apply_all(circular, &newer)
            }
        }
    }

    /// Everything that has messages.
    pub fn correspondence(&self) -> Result<Vec<About>> {
        let (all, unreadable) = self.correspondence_readable()?;
        unreadable.into_iter().next().map_or(Ok(all), Err)
    }

    /// Everything that has messages and can be read, and why the rest cannot: what a newer opsctl has written of one
    /// incident must not hold up the messages of all others.
    pub fn correspondence_readable(&self) -> Result<(Vec<About>, Vec<Error>)> {
        let incident = |id: &str, events: &[journal::Event]| {
            incidents::fold(id, events).map(|incident| About::Incident(Box::new(incident)))
        };
        let work = |id: &str, events: &[journal::Event]| {
            maintenances::fold(id, events).map(|work| About::Maintenance(Box::new(work)))
        };
        let mail = |id: &str, events: &[journal::Event]| {
            circular(id, events).map(|circular| About::Nothing(Box::new(circular)))
        };
        let mut all = self.each_stream(incidents::PREFIX, incident)?;
        all.extend(self.each_stream(maintenances::PREFIX, work)?);
        all.retain(|about| about.as_ref().map_or(true, |about| !about.outbox().mails.is_empty()));
        all.extend(self.each_stream(PREFIX, mail)?);
        let mut unreadable = Vec::new();
        let readable = all.into_iter().filter_map(|about| about.map_err(|error| unreadable.push(error)).ok()).collect();
        Ok((readable, unreadable))
    }

    fn allowed_in(&self, circular: &Circular, events: &[MessageEvent]) -> Result<()> {
        let wrong = |why: String| Error::usage(format!("{}: {why}", circular.id));
        let Some((last, before)) = events.split_last() else { return Ok(()) };
        let mut then = Cow::Borrowed(&circular.outbox);
        for event in before {
            then.allows(event).map_err(wrong)?;
            then.to_mut().apply(self.now(), &self.actor, event);
        }
        then.allows(last).map_err(wrong)
    }

    fn each_stream<T>(
        &self,
        prefix: &str,
        fold: impl Fn(&str, &[journal::Event]) -> Result<T>,
    ) -> Result<Vec<Result<T>>> {
        let events = self.journal.read_all(prefix)?;
        let streams = events.chunk_by(|one, next| one.stream == next.stream);
        Ok(streams.map(|events| fold(events[0].stream.strip_prefix(prefix).unwrap_or_default(), events)).collect())
    }

    /// Begins a message about nothing else, under the next number.
    pub fn begin_circular(&self, drafted: &MessageEvent) -> Result<About> {
        let mut number = self.journal.streams(PREFIX)?.len();
        loop {
            number += 1;
            let id = format!("MSG-{number}");
            match self.journal.append(&stream(&id), 0, &self.context(), &[to_new(drafted)]) {
                Ok(stored) => return circular(&id, &stored).map(|circular| About::Nothing(Box::new(circular))),
                Err(JournalError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
    }

    /// Adds facts of messages if they may follow, all of them or none; on a conflict looks again and decides anew.
    pub fn record_mail(&self, about: &mut About, events: Vec<MessageEvent>) -> Result<()> {
        let circular = match about {
            About::Incident(incident) => {
                let events = events.into_iter().map(IncidentEvent::Message).collect();
                return self.record_incident(incident, Happening { events, at: None });
            }
            About::Maintenance(maintenance) => {
                let events: Vec<_> = events.into_iter().map(MaintenanceEvent::Message).collect();
                return self.record_maintenance(maintenance, &events, None);
            }
            About::Nothing(circular) => circular,
        };
        let new: Vec<_> = events.iter().map(to_new).collect();
        loop {
            self.allowed_in(circular, &events)?;
            let stream = stream(&circular.id);
            let stored = match self.journal.append(&stream, circular.version, &self.context(), &new) {
                Ok(stored) => return apply_all(circular, &stored),
                Err(JournalError::Conflict { .. }) => self.journal.read(&stream, circular.version)?,
                Err(other) => return Err(other.into()),
            };
            apply_all(circular, &stored)?;
        }
    }
}

fn stream(id: &str) -> String {
    format!("{PREFIX}{id}")
}

fn circular(id: &str, events: &[journal::Event]) -> Result<Circular> {
    let mut circular = Circular { id: id.to_owned(), ..Circular::default() };
    apply_all(&mut circular, events)?;
    Ok(circular)
}

fn apply_all(circular: &mut Circular, events: &[journal::Event]) -> Result<()> {
    for stored in events {
        circular.outbox.apply(stored.at, &stored.actor, &fact_of(stored)?);
        circular.version = stored.version;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use crate::catalog::model::Catalog;
    use crate::ground::{Actor, SystemClock};
    use crate::journal::{Context, Journal, NewEvent, SqliteJournal};
    use crate::ledger::Ledger;

    fn tell(journal: &SqliteJournal, stream: &str, facts: &[(&str, Value)]) {
        let at = "2026-11-23T12:00:00Z".parse().unwrap();
        let context = Context { at, actor: Actor("ana".into()), host: "box".into() };
        let event = |(kind, body): &(&str, Value)| NewEvent { kind: (*kind).into(), body: body.clone() };
        journal.append(stream, 0, &context, &facts.iter().map(event).collect::<Vec<_>>()).unwrap();
    }

    #[test]
    fn what_a_newer_opsctl_wrote_holds_up_only_what_it_is_about() {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        let declared = ("declared", json!({"title": "Slow", "services": [], "severity": "P1", "seen": null}));
        let to = [json!({"channel": "team", "audience": null})];
        let drafted = json!({"message": "m1", "status": null, "severity": null, "template": null, "variant": null,
                             "to": to, "subject": null, "text": "hello"});
        let drafted = ("message_drafted", drafted);
        let new = ("message_sung", json!({"message": "m1"}));
        tell(&journal, "incident/INC-1", &[declared.clone(), drafted.clone(), new.clone()]);
        tell(&journal, "incident/INC-2", &[declared.clone(), drafted.clone()]);
        tell(&journal, "incident/INC-3", &[declared]);
        tell(&journal, "message/MSG-1", std::slice::from_ref(&drafted));
        tell(&journal, "message/MSG-2", &[drafted, new]);
        let (catalog, actor) = (Catalog::default(), Actor("ana".into()));
        let ledger = Ledger { journal: &journal, catalog: &catalog, clock: &SystemClock, actor, host: "box".into() };
        let (readable, unreadable) = ledger.correspondence_readable().unwrap();
        assert_eq!(readable.iter().map(super::About::id).collect::<Vec<_>>(), ["INC-2", "MSG-1"]);
        let said: Vec<String> = unreadable.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("event 3 of incident/INC-1") && said[1].contains("event 2 of message/MSG-2"));
        assert!(ledger.correspondence().is_err(), "whoever asks for all of them hears that one is missing");
    }
}
