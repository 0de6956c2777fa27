//! Dashboards: what is watched together.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::catalog::model::Dashboard;
use crate::ground::plain_line;
use crate::view::look::{Look, Style, paint};
use crate::view::table::table;

/// A dashboard for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DashboardView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it shows.
    pub metrics: Vec<String>,
    /// What raises an alert.
    pub alerts: Vec<String>,
    /// How it is drawn.
    pub visualizations: Vec<String>,
}

/// A dashboard for programs.
pub fn dashboard_view(id: &str, dashboard: &Dashboard) -> DashboardView {
    DashboardView {
        id: id.to_owned(),
        title: dashboard.title.clone(),
        metrics: dashboard.metrics.clone(),
        alerts: dashboard.alerts.clone(),
        visualizations: dashboard.visualizations.clone(),
    }
}

/// Dashboards as a table.
pub fn dashboards_table(look: Look, dashboards: &[DashboardView]) -> String {
    let row = |dashboard: &DashboardView| {
        vec![dashboard.id.clone(), dashboard.title.clone(), plain_line(&dashboard.metrics.join(", "))]
    };
    table(look, &["Id", "Title", "Metrics"], dashboards.iter().map(row).collect::<Vec<_>>())
}

/// A dashboard for people.
pub fn dashboard_text(look: Look, dashboard: &DashboardView) -> String {
    let mut text = format!(
        "{} · {}\n",
        paint(look, Style::Heading, &plain_line(&dashboard.title)),
        paint(look, Style::Faint, &dashboard.id)
    );
    let lists =
        [("Metrics", &dashboard.metrics), ("Alerts", &dashboard.alerts), ("Visualizations", &dashboard.visualizations)];
    for (title, items) in lists.into_iter().filter(|(_, items)| !items.is_empty()) {
        let _ = writeln!(text, "\n{}", paint(look, Style::Heading, title));
        for item in items {
            let _ = writeln!(text, "  - {}", plain_line(item));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{DashboardView, dashboard_text};
    use crate::view::look::Look;

    #[test]
    fn only_what_is_there_is_shown() {
        let dashboard = DashboardView {
            id: "health".to_owned(),
            title: "Health".to_owned(),
            metrics: vec!["Uptime".to_owned()],
            alerts: Vec::new(),
            visualizations: vec!["Trends".to_owned()],
        };
        insta::assert_snapshot!(dashboard_text(Look::PLAIN, &dashboard), @r"
        Health · health

        Metrics
          - Uptime

        Visualizations
          - Trends
        ");
    }
}
