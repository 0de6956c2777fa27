//! Reports in Markdown and for programs: the handover of a shift, the week, the month.

pub mod period;
pub mod shift;

use std::fmt::Write as _;

use chrono::TimeDelta;

use crate::ground::{Time, elapsed};
use crate::markdown::{escape, table};
use crate::view::incident::action::ActionView;

/// A heading with rows below it, or with a sentence where there are none.
fn section(text: &mut String, title: &str, header: &[&str], rows: &[Vec<String>], none: &str) {
    let body = if rows.is_empty() { format!("{none}\n") } else { table(header, rows) };
    let _ = write!(text, "\n## {title}\n\n{body}");
}

fn action_rows(actions: &[ActionView]) -> Vec<Vec<String>> {
    let row = |action: &ActionView| {
        vec![
            escape(&format!("{} {}", action.incident, action.id)),
            action.kind.clone(),
            escape(&action.title),
            action.owner.as_deref().map_or_else(|| "nobody".to_owned(), escape),
            action.due.clone().unwrap_or_else(|| "no date".to_owned()),
        ]
    };
    actions.iter().map(row).collect()
}

const ACTION_HEADER: [&str; 5] = ["Action", "Type", "What", "Owner", "Due"];

/// A moment of RFC 3339 to the minute.
fn minute(at: &str) -> String {
    format!("{} UTC", at.get(..16).unwrap_or(at).replace('T', " "))
}

fn span(seconds: Option<i64>) -> String {
    let start = Time::UNIX_EPOCH;
    let end = seconds.and_then(TimeDelta::try_seconds).and_then(|span| start.checked_add_signed(span));
    end.map_or_else(|| "unknown".to_owned(), |end| elapsed(start, end))
}

/// How many restricted incidents were left out, in words.
fn restricted(text: &mut String, left_out: usize) {
    if left_out > 0 {
        let _ = writeln!(text, "\nRestricted and left out: {left_out}. `--restricted` includes them.");
    }
}
