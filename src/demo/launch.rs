//! Starts a demo in the background: this program again, in a session of its own.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::client::{Running, running};
use super::files::PRIVATE;
use crate::error::{Error, Result};

/// The name of the background process's log in the workspace's state directory.
pub const LOG: &str = "demo.log";

/// How long the demo has until it answers.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// How many lines of the log are shown when the demo does not start.
const TAIL: usize = 5;

/// This program's own file.
pub fn program() -> Result<PathBuf> {
    env::current_exe().and_then(fs::canonicalize).map_err(|cause| {
        Error::environment("opsctl cannot find its own program file")
            .cause(cause)
            .hint("was it replaced or deleted while it ran? try again")
    })
}

/// Starts a demo that keeps its record in `file`, and waits until it answers. What it says goes to `log`.
pub async fn launch(file: &Path, log: &Path) -> Result<Running> {
    let mut child = spawn(file, log)?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Ok(Some(ended)) = child.try_wait() {
            return Err(not_started(log).cause(format!("it ended at once ({ended})")).cause(tail(log)));
        }
        if let Some(demo) = running(file).await?.filter(|demo| demo.record.pid == Some(child.id())) {
            return Ok(demo);
        }
        sleep(LOOK).await;
    }
    let _ = child.kill();
    Err(not_started(log).cause(format!("there was no answer within {} seconds", PATIENCE.as_secs())))
}

/// Takes this process out of the terminal's session, so that closing the terminal does not end it.
pub fn detach() {
    // Whoever leads a group already, called by hand from a shell, stays where it is.
    let _ = rustix::process::setsid();
}

fn spawn(file: &Path, log: &Path) -> Result<Child> {
    let out = open(log).map_err(|cause| not_started(log).cause(cause))?;
    let err = out.try_clone().map_err(|cause| not_started(log).cause(cause))?;
    Command::new(program()?)
        .args(["demo", "serve", "--state"])
        .arg(file)
        // A demo is not to keep a directory busy that somebody wants to delete.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .map_err(|cause| not_started(log).cause(cause))
}

fn open(log: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(PRIVATE).open(log)
}

fn not_started(log: &Path) -> Error {
    Error::environment("the demo did not start")
        .hint(format!("{} has what it said; `opsctl demo start --foreground` says it here", log.display()))
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join(" · ")
}
