//! Everything about one probe, in words.

use std::fmt::Write as _;

use chrono::Weekday;
use indexmap::IndexMap;
use serde::Serialize;

use super::details::{client, target};
use super::list::{ProbeView, probe_view};
use super::words::{figure, labelled, style, took, word};
use crate::catalog::model::{AlertRule, AlertState, AlertWhen, MaintenanceWindow, Probe, Settings};
use crate::condition::Compat;
use crate::ground::{Span, Time, optional_time_format, plain_line};
use crate::monitor::{Sample, State};
use crate::probe::usual;
use crate::view::count::counted;
use crate::view::look::{Look, Style, paint};
use crate::view::run::short_time;

/// Everything about one probe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProbeDetailView {
    /// The probe, as the list has it.
    #[serde(flatten)]
    pub probe: ProbeView,
    /// What else is written of how it looks, by name and in words. Keys, passwords and bodies are left out.
    pub details: IndexMap<&'static str, String>,
    /// What a good observation looks like.
    pub conditions: Vec<ExpectationView>,
    /// How long one attempt may take.
    pub timeout: Span,
    /// How often a bad observation is made again before it counts.
    pub attempts: u32,
    /// Bad observations in a row before `watch` calls it down.
    pub failure_threshold: u32,
    /// Good observations in a row before `watch` calls it up again.
    pub success_threshold: u32,
    /// Probes without which this one can tell nothing.
    pub depends_on: Vec<String>,
    /// When work is planned, in words.
    pub maintenance: Vec<String>,
    /// The alerts that watch it.
    pub alerts: Vec<AlertRuleView>,
    /// Environment variables that it needs and that are not set.
    pub unset: Vec<String>,
    /// What was kept of it last.
    pub last: Option<LastView>,
}

/// What a good observation looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpectationView {
    /// The condition, as it is written.
    pub condition: String,
    /// Whether it only warns.
    pub warn: bool,
}

/// A rule that watches a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertRuleView {
    /// Its id.
    pub id: String,
    /// The name of the alert.
    pub title: String,
    /// When it fires, in words.
    pub when: String,
    /// The channels that are told.
    pub channels: Vec<String>,
    /// Whether an incident is opened or added to.
    pub opens_incident: bool,
}

/// What was kept of a probe last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastView {
    /// When.
    #[serde(with = "crate::ground::time_format")]
    pub at: Time,
    /// How it came out.
    pub state: State,
    /// The HTTP status.
    pub status: Option<u16>,
    /// How long the answer took, in microseconds.
    pub response_us: Option<u64>,
    /// When the first certificate of the chain ends.
    #[serde(with = "optional_time_format")]
    pub certificate_expires_at: Option<Time>,
    /// Why it is not up.
    pub reason: Option<String>,
}

/// Everything about one probe. `unset` are the variables that it needs and that are not set.
pub fn probe_detail_view(
    settings: &Settings,
    probe: &Probe,
    unset: Vec<String>,
    last: Option<&Sample>,
    now: Time,
) -> ProbeDetailView {
    let watches = |rule: &&AlertRule| rule.looks_at(probe);
    let view = probe_view(probe, last, now);
    let mut details = target(&probe.target);
    details.extend(client(&probe.client));
    if probe.compat == Compat::Gatus {
        details.insert("conditions", "as Gatus understands them".to_owned());
    }
    let written = |text: String, warn| ExpectationView { condition: text, warn };
    let conditions = match probe.conditions.as_slice() {
        [] => usual(view.kind).iter().map(|text| written((*text).to_owned(), false)).collect(),
        some => some.iter().map(|expected| written(expected.written.to_string(), expected.warn)).collect(),
    };
    ProbeDetailView {
        probe: view,
        details,
        conditions,
        timeout: probe.timeout,
        attempts: probe.retry.attempts,
        failure_threshold: probe.failure_threshold,
        success_threshold: probe.success_threshold,
        depends_on: probe.depends_on.clone(),
        maintenance: probe.maintenance.iter().map(window).collect(),
        alerts: settings.alerts.values().filter(watches).map(alert).collect(),
        unset,
        last: last.map(last_view),
    }
}

/// Everything about one probe, for people.
pub fn probe_detail_text(look: Look, view: &ProbeDetailView) -> String {
    let probe = &view.probe;
    let id = paint(look, Style::Heading, &plain_line(&probe.id));
    let mut text = format!("{id} · {}\n", plain_line(&probe.title));
    let disabled = if probe.enabled { "" } else { " · disabled" };
    let _ =
        writeln!(text, "{} of {} · every {}{disabled}", probe.kind.word(), plain_line(&probe.service), probe.interval);
    if !view.unset.is_empty() {
        let _ = writeln!(text, "{}: {}", State::NotConfigured.title(), plain_line(&view.unset.join(", ")));
    }
    for (label, values) in facts(look, view) {
        for (place, value) in values.iter().enumerate() {
            let label = if place == 0 { label } else { "" };
            let _ = writeln!(text, "{}", labelled(look, label, value));
        }
    }
    text
}

