//! Runs a command in its own process group: live output, limits, a clean end.
//!
//! A command that leaves a process behind in the background, holding its output open, does not make the walk wait:
//! [`DRAIN`] after the command's own end its output counts as complete, and the process is left alone. A command that
//! is stopped, by its time limit or by the operator, is stopped with everything it started, except what moved itself
//! to another process group.

mod interrupt;
mod kept;
mod output;
mod start;
mod text;

use std::convert::Infallible;
use std::future::{Future, pending};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::Child;
use tokio::time::{sleep, timeout};

use crate::ground::abort_point;
use crate::redact::Redactor;
pub use interrupt::{asked_to_stop, interrupted, is_alive, stopped, with_environment};
use output::{Output, Pipes};

/// How long output is still read after the command's own end.
pub const DRAIN: Duration = Duration::from_millis(500);

/// How often a stopped process group is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A script for `/bin/sh -c`.
    Shell(String),
    /// A program and its arguments; no shell sees them.
    Argv(Vec<String>),
}

/// One command with all it needs.
#[derive(Clone)]
pub struct Job {
    /// What is run.
    pub program: Program,
    /// Variables added to the inherited environment.
    pub env: Vec<(String, String)>,
    /// The working directory.
    pub dir: PathBuf,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// How long a stopped command has between TERM and KILL.
    pub grace: Duration,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal that was not ours.
    Signaled(i32),
    /// It was stopped at its time limit.
    TimedOut,
    /// It was stopped by the operator.
    Cancelled,
    /// It never ran; the sentence says why and what to do.
    NotStarted(String),
}

/// What a command left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub ending: Ending,
    /// How long it took.
    pub duration: Duration,
    /// Both streams as they came: redacted, without control sequences, of bounded length.
    pub output: String,
    /// Standard output, unredacted and of bounded length: for `expect` and `capture` only.
    pub stdout: String,
    /// Whether something was left out in the middle of it.
    pub stdout_is_cut: bool,
    /// Standard error, unredacted and of bounded length: for `expect` and `capture` only.
    pub stderr: String,
    /// How many bytes of `output` were left out in its middle.
    pub truncated_bytes: u64,
}

/// Runs a command to its end. `live` gets its output as it comes, redacted and cleaned; when `cancel` is ready the
/// command is stopped. Dropping the future kills the command.
pub async fn run(
    job: Job,
    redactor: &Redactor,
    live: &mut (dyn FnMut(&str) + Send),
    cancel: impl Future<Output = ()>,
) -> Finished {
    let begun = Instant::now();
    let mut output = Output::new(redactor, live);
    abort_point();
    let ending = match start::start(&job) {
        Ok(child) => follow(child, &job, &mut output, cancel).await,
        Err(why) => Ending::NotStarted(redactor.text(&why)),
    };
    output.finish(ending, begun.elapsed())
}

async fn follow(mut child: Child, job: &Job, output: &mut Output<'_>, cancel: impl Future<Output = ()>) -> Ending {
    let mut pipes = Pipes::of(&mut child);
    let mut group = Group::of(&child);
    let stopped = tokio::select! {
        status = child.wait() => {
            abort_point();
            group.leave_alone();
            let _ = timeout(DRAIN, output.read(&mut pipes)).await;
            return ended(status, output);
        }
        () = cancel => Ending::Cancelled,
        () = limit(job.timeout) => Ending::TimedOut,
        never = forever(output.read(&mut pipes)) => match never {},
    };
    group.signal(Signal::TERM);
    tokio::select! {
        () = group.gone(&mut child) => {}
        () = sleep(job.grace) => group.signal(Signal::KILL),
        never = forever(output.read(&mut pipes)) => match never {},
    }
    tokio::select! {
        _ = child.wait() => {}
        never = forever(output.read(&mut pipes)) => match never {},
    }
    abort_point();
    group.leave_alone();
    let _ = timeout(DRAIN, output.read(&mut pipes)).await;
    stopped
}

fn ended(status: std::io::Result<ExitStatus>, output: &mut Output<'_>) -> Ending {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Exited(code),
            (None, signal) => Ending::Signaled(signal.unwrap_or(0)),
        },
        Err(error) => {
            output.remark(&format!("… the command ran, but its exit code could not be learnt: {error} …\n"));
            Ending::Exited(-1)
        }
    }
}

async fn limit(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => sleep(timeout).await,
        None => pending().await,
    }
}

async fn forever(work: impl Future<Output = ()>) -> Infallible {
    work.await;
    pending().await
}

/// The command and everything it started. Killed when dropped, unless it was left alone.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // A group that is already gone is what we want.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Waits until the command and all of its group have ended.
    async fn gone(&self, child: &mut Child) {
        let _ = child.wait().await;
        while self.0.is_some_and(|group| test_kill_process_group(group).is_ok()) {
            sleep(LOOK).await;
        }
    }

    fn leave_alone(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

#[cfg(test)]
mod tests;
