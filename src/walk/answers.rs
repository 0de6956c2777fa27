//! What was said in advance: `--answers FILE` and `--set NAME=VALUE`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::catalog::model::{ChoiceOption, StepKind};
use crate::engine::decide::check_value;
use crate::engine::plan::Plan;
use crate::error::{Error, Result, nearest};

/// What was said in advance. Each answer is used once, so that a walk that comes back to a step asks anew.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// Parameter values by name.
    pub parameters: BTreeMap<String, String>,
    /// Answers by step.
    pub steps: BTreeMap<String, Answer>,
}

/// What was said about a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// What to do with it; nothing when there is only a note or values.
    pub action: Option<Action>,
    /// Something to write down about it.
    pub note: Option<String>,
    /// Values for a message's fields.
    pub set: BTreeMap<String, String>,
}

/// What to do with a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Do it: run the command, render the message, consent.
    Run,
    /// Run it again although it was begun before and nobody knows how that ended.
    Rerun,
    /// Make the step's own check and go by it.
    Verify,
    /// It is done.
    Done,
    /// It failed.
    Fail,
    /// Leave it out, because.
    Skip(String),
    /// Take this option.
    Choose(String),
}

const WORDS: [&str; 6] = ["run", "done", "fail", "rerun", "verify", "approve"];
const KEYS: [&str; 5] = ["skip", "choose", "note", "set", "answer"];

impl Answers {
    /// Reads an answers file: `parameters: {name: value}` and `steps: {id: answer}`.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let wrong = |why: String| Error::usage(format!("{name}: {why}"));
        let value: Value =
            serde_saphyr::from_str_with_options(text, crate::catalog::yaml_options()).map_err(|error| {
                wrong("it is not valid YAML".to_owned()).cause(error).hint("its keys are `parameters:` and `steps:`")
            })?;
        let mut top = match value {
            Value::Null => Map::new(),
            Value::Object(top) => top,
            _ => return Err(wrong("it must be a mapping with `parameters:` and `steps:`".into())),
        };
        let parameters = take_map(&mut top, "parameters").map_err(wrong)?;
        let steps = take_map(&mut top, "steps").map_err(wrong)?;
        if let Some(key) = top.keys().next() {
            let error = wrong(format!("unknown key `{key}`"));
            return Err(error.hint("the keys are `parameters:` and `steps:`"));
        }
        let mut answers = Self::default();
        for (name, value) in parameters {
            let text = scalar(&value).ok_or_else(|| wrong(format!("the value of parameter {name} must be a text")))?;
            answers.parameters.insert(name, text);
        }
        for (step, value) in steps {
            let answer = answer(&value).map_err(|why| {
                wrong(format!("the answer for step {step}: {why}")).hint(
                    "an answer is run, done, fail, {skip: reason}, {choose: option} or {note: text}; for a step that was interrupted also rerun or verify",
                )
            })?;
            answers.steps.insert(step, answer);
        }
        Ok(answers)
    }

    /// Adds `NAME=VALUE` pairs; they win over the file.
    pub fn set(&mut self, pairs: &[String]) -> Result<()> {
        for pair in pairs {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                Error::usage(format!("--set {pair}: the value is missing")).hint("write it as --set NAME=VALUE")
            })?;
            self.parameters.insert(name.trim().to_owned(), value.to_owned());
        }
        Ok(())
    }

    /// Whether everything said fits the plan; nothing may run before this is known.
    pub fn check(&self, plan: &Plan) -> Result<()> {
        let ids = || plan.steps.iter().map(|planned| planned.id.as_str());
        for (step, answer) in &self.steps {
            let Some(place) = plan.place(step) else {
                let error =
                    Error::usage(format!("there is an answer for step `{step}`, which {} does not have", plan.id));
                return Err(match nearest(step, ids()) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint(format!("its steps: {}", ids().collect::<Vec<_>>().join(", "))),
                });
            };
            check_kind(step, answer, &plan.steps[place].step.kind)?;
        }
        for (said, value) in &self.parameters {
            check_parameter(plan, said, value)?;
        }
        Ok(())
    }

    /// Takes what was said about a step, if it was not used yet.
    pub fn take(&mut self, step: &str) -> Option<Answer> {
        self.steps.remove(step)
    }
}

// What cannot be said about a kind of step is refused before anything runs, not when the walk comes to it.
// `name` is a parameter of the run itself, `step.name` one of a used procedure.
fn check_parameter(plan: &Plan, said: &str, value: &str) -> Result<()> {
    let (scope, name) = said.rsplit_once('.').unwrap_or(("", said));
    let known = plan.parameters(scope);
    if let Some(parameter) = known.iter().find(|parameter| parameter.name == name) {
        return check_value(parameter, value).map_err(Error::usage);
    }
    let names: Vec<&str> = known.iter().map(|parameter| parameter.name.as_str()).collect();
    let error = Error::usage(format!("{} has no parameter `{said}`", plan.id));
    Err(match nearest(name, names.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => error.hint("it has no parameters at all"),
        None => error.hint(format!("its parameters: {}", names.join(", "))),
    })
}

