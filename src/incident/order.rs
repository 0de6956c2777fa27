//! Moments in their order: what a correction must not turn round.

use std::collections::BTreeMap;

use super::event::{IncidentEvent, Recorded};
use super::state::Incident;
use super::status::Status;
use crate::ground::{Time, rfc3339};

/// A moment that others are held against.
#[derive(Debug, Clone)]
struct Point {
    version: u64,
    at: Time,
    what: String,
}

impl Incident {
    /// Whether a further event leaves the moments of those before it in their order; the error says why not. What stood
    /// the wrong way round before does not matter: it may take more than one correction to put that right.
    pub fn keeps_order(events: &[Recorded], further: &Recorded) -> Result<(), String> {
        let known = reversed(&Self::corrected(events));
        let is_known = |(first, next): &(Point, Point)| {
            known.iter().any(|(one, other)| (one.version, other.version) == (first.version, next.version))
        };
        let with: Vec<Recorded> = events.iter().chain([further]).cloned().collect();
        match reversed(&Self::corrected(&with)).iter().find(|pair| !is_known(pair)) {
            Some((first, next)) => Err(format!(
                "{} at {} would come before {} at {}",
                next.what,
                rfc3339(next.at),
                first.what,
                rfc3339(first.at)
            )),
            None => Ok(()),
        }
    }
}

// What comes first in the stream, and what follows from it and is said to have happened before.
fn reversed(events: &[Recorded]) -> Vec<(Point, Point)> {
    let mut found = Vec::new();
    let mut reached: Vec<Point> = Vec::new();
    let mut end: Option<Point> = None;
    let mut impacts: BTreeMap<&str, Point> = BTreeMap::new();
    for recorded in events {
        let point = |what: &str| Point { version: recorded.version, at: recorded.at, what: what.to_owned() };
        match &recorded.event {
            IncidentEvent::Declared { .. } => reached.push(point("the declaration")),
            IncidentEvent::StatusChanged { status: Status::Mitigated, .. } => {
                follows(&mut found, &reached, &point("the mitigation"));
                reached.push(point("the mitigation"));
            }
            IncidentEvent::Resolved { .. } | IncidentEvent::Canceled { .. } => {
                follows(&mut found, &reached, &point("the end"));
                end = Some(point("the end"));
            }
            IncidentEvent::Reopened { .. } => {
                follows(&mut found, end.as_slice(), &point("the reopening"));
                reached = vec![point("the reopening")];
            }
            IncidentEvent::ImpactStarted { service, .. } => {
                drop(impacts.insert(service, point(&format!("the beginning of the impact on {service}"))));
            }
            IncidentEvent::ImpactEnded { service } => {
                let from = impacts.remove(service.as_str());
                follows(&mut found, from.as_slice(), &point(&format!("the end of the impact on {service}")));
            }
            _ => {}
        }
    }
    found
}

fn follows(found: &mut Vec<(Point, Point)>, before: &[Point], point: &Point) {
    let later = before.iter().filter(|one| point.at < one.at);
    found.extend(later.map(|one| (one.clone(), point.clone())));
}
