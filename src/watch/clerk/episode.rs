//! One alert from its beginning to its end.

use std::collections::BTreeMap;

use super::{Clerk, Signalled};
use crate::catalog::model::{AlertRule, ProcedureKind};
use crate::catalog::suggest::runbook_for;
use crate::error::Result;
use crate::ground::Time;
use crate::incident::{Incident, IncidentEvent};
use crate::ledger::NewIncident;
use crate::monitor::event::Source;
use crate::monitor::{Alert, AlertEvent, Signal};
use crate::watch::voice::Told;

impl Clerk<'_> {
    /// Writes down what a rule says of a probe.
    pub(super) fn signal(&mut self, signalled: &Signalled) -> Result<()> {
        let Signalled { rule, probe, signal, at } = signalled;
        match signal {
            Signal::Fire { reason } => {
                let runbook = runbook_for(&self.workspace.loaded.catalog, &rule.title, rule.runbook.as_deref());
                let runbook = runbook.map(|runbook| runbook.id.clone());
                let event = AlertEvent::AlertFired {
                    alert: rule.id.clone(),
                    title: rule.title.clone(),
                    probe: Some(probe.id.clone()),
                    service: Some(probe.service.clone()),
                    reason: reason.clone(),
                    severity: self.severity(rule, runbook.as_deref()),
                    runbook,
                    source: Source::Watch,
                    starts_at: *at,
                    labels: BTreeMap::new(),
                };
                let id = format!("{}.{}.{}", rule.id, probe.id, at.timestamp_millis());
                self.fire(&id, &event).map(drop)
            }
            Signal::Resolve { reason } => {
                let is_it = |alert: &&Alert| {
                    alert.is_open() && alert.alert == rule.id && alert.probe.as_deref() == Some(&*probe.id)
                };
                let open = self.alerts.values().find(is_it).map(|alert| alert.id.clone());
                open.map_or(Ok(()), |id| self.resolve(&id, reason.clone(), *at))
            }
        }
    }

    /// Begins an alert; false when its episode was known.
    pub(super) fn fire(&mut self, id: &str, event: &AlertEvent) -> Result<bool> {
        let Some(alert) = self.ledger().fire(id, event)? else { return Ok(false) };
        self.alerts.insert(id.to_owned(), alert);
        // Nobody is told later because an incident has to wait.
        if let Err(error) = self.open_incident(id) {
            self.voice.trouble(format!("no incident could be opened, which is tried again: {error}"));
            self.look_again();
        }
        self.tell(id);
        self.deliver(id);
        Ok(true)
    }

    /// Ends an alert.
    pub(super) fn resolve(&mut self, id: &str, reason: String, at: Time) -> Result<()> {
        let Some(mut alert) = self.alerts.remove(id) else { return Ok(()) };
        let done = self.ledger().record_alert(&mut alert, &AlertEvent::AlertResolved { reason, ends_at: at });
        if done.is_ok() {
            self.note_in_incident(&alert);
        }
        self.alerts.insert(id.to_owned(), alert);
        done?;
        self.tell(id);
        self.deliver(id);
        Ok(())
    }

    /// Ends alerts of rules that are gone, or that no longer look at the probe: nobody would ever end them.
    pub(super) fn end_orphans(&mut self) -> Result<()> {
        let settings = &self.workspace.loaded.catalog.settings;
        let is_watched = |alert: &Alert| {
            let rule = settings.alerts.get(&alert.alert);
            rule.is_some_and(|rule| {
                settings.probes_under(rule).any(|probe| probe.enabled && alert.probe.as_ref() == Some(&probe.id))
            })
        };
        let of_ours = self.alerts.values().filter(|alert| alert.is_open() && alert.source == Source::Watch);
        let orphans: Vec<String> = of_ours.filter(|alert| !is_watched(alert)).map(|alert| alert.id.clone()).collect();
        let now = self.clock.now();
        orphans.iter().try_for_each(|id| self.resolve(id, "no rule looks at it any more".to_owned(), now))
    }

    /// Opens the incidents that are still to be opened.
    pub(super) fn open_incidents(&mut self) -> Result<()> {
        let ids: Vec<String> = self.alerts.keys().cloned().collect();
        ids.iter().try_for_each(|id| self.open_incident(id))
    }

    // Adds an alert whose rule wants that to the open incident of its service, or opens one.
    fn open_incident(&mut self, id: &str) -> Result<()> {
        let Some(mut alert) = self.alerts.remove(id) else { return Ok(()) };
        let wants_one = self.rule(&alert).is_some_and(|rule| rule.opens_incident);
        let is_missing = wants_one && alert.is_open() && alert.incident.is_none();
        let done = if is_missing { self.join_incident(&mut alert) } else { Ok(()) };
        self.alerts.insert(id.to_owned(), alert);
        done
    }

    fn join_incident(&self, alert: &mut Alert) -> Result<()> {
        let ledger = self.ledger();
        let concerns = |incident: &Incident| {
            incident.is_open() && alert.service.as_ref().is_some_and(|service| incident.services.contains(service))
        };
        if let Some(mut incident) = ledger.open_incidents()?.into_iter().rev().find(concerns) {
            ledger.record_incident(&mut incident, IncidentEvent::NoteAdded { text: told(alert) })?;
            return ledger.record_alert(alert, &AlertEvent::IncidentJoined { incident: incident.id });
        }
        let settings = &self.workspace.loaded.catalog.settings;
        let mildest = || settings.severities.keys().last().cloned().unwrap_or_default();
        let incident = ledger.declare(NewIncident {
            title: format!("{}: {}", alert.title, self.about(alert)),
            services: alert.service.iter().cloned().collect(),
            severity: alert.severity.clone().unwrap_or_else(mildest),
            seen: Some(told(alert)),
            detected: Some((alert.starts_at.min(ledger.now()), Some(format!("alert {}", alert.title)))),
            ..NewIncident::default()
        })?;
        ledger.record_alert(alert, &AlertEvent::IncidentOpened { incident: incident.id })
    }

    // What an alert is about, for people.
    fn about(&self, alert: &Alert) -> String {
        let probe = alert.probe.as_ref().and_then(|id| self.workspace.loaded.catalog.settings.probes.get(id));
        let known = probe.map(|probe| &probe.title).or(alert.probe.as_ref()).or(alert.service.as_ref());
        known.cloned().unwrap_or_else(|| "from Alertmanager".to_owned())
    }

    fn severity(&self, rule: &AlertRule, runbook: Option<&str>) -> Option<String> {
        let catalog = &self.workspace.loaded.catalog;
        let of_runbook =
            || catalog.procedure(ProcedureKind::Runbook, runbook?).and_then(|runbook| runbook.severity.clone());
        rule.severity.clone().or_else(of_runbook)
    }

    fn note_in_incident(&self, alert: &Alert) {
        let Some(id) = &alert.incident else { return };
        let ledger = self.ledger();
        let noted = ledger.incident(id).and_then(|mut incident| {
            ledger.record_incident(&mut incident, IncidentEvent::NoteAdded { text: told(alert) })
        });
        if let Err(error) = noted {
            self.voice.trouble(format!("{id} does not say that {} is over: {error}", alert.title));
        }
    }

    fn tell(&self, id: &str) {
        if let Some(alert) = self.alerts.get(id) {
            self.voice.say(Told::Alert(Box::new(alert.clone())));
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
