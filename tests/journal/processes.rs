//! Several processes on one journal, and processes that are killed or barred from it.
//!
//! A worker is this test binary again, told by the environment to run one `#[ignore]`d test.

use std::fs;
use std::io::{BufRead, BufReader, Write, stdout};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use opsctl::error::Error;
use opsctl::journal::{Journal, JournalError, SqliteJournal};
use tempfile::TempDir;

use crate::{context, keeping, noon, note, note_until_done, noted, texts};

const NOBODY: u32 = 65_534;

fn worker(program: &Path, job: &str, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.args([&format!("processes::{job}"), "--exact", "--ignored", "--nocapture"]).env("JOURNAL_DIR", dir);
    command.current_dir("/").stdout(Stdio::piped());
    command
}

fn this() -> PathBuf {
    std::env::current_exe().unwrap()
}

#[allow(clippy::disallowed_methods, reason = "this is how a worker is told where to work")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Where a worker works; a test run that includes ignored tests has no work for it.
fn workplace() -> Option<PathBuf> {
    told("JOURNAL_DIR").map(PathBuf::from)
}

#[test]
#[ignore = "a worker"]
fn twenty_notes() {
    let (Some(dir), Some(writer)) = (workplace(), told("WRITER")) else { return };
    let journal = SqliteJournal::open(&dir).unwrap();
    for number in 0..20 {
        let text = format!("{writer}.{number}");
        note_until_done(&journal, "run/one", &text);
        note(&journal, &format!("run/{writer}"), number, &text).unwrap();
    }
}

