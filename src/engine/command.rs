//! A command as it will be run: values reach it as environment variables or as whole arguments, never as shell text.

use serde_json::Value;

use crate::catalog::model::{Command, CommandSpec};
use crate::engine::context::{Facts, context, values};
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
    if let Some(name) = lost_secret(state, facts, scope) {
        return Err(format!("the value of {name} held a secret, so it was not stored, and it is gone"));
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
fn lost_secret<'a>(state: &'a State, facts: &Facts, scope: &str) -> Option<&'a str> {
    let kept = state.values.get(scope)?;
    let is_lost = |(name, value): &(&String, &Kept)| **value == Kept::Secret && facts.secret(scope, name).is_none();
    kept.iter().find(is_lost).map(|(name, _)| name.as_str())
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
