//! What is to be done: as the journal tells it, or where there is none as the file does.

use super::{Check, Document, Facts, head_value, row_line};
use crate::incident::event::ActionKind;
use crate::incident::{ActionState, TodoState};
use crate::markdown::cells;

/// What is to be done about the causes.
#[derive(Debug, Default)]
pub struct Work {
    /// The incident's severity.
    pub severity: String,
    actions: Vec<Act>,
    todos: Vec<Open>,
    /// Where the actions stand.
    line: usize,
}

#[derive(Debug)]
struct Act {
    id: String,
    is_preventative: bool,
    has_owner: bool,
    has_due: bool,
    status: String,
    line: usize,
}

#[derive(Debug)]
struct Open {
    id: String,
    text: String,
    line: usize,
}

impl Work {
    /// What is to be done.
    pub fn of(document: &Document<'_>, facts: Option<&Facts<'_>>) -> Self {
        let line = document.block("actions").map_or(1, |block| block.line);
        let work = facts.map_or_else(|| Self::written(document), |facts| Self::recorded(document, facts));
        Self { line, ..work }
    }

    fn recorded(document: &Document<'_>, facts: &Facts<'_>) -> Self {
        let incident = facts.incident;
        let line = |id: &str| row_line(document, "actions", id);
        let actions = incident.actions.iter().map(|action| Act {
            id: action.id.clone(),
            is_preventative: action.kind == ActionKind::Preventative,
            has_owner: action.owner.is_some(),
            has_due: action.due.is_some(),
            status: action.state.word().to_owned(),
            line: line(&action.id),
        });
        let open = incident.todos.iter().filter(|todo| todo.state == TodoState::Open);
        let todos = open.map(|todo| Open { id: todo.id.clone(), text: todo.text.clone(), line: line(&todo.id) });
        Self { severity: incident.severity.clone(), actions: actions.collect(), todos: todos.collect(), line: 1 }
    }

    fn written(document: &Document<'_>) -> Self {
        let severity = head_value(document, "Severity").unwrap_or_default();
        let severity = severity.split(" - ").next().unwrap_or_default().trim().to_owned();
        let mut work = Self { severity, ..Self::default() };
        let Some(block) = document.block("actions") else { return work };
        let (content, _) = document.content(block);
        for cells in content.lines().filter_map(cells) {
            let line = row_line(document, "actions", cells.first().unwrap_or(&""));
            match cells.as_slice() {
                ["Action" | "To-do", ..] => {}
                [id, kind, _, owner, due, status] if ActionKind::ALL.iter().any(|known| known.word() == *kind) => {
                    work.actions.push(Act {
                        id: (*id).to_owned(),
                        is_preventative: *kind == ActionKind::Preventative.word(),
                        has_owner: *owner != "nobody",
                        has_due: *due != "no date",
                        status: status.split(':').next().unwrap_or_default().to_owned(),
                        line,
                    });
                }
                [id, text, "open"] => {
                    work.todos.push(Open { id: (*id).to_owned(), text: (*text).to_owned(), line });
                }
                _ => {}
            }
        }
        work
    }
}

impl Check<'_> {
    pub(super) fn work(&mut self, work: &Work, needs_prevention: bool) {
        for todo in &work.todos {
            self.error(
                todo.line,
                "todo-open",
                format!("the to-do {} became nothing yet: {}", todo.id, crate::ground::plain_line(&todo.text)),
                "`opsctl incident action add … --todo` makes it an action, `opsctl incident todo --drop … --reason` drops it",
            );
        }
        for action in work.actions.iter().filter(|action| action.status == ActionState::Open.word()) {
            for (has, code, what, flag) in [
                (action.has_owner, "action-without-owner", "owner", "--owner NAME"),
                (action.has_due, "action-without-date", "due date", "--due 2026-12-01"),
            ] {
                if !has {
                    self.error(
                        action.line,
                        code,
                        format!("the action {} has no {what}", action.id),
                        &format!("`opsctl incident action change ID {} {flag}`", action.id),
                    );
                }
            }
        }
        if needs_prevention && !work.actions.iter().any(|action| action.is_preventative && action.status != "dropped") {
            self.error(
                work.line,
                "preventative-missing",
                format!("{} asks for an action that keeps it from happening again", work.severity),
                "`opsctl incident action add ID … --type preventative --owner NAME --due DAY`",
            );
        }
    }
}
