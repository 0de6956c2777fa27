//! `opsctl.yaml` and the files it includes, gathered into one [`Settings`].

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::step::command;
use crate::catalog::model::{Channel, Probe, ProbeTarget, Service, Settings};
use crate::catalog::problem::{Problem, Trail};
use crate::catalog::raw::{RawHttp, RawProbe, RawService, RawWorkspace};
use crate::ground::Span;

const PROBE_TIMEOUT: Span = Span::seconds(10);

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
    if let Some(process) = raw.incident.and_then(|incident| incident.process) {
        settings.incident_process = Some(process);
    }
    let services = root.key("services");
    for (id, service) in raw.services {
        add_service(settings, id, service, &services, &mut problems);
    }
    let channel = |(id, raw): (String, crate::catalog::raw::RawChannel)| {
        (id.clone(), Channel { id, title: raw.title, audience: raw.audience })
    };
    add(&mut settings.severities, raw.severities, "severities", &mut problems);
    add(&mut settings.channels, raw.channels.into_iter().map(channel).collect(), "channels", &mut problems);
    add(&mut settings.escalation, raw.escalation, "escalation", &mut problems);
    add(&mut settings.objectives, raw.objectives, "objectives", &mut problems);
    add(&mut settings.dashboards, raw.dashboards, "dashboards", &mut problems);
    problems
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
    let probes = here.key("probes");
    for (probe_id, raw) in raw.probes {
        let at = probes.key(&probe_id);
        name(&probe_id, &at, problems);
        let Some(probe) = probe(&probe_id, &id, raw, &at, problems) else { continue };
        if let Some(other) = settings.probes.get(&probe_id) {
            let message = format!("the service `{}` has a probe `{probe_id}`, too", other.service);
            let problem = Problem::error("duplicate-id", &at, message).on_key();
            problems.push(problem.suggest("steps name probes by id: give this one another"));
        } else {
            settings.probes.insert(probe_id, probe);
        }
    }
    if settings.services.contains_key(&id) {
        problems.push(twice(&id, "services", &here));
    } else {
        let service = Service { id: id.clone(), title: raw.title, summary: raw.summary, owner: raw.owner };
        settings.services.insert(id, service);
    }
}

fn probe(id: &str, service: &str, raw: RawProbe, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<Probe> {
    let target = match (raw.http, raw.command) {
        (Some(http), None) => http_target(http),
        (None, Some(run)) => ProbeTarget::Command(command(run)),
        (None, None) => {
            let problem = Problem::error("no-check", at, format!("the probe `{id}` looks at nothing"));
            problems.push(problem.on_key().suggest("give it `http:` with an address or `command:`"));
            return None;
        }
        (Some(_), Some(_)) => {
            let problem = Problem::error("two-kinds", &at.key("command"), "a probe has `http` or `command`, not both");
            problems.push(problem.on_key().suggest("split it into two probes"));
            return None;
        }
    };
    Some(Probe {
        id: id.to_owned(),
        title: raw.title.unwrap_or_else(|| id.to_owned()),
        service: service.to_owned(),
        target,
        conditions: raw.conditions,
        timeout: raw.timeout.unwrap_or(PROBE_TIMEOUT),
        tags: raw.tags,
    })
}

fn http_target(raw: RawHttp) -> ProbeTarget {
    match raw {
        RawHttp::Url(url) => ProbeTarget::Http { url, method: "GET".to_owned(), headers: IndexMap::new(), body: None },
        RawHttp::Full(request) => ProbeTarget::Http {
            url: request.url,
            method: request.method.map_or_else(|| "GET".to_owned(), |method| method.to_ascii_uppercase()),
            headers: request.headers,
            body: request.body,
        },
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
