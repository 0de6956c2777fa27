//! A checklist as a board: every item with its number, mark and evidence.

use std::fmt::Write as _;

use crate::engine::state::{State, StepState, StepStatus};
use crate::ground::{Time, elapsed, plain_line};
use crate::view::look::{Look, Style, paint};
use crate::view::wrap::hanging;

/// The items at these places, numbered from 1.
pub fn board(look: Look, state: &State, items: &[usize], now: Time) -> String {
    let (done, total) = state.progress();
    let title = paint(look, Style::Heading, &plain_line(&state.plan.title));
    let period = state.header.period.as_deref().map(|period| format!(" · {period}")).unwrap_or_default();
    let since = elapsed(state.started_at, state.finished_at.unwrap_or(now));
    let mut board = format!("\n{title}{period} · {done} of {total} · {since}\n");
    let mut phase = None;
    for (number, &place) in items.iter().enumerate() {
        let planned = &state.plan.steps[place];
        if planned.phase != phase {
            phase.clone_from(&planned.phase);
            if let Some(phase) = &phase {
                let _ = writeln!(board, "{}", paint(look, Style::Faint, &plain_line(phase)));
            }
        }
        let indent = "  ".repeat(planned.depth);
        let optional = if planned.step.optional { " (optional)" } else { "" };
        let _ = writeln!(
            board,
            "  {:>2} {indent}{} {}{optional}{}",
            number + 1,
            mark(look, state.steps[place].status),
            plain_line(&planned.step.title),
            remark(&state.steps[place])
        );
        for (number, task) in planned.step.tasks.iter().enumerate() {
            let done = state.steps[place].tasks.get(number).copied().unwrap_or(false);
            let _ = writeln!(board, "       {indent}{} {}", if done { "[x]" } else { "[ ]" }, plain_line(task));
        }
    }
    hanging(board.trim_end(), look.width, 7)
}

/// A status as a mark that reads without colour.
pub fn mark(look: Look, status: StepStatus) -> String {
    match status {
        StepStatus::Done => paint(look, Style::Good, "[x]"),
        StepStatus::Failed => paint(look, Style::Bad, "[!]"),
        StepStatus::Skipped => paint(look, Style::Faint, "[-]"),
        StepStatus::Waiting | StepStatus::Unverified => paint(look, Style::Warn, "[~]"),
        StepStatus::Running | StepStatus::Interrupted => paint(look, Style::Warn, "[?]"),
        StepStatus::Pending => "[ ]".to_owned(),
    }
}

fn remark(step: &StepState) -> String {
    let reason = step.reason.as_deref().map(|reason| format!(" ({})", plain_line(reason))).unwrap_or_default();
    let notes: String = step.notes.iter().fold(String::new(), |mut notes, note| {
        let _ = write!(notes, " · {}", plain_line(&note.text));
        notes
    });
    match step.status {
        StepStatus::Pending => notes,
        _ => format!("{reason}{notes}"),
    }
}
