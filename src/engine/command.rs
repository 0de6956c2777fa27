//! A command as it will be run: values reach it as environment variables or as whole arguments, never as shell text.

use serde_json::Value;

use crate::catalog::model::{Command, CommandSpec};
use crate::engine::context::{Facts, context, values};
use crate::engine::plan::PlanStep;
use crate::engine::state::{Kept, State};
use crate::ground::Span;
use crate::template;

/// A command as it will be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// What is run, with every argument in its final form.
    pub command: Command,
    /// The environment variables it gets beside the inherited ones.
    pub env: Vec<(String, String)>,
    /// The directory, relative to the workspace.
    pub dir: Option<String>,
    /// How long it may take.
    pub timeout: Option<Span>,
}

/// Fills in what a command of a scope needs. The error names the value that is missing.
pub fn resolve(state: &State, facts: &Facts, scope: &str, spec: &CommandSpec) -> Result<Resolved, String> {
    if let Some(name) = lost_secret(state, facts, scope, spec) {
        let captures = |planned: &&PlanStep| {
            planned.scope == scope && planned.step.captures.iter().any(|capture| capture.name == name)
        };
        let from = state.plan.steps.iter().find(captures).map(|planned| format!(" (from {})", planned.id));
        let from = from.unwrap_or_default();
        return Err(format!("{name}{from} held a secret, so it was not stored, and it is gone; do this step by hand"));
    }
    let context = context(state, facts, scope);
    let mut env: Vec<(String, String)> = values(state, facts, scope).into_iter().collect();
    for (name, text) in &spec.env {
        let value = render(text, &context).map_err(|error| format!("the value for {name}: {error}"))?;
        env.retain(|(known, _)| known != name);
        env.push((name.clone(), value));
    }
    env.push(("OPSCTL_RUN".into(), state.id.clone()));
    if let Some(incident) = &state.header.incident {
        env.push(("OPSCTL_INCIDENT".into(), incident.clone()));
    }
    let command = match &spec.command {
        Command::Shell(script) => Command::Shell(script.clone()),
        Command::Argv(items) => {
            Command::Argv(items.iter().map(|item| render(item, &context)).collect::<Result<_, _>>()?)
        }
    };
    Ok(Resolved { command, env, dir: spec.dir.clone(), timeout: spec.timeout })
}

// A variable that is silently empty can do harm; better not to run at all.
fn lost_secret<'a>(state: &'a State, facts: &Facts, scope: &str, spec: &CommandSpec) -> Option<&'a str> {
    let kept = state.values.get(scope)?;
    let is_lost = |(name, value): &(&String, &Kept)| {
        **value == Kept::Secret && facts.secret(scope, name).is_none() && mentions(spec, name)
    };
    kept.iter().find(is_lost).map(|(name, _)| name.as_str())
}

// A script names a variable by its word; anything else names it in a template.
fn mentions(spec: &CommandSpec, name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let has_word = |text: &str| text.split(|c| !is_word(c)).any(|word| word == name);
    let in_command = match &spec.command {
        Command::Shell(script) => has_word(script),
        Command::Argv(items) => items.iter().any(|item| has_word(item)),
    };
    in_command || spec.env.values().any(|text| has_word(text))
}

fn render(text: &str, context: &Value) -> Result<String, String> {
    if text.contains("{{") {
        template::render(text, context).map_err(|error| error.to_string())
    } else {
        Ok(text.into())
    }
}

/// A command as a person would type it: a script as it is, arguments quoted where they need it.
pub fn display(command: &Command) -> String {
    match command {
        Command::Shell(script) => script.trim_end().to_owned(),
        Command::Argv(items) => items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(" "),
    }
}

fn quoted(item: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !item.is_empty() && item.chars().all(plain) {
        item.to_owned()
    } else {
        format!("'{}'", item.replace('\'', r"'\''"))
    }
}
