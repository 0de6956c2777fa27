//! A probe definition in, an observation out.
//!
//! A probe is *up* when it could be made and all of its conditions hold, *degraded* when only conditions that warn do
//! not. One whose environment variables are not set is *not configured*: nothing was looked at, so it proves nothing,
//! but nothing failed either.

mod certificate;
mod command;
mod connect;
mod credentials;
mod dns;
mod failure;
mod grpc;
mod guard;
mod handshake;
mod http;
mod icmp;
mod judge;
mod look;
mod many;
mod network;
mod observation;
mod place;
mod postgres;
mod push;
mod redis;
mod sight;
mod starttls;
mod task;
mod tcp;
mod tls;
#[cfg(test)]
mod trial;
mod turn;
mod verdict;
mod websocket;
mod wire;
mod works;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::sleep;

use crate::catalog::model::{Connectivity, Probe};
use crate::expand;
use crate::ground::Clock;
use crate::redact::Redactor;

pub use crate::monitor::State;
pub use judge::{kind, usual};
pub use look::{keys, unset};
pub use many::excuse_dependent;
pub use observation::{Checked, Hop, Kind, Observation};
pub use push::Heartbeats;
pub use turn::{Limits, Turn, Turns};
pub use verdict::{Verdict, verdict};
pub use works::Works;

use look::With;

pub(crate) use credentials::Credentials;
pub(crate) use tls::system_roots;

/// What probes are made with.
pub struct Prober<'a> {
    vars: &'a BTreeMap<String, String>,
    dir: PathBuf,
    clock: &'a dyn Clock,
    redactor: Redactor,
    connectivity: Option<Connectivity>,
    trust: tls::Trust,
    network: network::Network,
    heartbeats: Option<Heartbeats<'a>>,
    works: Works,
}

impl<'a> Prober<'a> {
    /// A prober with the environment `vars`; commands run in `dir`, and files are relative to it. Nothing that
    /// `redactor` hides gets into an observation.
    pub fn new(vars: &'a BTreeMap<String, String>, dir: PathBuf, clock: &'a dyn Clock, redactor: Redactor) -> Self {
        Self {
            vars,
            dir,
            clock,
            redactor,
            connectivity: None,
            trust: tls::Trust::default(),
            network: network::Network::default(),
            heartbeats: None,
            works: Works::default(),
        }
    }

    /// How to find out whether this machine has a network.
    #[must_use]
    pub fn connectivity(self, connectivity: Option<Connectivity>) -> Self {
        Self { connectivity, ..self }
    }

    /// Where the heartbeats of jobs are kept; without it none has come.
    #[must_use]
    pub fn heartbeats(self, heartbeats: Heartbeats<'a>) -> Self {
        Self { heartbeats: Some(heartbeats), ..self }
    }

    /// Which work on services goes on; without it none.
    #[must_use]
    pub fn works(self, works: Works) -> Self {
        Self { works, ..self }
    }

    /// Makes a probe, again while it is down and has attempts left. Dropping the future ends what it started.
    pub async fn observe(&self, probe: &Probe) -> Observation {
        let mut delay = probe.retry.delay.0;
        let mut attempts = 1;
        loop {
            let seen = judge::judge(probe, self, look::attempt(probe, self).await, attempts);
            if seen.state != State::Down || attempts >= probe.retry.attempts {
                return seen;
            }
            sleep(delay).await;
            delay = longer(delay, probe.retry.backoff);
            attempts += 1;
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn longer(delay: Duration, by: f64) -> Duration {
    Duration::try_from_secs_f64(delay.as_secs_f64() * by).unwrap_or(delay)
}

#[cfg(test)]
mod tests;
