//! The tables of samples as other code meets them: what they keep, what it adds up to, what they forget.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod adding_up;
mod beating;
mod forgetting;
mod keeping;
mod older;
mod processes;

use chrono::TimeDelta;
use opsctl::ground::{Span, Time};
use opsctl::monitor::{Sample, State};
use opsctl::sample::{Rollup, Samples};
use tempfile::TempDir;

/// Midnight, and some seconds after it.
fn at(seconds: i64) -> Time {
    "2026-11-23T00:00:00Z".parse::<Time>().unwrap() + TimeDelta::seconds(seconds)
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A sample of a probe that is looked at once a minute.
fn sample(probe: &str, seconds: i64, state: State) -> Sample {
    Sample {
        probe: probe.into(),
        at: at(seconds),
        state,
        response_us: (state != State::NotConfigured).then(|| 1_000 + seconds.unsigned_abs() % 1_000),
        status: None,
        certificate_expires_at: None,
        interval: Span::seconds(60),
        reason: None,
    }
}

/// One sample a minute from `from` to before `until`.
fn minutes(probe: &str, from: i64, until: i64, state: State) -> Vec<Sample> {
    (from..until).step_by(60).map(|seconds| sample(probe, seconds, state)).collect()
}

fn samples() -> (TempDir, Samples) {
    let dir = TempDir::new().unwrap();
    let samples = Samples::open(dir.path()).unwrap();
    (dir, samples)
}

/// Good, bad, maintenance and unknown seconds.
fn seconds(seen: &Rollup) -> [u64; 4] {
    let times = seen.times;
    [times.good_ms, times.bad_ms, times.maintenance_ms, times.unknown_ms].map(|ms| ms / 1000)
}
