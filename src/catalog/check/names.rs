//! Which names a template or expression may use, and which it uses.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::catalog::model::{Parameter, Procedure};
use crate::catalog::problem::{Problem, Trail};
use crate::error::nearest;
use crate::template::{TemplateError, has_marks, nested_names, nested_names_in_expression};

/// The names that are always there in a procedure.
pub const GIVEN: [&str; 4] = ["incident", "now", "run", "steps"];

/// The names that may be used at some place.
#[derive(Debug, Default)]
pub struct Scope {
    names: BTreeSet<String>,
    steps: BTreeSet<String>,
    declared_where: &'static str,
}

impl Scope {
    /// Parameters, captures and what is always there.
    pub fn of_procedure(procedure: &Procedure) -> Self {
        let steps = procedure.all_steps();
        let parameters = procedure.parameters.iter().map(|parameter| parameter.name.clone());
        let captures = steps.iter().flat_map(|step| &step.captures).map(|capture| capture.name.clone());
        let given = GIVEN.into_iter().map(str::to_owned);
        Self {
            names: parameters.chain(captures).chain(given).collect(),
            steps: steps.iter().map(|step| step.id.clone()).collect(),
            declared_where: "declare it under `parameters:`, or capture it in a step",
        }
    }

    /// A template's fields.
    pub fn of_fields(fields: &[Parameter]) -> Self {
        let names = fields.iter().map(|field| field.name.clone()).collect();
        Self { names, steps: BTreeSet::new(), declared_where: "declare it under `fields:`" }
    }

    /// Nothing at all: what a probe may name.
    pub fn nothing() -> Self {
        Self { declared_where: "`${NAME}` stands for an environment variable", ..Self::default() }
    }

    /// More names on top.
    pub fn with(mut self, names: &[&str]) -> Self {
        self.names.extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Checks a text that may be a template; gives the names it uses.
    pub fn template(&self, text: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) -> BTreeSet<String> {
        if !has_marks(text) {
            return BTreeSet::new();
        }
        self.check(text, nested_names(text), at, problems)
    }

    /// Checks an expression; gives the names it uses.
    pub fn expression(&self, text: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) -> BTreeSet<String> {
        if text.contains("{{") {
            let problem = Problem::error("invalid-template", at, "this is an expression already: no `{{` is needed");
            problems.push(problem.word("{{").suggest("remove the `{{` and `}}`"));
            return BTreeSet::new();
        }
        self.check(text, nested_names_in_expression(text), at, problems)
    }

    /// Warns of a text that names a value and is shown as it is written.
    pub fn plain_text(&self, text: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) {
        let names = if has_marks(text) { nested_names(text).unwrap_or_default() } else { BTreeSet::new() };
        let first_part = |name: &String| name.split('.').next().is_some_and(|first| self.names.contains(first));
        if names.iter().any(first_part) {
            let problem =
                Problem::warning("not-a-template", at, "this is not a template: it is shown as it is written");
            problems.push(
                problem.word("{{").suggest("values can stand in `env:`, `when:`, `with:`, `set:` and argument lists"),
            );
        }
    }

    fn check(
        &self,
        text: &str,
        used: Result<BTreeSet<String>, TemplateError>,
        at: &Trail<'_>,
        problems: &mut Vec<Problem>,
    ) -> BTreeSet<String> {
        let used = match used {
            Ok(used) => used,
            Err(error) => {
                problems.push(Problem::error("invalid-template", at, error.message));
                return BTreeSet::new();
            }
        };
        let mut first_parts = BTreeSet::new();
        for name in &used {
            let mut parts = name.split('.');
            let first = parts.next().unwrap_or(name);
            if first_parts.insert(first.to_owned()) && !self.names.contains(first) {
                problems.push(self.unknown(first, at));
            }
            if first == "steps"
                && let Some(step) = parts.next()
            {
                self.step(step, at, problems);
            }
        }
        if first_parts.contains("steps") {
            for step in quoted_steps(text) {
                self.step(step, at, problems);
            }
        }
        first_parts
    }

    fn unknown(&self, name: &str, at: &Trail<'_>) -> Problem {
        let problem = Problem::error("unknown-name", at, format!("nothing is called `{name}` here")).word(name);
        match nearest(name, self.names.iter().map(String::as_str)) {
            Some(near) => problem.suggest_name(Some(near)),
            None => problem.suggest(self.declared_where),
        }
    }

    fn step(&self, step: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) {
        if self.steps.contains(step) || self.names.is_empty() {
            return;
        }
        let problem = Problem::error("unknown-step", at, format!("there is no step `{step}`")).word(step);
        let hyphenated = self.steps.iter().find(|id| id.split('-').next() == Some(step));
        problems.push(match hyphenated {
            Some(id) => problem.suggest(format!("an id with `-` needs brackets: `steps[\"{id}\"]`")),
            None => problem.suggest_name(nearest(step, self.steps.iter().map(String::as_str))),
        });
    }
}

static QUOTED_STEP: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"\bsteps\s*\[\s*["']([^"']*)["']\s*\]"#).ok());

fn quoted_steps(text: &str) -> Vec<&str> {
    let Some(pattern) = QUOTED_STEP.as_ref() else { return Vec::new() };
    pattern.captures_iter(text).filter_map(|found| found.get(1).map(|id| id.as_str())).collect()
}
