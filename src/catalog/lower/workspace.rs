//! `opsctl.yaml` and the files it includes, gathered into one [`Settings`].

use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::maintenance::windows;
use super::{alert, channel, probe};
use crate::catalog::model::{Service, Settings};
use crate::catalog::problem::{Problem, Trail};
use crate::catalog::raw::{RawService, RawWorkspace};

/// Whether a text can be an id: letters, digits, `-` and `_`, beginning with a letter or digit.
pub fn is_name(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric) && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
}

/// Adds what one file says to what the files before it said.
pub fn add_settings(settings: &mut Settings, raw: RawWorkspace) -> Vec<Problem> {
    let mut problems = Vec::new();
    let root = Trail::ROOT;
    if raw.title.is_some() {
        settings.title = raw.title;
    }
    if let Some(incident) = raw.incident {
        settings.incident = incident;
    }
    if let Some(page) = raw.status_page {
        settings.status_page = page;
    }
    let services = root.key("services");
    for (id, service) in raw.services {
        add_service(settings, id, service, &services, &mut problems);
    }
    if let Some(raw) = raw.retention {
        settings.retention = alert::retention(&raw, &root.key("retention"), &mut problems);
    }
    if let Some(raw) = raw.connectivity {
        settings.connectivity = Some(alert::connectivity(raw, &root.key("connectivity"), &mut problems));
    }
    let channels = lowered(raw.channels, "channels", |id, raw, at| Some(channel::channel(id, raw, at, &mut problems)));
    let alerts = lowered(raw.alerts, "alerts", |id, raw, at| alert::alert(id, raw, at, &mut problems));
    add(&mut settings.severities, raw.severities, "severities", &mut problems);
    add(&mut settings.channels, channels, "channels", &mut problems);
    add(&mut settings.alerts, alerts, "alerts", &mut problems);
    add(&mut settings.escalation, raw.escalation, "escalation", &mut problems);
    add(&mut settings.objectives, raw.objectives, "objectives", &mut problems);
    add(&mut settings.dashboards, raw.dashboards, "dashboards", &mut problems);
    problems
}

fn lowered<R, T>(
    raw: IndexMap<String, R>,
    section: &str,
    mut lower: impl FnMut(&str, R, &Trail<'_>) -> Option<T>,
) -> IndexMap<String, T> {
    let at = Trail::ROOT.key(section);
    let one = |(id, raw): (String, R)| lower(&id, raw, &at.key(&id)).map(|value| (id.clone(), value));
    raw.into_iter().filter_map(one).collect()
}

fn add<T>(all: &mut IndexMap<String, T>, more: IndexMap<String, T>, section: &str, problems: &mut Vec<Problem>) {
    let at = Trail::ROOT.key(section);
    for (id, value) in more {
        let here = at.key(&id);
        name(&id, &here, problems);
        match all.entry(id.clone()) {
            Entry::Vacant(free) => {
                free.insert(value);
            }
            Entry::Occupied(_) => problems.push(twice(&id, section, &here)),
        }
    }
}

fn add_service(settings: &mut Settings, id: String, raw: RawService, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let here = at.key(&id);
    name(&id, &here, problems);
    let planned = windows(raw.maintenance, &here.key("maintenance"), problems);
    let probes = here.key("probes");
    for (probe_id, raw) in raw.probes {
        let at = probes.key(&probe_id);
        name(&probe_id, &at, problems);
        let Some(probe) = probe::probe(&probe_id, &id, raw, &planned, &at, problems) else { continue };
        if let Some(other) = settings.probes.get(&probe_id) {
            let message = format!("the service `{}` has a probe `{probe_id}`, too", other.service);
            let problem = Problem::error("duplicate-id", &at, message).on_key();
            problems.push(problem.suggest("steps name probes by id: give this one another"));
        } else {
            settings.probes.insert(probe_id, Arc::new(probe));
        }
    }
    if settings.services.contains_key(&id) {
        problems.push(twice(&id, "services", &here));
    } else {
        let service = Service { id: id.clone(), title: raw.title, summary: raw.summary, owner: raw.owner };
        settings.services.insert(id, service);
    }
}

fn name(id: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    if !is_name(id) {
        let message = format!("`{id}` cannot be an id; letters, digits, `-` and `_` can");
        problems.push(Problem::error("invalid-id", at, message).on_key());
    }
}

fn twice(id: &str, section: &str, at: &Trail<'_>) -> Problem {
    let message = format!("`{id}` stands in the `{section}` of another settings file, too");
    Problem::error("duplicate-id", at, message).on_key().suggest("keep one of them")
}
