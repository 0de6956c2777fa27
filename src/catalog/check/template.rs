//! Message templates: every field that is used is declared, and every one declared is used.

use std::collections::BTreeSet;

use super::names::Scope;
use super::parameter;
use crate::catalog::lower::is_name;
use crate::catalog::model::Template;
use crate::catalog::problem::{Problem, Trail};

/// Checks a template.
pub fn template(template: &Template) -> Vec<Problem> {
    let mut problems = Vec::new();
    let root = Trail::ROOT;
    let fields = root.key("fields");
    parameter::parameters(&template.fields, &fields, false, &mut problems);
    let mut used = BTreeSet::new();
    // A default may look at what is told of and at the clock; the text itself only at its fields.
    let defaults = Scope::of_fields(&template.fields).with(&["incident", "maintenance", "now"]);
    for (index, field) in template.fields.iter().enumerate() {
        if let Some(default) = &field.default {
            used.extend(defaults.template(default, &fields.index(index).key("default"), &mut problems));
        }
    }
    let scope = Scope::of_fields(&template.fields);
    let variants = root.key("variants");
    for (name, text) in &template.variants {
        let variant = variants.key(name);
        let at = if name.is_empty() { &root } else { &variant };
        if !name.is_empty() && !is_name(name) {
            let message = format!("`{name}` cannot be a variant's name; letters, digits, `-` and `_` can");
            problems.push(Problem::error("invalid-name", at, message).on_key());
        }
        if let Some(subject) = &text.subject {
            let own = at.key("subject");
            used.extend(scope.template(subject, &own, &mut problems));
        }
        if text.body.trim().is_empty() {
            problems.push(Problem::error("blank", &at.key("body"), "this text is blank"));
        }
        used.extend(scope.template(&text.body, &at.key("body"), &mut problems));
    }
    for (index, field) in template
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| !used.contains(&field.name) && parameter::is_identifier(&field.name))
    {
        let message = format!("the field `{}` is asked for and never used", field.name);
        let problem = Problem::warning("unused-field", &fields.index(index).key("name"), message);
        problems.push(problem.suggest("remove it"));
    }
    problems
}
