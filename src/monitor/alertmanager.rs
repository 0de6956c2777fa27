//! What an Alertmanager posts: its webhook, version 4.
//!
//! It is read leniently: keys that are not known are passed over, missing ones are left out, and one odd alert does not
//! lose the others. Texts are cleaned and cut, so that nothing from outside can move a reader's cursor or fill the disk.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike};
use serde_json::{Map, Value};

use crate::ground::{Time, plain_line, sha256};

/// The longest text that is kept, in characters.
pub const LONGEST_TEXT: usize = 1_000;

/// The most alerts of one message that are kept.
pub const MOST_ALERTS: usize = 1_000;

/// The most labels of one alert that are kept.
pub const MOST_LABELS: usize = 100;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its alerts.
    pub alerts: Vec<Incoming>,
    /// How many more there were, left out by the sender or beyond [`MOST_ALERTS`].
    pub left_out: u64,
}

/// One alert of a message. The same one comes again and again; [`Incoming::identity`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// What names its labels: at most 64 letters, digits, `-` and `_`. Computed when none was sent.
    pub fingerprint: String,
    /// Since when it is so; none when that was not sent.
    pub starts_at: Option<Time>,
    /// When it ended, or will be taken for over; none when that was not sent.
    pub ends_at: Option<Time>,
    /// Whether it is over.
    pub resolved: bool,
    /// The label `alertname`, else the summary.
    pub title: String,
    /// The annotation `summary`, else `description`, else `message`.
    pub summary: Option<String>,
    /// The label `severity`.
    pub severity: Option<String>,
    /// The label `service`, else `job`, else `app`.
    pub service: Option<String>,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// Where it was raised.
    pub generator_url: Option<String>,
}

impl Incoming {
    /// What is the same for every message about one episode: fingerprint and beginning.
    pub fn identity(&self) -> (&str, Option<Time>) {
        (&self.fingerprint, self.starts_at)
    }
}

/// Reads a message. The error is a sentence for whoever configured the sender.
pub fn parse(body: &str) -> Result<Webhook, String> {
    let value: Value = serde_json::from_str(body).map_err(|error| format!("this is no JSON: {error}"))?;
    let Value::Object(message) = value else { return Err("this is no message of an Alertmanager: no object".into()) };
    version(&message)?;
    let alerts = match message.get("alerts") {
        Some(Value::Array(alerts)) => alerts.as_slice(),
        Some(Value::Null) => &[],
        _ => return Err("this is no message of an Alertmanager: it has no list `alerts`".into()),
    };
    let group_resolved = is_resolved(&message);
    let known: Vec<&Map<String, Value>> = alerts.iter().filter_map(Value::as_object).collect();
    let kept = known.iter().take(MOST_ALERTS).map(|alert| incoming(alert, group_resolved)).collect();
    let beyond = known.len().saturating_sub(MOST_ALERTS) as u64;
    let truncated = message.get("truncatedAlerts").and_then(Value::as_u64).unwrap_or_default();
    Ok(Webhook { alerts: kept, left_out: truncated.saturating_add(beyond) })
}

fn version(message: &Map<String, Value>) -> Result<(), String> {
    let Some(version) = message.get("version").and_then(scalar).filter(|version| version != "4") else { return Ok(()) };
    let version = clean(&version);
    Err(format!("this is version {version} of the Alertmanager webhook; only version 4 is understood"))
}

fn is_resolved(object: &Map<String, Value>) -> Option<bool> {
    object.get("status").and_then(Value::as_str).map(|status| status.eq_ignore_ascii_case("resolved"))
}

fn incoming(alert: &Map<String, Value>, group_resolved: Option<bool>) -> Incoming {
    let labels = texts(alert.get("labels"));
    let annotations = texts(alert.get("annotations"));
    let first = |from: &BTreeMap<String, String>, names: &[&str]| {
        names.iter().filter_map(|name| from.get(*name)).map(|text| clean(text)).find(|text| !text.is_empty())
    };
    let summary = first(&annotations, &["summary", "description", "message"]);
    let title = first(&labels, &["alertname"]).or_else(|| summary.clone());
    Incoming {
        fingerprint: sent_fingerprint(alert).unwrap_or_else(|| fingerprint(&labels)),
        starts_at: moment(alert.get("startsAt")),
        ends_at: moment(alert.get("endsAt")),
        resolved: is_resolved(alert).or(group_resolved).unwrap_or(false),
        title: title.unwrap_or_else(|| "an alert without a name".to_owned()),
        summary,
        severity: first(&labels, &["severity"]),
        service: first(&labels, &["service", "job", "app"]),
        generator_url: alert.get("generatorURL").and_then(scalar).map(|url| clean(&url)).filter(|url| !url.is_empty()),
        labels: labels.iter().take(MOST_LABELS).map(|(name, text)| (clean(name), clean(text))).collect(),
    }
}

fn sent_fingerprint(alert: &Map<String, Value>) -> Option<String> {
    let fits = |text: &String| {
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    alert.get("fingerprint").and_then(scalar).filter(fits)
}

// Sorted labels, every text with its length before it, so that no two sets run into the same bytes.
fn fingerprint(labels: &BTreeMap<String, String>) -> String {
    let one = |(name, text): (&String, &String)| format!("{}:{name}{}:{text}", name.len(), text.len());
    let words: Vec<String> = labels.iter().map(one).collect();
    sha256(words.concat().as_bytes())
}

fn texts(map: Option<&Value>) -> BTreeMap<String, String> {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(name, value)| Some((name.clone(), scalar(value)?))).collect()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

// Go writes a time that is not set as the first moment of year 1.
fn moment(value: Option<&Value>) -> Option<Time> {
    let time = DateTime::parse_from_rfc3339(value?.as_str()?).ok()?.to_utc();
    (time.year() > 1).then_some(time)
}

fn clean(text: &str) -> String {
    let cut: String = text.chars().take(LONGEST_TEXT).collect();
    plain_line(&cut).trim().to_owned()
}

#[cfg(test)]
mod tests;
