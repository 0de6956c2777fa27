//! Incidents for people and programs.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::catalog::model::Severity;
use crate::ground::{Time, elapsed, plain_line, rfc3339};
use crate::incident::{Incident, Status};
use crate::view::look::{Look, Style, paint};
use crate::view::run::short_time;
use crate::view::table::table;

/// An incident for programs. What is not known is null.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct IncidentView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its severity.
    pub severity: String,
    /// triage, investigating or resolved.
    pub status: String,
    /// Ids of the services it touches.
    pub services: Vec<String>,
    /// Who may see it.
    pub visibility: String,
    /// Who leads it.
    pub commander: Option<String>,
    /// When it was declared, RFC 3339 in UTC.
    pub declared_at: String,
    /// When it was detected.
    pub detected_at: Option<String>,
    /// When somebody took it.
    pub acknowledged_at: Option<String>,
    /// When its effects ended.
    pub mitigated_at: Option<String>,
    /// When it was over.
    pub resolved_at: Option<String>,
    /// When somebody has to have responded.
    pub respond_by: Option<String>,
    /// When people are to hear of it next.
    pub next_update_due: Option<String>,
    /// Ids of its runs.
    pub runs: Vec<String>,
    /// How long things took.
    pub durations: DurationsView,
}

/// How long things took, in seconds; null where it is not known.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DurationsView {
    /// Time to detect.
    pub ttd_s: Option<i64>,
    /// Time to acknowledge: from declared to acknowledged.
    pub tta_s: Option<i64>,
    /// Time to mitigate.
    pub ttm_s: Option<i64>,
    /// Time to resolve: from declared to resolved.
    pub ttr_s: Option<i64>,
}

/// One line of a timeline.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TimelineView {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What kind of fact.
    pub kind: String,
    /// The fact in words.
    pub text: String,
    /// The fact's data.
    pub data: Value,
}

/// The incident for programs.
pub fn incident_view(incident: &Incident, severity: Option<&Severity>) -> IncidentView {
    let since = |at: Option<Time>| at.map(|at| (at - incident.declared_at).num_seconds());
    IncidentView {
        id: incident.id.clone(),
        title: incident.title.clone(),
        severity: incident.severity.clone(),
        status: incident.status.word().to_owned(),
        services: incident.services.clone(),
        visibility: "normal".to_owned(),
        commander: None,
        declared_at: rfc3339(incident.declared_at),
        detected_at: None,
        acknowledged_at: incident.acknowledged_at.map(rfc3339),
        mitigated_at: None,
        resolved_at: incident.resolved_at.map(rfc3339),
        respond_by: incident.respond_by(severity).map(rfc3339),
        next_update_due: None,
        runs: incident.runs.clone(),
        durations: DurationsView {
            ttd_s: None,
            tta_s: since(incident.acknowledged_at),
            ttm_s: None,
            ttr_s: since(incident.resolved_at),
        },
    }
}

/// Incidents as a table.
pub fn incidents_table(look: Look, incidents: &[Incident], now: Time) -> String {
    let rows: Vec<Vec<String>> = incidents
        .iter()
        .map(|incident| {
            vec![
                incident.id.clone(),
                incident.severity.clone(),
                incident.status.word().to_owned(),
                incident.title.clone(),
                incident.services.join(", "),
                elapsed(incident.declared_at, incident.resolved_at.unwrap_or(now)),
            ]
        })
        .collect();
    table(look, &["Id", "Severity", "Status", "Title", "Services", "For"], rows)
}

/// The incident's head for people.
pub fn incident_text(look: Look, incident: &Incident, severity: Option<&Severity>, now: Time) -> String {
    let status = match incident.status {
        Status::Triage => Style::Bad,
        Status::Investigating => Style::Warn,
        Status::Resolved => Style::Good,
    };
    let mut text = format!(
        "{} · {}\n",
        paint(look, Style::Heading, &incident.id),
        paint(look, Style::Heading, &plain_line(&incident.title))
    );
    let for_how_long = elapsed(incident.declared_at, incident.resolved_at.unwrap_or(now));
    let title = severity.map(|severity| format!(" - {}", severity.title)).unwrap_or_default();
    let _ = writeln!(
        text,
        "{}{title} · {} · {for_how_long}",
        incident.severity,
        paint(look, status, incident.status.word())
    );
    let _ = writeln!(
        text,
        "Declared   {} UTC by {}",
        short_time(incident.declared_at),
        plain_line(&incident.declared_by.0)
    );
    if let Some(line) = respond_line(look, incident, severity, now) {
        let _ = writeln!(text, "Respond by {line}");
    }
    for (label, value) in [
        ("Services", Some(incident.services.join(", ")).filter(|services| !services.is_empty())),
        ("Seen", incident.seen.clone()),
        ("Impact", incident.impact.clone()),
        ("Resolution", incident.resolution.clone()),
        ("Runs", Some(incident.runs.join(", ")).filter(|runs| !runs.is_empty())),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "{label:<10} {}", plain_line(&value));
        }
    }
    text
}

/// The time by which somebody has to have responded, and how that stands.
pub fn respond_line(look: Look, incident: &Incident, severity: Option<&Severity>, now: Time) -> Option<String> {
    let by = incident.respond_by(severity)?;
    let shown = format!("{} UTC ({})", short_time(by), severity?.response_time());
    let standing = match incident.acknowledged_at {
        Some(at) if at <= by => paint(look, Style::Good, "responded in time"),
        // Nobody can respond in the very moment; what counts for an immediate response is that somebody did.
        Some(_) if severity?.respond_within.is_zero() => paint(look, Style::Good, "responded"),
        Some(at) => paint(look, Style::Warn, &format!("responded {} late", elapsed(by, at))),
        None if !incident.is_open() => return Some(shown),
        None if severity?.respond_within.is_zero() => {
            paint(look, Style::Bad, &format!("nobody has responded for {}", elapsed(by, now)))
        }
        None if now < by => paint(look, Style::Warn, &format!("{} left", elapsed(now, by))),
        None => paint(look, Style::Bad, &format!("overdue by {}", elapsed(by, now))),
    };
    Some(format!("{shown} · {standing}"))
}

/// A severity with what makes it so, for choosing.
pub fn severity_line(id: &str, severity: &Severity) -> String {
    format!("{id} - {} ({}): {}", severity.title, severity.response_time(), severity.criteria.join("; "))
}

/// A timeline for people.
pub fn timeline_text(look: Look, timeline: &[TimelineView]) -> String {
    // That a run began stands in the incident's own events already.
    timeline.iter().filter(|line| line.kind != "run_started").fold(String::new(), |mut text, line| {
        let at = line.at.get(..19).unwrap_or(&line.at).replace('T', " ");
        let _ =
            writeln!(text, "{} {} {}", paint(look, Style::Faint, &at), plain_line(&line.actor), plain_line(&line.text));
        text
    })
}
