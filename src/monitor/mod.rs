//! What follows from observations over time: pure.

pub mod alarm;
pub mod alert;
pub mod alertmanager;
pub mod availability;
pub mod event;
pub mod heartbeat;
pub mod maintenance;
pub mod rule;
mod sample;
pub mod service;
mod state;
pub mod threshold;
mod times;
pub mod timetable;

pub use alarm::{Alarm, Signal};
pub use alert::Alert;
pub use availability::{Availability, availability};
pub use event::AlertEvent;
pub use heartbeat::{Beat, Beats, Heart};
pub use rule::Verdict;
pub use sample::Sample;
pub use service::ServiceState;
pub use state::State;
pub use threshold::{Settled, Thresholds};
pub use times::{Times, spans};
