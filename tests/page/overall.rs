//! The one sentence at the top.

use opsctl::view::page::{Impact, ServiceState, Status, overall};

use crate::sample;

const GOOD: Option<ServiceState> = Some(ServiceState::Operational);
const PLANNED: Option<ServiceState> = Some(ServiceState::UnderMaintenance);
const SLOW: Option<ServiceState> = Some(ServiceState::DegradedPerformance);
const PARTIAL: Option<ServiceState> = Some(ServiceState::PartialOutage);
const MAJOR: Option<ServiceState> = Some(ServiceState::MajorOutage);

#[track_caller]
fn said(states: &[Option<ServiceState>]) -> (&'static str, &'static str) {
    let mut page = sample::calm();
    let like = page.services[0].clone();
    page.services =
        states.iter().map(|state| opsctl::view::page::PageService { state: *state, ..like.clone() }).collect();
    let overall = overall(&page);
    (overall.indicator.word(), overall.description)
}

#[test]
fn services_make_the_sentence() {
    for (states, expected) in [
        (&[][..], ("none", "All Systems Operational")),
        (&[GOOD, GOOD], ("none", "All Systems Operational")),
        (&[GOOD, None], ("none", "Status Unknown")),
        (&[None], ("none", "Status Unknown")),
        (&[GOOD, PLANNED, None], ("maintenance", "Service Under Maintenance")),
        (&[GOOD, SLOW, PLANNED], ("minor", "Partially Degraded Service")),
        (&[SLOW, SLOW], ("minor", "Degraded System Service")),
        (&[GOOD, PARTIAL, SLOW], ("minor", "Minor Service Outage")),
        (&[PARTIAL, PARTIAL], ("major", "Partial System Outage")),
        (&[GOOD, MAJOR], ("major", "Partial System Outage")),
        (&[MAJOR, None], ("major", "Partial System Outage")),
        (&[MAJOR, MAJOR], ("critical", "Major System Outage")),
    ] {
        assert_eq!(said(states), expected, "{states:?}");
    }
}

#[test]
fn an_open_incident_counts_when_it_is_worse() {
    let mut page = sample::busy();
    page.services.iter_mut().for_each(|service| service.state = GOOD);
    for (impact, expected) in [
        (Impact::None, "All Systems Operational"),
        (Impact::Minor, "Minor Service Outage"),
        (Impact::Major, "Partial System Outage"),
        (Impact::Critical, "Major System Outage"),
    ] {
        page.incidents[0].impact = impact;
        assert_eq!(overall(&page).description, expected);
    }
    page.services.iter_mut().for_each(|service| service.state = MAJOR);
    page.incidents[0].impact = Impact::Minor;
    assert_eq!(overall(&page).description, "Major System Outage");
    page.services.iter_mut().for_each(|service| service.state = GOOD);
    page.incidents[0].status = Status::Resolved;
    assert_eq!(overall(&page).description, "All Systems Operational");
}
