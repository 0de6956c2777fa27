//! How services are by whatever else goes on: that one thing is over does not make well what another still breaks.

use std::collections::{BTreeMap, BTreeSet};

use crate::incident::Incident;
use crate::ledger::{About, Ledger};
use crate::maintenance::{Maintenance, Status};
use crate::monitor::service::ServiceState;

/// What services suffer from besides what a message is about.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// The worst of it.
    worst: BTreeMap<String, ServiceState>,
    /// Services of which nothing can be said that is both true and for everybody.
    silent: BTreeSet<String>,
    /// Nobody knows; that something works cannot be said of any service.
    is_unknown: bool,
}

impl Others {
    /// What else goes on, as the journal says.
    pub fn of(ledger: &Ledger<'_>, about: &About) -> Self {
        match (ledger.open_incidents(), ledger.open_maintenances()) {
            (Ok(incidents), Ok(works)) => Self::from(about.id(), &incidents, &works),
            // It holds up no message that somebody cannot read another one.
            _ => Self { is_unknown: true, ..Self::default() },
        }
    }

    fn from(id: &str, incidents: &[Incident], works: &[Maintenance]) -> Self {
        let mut others = Self::default();
        for incident in incidents.iter().filter(|incident| incident.id != id) {
            for suffering in incident.suffering() {
                if incident.is_restricted() {
                    others.silent.insert(suffering.service.clone());
                } else if let Some(state) = state(&suffering.level) {
                    others.add(&suffering.service, state);
                }
            }
        }
        let is_worked_on = |work: &&Maintenance| matches!(work.status, Status::InProgress | Status::Verifying);
        for work in works.iter().filter(|work| work.id != id).filter(is_worked_on) {
            for service in &work.services {
                others.add(service, ServiceState::UnderMaintenance);
            }
        }
        others
    }

    fn add(&mut self, service: &str, state: ServiceState) {
        let worst = self.worst.entry(service.to_owned()).or_insert(state);
        *worst = state.max(*worst);
    }

    /// How services are, in the words of status pages, when by themselves they were like this.
    pub fn among(&self, components: Vec<(String, ServiceState)>) -> Vec<(String, String)> {
        let among = |(service, state): (String, ServiceState)| {
            if self.silent.contains(&service) || (self.is_unknown && state == ServiceState::Operational) {
                return None;
            }
            let worst = self.worst.get(&service).map_or(state, |worst| state.max(*worst));
            Some((service, worst.word().to_owned()))
        };
        components.into_iter().filter_map(among).collect()
    }
}

/// A level of impact by its word.
pub(super) fn state(level: &str) -> Option<ServiceState> {
    ServiceState::ALL.into_iter().find(|state| state.word() == level)
}
