//! `opsctl dashboard`: what is watched together.

use clap::Subcommand;

use crate::error::Result;
use crate::view::dashboard::{DashboardView, dashboard_text, dashboard_view, dashboards_table};

use super::session::Session;
use super::{ids, unknown};

/// The verbs of dashboards.
#[derive(Debug, Subcommand)]
pub(super) enum DashboardCommand {
    /// List the dashboards
    List,
    /// Show what a dashboard has
    Show {
        /// The dashboard's id
        #[arg(add = ids::dashboards())]
        id: String,
    },
}

pub(super) fn run(session: &mut Session<'_>, command: &DashboardCommand) -> Result<()> {
    match command {
        DashboardCommand::List => list(session),
        DashboardCommand::Show { id } => show(session, id),
    }
}

fn list(session: &mut Session<'_>) -> Result<()> {
    let workspace = session.workspace()?;
    let dashboards = &workspace.loaded.catalog.settings.dashboards;
    let views: Vec<DashboardView> = dashboards.iter().map(|(id, dashboard)| dashboard_view(id, dashboard)).collect();
    if views.is_empty() {
        session.terminal.tell("There are no dashboards in this workspace; opsctl.yaml defines them.");
    }
    session.show(&views, |look| dashboards_table(look, &views))
}

fn show(session: &mut Session<'_>, id: &str) -> Result<()> {
    let workspace = session.workspace()?;
    let dashboards = &workspace.loaded.catalog.settings.dashboards;
    let dashboard = dashboards
        .get(id)
        .ok_or_else(|| unknown("dashboard", id, dashboards.keys().map(String::as_str), &["list", "show"]))?;
    let view = dashboard_view(id, dashboard);
    session.show(&view, |look| dashboard_text(look, &view))
}
