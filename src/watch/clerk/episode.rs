//! One alert from its beginning to its end.

use std::collections::BTreeMap;

use super::{Clerk, Told};
use crate::catalog::model::{AlertRule, Probe};
use crate::catalog::suggest::runbook_for;
use crate::error::Result;
use crate::ground::Time;
use crate::incident::{Incident, IncidentEvent};
use crate::ledger::NewIncident;
use crate::monitor::event::Source;
use crate::monitor::{Alert, AlertEvent, Signal};

impl Clerk<'_> {
    /// Writes down what a rule says of a probe.
    pub(super) fn signal(&mut self, rule: &AlertRule, probe: &Probe, signal: Signal, at: Time) {
        let done = match signal {
            Signal::Fire { reason } => {
                let runbook = runbook_for(&self.workspace.loaded.catalog, &rule.title, rule.runbook.as_deref());
                let runbook = runbook.map(|runbook| runbook.id.clone());
                let event = AlertEvent::AlertFired {
                    alert: rule.id.clone(),
                    title: rule.title.clone(),
                    probe: Some(probe.id.clone()),
                    service: Some(probe.service.clone()),
                    reason,
                    severity: self.severity(rule, runbook.as_deref()),
                    runbook,
                    source: Source::Watch,
                    starts_at: at,
                    labels: BTreeMap::new(),
                };
                let id = format!("{}.{}.{}", rule.id, probe.id, at.timestamp_millis());
                self.fire(&id, &event, rule.opens_incident, &probe.title).map(|_| ())
            }
            Signal::Resolve { reason } => {
                let is_it = |alert: &&Alert| {
                    alert.is_open() && alert.alert == rule.id && alert.probe.as_deref() == Some(&*probe.id)
                };
                let open = self.alerts.values().find(is_it).map(|alert| alert.id.clone());
                open.map_or(Ok(()), |id| self.resolve(&id, reason, at))
            }
        };
        if let Err(error) = done {
            self.say(Told::Trouble(format!(
                "the alert {} of {} could not be written down: {error}",
                rule.id, probe.id
            )));
        }
    }

    /// Begins an alert; false when its episode was known.
    pub(super) fn fire(&mut self, id: &str, event: &AlertEvent, opens_incident: bool, about: &str) -> Result<bool> {
        let Some(mut alert) = self.ledger().fire(id, event)? else { return Ok(false) };
        let joined = if opens_incident { self.join_incident(&mut alert, about) } else { Ok(()) };
        self.say(Told::Alert(Box::new(alert.clone())));
        self.alerts.insert(id.to_owned(), alert);
        self.deliver(id);
        joined.map(|()| true)
    }

    /// Ends an alert.
    pub(super) fn resolve(&mut self, id: &str, reason: String, at: Time) -> Result<()> {
        let Some(mut alert) = self.alerts.remove(id) else { return Ok(()) };
        let done = self.ledger().record_alert(&mut alert, &AlertEvent::AlertResolved { reason, ends_at: at });
        if done.is_ok() {
            self.say(Told::Alert(Box::new(alert.clone())));
            self.note_in_incident(&alert);
        }
        self.alerts.insert(id.to_owned(), alert);
        self.deliver(id);
        done
    }

    /// Ends alerts whose rule or probe is gone: nobody would ever end them.
    pub(super) fn end_orphans(&mut self) {
        let settings = &self.workspace.loaded.catalog.settings;
        let is_watched = |alert: &Alert| {
            let probe = alert.probe.as_ref().and_then(|probe| settings.probes.get(probe));
            settings.alerts.contains_key(&alert.alert) && probe.is_some_and(|probe| probe.enabled)
        };
        let of_ours = self.alerts.values().filter(|alert| alert.is_open() && alert.source == Source::Watch);
        let orphans: Vec<String> = of_ours.filter(|alert| !is_watched(alert)).map(|alert| alert.id.clone()).collect();
        let now = self.clock.now();
        for id in orphans {
            if let Err(error) = self.resolve(&id, "its rule or probe is no longer defined".to_owned(), now) {
                self.say(Told::Trouble(format!("the alert {id} could not be ended: {error}")));
            }
        }
    }

    fn severity(&self, rule: &AlertRule, runbook: Option<&str>) -> Option<String> {
        let catalog = &self.workspace.loaded.catalog;
        let of_runbook = || {
            let kind = crate::catalog::model::ProcedureKind::Runbook;
            runbook.and_then(|id| catalog.procedure(kind, id)).and_then(|runbook| runbook.severity.clone())
        };
        rule.severity.clone().or_else(of_runbook)
    }

    // Adds the alert to the open incident of its service, or opens one.
    fn join_incident(&self, alert: &mut Alert, about: &str) -> Result<()> {
        let ledger = self.ledger();
        let concerns = |incident: &Incident| {
            incident.is_open() && alert.service.as_ref().is_some_and(|service| incident.services.contains(service))
        };
        if let Some(mut incident) = ledger.incidents()?.into_iter().rev().find(concerns) {
            ledger.record_incident(&mut incident, &IncidentEvent::NoteAdded { text: told(alert) })?;
            return ledger.record_alert(alert, &AlertEvent::IncidentJoined { incident: incident.id });
        }
        let settings = &self.workspace.loaded.catalog.settings;
        let mildest = || settings.severities.keys().last().cloned().unwrap_or_default();
        let incident = ledger.declare(NewIncident {
            title: format!("{}: {about}", alert.title),
            services: alert.service.iter().cloned().collect(),
            severity: alert.severity.clone().unwrap_or_else(mildest),
            seen: Some(told(alert)),
        })?;
        ledger.record_alert(alert, &AlertEvent::IncidentOpened { incident: incident.id })
    }

    fn note_in_incident(&self, alert: &Alert) {
        let Some(id) = &alert.incident else { return };
        let ledger = self.ledger();
        let noted = ledger.incident(id).and_then(|mut incident| {
            ledger.record_incident(&mut incident, &IncidentEvent::NoteAdded { text: told(alert) })
        });
        if let Err(error) = noted {
            self.say(Told::Trouble(format!("{id} does not say that {} is over: {error}", alert.title)));
        }
    }
}

/// What an incident is told about an alert.
fn told(alert: &Alert) -> String {
    let about = alert.probe.as_ref().map(|probe| format!(" ({probe})")).unwrap_or_default();
    if let Some(ended) = &alert.ended {
        return format!("Alert {}{about} is over: {}", alert.title, ended.reason);
    }
    let runbook = alert.runbook.as_ref().map(|id| format!(". Runbook: {id}")).unwrap_or_default();
    format!("Alert {}{about}: {}{runbook}", alert.title, alert.reason)
}
