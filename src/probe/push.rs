//! Probes that wait for the heartbeat of a job.

use super::Prober;
use super::sight::{Failure, Sight};
use crate::ground::{Span, Time};
use crate::monitor::{State, heartbeat};

/// Where the heartbeats of jobs are kept: the last ones of a probe, or why they cannot be read.
pub type Heartbeats<'a> = Box<dyn Fn(&str) -> Result<heartbeat::Beats, String> + Send + Sync + 'a>;

/// Looks whether the last heartbeat is in time.
pub(super) fn look(
    id: &str,
    every: Span,
    grace: Span,
    now: Time,
    prober: &Prober<'_>,
    sight: &mut Sight,
) -> Result<(), Failure> {
    let beats = match &prober.heartbeats {
        Some(last) => last(id).map_err(|why| Failure::blind(format!("the heartbeats cannot be read: {why}")))?,
        None => heartbeat::Beats::default(),
    };
    let heart = heartbeat::judge(&beats, every, grace, now);
    sight.output = heart.to_string();
    match heart.state() {
        State::Down => Err(heart.to_string().into()),
        State::Unknown => Err(Failure::blind(heart.to_string())),
        _ => Ok(()),
    }
}
