//! The engine: how a walk goes on. Pure: no clock, no files, no randomness, no async; time and ids come in.
//!
//! ```text
//! next(&State, &Facts)  -> Need            what the walk needs now
//! decide(&State, Input) -> Vec<Event>      or a Refusal
//! apply(&mut State, &Recorded)             the only thing that changes a state
//! ```

pub mod apply;
pub mod command;
pub mod context;
pub mod decide;
pub mod event;
pub mod need;
pub mod outcome;
pub mod plan;
pub mod preview;
pub mod state;
pub mod summary;

pub use decide::{Input, Refusal, decide};
pub use event::{Event, Recorded};
pub use need::{Need, next};
pub use plan::Plan;
pub use state::{State, StepState, StepStatus};
