//! The settings: probes, and the procedure that handles incidents.

use super::Context;
use super::names::Scope;
use super::{command, parameter};
use crate::catalog::model::{Probe, ProbeTarget, ProcedureKind};
use crate::catalog::problem::{Problem, Trail};
use crate::condition::Condition;
use crate::error::nearest;
use crate::template::has_marks;

/// Everything that is wrong with the settings beyond their shape.
pub fn settings(context: &Context<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let root = Trail::ROOT;
    let services = root.key("services");
    for (id, probe) in &context.catalog.settings.probes {
        let service = services.key(&probe.service);
        self::probe(probe, &service.key("probes").key(id), &mut problems);
    }
    process(context, &root.key("incident").key("process"), &mut problems);
    problems
}

fn process(context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let Some(id) = &context.catalog.settings.incident_process else { return };
    let kind = ProcedureKind::Playbook;
    let broken = context.broken.iter().any(|broken| broken.kind.word() == kind.word() && broken.id == *id);
    if context.catalog.procedure(kind, id).is_none() && !broken {
        let known = context.catalog.of_kind(kind).map(|playbook| playbook.id.as_str());
        let problem = Problem::error("unknown-reference", at, format!("there is no playbook `{id}`"));
        problems.push(problem.suggest_name(nearest(id, known)));
    }
}

fn probe(probe: &Probe, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    match &probe.target {
        ProbeTarget::Http { url, method, headers, .. } => {
            let http = at.key("http");
            address(url, &http.key("url"), problems);
            if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                let message = format!("`{method}` is not an HTTP method");
                problems.push(Problem::error("invalid-request", &http.key("method"), message));
            }
            for name in headers.keys().filter(|name| !is_header(name)) {
                let message = format!("`{name}` cannot be the name of a header");
                problems.push(Problem::error("invalid-request", &http.key("headers").key(name), message).on_key());
            }
        }
        ProbeTarget::Command(command) => {
            command::command(command, &at.key("command"), &Scope::nothing(), problems);
        }
    }
    let conditions = at.key("conditions");
    for (index, text) in probe.conditions.iter().enumerate() {
        if let Err(error) = Condition::parse(text) {
            let problem = Problem::error("invalid-condition", &conditions.index(index), error.message);
            let meant = text.chars().skip(error.column.saturating_sub(1)).collect::<String>();
            let problem = if meant.trim().is_empty() { problem } else { problem.word(meant) };
            problems.push(match error.suggestion {
                Some(suggestion) => problem.suggest(format!("for example: {suggestion}")),
                None => problem,
            });
        }
    }
}

fn address(url: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    if has_marks(url) {
        let problem = Problem::error("not-a-template", at, "an address is not a template").word("{{");
        problems.push(problem.suggest("`${NAME}` stands for an environment variable"));
    } else if !["http://", "https://", "${"].iter().any(|start| url.starts_with(start)) {
        let problem = Problem::error("invalid-request", at, format!("`{url}` is not an address"));
        problems.push(problem.suggest("begin it with `https://`, `http://` or `${NAME}`"));
    }
    for name in variables(url).filter(|name| !parameter::is_identifier(name)) {
        let problem = Problem::error("invalid-name", at, format!("`{name}` cannot be an environment variable"));
        problems.push(problem.word(format!("${{{name}")));
    }
}

fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).map(|rest| rest.split('}').next().unwrap_or(rest))
}

fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
