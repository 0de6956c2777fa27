//! Incidents listed, shown, and told as a timeline.

use crate::error::Result;
use crate::incident::Incident;
use crate::ledger::Ledger;
use crate::view;
use crate::view::incident::TimelineView;

use super::super::session::Session;
use super::which::Which;

/// What listing takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ListArgs {
    /// Those that are over, too
    #[arg(long)]
    all: bool,
    /// Only the newest
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

pub(super) fn list(session: &mut Session<'_>, args: &ListArgs) -> Result<()> {
    let workspace = session.workspace()?;
    session.tell_homeless(&workspace);
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let severities = &workspace.loaded.catalog.settings.severities;
    let mut incidents = if args.all { ledger.incidents()? } else { ledger.open_incidents()? };
    incidents.reverse();
    incidents.truncate(args.limit.unwrap_or(usize::MAX));
    let shown: Vec<_> = incidents
        .iter()
        .map(|incident| view::incident::incident_view(incident, severities.get(&incident.severity)))
        .collect();
    let now = ledger.now();
    let none = if args.all { "No incidents." } else { "No open incidents; --all shows those that are over." };
    session.show_list(&shown, none, |look| view::incident::incidents_table(look, &incidents, now))
}

pub(super) fn show(session: &mut Session<'_>, which: &Which) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let incident = which.find_or_last(session, &workspace, &ledger)?;
    show_incident(session, &ledger, &incident, true)
}

pub(super) fn timeline(session: &mut Session<'_>, which: &Which) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let incident = which.find_or_last(session, &workspace, &ledger)?;
    let lines = timeline_of(&ledger, &incident)?;
    session.show(&lines, |look| view::incident::timeline_text(look, &lines))
}

/// Everything that happened in an incident and its runs, in order of time.
pub(crate) fn timeline_of(ledger: &Ledger<'_>, incident: &Incident) -> Result<Vec<TimelineView>> {
    let events = ledger.incident_events(&incident.id)?;
    let mut lines: Vec<_> = Incident::corrected(&events).iter().map(view::timeline::of_incident).collect();
    for run in &incident.runs {
        lines.extend(ledger.run_events(run)?.iter().map(|recorded| view::timeline::of_run(run, recorded)));
    }
    Ok(view::timeline::merge(lines))
}

/// Shows an incident as it stands, `whole` with its timeline.
pub(crate) fn show_incident(
    session: &mut Session<'_>,
    ledger: &Ledger<'_>,
    incident: &Incident,
    whole: bool,
) -> Result<()> {
    let severity = ledger.catalog.settings.severities.get(&incident.severity);
    let shown = view::incident::incident_view(incident, severity);
    let lines = if whole && !session.is_json() { timeline_of(ledger, incident)? } else { Vec::new() };
    let now = ledger.now();
    session.show(&shown, |look| {
        let head = view::incident::incident_text(look, incident, severity, now);
        if lines.is_empty() { head } else { format!("{head}\n{}", view::incident::timeline_text(look, &lines)) }
    })
}
