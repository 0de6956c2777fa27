//! A year of 1,000 probes that are looked at once a minute: asked for one of them, and for all; and what a day costs.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has failed")]
#![allow(clippy::cast_precision_loss, reason = "sizes of files and counts of rows are far below that")]

use std::cell::Cell;
use std::path::Path;

use chrono::TimeDelta;
use opsctl::ground::{Span, Time};
use opsctl::journal::database;
use opsctl::monitor::{Sample, State};
use opsctl::sample::Samples;
use rusqlite::{Connection, params};

mod measure;

use measure::{Row, median, report, time};

const PROBES: u32 = 1000;
const DAYS: i64 = 365;
const MINUTES: i64 = 1440;

fn main() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut rows = year(&dir.path().join("year"));
    rows.extend(batches(&dir.path().join("day")));
    report(&rows);
}

fn begin() -> Time {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn name(probe: u32) -> String {
    format!("probe-{probe:05}")
}

/// What a probe sees in a minute: it answers in some 20 to 220 ms, and fails about once in three hours.
fn sample(probe: u32, minute: i64) -> Sample {
    let chance = (minute * 7919 + i64::from(probe) * 104_729).rem_euclid(200);
    let is_up = chance != 13;
    Sample {
        probe: name(probe),
        at: begin() + TimeDelta::minutes(minute) + TimeDelta::milliseconds(i64::from(probe) * 59),
        state: if is_up { State::Up } else { State::Down },
        response_us: Some(20_000 + chance.unsigned_abs() * 1_003),
        status: Some(if is_up { 200 } else { 503 }),
        certificate_expires_at: Some(begin() + TimeDelta::days(90)),
        interval: Span::seconds(60),
        reason: (!is_up).then(|| "[STATUS] (503) < 400".to_owned()),
    }
}

/// A year: one day is added up from samples, the others are copies of it.
fn year(dir: &Path) -> Vec<Row> {
    let samples = Samples::open(dir).unwrap();
    samples.append(&(0..MINUTES).map(|minute| sample(0, minute)).collect::<Vec<_>>()).unwrap();
    samples.roll_up(begin() + TimeDelta::days(1) + TimeDelta::minutes(6)).unwrap();
    copy(dir);
    let today: Vec<Sample> = (0..600)
        .flat_map(|minute| (0..PROBES).map(move |probe| (probe, minute)))
        .map(|(probe, minute)| sample(probe, DAYS * MINUTES + minute))
        .collect();
    today.chunks(10_000).for_each(|batch| samples.append(batch).unwrap());
    let end = begin() + TimeDelta::days(DAYS) + TimeDelta::minutes(600);
    samples.roll_up(end - TimeDelta::minutes(30)).unwrap();
    let probe = Cell::new(0);
    let one = |from: Time| {
        let times = (0..50).map(|_| {
            probe.set((probe.get() + 379) % PROBES);
            let (took, history) = time(|| samples.history(&name(probe.get()), from, end).unwrap());
            assert!(history.total.times.known_ms() > history.total.times.unknown_ms);
            took
        });
        median(times.collect())
    };
    let all = (0..5).map(|_| {
        let (took, all) = time(|| samples.times(begin(), end).unwrap());
        assert_eq!(all.len(), PROBES as usize);
        took
    });
    let all = median(all.collect());
    let size = std::fs::metadata(database(dir)).unwrap().len() as f64 / 1e9;
    vec![
        Row::new("a year of one probe in 1,000, by days", one(begin()), 100.0, "ms").note(format!("({size:.1} GB)")),
        Row::new("two days of one probe in 1,000, by hours", one(end - TimeDelta::days(2)), 100.0, "ms"),
        Row::new("availability of 1,000 probes in a year", all, 1000.0, "ms"),
    ]
}

/// Copies the first probe's first day to all days of all probes.
fn copy(dir: &Path) {
    const KNOWN: &str =
        "good_ms, bad_ms, maintenance_ms, up, degraded, down, unknown, maintenance, not_configured, responses";
    let db = Connection::open(database(dir)).unwrap();
    db.pragma_update(None, "cache_size", -200_000).unwrap();
    db.execute_batch(
        "BEGIN; CREATE TEMP TABLE day AS SELECT * FROM rollups WHERE start < (SELECT start + 24 FROM rollups WHERE hours = 24 LIMIT 1);
         DELETE FROM rollups; DELETE FROM samples; DELETE FROM probes;",
    )
    .unwrap();
    let start: i64 = begin().timestamp() / 3600;
    for probe in 0..PROBES {
        db.execute(
            "INSERT INTO probes (id, name, rolled) VALUES (?1, ?2, ?3)",
            params![probe + 1, name(probe), start + DAYS * 24],
        )
        .unwrap();
        let mut copy = db
            .prepare_cached(&format!(
                "WITH RECURSIVE days (later) AS (SELECT 0 UNION ALL SELECT later + 24 FROM days WHERE later + 24 < ?2)
                 INSERT INTO rollups (probe, hours, start, {KNOWN}) SELECT ?1, hours, start + later, {KNOWN}
                 FROM temp.day, days ORDER BY hours, start + later"
            ))
            .unwrap();
        copy.execute(params![probe + 1, DAYS * 24]).unwrap();
    }
    db.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").unwrap_or_default();
}

/// Ten thousand probes, minute by minute.
fn batches(dir: &Path) -> Vec<Row> {
    const MANY: u32 = 10_000;
    const BATCHES: i64 = 120;
    let samples = Samples::open(dir).unwrap();
    let times = (0..BATCHES).map(|minute| {
        let batch: Vec<Sample> = (0..MANY).map(|probe| sample(probe, minute)).collect();
        time(|| samples.append(&batch).unwrap()).0
    });
    let append = median(times.collect());
    let latest = median((0..20).map(|_| time(|| samples.latest().unwrap()).0).collect());
    let db = Connection::open(database(dir)).unwrap();
    let pages: u32 = db.query_row("SELECT count(*) FROM dbstat WHERE name = 'samples'", [], |row| row.get(0)).unwrap();
    let bytes = f64::from(pages) * 4096.0 / (f64::from(MANY) * BATCHES as f64);
    let (hour, ()) = time(|| samples.roll_up(begin() + TimeDelta::minutes(66)).unwrap());
    vec![
        Row::new("a batch of 10,000 samples", append, 1000.0, "ms"),
        Row::new("the newest samples of 10,000 probes", latest, 100.0, "ms"),
        Row::new("bytes of a sample", bytes, 50.0, "B"),
        Row::new("adding up an hour of 10,000 probes", hour.as_secs_f64(), 60.0, "s"),
    ]
}
