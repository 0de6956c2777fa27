//! The signs of states: each has a shape of its own, so that colour is never the only difference.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{Markup, html};

use super::ServiceState;

/// The class that gives a state its colour.
pub(super) fn class(state: Option<ServiceState>) -> &'static str {
    match state {
        Some(ServiceState::Operational) => "good",
        Some(ServiceState::UnderMaintenance) => "planned",
        Some(ServiceState::DegradedPerformance) => "degraded",
        Some(ServiceState::PartialOutage) => "partial",
        Some(ServiceState::MajorOutage) => "major",
        None => "unknown",
    }
}

/// What a state is called.
pub(super) fn title(state: Option<ServiceState>) -> &'static str {
    state.map_or("Not known", ServiceState::title)
}

/// A state's sign and its words.
pub(super) fn labelled(state: Option<ServiceState>) -> Markup {
    html! { span.state.(class(state)) { (sign(state)) " " (title(state)) } }
}

/// A state's sign, in the colour of the text around it. Words stand beside it.
pub(super) fn sign(state: Option<ServiceState>) -> Markup {
    html! { svg.sign viewBox="0 0 20 20" aria-hidden="true" focusable="false" { (shape(state, "currentColor", "var(--paper)")) } }
}

fn shape(state: Option<ServiceState>, ink: &str, paper: &str) -> Markup {
    let stroke = "2.2";
    match state {
        Some(ServiceState::Operational) => html! {
            circle cx="10" cy="10" r="9" fill=(ink) {}
            path d="M5.8 10.4l2.8 2.8 5.6-6" fill="none" stroke=(paper) stroke-width=(stroke) stroke-linecap="round" stroke-linejoin="round" {}
        },
        Some(ServiceState::UnderMaintenance) => html! {
            rect x="1.5" y="1.5" width="17" height="17" rx="4.5" fill=(ink) {}
            path d="M10 5.6v4.8l3.2 2" fill="none" stroke=(paper) stroke-width=(stroke) stroke-linecap="round" stroke-linejoin="round" {}
        },
        Some(ServiceState::DegradedPerformance) => html! {
            path d="M10 .8l9.2 9.2-9.2 9.2L.8 10z" fill=(ink) stroke=(ink) stroke-linejoin="round" {}
            path d="M6.4 10h7.2" stroke=(paper) stroke-width=(stroke) stroke-linecap="round" {}
        },
        Some(ServiceState::PartialOutage) => html! {
            path d="M10 2l8.6 15.4H1.4z" fill=(ink) stroke=(ink) stroke-width="2" stroke-linejoin="round" {}
            path d="M10 7.6v4.2M10 14.8v.1" stroke=(paper) stroke-width=(stroke) stroke-linecap="round" {}
        },
        Some(ServiceState::MajorOutage) => html! {
            path d="M6.2 1h7.6L19 6.2v7.6L13.8 19H6.2L1 13.8V6.2z" fill=(ink) {}
            path d="M6.8 6.8l6.4 6.4M13.2 6.8l-6.4 6.4" stroke=(paper) stroke-width=(stroke) stroke-linecap="round" {}
        },
        None => html! {
            circle cx="10" cy="10" r="8.4" fill="none" stroke=(ink) stroke-width="1.8" stroke-dasharray="3.4 2.6" {}
            path d="M7.8 8.2a2.3 2.3 0 1 1 3.3 2c-.8.4-1.1.8-1.1 1.6M10 14.3v.1" fill="none" stroke=(ink) stroke-width="1.8" stroke-linecap="round" {}
        },
    }
}

/// A state's sign as the address of a picture, for the browser's tab.
pub(super) fn address(state: Option<ServiceState>) -> String {
    let ink = match state {
        Some(ServiceState::Operational) => "#2f9e65",
        Some(ServiceState::UnderMaintenance) => "#3b78d8",
        Some(ServiceState::DegradedPerformance) => "#c08400",
        Some(ServiceState::PartialOutage) => "#d9641a",
        Some(ServiceState::MajorOutage) => "#cf3340",
        None => "#808892",
    };
    let svg = html! { svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20" { (shape(state, ink, "#fff")) } };
    format!("data:image/svg+xml;base64,{}", BASE64_STANDARD.encode(svg.into_string()))
}
