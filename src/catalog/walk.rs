//! Every step of a procedure with the way to it.

use super::model::{Procedure, Step, StepKind};
use super::problem::Trail;

/// Calls back for each step, options' steps included, in the order they are written.
pub fn each_step(procedure: &Procedure, visit: &mut dyn FnMut(&Step, &Trail<'_>)) {
    each_list(procedure, &mut |steps, at| {
        for (index, step) in steps.iter().enumerate() {
            visit(step, &at.index(index));
        }
    });
}

/// Calls back for each list of steps: the phases' lists, and below each its options' lists.
pub fn each_list(procedure: &Procedure, visit: &mut dyn FnMut(&[Step], &Trail<'_>)) {
    let root = Trail::ROOT;
    let phases = root.key("phases");
    for (index, phase) in procedure.phases.iter().enumerate() {
        if phase.title.is_none() {
            lists(&phase.steps, &root.key("steps"), visit);
        } else {
            lists(&phase.steps, &phases.index(index).key("steps"), visit);
        }
    }
}

fn lists(steps: &[Step], at: &Trail<'_>, visit: &mut dyn FnMut(&[Step], &Trail<'_>)) {
    visit(steps, at);
    for (index, step) in steps.iter().enumerate() {
        let StepKind::Choose(options) = &step.kind else { continue };
        let here = at.index(index);
        let choose = here.key("choose");
        for (index, option) in options.iter().enumerate() {
            if !option.steps.is_empty() {
                lists(&option.steps, &choose.index(index).key("steps"), visit);
            }
        }
    }
}
