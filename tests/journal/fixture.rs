//! Journals of every released format, kept for ever: they must open, verify and read as they did when written.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{SubsecRound, TimeDelta};
use opsctl::ground::{Span, Time, rfc3339};
use opsctl::journal::{Event, Journal, NewEvent, SqliteJournal, Verification};
use opsctl::monitor::{Beat, Sample, State};
use opsctl::sample::{Rollup, Samples};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{context, noon, note};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals").join(name)
}

/// A copy of the fixture: opening may tidy a file up, and the original is for ever.
fn released(name: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::copy(fixture(name), dir.path().join("journal.db")).unwrap();
    dir
}

fn record(events: &[Event], found: &Verification) -> Value {
    json!({ "events": events, "verification": found })
}

/// What a program that knows samples reads in the file, in words.
fn seen(samples: &Samples) -> Value {
    let one = |sample: &Sample| {
        json!({ "at": rfc3339(sample.at), "state": sample.state.word(), "response_us": sample.response_us,
                "status": sample.status, "certificate": sample.certificate_expires_at.map(rfc3339),
                "interval": sample.interval.to_string(), "reason": sample.reason })
    };
    let all = |samples: Vec<Sample>| samples.iter().map(one).collect::<Vec<_>>();
    let from = noon() - TimeDelta::days(3);
    let history = samples.history("api", from, noon() + TimeDelta::hours(1)).unwrap();
    let bucket = |seen: &Rollup| {
        let times = seen.times;
        let counts = State::ALL.map(|state| seen.counts[state]);
        let quantiles = [0.5, 0.95, 0.99, 1.0].map(|share| seen.responses.quantile(share));
        json!({ "ms": [times.good_ms, times.bad_ms, times.maintenance_ms, times.unknown_ms],
                "counts": counts, "response_us": quantiles })
    };
    let beats = samples.last_beats("backup").unwrap();
    let beats = [beats.last_start, beats.last_success, beats.last_fail].map(|at| at.map(rfc3339));
    json!({
        "latest": all(samples.latest().unwrap()),
        "range": all(samples.range("api", from, noon()).unwrap()),
        "total": bucket(&history.total),
        "buckets": history.buckets.iter().map(|one| bucket(&one.seen)).collect::<Vec<_>>(),
        "beats": beats,
    })
}

#[test]
fn format_1_reads_as_it_did_when_it_was_written() {
    let dir = released("v1.db");
    let expected: Value = serde_json::from_slice(&fs::read(fixture("v1.json")).unwrap()).unwrap();
    let journal = SqliteJournal::open_read(dir.path()).unwrap().unwrap();
    let found = journal.verify().unwrap();
    assert_eq!(found.findings, []);
    assert_eq!(record(&journal.read_all("").unwrap(), &found), expected);
}

fn reads_as_it_did(database: &str, told: &str) {
    let dir = released(database);
    let expected: Value = serde_json::from_slice(&fs::read(fixture(told)).unwrap()).unwrap();
    let journal = SqliteJournal::open_read(dir.path()).unwrap().unwrap();
    let found = journal.verify().unwrap();
    assert_eq!(found.findings, []);
    assert_eq!(record(&journal.read_all("").unwrap(), &found), expected["journal"]);
    assert_eq!(seen(&Samples::open_read(dir.path()).unwrap().unwrap()), expected["samples"]);
}

#[test]
fn format_2_reads_as_it_did_when_it_was_written() {
    reads_as_it_did("v2.db", "v2.json");
}

#[test]
fn format_3_reads_as_it_did_when_it_was_written() {
    reads_as_it_did("v3.db", "v3.json");
}

