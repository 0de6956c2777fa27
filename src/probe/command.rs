//! Probes by command.

use std::future::pending;
use std::time::Duration;

use super::expand::Filler;
use super::sight::Sight;
use super::{Prober, millis};
use crate::catalog::model::Command;
use crate::ground::Span;
use crate::process::{self, Ending, Job, Program};

/// The time between asking a command to end and killing it.
const GRACE: Duration = Duration::from_secs(2);

const TOO_LONG: &str = "the output is longer than can be looked at, and was cut";

/// Runs the command in the prober's directory, at most for `limit`. Variables in arguments are filled in; a script gets
/// them from the shell.
pub(super) async fn look(
    command: &Command,
    limit: Span,
    fill: &mut Filler<'_>,
    prober: &Prober<'_>,
    sight: &mut Sight,
) {
    let program = match command {
        Command::Shell(script) => Program::Shell(script.clone()),
        Command::Argv(argv) => Program::Argv(argv.iter().map(|item| fill.key(item)).collect()),
    };
    if !fill.unset.is_empty() {
        return;
    }
    let mut redactor = prober.redactor.clone();
    fill.hidden.iter().for_each(|value| redactor.add(value.clone()));
    let job = Job { program, env: Vec::new(), dir: prober.dir.clone(), timeout: Some(limit.0), grace: GRACE };
    let finished = process::run(job, &redactor, &mut |_| {}, pending()).await;
    match finished.ending {
        Ending::Exited(code) => {
            sight.facts.exit_code = Some(code);
            sight.facts.stdout = (!finished.stdout_is_cut).then_some(finished.stdout);
            sight.unread = finished.stdout_is_cut.then(|| TOO_LONG.to_owned());
        }
        Ending::Signaled(signal) => sight.fail(format!("the command was ended by signal {signal}").into()),
        Ending::TimedOut => sight.fail(format!("timed out after {limit}: the command was stopped").into()),
        Ending::Cancelled => sight.fail("the command was stopped".into()),
        Ending::NotStarted(why) => sight.fail(why.into()),
    }
    sight.facts.response_time_ms = Some(millis(finished.duration));
    sight.output = finished.output;
}
