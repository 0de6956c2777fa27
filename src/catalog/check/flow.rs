//! Jumps: an option may lead to a step of its own list or of one around it.

use crate::catalog::model::{Phase, Procedure, Step, StepKind};
use crate::catalog::problem::{Problem, Trail};
use crate::error::nearest;

/// Checks every `goto` of a procedure.
pub fn jumps(procedure: &Procedure, problems: &mut Vec<Problem>) {
    let root = Trail::ROOT;
    // The phases' lists follow each other: together they are the outermost one.
    let outermost: Vec<&str> = procedure.phases.iter().flat_map(|phase| ids(&phase.steps)).collect();
    let all: Vec<&str> = procedure.all_steps().into_iter().map(|step| step.id.as_str()).collect();
    for (index, Phase { title, steps }) in procedure.phases.iter().enumerate() {
        let phases = root.key("phases");
        let phase = phases.index(index);
        let at = if title.is_none() { root.key("steps") } else { phase.key("steps") };
        list(steps, &at, &Reach { inner: &outermost, all: &all }, problems);
    }
}

struct Reach<'a> {
    inner: &'a [&'a str],
    all: &'a [&'a str],
}

fn ids(steps: &[Step]) -> impl Iterator<Item = &str> {
    steps.iter().map(|step| step.id.as_str())
}

fn list(steps: &[Step], at: &Trail<'_>, reach: &Reach<'_>, problems: &mut Vec<Problem>) {
    for (index, step) in steps.iter().enumerate() {
        let StepKind::Choose(options) = &step.kind else { continue };
        let here = at.index(index);
        let choose = here.key("choose");
        for (index, option) in options.iter().enumerate() {
            let at = choose.index(index);
            if let Some(target) = &option.goto {
                problems.extend(wrong_target(target, &at.key("goto"), reach));
            }
            let inner: Vec<&str> = reach.inner.iter().copied().chain(ids(&option.steps)).collect();
            list(&option.steps, &at.key("steps"), &Reach { inner: &inner, all: reach.all }, problems);
        }
    }
}

fn wrong_target(target: &str, at: &Trail<'_>, reach: &Reach<'_>) -> Option<Problem> {
    if reach.inner.contains(&target) {
        return None;
    }
    if reach.all.contains(&target) {
        let message = format!("the step `{target}` lies inside another option, and no jump leads in there");
        return Some(
            Problem::error("unknown-step", at, message).suggest("jump to a step of this list or of one around it"),
        );
    }
    let problem = Problem::error("unknown-step", at, format!("there is no step `{target}` to jump to"));
    Some(problem.suggest_name(nearest(target, reach.inner.iter().copied())))
}
