//! The built-in parts of incident handling, as steps of a procedure.

use crate::catalog::model::{IncidentPart, StepKind};
use crate::engine::Input;
use crate::error::{Error, Result};
use crate::incident::{Incident, IncidentEvent};
use crate::ledger::Happening;
use crate::post::{check_told, resolved};
use crate::terminal::AskError;
use crate::view;
use crate::walk::answers::Action;
use crate::walk::operator::{self, Heard, Say};
use crate::walk::{Flow, Left, Walk, does_not_fit};

/// What a part came to: the facts, if something changes, and how the step reads afterwards.
struct Settled {
    events: Vec<IncidentEvent>,
    reason: Option<String>,
}

impl Walk<'_> {
    pub(super) async fn incident_part(&mut self, place: usize) -> Result<Flow> {
        let planned = self.state.plan.steps[place].clone();
        let step = planned.id.clone();
        let StepKind::Incident(part) = planned.step.kind else { return Err(does_not_fit(&step)) };
        let Some(id) = self.state.header.incident.clone() else {
            return Err(Error::usage(format!("step {step} is a part of an incident, and this run belongs to none"))
                .hint("start the run with --incident ID; `opsctl incident open` opens one"));
        };
        let mut incident = self.ledger.incident(&id)?;
        if let Some(reason) = met_before(part, &incident).filter(|_| !self.answers.steps.contains_key(&step)) {
            let title = crate::ground::plain_line(&planned.step.title);
            self.terminal.tell(&format!("Done already: {title} ({})", crate::ground::plain_line(&reason)));
            return self.record(Input::Done { step, reason: Some(reason) });
        }
        self.show_card(place);
        let said = self.answers.steps.get(&step).cloned();
        let said_text = said.as_ref().and_then(|answer| answer.note.clone());
        let said_choice = said.and_then(|answer| match answer.action {
            Some(Action::Choose(option)) => Some(option),
            _ => None,
        });
        let text_is_enough = said_text.is_some() && matches!(part, IncidentPart::Note | IncidentPart::Impact);
        let heard = if text_is_enough {
            self.answers.take(&step);
            Heard::Say(Say::Go)
        } else {
            self.hear(place, operator::EFFECT).await?
        };
        match heard {
            Heard::Left(left) => return Ok(Flow::Leave(left)),
            Heard::Again => return Ok(Flow::Next),
            Heard::Say(Say::Go | Say::Done | Say::Choose(_)) => {}
            Heard::Say(other) => return self.common(place, other),
        }
        let settled = match self.settle_part(part, &incident, said_choice, said_text)? {
            Ok(settled) => settled,
            Err(AskError::Interrupted) => return Ok(Flow::Leave(Left::Interrupted)),
            Err(AskError::NobodyToAsk) => {
                return Ok(Flow::Leave(Left::NeedsInput(format!("step {step}: {}", wanted(part)))));
            }
        };
        if !settled.events.is_empty() {
            self.ledger.record_incident(&mut incident, Happening { events: settled.events, at: None })?;
        }
        self.record(Input::Done { step, reason: settled.reason })
    }

    fn settle_part(
        &mut self,
        part: IncidentPart,
        incident: &Incident,
        choice: Option<String>,
        text: Option<String>,
    ) -> Result<Result<Settled, AskError>> {
        let text = match (part, text) {
            (IncidentPart::Acknowledge | IncidentPart::Severity, text) => text,
            (_, Some(text)) => Some(text),
            (IncidentPart::Resolve, None) if !self.terminal.can_ask() => None,
            (_, None) if !self.terminal.can_ask() => return Ok(Err(AskError::NobodyToAsk)),
            (_, None) => match self.text_for("", wanted(part)) {
                Ok(text) => text,
                Err(error) => return Ok(Err(error)),
            },
        };
        // An impact or a note without words says nothing; the step stays open.
        if text.is_none() && matches!(part, IncidentPart::Impact | IncidentPart::Note) {
            return Ok(Err(AskError::NobodyToAsk));
        }
        let text = text.map(|text| self.redactor.text(&text));
        Ok(Ok(match part {
            IncidentPart::Acknowledge if incident.acknowledged_at.is_some() && incident.unanswered().is_none() => {
                Settled { events: vec![], reason: Some("acknowledged before".into()) }
            }
            IncidentPart::Acknowledge => Settled { events: vec![IncidentEvent::Acknowledged {}], reason: None },
            IncidentPart::Severity => match self.pick_severity(incident, choice)? {
                Ok(severity) => severity_settled(incident, severity, text),
                Err(error) => return Ok(Err(error)),
            },
            IncidentPart::Impact => Settled {
                reason: text.clone(),
                events: events(text.map(|text| IncidentEvent::ImpactRecorded { text })),
            },
            IncidentPart::Note => {
                Settled { reason: text.clone(), events: events(text.map(|text| IncidentEvent::NoteAdded { text })) }
            }
            IncidentPart::Resolve if !incident.is_open() => {
                Settled { events: vec![], reason: Some("resolved before".into()) }
            }
            IncidentPart::Resolve => {
                let untold = match self.untold(incident)? {
                    Ok(untold) => untold,
                    Err(error) => return Ok(Err(error)),
                };
                let events = resolved(incident, text.clone(), untold, None).events;
                Settled { reason: text, events }
            }
        }))
    }

    // Whoever was told of it is told that it is over, or the operator says why not.
    fn untold(&mut self, incident: &Incident) -> Result<Result<Option<String>, AskError>> {
        let Err(error) = check_told(incident, None) else { return Ok(Ok(None)) };
        if !self.terminal.can_ask() {
            return Err(error);
        }
        self.terminal.tell(&error.to_string());
        for cause in &error.causes {
            self.terminal.tell(&format!("  {cause}"));
        }
        Ok(self.text_for("", "Why are they not told? (Ctrl-C to tell them first)"))
    }

    fn pick_severity(&mut self, incident: &Incident, choice: Option<String>) -> Result<Result<String, AskError>> {
        let severities = &self.ledger.catalog.settings.severities;
        if let Some(wanted) = choice {
            if severities.contains_key(&wanted) {
                return Ok(Ok(wanted));
            }
            let ids: Vec<&str> = severities.keys().map(String::as_str).collect();
            return Err(Error::usage(format!("there is no severity `{wanted}`"))
                .hint(format!("the severities: {}", ids.join(", "))));
        }
        let items: Vec<String> = severities.iter().map(|(id, s)| view::incident::severity_line(id, s)).collect();
        let at = severities.get_index_of(&incident.severity).unwrap_or(0);
        let ids: Vec<String> = severities.keys().cloned().collect();
        Ok(self.terminal.pick("Which severity, by the criteria?", &items, at).map(|picked| ids[picked].clone()))
    }
}

