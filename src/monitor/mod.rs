//! What follows from observations over time: pure.

mod sample;
mod state;
mod times;

pub use sample::Sample;
pub use state::State;
pub use times::{Times, spans};
