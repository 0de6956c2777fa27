//! Many probes side by side, and what follows from one for another.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::Prober;
use super::observation::Observation;
use super::turn::{Limits, Turns};
use crate::catalog::model::Probe;
use crate::monitor::State;

impl Prober<'_> {
    /// Makes many probes, some at the same time; the observations come in the order of the probes. `seen` is told each
    /// as it comes, before anything follows from others for it.
    pub async fn observe_all(
        &self,
        probes: &[&Probe],
        limits: Limits,
        seen: &mut (dyn FnMut(&Observation) + Send),
    ) -> Vec<Observation> {
        let turns = Turns::new(limits);
        let one = async |(place, probe): (usize, &&Probe)| {
            let _turn = turns.take(probe).await;
            (place, self.observe(probe).await)
        };
        let mut work: FuturesUnordered<_> = probes.iter().enumerate().map(one).collect();
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
        let Some(why) = self.network.missing(self.connectivity.as_ref()).await else { return };
        for observation in observations.iter_mut().filter(|observation| suspicious(observation)) {
            let seen = observation.error.take().map(|error| format!(" ({error})")).unwrap_or_default();
            observation.error = Some(format!("{why}{seen}"));
            observation.state = State::Unknown;
        }
    }
}

fn depend(probes: &[&Probe], observations: &mut [Observation]) {
    let known: BTreeMap<&str, (&Probe, State)> =
        probes.iter().zip(observations.iter()).map(|(probe, seen)| (probe.id.as_str(), (*probe, seen.state))).collect();
    for (probe, observation) in probes.iter().zip(observations.iter_mut()) {
        excuse_dependent(probe, observation, |id| known.get(id).copied());
    }
}

/// A probe that is down behind one that is down is unknown. `known` is a probe of an id and how it came out.
pub fn excuse_dependent<'p>(
    probe: &Probe,
    observation: &mut Observation,
    known: impl Fn(&str) -> Option<(&'p Probe, State)>,
) {
    if observation.state != State::Down {
        return;
    }
    let Some(behind) = dead(probe, &known) else { return };
    let seen = observation.error.take().map(|error| format!(" ({error})")).unwrap_or_default();
    observation.error = Some(format!("it depends on {behind}, which is down{seen}"));
    observation.state = State::Unknown;
}

// What is only unknown may be well; what it stands on in turn may be dead all the same.
fn dead<'p>(probe: &Probe, known: &impl Fn(&str) -> Option<(&'p Probe, State)>) -> Option<String> {
    let (mut asked, mut left): (Vec<&str>, Vec<&str>) =
        (Vec::new(), probe.depends_on.iter().map(String::as_str).collect());
    let mut deeper: Vec<&Probe> = Vec::new();
    loop {
        while let Some(id) = left.pop() {
            if asked.contains(&id) {
                continue;
            }
            asked.push(id);
            match known(id) {
                Some((_, State::Down)) => return Some(id.to_owned()),
                Some((found, State::Unknown)) => deeper.push(found),
                _ => {}
            }
        }
        left.extend(deeper.pop()?.depends_on.iter().map(String::as_str));
    }
}
