//! The rules that need to see more than one value: references, names, templates, patterns.

mod alert;
mod channel;
mod command;
mod cycle;
mod flow;
mod incident;
mod names;
mod parameter;
mod probe;
mod reference;
mod settings;
mod sight;
mod step;
mod template;

use super::load::Broken;
use super::model::{Catalog, Procedure, Template};
use super::problem::{Problem, Trail};

pub use settings::settings;

/// What the rules look names up in.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Every definition that could be read.
    pub catalog: &'a Catalog,
    /// The files that could not; a reference to one of them leads to something.
    pub broken: &'a [Broken],
    /// Whether all settings could be read; else nothing is said about names that may stand there.
    pub settings_known: bool,
}

/// Everything that is wrong with a procedure beyond its shape.
pub fn procedure(procedure: &Procedure, context: &Context<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    reference::procedure(procedure, context, &mut problems);
    let root = Trail::ROOT;
    let scope = names::Scope::of_procedure(procedure);
    parameter::parameters(&procedure.parameters, &root.key("parameters"), true, &mut problems);
    for (index, parameter) in procedure.parameters.iter().enumerate() {
        let at = root.key("parameters");
        let at = at.index(index);
        let at = at.key("default");
        if let Some(default) = &parameter.default {
            scope.template(default, &at, &mut problems);
        }
    }
    parameter::variables(&procedure.requires.env, &root.key("requires").key("env"), &mut problems);
    parameter::variables(&procedure.secrets, &root.key("secrets"), &mut problems);
    step::steps(procedure, context, &scope, &mut problems);
    flow::jumps(procedure, &mut problems);
    cycle::cycles(procedure, context.catalog, &mut problems);
    problems
}

/// Everything that is wrong with a template beyond its shape.
pub fn template(checked: &Template) -> Vec<Problem> {
    template::template(checked)
}
