//! What is known for the public page. Texts are as they were written; the page cleans them.

use chrono::NaiveDate;

use super::{Impact, ServiceState, Status};
use crate::ground::Time;

/// How many days of history a page has.
pub const DAYS: usize = 90;

/// A status page, as it is known at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Whose page it is.
    pub title: String,
    /// Where it is published: `https://status.example.com/`. Without it, what the page says of itself is relative.
    pub url: Option<String>,
    /// The moment at which all this is so.
    pub at: Time,
    /// What is watched, in the order of the workspace.
    pub services: Vec<PageService>,
    /// What has happened, the newest first: open and past.
    pub incidents: Vec<PageIncident>,
    /// What is planned, under way or done, the newest first.
    pub maintenances: Vec<PageMaintenance>,
}

/// A service on the page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageService {
    /// Its id in the workspace.
    pub id: String,
    /// The title people see.
    pub title: String,
    /// What it does.
    pub summary: Option<String>,
    /// How it is; none when nobody knows.
    pub state: Option<ServiceState>,
    /// Since when it is so.
    pub since: Option<Time>,
    /// Its last [`DAYS`] days, the oldest first; none of them when it is not measured.
    pub days: Vec<PageDay>,
    /// How much of these days it was available; none when it is not measured.
    pub uptime: Option<Uptime>,
}

/// A day (UTC) of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct PageDay {
    /// Which day.
    pub date: NaiveDate,
    /// From 0 to 1; none when nobody looked.
    pub availability: Option<f64>,
    /// The worst it was; none when nobody knows.
    pub worst: Option<ServiceState>,
    /// The ids of the incidents that lasted into it.
    pub incidents: Vec<String>,
}

/// How much of a time a service was available.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uptime {
    /// From 0 to 1, of the time that is known.
    pub share: f64,
    /// The share of the time that is known, from 0 to 1.
    pub coverage: f64,
}

/// An incident as the public may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct PageIncident {
    /// Its id: `INC-7`.
    pub id: String,
    /// Its public name.
    pub title: String,
    /// How bad it is for those who use the services.
    pub impact: Impact,
    /// How far it has come.
    pub status: Status,
    /// The ids of the services it is about.
    pub services: Vec<String>,
    /// When it began to be felt.
    pub started_at: Time,
    /// When it was first told.
    pub created_at: Time,
    /// When it was over.
    pub resolved_at: Option<Time>,
    /// When it seemed to be over.
    pub monitoring_at: Option<Time>,
    /// What was told, the newest first.
    pub updates: Vec<PageUpdate>,
}

/// Something that was told.
#[derive(Debug, Clone, PartialEq)]
pub struct PageUpdate {
    /// Its own id, which never changes.
    pub id: String,
    /// What it said about how far things had come.
    pub status: Status,
    /// Plain text; lines are kept.
    pub body: String,
    /// When it was told.
    pub at: Time,
}

/// Planned work as the public may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct PageMaintenance {
    /// Its id: `MNT-1`.
    pub id: String,
    /// Its public name.
    pub title: String,
    /// How far it has come.
    pub status: Status,
    /// The ids of the services it is about.
    pub services: Vec<String>,
    /// When it was first told.
    pub created_at: Time,
    /// When it is to begin.
    pub scheduled_for: Time,
    /// When it is to end.
    pub scheduled_until: Time,
    /// When it began.
    pub started_at: Option<Time>,
    /// When it ended.
    pub completed_at: Option<Time>,
    /// What was told, the newest first.
    pub updates: Vec<PageUpdate>,
}

impl Page {
    /// Incidents that are not over.
    pub fn open_incidents(&self) -> impl Iterator<Item = &PageIncident> {
        self.incidents.iter().filter(|incident| !incident.status.is_over())
    }

    /// The services with these ids, in the order of the page.
    pub fn services_of<'a>(&'a self, ids: &'a [String]) -> impl Iterator<Item = &'a PageService> {
        self.services.iter().filter(|service| ids.contains(&service.id))
    }
}

impl PageIncident {
    /// When something was last said or changed.
    pub fn updated_at(&self) -> Time {
        let told = self.updates.iter().map(|update| update.at);
        told.chain(self.resolved_at).chain([self.created_at]).max().unwrap_or(self.created_at)
    }
}

impl PageMaintenance {
    /// When something was last said or changed.
    pub fn updated_at(&self) -> Time {
        let told = self.updates.iter().map(|update| update.at);
        told.chain(self.started_at).chain(self.completed_at).chain([self.created_at]).max().unwrap_or(self.created_at)
    }
}
