//! The one sentence at the top: how all of it is.
//!
//! The sentences and when they are said are Statuspage's, since programs compare them: all of the services in a major
//! outage are a *Major System Outage*, one of several is a *Partial System Outage*, and so on. An open incident whose
//! impact is worse than what the services say counts for more. What nobody knows is said to be unknown.

use super::{Impact, Page, ServiceState};

/// How bad all of it is, in Statuspage's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Indicator {
    /// All is well.
    None,
    /// Work is being done as planned.
    Maintenance,
    /// Something is not as it should be.
    Minor,
    /// Something is broken.
    Major,
    /// Everything is broken.
    Critical,
}

impl Indicator {
    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Maintenance => "maintenance",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// How all of it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overall {
    /// How bad it is.
    pub indicator: Indicator,
    /// The sentence, which programs may compare.
    pub description: &'static str,
    /// The state whose colour and sign it has; none when it is unknown.
    pub state: Option<ServiceState>,
}

/// How all of it is, by the services and the open incidents.
pub fn overall(page: &Page) -> Overall {
    let by_services = of_services(page);
    let worst = page.open_incidents().map(|incident| incident.impact).max().unwrap_or(Impact::None);
    match of_incident(worst) {
        Some(by_incident) if by_incident.indicator > by_services.indicator => by_incident,
        _ => by_services,
    }
}

fn of_services(page: &Page) -> Overall {
    let is = |state| move |seen: &Option<ServiceState>| *seen == Some(state);
    let states: Vec<Option<ServiceState>> = page.services.iter().map(|service| service.state).collect();
    let any = |state| states.iter().any(is(state));
    let all = |state| !states.is_empty() && states.iter().all(is(state));
    if all(ServiceState::MajorOutage) {
        MAJOR
    } else if any(ServiceState::MajorOutage) || all(ServiceState::PartialOutage) {
        PARTIAL
    } else if any(ServiceState::PartialOutage) {
        MINOR
    } else if all(ServiceState::DegradedPerformance) {
        degraded("Degraded System Service")
    } else if any(ServiceState::DegradedPerformance) {
        degraded("Partially Degraded Service")
    } else if any(ServiceState::UnderMaintenance) {
        let state = Some(ServiceState::UnderMaintenance);
        Overall { indicator: Indicator::Maintenance, description: "Service Under Maintenance", state }
    } else if states.iter().any(Option::is_none) {
        Overall { indicator: Indicator::None, description: "Status Unknown", state: None }
    } else {
        let state = Some(ServiceState::Operational);
        Overall { indicator: Indicator::None, description: "All Systems Operational", state }
    }
}

fn of_incident(worst: Impact) -> Option<Overall> {
    match worst {
        Impact::None => None,
        Impact::Minor => Some(MINOR),
        Impact::Major => Some(PARTIAL),
        Impact::Critical => Some(MAJOR),
    }
}

const MAJOR: Overall = Overall {
    indicator: Indicator::Critical,
    description: "Major System Outage",
    state: Some(ServiceState::MajorOutage),
};

const PARTIAL: Overall = Overall {
    indicator: Indicator::Major,
    description: "Partial System Outage",
    state: Some(ServiceState::PartialOutage),
};

const MINOR: Overall = Overall {
    indicator: Indicator::Minor,
    description: "Minor Service Outage",
    state: Some(ServiceState::DegradedPerformance),
};

const fn degraded(description: &'static str) -> Overall {
    Overall { indicator: Indicator::Minor, description, state: Some(ServiceState::DegradedPerformance) }
}
