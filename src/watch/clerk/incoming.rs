//! What comes from outside: heartbeats of jobs, and alerts of an Alertmanager.

use super::{Clerk, Refused};
use crate::catalog::model::ProbeTarget;
use crate::catalog::suggest::runbook_for;
use crate::error::Error;
use crate::monitor::alertmanager::{self, Incoming};
use crate::monitor::event::Source;
use crate::monitor::{Alert, AlertEvent, Beat};

impl Clerk<'_> {
    /// Writes down what a job has said.
    pub(super) fn beat(&self, probe: &str, beat: Beat, message: Option<&str>) -> Result<(), Refused> {
        let known = self.workspace.loaded.catalog.settings.probes.get(probe);
        if !known.is_some_and(|probe| matches!(probe.target, ProbeTarget::Push { .. })) {
            return Err(Refused::Unknown(format!("there is no push probe `{probe}`")));
        }
        let written = self.samples.beat(probe, self.clock.now(), beat, message);
        written.map_err(|error| Refused::Failed(error.to_string()))
    }

    /// Writes down the alerts of a webhook; says how many of them are news. The same group comes again and again, so
    /// what is known already is passed over.
    pub(super) fn incoming(&mut self, body: &str) -> Result<usize, Refused> {
        let webhook = alertmanager::parse(body).map_err(Refused::Wrong)?;
        let mut news = 0;
        for incoming in &webhook.alerts {
            if self.take_in(incoming).map_err(|error| Refused::Failed(error.to_string()))? {
                news += 1;
            }
        }
        Ok(news)
    }

    fn take_in(&mut self, incoming: &Incoming) -> Result<bool, Error> {
        let now = self.clock.now();
        let of_it = |alert: &&Alert| alert.is_open() && alert.alert == incoming.fingerprint;
        let open_since = || self.alerts.values().find(of_it).map(|alert| alert.starts_at);
        let starts_at = incoming.starts_at.or_else(open_since).unwrap_or(now);
        let id = format!("am.{}.{}", incoming.fingerprint, starts_at.timestamp_millis());
        if incoming.resolved {
            // One that ended while we were away is known to the journal at most.
            if !self.alerts.contains_key(&id)
                && let Some(alert) = self.ledger().alert(&id)?
            {
                self.alerts.insert(id.clone(), alert);
            }
            if !self.alerts.get(&id).is_some_and(Alert::is_open) {
                return Ok(false);
            }
            return self
                .resolve(&id, "Alertmanager says so".to_owned(), incoming.ends_at.unwrap_or(now))
                .map(|()| true);
        }
        let settings = &self.workspace.loaded.catalog.settings;
        let rule = settings.alerts.values().find(|rule| rule.title.eq_ignore_ascii_case(&incoming.title));
        let (opens_incident, explicit) = rule.map_or((false, None), |rule| (rule.opens_incident, rule.runbook.clone()));
        let severity = rule.and_then(|rule| rule.severity.clone()).or_else(|| {
            let said = incoming.severity.as_ref()?;
            settings.severities.keys().find(|known| known.eq_ignore_ascii_case(said)).cloned()
        });
        let runbook = runbook_for(&self.workspace.loaded.catalog, &incoming.title, explicit.as_deref());
        let event = AlertEvent::AlertFired {
            alert: incoming.fingerprint.clone(),
            title: incoming.title.clone(),
            probe: None,
            service: incoming.service.clone(),
            reason: incoming.summary.clone().unwrap_or_else(|| "Alertmanager says so".to_owned()),
            severity,
            runbook: runbook.map(|runbook| runbook.id.clone()),
            source: Source::Alertmanager,
            starts_at,
            labels: incoming.labels.clone(),
        };
        let about = incoming.service.clone().unwrap_or_else(|| "from Alertmanager".to_owned());
        self.fire(&id, &event, opens_incident, &about)
    }
}
