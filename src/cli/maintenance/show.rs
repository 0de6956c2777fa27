//! Planned maintenance listed and shown.

use crate::error::Result;
use crate::ledger::Ledger;
use crate::maintenance::Maintenance;
use crate::view::incident::{TimelineView, timeline_text};
use crate::view::maintenance::{maintenance_text, maintenance_view, maintenances_table, of_maintenance};

use super::super::session::Session;
use super::which::Which;

/// What listing takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ListArgs {
    /// Those that are over or canceled, too
    #[arg(long)]
    all: bool,
}

pub(super) fn list(session: &mut Session<'_>, args: &ListArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let mut all = if args.all { ledger.maintenances()? } else { ledger.open_maintenances()? };
    all.sort_by_key(|one| one.scheduled_for);
    let shown: Vec<_> = all.iter().map(maintenance_view).collect();
    let now = ledger.now();
    let none = if args.all { "No maintenance." } else { "No maintenance is planned; --all shows what is over." };
    session.show_list(&shown, none, |look| maintenances_table(look, &all, now))
}

pub(super) fn show(session: &mut Session<'_>, which: &Which) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let maintenance = which.find(&ledger)?;
    show_one(session, &ledger, &maintenance, true)
}

/// Shows maintenance as it stands, `whole` with its timeline.
pub(super) fn show_one(
    session: &mut Session<'_>,
    ledger: &Ledger<'_>,
    maintenance: &Maintenance,
    whole: bool,
) -> Result<()> {
    let shown = maintenance_view(maintenance);
    let lines: Vec<TimelineView> = if whole && !session.is_json() {
        ledger.maintenance_events(&maintenance.id)?.iter().map(of_maintenance).collect()
    } else {
        Vec::new()
    };
    let now = ledger.now();
    session.show(&shown, |look| {
        let head = maintenance_text(look, maintenance, now);
        if lines.is_empty() { head } else { format!("{head}\n{}", timeline_text(look, &lines)) }
    })
}
