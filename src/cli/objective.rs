//! `opsctl objective`: targets and alert thresholds.

use clap::Subcommand;

use crate::error::Result;
use crate::view::objective::{ObjectiveView, objective_view, objectives_text};

use super::session::Session;

/// The verbs of objectives.
#[derive(Debug, Subcommand)]
pub(super) enum ObjectiveCommand {
    /// List the objectives: target, measurement and alert threshold
    List,
}

pub(super) fn run(session: &mut Session<'_>, command: &ObjectiveCommand) -> Result<()> {
    match command {
        ObjectiveCommand::List => list(session),
    }
}

fn list(session: &mut Session<'_>) -> Result<()> {
    let workspace = session.workspace()?;
    let objectives = &workspace.loaded.catalog.settings.objectives;
    let views: Vec<ObjectiveView> = objectives.iter().map(|(id, objective)| objective_view(id, objective)).collect();
    if views.is_empty() {
        session.terminal.tell("There are no objectives in this workspace; opsctl.yaml defines them.");
    }
    session.show(&views, |look| objectives_text(look, &views))
}
