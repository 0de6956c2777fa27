//! Bare `opsctl`: what is going on now. It only reads.

use crate::catalog::files::FileKind;
use crate::error::Result;
use crate::ground::Time;
use crate::ledger::Ledger;
use crate::maintenance::Maintenance;
use crate::monitor::{Alert, Sample, State};
use crate::view;
use crate::view::now::{FailingView, Now};
use crate::view::probe::alert::AlertView;
use crate::workspace::Workspace;

use super::due;
use super::probe::list::latest;
use super::session::Session;

pub(super) fn now(session: &mut Session<'_>) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let severities = &workspace.loaded.catalog.settings.severities;
    let incidents = ledger.open_incidents()?.into_iter().map(|incident| {
        let severity = severities.get(&incident.severity);
        (incident, severity)
    });
    let alerts = ledger.open_alerts()?.iter().map(alert_view).collect();
    let mut due = due::standings(&ledger, session.clock, None)?;
    due.retain(|list| matches!(list.state.as_str(), "due" | "overdue"));
    let mut runs = ledger.open_runs()?;
    runs.reverse();
    let walked = |walker: &crate::engine::event::Walker| session.surroundings.is_alive(walker);
    let runs = runs.into_iter().map(|run| {
        let is_walked = run.walker.as_ref().is_some_and(walked);
        (run, is_walked)
    });
    let seen = seen(&workspace, ledger.now())?;
    let now = Now {
        incidents: incidents.collect(),
        maintenance: maintenance(&ledger)?,
        alerts,
        watched: seen.as_ref().map(|seen| (seen.newest, seen.is_watched)),
        failing_probes: seen.map(|seen| seen.failing),
        due,
        runs: runs.collect(),
        actions_due: super::actions::due(&ledger, ledger.now().date_naive())?,
        invalid_definitions: workspace.loaded.broken.len(),
        at: ledger.now(),
    };
    let shown = view::now::now_view(&now);
    session.show(&shown, |look| view::now::now_text(look, &now))
}

/// Maintenance that goes on, begins within a day, or should have begun; the soonest first.
fn maintenance(ledger: &Ledger<'_>) -> Result<Vec<Maintenance>> {
    let soon = ledger.now() + chrono::TimeDelta::days(1);
    let mut near = ledger.open_maintenances()?;
    near.retain(|one| one.status.is_under_way() || one.scheduled_for <= soon);
    near.sort_by_key(|one| one.scheduled_for);
    Ok(near)
}

/// What `opsctl watch` saw last.
struct Seen {
    failing: Vec<FailingView>,
    newest: Time,
    is_watched: bool,
}

/// The probes that were not up when they were seen last, and when the last one was seen and whether that is new; nothing
/// when none was ever seen.
fn seen(workspace: &Workspace, now: Time) -> Result<Option<Seen>> {
    let latest = latest(workspace)?;
    let probes = &workspace.loaded.catalog.settings.probes;
    // Where the settings are broken nobody can tell which probes are gone.
    let are_known = workspace.loaded.broken.iter().all(|broken| broken.kind != FileKind::Settings);
    let seen: Vec<&Sample> =
        latest.values().filter(|sample| !are_known || probes.contains_key(&sample.probe)).collect();
    let Some(newest) = seen.iter().map(|sample| sample.at).max() else { return Ok(None) };
    let is_watched = seen.iter().any(|sample| !sample.is_stale(now));
    let is_bad = |sample: &&&Sample| matches!(sample.state, State::Degraded | State::Down | State::Unknown);
    let view = |sample: &&Sample| FailingView {
        id: sample.probe.clone(),
        state: sample.state.word().to_owned(),
        seen_at: sample.at,
        reason: sample.reason.clone(),
        is_stale: sample.is_stale(now),
    };
    Ok(Some(Seen { failing: seen.iter().filter(is_bad).map(view).collect(), newest, is_watched }))
}

/// An alert for programs.
pub(super) fn alert_view(alert: &Alert) -> AlertView {
    AlertView {
        id: alert.id.clone(),
        title: alert.title.clone(),
        probe: alert.probe.clone(),
        service: alert.service.clone(),
        since: alert.starts_at,
        reason: alert.reason.clone(),
        incident: alert.incident.clone(),
        runbook: alert.runbook.clone(),
    }
}
