//! A journal of many years: what listings of what is going on cost beside all that is over; and how long it takes to
//! carry it elsewhere.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has failed")]
#![allow(clippy::cast_precision_loss, reason = "sizes of files are far below that")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::TimeDelta;
use opsctl::ground::{Actor, Time, rfc3339};
use opsctl::journal::{Context, Journal, NewEvent, SqliteJournal, database};
use serde_json::{Value, json};

mod measure;

use measure::{Row, median, report, time};

const OPSCTL: &str = env!("CARGO_BIN_EXE_opsctl");
const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");
const INCIDENTS: usize = 5000;
const EVENTS: usize = 30;
/// Every so many incidents one is open.
const OPEN: usize = 250;
const RUNS: usize = 2000;
const ALERTS: usize = 5000;
const ROUNDS: usize = 21;

fn main() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (here, there) = (dir.path().join("here"), dir.path().join("there"));
    workspace(&here);
    fs::create_dir(&there).unwrap();
    fs::copy(here.join("opsctl.yaml"), there.join("opsctl.yaml")).unwrap();
    write(&here.join(".opsctl"));
    let size = fs::metadata(database(&here.join(".opsctl"))).unwrap().len() as f64 / 1e6;
    let whole = |args: &[&str]| median((0..ROUNDS).map(|_| time(|| run(&here, args)).0).collect());
    let list = whole(&["incident", "list"]);
    let all = whole(&["incident", "list", "--all", "-o", "json"]);
    let now = whole(&[]);
    let verify = time(|| run(&here, &["journal", "verify"])).0.as_secs_f64();
    let file = dir.path().join("journal.jsonl").display().to_string();
    let export = time(|| run(&here, &["journal", "export", "--out", &file])).0.as_secs_f64();
    let import = time(|| run(&there, &["journal", "import", &file])).0.as_secs_f64();
    let again = time(|| run(&there, &["journal", "import", &file])).0.as_secs_f64();
    let lines = fs::metadata(&file).unwrap().len() as f64 / 1e6;
    report(&[
        Row::new("opsctl incident list, 20 of 5,000 open", list, 100.0, "ms")
            .note(format!("(journal of {size:.0} MB)")),
        Row::new("opsctl, the same", now, 100.0, "ms"),
        Row::new("opsctl incident list --all -o json", all, 2000.0, "ms"),
        Row::new("opsctl journal verify", verify, 5.0, "s"),
        Row::new("opsctl journal export", export, 5.0, "s").note(format!("({lines:.0} MB)")),
        Row::new("opsctl journal import, all new", import, 10.0, "s"),
        Row::new("opsctl journal import, nothing new", again, 10.0, "s"),
    ]);
}

fn run(dir: &Path, args: &[&str]) {
    let mut command = Command::new(OPSCTL);
    command.args(args).env_clear().env("HOME", dir).env("PATH", "/usr/bin:/bin").env("TZ", "UTC").current_dir(dir);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// The definitions of this repository, with their services and severities.
fn workspace(dir: &Path) {
    let from = Path::new(REPOSITORY);
    fs::create_dir(dir).unwrap();
    fs::copy(from.join("opsctl.yaml"), dir.join("opsctl.yaml")).unwrap();
    for folder in ["runbooks", "checklists", "playbooks", "templates"] {
        fs::create_dir(dir.join(folder)).unwrap();
        for file in fs::read_dir(from.join(folder)).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), dir.join(folder).join(file.file_name())).unwrap();
        }
    }
}

fn begin() -> Time {
    "2020-01-01T00:00:00Z".parse().unwrap()
}

/// Incidents, runs and alerts by turns, as they come in years.
fn write(dir: &Path) {
    let journal = SqliteJournal::open(dir).unwrap();
    for number in 0..INCIDENTS {
        let at = begin() + TimeDelta::hours(10 * i64::try_from(number).unwrap());
        let append = |stream: String, facts: Vec<(&str, Value)>| {
            let events: Vec<NewEvent> =
                facts.into_iter().map(|(kind, body)| NewEvent { kind: kind.to_owned(), body }).collect();
            let context = Context { at, actor: Actor("alice".into()), host: "ops-1".into() };
            journal.append(&stream, 0, &context, &events).unwrap();
        };
        append(format!("incident/INC-{}", number + 1), incident(number));
        if number < RUNS {
            append(format!("run/db-connection.{}", number + 1), walk(number));
        }
        if number < ALERTS {
            append(format!("alert/outage.api-up.{}", at.timestamp_millis()), alert(number, at));
        }
    }
}

fn incident(number: usize) -> Vec<(&'static str, Value)> {
    let is_open = number.is_multiple_of(OPEN);
    let declared = json!({"title": format!("Database connection errors in region {}", number % 7), "services": ["api"],
                          "severity": "P2", "seen": "Connection refused on every tenth request"});
    let mut facts = vec![
        ("declared", declared),
        ("acknowledged", json!({})),
        ("severity_changed", json!({"severity": "P1", "reason": "more customers are touched than it seemed"})),
        ("impact_recorded", json!({"text": "One request in ten fails; nobody can pay"})),
        (
            "run_attached",
            json!({"run": format!("db-connection.{}", number + 1), "title": "Database Connection Issues"}),
        ),
    ];
    let last = usize::from(!is_open);
    for note in facts.len()..EVENTS - last {
        let text =
            format!("Looked at part {note} of the pool: {} of 100 connections in use, none of them idle", note * 3);
        facts.push(("note_added", json!({ "text": text })));
    }
    if !is_open {
        facts.push(("resolved", json!({"reason": "the pool is larger, and the leak in the worker is closed"})));
    }
    facts
}

fn walk(number: usize) -> Vec<(&'static str, Value)> {
    let walker = json!({"pid": 4711, "host": "ops-1"});
    let started = json!({"procedure_kind": "runbook", "procedure": "db-connection", "title": "Database Connection Issues",
                         "subject": null, "period": null, "incident": format!("INC-{}", number + 1), "pins": [],
                         "git": null, "walker": walker, "steps": 9});
    let mut facts = vec![("run_started", started)];
    for step in 0..9 {
        let id = format!("step-{step}");
        let output = json!({"text": "0123456789abcdef\n".repeat(20), "bytes": 340});
        facts.push((
            "step_started",
            json!({"step": id, "attempt": 1, "command": "psql -c 'select count(*) from pg_stat_activity'", "walker": walker}),
        ));
        facts.push((
            "step_finished",
            json!({"step": id, "succeeded": true, "exit_code": 0, "duration_ms": 40, "reason": null, "output": output}),
        ));
        facts.push(("step_done", json!({"step": id, "reason": null})));
    }
    if !number.is_multiple_of(OPEN) {
        facts.push(("run_finished", json!({"outcome": "succeeded"})));
    }
    facts
}

fn alert(number: usize, at: Time) -> Vec<(&'static str, Value)> {
    let fired = json!({"alert": "outage", "title": "Service outages", "probe": "api-up", "service": "api",
                       "reason": "[STATUS] (503) == 200", "severity": "P2", "runbook": null, "source": "watch",
                       "starts_at": rfc3339(at), "labels": {}});
    let told = |notice: &str| json!({"channel": "engineering", "notice": notice});
    let mut facts = vec![("alert_fired", fired), ("alert_notified", told("firing"))];
    if !number.is_multiple_of(OPEN) {
        facts.push(("alert_resolved", json!({"reason": "it is up again", "ends_at": rfc3339(at)})));
        facts.push(("alert_notified", told("resolved")));
    }
    facts
}
