//! The metrics of incidents for people and programs: each figure with its formula, and for how many it is known.

use std::fmt::Write as _;

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::Serialize;

use crate::ground::{Time, elapsed, plain_line, rfc3339};
use crate::incident::metrics::{Aggregate, Metrics, NEAREST_RANK, ON_TIME, Punctual, SEVERITY_TIME};
use crate::view::count::counted;
use crate::view::look::{Look, Style, paint};
use crate::view::table::{Cell, table};
use crate::view::wrap::hanging;

/// The metrics of many incidents.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MetricsView {
    /// Declared from this moment on, RFC 3339 in UTC; null for all.
    pub since: Option<String>,
    /// Declared before this moment; null for all.
    pub until: Option<String>,
    /// Canceled incidents, which are left out.
    pub canceled: usize,
    /// Incidents merged into others, which are left out.
    pub merged: usize,
    /// How percentiles are reckoned.
    pub percentiles: &'static str,
    /// All incidents that count.
    #[serde(flatten)]
    pub all: GroupView,
    /// The same for each severity; null unless asked for.
    pub by_severity: Option<Vec<GroupOfView>>,
}

/// The metrics of the incidents of a severity.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct GroupOfView {
    /// The severity they have now.
    pub severity: String,
    /// Their metrics.
    #[serde(flatten)]
    pub metrics: GroupView,
}

/// The metrics of a group of incidents.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct GroupView {
    /// How many.
    pub incidents: usize,
    /// How many of them still go on.
    pub open: usize,
    /// How many of them are restricted; they are counted and not named.
    pub restricted: usize,
    /// The figures.
    pub figures: Vec<FigureView>,
    /// Updates on time.
    pub updates: PunctualView,
    /// How long they had which severity.
    pub time_per_severity: Vec<SeverityTimeView>,
}

/// A figure over many incidents, in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FigureView {
    /// ttd, tta, ttc, ttm, ttr or impact.
    pub id: &'static str,
    /// Its name.
    pub title: &'static str,
    /// How it is reckoned.
    pub formula: &'static str,
    /// For how many incidents it is known.
    pub n: usize,
    /// For how many it is not.
    pub unknown: usize,
    /// The median; null when none is known.
    pub median_s: Option<i64>,
    /// The 90th percentile; null when none is known.
    pub p90_s: Option<i64>,
}

/// How many updates came in time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PunctualView {
    /// How it is reckoned.
    pub formula: &'static str,
    /// How many came in time.
    pub on_time: usize,
    /// How many were due by now.
    pub due: usize,
    /// The share, from 0 to 1; null when none was due.
    pub ratio: Option<f64>,
}

/// How long incidents had a severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SeverityTimeView {
    /// The severity.
    pub severity: String,
    /// Seconds.
    pub seconds: i64,
}

/// Which incidents were asked for, and which of them were left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// Declared from this moment on.
    pub since: Option<Time>,
    /// Declared before this moment.
    pub until: Option<Time>,
    /// How many were left out because they were none.
    pub canceled: usize,
    /// How many were left out because they are told in another.
    pub merged: usize,
}

/// The metrics for programs.
pub fn metrics_view(asked: Asked, all: &Metrics, by_severity: Option<&[(String, Metrics)]>) -> MetricsView {
    let of = |(severity, metrics): &(String, Metrics)| GroupOfView {
        severity: severity.clone(),
        metrics: group_view(metrics),
    };
    MetricsView {
        since: asked.since.map(rfc3339),
        until: asked.until.map(rfc3339),
        canceled: asked.canceled,
        merged: asked.merged,
        percentiles: NEAREST_RANK,
        all: group_view(all),
        by_severity: by_severity.map(|groups| groups.iter().map(of).collect()),
    }
}

/// The metrics of a group for programs.
pub fn group_view(metrics: &Metrics) -> GroupView {
    GroupView {
        incidents: metrics.incidents,
        open: metrics.open,
        restricted: metrics.restricted,
        figures: metrics.figures.iter().map(figure_view).collect(),
        updates: punctual_view(metrics.updates),
        time_per_severity: severity_times(&metrics.severities),
    }
}

fn figure_view(found: &Aggregate) -> FigureView {
    FigureView {
        id: found.figure.word(),
        title: found.figure.title(),
        formula: found.figure.formula(),
        n: found.n,
        unknown: found.unknown,
        median_s: found.median.map(|span| span.num_seconds()),
        p90_s: found.p90.map(|span| span.num_seconds()),
    }
}

