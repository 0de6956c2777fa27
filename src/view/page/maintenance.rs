//! Planned work: on a page of its own, and as a card on others.

use maud::{Markup, html};

use super::shell::Shell;
use super::updates::{services, updates};
use super::{Page, PageMaintenance, ServiceState, Status, clean, icon, when};

/// Where its page lies.
pub(super) fn path(maintenance: &PageMaintenance) -> String {
    format!("maintenances/{}.html", clean::name(&maintenance.id))
}

/// Its page.
pub(super) fn maintenance(page: &Page, maintenance: &PageMaintenance) -> String {
    let title = clean::line(&maintenance.title);
    let content = html! {
        article {
            p.kicker { "Planned maintenance " bdi { (clean::line(&maintenance.id)) } }
            h1 { bdi { (title) } }
            (facts(page, maintenance))
            h2 { "Updates" }
            @if maintenance.updates.is_empty() { p.none { "No updates yet." } }
            (updates(&maintenance.updates))
        }
        p.back { a href="../index.html" { "Current status" } " · " a href="../history.html" { "History" } }
    };
    let path = path(maintenance);
    Shell { page, title: &title, root: "../", path: &path, state: Some(sign(maintenance)) }.around(&content)
}

/// Planned work that is not done, with all that was told of it.
pub(super) fn card(page: &Page, maintenance: &PageMaintenance) -> Markup {
    html! {
        article.card.planned {
            h3 { a href=(path(maintenance)) { bdi { (clean::line(&maintenance.title)) } } }
            (facts(page, maintenance))
            (updates(&maintenance.updates))
        }
    }
}

/// Planned work in a list of what is done.
pub(super) fn entry(page: &Page, maintenance: &PageMaintenance, heading: &Markup) -> Markup {
    html! {
        li.past {
            (heading)
            (facts(page, maintenance))
            @if let Some(last) = maintenance.updates.first() { (super::updates::body(&last.body)) }
        }
    }
}

fn sign(maintenance: &PageMaintenance) -> ServiceState {
    if maintenance.status == Status::Completed { ServiceState::Operational } else { ServiceState::UnderMaintenance }
}

fn facts(page: &Page, maintenance: &PageMaintenance) -> Markup {
    let state = Some(sign(maintenance));
    let (from, until) = (maintenance.scheduled_for, maintenance.scheduled_until);
    html! {
        p.facts {
            span.state.(icon::class(state)) { (icon::sign(state)) " " (maintenance.status.title()) }
            @if let Some(services) = services(page, &maintenance.services) { span { "Affects " (services) } }
            span { (when::stretch(from, until)) " " (when::took(from, until)) }
        }
    }
}
