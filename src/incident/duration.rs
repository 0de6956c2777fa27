//! How long things took, and how that is reckoned. Unknown is unknown, never zero.

use chrono::TimeDelta;

use super::clock::public_updates;
use super::impact::union;
use super::state::Incident;
use crate::ground::Time;

/// A figure of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Figure {
    /// Time to detect.
    Detect,
    /// Time to acknowledge.
    Acknowledge,
    /// Time to communicate.
    Communicate,
    /// Time to mitigate.
    Mitigate,
    /// Time to resolve.
    Resolve,
    /// How long some service suffered.
    Impact,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Detect, Self::Acknowledge, Self::Communicate, Self::Mitigate, Self::Resolve, Self::Impact];

    /// Its short name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Detect => "ttd",
            Self::Acknowledge => "tta",
            Self::Communicate => "ttc",
            Self::Mitigate => "ttm",
            Self::Resolve => "ttr",
            Self::Impact => "impact",
        }
    }

    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Detect => "Time to detect",
            Self::Acknowledge => "Time to acknowledge",
            Self::Communicate => "Time to communicate",
            Self::Mitigate => "Time to mitigate",
            Self::Resolve => "Time to resolve",
            Self::Impact => "Impact duration",
        }
    }

    /// How it is reckoned in general.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Detect => "detected - impact started",
            Self::Acknowledge => "acknowledged - detected (else declared)",
            Self::Communicate => "first public update - detected (else declared)",
            Self::Mitigate => "mitigated - impact started (else declared)",
            Self::Resolve => "resolved - impact started (else declared)",
            Self::Impact => "union of the impact intervals of all services",
        }
    }
}

/// How long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration {
    /// How long.
    pub span: TimeDelta,
    /// How it was reckoned here.
    pub formula: &'static str,
}

/// What a figure comes to; none when something it needs is not known, or it has not come to an end.
pub fn figure(incident: &Incident, figure: Figure) -> Option<Duration> {
    let noticed = match incident.detected_at {
        Some(at) => (at, "detected"),
        None => (incident.declared_at, "declared"),
    };
    let began = match incident.impact_started_at() {
        Some(at) => (at, "impact started"),
        None => (incident.declared_at, "declared"),
    };
    let since = |end: Option<Time>, (from, _): (Time, &str)| end.map(|end| end - from);
    let pick = |from: (Time, &str), known: &'static str, other: &'static str| {
        if from.1 == "declared" { other } else { known }
    };
    let (span, formula) = match figure {
        Figure::Detect => {
            (since(incident.detected_at, (incident.impact_started_at()?, "")), "detected - impact started")
        }
        Figure::Acknowledge => (
            since(incident.acknowledged_at, noticed),
            pick(noticed, "acknowledged - detected", "acknowledged - declared"),
        ),
        Figure::Communicate => (
            since(public_updates(incident).first().copied(), noticed),
            pick(noticed, "first public update - detected", "first public update - declared"),
        ),
        Figure::Mitigate => {
            (since(incident.mitigated_at, began), pick(began, "mitigated - impact started", "mitigated - declared"))
        }
        Figure::Resolve => {
            (since(incident.resolved_at, began), pick(began, "resolved - impact started", "resolved - declared"))
        }
        Figure::Impact => (impact(incident), "union of the impact intervals"),
    };
    // What ended before it began was told wrongly: how long it took is not known.
    span.filter(|span| *span >= TimeDelta::zero()).map(|span| Duration { span, formula })
}

// One that goes on has no duration yet.
fn impact(incident: &Incident) -> Option<TimeDelta> {
    let goes_on = incident.suffering().next().is_some();
    if goes_on { None } else { union(&incident.impacts, incident.last_at) }
}

/// How long it had which severity, in the order in which it had them; until `now` while it is open. While it was over,
/// before it was opened again, it had none.
pub fn per_severity(incident: &Incident, now: Time) -> Vec<(String, TimeDelta)> {
    let end = incident.lasted_until(now);
    // Somebody may have told late that it was another for a while; of one moment the last word counts.
    let mut changes: Vec<(Time, &String)> =
        incident.severities.iter().map(|(at, severity)| (incident.declared_at.max(*at), severity)).collect();
    changes.sort_by_key(|(at, _)| *at);
    let mut spans: Vec<(String, TimeDelta)> = Vec::new();
    for (place, (from, severity)) in changes.iter().enumerate() {
        let to = changes.get(place + 1).map_or(end, |(at, _)| end.min(*at));
        let span = going_on(incident, *from, to);
        match spans.iter_mut().find(|(known, _)| known == *severity) {
            Some((_, total)) => *total += span,
            None => spans.push(((*severity).clone(), span)),
        }
    }
    spans
}

// So long of a stretch it was not over.
fn going_on(incident: &Incident, from: Time, to: Time) -> TimeDelta {
    let over = incident.pauses.iter().map(|(ended, reopened)| {
        let part = to.min(*reopened) - from.max(*ended);
        part.max(TimeDelta::zero())
    });
    let over = over.fold(TimeDelta::zero(), |sum, part| sum.checked_add(&part).unwrap_or(TimeDelta::MAX));
    (to - from).checked_sub(&over).unwrap_or(TimeDelta::zero()).max(TimeDelta::zero())
}
