//! `opsctl severity`: what makes an incident how bad.

use clap::Subcommand;

use crate::error::Result;
use crate::view::severity::{SeverityView, severities_text, severity_view};

use super::session::Session;

/// The verbs of severities.
#[derive(Debug, Subcommand)]
pub(super) enum SeverityCommand {
    /// List the severities with their criteria and response times, the worst first
    List,
}

pub(super) fn run(session: &mut Session<'_>, command: &SeverityCommand) -> Result<()> {
    match command {
        SeverityCommand::List => list(session),
    }
}

fn list(session: &mut Session<'_>) -> Result<()> {
    let workspace = session.workspace()?;
    let severities = &workspace.loaded.catalog.settings.severities;
    let views: Vec<SeverityView> = severities.iter().map(|(id, severity)| severity_view(id, severity)).collect();
    if views.is_empty() {
        session.terminal.tell("There are no severities in this workspace; opsctl.yaml defines them.");
    }
    session.show(&views, |look| severities_text(look, &views))
}
