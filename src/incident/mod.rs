//! Incidents: pure state, transitions and durations.

pub mod event;
pub mod state;

pub use event::IncidentEvent;
pub use state::{Incident, Status};
