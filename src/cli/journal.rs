//! `opsctl journal`: the store behind everything.

mod export;
mod import;

use anyhow::Context as _;
use clap::Subcommand;

use crate::error::{Error, Kind, Result, nearest};
use crate::journal::{Event, Journal, TransferError, database};
use crate::view::count::counted;
use crate::view::journal::{PlaceView, events_text, verification_text};

use super::ids;
use super::session::Session;

/// The verbs of the journal.
#[derive(Debug, Subcommand)]
pub(super) enum JournalCommand {
    /// Recompute every hash and look for gaps: proof that nothing was changed afterwards
    Verify,
    /// Show the events as they are stored; with -o json one on each line
    Show {
        /// Only this stream, or all that begin with a prefix that ends with `/`, such as `run/`
        #[arg(long, value_name = "STREAM", add = ids::all_streams())]
        stream: Option<String>,
        /// Only the newest
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Write the journal as JSON lines: for a backup, another workspace, or another program
    Export(export::ExportArgs),
    /// Take in what an export has and this journal has not, with its times and hashes: all of it or nothing
    Import(import::ImportArgs),
    /// Print where the journal lies
    Path,
}

pub(super) fn run(session: &mut Session<'_>, command: JournalCommand) -> Result<()> {
    match command {
        JournalCommand::Verify => verify(session),
        JournalCommand::Show { stream, limit } => show(session, stream.as_deref(), limit),
        JournalCommand::Export(args) => export::export(session, &args),
        JournalCommand::Import(args) => import::import(session, &args),
        JournalCommand::Path => path(session),
    }
}

fn verify(session: &mut Session<'_>) -> Result<()> {
    let workspace = session.quiet_workspace()?;
    let journal = workspace.journal_to_read()?;
    let Some(journal) = journal else {
        session.terminal.tell(&format!("There is no journal yet in {}.", workspace.state_dir()?.display()));
        let nothing = Session::reader(&workspace)?.verify()?;
        return session.show(&nothing, |look| verification_text(look, &nothing));
    };
    let verification = journal.verify()?;
    session.show(&verification, |look| verification_text(look, &verification))?;
    let findings = verification.findings.len();
    if findings > 0 {
        return Err(Error::new(
            Kind::Negative,
            format!("the journal is not as it was written: {}", counted(findings, "finding")),
        )
        .hint("keep the file as it is and make a copy of it; restore what is wrong from a backup or an export"));
    }
    session.terminal.tell("The journal is as it was written.");
    Ok(())
}

fn show(session: &mut Session<'_>, stream: Option<&str>, limit: Option<usize>) -> Result<()> {
    let workspace = session.quiet_workspace()?;
    let journal = Session::reader(&workspace)?;
    let mut events = select(&*journal, stream)?;
    events.sort_by_key(|event| event.seq);
    let hidden = limit.map_or(0, |limit| events.len().saturating_sub(limit));
    let events = &events[hidden..];
    if session.is_json() {
        let lines: serde_json::Result<Vec<String>> = events.iter().map(serde_json::to_string).collect();
        let lines = lines.context("an event cannot be written as JSON")?;
        session.terminal.print(&lines.iter().flat_map(|line| [line, "\n"]).collect::<String>());
    } else {
        let look = session.terminal.look_out();
        session.terminal.print(&events_text(look, events, session.is_verbose()));
    }
    if hidden > 0 {
        session.terminal.tell(&format!("{} not shown.", counted(hidden, "older event")));
    }
    Ok(())
}

fn select(journal: &dyn Journal, stream: Option<&str>) -> Result<Vec<Event>> {
    let Some(wanted) = stream else { return Ok(journal.read_all("")?) };
    if wanted.ends_with('/') {
        return Ok(journal.read_all(wanted)?);
    }
    must_be_there(journal, wanted)?;
    Ok(journal.read(wanted, 0)?)
}

/// Fails where there is no stream that was said, or none that begins so.
fn must_be_there(journal: &dyn Journal, said: &str) -> Result<()> {
    let streams = journal.streams("")?;
    let is_meant = |stream: &String| stream == said || (said.ends_with('/') && stream.starts_with(said));
    if streams.iter().any(is_meant) {
        return Ok(());
    }
    let error = Error::usage(if said.ends_with('/') {
        format!("no stream in the journal begins with `{said}`")
    } else {
        format!("there is no stream `{said}` in the journal")
    });
    Err(match nearest(said, streams.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`opsctl run list` and `opsctl incident list` name them: run/ID and incident/ID"),
    })
}

/// A failure of the journal while it was written out or taken in.
fn refused(error: TransferError) -> Error {
    match error {
        TransferError::Journal(error) => error.into(),
        other => Error::environment(other.to_string()),
    }
}

fn path(session: &mut Session<'_>) -> Result<()> {
    let workspace = session.quiet_workspace()?;
    let place = PlaceView { path: database(workspace.state_dir()?).display().to_string() };
    session.show(&place, |_| place.path.clone())
}
