//! Bare `opsctl`: what is going on now. It only reads.

use crate::error::Result;
use crate::incident::Incident;
use crate::view;
use crate::view::now::Now;

use super::due;
use super::session::Session;

pub(super) fn now(session: &mut Session<'_>) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let severities = &workspace.loaded.catalog.settings.severities;
    let open = ledger.incidents()?.into_iter().filter(Incident::is_open);
    let incidents = open.map(|incident| {
        let severity = severities.get(&incident.severity);
        (incident, severity)
    });
    let mut due = due::standings(&ledger, session.clock, None)?;
    due.retain(|list| matches!(list.state.as_str(), "due" | "overdue"));
    let mut runs = ledger.summaries()?;
    runs.retain(|run| run.finished_at.is_none());
    runs.reverse();
    let walked = |walker: &crate::engine::event::Walker| session.surroundings.is_alive(walker);
    let runs = runs.into_iter().map(|run| {
        let is_walked = run.walker.as_ref().is_some_and(walked);
        (run, is_walked)
    });
    let now = Now {
        incidents: incidents.collect(),
        due,
        runs: runs.collect(),
        invalid_definitions: workspace.loaded.broken.len(),
        at: ledger.now(),
    };
    let shown = view::now::now_view(&now);
    session.show(&shown, |look| view::now::now_text(look, &now))
}
