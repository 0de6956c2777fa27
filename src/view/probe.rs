//! What probes saw, for people.

use std::fmt::Write as _;

use crate::ground::plain_line;
use crate::probe::{Observation, State};

/// What probes saw, a line each, with the conditions that did not hold.
pub fn report(observations: &[Observation]) -> String {
    let mut text = String::new();
    for observation in observations {
        let word = match observation.state {
            State::Down => "DOWN",
            state => state.title(),
        };
        let error = observation.error.as_deref().map(|error| format!(": {}", plain_line(error))).unwrap_or_default();
        let _ = writeln!(text, "{} · {word} · {} ms{error}", observation.id, observation.duration_ms);
        for condition in observation.conditions.iter().filter(|condition| !condition.passed) {
            let _ = writeln!(text, "  not met: {}", plain_line(&condition.shown));
        }
    }
    text.trim_end().to_owned()
}
