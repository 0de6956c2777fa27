//! Whole processes: how long the program takes from its start to its end, beside an empty program's.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has failed")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

mod measure;

use measure::usage::peak_memory;
use measure::{Row, by_turns, median, report, time};

const OPSCTL: &str = env!("CARGO_BIN_EXE_opsctl");
const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");
const RUNBOOKS: usize = 1000;

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let empty = empty_program(dir.path());
    let many = many_runbooks(dir.path());
    let empty = || run(&mut hermetic(&empty, dir.path()));
    let opsctl = |args: &[&str]| {
        let mut command = hermetic(Path::new(OPSCTL), dir.path());
        command.args(args);
        command
    };
    let (nothing, version) = by_turns(200, empty, || run(&mut opsctl(&["--version"])));
    let show = ["-C", REPOSITORY, "runbook", "show", "db-connection"];
    let (nothing_again, shown) = by_turns(200, empty, || run(&mut opsctl(&show)));
    let list = ["-C", many.to_str().unwrap(), "runbook", "list"];
    let lists = (0..25).map(|_| time(|| run(&mut opsctl(&list))).0).collect();
    let mut rows = vec![
        Row::new("opsctl --version / empty program", version / nothing, 2.0, "x")
            .note(format!("({version:.2} ms / {nothing:.2} ms)")),
        Row::new("opsctl runbook show db-connection / empty", shown / nothing_again, 6.0, "x")
            .note(format!("({shown:.2} ms / {nothing_again:.2} ms)")),
        Row::new("opsctl runbook list, 1,000 runbooks", median(lists), 100.0, "ms"),
    ];
    rows.extend(peak(&mut opsctl(&list)).map(|peak| Row::new("opsctl runbook list, peak memory", peak, 60.0, "MB")));
    report(&rows);
}

fn hermetic(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").current_dir(home);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

fn empty_program(dir: &Path) -> PathBuf {
    let (source, program) = (dir.join("empty.rs"), dir.join("empty"));
    fs::write(&source, "fn main() {}\n").unwrap();
    let made = Command::new("rustc").arg("-O").arg(&source).arg("-o").arg(&program).status().unwrap();
    assert!(made.success());
    program
}

/// A workspace with many runbooks of 60 lines.
fn many_runbooks(dir: &Path) -> PathBuf {
    let dir = dir.join("many");
    fs::create_dir_all(dir.join("runbooks")).unwrap();
    fs::write(dir.join("opsctl.yaml"), "title: Many\nservices:\n  api:\n    title: API\n").unwrap();
    for number in 0..RUNBOOKS {
        let mut text = format!("title: Runbook number {number}\nservices: [api]\nsymptoms:\n");
        for symptom in 0..6 {
            writeln!(text, "  - Symptom {symptom} of {number} is seen by somebody").unwrap();
        }
        text.push_str("steps:\n");
        for step in 0..8 {
            writeln!(text, "  - id: step-{step}\n    title: Step {step}\n    instructions: Look at part {step} and write down what is seen.").unwrap();
            writeln!(text, "    run: test -n \"$HOME\" && echo {step}\n    risk: read-only\n    timeout: 30s").unwrap();
        }
        text.push_str("prevention:\n  - Look at it more often\n");
        assert_eq!(text.lines().count(), 60);
        fs::write(dir.join(format!("runbooks/runbook-{number}.yaml")), text).unwrap();
    }
    dir
}

/// The most memory a process had, in MB. The kernel keeps the mark while the process lives, so it is read until the
/// end. None where there is no `/proc`.
fn peak(command: &mut Command) -> Option<f64> {
    let mut child = command.spawn().unwrap();
    let mut peak = None;
    while child.try_wait().unwrap().is_none() {
        // A process that has ended but was not waited for has no memory.
        peak = peak_memory(child.id()).or(peak);
    }
    peak
}
