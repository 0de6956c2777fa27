//! A service and its last 90 days: as bars, and as a table that says the same.

use maud::{Markup, html};

use super::{DAYS, Page, PageDay, PageService, ServiceState, Uptime, clean, icon, incident, when};

/// The width of a day among the bars, and how much of it the bar takes.
const STEP: usize = 8;
const BAR: usize = 5;
/// How high the bars are at most.
const HEIGHT: usize = 40;

/// A service as a part of a list.
pub(super) fn row(page: &Page, service: &PageService) -> Markup {
    let title = clean::line(&service.title);
    let summary = service.summary.as_deref().map(clean::line).filter(|summary| !summary.is_empty());
    html! {
        li.service {
            div.head {
                h3 { bdi { (title) } }
                p { (icon::labelled(service.state)) }
            }
            @if let Some(summary) = summary { p.summary dir="auto" { (summary) } }
            @if !service.days.is_empty() {
                (bars(&title, service))
                (scale(service))
                (table(page, &title, &service.days))
            }
        }
    }
}

/// What the bars mean.
pub(super) fn legend() -> Markup {
    let states = ServiceState::ALL.iter().map(|state| Some(*state)).chain([None]);
    html! {
        ul.legend aria-label="What the bars mean" {
            @for state in states {
                li {
                    svg viewBox=(format!("0 0 {BAR} {HEIGHT}")) aria-hidden="true" focusable="false" { (bar(0, state, None)) }
                    (icon::title(state))
                }
            }
        }
    }
}

fn bars(title: &str, service: &PageService) -> Markup {
    let width = service.days.len() * STEP - (STEP - BAR);
    html! {
        svg.bars role="img" viewBox=(format!("0 0 {width} {HEIGHT}")) preserveAspectRatio="none"
            aria-label=(spoken(title, service)) {
            @for (place, day) in service.days.iter().enumerate() {
                (bar(place * STEP, day.worst, Some(&told(day))))
            }
        }
    }
}

/// A bar: the worse, the higher; what is not known is a dot.
fn bar(x: usize, state: Option<ServiceState>, title: Option<&str>) -> Markup {
    let height = match state {
        None => 5,
        Some(ServiceState::Operational) => 22,
        Some(ServiceState::UnderMaintenance) => 13,
        Some(ServiceState::DegradedPerformance) => 28,
        Some(ServiceState::PartialOutage) => 34,
        Some(ServiceState::MajorOutage) => HEIGHT,
    };
    html! {
        rect.(icon::class(state)) x=(x) y=(HEIGHT - height) width=(BAR) height=(height) rx="1" {
            @if let Some(title) = title { title { (title) } }
        }
    }
}

/// Short, for there are many: that it was as it should be is not said.
fn told(day: &PageDay) -> String {
    let state = icon::title(day.worst).to_ascii_lowercase();
    let date = when::day(day.date);
    match (day.availability, day.worst) {
        (Some(share), Some(ServiceState::Operational)) => format!("{date}: {}", when::percent(share)),
        (Some(share), _) => format!("{date}: {}, {state}", when::percent(share)),
        (None, _) => format!("{date}: {state}"),
    }
}

fn spoken(title: &str, service: &PageService) -> String {
    let count = |is: fn(&PageDay) -> bool| service.days.iter().filter(|day| is(day)).count();
    let trouble = count(|day| day.worst.is_some_and(|worst| worst > ServiceState::UnderMaintenance));
    let unknown = count(|day| day.worst.is_none());
    let uptime = service.uptime.map_or_else(|| "availability not known".to_owned(), |uptime| available(&uptime));
    let days = service.days.len();
    format!("{title}, the last {days} days: {uptime}; days with trouble: {trouble}; days not known: {unknown}")
}

fn available(uptime: &Uptime) -> String {
    let coverage = if uptime.coverage < 0.995 {
        format!(" ({} of the time is known)", when::known(uptime.coverage))
    } else {
        String::new()
    };
    format!("{} available{coverage}", when::percent(uptime.share))
}

fn scale(service: &PageService) -> Markup {
    html! {
        p.scale {
            span { (service.days.len().max(1) - 1) " days ago" }
            span { @match &service.uptime { Some(uptime) => { (available(uptime)) } None => { "Availability not known" } } }
            span { "Today" }
        }
    }
}

/// Days in a row that say the same.
struct Stretch<'a> {
    first: &'a PageDay,
    last: &'a PageDay,
}

fn table(page: &Page, title: &str, days: &[PageDay]) -> Markup {
    html! {
        details {
            summary { "Day by day" span.unseen { " for " (title) } }
            div.scroll role="group" tabindex="0" aria-label=(format!("{title}, day by day")) {
                table {
                    caption.unseen { (title) ", the last " (DAYS) " days, the newest first" }
                    thead { tr { th scope="col" { "Days" } th scope="col" { "Available" } th scope="col" { "State" } th scope="col" { "Incidents" } } }
                    tbody { @for stretch in stretches(days) { (stretch_row(page, &stretch)) } }
                }
            }
        }
    }
}

fn stretch_row(page: &Page, stretch: &Stretch<'_>) -> Markup {
    let Stretch { first, last } = stretch;
    let incidents: Vec<_> = page.incidents.iter().filter(|one| first.incidents.contains(&one.id)).collect();
    html! {
        tr {
            th scope="row" {
                @if first.date != last.date { time datetime=(first.date) { (when::day(first.date)) } " – " }
                time datetime=(last.date) { (when::day(last.date)) }
            }
            td { @match first.availability { Some(share) => { (when::percent(share)) } None => { "Not known" } } }
            td { (icon::title(first.worst)) }
            td {
                @for (place, one) in incidents.iter().enumerate() {
                    @if place > 0 { ", " }
                    a href=(incident::path(one)) { bdi { (clean::line(&one.title)) } }
                }
            }
        }
    }
}

/// The newest first.
fn stretches(days: &[PageDay]) -> Vec<Stretch<'_>> {
    let mut stretches: Vec<Stretch<'_>> = Vec::new();
    for day in days.iter().rev() {
        match stretches.last_mut() {
            Some(stretch) if is_alike(stretch.first, day) => stretch.first = day,
            _ => stretches.push(Stretch { first: day, last: day }),
        }
    }
    stretches
}

fn is_alike(one: &PageDay, other: &PageDay) -> bool {
    let shown = |day: &PageDay| day.availability.map(when::percent);
    shown(one) == shown(other) && one.worst == other.worst && one.incidents == other.incidents
}
