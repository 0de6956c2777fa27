//! Heartbeats of jobs.

use opsctl::monitor::{Beat, Beats};

use crate::{at, samples};

#[test]
fn the_newest_of_each_kind_is_found() {
    let (_dir, samples) = samples();
    assert_eq!(samples.last_beats("backup").unwrap(), Beats::default());
    samples.beat("backup", at(10), Beat::Start, None).unwrap();
    samples.beat("backup", at(5), Beat::Start, None).unwrap();
    samples.beat("backup", at(20), Beat::Fail, Some("disk full")).unwrap();
    samples.beat("other", at(30), Beat::Success, Some("12 files")).unwrap();
    let expected = Beats {
        last_start: Some(at(10)),
        last_success: None,
        last_fail: Some(at(20)),
        message: Some("disk full".to_owned()),
        awaited_since: None,
    };
    assert_eq!(samples.last_beats("backup").unwrap(), expected);
    assert_eq!(samples.last_beats("other").unwrap().last_success, Some(at(30)));
}

#[test]
fn a_heartbeat_that_comes_twice_counts_once() {
    let (_dir, samples) = samples();
    samples.beat("backup", at(10), Beat::Fail, Some("first")).unwrap();
    samples.beat("backup", at(10), Beat::Fail, Some("second")).unwrap();
    samples.beat("backup", at(10), Beat::Success, None).unwrap();
    let beats = samples.last_beats("backup").unwrap();
    assert_eq!(beats.message.as_deref(), Some("first"));
    assert_eq!(beats.last_success, Some(at(10)));
}

#[test]
fn a_job_without_samples_is_no_trouble() {
    let (_dir, samples) = samples();
    samples.beat("backup", at(10), Beat::Start, None).unwrap();
    samples.roll_up(at(100_000)).unwrap();
    assert_eq!(samples.latest().unwrap(), []);
    assert_eq!(samples.recent("backup", 5).unwrap(), []);
    assert_eq!(samples.times(at(0), at(3600)).unwrap()[0].1.unknown_ms, 3_600_000);
}
