//! Incidents: pure state, transitions, clocks and durations.

mod apply;
pub mod clock;
pub mod comms;
pub mod duration;
pub mod escalation;
pub mod event;
mod facts;
pub mod impact;
pub mod metrics;
mod order;
pub mod remind;
mod role;
mod rules;
mod state;
mod status;
#[cfg(test)]
mod tests;

pub use event::{IncidentEvent, Recorded, Visibility};
pub use facts::{Telling, facts};
pub use role::Role;
pub use state::{Action, ActionState, Incident, Todo, TodoState};
pub use status::Status;
