//! A probe definition in, an observation out.
//!
//! A probe is *up* when it could be made and all of its conditions hold. One whose environment variables are not set is
//! *not configured*: nothing was looked at, so it proves nothing, but nothing failed either.

mod command;
mod expand;
mod failure;
mod http;
mod together;

use std::collections::BTreeMap;
use std::iter;
use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::catalog::model::{Command, Probe, ProbeTarget};
use crate::condition::{Condition, Facts};
use crate::ground::{Clock, Time, plain, time_format};
use crate::redact::Redactor;

/// How many probes are made at the same time.
const AT_ONCE: usize = 16;

/// How much of a body or output an observation keeps, in characters.
const EXCERPT: usize = 1000;

/// How a probe came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It could be made and its conditions hold.
    Up,
    /// It could not be made, or a condition does not hold.
    Down,
    /// Nothing was looked at, for environment variables are missing.
    NotConfigured,
}

/// How a probe looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// By an HTTP request.
    Http,
    /// By a command.
    Command,
}

/// One condition and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// As it is written.
    pub condition: String,
    /// Whether it holds.
    pub passed: bool,
    /// With what was seen: `[STATUS] (500) == 200`.
    pub shown: String,
}

/// What a probe saw. It holds no secret that the redactor knows, and none that a header or body was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Observation {
    /// The probe's id.
    pub id: String,
    /// The service it looks at.
    pub service: String,
    /// How it looks.
    pub kind: Kind,
    /// How it came out.
    pub state: State,
    /// When it began.
    #[serde(with = "time_format")]
    pub started_at: Time,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The HTTP status, when there was one.
    pub status: Option<u16>,
    /// The exit code, when there was one.
    pub exit_code: Option<i32>,
    /// Why it could not be made; a sentence.
    pub error: Option<String>,
    /// Its conditions, in order; none when it was not configured.
    pub conditions: Vec<Checked>,
    /// The beginning of the body or output.
    pub output: Option<String>,
}

/// What one kind of probe brings back.
#[derive(Debug, Default)]
struct Sight {
    facts: Facts,
    error: Option<String>,
    output: String,
    /// The whole body was too long to be looked at.
    cut: bool,
    /// Values that must not be shown although nobody declared them.
    hidden: Vec<String>,
    /// Environment variables that are not set.
    unset: Vec<String>,
}

impl Sight {
    fn failed(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..Self::default() }
    }
}

/// Makes a probe. `vars` is the environment, `dir` where commands run. Dropping the future ends what it started.
pub async fn observe(
    probe: &Probe,
    vars: &BTreeMap<String, String>,
    clock: &dyn Clock,
    dir: &Path,
    redactor: &Redactor,
) -> Observation {
    let (started_at, begun) = (clock.now(), Instant::now());
    let (kind, sight) = match &probe.target {
        ProbeTarget::Http { url, method, headers, body } => {
            let request = http::Request { url, method, headers, body: body.as_deref() };
            (Kind::Http, http::look(request, probe.timeout, vars).await)
        }
        ProbeTarget::Command(command) => {
            (Kind::Command, command::look(command, probe.timeout, dir, vars, redactor).await)
        }
    };
    let mut redactor = redactor.clone();
    sight.hidden.iter().for_each(|value| redactor.add(value.clone()));
    let conditions = if sight.unset.is_empty() { check(probe, kind, &sight, &redactor) } else { Vec::new() };
    let error = error(&sight);
    let state = match &error {
        _ if !sight.unset.is_empty() => State::NotConfigured,
        None if conditions.iter().all(|condition| condition.passed) => State::Up,
        _ => State::Down,
    };
    Observation {
        id: probe.id.clone(),
        service: probe.service.clone(),
        kind,
        state,
        started_at,
        duration_ms: millis(begun.elapsed()),
        status: sight.facts.status,
        exit_code: sight.facts.exit_code,
        error: error.map(|error| redactor.text(&error)),
        conditions,
        output: excerpt(&redactor.text(&plain(&sight.output))),
    }
}

