//! Templates and expressions: strict, small, and without side effects.
//!
//! An error never shows a variable's value, because a value may be a secret.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use chrono::DateTime;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use regex::Regex;
use serde_json::Value as Json;

/// Why a template or an expression has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// What is wrong, without any value.
    pub message: String,
    /// The line in the template, from 1, where known.
    pub line: Option<usize>,
    /// The names that had no value, such as `service` or `incident.severity`.
    pub undefined: Vec<String>,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for TemplateError {}

/// Renders a template exactly as it is written, trailing newline included.
pub fn render(text: &str, context: &Json) -> Result<String, TemplateError> {
    let environment = environment();
    let template = environment.template_from_str(text).map_err(|error| explain(&error, &[]))?;
    let missing = missing(&template.undeclared_variables(true), context);
    let guarded = missing.iter().filter(|name| !is_guarded(text, name)).cloned().collect::<Vec<_>>();
    if !guarded.is_empty() {
        return Err(undefined(guarded));
    }
    template.render(Serde(context)).map_err(|error| explain(&error, &missing))
}

/// Whether an expression, as `when:` has it, is true.
pub fn is_true(expression: &str, context: &Json) -> Result<bool, TemplateError> {
    let environment = environment();
    let compiled = environment.compile_expression(expression).map_err(|error| explain(&error, &[]))?;
    let missing = missing(&compiled.undeclared_variables(true), context);
    let unguarded = missing.iter().filter(|name| !is_guarded(expression, name)).cloned().collect::<Vec<_>>();
    if !unguarded.is_empty() {
        return Err(undefined(unguarded));
    }
    let value = compiled.eval(Serde(context)).map_err(|error| explain(&error, &missing))?;
    if value.is_undefined() { Err(undefined(missing)) } else { Ok(value.is_true()) }
}

/// The variables a template needs, by their first part: `incident` for `incident.severity`.
pub fn names(text: &str) -> Result<BTreeSet<String>, TemplateError> {
    Ok(first_parts(&nested_names(text)?))
}

/// The variables an expression needs, by their first part.
pub fn names_in_expression(expression: &str) -> Result<BTreeSet<String>, TemplateError> {
    Ok(first_parts(&nested_names_in_expression(expression)?))
}

/// The variables a template needs, as far as they are written out: `incident.severity`.
pub fn nested_names(text: &str) -> Result<BTreeSet<String>, TemplateError> {
    let environment = environment();
    let template = environment.template_from_str(text).map_err(|error| explain(&error, &[]))?;
    Ok(without_globals(&environment, template.undeclared_variables(true)))
}

/// The variables an expression needs, as far as they are written out.
pub fn nested_names_in_expression(expression: &str) -> Result<BTreeSet<String>, TemplateError> {
    let environment = environment();
    let compiled = environment.compile_expression(expression).map_err(|error| explain(&error, &[]))?;
    Ok(without_globals(&environment, compiled.undeclared_variables(true)))
}

/// Whether a text is exactly one `{{ … }}` and nothing else.
pub fn is_one_expression(text: &str) -> bool {
    let inner = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    inner.is_some_and(|inner| environment().compile_expression(inner.trim_matches('-').trim()).is_ok())
}

/// Whether a text has a mark that makes it a template.
pub fn has_marks(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

// A runaway loop ends after this many instructions; a page of text needs some hundred.
const FUEL: u64 = 200_000;

fn environment<'source>() -> Environment<'source> {
    let mut environment = Environment::new();
    environment.set_debug(false);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(100);
    // It would print every value there is.
    environment.remove_global("debug");
    environment.add_filter("time", time_of_day);
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment
}

#[allow(clippy::needless_pass_by_value, reason = "the signature a filter has")]
fn time_of_day(text: String) -> Result<String, Error> {
    DateTime::parse_from_rfc3339(&text)
        .map(|time| time.to_utc().format("%H:%M UTC").to_string())
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, "`time` needs a moment such as 2026-11-23T14:05:00Z"))
}

fn explain(error: &Error, missing: &[String]) -> TemplateError {
    let detail = error.detail().unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::SyntaxError => format!("this template cannot be read: {detail}"),
        ErrorKind::UndefinedError if !missing.is_empty() => return undefined(missing.to_vec()),
        ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction => detail.to_owned(),
        ErrorKind::OutOfFuel => "this template does not come to an end".to_owned(),
        // Details of other errors may quote a value.
        kind => format!("this template cannot be rendered: {kind}"),
    };
    TemplateError { message, line: error.line(), undefined: Vec::new() }
}

fn undefined(names: Vec<String>) -> TemplateError {
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let message = match names.len() {
        0 => "a value is missing".to_owned(),
        1 => format!("{list} has no value"),
        _ => format!("{list} have no value"),
    };
    TemplateError { message, line: None, undefined: names }
}

fn without_globals(environment: &Environment<'_>, names: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let globals: BTreeSet<&str> = environment.globals().map(|(name, _)| name).collect();
    names.into_iter().filter(|name| !globals.contains(first_part(name))).collect()
}

