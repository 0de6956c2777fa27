//! `opsctl playbook`: list, show, run.

use clap::Subcommand;

use crate::catalog::model::ProcedureKind;
use crate::error::Result;

use super::ids;
use super::items::ItemArgs;
use super::procedure::{self, WalkArgs};
use super::session::Session;
use super::start::{self, Start, StartArgs};

/// The verbs of a playbook.
#[derive(Debug, Subcommand)]
pub(super) enum PlaybookCommand {
    /// List the playbooks
    List,
    /// Show a playbook
    Show {
        /// The playbook's id
        #[arg(add = ids::playbooks())]
        id: String,
    },
    /// Walk through a playbook; one run a subject, which is resumed
    Run(Box<RunArgs>),
}

/// What a walk through a playbook takes.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// The playbook's id
    #[arg(add = ids::playbooks())]
    id: String,
    /// Whom or what it is about: a customer, a feature
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// Begin another run for a subject whose run is over
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    items: ItemArgs,
    #[command(flatten)]
    start: StartArgs,
    #[command(flatten)]
    walk: WalkArgs,
}

pub(super) fn run(session: &mut Session<'_>, command: PlaybookCommand) -> Result<()> {
    match command {
        PlaybookCommand::List => procedure::list(session, ProcedureKind::Playbook),
        PlaybookCommand::Show { id } => procedure::show(session, ProcedureKind::Playbook, &id),
        PlaybookCommand::Run(args) => {
            let workspace = session.workspace()?;
            let procedure = procedure::find(session, &workspace, ProcedureKind::Playbook, &args.id)?;
            let subject = args.subject.clone().map(|subject| session.kept_line(&workspace, &subject));
            let subject = subject.filter(|subject| !subject.is_empty());
            let start =
                Start { procedure, subject, period: None, options: &args.start, walk: &args.walk, again: args.again };
            if args.items.is_empty() {
                start::walk(session, &workspace, &start)
            } else {
                args.items.apply(session, &workspace, &start)
            }
        }
    }
}
