//! Two incidents that are one.

use crate::error::{Error, Result};
use crate::incident::comms::opened;
use crate::incident::{Incident, IncidentEvent};

use super::super::ids;
use super::super::session::Session;
use super::super::work::{Work, record};
use super::course::kept;
use super::show::show_incident;

/// What merging takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct MergeArgs {
    /// The incident that is told elsewhere from now on
    #[arg(value_name = "ID", add = ids::incidents())]
    id: String,
    /// The incident that tells it
    #[arg(value_name = "INTO", add = ids::incidents())]
    into: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) fn merge(session: &mut Session<'_>, args: &MergeArgs) -> Result<()> {
    let work = Work::begin(session)?;
    let ledger = work.ledger(session);
    let mut from = ledger.incident(&args.id)?;
    let mut into = ledger.incident(&args.into)?;
    check(&from, &into)?;
    let reason = kept(session, &work.workspace, args.reason.as_deref());
    // Whoever was told of the one has to hear the end of the other. The order keeps that true when we are killed here.
    if !into.absorbed.contains(&from.id) {
        let absorbed =
            IncidentEvent::Absorbed { incident: from.id.clone(), title: from.title.clone(), channels: opened(&from) };
        record(&ledger, &mut into, absorbed)?;
    }
    record(&ledger, &mut from, IncidentEvent::Merged { into: into.id.clone(), reason })?;
    session.terminal.tell(&format!("{} is told in {} from now on.", from.id, into.id));
    show_incident(session, &ledger, &from, false)
}

fn check(from: &Incident, into: &Incident) -> Result<()> {
    if from.id == into.id {
        return Err(Error::usage("an incident cannot be merged into itself"));
    }
    // What the one is about must not be read in the other.
    if from.is_restricted() && !into.is_restricted() {
        return Err(Error::usage(format!("{} is restricted, and {} is not", from.id, into.id))
            .hint("merge the other way round, or cancel the one with a reason that may be read"));
    }
    for incident in [from, into] {
        if !incident.is_open() {
            return Err(Error::usage(format!("{} is {}", incident.id, incident.status.word()))
                .hint("only open incidents are merged"));
        }
    }
    Ok(())
}
