//! Sums over incidents, held against sums made another way.

use chrono::TimeDelta;
use indexmap::IndexMap;
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use super::{Punctual, by_severity, counts, metrics, updates_on_time};
use crate::catalog::model::Severity;
use crate::ground::{Actor, Span, Time};
use crate::incident::event::Target;
use crate::incident::{Incident, IncidentEvent, Recorded, Status, Visibility};

fn at(minute: i64) -> Time {
    Time::UNIX_EPOCH + TimeDelta::minutes(minute)
}

fn severities() -> IndexMap<String, Severity> {
    let severity = |first: u64| Severity {
        title: "High".into(),
        criteria: Vec::new(),
        respond_within: Span::seconds(3600),
        inform_customers: true,
        first_update_within: Some(Span::seconds(first)),
        update_every: None,
        needs_commander: false,
        escalate: None,
    };
    IndexMap::from([("P0".to_owned(), severity(600)), ("P1".to_owned(), severity(1200))])
}

fn incident(severity: &str, events: Vec<(i64, IncidentEvent)>) -> Incident {
    let declared = IncidentEvent::Declared {
        title: "Down".into(),
        services: Vec::new(),
        severity: severity.into(),
        seen: None,
        visibility: Visibility::Normal,
    };
    let all = std::iter::once((0, declared)).chain(events).enumerate();
    let recorded: Vec<Recorded> = all
        .map(|(place, (minute, event))| Recorded {
            version: place as u64 + 1,
            at: at(minute),
            recorded_at: at(minute),
            actor: Actor("ana".into()),
            event,
        })
        .collect();
    Incident::fold("INC-1", &recorded).unwrap()
}

fn resolved(minute: i64) -> Incident {
    incident("P0", vec![(minute, IncidentEvent::Resolved { reason: None, untold: None })])
}

#[test]
fn what_is_unknown_enters_no_number() {
    let incidents =
        [resolved(10), resolved(30), resolved(20), incident("P1", vec![(5, IncidentEvent::Acknowledged {})])];
    let all: Vec<&Incident> = incidents.iter().collect();
    let found = metrics(&all, &severities(), at(60));
    assert_eq!((found.incidents, found.open, found.restricted), (4, 1, 0));
    let figure = |word: &str| found.figures.iter().find(|one| one.figure.word() == word).copied().unwrap();
    let ttr = figure("ttr");
    assert_eq!((ttr.n, ttr.unknown), (3, 1));
    assert_eq!((ttr.median, ttr.p90), (Some(TimeDelta::minutes(20)), Some(TimeDelta::minutes(30))));
    let ttd = figure("ttd");
    assert_eq!((ttd.n, ttd.unknown, ttd.median, ttd.p90), (0, 4, None, None));
    assert_eq!(
        found.severities,
        [("P0".to_owned(), TimeDelta::minutes(60)), ("P1".to_owned(), TimeDelta::minutes(60))]
    );
    let groups = by_severity(&all, &severities());
    assert_eq!(groups.iter().map(|(id, of)| (id.as_str(), of.len())).collect::<Vec<_>>(), [("P0", 3), ("P1", 1)]);
}

#[test]
fn updates_are_late_missed_or_not_due_yet() {
    let severities = severities();
    let p0 = severities.get("P0");
    let quiet = incident("P0", Vec::new());
    assert_eq!(updates_on_time(&quiet, p0, at(5)), Punctual { met: 0, due: 0 });
    assert_eq!(updates_on_time(&quiet, p0, at(5)).ratio(), None);
    assert_eq!(updates_on_time(&quiet, p0, at(11)), Punctual { met: 0, due: 1 });
    // Once it is over, the journal alone tells what was missed.
    let breach = IncidentEvent::TargetBreached { target: Target::FirstUpdate, due: at(10) };
    let over = incident("P0", vec![(15, breach), (20, IncidentEvent::Resolved { reason: None, untold: None })]);
    assert_eq!(updates_on_time(&over, p0, at(99)), Punctual { met: 0, due: 1 });
    let response = IncidentEvent::TargetBreached { target: Target::Respond, due: at(10) };
    assert_eq!(updates_on_time(&incident("P0", vec![(15, response)]), None, at(99)).due, 0);
}

#[test]
fn what_was_none_does_not_count() {
    let canceled = incident("P0", vec![(1, IncidentEvent::Canceled { reason: "no".into(), untold: None })]);
    assert_eq!((canceled.status, counts(&canceled), counts(&resolved(1))), (Status::Canceled, false, true));
}

proptest! {
    #[test]
    fn medians_split_the_known_ones(minutes in proptest::collection::vec(1_i64..10_000, 1..40)) {
        let incidents: Vec<Incident> = minutes.iter().map(|minute| resolved(*minute)).collect();
        let all: Vec<&Incident> = incidents.iter().collect();
        let found = metrics(&all, &severities(), at(20_000));
        let ttr = found.figures.iter().find(|one| one.figure.word() == "ttr").unwrap();
        prop_assert_eq!(ttr.n, minutes.len());
        for (share, value) in [(50, ttr.median.unwrap().num_minutes()), (90, ttr.p90.unwrap().num_minutes())] {
            prop_assert!(minutes.contains(&value));
            prop_assert!(minutes.iter().filter(|minute| **minute <= value).count() * 100 >= minutes.len() * share);
            prop_assert!(minutes.iter().filter(|minute| **minute < value).count() * 100 < minutes.len() * share);
        }
        let total: i64 = minutes.iter().sum();
        prop_assert_eq!(found.severities[0].1.num_minutes(), total);
    }
}
