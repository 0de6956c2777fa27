//! Where checklists stand: due, overdue, done.

use chrono::NaiveDateTime;
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::look::{Look, Style, paint};
use crate::view::table::table;

/// Where a checklist stands, for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DueView {
    /// The checklist's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// When it is to be done, in words.
    pub schedule: Option<String>,
    /// The period: 2026-11-23, 2026-W48 or 2026-11.
    pub period: Option<String>,
    /// not-yet, due, overdue, done, failed or unscheduled.
    pub state: String,
    /// The local time after which it is overdue.
    pub deadline: Option<String>,
    /// The run of the period.
    pub run: Option<String>,
    /// How many items are settled, and how many there are; null before the run begins.
    pub progress: Option<(usize, usize)>,
}

/// A local time of day as people read it: `2026-11-23 10:00`.
pub fn local_time(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}

/// Checklists with where they stand, as a table.
pub fn due_table(look: Look, lists: &[DueView]) -> String {
    let rows: Vec<Vec<String>> = lists
        .iter()
        .map(|list| {
            let progress = list.progress.map(|(done, total)| format!("{done}/{total}")).unwrap_or_default();
            vec![
                list.id.clone(),
                list.state.clone(),
                progress,
                list.period.clone().unwrap_or_default(),
                list.deadline.clone().unwrap_or_default(),
            ]
        })
        .collect();
    table(look, &["Checklist", "State", "Done", "Period", "Due by (local)"], rows)
}

/// A state's word in its colour.
pub fn state_word(look: Look, state: &str) -> String {
    let style = match state {
        "overdue" | "failed" => Style::Bad,
        "due" => Style::Warn,
        "done" => Style::Good,
        _ => Style::Faint,
    };
    paint(look, style, state)
}
