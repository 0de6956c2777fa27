//! Delivery by a command, which finds the message in `OPSCTL_MESSAGE`.

use std::future::pending;
use std::time::Duration;

use super::excerpt::excerpt;
use super::letter::Letter;
use super::{Courier, NotDelivered, Preview, Receipt};
use crate::catalog::model::Command;
use crate::expand::Filler;
use crate::process::{self, Ending, Job, Program};

/// The variable that holds the message.
const VARIABLE: &str = "OPSCTL_MESSAGE";

/// Linux holds 128 KiB in one variable, its name included.
const LONGEST: usize = 120 * 1024;

/// The time between asking a command to end and killing it.
const GRACE: Duration = Duration::from_secs(2);

/// Runs the command in the courier's directory. Variables in arguments are filled in; a script gets them from the
/// shell.
pub(super) async fn run(command: &Command, letter: &Letter, courier: &Courier<'_>) -> Result<Receipt, NotDelivered> {
    let json = json(letter)?;
    let mut fill = Filler::new(courier.vars);
    let program = match command {
        Command::Shell(script) => Program::Shell(script.clone()),
        Command::Argv(argv) => Program::Argv(argv.iter().map(|item| fill.key(item)).collect()),
    };
    if !fill.unset.is_empty() {
        return Err(NotDelivered::unset(&fill.unset));
    }
    let mut redactor = courier.redactor.clone();
    fill.hidden.into_iter().for_each(|value| redactor.add(value));
    let limit = courier.patience.command;
    let env = vec![(VARIABLE.to_owned(), json)];
    let job = Job { program, env, dir: courier.dir.clone(), timeout: Some(limit.0), grace: GRACE };
    let finished = process::run(job, &redactor, &mut |_| {}, pending()).await;
    let (why, was_cut_off) = match finished.ending {
        Ending::Exited(0) => return Ok(Receipt::taken("the command ended with exit code 0")),
        Ending::Exited(code) => (format!("the command ended with exit code {code}"), false),
        Ending::Signaled(signal) => (format!("the command was ended by signal {signal}"), true),
        Ending::TimedOut => (format!("the command did not end within {limit} and was stopped"), true),
        Ending::Cancelled => ("the command was stopped".to_owned(), true),
        Ending::NotStarted(why) => (why, false),
    };
    let said = excerpt(finished.output.as_bytes(), true, &redactor);
    let reason = if said.is_empty() { why } else { format!("{why}: {said}") };
    // Nobody knows what a command had done before it was ended.
    Err(if was_cut_off { NotDelivered::perhaps(reason) } else { NotDelivered::for_now(reason) })
}

/// What the command would find.
pub(super) fn preview(command: &Command, letter: &Letter, courier: &Courier<'_>) -> Result<Preview, NotDelivered> {
    let to = match command {
        Command::Shell(script) => script.clone(),
        Command::Argv(argv) => argv.join(" "),
    };
    Ok(Preview { kind: "command", to: courier.redactor.text(&to), body: json(letter)? })
}

fn json(letter: &Letter) -> Result<String, NotDelivered> {
    let json = letter.json()?;
    let length = json.len();
    if length > LONGEST {
        return Err(NotDelivered::finally(format!(
            "the message has {length} bytes, and a command is given {LONGEST} at most; a file or webhook takes it"
        )));
    }
    Ok(json)
}
