//! What one step says: its condition, its commands, its captures, what it refers to.

use super::command;
use super::names::Scope;
use super::parameter::{regex, wrong_name};
use super::{Context, reference};
use crate::catalog::model::{Capture, CommandSpec, Procedure, Step, StepKind, VerifyCheck, Wait};
use crate::catalog::problem::{Problem, Trail};
use crate::catalog::walk::each_step;

/// Checks every step of a procedure.
pub fn steps(procedure: &Procedure, context: &Context<'_>, scope: &Scope, problems: &mut Vec<Problem>) {
    let mut captured: Vec<String> = procedure.parameters.iter().map(|parameter| parameter.name.clone()).collect();
    each_step(procedure, &mut |step, at| {
        scope.plain_text(&step.title, &at.key("title"), problems);
        if let Some(instructions) = &step.instructions {
            scope.plain_text(instructions, &at.key("instructions"), problems);
        }
        for (index, task) in step.tasks.iter().enumerate() {
            scope.plain_text(task, &at.key("tasks").index(index), problems);
        }
        if let Some(when) = &step.when {
            scope.expression(when, &at.key("when"), problems);
        }
        commands(step, at, scope, problems);
        for (index, capture) in step.captures.iter().enumerate() {
            self::capture(capture, &at.key("capture").index(index), &mut captured, problems);
        }
        if let Some(verify) = &step.verify
            && let VerifyCheck::Probe(probes) = &verify.check
        {
            reference::probes(probes, &at.key("verify").key("probe"), context, problems);
        }
        kind(step, at, context, scope, problems);
    });
}

fn kind(step: &Step, at: &Trail<'_>, context: &Context<'_>, scope: &Scope, problems: &mut Vec<Problem>) {
    match &step.kind {
        StepKind::Probe(probing) => reference::probes(&probing.probes, &at.key("probe"), context, problems),
        StepKind::Wait(Wait::Until { probes, .. }) => {
            reference::probes(probes, &at.key("wait").key("until"), context, problems);
        }
        StepKind::Send(send) => {
            let at = at.key("send");
            reference::send(send, &at, context, problems);
            for (name, value) in &send.set {
                scope.template(value, &at.key("set").key(name), problems);
            }
        }
        StepKind::Use(used) => {
            let at = at.key("use");
            reference::used(used, &at, context, problems);
            for (name, value) in &used.with {
                scope.template(value, &at.key("with").key(name), problems);
            }
        }
        StepKind::Manual
        | StepKind::Run(_)
        | StepKind::Choose(_)
        | StepKind::Approve(_)
        | StepKind::Wait(Wait::For(_))
        | StepKind::Incident(_) => {}
    }
}

fn commands(step: &Step, at: &Trail<'_>, scope: &Scope, problems: &mut Vec<Problem>) {
    let mut shared: Option<&CommandSpec> = None;
    if let StepKind::Run(run) = &step.kind {
        command::spec(run, &at.key("run"), at, scope, problems);
        shared = Some(run);
    }
    if let Some(verify) = &step.verify
        && let VerifyCheck::Run(run) = &verify.check
    {
        let here = at.key("verify");
        command::spec(run, &here.key("run"), &here, scope, problems);
        shared = shared.or(Some(run));
    }
    if let Some(rollback) = &step.rollback {
        let here = at.key("rollback");
        // The short form has the command right at `rollback`; a place that does not exist falls back to it.
        command::spec(&rollback.command, &here.key("run"), &here, scope, problems);
        shared = shared.or(Some(&rollback.command));
    }
    if let Some(shared) = shared {
        command::surroundings(shared, at, scope, problems);
    }
}

fn capture(capture: &Capture, at: &Trail<'_>, known: &mut Vec<String>, problems: &mut Vec<Problem>) {
    let name = at.key("name");
    if known.contains(&capture.name) {
        let message = format!("`{}` is a parameter or another capture already", capture.name);
        problems.push(Problem::error("duplicate-name", &name, message).suggest("choose another name"));
    } else {
        problems.extend(wrong_name(&capture.name, &name, true));
        known.push(capture.name.clone());
    }
    if let Some(pattern) = &capture.pattern {
        regex(pattern, &at.key("pattern"), problems);
    }
    let Some(pointer) = &capture.pointer else { return };
    if capture.pattern.is_some() {
        let message = "a value is taken by `pattern` or by `pointer`, not both";
        problems.push(
            Problem::error("pattern-and-pointer", &at.key("pointer"), message).on_key().suggest("keep one of them"),
        );
    }
    if !is_pointer(pointer) {
        let better =
            format!("/{}", pointer.trim_start_matches(['$', '.', '/']).replace(['.', '['], "/").replace(']', ""));
        let problem =
            Problem::error("invalid-pointer", &at.key("pointer"), format!("`{pointer}` is not a JSON pointer"));
        problems.push(problem.suggest_name(Some(better.as_str()).filter(|better| is_pointer(better))));
    }
}

fn is_pointer(text: &str) -> bool {
    let escapes_are_good = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    (text.is_empty() || text.starts_with('/')) && escapes_are_good
}
