//! `opsctl runbook`: list, show, suggest, run.

use clap::Subcommand;

use crate::catalog::model::ProcedureKind;
use crate::catalog::suggest::suggest;
use crate::error::{Error, Kind, Result};
use crate::view;

use super::ids;
use super::procedure::{self, WalkArgs};
use super::session::Session;
use super::start::{self, Start, StartArgs};

/// The verbs of a runbook.
#[derive(Debug, Subcommand)]
pub(super) enum RunbookCommand {
    /// List the runbooks
    List,
    /// Show a runbook with all its commands
    Show {
        /// The runbook's id
        #[arg(add = ids::runbooks())]
        id: String,
    },
    /// Find runbooks by what is seen, such as "connection failed"
    Suggest {
        /// What is seen: a symptom, an error, an alert's name
        #[arg(required = true)]
        symptom: Vec<String>,
        /// The service concerned
        #[arg(long, value_name = "ID", add = ids::services())]
        service: Vec<String>,
    },
    /// Walk through a runbook, step by step
    Run(RunArgs),
}

/// What a walk through a runbook takes.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// The runbook's id
    #[arg(add = ids::runbooks())]
    id: String,
    #[command(flatten)]
    start: StartArgs,
    #[command(flatten)]
    walk: WalkArgs,
}

pub(super) fn run(session: &mut Session<'_>, command: RunbookCommand) -> Result<()> {
    match command {
        RunbookCommand::List => procedure::list(session, ProcedureKind::Runbook),
        RunbookCommand::Show { id } => procedure::show(session, ProcedureKind::Runbook, &id),
        RunbookCommand::Suggest { symptom, service } => suggest_for(session, &symptom.join(" "), &service),
        RunbookCommand::Run(args) => {
            let workspace = session.workspace()?;
            let procedure = procedure::find(session, &workspace, ProcedureKind::Runbook, &args.id)?;
            let start =
                Start { procedure, subject: None, period: None, options: &args.start, walk: &args.walk, again: false };
            start::walk(session, &workspace, &start)
        }
    }
}

fn suggest_for(session: &mut Session<'_>, symptom: &str, services: &[String]) -> Result<()> {
    let workspace = session.workspace()?;
    let found = suggest(&workspace.loaded.catalog, symptom, services);
    let shown: Vec<_> = found.iter().map(view::procedure::suggestion_view).collect();
    session.show(&shown, |look| view::procedure::suggestions_text(look, &found))?;
    if found.is_empty() {
        return Err(Error::new(Kind::Negative, format!("no runbook fits `{symptom}`"))
            .hint("`opsctl runbook list` shows them all; try fewer or other words"));
    }
    Ok(())
}