pub(super) fn punctual_view(found: Punctual) -> PunctualView {
    PunctualView { formula: ON_TIME, on_time: found.met, due: found.due, ratio: found.ratio() }
}

pub(super) fn severity_times(spans: &[(String, TimeDelta)]) -> Vec<SeverityTimeView> {
    let view = |(severity, span): &(String, TimeDelta)| SeverityTimeView {
        severity: severity.clone(),
        seconds: span.num_seconds(),
    };
    spans.iter().map(view).collect()
}

/// The metrics for people.
pub fn metrics_text(look: Look, view: &MetricsView) -> String {
    let mut text = format!("{}\n", paint(look, Style::Heading, &head(view)));
    if let Some(line) = left_out(view) {
        let _ = writeln!(text, "{line}");
    }
    text.push('\n');
    text.push_str(&group_text(look, &view.all, true));
    for group in view.by_severity.iter().flatten().filter(|group| group.metrics.incidents > 0) {
        let name = format!("{} · {}", plain_line(&group.severity), incidents(&group.metrics));
        let _ = write!(text, "\n{}\n", paint(look, Style::Heading, &name));
        text.push_str(&group_text(look, &group.metrics, false));
    }
    let notes = format!(
        "\nPercentiles by {}. With few incidents p90 is the largest.\nUpdates on time = {}.\nTime per severity: {}.\n",
        view.percentiles, view.all.updates.formula, SEVERITY_TIME
    );
    text.push_str(&hanging(&notes, look.width, 2));
    text
}

fn head(view: &MetricsView) -> String {
    let since = view.since.as_deref().map(|since| format!(" since {}", minute(since))).unwrap_or_default();
    let until = view.until.as_deref().map(|until| format!(" until {}", minute(until))).unwrap_or_default();
    format!("{}{since}{until}", incidents(&view.all))
}

fn minute(at: &str) -> String {
    format!("{} UTC", at.get(..16).unwrap_or(at).replace('T', " "))
}

fn incidents(group: &GroupView) -> String {
    let notes = [(group.open, "open"), (group.restricted, "restricted, counted and not named")];
    let notes: Vec<String> =
        notes.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    format!("{}{notes}", counted(group.incidents, "incident"))
}

fn left_out(view: &MetricsView) -> Option<String> {
    let parts = [(view.canceled, "canceled"), (view.merged, "merged into another")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    (!parts.is_empty()).then(|| format!("Left out: {}.", parts.join(", ")))
}

fn group_text(look: Look, group: &GroupView, with_formulas: bool) -> String {
    let row = |figure: &FigureView| {
        let mut row: Vec<Cell> =
            vec![figure.title.into(), figure.n.to_string().into(), figure.unknown.to_string().into()];
        row.push(span_words(figure.median_s).into());
        row.push(span_words(figure.p90_s).into());
        if with_formulas {
            row.push(figure.formula.into());
        }
        row
    };
    let header = ["Figure", "n", "Unknown", "Median", "p90", "Formula"];
    let columns = if with_formulas { 6 } else { 5 };
    let mut text = table(look, &header[..columns], group.figures.iter().map(row));
    let _ = writeln!(text, "Updates on time: {}", punctual_words(&group.updates));
    let _ = writeln!(text, "Time per severity: {}", severity_words(&group.time_per_severity));
    text
}

/// A span in words; `unknown` where it is not known.
pub fn span_words(seconds: Option<i64>) -> String {
    let start = Time::UNIX_EPOCH;
    let end = seconds.and_then(TimeDelta::try_seconds).and_then(|span| start.checked_add_signed(span));
    end.map_or_else(|| "unknown".to_owned(), |end| elapsed(start, end))
}

/// `3 of 4 (75 %)`, or that none was due.
pub fn punctual_words(found: &PunctualView) -> String {
    match (found.due, found.on_time * 100) {
        (0, _) => "unknown (none was due)".to_owned(),
        // Rounded down, so that 100 % means all of them.
        (due, hundredfold) => format!("{} of {due} ({} %)", found.on_time, hundredfold / due),
    }
}

/// `P0 1 h 10 min, P1 0:30`.
pub fn severity_words(spans: &[SeverityTimeView]) -> String {
    let some = spans.iter().filter(|one| one.seconds > 0);
    let words: Vec<String> =
        some.map(|one| format!("{} {}", plain_line(&one.severity), span_words(Some(one.seconds)))).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
