//! Objectives: targets, how they are measured, and when to alert.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::catalog::model::Objective;
use crate::ground::plain_line;
use crate::view::look::{Look, Style, paint};
use crate::view::table::table;

/// An objective for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ObjectiveView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Whose it is: operational or customer.
    pub group: Option<String>,
    /// The target.
    pub target: String,
    /// How it is measured.
    pub measurement: String,
    /// When to alert.
    pub alert: String,
}

/// An objective for programs.
pub fn objective_view(id: &str, objective: &Objective) -> ObjectiveView {
    ObjectiveView {
        id: id.to_owned(),
        title: objective.title.clone(),
        group: objective.group.clone(),
        target: objective.target.clone(),
        measurement: objective.measurement.clone(),
        alert: objective.alert.clone(),
    }
}

/// Objectives for people, a table for each group.
pub fn objectives_text(look: Look, objectives: &[ObjectiveView]) -> String {
    let mut groups: Vec<Option<&str>> = Vec::new();
    for objective in objectives {
        if !groups.contains(&objective.group.as_deref()) {
            groups.push(objective.group.as_deref());
        }
    }
    let mut text = String::new();
    for group in groups {
        if !text.is_empty() {
            text.push('\n');
        }
        if let Some(group) = group {
            let _ = writeln!(text, "{}", paint(look, Style::Heading, &title_case(&plain_line(group))));
        }
        let rows: Vec<Vec<String>> = objectives
            .iter()
            .filter(|objective| objective.group.as_deref() == group)
            .map(|o| vec![o.title.clone(), o.target.clone(), o.measurement.clone(), o.alert.clone()])
            .collect();
        text.push_str(&table(look, &["Objective", "Target", "Measurement", "Alert"], rows));
    }
    text
}

fn title_case(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{ObjectiveView, objectives_text};
    use crate::view::look::Look;

    #[test]
    fn objectives_stand_in_their_groups() {
        let objective = |title: &str, group: Option<&str>| ObjectiveView {
            id: title.to_lowercase(),
            title: title.to_owned(),
            group: group.map(str::to_owned),
            target: "99.9% uptime".to_owned(),
            measurement: "Health checks".to_owned(),
            alert: "< 99.5%".to_owned(),
        };
        let all = [
            objective("Availability", Some("operational")),
            objective("Satisfaction", Some("customer")),
            objective("Speed", Some("operational")),
        ];
        let text = objectives_text(Look::PLAIN, &all);
        let at = |word: &str| text.find(word).unwrap();
        assert!(at("Operational") < at("Availability") && at("Availability") < at("Speed"), "{text}");
        assert!(at("Speed") < at("Customer\n") && at("Customer\n") < at("Satisfaction"), "{text}");
    }
}
