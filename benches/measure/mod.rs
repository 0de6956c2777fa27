//! Measuring, and saying how it compares with the target.

#![allow(dead_code, reason = "each bench uses its part")]
#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::time::{Duration, Instant};

pub mod many;
pub mod nginx;
#[path = "../../tests/common/port.rs"]
pub mod port;
pub mod usage;

/// How long something takes.
pub fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let result = work();
    (begun.elapsed(), result)
}

/// The median of some durations, in milliseconds.
pub fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

/// Medians, in milliseconds, of two things done by turns, so that a busy machine slows both alike.
pub fn by_turns(rounds: usize, mut one: impl FnMut(), mut other: impl FnMut()) -> (f64, f64) {
    for _ in 0..=rounds / 10 {
        one();
        other();
    }
    let mut times = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 0..rounds {
        // Whoever comes second may find the caches warm.
        if round % 2 == 0 {
            times.0.push(time(&mut one).0);
            times.1.push(time(&mut other).0);
        } else {
            times.1.push(time(&mut other).0);
            times.0.push(time(&mut one).0);
        }
    }
    (median(times.0), median(times.1))
}

/// One line of the table.
pub struct Row {
    what: String,
    value: f64,
    target: f64,
    more_is_better: bool,
    unit: &'static str,
    note: String,
}

impl Row {
    /// A measured value that must not be above its target.
    pub fn new(what: &str, value: f64, target: f64, unit: &'static str) -> Self {
        Self { what: what.to_owned(), value, target, more_is_better: false, unit, note: String::new() }
    }

    /// A measured value that must not be below its target.
    pub fn at_least(what: &str, value: f64, target: f64, unit: &'static str) -> Self {
        Self { more_is_better: true, ..Self::new(what, value, target, unit) }
    }

    /// The same with what it was computed from.
    pub fn note(mut self, note: String) -> Self {
        self.note = note;
        self
    }
}

/// Prints what was measured beside its target.
pub fn report(rows: &[Row]) {
    println!("{:<44} {:>12} {:>12}  ", "measured", "value", "target");
    for Row { what, value, target, more_is_better, unit, note } in rows {
        let verdict = match more_is_better {
            true if value >= target => "OK",
            false if value <= target => "OK",
            true => "BELOW",
            false => "OVER",
        };
        let (value, target) = (format!("{value:.2} {unit}"), format!("{target:.2} {unit}"));
        println!("{what:<44} {value:>12} {target:>12}  {verdict:<5} {note}");
    }
}
