//! Probes within a walk: once, or again until they pass.

use std::path::PathBuf;

use crate::catalog::model::{Probing, StepKind};
use crate::engine::event::Attempt;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::probe::{self, Limits, Observation, Prober, Verdict};
use crate::process;
use crate::redact::Redactor;
use crate::walk::effect::Came;
use crate::walk::{Site, Walk};
use crate::workspace::heartbeats;

impl Walk<'_> {
    /// The variables that are missing, when none of a step's probes can be made without them.
    pub(super) fn unset_of(&self, place: usize) -> Option<Vec<String>> {
        let StepKind::Probe(probing) = &self.state.plan.steps[place].step.kind else { return None };
        let probes = self.ledger.catalog.settings.select_probes(&probing.probes);
        let unset: Vec<Vec<String>> = probes.iter().map(|probe| probe::unset(probe, &self.site.vars)).collect();
        let none_can_be_made = !unset.is_empty() && unset.iter().all(|unset| !unset.is_empty());
        none_can_be_made.then(|| unset.concat())
    }

    /// Makes the probes of a step, again and again while there is time.
    pub(super) async fn run_probing(&mut self, probing: &Probing) -> Result<Came> {
        self.seen_states = None;
        let deadline = self.ledger.now() + probing.within.delta(); // spans are at most ten years
        loop {
            let came = self.run_probes(&probing.probes).await?;
            if came.attempt.succeeded || came.cancelled || self.ledger.now() >= deadline {
                return Ok(came);
            }
            tokio::select! {
                () = tokio::time::sleep(probing.every.0) => {}
                () = process::interrupted() => return Ok(Came { cancelled: true, ..came }),
            }
        }
    }

    pub(super) async fn run_probes(&mut self, selectors: &[String]) -> Result<Came> {
        let settings = &self.ledger.catalog.settings;
        let probes = settings.select_probes(selectors);
        if probes.is_empty() {
            return Err(Error::definition(format!("no probe matches {}", selectors.join(", ")))
                .hint("opsctl.yaml has the probes; a step names them by id, tag or service"));
        }
        let started = self.ledger.now();
        self.terminal.begin_live(&format!("probing {}", selectors.join(", ")));
        let eye = prober(self.site, self.ledger, &self.redactor);
        let mut unseen = |_: &Observation| {};
        let needed = settings.with_dependencies(&probes);
        let observing = eye.observe_all(&needed, Limits::default(), &mut unseen);
        let observations = tokio::select! {
            observations = observing => Some(observations),
            () = process::interrupted() => None,
        };
        self.terminal.end_live();
        let took = (self.ledger.now() - started).num_milliseconds();
        let mut attempt = Attempt { duration_ms: u64::try_from(took).unwrap_or(0), ..Attempt::default() };
        let Some(observations) = observations else {
            attempt.reason = Some("stopped by the operator".to_owned());
            return Ok(Came { attempt, cancelled: true, withheld: Vec::new() });
        };
        // What others only depend on was not asked for.
        let observations = &observations[..probes.len()];
        let text = self.redactor.text(&crate::view::probe::report(observations));
        // While one waits for a change, only a change is told.
        let states: Vec<_> = observations.iter().map(|observation| observation.state).collect();
        if self.seen_states.as_ref() != Some(&states) {
            self.terminal.say(&text);
        }
        self.seen_states = Some(states);
        let (succeeded, reason) = match probe::verdict(observations) {
            Verdict::Up(remark) => (true, remark),
            // Nothing was looked at, so nothing failed; the reason says that nothing is proved either.
            Verdict::NotConfigured(remark) => (true, Some(format!("not checked: {remark}"))),
            Verdict::Down(reason) => (false, Some(reason)),
        };
        attempt.succeeded = succeeded;
        attempt.reason = reason.map(|reason| self.redactor.text(&reason));
        attempt.output = self.kept_output(text, 0);
        Ok(Came { attempt, cancelled: false, withheld: Vec::new() })
    }
}

// Apart from the walk, which goes on telling while probes are made.
fn prober<'a>(site: &'a Site, ledger: &'a Ledger<'_>, redactor: &Redactor) -> Prober<'a> {
    let kept = Some(PathBuf::from(&site.journal)).filter(|dir| !dir.as_os_str().is_empty());
    Prober::new(&site.vars, site.dir.clone(), ledger.clock, redactor.clone())
        .connectivity(ledger.catalog.settings.connectivity.clone())
        .heartbeats(heartbeats(kept))
}