fn facts(look: Look, view: &ProbeDetailView) -> Vec<(&'static str, Vec<String>)> {
    let line = |text: &String| plain_line(text);
    let details = view.details.iter().map(|(name, value)| format!("{name}: {}", plain_line(value)));
    let conditions = view.conditions.iter().map(|expected| {
        let warn = if expected.warn { " (only warns)" } else { "" };
        plain_line(&expected.condition) + warn
    });
    let thresholds = [(view.failure_threshold, "down"), (view.success_threshold, "up")].map(|(count, word)| {
        format!("{word} after {}", counted(usize::try_from(count).unwrap_or(usize::MAX), "observation"))
    });
    let last = view.last.iter().map(|last| last_line(look, last)).collect();
    vec![
        ("Looks at", vec![plain_line(&view.probe.target)]),
        ("", details.collect()),
        ("Expects", conditions.collect()),
        ("Attempts", vec![format!("{}, each at most {}", view.attempts, view.timeout)]),
        ("Counts", vec![thresholds.join(", ")]),
        ("Depends on", one_line(&view.depends_on)),
        ("Maintenance", view.maintenance.iter().map(line).collect()),
        ("Alerts", view.alerts.iter().map(alert_line).collect()),
        ("Tags", one_line(&view.probe.tags)),
        ("Last seen", last),
    ]
}

fn one_line(names: &[String]) -> Vec<String> {
    if names.is_empty() { Vec::new() } else { vec![plain_line(&names.join(", "))] }
}

fn last_line(look: Look, last: &LastView) -> String {
    let state = paint(look, style(last.state), word(last.state));
    let status = last.status.map(|status| status.to_string());
    let response = last.response_us.map(took);
    let certificate = last.certificate_expires_at.map(|end| format!("certificate until {}", end.format("%Y-%m-%d")));
    let seen = [last.reason.as_deref().map(plain_line), status, response, certificate];
    let seen = seen.into_iter().flatten().fold(String::new(), |all, one| all + " · " + &one);
    format!("{} UTC · {state}{seen}", short_time(last.at))
}

fn alert_line(alert: &AlertRuleView) -> String {
    let told = if alert.channels.is_empty() { String::new() } else { format!(" → {}", alert.channels.join(", ")) };
    let incident = if alert.opens_incident { " → incident" } else { "" };
    plain_line(&format!("{}: {}{told}{incident}", alert.title, alert.when))
}

fn last_view(sample: &Sample) -> LastView {
    LastView {
        at: sample.at,
        state: sample.state,
        status: sample.status,
        response_us: sample.response_us,
        certificate_expires_at: sample.certificate_expires_at,
        reason: sample.reason.clone(),
    }
}

fn alert(rule: &AlertRule) -> AlertRuleView {
    AlertRuleView {
        id: rule.id.clone(),
        title: rule.title.clone(),
        when: when(&rule.when),
        channels: rule.channels.clone(),
        opens_incident: rule.opens_incident,
    }
}

fn when(when: &AlertWhen) -> String {
    match when {
        AlertWhen::State { state, observations } => {
            let state = match state {
                AlertState::Down => "down",
                AlertState::Degraded => "degraded or down",
                AlertState::Unknown => "unknown",
            };
            match observations {
                1 => state.to_owned(),
                many => format!("{state} {many} times in a row"),
            }
        }
        AlertWhen::Latency { above, percentile, window } => {
            format!("p{percentile} of the response time above {above} in {window}")
        }
        AlertWhen::ErrorRate { above, window, at_least } => {
            let least = if *at_least > 1 { format!(", with at least {at_least}") } else { String::new() };
            format!("more than {}% bad in {window}{least}", figure(above * 100.0))
        }
        AlertWhen::Certificate { within } => format!("a certificate ends in less than {within}"),
        AlertWhen::Heartbeat => "a heartbeat has not come".to_owned(),
    }
}

fn window(window: &MaintenanceWindow) -> String {
    match window {
        MaintenanceWindow::Recurring { start, duration, days, timezone } => {
            let days = if days.is_empty() { "every day".to_owned() } else { named(days) };
            format!("{days} at {} for {duration} ({timezone})", start.format("%H:%M"))
        }
        MaintenanceWindow::Once { from, until } => format!("{} to {} UTC", short_time(*from), short_time(*until)),
    }
}

fn named(days: &[Weekday]) -> String {
    days.iter().map(Weekday::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
