//! `opsctl incident walk`: led through the process, from where the incident stands.

use crate::catalog::model::ProcedureKind;
use crate::error::{Error, Result};

use super::super::procedure::{self, WalkArgs};
use super::super::session::Session;
use super::open::{process_of, walk_process};
use super::which::Which;

/// What walking takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct WalkIncidentArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    walk: WalkArgs,
}

pub(super) fn walk(session: &mut Session<'_>, args: &WalkIncidentArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let incident = {
        let journal = Session::reader(&workspace)?;
        let ledger = session.ledger(&workspace, &*journal);
        args.which.find(session, &workspace, &ledger)?
    };
    let settings = &workspace.loaded.catalog.settings;
    let Some(id) = process_of(settings, &incident) else {
        return Err(Error::usage("no playbook leads through incidents in this workspace")
            .hint("`incident: {process: ID}` in opsctl.yaml names one; `opsctl playbook list` shows those there are"));
    };
    let process = procedure::find(session, &workspace, ProcedureKind::Playbook, id)?;
    walk_process(session, &workspace, &incident, &process, &args.walk)
}
