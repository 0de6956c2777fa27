//! What probes saw, and what is known of them: for people, for programs, and in the formats of other tools.

pub mod alert;
mod details;
pub mod eval;
pub mod history;
pub mod junit;
pub mod list;
pub mod nagios;
pub mod progress;
pub mod prometheus;
pub mod repeat;
pub mod show;
pub mod spread;
pub mod table;
pub mod tap;
pub mod target;
mod words;

use std::fmt::Write as _;

use crate::ground::plain_line;
use crate::probe::Observation;

use words::word;

/// What probes saw, a line each, with the conditions that did not hold.
pub fn report(observations: &[Observation]) -> String {
    let mut text = String::new();
    for observation in observations {
        let (id, word) = (plain_line(&observation.id), word(observation.state));
        let error = observation.error.as_deref().map(|error| format!(": {}", plain_line(error))).unwrap_or_default();
        let _ = writeln!(text, "{id} · {word} · {} ms{error}", observation.duration_ms);
        for condition in observation.conditions.iter().filter(|condition| !condition.passed) {
            let _ = writeln!(text, "  not met: {}", plain_line(&condition.shown));
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests;
