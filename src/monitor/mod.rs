//! What follows from observations over time: pure.

mod sample;
mod state;

pub use sample::Sample;
pub use state::State;
