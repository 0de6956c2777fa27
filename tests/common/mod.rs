//! A small world for tests of the binary: its own home, workspace and environment, and nothing of the machine's.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

pub mod ca;
pub mod hook;
pub mod http;
pub mod nginx;
pub mod observe;
pub mod port;
pub mod postgres;
pub mod probes;
pub mod proxy;
pub mod pty;
pub mod redis;
pub mod smtp;
pub mod statuspage;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use pty::Pty;

/// A program that takes longer than this hangs.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The program under test.
pub const OPSCTL: &str = env!("CARGO_BIN_EXE_opsctl");

/// What a program came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code; 128 and the signal's number when a signal ended it, as a shell says it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let signal = || output.status.signal().unwrap_or_default();
        Self {
            code: output.status.code().unwrap_or_else(|| 128 + signal()),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// The same outcome, if it ended so.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        assert!(!self.stderr.contains("panicked"), "{self}");
        self
    }

    /// The same outcome, if it says all of this on standard error.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not said: {self}");
        }
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {self}"))
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "exit {}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// A directory with a home, a state directory and a workspace.
pub struct World {
    root: TempDir,
}

impl World {
    /// A world whose workspace has one service, one severity and no procedures.
    pub fn new() -> Self {
        let root = tempfile::Builder::new().prefix("opsctl-").tempdir().unwrap();
        let world = Self { root };
        for dir in ["home", "state", "work"] {
            fs::create_dir(world.root.path().join(dir)).unwrap();
        }
        world.write(
            "opsctl.yaml",
            "title: Test\nservices:\n  api:\n    title: API\nseverities:\n  P1:\n    title: High\n    criteria: [Something is broken]\n    respond_within: 1h\n  P2:\n    title: Medium\n    criteria: [Something is odd]\n    respond_within: 4h\n",
        );
        world
    }

    /// A path in the workspace.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.path().join("work").join(path)
    }

    /// The directory the journal lies in.
    pub fn state(&self) -> PathBuf {
        self.path(".opsctl")
    }

    /// Writes a file in the workspace.
    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let file = self.path(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        file
    }

    /// A file in the workspace; empty when it is not there.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_default()
    }

    /// Writes a runbook; `steps` and whatever else stand in the YAML, the title is added.
    pub fn runbook(&self, id: &str, yaml: &str) -> PathBuf {
        self.write(&format!("runbooks/{id}.yaml"), &format!("title: Runbook {id}\n{yaml}"))
    }

    /// Writes an answers file and gives its path.
    pub fn answers(&self, yaml: &str) -> String {
        self.write("answers.yaml", yaml).display().to_string()
    }

    /// The program with some arguments, in the workspace, with this world's environment only.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(OPSCTL);
        command.args(args);
        self.settle(&mut command);
        command
    }

    fn settle(&self, command: &mut Command) {
        let root = self.root.path();
        command
            .current_dir(root.join("work"))
            .env_clear()
            .env("HOME", root.join("home"))
            .env("XDG_STATE_HOME", root.join("state"))
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .env("OPSCTL_ACTOR", "alice")
            .stdin(Stdio::null());
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Outcome {
        self.run_with_env(args, &[])
    }

    /// Runs the program to its end, with some environment variables more.
    #[track_caller]
    pub fn run_with_env(&self, args: &[&str], env: &[(&str, &str)]) -> Outcome {
        let mut command = self.command(args);
        command.envs(env.iter().copied());
        let output = assert_cmd::Command::from_std(command).timeout(PATIENCE).output().unwrap();
        Outcome::new(&output)
    }

    /// What the program says with `-o json`, however it exits.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        self.run(&[&["-o", "json"], args].concat()).json()
    }

    /// Runs the program as somebody whom permissions bind, which root is not.
    #[track_caller]
    pub fn run_unprivileged(&self, args: &[&str]) -> Outcome {
        if !rustix::process::getuid().is_root() {
            return self.run(args);
        }
        // The build directory may be closed to others; the world is not.
        let program = self.root.path().join("opsctl");
        if !program.exists() {
            fs::set_permissions(self.root.path(), fs::Permissions::from_mode(0o755)).unwrap();
            fs::copy(OPSCTL, &program).unwrap();
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(program).args(args);
        self.settle(&mut command);
        Outcome::new(&assert_cmd::Command::from_std(command).timeout(PATIENCE).output().unwrap())
    }

    /// Starts the program and leaves it running.
    pub fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The program in a terminal of its own.
    pub fn pty(&self, args: &[&str]) -> Pty {
        let mut command = self.command(args);
        command.env("TERM", "xterm");
        Pty::spawn(command)
    }

    /// A shell script in a terminal of its own; `$OPSCTL` is the program.
    pub fn pty_shell(&self, script: &str) -> Pty {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        self.settle(&mut command);
        command.env("TERM", "xterm").env("OPSCTL", OPSCTL);
        Pty::spawn(command)
    }

    /// Every byte that is stored: the journal with what SQLite keeps beside it, and all else that was written.
    pub fn stored(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        for dir in [self.state(), self.root.path().join("state"), self.root.path().join("home")] {
            collect(&dir, &mut files);
        }
        files
    }
}

fn collect(dir: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let bytes = fs::read(&path).unwrap();
            files.push((path, bytes));
        }
    }
}

/// What a started program came to; it is killed when it does not end.
#[track_caller]
pub fn finish(mut child: Child) -> Outcome {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it does not end: {}", Outcome::new(&child.wait_with_output().unwrap()));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Outcome::new(&child.wait_with_output().unwrap())
}

/// Waits until something is so; fails when it never is.
#[track_caller]
pub fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process is there and not a zombie.
pub fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
}

/// A step of a run as JSON has it.
#[track_caller]
pub fn step<'a>(run: &'a Value, id: &str) -> &'a Value {
    let steps = run["steps"].as_array().unwrap();
    steps.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("no step {id}: {run}"))
}

/// A step's status.
#[track_caller]
pub fn status<'a>(run: &'a Value, id: &str) -> &'a str {
    step(run, id)["status"].as_str().unwrap()
}

/// A text as one word of a shell.
pub fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