#[test]
fn eight_processes_lose_and_double_nothing() {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("journal"); // they also compete for making it
    let workers: Vec<_> = (0..8)
        .map(|writer| worker(&this(), "twenty_notes", &dir).env("WRITER", writer.to_string()).spawn().unwrap())
        .collect();
    for worker in workers {
        let output = worker.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    keeping::assert_all_there(&SqliteJournal::open_read(&dir).unwrap().unwrap());
}

#[test]
#[ignore = "a worker"]
fn pairs_for_ever() {
    let Some(dir) = workplace() else { return };
    let journal = SqliteJournal::open(&dir).unwrap();
    let mut seen = 0;
    loop {
        let pair = [noted("left"), noted("right")];
        seen += journal.append("run/a", seen, &context(noon()), &pair).unwrap().len() as u64;
        writeln!(stdout(), "acknowledged {seen}").unwrap();
    }
}

fn acknowledged(line: &str) -> Option<u64> {
    line.strip_prefix("acknowledged ")?.parse().ok()
}

fn assert_nothing_lost(dir: &Path, acknowledged: u64) {
    let journal = SqliteJournal::open(dir).unwrap();
    let kept = texts(&journal, "run/a").len() as u64;
    assert!(kept == acknowledged || kept == acknowledged + 2, "{kept} kept, {acknowledged} acknowledged");
    assert_eq!(journal.verify().unwrap().findings, []);
    note(&journal, "run/a", kept, "and on it goes").unwrap();
}

#[test]
fn a_kill_at_any_point_of_an_append_loses_nothing_acknowledged() {
    for point in 1..=6 {
        let dir = TempDir::new().unwrap();
        let output =
            worker(&this(), "pairs_for_ever", dir.path()).env("OPSCTL_ABORT_AT", point.to_string()).output().unwrap();
        assert_eq!(output.status.signal(), Some(9));
        let said = String::from_utf8(output.stdout).unwrap();
        let last = said.lines().filter_map(acknowledged).next_back().unwrap_or(0);
        assert_eq!(last, (point - 1) / 2 * 2);
        // Odd points lie before a commit, even ones between the commit and its acknowledgement.
        let kept = texts(&SqliteJournal::open_read(dir.path()).unwrap().unwrap(), "run/a").len() as u64;
        assert_eq!(kept, point / 2 * 2);
        assert_nothing_lost(dir.path(), last);
    }
}

#[test]
fn a_kill_from_outside_loses_nothing_acknowledged() {
    let dir = TempDir::new().unwrap();
    let mut writer = worker(&this(), "pairs_for_ever", dir.path()).spawn().unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.by_ref().filter_map(|line| acknowledged(&line)).find(|count| *count >= 40).unwrap();
    writer.kill().unwrap();
    let last = lines.filter_map(|line| acknowledged(&line)).last();
    writer.wait().unwrap();
    assert_nothing_lost(dir.path(), last.unwrap_or(40));
}

fn in_short(error: JournalError) -> String {
    let error = Error::from(error);
    format!("{} | {}", error.message, error.hints[0])
}

#[test]
#[ignore = "a worker"]
fn what_a_barred_process_sees() {
    let Some(dir) = workplace() else { return };
    match SqliteJournal::open_read(&dir) {
        Ok(Some(journal)) => writeln!(stdout(), "read: {:?}", texts(&journal, "run/a")).unwrap(),
        Ok(None) => writeln!(stdout(), "read: nothing").unwrap(),
        Err(error) => writeln!(stdout(), "read: {}", in_short(error)).unwrap(),
    }
    let error = SqliteJournal::open(&dir).unwrap_err();
    writeln!(stdout(), "write: {}", in_short(error)).unwrap();
}

/// Runs the worker as somebody who is not root, for root is never barred.
fn barred(dir: &Path) -> String {
    let tools = TempDir::new().unwrap();
    fs::set_permissions(tools.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = tools.path().join("worker");
    fs::copy(this(), &program).unwrap();
    let mut command = worker(&program, "what_a_barred_process_sees", dir);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    said.lines().filter(|line| line.starts_with("read: ") || line.starts_with("write: ")).collect::<Vec<_>>().join("\n")
}

/// Gives everything in a directory to the barred user, with these modes.
fn give(dir: &Path, dir_mode: u32, file_mode: u32) {
    let all = fs::read_dir(dir).unwrap().map(|entry| (entry.unwrap().path(), file_mode));
    for (path, mode) in all.chain([(dir.to_owned(), dir_mode)]) {
        if rustix::process::geteuid().is_root() {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn a_journal_at_rest_in_a_read_only_directory_can_be_read() {
    let dir = TempDir::with_prefix("odd name ?#%").unwrap();
    note(&SqliteJournal::open(dir.path()).unwrap(), "run/a", 0, "one").unwrap();
    give(dir.path(), 0o500, 0o400);
    let said = barred(dir.path());
    assert!(said.contains(r#"read: ["one"]"#), "{said}");
    assert!(said.contains("journal.db cannot be written | Make the directory and its files writable"), "{said}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    give(dir.path(), 0o700, 0o600);
}

#[test]
fn a_journal_in_use_in_a_read_only_directory_can_be_read() {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    note(&journal, "run/a", 0, "one").unwrap();
    give(dir.path(), 0o500, 0o400);
    let said = barred(dir.path());
    assert!(said.contains(r#"read: ["one"]"#) && said.contains("journal.db cannot be written |"), "{said}");
    give(dir.path(), 0o700, 0o600);
}

#[test]
fn a_read_only_directory_without_a_journal_says_so() {
    let dir = TempDir::new().unwrap();
    give(dir.path(), 0o500, 0o400);
    let said = barred(dir.path());
    assert!(said.contains("read: nothing"), "{said}");
    assert!(said.contains("write: no permission to use") && said.contains("journal.db | Make the directory"), "{said}");
    give(dir.path(), 0o700, 0o600);
}

#[test]
fn a_journal_of_somebody_else_says_so() {
    let dir = TempDir::new().unwrap();
    note(&SqliteJournal::open(dir.path()).unwrap(), "run/a", 0, "one").unwrap();
    give(dir.path(), 0o500, 0o000);
    let said = barred(dir.path());
    assert!(said.contains("read: ") && said.contains("write: "), "{said}");
    assert!(said.lines().all(|line| line.contains("journal.db cannot be") || line.contains("no permission")), "{said}");
    give(dir.path(), 0o700, 0o600);
}
