//! How each fact changes planned work.

use super::event::{MaintenanceEvent, Recorded};
use super::state::Maintenance;
use super::status::Status;
use crate::message::Outbox;

impl Maintenance {
    /// The work that a first event plans; none when it plans nothing.
    pub fn begin(id: &str, recorded: &Recorded) -> Option<Self> {
        let MaintenanceEvent::MaintenancePlanned { title, services, from, until, text } = &recorded.event else {
            return None;
        };
        Some(Self {
            id: id.to_owned(),
            version: recorded.version,
            title: title.clone(),
            services: services.clone(),
            text: text.clone(),
            scheduled_for: *from,
            scheduled_until: *until,
            status: Status::Scheduled,
            planned_by: recorded.actor.clone(),
            planned_at: recorded.at,
            started_at: None,
            verifying_at: None,
            finished_at: None,
            canceled_at: None,
            outcome: None,
            outbox: Outbox::default(),
            last_at: recorded.recorded_at,
        })
    }

    /// Applies a further event.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.version = recorded.version;
        self.last_at = recorded.recorded_at;
        let at = recorded.at;
        match &recorded.event {
            MaintenanceEvent::MaintenancePlanned { .. } | MaintenanceEvent::NoteAdded { .. } => {}
            MaintenanceEvent::MaintenanceChanged { from, until, .. } => {
                (self.scheduled_for, self.scheduled_until) = (*from, *until);
            }
            MaintenanceEvent::MaintenanceStarted {} => {
                (self.status, self.started_at) = (Status::InProgress, Some(at));
            }
            MaintenanceEvent::MaintenanceVerifying {} => {
                (self.status, self.verifying_at) = (Status::Verifying, Some(at));
            }
            MaintenanceEvent::MaintenanceFinished { note } => {
                (self.status, self.finished_at) = (Status::Completed, Some(at));
                self.outcome.clone_from(note);
            }
            MaintenanceEvent::MaintenanceCanceled { reason } => {
                (self.status, self.canceled_at) = (Status::Canceled, Some(at));
                self.outcome = Some(reason.clone());
            }
            MaintenanceEvent::Message(event) => self.outbox.apply(at, &recorded.actor, event),
        }
    }
}
