//! Probes by command.

use std::collections::BTreeMap;
use std::future::pending;
use std::path::Path;
use std::time::Duration;

use super::expand::{SHORTEST_KEY, expand};
use super::{Sight, millis};
use crate::catalog::model::Command;
use crate::condition::Facts;
use crate::ground::Span;
use crate::process::{self, Ending, Job, Program};
use crate::redact::Redactor;

/// The time between asking a command to end and killing it.
const GRACE: Duration = Duration::from_secs(2);

/// Runs the command in `dir`, at most for `limit`. Variables in arguments are filled in; a script gets them from the
/// shell.
pub async fn look(
    command: &Command,
    limit: Span,
    dir: &Path,
    vars: &BTreeMap<String, String>,
    redactor: &Redactor,
) -> Sight {
    let (mut unset, mut hidden) = (Vec::new(), Vec::new());
    let mut fill = |item: &String| {
        let expanded = expand(item, vars);
        unset.extend(expanded.unset);
        hidden.extend(expanded.values.into_iter().map(|(_, value)| value).filter(|value| value.len() >= SHORTEST_KEY));
        expanded.text
    };
    let program = match command {
        Command::Shell(script) => Program::Shell(script.clone()),
        Command::Argv(argv) => Program::Argv(argv.iter().map(&mut fill).collect()),
    };
    if !unset.is_empty() {
        return Sight { unset, ..Sight::default() };
    }
    let mut redactor = redactor.clone();
    for value in &hidden {
        redactor.add(value.clone());
    }
    let job = Job { program, env: Vec::new(), dir: dir.to_owned(), timeout: Some(limit.0), grace: GRACE };
    let finished = process::run(job, &redactor, &mut |_| {}, pending()).await;
    let (exit_code, error) = match finished.ending {
        Ending::Exited(code) => (Some(code), None),
        Ending::Signaled(signal) => (None, Some(format!("the command was ended by signal {signal}"))),
        Ending::TimedOut => (None, Some(format!("timed out after {limit}: the command was stopped"))),
        Ending::Cancelled => (None, Some("the command was stopped".to_owned())),
        Ending::NotStarted(why) => (None, Some(why)),
    };
    let facts = Facts {
        exit_code,
        stdout: exit_code.map(|_| finished.stdout),
        response_time_ms: Some(millis(finished.duration)),
        ..Facts::default()
    };
    Sight { facts, error, output: finished.output, hidden, ..Sight::default() }
}