fn first_part(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

fn first_parts(names: &BTreeSet<String>) -> BTreeSet<String> {
    names.iter().map(|name| first_part(name).to_owned()).collect()
}

// Comparing an undefined value is no error to the engine, so what is missing is looked for beforehand.
fn missing<'a>(names: impl IntoIterator<Item = &'a String>, context: &Json) -> Vec<String> {
    let environment = environment();
    let names = without_globals(&environment, names.into_iter().cloned());
    names.into_iter().filter(|name| !has_value(name, context)).collect()
}

fn has_value(name: &str, context: &Json) -> bool {
    let mut value = context;
    for part in name.split('.') {
        let Json::Object(map) = value else { return true };
        match map.get(part) {
            Some(next) => value = next,
            None => return false,
        }
    }
    true
}

// `x is defined` and `x | default(…)` are there to ask for what may be missing.
static GUARDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"([A-Za-z_][A-Za-z0-9_.]*)\s*(?:\bis\s+(?:not\s+)?(?:un)?defined\b|\|\s*(?:default|d)\b)").ok()
});

fn is_guarded(text: &str, name: &str) -> bool {
    let Some(guards) = GUARDS.as_ref() else { return false };
    guards.captures_iter(text).any(|guard| {
        guard.get(1).is_some_and(|asked| {
            let asked = asked.as_str();
            name == asked || name.strip_prefix(asked).is_some_and(|rest| rest.starts_with('.'))
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;
    use serde_json::json;

    use super::{has_marks, is_one_expression, is_true, names, names_in_expression, nested_names, render};

    #[test]
    fn text_is_rendered_as_it_is_written() {
        let context = json!({"service": "<API> & co", "n": 3});
        assert_eq!(render("{{ service }}: {{ n }}\n\n", &context).unwrap(), "<API> & co: 3\n\n");
        assert_eq!(render("{{ t | time }}", &json!({"t": "2026-11-23T15:05:09+01:00"})).unwrap(), "14:05 UTC");
        assert!(render("{{ t | time }}", &json!({"t": "teatime"})).is_err());
    }

    #[test]
    fn undefined_is_an_error_and_names_all() {
        let error = render("{{ b }} {{ a }} {{ incident.severity }}", &json!({"incident": {}})).unwrap_err();
        assert_eq!(error.undefined, ["a", "b", "incident.severity"]);
        assert_eq!(error.message, "`a`, `b`, `incident.severity` have no value");
        let error = is_true("status == 'done'", &json!({})).unwrap_err();
        assert_eq!(error.undefined, ["status"]);
        assert!(!is_true("status is defined and status == 'done'", &json!({})).unwrap());
        assert!(is_true("status is undefined", &json!({})).unwrap());
        assert_eq!(render("{{ x | default('none') }}", &json!({})).unwrap(), "none");
    }

    #[test]
    fn expressions_are_true_or_false() {
        let context = json!({"steps": {"check": {"status": "failed"}}, "count": "3", "empty": ""});
        assert!(is_true("steps.check.status == 'failed'", &context).unwrap());
        assert!(is_true("count | int > 2", &context).unwrap());
        assert!(!is_true("empty", &context).unwrap());
        assert!(is_true("steps | length == 1", &context).unwrap());
        assert_eq!(is_true("steps.chek.status == 'x'", &context).unwrap_err().undefined, ["steps.chek.status"]);
    }

    #[test]
    fn errors_never_show_a_value() {
        let context = json!({"token": "hunter2", "list": ["hunter2"]});
        for text in [
            "{{ token + 1 }}",
            "{{ token | int }}",
            "{{ token.x.y }}",
            "{{ token | time }}",
            "{{ token() }}",
            "{{ list | batch(token) }}",
            "{{ debug() }}",
            "{{ list[token] }}{{ 1/0 }}",
            "{{ token | fromjson }}",
        ] {
            let error = render(text, &context).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}: {error:?}");
        }
    }

    #[test]
    fn names_are_what_a_template_needs() {
        let all = |text| names(text).unwrap().into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(
            all("{% for x in rows %}{{ x }} {{ loop.index }}{% endfor %}{{ range(3) }}{{ incident.id }}"),
            "incident rows"
        );
        assert_eq!(nested_names("{{ incident.id }}").unwrap().into_iter().next().unwrap(), "incident.id");
        assert_eq!(names_in_expression("a and not b").unwrap().len(), 2);
        assert!(names("{{ a").is_err() && names_in_expression("a ==").is_err());
    }

    #[test]
    fn one_expression_and_nothing_else() {
        for yes in ["{{ a }}", " {{a}} ", "{{ a ~ '-' ~ b }}", "{{ '{{x}}' }}"] {
            assert!(is_one_expression(yes), "{yes}");
        }
        for no in ["x{{ a }}", "{{ a }}{{ b }}", "{{ a }} }}", "{{ }}", "{% if a %}", "a"] {
            assert!(!is_one_expression(no), "{no}");
        }
        assert!(has_marks("{# x #}") && !has_marks("${x}"));
    }

    #[test]
    fn endless_templates_end() {
        let error = render("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", &json!({}));
        assert_eq!(error.unwrap_err().message, "this template does not come to an end");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-z{}%#|.()' \\n-]{0,40}") {
            let context = json!({"a": 1});
            let _ = (render(&text, &context), is_true(&text, &context), names(&text), is_one_expression(&text));
        }
    }
}
