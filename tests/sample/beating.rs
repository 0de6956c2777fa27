//! Heartbeats of jobs.

use opsctl::sample::{Beat, BeatKind, Beats};

use crate::{at, samples};

#[test]
fn the_newest_of_each_kind_is_found() {
    let (_dir, samples) = samples();
    assert_eq!(samples.last_beats("backup").unwrap(), Beats::default());
    samples.beat("backup", at(10), BeatKind::Start, None).unwrap();
    samples.beat("backup", at(5), BeatKind::Start, None).unwrap();
    samples.beat("backup", at(20), BeatKind::Fail, Some("disk full")).unwrap();
    samples.beat("other", at(30), BeatKind::Success, Some("12 files")).unwrap();
    let beat = |seconds, message: Option<&str>| Some(Beat { at: at(seconds), message: message.map(Into::into) });
    let expected = Beats { last_start: beat(10, None), last_success: None, last_fail: beat(20, Some("disk full")) };
    assert_eq!(samples.last_beats("backup").unwrap(), expected);
    assert_eq!(samples.last_beats("other").unwrap().last_success, beat(30, Some("12 files")));
}

#[test]
fn a_heartbeat_that_comes_twice_counts_once() {
    let (_dir, samples) = samples();
    samples.beat("backup", at(10), BeatKind::Start, Some("first")).unwrap();
    samples.beat("backup", at(10), BeatKind::Start, Some("second")).unwrap();
    samples.beat("backup", at(10), BeatKind::Success, None).unwrap();
    let beats = samples.last_beats("backup").unwrap();
    assert_eq!(beats.last_start.unwrap().message.as_deref(), Some("first"));
    assert_eq!(beats.last_success.unwrap().at, at(10));
}

#[test]
fn a_job_without_samples_is_no_trouble() {
    let (_dir, samples) = samples();
    samples.beat("backup", at(10), BeatKind::Start, None).unwrap();
    samples.roll_up(at(100_000)).unwrap();
    assert_eq!(samples.latest().unwrap(), []);
    assert_eq!(samples.recent("backup", 5).unwrap(), []);
    assert_eq!(samples.times(at(0), at(3600)).unwrap()[0].1.unknown_ms, 3_600_000);
}
