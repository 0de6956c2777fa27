//! What was appended is found again.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use chrono::TimeDelta;
use opsctl::error::{Error, Kind};
use opsctl::ground::Span;
use opsctl::monitor::{Sample, State};
use opsctl::sample::Samples;
use tempfile::TempDir;

use crate::{at, minutes, sample, samples};

/// Everything that a sample can say.
fn eloquent() -> Sample {
    Sample {
        response_us: Some(u64::from(u32::MAX) + 1),
        status: Some(503),
        certificate_expires_at: Some(at(90 * 86_400)),
        interval: Span("1m500ms".parse::<Span>().unwrap().0),
        reason: Some("[STATUS] (503) < 400: Überlast".into()),
        ..sample("web", 5, State::Down)
    }
}

#[test]
fn a_sample_is_read_as_it_was_written() {
    let (dir, samples) = samples();
    let all: Vec<Sample> =
        State::ALL.into_iter().zip(0..).map(|(state, seconds)| sample("api", seconds, state)).collect();
    samples.append(&all).unwrap();
    samples.append(&[eloquent()]).unwrap();
    let other = Samples::open_read(dir.path()).unwrap().unwrap();
    assert_eq!(other.range("api", at(0), at(6)).unwrap(), all);
    assert_eq!(other.range("web", at(0), at(6)).unwrap(), [eloquent()]);
    assert_eq!(other.latest().unwrap(), [all[5].clone(), eloquent()]);
}

#[test]
fn times_are_kept_to_the_millisecond() {
    let (_dir, samples) = samples();
    let fine = Sample { at: at(0) + TimeDelta::microseconds(1_999), ..sample("api", 0, State::Up) };
    samples.append(&[fine]).unwrap();
    assert_eq!(samples.latest().unwrap()[0].at, at(0) + TimeDelta::milliseconds(1));
}

#[test]
fn a_range_has_its_beginning_and_not_its_end() {
    let (_dir, samples) = samples();
    samples.append(&minutes("api", 0, 600, State::Up)).unwrap();
    samples.append(&minutes("web", 0, 600, State::Up)).unwrap();
    assert_eq!(samples.range("api", at(60), at(180)).unwrap(), minutes("api", 60, 180, State::Up));
    assert_eq!(samples.range("api", at(61), at(120)).unwrap(), []);
    assert_eq!(samples.range("api", at(180), at(60)).unwrap(), []);
    assert_eq!(samples.range("nobody", at(0), at(600)).unwrap(), []);
}

#[test]
fn the_newest_come_first() {
    let (_dir, samples) = samples();
    samples.append(&minutes("api", 0, 600, State::Up)).unwrap();
    let recent = samples.recent("api", 2).unwrap();
    assert_eq!(recent, [sample("api", 540, State::Up), sample("api", 480, State::Up)]);
    assert_eq!(samples.recent("api", usize::MAX).unwrap().len(), 10);
    assert_eq!(samples.recent("nobody", 2).unwrap(), []);
}

#[test]
fn the_latest_are_by_name_and_no_later_one_is_lost_to_an_earlier() {
    let (_dir, samples) = samples();
    samples.append(&[sample("web", 60, State::Down), sample("web", 0, State::Up)]).unwrap();
    samples.append(&[sample("api", 30, State::Up), sample("web", 30, State::Up)]).unwrap();
    assert_eq!(samples.latest().unwrap(), [sample("api", 30, State::Up), sample("web", 60, State::Down)]);
}

#[test]
fn a_batch_may_be_given_again() {
    let (_dir, samples) = samples();
    let batch = minutes("api", 0, 300, State::Up);
    samples.append(&batch).unwrap();
    let again: Vec<Sample> = batch.iter().cloned().map(|sample| Sample { state: State::Down, ..sample }).collect();
    samples.append(&again).unwrap();
    samples.append(&[]).unwrap();
    assert_eq!(samples.range("api", at(0), at(300)).unwrap(), batch);
    assert_eq!(samples.latest().unwrap(), batch[4..]);
}

#[test]
fn looking_for_samples_makes_nothing() {
    let dir = TempDir::new().unwrap();
    assert!(Samples::open_read(dir.path()).unwrap().is_none());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn what_was_opened_for_reading_cannot_be_written() {
    let (dir, _samples) = samples();
    let other = Samples::open_read(dir.path()).unwrap().unwrap();
    let error = Error::from(other.append(&[sample("api", 0, State::Up)]).unwrap_err());
    assert_eq!(error.kind, Kind::Environment);
    assert!(error.message.contains("journal.db cannot be written"), "{error}");
}

#[test]
fn only_their_owner_gets_at_samples() {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("state");
    Samples::open(&dir).unwrap().append(&[sample("api", 0, State::Up)]).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&dir.join("journal.db"))), (0o700, 0o600));
}