/// Makes many probes, some at the same time; the observations come in the order of the probes.
pub async fn observe_all(
    probes: &[Probe],
    vars: &BTreeMap<String, String>,
    clock: &dyn Clock,
    dir: &Path,
    redactor: &Redactor,
) -> Vec<Observation> {
    together::run(probes.iter().map(|probe| observe(probe, vars, clock, dir, redactor)), AT_ONCE).await
}

/// What observations come to, taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All that were looked at are up; a remark names those that are not configured.
    Up(Option<String>),
    /// At least one is down, and why.
    Down(String),
    /// None could be looked at, for none is configured: nothing is proved, and nothing has failed.
    NotConfigured(String),
}

/// What observations come to, taken together.
pub fn verdict(observations: &[Observation]) -> Verdict {
    let reasons = |state: State| -> Option<String> {
        let of_state = observations.iter().filter(|observation| observation.state == state);
        let reasons: Vec<String> = of_state.map(reason).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    };
    let some_up = observations.iter().any(|observation| observation.state == State::Up);
    match (reasons(State::Down), reasons(State::NotConfigured)) {
        (Some(down), _) => Verdict::Down(down),
        (None, Some(remark)) if !some_up => Verdict::NotConfigured(remark),
        (None, remark) => Verdict::Up(remark),
    }
}

fn reason(observation: &Observation) -> String {
    let word = match observation.state {
        State::Up => "up",
        State::Down => "down",
        State::NotConfigured => "not configured",
    };
    let unmet = observation.conditions.iter().filter(|condition| !condition.passed).map(|condition| &condition.shown);
    let why: Vec<&str> = match &observation.error {
        Some(error) => vec![error],
        None => unmet.map(String::as_str).collect(),
    };
    format!("{} is {word}: {}", observation.id, why.join(", "))
}

/// The environment variables that a probe needs and that are not set.
pub fn unset(probe: &Probe, vars: &BTreeMap<String, String>) -> Vec<String> {
    let texts: Vec<&String> = match &probe.target {
        ProbeTarget::Http { url, headers, body, .. } => iter::once(url).chain(headers.values()).chain(body).collect(),
        ProbeTarget::Command(Command::Argv(items)) => items.iter().collect(),
        ProbeTarget::Command(Command::Shell(_)) => Vec::new(),
    };
    let mut unset: Vec<String> = texts.into_iter().flat_map(|text| expand::expand(text, vars).unset).collect();
    unset.sort();
    unset.dedup();
    unset
}

fn check(probe: &Probe, kind: Kind, sight: &Sight, redactor: &Redactor) -> Vec<Checked> {
    let default = match kind {
        Kind::Http => "[STATUS] < 400",
        Kind::Command => "[EXIT_CODE] == 0",
    };
    let written: Vec<&str> = match probe.conditions.as_slice() {
        [] => vec![default],
        some => some.iter().map(String::as_str).collect(),
    };
    let one = |text: &str| {
        let (passed, shown) = match Condition::parse(text) {
            Err(wrong) => (false, format!("{text} ({wrong})")),
            Ok(condition) if sight.cut && condition.looks_at_body() => (false, format!("{text} ({})", http::TOO_LONG)),
            Ok(condition) => {
                let outcome = condition.evaluate_hiding(&sight.facts, &|seen| redactor.text(seen));
                (outcome.passed, outcome.shown)
            }
        };
        Checked { condition: text.to_owned(), passed, shown }
    };
    written.into_iter().map(one).collect()
}

fn error(sight: &Sight) -> Option<String> {
    match sight.unset.as_slice() {
        [] => sight.error.clone(),
        [one] => Some(format!("the environment variable {one} is not set")),
        some => Some(format!("the environment variables {} are not set", some.join(", "))),
    }
}

fn excerpt(text: &str) -> Option<String> {
    let text = text.trim();
    match text.char_indices().nth(EXCERPT) {
        _ if text.is_empty() => None,
        Some((end, _)) => Some(format!("{}…", &text[..end])),
        None => Some(text.to_owned()),
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
