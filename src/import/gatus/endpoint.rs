//! One endpoint in, one probe out.

use crate::ground::Span;
use crate::import::notes::Notes;
use crate::import::section::Section;
use crate::import::yaml::Yaml;

use super::client::Client;
use super::condition::conditions;
use super::maintenance::window;
use super::target::target;

const SHORTEST_INTERVAL: Span = Span::seconds(1);

const KNOWN: [&str; 17] = [
    "enabled",
    "name",
    "group",
    "url",
    "method",
    "conditions",
    "interval",
    "graphql",
    "body",
    "headers",
    "dns",
    "ssh",
    "alerts",
    "maintenance-windows",
    "client",
    "ui",
    "extra-labels",
];

const KNOWN_OUTSIDE: [&str; 7] = ["enabled", "name", "group", "token", "alerts", "maintenance-windows", "heartbeat"];

/// What an endpoint became; its alerts are still in the section it came from.
#[derive(Debug)]
pub(super) struct Draft {
    /// The group; empty when there is none.
    pub group: String,
    /// The name people gave it.
    pub name: String,
    /// The probe.
    pub probe: Yaml,
}

/// Makes a probe of an endpoint that is looked at.
pub(super) fn endpoint(endpoint: &mut Section, notes: &mut Notes) -> Option<Draft> {
    let (group, name) = names(endpoint, notes);
    put_names(endpoint, &group, &name);
    let mut client = Client::of(endpoint, notes);
    let (kind, target) = target(endpoint, &mut client, notes)?;
    let conditions = Yaml::List(conditions(endpoint, notes));
    endpoint.leave("ui", "how it is shown is not about probes", notes);
    for key in ["store", "always-run"] {
        endpoint.leave(key, "it has a meaning in suites only", notes);
    }
    endpoint.leave("extra-labels", "metrics have no labels of one's own", notes);
    let probe = Yaml::map([
        ("title", Some(Yaml::text(&name))),
        (kind, Some(target)),
        ("conditions", conditions.filled()),
        ("compat", Some(Yaml::word("gatus"))),
        ("client", client.fields),
        ("timeout", client.timeout.map(Yaml::word)),
        ("interval", interval(endpoint, notes).map(Yaml::word)),
        ("maintenance", maintenance(endpoint, notes)),
        ("enabled", disabled(endpoint, notes)),
    ]);
    Some(Draft { group, name, probe })
}

/// Makes a probe of an endpoint that says itself how it is.
pub(super) fn external(endpoint: &mut Section, notes: &mut Notes) -> Option<Draft> {
    let (group, name) = names(endpoint, notes);
    endpoint.leave("token", "heartbeats come in by `opsctl watch --listen`, which has a token of its own", notes);
    let at = endpoint.at("heartbeat.interval");
    let mut heartbeat = endpoint.section("heartbeat", notes).unwrap_or_default();
    let every = heartbeat.span("interval", notes).filter(|every| !every.is_zero());
    heartbeat.rest(&["interval"], notes);
    let Some(every) = every else {
        notes.leave(at, "without it nobody knows when a heartbeat is missing: the whole endpoint is left out");
        return None;
    };
    let probe = Yaml::map([
        ("title", Some(Yaml::text(&name))),
        ("push", Some(Yaml::word(every))),
        ("compat", Some(Yaml::word("gatus"))),
        ("maintenance", maintenance(endpoint, notes)),
        ("enabled", disabled(endpoint, notes)),
    ]);
    Some(Draft { group, name, probe })
}

/// Leaves out what is still there of an endpoint.
pub(super) fn rest(endpoint: Section, is_external: bool, notes: &mut Notes) {
    endpoint.rest(if is_external { &KNOWN_OUTSIDE } else { &KNOWN }, notes);
}

/// The group and the name; everything that is left out from here on is that endpoint's.
fn names(endpoint: &mut Section, notes: &mut Notes) -> (String, String) {
    let [group, name] = ["group", "name"].map(|key| endpoint.written(key).unwrap_or_default().trim().to_owned());
    let known = if name.is_empty() { endpoint.written("url").unwrap_or("endpoint").trim().to_owned() } else { name };
    notes.endpoint = Some(if group.is_empty() { known.clone() } else { format!("{group}/{known}") });
    let mut title = |key: &str, otherwise: &str| {
        let at = endpoint.at(key);
        let Some(phrase) = endpoint.phrase(key, notes) else { return otherwise.to_owned() };
        if phrase.has_variables() {
            notes.leave(at, "no variable is filled in here: it stands as it is written");
        }
        phrase.text().trim().to_owned()
    };
    let group = title("group", "");
    let name = title("name", &known);
    (group, if name.is_empty() { known } else { name })
}

/// Puts into the body what Gatus would put there.
fn put_names(endpoint: &mut Section, group: &str, name: &str) {
    let Some(body) = endpoint.written("body").filter(|body| body.contains("[ENDPOINT_")) else { return };
    let url = endpoint.written("url").unwrap_or_default();
    let plain = |text: &str| text.replace('$', "$$");
    let body = body
        .replace("[ENDPOINT_NAME]", &plain(name))
        .replace("[ENDPOINT_GROUP]", &plain(group))
        .replace("[ENDPOINT_URL]", url);
    endpoint.put("body", body);
}

fn interval(endpoint: &mut Section, notes: &mut Notes) -> Option<Span> {
    let at = endpoint.at("interval");
    let interval = endpoint.span("interval", notes).filter(|interval| !interval.is_zero())?;
    if interval < SHORTEST_INTERVAL {
        notes.leave(at, "a second is the shortest interval");
    }
    Some(interval.max(SHORTEST_INTERVAL))
}

fn maintenance(endpoint: &mut Section, notes: &mut Notes) -> Option<Yaml> {
    let windows = endpoint.sections("maintenance-windows", notes);
    Yaml::List(windows.into_iter().filter_map(|one| window(one, notes)).collect()).filled()
}

fn disabled(endpoint: &mut Section, notes: &mut Notes) -> Option<Yaml> {
    endpoint.flag("enabled", notes).filter(|enabled| !enabled).map(Yaml::word)
}
