//! Many probes side by side, and what follows from one for another.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Semaphore;

use super::observation::Observation;
use super::{Prober, look, network};
use crate::catalog::model::Probe;
use crate::monitor::State;

/// How much happens at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Probes in all.
    pub at_once: usize,
    /// Probes of one host and port.
    pub per_host: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { at_once: 512, per_host: 32 }
    }
}

impl Prober<'_> {
    /// Makes many probes, some at the same time; the observations come in the order of the probes. `seen` is told each
    /// as it comes, before anything follows from others for it.
    pub async fn observe_all(
        &self,
        probes: &[&Probe],
        limits: Limits,
        seen: &mut (dyn FnMut(&Observation) + Send),
    ) -> Vec<Observation> {
        let all = Semaphore::new(limits.at_once.max(1));
        let mut hosts: HashMap<String, Arc<Semaphore>> = HashMap::new();
        let mut host = |probe: &Probe| {
            let place = look::place(probe)?;
            let new = || Arc::new(Semaphore::new(limits.per_host.max(1)));
            Some(Arc::clone(hosts.entry(place).or_insert_with(new)))
        };
        let mut work: FuturesUnordered<_> = FuturesUnordered::new();
        for (place, probe) in probes.iter().enumerate() {
            let (host, all) = (host(probe), &all);
            work.push(async move {
                // First the host's turn: whoever waits for it must not keep others from theirs.
                let _of_host = match &host {
                    Some(host) => host.acquire().await.ok(),
                    None => None,
                };
                let _of_all = all.acquire().await.ok();
                (place, self.observe(probe).await)
            });
        }
        let mut observations: Vec<(usize, Observation)> = Vec::with_capacity(probes.len());
        while let Some((place, observation)) = work.next().await {
            seen(&observation);
            observations.push((place, observation));
        }
        observations.sort_unstable_by_key(|(place, _)| *place);
        let mut observations: Vec<Observation> = observations.into_iter().map(|(_, observation)| observation).collect();
        self.excuse(&mut observations).await;
        depend(probes, &mut observations);
        observations
    }

    /// What could not be reached is unknown when this machine reaches nothing.
    pub async fn excuse(&self, observations: &mut [Observation]) {
        let suspicious = |observation: &Observation| observation.state == State::Down && observation.unreached;
        if !observations.iter().any(suspicious) {
            return;
        }
        let Some(why) = network::missing(self.connectivity.as_ref()).await else { return };
        for observation in observations.iter_mut().filter(|observation| suspicious(observation)) {
            let seen = observation.error.take().map(|error| format!(" ({error})")).unwrap_or_default();
            observation.error = Some(format!("{why}{seen}"));
            observation.state = State::Unknown;
        }
    }
}

/// A probe that is down behind one that is down is unknown.
fn depend(probes: &[&Probe], observations: &mut [Observation]) {
    let was: BTreeMap<&str, State> =
        probes.iter().zip(observations.iter()).map(|(probe, seen)| (probe.id.as_str(), seen.state)).collect();
    for (probe, observation) in probes.iter().zip(observations.iter_mut()) {
        let dead = |id: &&String| matches!(was.get(id.as_str()), Some(State::Down | State::Unknown));
        if observation.state == State::Down
            && let Some(behind) = probe.depends_on.iter().find(dead)
        {
            let seen = observation.error.take().map(|error| format!(" ({error})")).unwrap_or_default();
            observation.error =
                Some(format!("it depends on {behind}, which is {}{seen}", was[behind.as_str()].title()));
            observation.state = State::Unknown;
        }
    }
}
