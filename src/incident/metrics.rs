//! What many incidents come to. Unknown is unknown: it is counted as such and enters no number.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use indexmap::IndexMap;

use super::clock::{Due, dues};
use super::duration::{Figure, figure, per_severity};
use super::event::Target;
use super::state::Incident;
use super::status::Status;
use crate::catalog::model::Severity;
use crate::ground::Time;
use crate::percentile::nearest_rank;

/// How percentiles are reckoned.
pub const NEAREST_RANK: &str = "nearest rank: the smallest of the n known values that at least 50 % (median) or 90 % \
(p90) of them do not exceed";

/// How updates on time are counted.
pub const ON_TIME: &str = "updates that came by the moment they were due / all updates that were due by now";

/// How the time of a severity is counted.
pub const SEVERITY_TIME: &str = "the time in which an incident had the severity and was not over; summed";

/// A figure over many incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aggregate {
    /// Which.
    pub figure: Figure,
    /// For how many it is known.
    pub n: usize,
    /// For how many it is not.
    pub unknown: usize,
    /// Half of the known ones are not above it.
    pub median: Option<TimeDelta>,
    /// 90 % of the known ones are not above it.
    pub p90: Option<TimeDelta>,
}

/// How many of those due came in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Punctual {
    /// How many came in time.
    pub met: usize,
    /// How many were due by now.
    pub due: usize,
}

impl Punctual {
    /// The share, from 0 to 1; none when nothing was due.
    #[allow(clippy::cast_precision_loss, reason = "nobody has so many updates")]
    pub fn ratio(self) -> Option<f64> {
        (self.due > 0).then(|| self.met as f64 / self.due as f64)
    }
}

/// What many incidents come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// How many there are.
    pub incidents: usize,
    /// How many of them still go on.
    pub open: usize,
    /// How many of them are restricted.
    pub restricted: usize,
    /// The figures, in the order of [`Figure::ALL`].
    pub figures: Vec<Aggregate>,
    /// The updates.
    pub updates: Punctual,
    /// How long they had which severity, the workspace's severities first.
    pub severities: Vec<(String, TimeDelta)>,
}

/// Whether an incident enters the metrics: one that was none, or is told in another, would count what never was, or
/// twice.
pub fn counts(incident: &Incident) -> bool {
    !matches!(incident.status, Status::Canceled | Status::Merged)
}

/// What incidents come to. Those that do not [count](counts) are for the caller to leave out and to tell of.
pub fn metrics(incidents: &[&Incident], severities: &IndexMap<String, Severity>, now: Time) -> Metrics {
    let updates = incidents.iter().fold(Punctual::default(), |sum, incident| {
        let one = updates_on_time(incident, severities.get(&incident.severity), now);
        Punctual { met: sum.met + one.met, due: sum.due + one.due }
    });
    Metrics {
        incidents: incidents.len(),
        open: incidents.iter().filter(|incident| incident.is_open()).count(),
        restricted: incidents.iter().filter(|incident| incident.is_restricted()).count(),
        figures: Figure::ALL.into_iter().map(|which| aggregate(incidents, which)).collect(),
        updates,
        severities: summed(incidents, severities, now),
    }
}

/// The incidents in groups by the severity they have now, the workspace's severities first and in their order.
pub fn by_severity<'a>(
    incidents: &[&'a Incident],
    severities: &IndexMap<String, Severity>,
) -> Vec<(String, Vec<&'a Incident>)> {
    let mut groups: IndexMap<String, Vec<&Incident>> =
        severities.keys().map(|severity| (severity.clone(), Vec::new())).collect();
    for incident in incidents {
        groups.entry(incident.severity.clone()).or_default().push(incident);
    }
    groups.into_iter().collect()
}

/// How many of an incident's updates came in time, of those that were due by now.
pub fn updates_on_time(incident: &Incident, severity: Option<&Severity>, now: Time) -> Punctual {
    let is_update = |target: Target| matches!(target, Target::FirstUpdate | Target::NextUpdate);
    let all: Vec<Due> = dues(incident, severity).into_iter().filter(|due| is_update(due.target)).collect();
    // What is not there and not due yet says nothing.
    let known: Vec<&Due> = all.iter().filter(|due| due.met.is_some() || due.is_missed(now)).collect();
    // What an incident that is over left undone, or missed under another severity, only the journal still tells.
    let is_told = |target: Target, by: Time| all.iter().any(|due| (due.target, due.by) == (target, by));
    let left: BTreeSet<&(Target, Time)> =
        incident.breaches.iter().filter(|(target, by)| is_update(*target) && !is_told(*target, *by)).collect();
    let met = known.iter().filter(|due| !due.is_missed(now)).count();
    Punctual { met, due: known.len() + left.len() }
}

fn aggregate(incidents: &[&Incident], which: Figure) -> Aggregate {
    let known = incidents.iter().filter_map(|incident| figure(incident, which));
    let mut millis: Vec<u64> =
        known.map(|took| u64::try_from(took.span.num_milliseconds()).unwrap_or_default()).collect();
    millis.sort_unstable();
    let at = |percent| nearest_rank(&millis, percent).map(|ms| TimeDelta::milliseconds(ms.cast_signed()));
    Aggregate { figure: which, n: millis.len(), unknown: incidents.len() - millis.len(), median: at(50), p90: at(90) }
}

fn summed(incidents: &[&Incident], severities: &IndexMap<String, Severity>, now: Time) -> Vec<(String, TimeDelta)> {
    let mut spans: IndexMap<String, TimeDelta> =
        severities.keys().map(|severity| (severity.clone(), TimeDelta::zero())).collect();
    for (severity, span) in incidents.iter().flat_map(|incident| per_severity(incident, now)) {
        let sum = spans.entry(severity).or_insert_with(TimeDelta::zero);
        *sum = sum.checked_add(&span).unwrap_or(TimeDelta::MAX);
    }
    spans.into_iter().collect()
}

#[cfg(test)]
#[path = "metrics/tests.rs"]
mod tests;
