//! Whether an alert rule holds for a probe, by its latest samples.
//!
//! The newest sample decides whether anything can be said: one that tells the rule nothing changes nothing. So an alert
//! neither fires nor resolves in maintenance, nor because nobody could look.

use chrono::TimeDelta;

use super::{Sample, State};
use crate::catalog::model::{AlertState, AlertWhen};
use crate::ground::{Span, Time, elapsed, rfc3339};

/// What the samples say about a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, and why; one line.
    Holds(String),
    /// It speaks for the rule, but not often enough yet: nothing to fire for, and no rest either.
    NotYet,
    /// It does not hold.
    DoesNot,
    /// They do not say.
    CannotTell,
}

/// The samples that a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// At least so many of the newest, those that say nothing not counted.
    pub observations: u32,
    /// And all that are not older than this.
    pub window: Span,
}

/// The samples that a rule looks at.
pub const fn reach(when: &AlertWhen) -> Reach {
    match when {
        AlertWhen::State { observations, .. } => Reach { observations: *observations, window: Span::seconds(0) },
        AlertWhen::Latency { window, .. } | AlertWhen::ErrorRate { window, .. } => {
            Reach { observations: 1, window: *window }
        }
        AlertWhen::Certificate { .. } | AlertWhen::Heartbeat => Reach { observations: 1, window: Span::seconds(0) },
    }
}

/// Whether a rule holds now, by the samples of one probe, oldest first; those within its [`reach`] are enough.
///
/// - State: the newest `observations` are all in it. Degraded means degraded or down; for these two, unknown ones are
///   passed over. Maintenance ends the row.
/// - Latency: percentile of the answers in (now − window, now] > above, by nearest rank, from enough answers
///   ([`crate::percentile::needed`]). What got no answer is not slow; the error rate is for it.
/// - Error rate: down / (up + degraded + down) > above in (now − window, now], and down ≥ at least.
/// - Certificate: end − now < within.
/// - Heartbeat: the probe is down.
pub fn judge(when: &AlertWhen, recent: &[Sample], now: Time) -> Verdict {
    let Some(newest) = recent.last() else { return Verdict::CannotTell };
    if !tells(when, newest.state) {
        return Verdict::CannotTell;
    }
    match *when {
        AlertWhen::State { state, observations } => in_a_row(state, observations, recent),
        AlertWhen::Latency { above, percentile, window } => latency(above, percentile, window, recent, now),
        AlertWhen::ErrorRate { above, window, at_least } => error_rate(above, window, at_least, recent, now),
        AlertWhen::Certificate { within } => certificate(newest.certificate_expires_at, within, now),
        AlertWhen::Heartbeat if newest.state == State::Down => {
            Verdict::Holds(newest.reason.clone().unwrap_or_else(|| "the heartbeat is missing".to_owned()))
        }
        AlertWhen::Heartbeat => Verdict::DoesNot,
    }
}

fn tells(when: &AlertWhen, state: State) -> bool {
    match state {
        State::Up | State::Degraded | State::Down => true,
        State::Unknown => matches!(when, AlertWhen::State { state: AlertState::Unknown, .. }),
        State::Maintenance | State::NotConfigured => false,
    }
}

fn in_a_row(wanted: AlertState, observations: u32, recent: &[Sample]) -> Verdict {
    let passed_over = |state| state == State::Unknown && wanted != AlertState::Unknown;
    let told = recent.iter().rev().filter(|sample| !passed_over(sample.state));
    let row: Vec<&Sample> =
        told.take_while(|sample| is(wanted, sample.state)).take(observations.max(1) as usize).collect();
    let Some(newest) = row.first() else { return Verdict::DoesNot };
    if row.len() < observations as usize {
        return Verdict::NotYet;
    }
    let times = if row.len() == 1 { String::new() } else { format!(" {} times in a row", row.len()) };
    let why = newest.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let word = if row.iter().all(|one| one.state == newest.state) { newest.state.title() } else { "degraded or down" };
    Verdict::Holds(format!("{word}{times}{why}"))
}

fn is(wanted: AlertState, state: State) -> bool {
    match wanted {
        AlertState::Down => state == State::Down,
        AlertState::Degraded => matches!(state, State::Degraded | State::Down),
        AlertState::Unknown => state == State::Unknown,
    }
}

// What was told within the window: up, degraded or down.
fn told(recent: &[Sample], window: Span, now: Time) -> impl Iterator<Item = &Sample> {
    let within = move |sample: &&Sample| sample.at <= now && now - sample.at < window.delta();
    recent.iter().filter(within).filter(|sample| matches!(sample.state, State::Up | State::Degraded | State::Down))
}

fn latency(above: Span, percentile: u8, window: Span, recent: &[Sample], now: Time) -> Verdict {
    let mut answers: Vec<u64> = told(recent, window, now).filter_map(|sample| sample.response_us).collect();
    answers.sort_unstable();
    match crate::percentile::percentile(&answers, percentile) {
        None => Verdict::CannotTell,
        Some(micros) if u128::from(micros) > above.0.as_micros() => Verdict::Holds(format!(
            "p{percentile} in {window} is {} ms, above {above} (answers: {})",
            micros.div_ceil(1000),
            answers.len()
        )),
        Some(_) => Verdict::DoesNot,
    }
}

fn error_rate(above: f64, window: Span, at_least: u32, recent: &[Sample], now: Time) -> Verdict {
    let (mut bad, mut all) = (0u32, 0u32);
    for sample in told(recent, window, now) {
        all = all.saturating_add(1);
        bad = bad.saturating_add(u32::from(sample.state == State::Down));
    }
    if all == 0 {
        return Verdict::CannotTell;
    }
    if f64::from(bad) > above * f64::from(all) && bad >= at_least {
        return Verdict::Holds(format!("bad observations in {window}: {bad} of {all}, above {} %", percent(above)));
    }
    Verdict::DoesNot
}

// 0.07 · 100 is 7.000000000000001: a thousandth of a percent is as fine as anybody writes.
fn percent(share: f64) -> f64 {
    (share * 100_000.0).round() / 1000.0
}

fn certificate(ends: Option<Time>, within: Span, now: Time) -> Verdict {
    let Some(ends) = ends else { return Verdict::CannotTell };
    let left = ends - now;
    if left >= within.delta() {
        return Verdict::DoesNot;
    }
    let at = rfc3339(ends);
    Verdict::Holds(if left > TimeDelta::zero() {
        format!("the certificate ends in {}, at {at}", elapsed(now, ends))
    } else {
        format!("the certificate has ended at {at}")
    })
}

#[cfg(test)]
mod tests;
