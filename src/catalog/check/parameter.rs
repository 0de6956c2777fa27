//! Parameters, fields and captures: their names, patterns and values.

use regex::Regex;

use super::names::GIVEN;
use crate::catalog::model::Parameter;
use crate::catalog::problem::{Problem, Trail};
use crate::template::has_marks;

/// Checks a list of parameters or fields. Parameters reach commands as environment variables; fields do not.
pub fn parameters(parameters: &[Parameter], at: &Trail<'_>, in_environment: bool, problems: &mut Vec<Problem>) {
    for (index, parameter) in parameters.iter().enumerate() {
        let here = at.index(index);
        let name = here.key("name");
        if parameters[..index].iter().any(|other| other.name == parameter.name) {
            let message = format!("`{}` is declared a second time", parameter.name);
            problems.push(Problem::error("duplicate-name", &name, message).suggest("keep one of them"));
        } else {
            problems.extend(wrong_name(&parameter.name, &name, in_environment));
        }
        values(parameter, &here, problems);
    }
}

fn values(parameter: &Parameter, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let pattern = parameter.pattern.as_ref().and_then(|pattern| regex(pattern, &at.key("pattern"), problems));
    // As the asking does: the whole value must match.
    let whole = pattern.and_then(|pattern| Regex::new(&format!("^(?:{})$", pattern.as_str())).ok());
    let fits = |value: &str| whole.as_ref().is_none_or(|whole| whole.is_match(value));
    let listed = at.key("values");
    for (index, value) in parameter.values.iter().enumerate() {
        if !fits(value) {
            let message = format!("the value `{value}` does not match the pattern");
            problems.push(Problem::error("impossible-value", &listed.index(index), message));
        }
    }
    let Some(default) = parameter.default.as_deref().filter(|default| !has_marks(default)) else { return };
    if !parameter.values.is_empty() && !parameter.values.iter().any(|value| value == default) {
        let message = format!("the default `{default}` is not one of the values: {}", parameter.values.join(", "));
        problems.push(Problem::error("impossible-value", &at.key("default"), message));
    } else if !fits(default) {
        let message = format!("the default `{default}` does not match the pattern");
        problems.push(Problem::error("impossible-value", &at.key("default"), message));
    }
}

/// What is wrong with a name for a value.
pub fn wrong_name(name: &str, at: &Trail<'_>, in_environment: bool) -> Option<Problem> {
    if name.is_empty() {
        return Some(
            Problem::error("no-name", at, "a `name` is missing").suggest("add `name:` with letters, digits and `_`"),
        );
    }
    if !is_identifier(name) {
        let better: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let better = Some(better.as_str()).filter(|better| is_identifier(better));
        let message = format!("`{name}` cannot be a name: it needs letters, digits and `_`, and no digit first");
        return Some(Problem::error("invalid-name", at, message).suggest_name(better));
    }
    if in_environment && is_reserved(name) {
        let message = format!("`{name}` is an environment variable that programs depend on");
        return Some(Problem::error("reserved-name", at, message).suggest("choose another name"));
    }
    if in_environment && GIVEN.contains(&name) {
        let message = format!("`{name}` is always there in templates and cannot be declared");
        return Some(Problem::error("reserved-name", at, message).suggest("choose another name"));
    }
    None
}

/// Checks a list of names of environment variables.
pub fn variables(names: &[String], at: &Trail<'_>, problems: &mut Vec<Problem>) {
    for (index, name) in names.iter().enumerate() {
        if !is_identifier(name) {
            let message = format!("`{name}` cannot be an environment variable");
            let problem = Problem::error("invalid-name", &at.index(index), message);
            let bare = name.trim_start_matches('$').trim_matches(['{', '}']);
            problems.push(problem.suggest_name(Some(bare).filter(|bare| is_identifier(bare))));
        }
    }
}

/// Whether a text is a plain name: letters, digits and `_`, no digit first.
pub fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

const RESERVED: [&str; 16] = [
    "PATH",
    "HOME",
    "SHELL",
    "IFS",
    "ENV",
    "BASH_ENV",
    "BASHOPTS",
    "SHELLOPTS",
    "CDPATH",
    "PS4",
    "USER",
    "LOGNAME",
    "PWD",
    "TMPDIR",
    "PYTHONPATH",
    "NODE_OPTIONS",
];
const RESERVED_STARTS: [&str; 3] = ["LD_", "DYLD_", "OPSCTL_"];

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || RESERVED_STARTS.iter().any(|start| name.starts_with(start))
}

/// Compiles a regular expression, or says what is wrong with it.
pub fn regex(pattern: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<Regex> {
    match Regex::new(pattern) {
        Ok(regex) => Some(regex),
        Err(error) => {
            // The last line has the reason; the lines before draw the pattern.
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            problems.push(Problem::error("invalid-pattern", at, format!("this is not a regular expression: {reason}")));
            None
        }
    }
}