fn events(event: Option<IncidentEvent>) -> Vec<IncidentEvent> {
    event.into_iter().collect()
}

fn severity_settled(incident: &Incident, severity: String, reason: Option<String>) -> Settled {
    let changes = severity != incident.severity;
    let shown = Some(severity.clone());
    Settled { events: events(changes.then_some(IncidentEvent::SeverityChanged { severity, reason })), reason: shown }
}

// What a part asks for that is so already. A severity may always be another by now, and a note is always a new one.
fn met_before(part: IncidentPart, incident: &Incident) -> Option<String> {
    match part {
        IncidentPart::Acknowledge if incident.acknowledged_at.is_some() && incident.unanswered().is_none() => {
            Some("acknowledged before".to_owned())
        }
        IncidentPart::Impact => incident.impact.as_ref().map(|impact| format!("recorded before: {impact}")),
        IncidentPart::Resolve if !incident.is_open() => Some(format!("{} before", incident.status.word())),
        _ => None,
    }
}

fn wanted(part: IncidentPart) -> &'static str {
    match part {
        IncidentPart::Acknowledge => "Who takes it?",
        IncidentPart::Severity => "answer with {choose: SEVERITY}",
        IncidentPart::Impact => "Who is affected, and how much?",
        IncidentPart::Note => "What is to be noted?",
        IncidentPart::Resolve => "How was it resolved?",
    }
}
