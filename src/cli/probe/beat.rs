//! `opsctl probe beat`: a job says how it is.

use clap::ValueEnum;

use crate::catalog::model::ProbeTarget;
use crate::cli::ids;
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::monitor::Beat;
use crate::sample::Samples;

use super::one;

/// What `probe beat` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct BeatArgs {
    /// The id of a `push` probe
    #[arg(add = ids::probes())]
    id: String,
    /// What the job says
    #[arg(default_value = "success")]
    said: Said,
    /// Something about it, at most one line
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
}

/// What a job says.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Said {
    /// It begins
    Start,
    /// It is done, or it lives
    Success,
    /// It failed
    Fail,
}

pub(super) fn beat(session: &mut Session<'_>, args: &BeatArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let probe = one(&workspace.loaded.catalog.settings, &args.id)?;
    if !matches!(probe.target, ProbeTarget::Push { .. }) {
        return Err(
            Error::usage(format!("the probe `{}` waits for no heartbeat", probe.id)).hint("a probe with `push:` does")
        );
    }
    let beat = match args.said {
        Said::Start => Beat::Start,
        Said::Success => Beat::Success,
        Said::Fail => Beat::Fail,
    };
    let message = args.message.as_deref().map(|message| session.kept_line(&workspace, message));
    // The journal's file is where the beats lie; opening it for writing makes it when it is not there yet.
    workspace.journal()?;
    let samples = Samples::open(workspace.state_dir()?)?;
    samples.beat(&probe.id, session.clock.now(), beat, message.as_deref())?;
    session.terminal.tell(&format!("{}: {} noted", probe.id, beat.word()));
    Ok(())
}
