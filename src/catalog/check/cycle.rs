//! A procedure that uses itself, directly or through others, would never end.

use crate::catalog::model::{Catalog, Procedure, StepKind};
use crate::catalog::problem::Problem;
use crate::catalog::walk::each_step;

/// Finds the `use` steps that lead back to the procedure they stand in.
pub fn cycles(procedure: &Procedure, catalog: &Catalog, problems: &mut Vec<Problem>) {
    each_step(procedure, &mut |step, at| {
        let StepKind::Use(used) = &step.kind else { return };
        let Some(next) = catalog.resolve(&used.procedure) else { return };
        let mut way = vec![procedure.reference()];
        if leads_to(procedure, next, catalog, &mut way, &mut Vec::new()) {
            let message = format!("this never ends: {}", way.join(" → "));
            let problem = Problem::error("cyclic-use", &at.key("use").key("procedure"), message);
            problems.push(problem.suggest("let one of them stand alone, and name it under `related:`"));
        }
    });
}

fn leads_to(
    goal: &Procedure,
    from: &Procedure,
    catalog: &Catalog,
    way: &mut Vec<String>,
    seen: &mut Vec<String>,
) -> bool {
    let name = from.reference();
    if name == goal.reference() {
        way.push(name);
        return true;
    }
    if seen.contains(&name) {
        return false;
    }
    seen.push(name.clone());
    way.push(name);
    for step in from.all_steps() {
        if let StepKind::Use(used) = &step.kind
            && let Some(next) = catalog.resolve(&used.procedure)
            && leads_to(goal, next, catalog, way, seen)
        {
            return true;
        }
    }
    way.pop();
    false
}
