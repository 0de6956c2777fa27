//! Actions for people and programs.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use crate::ground::plain_line;
use crate::incident::{Action, ActionState, Incident};
use crate::view::look::{Look, Style, paint};
use crate::view::table::table;

/// An action for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ActionView {
    /// The incident.
    pub incident: String,
    /// Its id in the incident: a1.
    pub id: String,
    /// What.
    pub title: String,
    /// detective, preventative or corrective.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who does it.
    pub owner: Option<String>,
    /// By when: 2026-12-01.
    pub due: Option<String>,
    /// open, done or dropped.
    pub status: String,
}

/// An action for programs.
pub fn action_view(incident: &Incident, action: &Action) -> ActionView {
    ActionView {
        incident: incident.id.clone(),
        id: action.id.clone(),
        title: action.title.clone(),
        kind: action.kind.word().to_owned(),
        owner: action.owner.clone(),
        due: action.due.map(|due| due.to_string()),
        status: action.state.word().to_owned(),
    }
}

/// Actions as a table.
pub fn actions_table(look: Look, actions: &[ActionView], today: NaiveDate) -> String {
    let today = today.to_string();
    let row = |action: &ActionView| {
        let is_open = action.status == ActionState::Open.word();
        let due = action.due.clone().unwrap_or_default();
        let due = match action.due.as_ref().filter(|_| is_open) {
            Some(day) if *day < today => paint(look, Style::Bad, &format!("{day} overdue")),
            Some(day) if *day == today => paint(look, Style::Warn, &format!("{day} today")),
            _ => due,
        };
        let owner = action.owner.as_deref().map(plain_line).unwrap_or_default();
        let id = format!("{} {}", action.incident, action.id);
        vec![id, action.status.clone(), action.kind.clone(), plain_line(&action.title), owner, due]
    };
    let rows: Vec<Vec<String>> = actions.iter().map(row).collect();
    table(look, &["Action", "Status", "Type", "Title", "Owner", "Due"], rows)
}
