//! What comes from outside: heartbeats of jobs, and alerts of an Alertmanager.

use super::{Clerk, Refused};
use crate::catalog::model::ProbeTarget;
use crate::catalog::suggest::runbook_for;
use crate::error::Result;
use crate::ground::Time;
use crate::monitor::alertmanager::{self, Incoming};
use crate::monitor::event::Source;
use crate::monitor::{Alert, AlertEvent, Beat};

/// How an alert from outside begins or ends, when nothing else was said.
const SAYS_SO: &str = "Alertmanager says so";

impl Clerk<'_> {
    /// Writes down what a job has said.
    pub(super) fn beat(&self, probe: &str, beat: Beat, message: Option<&str>) -> Result<(), Refused> {
        let known = self.workspace.loaded.catalog.settings.probes.get(probe);
        if !known.is_some_and(|probe| matches!(probe.target, ProbeTarget::Push { .. })) {
            return Err(Refused::Unknown(format!("there is no push probe `{probe}`")));
        }
        let message = message.map(|message| self.redactor.text(message));
        let written = self.samples.beat(probe, self.clock.now(), beat, message.as_deref());
        written.map_err(|error| Refused::Failed(error.to_string()))
    }

    /// Writes down the alerts of a webhook; says how many of them are news. The same group comes again and again, so
    /// what is known already is passed over.
    pub(super) fn incoming(&mut self, body: &str) -> Result<usize, Refused> {
        let webhook = alertmanager::parse(&self.redactor.text(body)).map_err(Refused::Wrong)?;
        let mut news = 0;
        for incoming in &webhook.alerts {
            if self.take_in(incoming).map_err(|error| Refused::Failed(error.to_string()))? {
                news += 1;
            }
        }
        if news > 0 && webhook.left_out > 0 {
            self.voice.trouble(format!("{} alerts of an Alertmanager's message were left out", webhook.left_out));
        }
        Ok(news)
    }

    fn take_in(&mut self, incoming: &Incoming) -> Result<bool> {
        let now = self.clock.now();
        let open_since = || self.open_of(incoming).map(|alert| alert.starts_at).max();
        let starts_at = incoming.starts_at.or_else(open_since).unwrap_or(now);
        if incoming.resolved {
            let reason = || SAYS_SO.to_owned();
            return self.end_until(incoming, starts_at, incoming.ends_at.unwrap_or(now), reason);
        }
        let id = format!("am.{}.{}", incoming.fingerprint, starts_at.timestamp_millis());
        let rule = self.rule_titled(&incoming.title);
        let settings = &self.workspace.loaded.catalog.settings;
        let severity = rule.and_then(|rule| rule.severity.clone()).or_else(|| {
            let said = incoming.severity.as_ref()?;
            settings.severities.keys().find(|known| known.eq_ignore_ascii_case(said)).cloned()
        });
        let explicit = rule.and_then(|rule| rule.runbook.as_deref());
        let runbook = runbook_for(&self.workspace.loaded.catalog, &incoming.title, explicit);
        let event = AlertEvent::AlertFired {
            alert: incoming.fingerprint.clone(),
            title: incoming.title.clone(),
            probe: None,
            service: incoming.service.clone(),
            reason: incoming.summary.clone().unwrap_or_else(|| SAYS_SO.to_owned()),
            severity,
            runbook: runbook.map(|runbook| runbook.id.clone()),
            source: Source::Alertmanager,
            starts_at,
            labels: incoming.labels.clone(),
        };
        let is_news = self.fire(&id, &event)?;
        if is_news {
            // One that begins anew is over before, also where nobody said so.
            let before = starts_at - chrono::TimeDelta::milliseconds(1);
            self.end_until(incoming, before, starts_at, || "it has begun anew".to_owned())?;
        }
        Ok(is_news)
    }

    fn open_of(&self, incoming: &Incoming) -> impl Iterator<Item = &Alert> {
        let of_it = |alert: &&Alert| {
            alert.is_open() && alert.source == Source::Alertmanager && alert.alert == incoming.fingerprint
        };
        self.alerts.values().filter(of_it)
    }

    // Ends the episodes of an alert that began by a moment; false when there is none.
    fn end_until(
        &mut self,
        incoming: &Incoming,
        begun: Time,
        ends_at: Time,
        reason: impl Fn() -> String,
    ) -> Result<bool> {
        let ids: Vec<String> =
            self.open_of(incoming).filter(|alert| alert.starts_at <= begun).map(|alert| alert.id.clone()).collect();
        ids.iter().try_for_each(|id| self.resolve(id, reason(), ends_at))?;
        Ok(!ids.is_empty())
    }
}
