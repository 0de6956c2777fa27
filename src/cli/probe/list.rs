//! `opsctl probe list`: the probes, and what was seen last.

use std::collections::BTreeMap;

use crate::cli::ids;
use crate::cli::session::Session;
use crate::error::Result;
use crate::monitor::Sample;
use crate::sample::Samples;
use crate::view::probe::list::{ProbeView, probe_view, probes_table};
use crate::workspace::Workspace;

use super::chosen;

/// What `probe list` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ListArgs {
    /// Ids, tags or services; all probes when left out
    #[arg(value_name = "ID|TAG|SERVICE", add = ids::selectors())]
    probes: Vec<String>,
}

pub(super) fn list(session: &mut Session<'_>, args: &ListArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let settings = &workspace.loaded.catalog.settings;
    let shown = if args.probes.is_empty() { settings.all_probes().collect() } else { chosen(settings, &args.probes)? };
    let (last, now) = (latest(&workspace)?, session.clock.now());
    let views: Vec<ProbeView> = shown.iter().map(|probe| probe_view(probe, last.get(&probe.id), now)).collect();
    let none = "There are no probes in this workspace; opsctl.yaml defines them, under its services.";
    session.show_list(&views, none, |look| probes_table(look, &views))
}

/// What `opsctl watch` saw last of each probe.
pub(in crate::cli) fn latest(workspace: &Workspace) -> Result<BTreeMap<String, Sample>> {
    let Some(samples) = samples(workspace)? else { return Ok(BTreeMap::new()) };
    Ok(samples.latest()?.into_iter().map(|sample| (sample.probe.clone(), sample)).collect())
}

/// What was kept, for reading; none when nothing ever was.
pub(in crate::cli) fn samples(workspace: &Workspace) -> Result<Option<Samples>> {
    let dir = workspace.state_dir().ok();
    Ok(dir.map(Samples::open_read).transpose()?.flatten())
}
