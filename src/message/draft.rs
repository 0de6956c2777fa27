//! A template, the values for its fields, and what is still missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::catalog::model::{Parameter, Template};
use crate::engine::decide::check_value;
use crate::error::{Error, Result, nearest};
use crate::template;

/// A message that is being filled in.
#[derive(Debug, Clone)]
pub struct Draft {
    template: Arc<Template>,
    variant: String,
    values: BTreeMap<String, String>,
    needed: Vec<String>,
}

/// Begins a message with the values given, and the fields' defaults as far as the facts give them.
pub fn draft(
    template: &Arc<Template>,
    variant: Option<&str>,
    given: BTreeMap<String, String>,
    facts: &Value,
) -> Result<Draft> {
    let variant = pick_variant(template, variant)?;
    let mut draft =
        Draft { needed: needed(template, &variant)?, template: Arc::clone(template), variant, values: BTreeMap::new() };
    for (name, value) in given {
        draft.accept(&name, value)?;
    }
    for name in draft.missing() {
        let default = draft.field(&name).and_then(|field| field.default.clone());
        // A default that the facts do not give is no default.
        if let Some(value) = default.and_then(|text| template::render(&text, facts).ok()).filter(|v| !v.is_empty()) {
            draft.set(&name, value);
        }
    }
    Ok(draft)
}

fn pick_variant(template: &Template, wanted: Option<&str>) -> Result<String> {
    let names: Vec<&str> = template.variants.keys().map(String::as_str).collect();
    let listed = || format!("its variants: {}", names.join(", "));
    match wanted {
        Some(wanted) if names == [""] => {
            Err(Error::usage(format!("template {} has no variants, so not `{wanted}` either", template.id)))
        }
        Some(wanted) if names.contains(&wanted) => Ok(wanted.to_owned()),
        Some(wanted) => {
            let error = Error::usage(format!("template {} has no variant `{wanted}`", template.id));
            Err(match nearest(wanted, names.iter().copied()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(listed()),
            })
        }
        None => match names.as_slice() {
            [one] => Ok((*one).to_owned()),
            _ => Err(Error::input_needed(format!("template {} needs a variant", template.id))
                .hint(format!("say which with --variant; {}", listed()))),
        },
    }
}

// The fields that this variant names, in the order of the template.
fn needed(template: &Template, variant: &str) -> Result<Vec<String>> {
    let text = &template.variants[variant];
    let mut names = template::names(&text.body).map_err(|error| wrong(template, &error))?;
    if let Some(subject) = &text.subject {
        names.extend(template::names(subject).map_err(|error| wrong(template, &error))?);
    }
    Ok(template.fields.iter().map(|field| field.name.clone()).filter(|name| names.contains(name)).collect())
}

fn wrong(template: &Template, error: &template::TemplateError) -> Error {
    Error::definition(format!("template {}: {error}", template.id)).hint("`opsctl lint` shows where")
}

impl Draft {
    /// Which variant it is; empty when the template has only one text.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// The names of the required fields that have no value yet, in the order of the template.
    pub fn missing(&self) -> Vec<String> {
        let needs =
            |name: &&String| !self.values.contains_key(*name) && self.field(name).is_some_and(Parameter::is_required);
        self.needed.iter().filter(needs).cloned().collect()
    }

    /// The question for a field.
    pub fn question(&self, name: &str) -> String {
        self.field(name).map_or(name, Parameter::question).to_owned()
    }

    /// The values that a field allows; any when empty.
    pub fn allowed(&self, name: &str) -> &[String] {
        self.field(name).map_or(&[], |field| &field.values)
    }

    /// Whether a value fits a field.
    pub fn check(&self, name: &str, value: &str) -> Result<(), String> {
        self.field(name).map_or(Ok(()), |field| check_value(field, value))
    }

    /// Gives a field its value.
    pub fn set(&mut self, name: &str, value: String) {
        self.values.insert(name.to_owned(), value);
    }

    /// The values so far.
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    fn accept(&mut self, name: &str, value: String) -> Result<()> {
        if self.field(name).is_none() {
            let names = || self.template.fields.iter().map(|field| field.name.as_str());
            let error = Error::usage(format!("template {} has no field `{name}`", self.template.id));
            return Err(match nearest(name, names()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!("its fields: {}", names().collect::<Vec<_>>().join(", "))),
            });
        }
        self.check(name, &value).map_err(Error::usage)?;
        self.set(name, value);
        Ok(())
    }

    fn field(&self, name: &str) -> Option<&Parameter> {
        self.template.fields.iter().find(|field| field.name == name)
    }

    /// The subject line, if the template has one.
    pub fn subject(&self) -> Result<Option<String>, template::TemplateError> {
        let text = &self.template.variants[&self.variant];
        text.subject.as_ref().map(|subject| template::render(subject, &self.context())).transpose()
    }

    /// The body alone.
    pub fn body(&self) -> Result<String, template::TemplateError> {
        template::render(&self.template.variants[&self.variant].body, &self.context())
    }

    /// The whole text: the subject line, if any, a blank line, and the body.
    pub fn render(&self) -> Result<String, template::TemplateError> {
        let body = self.body()?;
        Ok(match self.subject()? {
            Some(subject) => format!("Subject: {subject}\n\n{body}"),
            None => body,
        })
    }

    fn context(&self) -> Value {
        let optional = self.template.fields.iter().map(|field| (field.name.clone(), Value::String(String::new())));
        let given = self.values.iter().map(|(name, value)| (name.clone(), Value::String(value.clone())));
        Value::Object(optional.chain(given).collect::<Map<_, _>>())
    }
}
