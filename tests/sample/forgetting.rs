//! What is old goes, and nothing that is still needed.

use opsctl::ground::{Span, Time};
use opsctl::monitor::Beat;
use opsctl::monitor::{Sample, State};
use opsctl::sample::Samples;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{DAY, HOUR, at, minutes, sample, samples};

const KEPT: &str = "3d";
const LONG: &str = "30d";

fn forget(samples: &Samples, now: i64) {
    samples.roll_up(at(now)).unwrap();
    samples.forget(at(now), KEPT.parse().unwrap(), LONG.parse().unwrap()).unwrap();
}

fn first(samples: &Samples) -> Option<Time> {
    samples.range("api", at(-1000 * DAY), at(1000 * DAY)).unwrap().first().map(|sample| sample.at)
}

fn rows(dir: &TempDir, table: &str) -> i64 {
    let db = Connection::open(dir.path().join("journal.db")).unwrap();
    db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn old_samples_go_and_their_hours_stay() {
    let (dir, samples) = samples();
    samples.append(&minutes("api", 0, 5 * DAY, State::Up)).unwrap();
    samples.append(&minutes("web", 0, 5 * DAY, State::Down)).unwrap();
    let told = || samples.history("api", at(0), at(5 * DAY)).unwrap();
    let before = told();
    forget(&samples, 5 * DAY);
    assert_eq!(first(&samples), Some(at(2 * DAY)));
    assert_eq!(rows(&dir, "samples"), 2 * 3 * 1440);
    assert_eq!(told(), before);
    assert_eq!(samples.latest().unwrap().len(), 2);
}

#[test]
fn what_is_not_added_up_is_never_forgotten() {
    let (dir, samples) = samples();
    samples.append(&minutes("api", 0, 5 * DAY, State::Up)).unwrap();
    samples.forget(at(1000 * DAY), KEPT.parse().unwrap(), LONG.parse().unwrap()).unwrap();
    assert_eq!(first(&samples), Some(at(0)));
    samples.roll_up(at(2 * HOUR)).unwrap();
    samples.forget(at(1000 * DAY), KEPT.parse().unwrap(), LONG.parse().unwrap()).unwrap();
    assert_eq!(first(&samples), Some(at(HOUR)));
    assert_eq!(rows(&dir, "samples"), 5 * 1440 - 60);
}

#[test]
fn the_last_sample_stays_for_it_says_how_the_next_hour_begins() {
    let (_dir, samples) = samples();
    let rare = |seconds| Sample { interval: "5d".parse::<Span>().unwrap(), ..sample("api", seconds, State::Up) };
    samples.append(&[rare(0), rare(60)]).unwrap();
    forget(&samples, 8 * DAY);
    assert_eq!(first(&samples), Some(at(60)));
    let history = samples.history("api", at(7 * DAY), at(9 * DAY)).unwrap();
    assert_eq!(history.total.times.unknown_ms, 0);
    assert_eq!(samples.latest().unwrap(), [rare(60)]);
}

#[test]
fn old_hours_and_days_go_by_whole_ones() {
    let (dir, samples) = samples();
    samples.append(&minutes("api", 0, 4 * DAY, State::Up)).unwrap();
    forget(&samples, 31 * DAY + 2 * HOUR + 1800);
    // Hours that ended more than 30 days ago are those before 1 day and 2 hours; of the days, only the first.
    let db = Connection::open(dir.path().join("journal.db")).unwrap();
    let from = |hours: i64| {
        db.query_row("SELECT min(start) FROM rollups WHERE hours = ?1", [hours], |row| row.get::<_, i64>(0)).unwrap()
    };
    let start = at(0).timestamp() / HOUR;
    assert_eq!((from(1) - start, from(24) - start), (26, 24));
}

#[test]
fn a_probe_that_is_gone_is_forgotten_with_all_it_left() {
    let (dir, samples) = samples();
    samples.append(&minutes("api", 0, HOUR, State::Up)).unwrap();
    samples.beat("api", at(0), Beat::Start, None).unwrap();
    samples.append(&minutes("web", 39 * DAY, 40 * DAY, State::Up)).unwrap();
    forget(&samples, 20 * DAY);
    assert_eq!((rows(&dir, "probes"), rows(&dir, "latest")), (2, 2));
    forget(&samples, 40 * DAY);
    assert_eq!((rows(&dir, "probes"), rows(&dir, "latest"), rows(&dir, "beats")), (1, 1, 0));
    assert_eq!(samples.latest().unwrap()[0].probe, "web");
}

#[test]
fn old_heartbeats_go_but_the_newest_of_each_kind_stays() {
    let (dir, samples) = samples();
    for day in 0..10 {
        samples.beat("backup", at(day * DAY), Beat::Start, None).unwrap();
        samples.beat("backup", at(day * DAY + 60), Beat::Success, None).unwrap();
    }
    samples.beat("backup", at(0), Beat::Fail, Some("disk full")).unwrap();
    forget(&samples, 10 * DAY);
    assert_eq!(rows(&dir, "beats"), 3 + 3 + 1);
    let beats = samples.last_beats("backup").unwrap();
    assert_eq!(beats.message.as_deref(), Some("disk full"));
    forget(&samples, 30 * DAY);
    assert_eq!(rows(&dir, "beats"), 1 + 1 + 1);
    forget(&samples, 31 * DAY);
    assert_eq!(samples.last_beats("backup").unwrap().last_fail, None);
}
