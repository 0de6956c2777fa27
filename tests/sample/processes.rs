//! Several writers at once, and writers that are killed.
//!
//! A worker is this test binary again, told by the environment to run one `#[ignore]`d test.

use std::io::{BufRead, BufReader, Write, stdout};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use opsctl::ground::Actor;
use opsctl::journal::{Context, Journal, NewEvent, SqliteJournal};
use opsctl::monitor::{Sample, State};
use opsctl::sample::Samples;
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::{DAY, HOUR, at, minutes, sample, samples};

/// How many probes a batch is of.
const BATCH: i64 = 7;

fn worker(job: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&format!("processes::{job}"), "--exact", "--ignored", "--nocapture"]).env("SAMPLES_DIR", dir);
    command.stdout(Stdio::piped());
    command
}

/// Where a worker works; a test run that includes ignored tests has no work for it.
#[allow(clippy::disallowed_methods, reason = "this is how a worker is told where to work")]
fn workplace() -> Option<PathBuf> {
    std::env::var("SAMPLES_DIR").ok().map(PathBuf::from)
}

fn batch(number: i64) -> Vec<Sample> {
    (0..BATCH).map(|probe| sample(&format!("probe-{probe}"), number, State::Up)).collect()
}

#[test]
#[ignore = "a worker"]
fn batches_for_ever() {
    let Some(dir) = workplace() else { return };
    let samples = Samples::open(&dir).unwrap();
    for number in 0.. {
        samples.append(&batch(number)).unwrap();
        writeln!(stdout(), "acknowledged {}", number + 1).unwrap();
    }
}

fn acknowledged(line: &str) -> Option<u64> {
    line.strip_prefix("acknowledged ")?.parse().ok()
}

/// How many whole batches are kept; fails when there is a part of one.
#[track_caller]
fn kept(dir: &Path) -> u64 {
    let samples = Samples::open(dir).unwrap();
    let counts: Vec<usize> =
        (0..BATCH).map(|probe| samples.recent(&format!("probe-{probe}"), usize::MAX).unwrap().len()).collect();
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    let newest = samples.latest().unwrap();
    assert!(newest.iter().all(|sample| Some(&sample.at) == newest.first().map(|first| &first.at)), "{newest:?}");
    counts[0] as u64
}

#[test]
fn a_kill_at_any_point_of_a_batch_leaves_whole_batches() {
    for point in 1..=4 {
        let dir = TempDir::new().unwrap();
        let output = worker("batches_for_ever", dir.path()).env("OPSCTL_ABORT_AT", point.to_string()).output().unwrap();
        assert_eq!(output.status.signal(), Some(9));
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.lines().filter_map(acknowledged).next_back().unwrap_or(0), (point - 1) / 2);
        // Odd points lie before a commit, even ones between the commit and its acknowledgement.
        assert_eq!(kept(dir.path()), point / 2);
    }
}

#[test]
fn a_kill_from_outside_loses_nothing_acknowledged() {
    let dir = TempDir::new().unwrap();
    let mut writer = worker("batches_for_ever", dir.path()).spawn().unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.by_ref().filter_map(|line| acknowledged(&line)).find(|count| *count >= 40).unwrap();
    writer.kill().unwrap();
    let last = lines.filter_map(|line| acknowledged(&line)).last().unwrap_or(40);
    writer.wait().unwrap();
    let kept = kept(dir.path());
    assert!(kept == last || kept == last + 1, "{kept} kept, {last} acknowledged");
}

fn note(journal: &SqliteJournal, seen: u64) {
    let context = Context { at: at(0), actor: Actor("ana".into()), host: "box".into() };
    journal.append("run/a", seen, &context, &[NewEvent { kind: "noted".into(), body: json!({}) }]).unwrap();
}

#[test]
fn two_processes_with_samples_never_make_the_journal_wait_in_vain() {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let mut workers: Vec<_> = (0..2).map(|_| worker("batches_for_ever", dir.path()).spawn().unwrap()).collect();
    for worker in &mut workers {
        let mut lines = BufReader::new(worker.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
        lines.find_map(|line| acknowledged(&line)).unwrap();
    }
    (0..100).for_each(|seen| note(&journal, seen));
    for worker in &mut workers {
        assert!(worker.try_wait().unwrap().is_none(), "it ended by itself");
        worker.kill().unwrap();
        worker.wait().unwrap();
    }
    let found = journal.verify().unwrap();
    assert_eq!((found.events, found.findings), (100, vec![]));
    assert!(kept(dir.path()) > 0);
}

#[test]
fn long_works_leave_the_journal_room() {
    let (dir, samples) = samples();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    for probe in 0..20 {
        samples.append(&minutes(&format!("probe-{probe}"), 0, 2 * DAY, State::Up)).unwrap();
    }
    thread::scope(|scope| {
        scope.spawn(|| {
            let other = Samples::open(dir.path()).unwrap();
            other.roll_up(at(3 * DAY)).unwrap();
            other.forget(at(40 * DAY), "1h".parse().unwrap(), "50d".parse().unwrap()).unwrap();
        });
        scope.spawn(|| (0..200).for_each(|number| samples.append(&batch(10 * DAY + number)).unwrap()));
        (0..100).for_each(|seen| note(&journal, seen));
    });
    let found = journal.verify().unwrap();
    assert_eq!((found.events, found.findings), (100, vec![]));
    let history = samples.history("probe-19", at(0), at(2 * DAY)).unwrap();
    assert_eq!(history.total.times.good_ms, 2 * 86_400_000);
    assert!(samples.range("probe-19", at(0), at(2 * DAY - HOUR)).unwrap().is_empty());
}

#[test]
fn two_that_add_up_at_once_add_up_once() {
    let (dir, samples) = samples();
    for probe in 0..10 {
        samples.append(&minutes(&format!("probe-{probe}"), 0, 2 * DAY, State::Up)).unwrap();
    }
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| Samples::open(dir.path()).unwrap().roll_up(at(3 * DAY + 300)).unwrap());
        }
    });
    let db = Connection::open(dir.path().join("journal.db")).unwrap();
    let (hours, days): (i64, i64) = db
        .query_row("SELECT sum(hours = 1), sum(hours = 24) FROM rollups", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!((hours, days), (10 * 49, 10 * 3));
}