fn check_kind(step: &str, answer: &Answer, kind: &StepKind) -> Result<()> {
    let ids = |options: &[ChoiceOption]| options.iter().map(|option| option.id.as_str()).collect::<Vec<_>>().join(", ");
    match (&answer.action, kind) {
        (Some(Action::Choose(wanted)), StepKind::Choose(options)) => {
            if options.iter().any(|option| option.id == *wanted || option.title == *wanted) {
                return Ok(());
            }
            let error = Error::usage(format!("step {step} has no option `{wanted}`"));
            Err(error.hint(format!("its options: {}", ids(options))))
        }
        // The severity of an incident is chosen, too.
        (Some(Action::Choose(_)), StepKind::Incident(_)) => Ok(()),
        (Some(Action::Choose(_)), _) => Err(Error::usage(format!("step {step} is not a decision"))
            .hint("answer it with run, done, fail, {skip: reason} or {note: text}")),
        (Some(Action::Run | Action::Rerun | Action::Verify), StepKind::Choose(options)) => {
            let error = Error::usage(format!("step {step} is a decision and cannot be run"));
            Err(error.hint(format!("answer it with {{choose: OPTION}}; its options: {}", ids(options))))
        }
        (Some(Action::Done | Action::Fail), StepKind::Choose(options)) => {
            let error = Error::usage(format!("step {step} is a decision"));
            Err(error
                .hint(format!("answer it with {{choose: OPTION}} or {{skip: reason}}; its options: {}", ids(options))))
        }
        (Some(Action::Done | Action::Fail | Action::Rerun | Action::Verify), StepKind::Use(_)) => {
            Err(Error::usage(format!("step {step} is a whole procedure"))
                .hint("answer its own steps, as in step/inner: run; or leave it out with {skip: reason}"))
        }
        _ => Ok(()),
    }
}

fn take_map(top: &mut Map<String, Value>, key: &str) -> Result<Map<String, Value>, String> {
    match top.remove(key) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(format!("`{key}:` must be a mapping")),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn answer(value: &Value) -> Result<Answer, String> {
    match value {
        Value::String(word) => Ok(Answer { action: Some(action(word)?), ..Answer::default() }),
        Value::Object(map) => mapped(map),
        _ => Err("it is neither a word nor a mapping".into()),
    }
}

fn action(word: &str) -> Result<Action, String> {
    match word {
        "run" | "approve" => Ok(Action::Run),
        "rerun" => Ok(Action::Rerun),
        "verify" => Ok(Action::Verify),
        "done" => Ok(Action::Done),
        "fail" => Ok(Action::Fail),
        "skip" => Err("skipping needs a reason: write {skip: reason}".into()),
        other => Err(match nearest(other, WORDS) {
            Some(near) => format!("`{other}` is no answer; did you mean `{near}`?"),
            None => format!("`{other}` is no answer"),
        }),
    }
}

fn mapped(map: &Map<String, Value>) -> Result<Answer, String> {
    let mut answer = Answer::default();
    for (key, value) in map {
        let text = || scalar(value).ok_or_else(|| format!("`{key}` must be a text"));
        match key.as_str() {
            "skip" if text()?.trim().is_empty() => return Err("skipping needs a reason".into()),
            "skip" => answer.action = Some(Action::Skip(text()?)),
            "choose" => answer.action = Some(Action::Choose(text()?)),
            "answer" => answer.action = Some(action(&text()?)?),
            "note" => answer.note = Some(text()?),
            "set" => {
                let Value::Object(fields) = value else { return Err("`set` must be a mapping".into()) };
                for (name, value) in fields {
                    let value = scalar(value).ok_or_else(|| format!("`{name}` must be a text"))?;
                    answer.set.insert(name.clone(), value);
                }
            }
            word if WORDS.contains(&word) => answer.action = Some(action(word)?),
            other => {
                let near = nearest(other, KEYS.into_iter().chain(WORDS));
                return Err(near.map_or_else(
                    || format!("unknown key `{other}`"),
                    |near| format!("unknown key `{other}`; did you mean `{near}`?"),
                ));
            }
        }
    }
    if answer == Answer::default() {
        return Err("it is empty".into());
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::{Action, Answers};

    #[test]
    fn every_form_of_answer_is_read() {
        let text = "parameters: {region: eu, count: 3}\nsteps:\n  a: run\n  b: {skip: not needed}\n  c: {choose: x, note: why}\n  d: {note: seen}\n  e: {run: true, set: {name: Bo}}\n";
        let answers = Answers::parse(text, "answers.yaml").unwrap();
        assert_eq!(answers.parameters["count"], "3");
        assert_eq!(answers.steps["a"].action, Some(Action::Run));
        assert_eq!(answers.steps["b"].action, Some(Action::Skip("not needed".into())));
        assert_eq!(answers.steps["c"].note.as_deref(), Some("why"));
        assert_eq!(answers.steps["d"].action, None);
        assert_eq!(answers.steps["e"].set["name"], "Bo");
        assert_eq!(Answers::parse("", "empty").unwrap(), Answers::default());
    }

    #[test]
    fn what_is_no_answer_is_refused_with_a_reason() {
        for (text, part) in [
            ("steps: {a: rum}", "did you mean `run`"),
            ("steps: {a: skip}", "needs a reason"),
            ("steps: {a: {skip: ''}}", "needs a reason"),
            ("steps: {a: {}}", "empty"),
            ("steps: {a: {chose: x}}", "did you mean `choose`"),
            ("step: {a: run}", "unknown key `step`"),
            ("- a", "mapping"),
            ("steps: {a: run, a: done}", "not valid YAML"),
            ("steps: [", "not valid YAML"),
        ] {
            let error = Answers::parse(text, "answers.yaml").unwrap_err();
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
    }
}
