//! The figures of one incident, each with the formula that was used.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::metrics::{
    PunctualView, SeverityTimeView, punctual_view, punctual_words, severity_times, severity_words, span_words,
};
use crate::catalog::model::Severity;
use crate::ground::{Time, plain_line};
use crate::incident::Incident;
use crate::incident::duration::{Figure, figure, per_severity};
use crate::incident::metrics::updates_on_time;
use crate::view::look::{Look, Style, paint};
use crate::view::table::table;

/// The metrics of one incident.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct IncidentMetricsView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its severity.
    pub severity: String,
    /// Its status.
    pub status: String,
    /// Its figures.
    pub figures: Vec<OneFigureView>,
    /// Updates on time.
    pub updates: PunctualView,
    /// How long it had which severity; until now while it is open.
    pub time_per_severity: Vec<SeverityTimeView>,
}

/// A figure of one incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OneFigureView {
    /// ttd, tta, ttc, ttm, ttr or impact.
    pub id: &'static str,
    /// Its name.
    pub title: &'static str,
    /// How it was reckoned here, or would be where it is not known.
    pub formula: &'static str,
    /// Seconds; null when it is not known.
    pub seconds: Option<i64>,
}

/// The metrics of one incident for programs.
pub fn incident_metrics_view(incident: &Incident, severity: Option<&Severity>, now: Time) -> IncidentMetricsView {
    IncidentMetricsView {
        id: incident.id.clone(),
        title: incident.title.clone(),
        severity: incident.severity.clone(),
        status: incident.status.word().to_owned(),
        figures: Figure::ALL.into_iter().map(|which| one_figure(incident, which)).collect(),
        updates: punctual_view(updates_on_time(incident, severity, now)),
        time_per_severity: severity_times(&per_severity(incident, now)),
    }
}

fn one_figure(incident: &Incident, which: Figure) -> OneFigureView {
    let took = figure(incident, which);
    OneFigureView {
        id: which.word(),
        title: which.title(),
        formula: took.map_or(which.formula(), |took| took.formula),
        seconds: took.map(|took| took.span.num_seconds()),
    }
}

/// The metrics of one incident for people.
pub fn incident_metrics_text(look: Look, view: &IncidentMetricsView) -> String {
    let title = format!("{} · {}", view.id, plain_line(&view.title));
    let mut text = format!("{}\n{} · {}\n\n", paint(look, Style::Heading, &title), view.severity, view.status);
    let row = |one: &OneFigureView| vec![one.title.to_owned(), span_words(one.seconds), one.formula.to_owned()];
    text.push_str(&table(look, &["Figure", "Time", "Formula"], view.figures.iter().map(row)));
    let _ = writeln!(text, "Updates on time: {}", punctual_words(&view.updates));
    let _ = writeln!(text, "Time per severity: {}", severity_words(&view.time_per_severity));
    text
}
