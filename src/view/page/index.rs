//! The first page: how it is now, what is going on, and the last weeks.

use chrono::TimeDelta;
use maud::{Markup, html};

use super::shell::Shell;
use super::{
    Overall, Page, PageIncident, PageMaintenance, Status, clean, icon, incident, maintenance, overall, service, when,
};

/// For so long, what is over is told on the first page.
const RECENT: TimeDelta = TimeDelta::days(14);

pub(super) fn index(page: &Page) -> String {
    let overall = overall(page);
    let content = html! {
        (top(page, overall))
        (incidents(page))
        (maintenances(page))
        (services(page))
        (recent(page))
    };
    let shell = Shell { page, title: overall.description, root: "", path: "index.html", state: overall.state };
    shell.around(&content)
}

fn top(page: &Page, overall: Overall) -> Markup {
    html! {
        div.overall.(icon::class(overall.state)) {
            (icon::sign(overall.state))
            div {
                h1 { (overall.description) }
                p { "As of " (when::moment(page.at)) }
                @if page.services.iter().any(|service| service.state.is_none()) {
                    p { "The state of some services is not known right now." }
                }
            }
        }
    }
}

fn incidents(page: &Page) -> Markup {
    let open: Vec<&PageIncident> = page.open_incidents().collect();
    html! {
        @if !open.is_empty() {
            section aria-labelledby="incidents" {
                h2 id="incidents" { "Open incidents" }
                @for one in open { (incident::card(page, one)) }
            }
        }
    }
}

fn maintenances(page: &Page) -> Markup {
    let mut open: Vec<&PageMaintenance> =
        page.maintenances.iter().filter(|one| one.status != Status::Completed).collect();
    // What comes first stands first.
    open.sort_by_key(|one| one.scheduled_for);
    html! {
        @if !open.is_empty() {
            section aria-labelledby="maintenance" {
                h2 id="maintenance" { "Planned maintenance" }
                @for one in open { (maintenance::card(page, one)) }
            }
        }
    }
}

fn services(page: &Page) -> Markup {
    html! {
        section aria-labelledby="services" {
            h2 id="services" { "Services" }
            @if page.services.is_empty() { p.none { "No services yet." } }
            @else {
                ul.services { @for one in &page.services { (service::row(page, one)) } }
                @if page.services.iter().any(|one| !one.days.is_empty()) { (service::legend()) }
            }
        }
    }
}

fn recent(page: &Page) -> Markup {
    let is_recent = |one: &&PageIncident| one.status.is_over() && page.at - one.updated_at() <= RECENT;
    let recent: Vec<&PageIncident> = page.incidents.iter().filter(is_recent).collect();
    html! {
        section aria-labelledby="recent" {
            h2 id="recent" { "Past two weeks" }
            @if recent.is_empty() { p.none { "No incidents were resolved." } }
            @else {
                ul.list {
                    @for one in recent {
                        @let heading = html! { h3 { a href=(incident::path(one)) { bdi { (clean::line(&one.title)) } } } };
                        (incident::entry(page, one, &heading))
                    }
                }
            }
            p.back { a href="history.html" { "Full history" } }
        }
    }
}
