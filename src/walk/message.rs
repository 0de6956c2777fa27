//! Messages: rendered from their template, shown, and recorded.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalog::model::{Send, StepKind};
use crate::channel::Courier;
use crate::engine::Input;
use crate::engine::context::context;
use crate::engine::event::Walker;
use crate::error::{Error, Result};
use crate::incident::{Status, Telling};
use crate::ledger::About;
use crate::message::{self, Draft, MailState, Tell};
use crate::post::{Consent, NewMail, Post, consent, readable, unmarked_facts};
use crate::process;
use crate::template;
use crate::terminal::{AskError, Question};
use crate::walk::operator::{self, Heard, Say};
use crate::walk::{Flow, Left, Walk, does_not_fit};

impl Walk<'_> {
    pub(super) async fn send(&mut self, place: usize) -> Result<Flow> {
        let planned = self.state.plan.steps[place].clone();
        let step = planned.id.clone();
        let StepKind::Send(send) = &planned.step.kind else { return Err(does_not_fit(&step)) };
        let answered = self.answers.steps.get(&step).cloned();
        let said = answered.map(|answer| answer.set).unwrap_or_default();
        let mut draft = self.draft(&step, &planned.scope, send, &said)?;
        self.show_card(place);
        self.preview(send, &draft);
        let by_itself =
            !self.answers.steps.contains_key(&step) && self.auto.is_some_and(|max| planned.step.risk <= max);
        let heard = if by_itself { Heard::Say(Say::Go) } else { self.hear(place, operator::EFFECT).await? };
        match heard {
            Heard::Left(left) => return Ok(Flow::Leave(left)),
            Heard::Again => return Ok(Flow::Next),
            Heard::Say(Say::Go) => {}
            Heard::Say(other) => return self.common(place, other),
        }
        for field in draft.missing() {
            match self.ask_field(&draft, &field) {
                Ok(value) => draft.set(&field, value),
                Err(AskError::Interrupted) => return Ok(Flow::Leave(Left::Interrupted)),
                Err(AskError::NobodyToAsk) => {
                    return Ok(Flow::Leave(Left::NeedsInput(format!(
                        "step {step}: the fields {}; answer with {{answer: run, set: {{NAME: VALUE}}}}",
                        draft.missing().join(", ")
                    ))));
                }
            }
        }
        let shown = draft.render().map_err(|error| of_template(send, &error))?;
        let shown = self.redactor.text(&shown);
        self.terminal.tell(&format!("Message for {}:\n", audience(send)));
        self.terminal.say(&readable(&shown));
        if self.terminal.can_ask() && !by_itself {
            let question =
                if send.to.is_empty() { "Record it?".to_owned() } else { format!("Send it to {}?", audience(send)) };
            match self.terminal.confirm(&question, true) {
                Ok(true) => {}
                Ok(false) | Err(AskError::NobodyToAsk) => return Ok(Flow::Next),
                Err(AskError::Interrupted) => return Ok(Flow::Leave(Left::Interrupted)),
            }
        }
        if !send.to.is_empty()
            && let Some(left) = self.post(&step, send, &draft).await?
        {
            return Ok(Flow::Leave(left));
        }
        let variant = draft.variant().to_owned();
        let (template, to) = (send.template.clone(), send.to.clone());
        self.record(Input::Message { step, template, variant, to, text: readable(&shown) })
    }

    // Brings the message on its way. Whatever becomes of us, it is not sent a second time by walking the step again.
    async fn post(&mut self, step: &str, send: &Send, draft: &Draft) -> Result<Option<Left>> {
        let about = match &self.state.header.incident {
            Some(id) => Some(About::Incident(Box::new(self.ledger.incident(id)?))),
            None => None,
        };
        let place = format!("{}/{step}", self.state.id);
        let known = self.known(about.as_ref(), &place)?;
        let new = self.mail(place, send, draft, about.as_ref())?;
        let (dir, vars) = (self.site.dir.clone(), self.site.vars.clone());
        let courier = Courier::new(&vars, dir, self.ledger.clock, self.redactor.clone());
        let walker = self.site.walker.clone();
        let host = walker.host.clone();
        let is_alive = move |other: &Walker| process::is_alive(other.pid, &other.host, &host);
        let publish = &self.site.publish;
        let post = Post { ledger: self.ledger, courier: &courier, walker, is_alive: &is_alive, publish: &**publish };
        let (mut about, message) = match known {
            Some(known) => known,
            None => post.draft(about, new)?,
        };
        let (id, mail) = (about.full_id(&message), about.mail(&message)?);
        if mail.state() == MailState::Draft {
            match consent(about.incident(), mail, &self.ledger.actor.0, false) {
                Consent::Given(grounds) => post.release(&mut about, &message, grounds)?,
                Consent::Needed(commander) if self.terminal.can_ask() => {
                    let who = commander.unwrap_or_else(|| "nobody".to_owned());
                    let question = format!(
                        "Customers read this, and the incident commander ({who}) has to approve. Approve it yourself?"
                    );
                    match self.terminal.confirm(&question, false) {
                        Ok(true) => post.release(&mut about, &message, "said so")?,
                        Ok(false) | Err(AskError::NobodyToAsk) => return Ok(Some(Left::Quit)),
                        Err(AskError::Interrupted) => return Ok(Some(Left::Interrupted)),
                    }
                }
                Consent::Needed(commander) => {
                    let who = commander.unwrap_or_else(|| "the incident commander (nobody is, yet)".to_owned());
                    return Ok(Some(Left::NeedsInput(format!(
                        "step {step}: {id} goes to customers and waits for {who}: opsctl message approve {id}"
                    ))));
                }
            }
        }
        if about.mail(&message)?.state() == MailState::Approved {
            post.queue(&mut about, &message)?;
        }
        let delivered = post.deliver(&mut about).await?;
        for one in &delivered {
            self.terminal.tell(&one.to_string());
        }
        Ok(self.arrived(step, &about.full_id(&message), about.mail(&message)?.state()))
    }

    // What waits goes out by itself; what is stuck needs somebody.
    fn arrived(&mut self, step: &str, id: &str, state: MailState) -> Option<Left> {
        if state != MailState::Stuck {
            return None;
        }
        match self.terminal.confirm(&format!("{id} did not go through. Go on all the same?"), false) {
            Ok(true) => None,
            Ok(false) => Some(Left::Quit),
            Err(AskError::Interrupted) => Some(Left::Interrupted),
            Err(AskError::NobodyToAsk) => Some(Left::NeedsInput(format!(
                "step {step}: {id} did not go through: opsctl message show {id}, then message retry or message drop"
            ))),
        }
    }

    // The message that this step has drafted before, unless it was dropped.
    fn known(&self, about: Option<&About>, place: &str) -> Result<Option<(About, String)>> {
        let alone = match about {
            Some(_) => Vec::new(),
            None => self.ledger.correspondence()?,
        };
        let is_alone = |about: &&About| about.incident().is_none() && about.maintenance().is_none();
        let all = about.into_iter().chain(alone.iter().filter(is_alone));
        let mut found = all.filter_map(|about| Some((about.clone(), drafted_at(about, place)?)));
        Ok(found.next())
    }

    fn mail(&self, place: String, send: &Send, draft: &Draft, about: Option<&About>) -> Result<NewMail> {
        let told = Status::parse(draft.variant());
        let status = told.or_else(|| about.and_then(About::incident).map(|incident| incident.status));
        let (subject, body) = (draft.subject(), draft.body());
        Ok(NewMail {
            tell: Tell::Update,
            status: status.map(|status| status.word().to_owned()),
            template: Some(send.template.clone()),
            variant: Some(draft.variant().to_owned()).filter(|variant| !variant.is_empty()),
            to: send.to.clone(),
            subject: subject.map_err(|error| of_template(send, &error))?.map(|text| self.redactor.text(&text)),
            text: self.redactor.text(&body.map_err(|error| of_template(send, &error))?),
            facts: NewMail::facts_of(draft.values(), |value| self.redactor.text(value)),
            step: Some(place),
            disclose: false,
        })
    }

    fn draft(&self, step: &str, scope: &str, send: &Send, said: &BTreeMap<String, String>) -> Result<Draft> {
        let template = self.state.plan.templates.get(&send.template).ok_or_else(|| {
            Error::definition(format!("step {step} sends {}, which is no template", send.template))
                .hint("`opsctl template list` shows the templates")
        })?;
        let context = context(&self.state, &self.facts, scope);
        let mut given = BTreeMap::new();
        for (name, text) in &send.set {
            let value = template::render(text, &context)
                .map_err(|error| Error::definition(format!("step {step}, the field {name}: {error}")))?;
            given.insert(name.clone(), value);
        }
        given.extend(said.clone());
        let mut facts: Value = context;
        // Who tells the end tells when that is.
        if let (Some(id), Some(status)) = (&self.state.header.incident, send.variant.as_deref().and_then(Status::parse))
        {
            let telling = Telling { status: Some(status), next: None };
            facts["incident"] = self.ledger.facts(&self.ledger.incident(id)?, telling);
        }
        message::draft(template, send.variant.as_deref(), given, &unmarked_facts(facts))
    }

    fn preview(&mut self, send: &Send, draft: &Draft) {
        let missing = draft.missing();
        let still = if missing.is_empty() { String::new() } else { format!("; to be asked: {}", missing.join(", ")) };
        self.terminal.tell(&format!("Message {} for {}{still}", send.template, audience(send)));
    }

    fn ask_field(&mut self, draft: &Draft, field: &str) -> Result<String, AskError> {
        loop {
            let value = self.terminal.ask(&Question::new(draft.question(field)))?;
            match draft.check(field, &value) {
                Ok(()) => return Ok(value),
                Err(why) => self.terminal.tell(&why),
            }
        }
    }
}

fn drafted_at(about: &About, place: &str) -> Option<String> {
    let mut mails = about.outbox().mails.iter().rev();
    let found = mails.find(|mail| mail.drafted.step.as_deref() == Some(place) && mail.state() != MailState::Dropped);
    found.map(|mail| mail.id().to_owned())
}

fn of_template(send: &Send, error: &template::TemplateError) -> Error {
    Error::definition(format!("template {}: {error}", send.template))
}

fn audience(send: &Send) -> String {
    if send.to.is_empty() { "no channel".to_owned() } else { send.to.join(", ") }
}
