//! Where planned work stands: what folding its events gives.

use super::event::Recorded;
use super::status::Status;
use crate::ground::{Actor, Time};
use crate::message::{Outbox, Tell};

/// Where planned work stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Maintenance {
    /// Its id: `MNT-1`.
    pub id: String,
    /// How many events have been applied.
    pub version: u64,
    /// What is done.
    pub title: String,
    /// Ids of the services that it touches.
    pub services: Vec<String>,
    /// More about it, for those who are told.
    pub text: Option<String>,
    /// When it is to begin.
    pub scheduled_for: Time,
    /// When it is to be over.
    pub scheduled_until: Time,
    /// Its status.
    pub status: Status,
    /// Who planned it.
    pub planned_by: Actor,
    /// When it was planned.
    pub planned_at: Time,
    /// When it began.
    pub started_at: Option<Time>,
    /// When the work was done and its result was looked at.
    pub verifying_at: Option<Time>,
    /// When it was over.
    pub finished_at: Option<Time>,
    /// When it was canceled.
    pub canceled_at: Option<Time>,
    /// What came of it, or why it was canceled.
    pub outcome: Option<String>,
    /// Its messages.
    pub outbox: Outbox,
    /// The time of the last event.
    pub last_at: Time,
}

/// Work that goes on: the probes of its services look at something that is meant to be broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Underway {
    /// Ids of the services.
    pub services: Vec<String>,
    /// Since when.
    pub from: Time,
    /// Until when, at the latest; that moment does not belong to it.
    pub until: Time,
}

impl Underway {
    /// Whether a service is being worked on at a moment.
    pub fn covers(&self, service: &str, at: Time) -> bool {
        self.from <= at && at < self.until && self.services.iter().any(|known| known == service)
    }
}

impl Maintenance {
    /// What events come to; none when the first plans nothing.
    pub fn fold(id: &str, events: &[Recorded]) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let mut maintenance = Self::begin(id, first)?;
        for recorded in rest {
            maintenance.apply(recorded);
        }
        Some(maintenance)
    }

    /// Whether something is still to come.
    pub const fn is_open(&self) -> bool {
        self.status.is_open()
    }

    /// The work, while it goes on. It ends when it was announced to end: whoever forgets to finish it, or needs longer and
    /// tells nobody, must not hide an outage.
    pub fn underway(&self) -> Option<Underway> {
        let from = self.started_at.filter(|_| self.status.is_under_way())?;
        Some(Underway { services: self.services.clone(), from, until: self.scheduled_until })
    }

    /// Whether it should have begun or ended by now.
    pub fn is_overdue(&self, now: Time) -> bool {
        match self.status {
            Status::Scheduled => self.scheduled_for < now,
            Status::InProgress | Status::Verifying => self.scheduled_until < now,
            Status::Completed | Status::Canceled => false,
        }
    }

    /// Ids of the channels that were told of it, or are about to be.
    pub fn told(&self) -> Vec<String> {
        self.outbox.addressed(Tell::Maintenance).into_iter().map(|to| to.channel).collect()
    }
}
