//! What is done about the clocks of one incident.

use tokio::time::Instant;

use super::Timekeeper;
use crate::error::{Kind, Result};
use crate::incident::escalation::{Step, next};
use crate::incident::remind::{Nag, nags};
use crate::incident::{Incident, IncidentEvent};
use crate::ledger::{About, Happening, Ledger};
use crate::post::{Asked, NewMail, escalation, reminder};
use crate::watch::voice::Told;

impl Timekeeper<'_> {
    /// Sees to the clocks of every open incident. What goes wrong with one is no matter of the others.
    pub(super) fn keep_all(&mut self) {
        let mut open = std::mem::take(&mut self.open);
        for (id, incident) in &mut open {
            if self.troubles.is_resting(id, Instant::now()) {
                continue;
            }
            match self.keep(incident) {
                Ok(()) => {
                    if self.troubles.over(id) {
                        self.voice.trouble(format!("the clocks of {id} are seen to again"));
                    }
                }
                Err(error) => self.trouble(id, &error),
            }
        }
        self.open = open;
    }

    fn keep(&self, incident: &mut Incident) -> Result<()> {
        let ledger = self.bag.ledger(self.journal);
        for missed in ledger.note_breaches(incident)? {
            let (incident, what) = (incident.id.clone(), missed.target.words());
            self.voice.say(Told::Missed { incident, what, due: missed.by });
        }
        let settings = &self.bag.workspace.loaded.catalog.settings;
        if let Some(step) = next(incident, settings, ledger.now()) {
            self.escalate(&ledger, incident, step)?;
        }
        if let Some(reminders) = &settings.incident.reminders {
            let nags = nags(incident, settings.severities.get(&incident.severity), reminders, ledger.now());
            self.remind(&ledger, incident, &nags, &reminders.channels)?;
        }
        Ok(())
    }

    fn escalate(&self, ledger: &Ledger<'_>, incident: &mut Incident, step: Step) -> Result<()> {
        let Step { policy, level, who, .. } = step;
        let event = IncidentEvent::Escalated {
            policy: policy.clone(),
            level,
            to: who.to.clone(),
            reason: None,
            by_itself: true,
        };
        let asked = Asked { policy: &policy, level, to: &who.to, reason: None };
        let text = |incident: &Incident, to| escalation(incident, &asked, to);
        if let Some(to) = self.tell(ledger, incident, vec![event], &who.channels, &text)? {
            self.voice.say(Told::Escalated { incident: incident.id.clone(), policy, level, who: who.to, to });
        }
        Ok(())
    }

    fn remind(&self, ledger: &Ledger<'_>, incident: &mut Incident, nags: &[Nag], channels: &[String]) -> Result<()> {
        if nags.is_empty() {
            return Ok(());
        }
        let event = |nag: &Nag| IncidentEvent::Reminded { of: nag.of.clone(), count: nag.count };
        let events = nags.iter().map(event).collect();
        let text = |incident: &Incident, to| reminder(incident, nags, to);
        if let Some(to) = self.tell(ledger, incident, events, channels, &text)? {
            let is_restricted = incident.is_restricted();
            let of = nags.iter().map(|nag| if is_restricted { nag.discreet.to_owned() } else { nag.of.clone() });
            self.voice.say(Told::Reminded { incident: incident.id.clone(), of: of.collect(), to });
        }
        Ok(())
    }

    // Writes events down together with the message that tells of them, where it can go anywhere. The channels that are
    // told; none when somebody else has written something down that changes what is to be done.
    fn tell(
        &self,
        ledger: &Ledger<'_>,
        incident: &mut Incident,
        mut events: Vec<IncidentEvent>,
        channels: &[String],
        text: &dyn Fn(&Incident, Vec<String>) -> NewMail,
    ) -> Result<Option<Vec<String>>> {
        let about = About::Incident(Box::new(incident.clone()));
        let (to, wrong) = self.bag.with_post(ledger, |post| post.reachable(channels));
        for error in wrong {
            self.voice.trouble(format!("{}: {error}", incident.id));
        }
        if !to.is_empty() {
            let mail = self.bag.with_post(ledger, |post| post.ready(&about, text(incident, to.clone())))?;
            events.extend(mail.into_iter().map(IncidentEvent::Message));
        }
        match ledger.record_incident(incident, Happening { events, at: None }) {
            Ok(()) => Ok(Some(to)),
            Err(error) if error.kind == Kind::Usage => Ok(None),
            Err(error) => Err(error),
        }
    }
}
