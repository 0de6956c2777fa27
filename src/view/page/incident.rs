//! An incident: on a page of its own, and as a card on others.

use maud::{Markup, html};

use super::shell::Shell;
use super::updates::{services, updates};
use super::{Impact, Page, PageIncident, ServiceState, Status, clean, icon, when};

/// Where its page lies.
pub(super) fn path(incident: &PageIncident) -> String {
    format!("incidents/{}.html", clean::name(&incident.id))
}

/// Its page.
pub(super) fn incident(page: &Page, incident: &PageIncident) -> String {
    let title = clean::line(&incident.title);
    let content = html! {
        article {
            p.kicker { "Incident " bdi { (clean::line(&incident.id)) } }
            h1 { bdi { (title) } }
            (facts(page, incident))
            h2 { "Updates" }
            @if incident.updates.is_empty() { p.none { "No updates yet." } }
            (updates(&incident.updates))
        }
        p.back { a href="../index.html" { "Current status" } " · " a href="../history.html" { "History" } }
    };
    let path = path(incident);
    Shell { page, title: &title, root: "../", path: &path, state: Some(sign(incident)) }.around(&content)
}

/// An incident that is not over, with all that was told of it.
pub(super) fn card(page: &Page, incident: &PageIncident) -> Markup {
    html! {
        article.card.(icon::class(Some(sign(incident)))) {
            h3 { a href=(path(incident)) { bdi { (clean::line(&incident.title)) } } }
            (facts(page, incident))
            (updates(&incident.updates))
        }
    }
}

/// An incident in a list of past ones.
pub(super) fn entry(page: &Page, incident: &PageIncident, heading: &Markup) -> Markup {
    html! {
        li.past {
            (heading)
            (facts(page, incident))
            @if let Some(last) = incident.updates.first() { (super::updates::body(&last.body)) }
        }
    }
}

/// The sign of an incident: that of its impact, until it is over.
fn sign(incident: &PageIncident) -> ServiceState {
    if incident.status.is_over() { ServiceState::Operational } else { felt(incident.impact) }
}

fn felt(impact: Impact) -> ServiceState {
    // What is told although nobody feels it is still not as it should be.
    impact.state().max(ServiceState::DegradedPerformance)
}

fn facts(page: &Page, incident: &PageIncident) -> Markup {
    let state = Some(sign(incident));
    html! {
        p.facts {
            span.state.(icon::class(state)) { (icon::sign(state)) " " (incident.status.title()) }
            span { (impact(incident.impact)) }
            @if let Some(services) = services(page, &incident.services) { span { "Affects " (services) } }
            span { (duration(page, incident)) }
        }
    }
}

fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::None => "No impact",
        Impact::Minor => "Minor impact",
        Impact::Major => "Major impact",
        Impact::Critical => "Critical impact",
    }
}

fn duration(page: &Page, incident: &PageIncident) -> Markup {
    let began = incident.started_at;
    match incident.resolved_at {
        Some(end) => html! { (when::stretch(began, end)) " " (when::took(began, end)) },
        None if incident.status == Status::Resolved => html! { "Since " (when::moment(began)) },
        None => html! { "Since " (when::moment(began)) " " (when::took(began, page.at)) },
    }
}
