//! What may follow where an incident stands.

use super::comms::untold;
use super::event::IncidentEvent;
use super::state::{ActionState, Incident, TodoState};
use super::status::Status;
use crate::ground::{Time, rfc3339};

impl Incident {
    /// Whether an event of a moment may follow here; the error says why not.
    pub fn allows(&self, event: &IncidentEvent, at: Time) -> Result<(), String> {
        match event {
            IncidentEvent::Declared { .. } => Err(format!("{} is declared already", self.id)),
            IncidentEvent::Message(event) => self.outbox.allows(event).map_err(|why| format!("{}: {why}", self.id)),
            IncidentEvent::Corrected { event, at: moment, .. } => self.allows_correction(*event, *moment, at),
            IncidentEvent::TodoAdded { .. }
            | IncidentEvent::TodoDropped { .. }
            | IncidentEvent::ActionCreated { .. }
            | IncidentEvent::ActionChanged { .. }
            | IncidentEvent::ActionDone { .. }
            | IncidentEvent::ActionDropped { .. } => self.allows_work(event),
            IncidentEvent::Detected { .. } if self.detected_at.is_some() => {
                Err(format!("it is known already when {} was detected", self.id))
            }
            IncidentEvent::Acknowledged {} if self.acknowledged_at.is_some() && self.unanswered().is_none() => {
                Err(format!("{} is acknowledged already", self.id))
            }
            IncidentEvent::TargetBreached { target, due } if self.breaches.contains(&(*target, *due)) => {
                Err(format!("it is known already that {} missed its {}", self.id, target.words()))
            }
            IncidentEvent::Reminded { of, count } if *count != self.reminded(of).saturating_add(1) => {
                Err(format!("somebody else has reminded of this: {of}"))
            }
            IncidentEvent::Escalated { policy, level, by_itself: true, .. } if !self.leads_to(policy, *level) => {
                Err(format!("{} is not to be escalated to level {level} of {policy} now", self.id))
            }
            IncidentEvent::SeverityChanged { severity, .. } if *severity == self.severity => {
                Err(format!("{} is {severity} already", self.id))
            }
            IncidentEvent::SeverityChanged { .. }
                if matches!(self.status, Status::Closed | Status::Canceled | Status::Merged) =>
            {
                Err(format!("{} is {}", self.id, self.status.word()))
            }
            IncidentEvent::ImpactStarted { service, level }
                if self.suffering().any(|open| open.service == *service && open.level == *level) =>
            {
                Err(format!("{service} suffers already: {level}"))
            }
            IncidentEvent::ImpactEnded { service } => match self.suffering().find(|open| open.service == *service) {
                Some(open) if at < open.from => {
                    Err(format!("the impact on {service} began at {}, and cannot end before", rfc3339(open.from)))
                }
                Some(_) => Ok(()),
                None => Err(format!("no impact on {service} is going on")),
            },
            IncidentEvent::Reopened { .. } if self.status == Status::Merged => {
                let into = self.merged_into.as_deref().unwrap_or_default();
                Err(format!("{} is told in {into} now; reopen that", self.id))
            }
            IncidentEvent::Reopened { .. } if self.is_open() => Err(format!("{} is open", self.id)),
            IncidentEvent::Reopened { .. } if at < self.lasted_until(at) => Err(format!(
                "{} went on until {}, and cannot go on again before",
                self.id,
                rfc3339(self.lasted_until(at))
            )),
            IncidentEvent::Reopened { .. } => Ok(()),
            IncidentEvent::Merged { into, .. } if self.absorbed.contains(into) => {
                Err(format!("{into} is told in {}, so it cannot be the other way round", self.id))
            }
            _ => self.allows_course(event, at),
        }
    }

    fn allows_course(&self, event: &IncidentEvent, at: Time) -> Result<(), String> {
        if let Some(next) = becomes(event) {
            self.allows_status(next, at)?;
            return self.allows_end(event, next);
        }
        let only_while_open = matches!(
            event,
            IncidentEvent::Acknowledged {}
                | IncidentEvent::ImpactStarted { .. }
                | IncidentEvent::NextUpdatePromised { .. }
                | IncidentEvent::Escalated { .. }
                | IncidentEvent::ImpactRecorded { .. }
        );
        if only_while_open && !self.is_open() && at >= self.lasted_until(at) {
            return Err(format!("{} is {}", self.id, self.status.word()));
        }
        Ok(())
    }