#[test]
fn every_format_can_be_continued() {
    for name in ["v1.db", "v2.db", "v3.db"] {
        let dir = released(name);
        let journal = SqliteJournal::open(dir.path()).unwrap();
        let seen = journal.read("run/db-connection.1", 0).unwrap().len() as u64;
        note(&journal, "run/db-connection.1", seen, "years later").unwrap();
        assert_eq!(journal.verify().unwrap().findings, []);
        let samples = Samples::open(dir.path()).unwrap();
        samples.append(&[sample(noon() + TimeDelta::days(700), State::Up)]).unwrap();
        samples.roll_up(noon() + TimeDelta::days(701)).unwrap();
        assert_eq!(samples.latest().unwrap()[0].state, State::Up);
    }
}

fn sample(at: Time, state: State) -> Sample {
    Sample {
        probe: "api".into(),
        at,
        state,
        response_us: None,
        status: None,
        certificate_expires_at: None,
        interval: Span::seconds(3600),
        reason: None,
    }
}

/// A sample an hour for two days, of every state and with all that one can say; and heartbeats.
fn write_samples(samples: &Samples) {
    let begin = noon() - TimeDelta::days(2);
    let all: Vec<Sample> = (0..48_u16)
        .map(|hour| {
            let state = State::ALL[usize::from(hour % 7).min(5)];
            Sample {
                response_us: (hour % 5 > 0).then(|| 900 + u64::from(hour).pow(3)),
                status: (hour % 3 > 0).then_some(200 + hour),
                certificate_expires_at: (hour % 4 > 0).then(|| (noon() + TimeDelta::days(90)).trunc_subsecs(0)),
                reason: (!state.is_good()).then(|| format!("[STATUS] ({}) < 400: träge", 400 + hour)),
                ..sample(begin + TimeDelta::hours(hour.into()), state)
            }
        })
        .collect();
    samples.append(&all).unwrap();
    samples.append(&[Sample { probe: "web".into(), ..sample(noon(), State::Up) }]).unwrap();
    samples.roll_up(noon() - TimeDelta::hours(2)).unwrap();
    samples.beat("backup", noon(), Beat::Start, None).unwrap();
    samples.beat("backup", noon() + TimeDelta::minutes(9), Beat::Success, Some("12 Dateien, gültig")).unwrap();
}

/// Wrote the fixture; kept so that the next format's is written the same way.
#[test]
#[ignore = "writes a fixture into the directory OPSCTL_WRITE_FIXTURE names"]
fn write() {
    #[allow(clippy::disallowed_methods, reason = "this is how it is told where to write")]
    let Ok(to) = std::env::var("OPSCTL_WRITE_FIXTURE") else { return };
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let blob = journal.put_blob("title: Database connection issues\n".as_bytes()).unwrap();
    let stories: [(&str, &[(&str, Value)]); 3] = [
        (
            "run/db-connection.1",
            &[
                ("run_started", json!({ "procedure": "db-connection", "definition": { "blob": blob } })),
                ("step_started", json!({ "step": "status" })),
                ("step_finished", json!({ "step": "status", "exit_code": 0, "output": "ok\n\u{1f600}\t\"quoted\"" })),
            ],
        ),
        ("incident/1", &[("opened", json!({ "title": "Datenbank träge", "severity": "P1", "ratio": 0.1 }))]),
        ("run/daily-morning.2026-11-23", &[("run_started", json!({})), ("noted", json!({ "text": "" }))]),
    ];
    for (minute, (stream, events)) in (0..).zip(stories) {
        let events: Vec<NewEvent> =
            events.iter().map(|(kind, body)| NewEvent { kind: (*kind).into(), body: body.clone() }).collect();
        journal.append(stream, 0, &context(noon() + TimeDelta::minutes(minute)), &events).unwrap();
    }
    let samples = Samples::open(dir.path()).unwrap();
    write_samples(&samples);
    let record = record(&journal.read_all("").unwrap(), &journal.verify().unwrap());
    let record = json!({ "journal": record, "samples": seen(&samples) });
    drop((journal, samples));
    fs::copy(dir.path().join("journal.db"), Path::new(&to).join("v3.db")).unwrap();
    fs::write(Path::new(&to).join("v3.json"), format!("{record:#}\n")).unwrap();
}
