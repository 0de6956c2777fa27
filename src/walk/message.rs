//! Messages: rendered from their template, shown, and recorded.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalog::model::{Send, StepKind};
use crate::engine::Input;
use crate::engine::context::context;
use crate::error::{Error, Result};
use crate::message::{self, Draft};
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
        let text = draft.render().map_err(|error| Error::definition(format!("template {}: {error}", send.template)))?;
        let text = self.redactor.text(&text);
        self.terminal.tell(&format!("Message for {}:\n", audience(send)));
        self.terminal.say(&text);
        if self.terminal.can_ask() && !by_itself {
            let copy =
                if send.to.is_empty() { String::new() } else { format!(": copy it to {} yourself", audience(send)) };
            let question = format!("Record it? Nothing is sent{copy}.");
            match self.terminal.confirm(&question, true) {
                Ok(true) => {}
                Ok(false) | Err(AskError::NobodyToAsk) => return Ok(Flow::Next),
                Err(AskError::Interrupted) => return Ok(Flow::Leave(Left::Interrupted)),
            }
        }
        let variant = draft.variant().to_owned();
        self.record(Input::Message { step, template: send.template.clone(), variant, to: send.to.clone(), text })
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
        let facts: Value = context;
        message::draft(template, send.variant.as_deref(), given, &facts)
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

fn audience(send: &Send) -> String {
    if send.to.is_empty() { "no channel".to_owned() } else { send.to.join(", ") }
}