    // An end must not pass by those who were told of it, however many write at once.
    fn allows_end(&self, event: &IncidentEvent, next: Status) -> Result<(), String> {
        if !matches!(next, Status::Resolved | Status::Canceled) {
            return Ok(());
        }
        if let Some(open) = self.suffering().next() {
            return Err(format!("{} still suffers, so {} is not over", open.service, self.id));
        }
        if matches!(
            event,
            IncidentEvent::Resolved { untold: Some(_), .. } | IncidentEvent::Canceled { untold: Some(_), .. }
        ) {
            return Ok(());
        }
        match untold(self).first() {
            Some(told) => Err(format!("{} was not told that {} is over", told.to.channel, self.id)),
            None => Ok(()),
        }
    }

    /// Whether a status of a moment may follow here; the error says why not. Whether everybody knows of an end is
    /// another matter.
    pub fn allows_status(&self, next: Status, at: Time) -> Result<(), String> {
        let id = &self.id;
        if next == self.status {
            return Err(format!("{id} is {} already", next.word()));
        }
        if !self.status.may_become(next) {
            let words: Vec<&str> = self.status.next().map(Status::word).collect();
            let from = self.status.word();
            return Err(match words.as_slice() {
                [] => format!("{id} is {from}, and only `opsctl incident reopen {id}` leads on from there"),
                words => format!("{id} is {from}; from there it may become {}", words.join(", ")),
            });
        }
        let before = [self.mitigated_at, self.identified_at, self.reopened_at, Some(self.declared_at)];
        let before = before.into_iter().flatten().max();
        match before.filter(|before| at < *before) {
            Some(before) => Err(format!("{id} cannot be {} before {}", next.word(), rfc3339(before))),
            None => Ok(()),
        }
    }

    fn allows_correction(&self, event: u64, moment: Option<Time>, now: Time) -> Result<(), String> {
        if event == 0 || event > self.version {
            return Err(format!("{} has no event {event}; it has {}", self.id, self.version));
        }
        match moment.filter(|moment| *moment > now) {
            Some(moment) => Err(format!("{} has not come yet", rfc3339(moment))),
            None => Ok(()),
        }
    }

    fn allows_work(&self, event: &IncidentEvent) -> Result<(), String> {
        match event {
            IncidentEvent::TodoDropped { todo, .. } | IncidentEvent::ActionCreated { todo: Some(todo), .. } => {
                self.open_todo(todo)
            }
            IncidentEvent::ActionChanged { action, .. }
            | IncidentEvent::ActionDone { action, .. }
            | IncidentEvent::ActionDropped { action, .. } => match self.action(action).map(|action| &action.state) {
                None => Err(format!("{} has no action {action}", self.id)),
                Some(ActionState::Open) => Ok(()),
                Some(state) => Err(format!("action {action} is {} already", state.word())),
            },
            _ => Ok(()),
        }
    }

    fn open_todo(&self, id: &str) -> Result<(), String> {
        match self.todo(id).map(|todo| &todo.state) {
            None => Err(format!("{} has no to-do {id}", self.id)),
            Some(TodoState::Open) => Ok(()),
            Some(TodoState::Action(action)) => Err(format!("to-do {id} is action {action} already")),
            Some(TodoState::Dropped(_)) => Err(format!("to-do {id} is dropped already")),
        }
    }
}

/// The status that an event leads to.
fn becomes(event: &IncidentEvent) -> Option<Status> {
    match event {
        IncidentEvent::StatusChanged { status, .. } => Some(*status),
        IncidentEvent::Resolved { .. } => Some(Status::Resolved),
        IncidentEvent::Closed { .. } => Some(Status::Closed),
        IncidentEvent::Canceled { .. } => Some(Status::Canceled),
        IncidentEvent::Merged { .. } => Some(Status::Merged),
        _ => None,
    }
}
