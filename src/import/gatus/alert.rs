//! Alerts: rules without channels, one for all endpoints that have the same.

use indexmap::IndexMap;

use crate::import::names::Names;
use crate::import::notes::Notes;
use crate::import::phrase::Phrase;
use crate::import::section::Section;
use crate::import::yaml::Yaml;

const FAILURES: u32 = 3;
const SUCCESSES: u32 = 2;
const TITLE: &str = "Endpoint is down";

const KNOWN: [&str; 8] = [
    "type",
    "enabled",
    "failure-threshold",
    "success-threshold",
    "send-on-resolved",
    "minimum-reminder-interval",
    "description",
    "provider-override",
];

/// What is written of an alert.
#[derive(Debug, Clone, Default)]
struct Draft {
    enabled: Option<bool>,
    failures: Option<u32>,
    successes: Option<u32>,
    description: Option<String>,
}

impl Draft {
    fn of(alert: &mut Section, notes: &mut Notes) -> Self {
        let told = alert.at("send-on-resolved");
        if alert.flag("send-on-resolved", notes) == Some(false) {
            notes.leave(told, "whoever is told of an alert is told of its end, too");
        }
        alert.leave("minimum-reminder-interval", "nobody is reminded: an alert is told once, and its end once", notes);
        alert.leave("provider-override", "the provider is not taken over", notes);
        Self {
            enabled: alert.flag("enabled", notes),
            failures: alert.count("failure-threshold", notes),
            successes: alert.count("success-threshold", notes),
            description: description(alert, notes),
        }
    }

    fn or(self, usual: Option<&Self>) -> Self {
        let Some(usual) = usual else { return self };
        Self {
            enabled: self.enabled.or(usual.enabled),
            failures: self.failures.or(usual.failures),
            successes: self.successes.or(usual.successes),
            description: self.description.or_else(|| usual.description.clone()),
        }
    }

    fn rule(self) -> Rule {
        Rule {
            title: self.description.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| TITLE.to_owned()),
            observations: self.failures.unwrap_or(FAILURES),
            resolve_after: self.successes.unwrap_or(SUCCESSES),
        }
    }
}

fn description(alert: &mut Section, notes: &mut Notes) -> Option<String> {
    let at = alert.at("description");
    let phrase: Phrase = alert.phrase("description", notes)?;
    let text = phrase.text();
    if phrase.has_variables() || text.contains("[BODY]") {
        notes.leave(at, "nothing is filled in here: it stands in the title as it is written");
    }
    Some(text)
}

/// What endpoints share when they have the same alert.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Rule {
    title: String,
    observations: u32,
    resolve_after: u32,
}

/// All alerts of a configuration.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    usual: IndexMap<String, Draft>,
    rules: IndexMap<Rule, Vec<String>>,
}

impl Alerts {
    /// Takes `alerting`: of the providers only their default alerts.
    pub fn new(top: &mut Section, notes: &mut Notes) -> Self {
        let mut alerts = Self::default();
        let Some(mut alerting) = top.section("alerting", notes) else { return alerts };
        for provider in alerting.keys() {
            let at = alerting.at(&provider);
            notes.leave(&at, "who is told is not taken over: declare `channels:` and name them in the alerts");
            let Some(mut section) = alerting.section(&provider, notes) else { continue };
            if let Some(mut default) = section.section("default-alert", notes) {
                alerts.usual.insert(provider, Draft::of(&mut default, notes));
                default.rest(&KNOWN, notes);
            }
        }
        alerts
    }

    /// Takes the alerts of an endpoint, which became the probe `id`.
    pub fn add(&mut self, endpoint: &mut Section, id: &str, notes: &mut Notes) {
        for mut alert in endpoint.sections("alerts", notes) {
            let path = alert.path().to_owned();
            let at = alert.at("type");
            let provider = alert.text("type", notes);
            let usual = provider.as_ref().and_then(|provider| self.usual.get(provider)).cloned();
            let draft = Draft::of(&mut alert, notes).or(usual.as_ref());
            alert.rest(&KNOWN, notes);
            if draft.enabled == Some(false) {
                notes.leave(path, "it is switched off");
                continue;
            }
            if provider.is_some() {
                notes.leave(at, "the alert tells nobody yet: name its `channels`");
            }
            let probes = self.rules.entry(draft.rule()).or_default();
            if probes.last().is_none_or(|last| last != id) {
                probes.push(id.to_owned());
            }
        }
    }

    /// The rules by id.
    pub fn yaml(self) -> Option<Yaml> {
        let mut names = Names::default();
        let rules = self.rules.into_iter().map(|(rule, probes)| {
            let id = names.give(&[&rule.title], "down");
            let rule = Yaml::map([
                ("title", Some(Yaml::Text(rule.title))),
                ("probes", Some(Yaml::List(probes.into_iter().map(Yaml::Text).collect()))),
                ("state", Some(Yaml::word("down"))),
                ("observations", Some(Yaml::word(rule.observations))),
                ("resolve_after", Some(Yaml::word(rule.resolve_after))),
            ]);
            (id, rule)
        });
        Yaml::Map(rules.collect()).filled()
    }
}
