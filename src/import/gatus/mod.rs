//! A configuration of Gatus in, our settings out: endpoints become probes, groups become services.

mod address;
mod alert;
mod client;
mod condition;
mod endpoint;
mod maintenance;
mod target;

use indexmap::IndexMap;

use super::names::Names;
use super::notes::Notes;
use super::read::read;
use super::section::{Section, Value};
use super::yaml::Yaml;
use super::{ImportError, Imported};
use crate::catalog::files::SIZE_LIMIT;

use address::place;
use alert::Alerts;
use endpoint::Draft;

/// The service of endpoints without a group.
const NO_GROUP: &str = "Endpoints";

/// What is about Gatus and not about what it looks at.
const OF_GATUS: [&str; 12] = [
    "storage",
    "web",
    "ui",
    "security",
    "metrics",
    "debug",
    "remote",
    "announcements",
    "tunneling",
    "concurrency",
    "disable-monitoring-lock",
    "skip-invalid-config-update",
];

/// The most values that a file of settings may have.
const MOST_VALUES: usize = 100_000;

const HEAD: &str = "# Made from a Gatus configuration. Conditions keep the meaning they have there: `compat: gatus`.\n";

/// Turns a configuration of Gatus into settings, and lists what cannot be taken over.
pub fn gatus(text: &str) -> Result<Imported, ImportError> {
    let mut top = top(read(text)?)?;
    let mut notes = Notes::default();
    let mut import = Import { alerts: Alerts::new(&mut top, &mut notes), ..Import::default() };
    let connectivity = connectivity(&mut top, &mut notes);
    let maintenance = maintenance(&mut top, &mut notes);
    let endpoints = top.sections("endpoints", &mut notes).into_iter().map(|section| (false, section.rooted()));
    let external = top.sections("external-endpoints", &mut notes).into_iter().map(|section| (true, section.rooted()));
    for (path, _) in top.list("suites", &mut notes) {
        notes.leave(path, "requests that build on each other cannot be made");
    }
    for key in OF_GATUS {
        top.leave(key, "a setting of Gatus itself, not about probes", &mut notes);
    }
    for key in top.keys() {
        notes.leave(key, "not known to Gatus either; what an anchor takes from it is where it is named");
    }
    import.endpoints(endpoints.chain(external).collect(), &mut notes);
    Ok(import.written(maintenance.as_ref(), connectivity, notes))
}

/// The top of the document, when there is something in it that can be taken over.
fn top(value: Value) -> Result<Section, ImportError> {
    let fields = match value {
        Value::Map(fields) => fields,
        Value::Nothing => return Err(ImportError::whole("this file says nothing", "is it the right file?")),
        _ => return Err(ImportError::whole("this is no configuration of Gatus", "it is a map with `endpoints:`")),
    };
    let top = Section::new(fields, "");
    if ["endpoints", "external-endpoints", "suites"].iter().any(|key| top.has(key)) {
        return Ok(top);
    }
    let suggestion = if top.has("services") {
        "older versions called them `services`: rename that to `endpoints`"
    } else {
        "a configuration of Gatus has `endpoints:`; is it the right file?"
    };
    Err(ImportError::whole("this file has no endpoints", suggestion))
}

/// What is known so far.
#[derive(Debug, Default)]
struct Import {
    alerts: Alerts,
    names: Names,
    services: IndexMap<String, Service>,
    probes: usize,
}

/// A group on its way to a service.
#[derive(Debug)]
struct Service {
    id: String,
    probes: Vec<(String, Yaml)>,
}

impl Import {
    /// Takes endpoints, each with whether it says itself how it is.
    fn endpoints(&mut self, sections: Vec<(bool, Section)>, notes: &mut Notes) {
        // All services first: no probe takes the id of one away.
        for (_, section) in &sections {
            self.service(section.written("group").unwrap_or_default().trim());
        }
        for (external, mut section) in sections {
            let make = if external { endpoint::external } else { endpoint::endpoint };
            if let Some(draft) = make(&mut section, notes) {
                let id = self.add(draft);
                self.alerts.add(&mut section, &id, notes);
                endpoint::rest(section, external, notes);
            }
            notes.endpoint = None;
        }
    }

    fn service(&mut self, group: &str) -> &mut Service {
        let names = &mut self.names;
        let title = if group.is_empty() { NO_GROUP } else { group };
        let new = || Service { id: names.give(&[title], "group"), probes: Vec::new() };
        self.services.entry(group.to_owned()).or_insert_with(new)
    }

    fn add(&mut self, draft: Draft) -> String {
        let both = format!("{} {}", draft.group, draft.name);
        let id = self.names.give(&[&draft.name, &both], "endpoint");
        self.service(&draft.group).probes.push((id.clone(), draft.probe));
        self.probes += 1;
        id
    }

    fn written(self, maintenance: Option<&Yaml>, connectivity: Option<Yaml>, mut notes: Notes) -> Imported {
        let services = self.services.into_iter().filter(|(_, service)| !service.probes.is_empty());
        let services = services.map(|(group, Service { id, probes })| {
            let title = if group.is_empty() { NO_GROUP.to_owned() } else { group };
            let service = Yaml::map([
                ("title", Some(Yaml::Text(title))),
                ("maintenance", maintenance.cloned()),
                ("probes", Some(Yaml::Map(probes))),
            ]);
            (id, service)
        });
        let services = Yaml::Map(services.collect());
        let parts = [("services", Some(services)), ("alerts", self.alerts.yaml()), ("connectivity", connectivity)];
        let parts: Vec<Yaml> = parts.map(|part| Yaml::map([part])).into_iter().filter_map(Yaml::filled).collect();
        let texts: Vec<String> = parts.iter().map(Yaml::document).collect();
        let yaml = format!("{HEAD}{}", texts.join("\n"));
        let values: usize = parts.iter().map(Yaml::size).sum();
        if yaml.len() as u64 > SIZE_LIMIT || values > MOST_VALUES {
            let what = format!("the result, {} bytes and {values} values", yaml.len());
            notes.leave(what, "too much for one file of settings: split it, and name the parts under `include:`");
        }
        Imported { yaml, left_out: notes.left_out, probes: self.probes }
    }
}

fn connectivity(top: &mut Section, notes: &mut Notes) -> Option<Yaml> {
    let mut connectivity = top.section("connectivity", notes)?;
    let checker = connectivity.section("checker", notes);
    connectivity.rest(&["checker"], notes);
    let mut checker = checker?;
    checker.leave("interval", "the network is looked at when something cannot be reached", notes);
    let at = checker.at("target");
    let target = checker.text("target", notes);
    checker.rest(&["target", "interval"], notes);
    let target = target?;
    if let Err(why) = place(&target, true) {
        notes.leave(at, why);
        return None;
    }
    Some(Yaml::map([("targets", Some(Yaml::List(vec![Yaml::Text(target)]))), ("timeout", Some(Yaml::word("5s")))]))
}

/// The window of the whole configuration, for every service.
fn maintenance(top: &mut Section, notes: &mut Notes) -> Option<Yaml> {
    let window = top.section("maintenance", notes)?;
    Some(Yaml::List(vec![maintenance::window(window, notes)?]))
}
