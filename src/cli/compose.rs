//! A template filled in to be the text of a message.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::message;
use crate::post::{NewMail, unmarked_facts};

use super::send::{courier, leave_to_recipients};
use super::session::Session;
use super::template;
use super::work::Work;

/// Fills in a template with facts and what `--set` gives, asks for the rest, and makes it the text of a message.
pub(super) fn fill_in(
    session: &mut Session<'_>,
    work: &Work,
    set: &[String],
    (id, variant): (String, Option<&str>),
    facts: Map<String, Value>,
    mut new: NewMail,
) -> Result<NewMail> {
    let template = template::find(&work.workspace, &id)?;
    let variant = template::variant(session, &template, variant)?;
    let given = template::pairs(set)?;
    let mut draft = message::draft(&template, variant.as_deref(), given, &unmarked_facts(Value::Object(facts)))?;
    leave_to_recipients(&courier(session, &work.workspace), &work.workspace, &new.to, &mut draft)?;
    template::fill(session, &template, &mut draft)?;
    let failed = |error: crate::template::TemplateError| Error::definition(format!("template {id}: {error}"));
    new.text = session.kept(&work.workspace, &draft.body().map_err(failed)?);
    let subject = draft.subject().map_err(failed)?;
    new.subject = new.subject.or(subject.map(|subject| session.kept_line(&work.workspace, &subject)));
    new.facts = NewMail::facts_of(draft.values(), |value| session.kept(&work.workspace, value));
    (new.template, new.variant) = (Some(id), Some(draft.variant().to_owned()).filter(|variant| !variant.is_empty()));
    Ok(new)
}
