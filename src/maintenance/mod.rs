//! Planned work on services: from its announcement to its end. Pure.

mod apply;
mod event;
mod facts;
mod rules;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod text;

pub use event::{ENDS, MaintenanceEvent, Recorded};
pub use facts::facts;
pub use rules::clashes;
pub use state::{Maintenance, Underway};
pub use status::Status;
pub use text::{Occasion, Wording, wording};
