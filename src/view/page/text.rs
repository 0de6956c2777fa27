//! The page in a terminal.

use std::fmt::Write as _;

use super::{Page, PageService, ServiceState, clean, icon, overall, when};
use crate::ground::rfc3339;
use crate::view::look::{Look, Style, paint};
use crate::view::run::short_time;
use crate::view::table::table;

/// How it is now, for people in a terminal.
pub fn page_text(look: Look, page: &Page) -> String {
    let overall = overall(page);
    let title = paint(look, Style::Heading, &clean::line(&page.title));
    let mut text = format!("{title} · {} · {} UTC\n", sentence(look, overall.state, overall.description), at(page));
    if !page.services.is_empty() {
        let rows = page.services.iter().map(|service| row(look, service));
        let _ = write!(text, "\n{}", table(look, &["Service", "State", "Available, 90 days"], rows));
    }
    for incident in page.open_incidents() {
        let (id, name) = (clean::line(&incident.id), clean::line(&incident.title));
        let _ = writeln!(text, "{id} · {} · {name}", incident.status.title());
    }
    for one in page.maintenances.iter().filter(|one| !one.status.is_over()) {
        let (id, name) = (clean::line(&one.id), clean::line(&one.title));
        let from = short_time(one.scheduled_for);
        let _ = writeln!(text, "{id} · {} · {name} · from {from} UTC", one.status.title());
    }
    text
}

fn at(page: &Page) -> String {
    let at = rfc3339(page.at);
    at.get(..16).map_or(at.clone(), |minute| minute.replace('T', " "))
}

fn row(look: Look, service: &PageService) -> Vec<String> {
    let uptime = match service.uptime {
        Some(uptime) if uptime.coverage < 0.995 => {
            format!("{} ({} known)", when::percent(uptime.share), when::known(uptime.coverage))
        }
        Some(uptime) => when::percent(uptime.share),
        None => "not known".to_owned(),
    };
    let state = sentence(look, service.state, icon::title(service.state));
    vec![clean::line(&service.title), state, uptime.replace('\u{a0}', " ")]
}

fn sentence(look: Look, state: Option<ServiceState>, words: &str) -> String {
    let style = match state {
        Some(ServiceState::Operational) => Style::Good,
        Some(ServiceState::UnderMaintenance | ServiceState::DegradedPerformance) => Style::Warn,
        Some(ServiceState::PartialOutage | ServiceState::MajorOutage) => Style::Bad,
        None => Style::Faint,
    };
    paint(look, style, words)
}
