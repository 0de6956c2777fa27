//! `opsctl probe show`: everything about one probe.

use crate::cli::ids;
use crate::cli::session::Session;
use crate::error::Result;
use crate::probe::unset;
use crate::view::probe::show::{probe_detail_text, probe_detail_view};

use super::list::latest;
use super::one;

/// What `probe show` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ShowArgs {
    /// The probe's id
    #[arg(add = ids::probes())]
    id: String,
}

pub(super) fn show(session: &mut Session<'_>, args: &ShowArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let settings = &workspace.loaded.catalog.settings;
    let probe = one(settings, &args.id)?;
    let unset = unset(probe, &session.surroundings.vars);
    let last = latest(&workspace)?;
    let view = probe_detail_view(settings, probe, unset, last.get(&probe.id), session.clock.now());
    session.show(&view, |look| probe_detail_text(look, &view))
}
