//! What observations come to, taken together.

use super::observation::Observation;
use crate::monitor::State;

/// What observations come to, taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All that were looked at are well; a remark names those that are not up, and why that is no failure.
    Up(Option<String>),
    /// At least one is down or unknown, and why.
    Down(String),
    /// None could be looked at, for none is configured: nothing is proved, and nothing has failed.
    NotConfigured(String),
}

/// What observations come to, taken together. What is unknown proves nothing good.
pub fn verdict(observations: &[Observation]) -> Verdict {
    let reasons = |states: &[State]| -> Option<String> {
        let of_state = observations.iter().filter(|observation| states.contains(&observation.state));
        let reasons: Vec<String> = of_state.map(reason).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    };
    let some_seen = observations.iter().any(|observation| observation.state != State::NotConfigured);
    match (reasons(&[State::Down, State::Unknown]), reasons(&[State::NotConfigured])) {
        (Some(down), _) => Verdict::Down(down),
        (None, Some(remark)) if !some_seen => Verdict::NotConfigured(remark),
        (None, _) => Verdict::Up(reasons(&[State::Degraded, State::Maintenance, State::NotConfigured])),
    }
}

fn reason(observation: &Observation) -> String {
    let why = observation.why().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{} is {}{why}", observation.id, observation.state.title())
}
