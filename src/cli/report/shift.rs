//! The handover of a shift.

use crate::cli::actions;
use crate::cli::due;
use crate::cli::incident::show::timeline_of;
use crate::cli::now::alert_view;
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::ground::{Time, rfc3339};
use crate::incident::clock::{next_update_due, respond_by};
use crate::incident::comms::unfinished;
use crate::incident::{Incident, Role};
use crate::ledger::Ledger;
use crate::moment;
use crate::view::report::shift::{HappenedView, OpenView, ShiftView, WaitingView, shift_markdown};
use crate::view::run::run_line;

use super::{Common, give, seen};

pub(super) fn shift(session: &mut Session<'_>, since: &str, common: &Common) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let now = ledger.now();
    let since = moment::bound(since, now).map_err(Error::usage)?;
    if since >= now {
        return Err(Error::usage(format!("{} has not come yet", rfc3339(since))));
    }
    let (all, _) = seen(ledger.incidents()?, &Common { out: None, restricted: true });
    // Only those that would stand in the report are left out of it.
    let concerns = |incident: &Incident| incident.is_open() || incident.last_at >= since;
    let (incidents, left_out) = seen(all.iter().filter(|incident| concerns(incident)).cloned().collect(), common);
    let hidden = |id: &str| !common.restricted && all.iter().any(|one| one.id == id && one.is_restricted());
    let mut happened = Vec::new();
    for incident in &incidents {
        happened.extend(told(&ledger, incident, since)?);
    }
    happened.sort_by(|(_, a), (_, b)| a.at.cmp(&b.at));
    let is_note = |kind: &str| matches!(kind, "note_added" | "decision_made");
    let mut runs = ledger.summaries()?;
    runs.retain(|run| run.finished_at.is_none() && !run.incident.as_deref().is_some_and(hidden));
    let is_walked = |walker: &crate::engine::event::Walker| session.surroundings.is_alive(walker);
    let mut checklists = due::standings(&ledger, session.clock, None)?;
    checklists.retain(|list| matches!(list.state.as_str(), "due" | "overdue"));
    let mut due = actions::due(&ledger, now.date_naive())?;
    due.retain(|action| !hidden(&action.incident));
    let alerts =
        ledger.alerts()?.into_iter().filter(|alert| alert.is_open() && !alert.incident.as_deref().is_some_and(hidden));
    let view = ShiftView {
        since: rfc3339(since),
        until: rfc3339(now),
        incidents: incidents.iter().filter(|one| one.is_open()).map(|one| open(&ledger, one)).collect(),
        restricted_left_out: left_out,
        notes: happened.iter().filter(|(kind, _)| is_note(kind)).map(|(_, line)| line.clone()).collect(),
        happened: happened.into_iter().map(|(_, line)| line).collect(),
        alerts: alerts.map(|alert| alert_view(&alert)).collect(),
        runs: runs.iter().map(|run| run_line(run, run.walker.as_ref().is_some_and(is_walked))).collect(),
        checklists,
        messages: all.iter().filter(|one| !hidden(&one.id)).flat_map(waiting).collect(),
        actions: due,
    };
    give(session, &view, &shift_markdown(&view), common.out.as_ref())
}

// What happened in an incident since a moment, each with its kind.
fn told(ledger: &Ledger<'_>, incident: &Incident, since: Time) -> Result<Vec<(String, HappenedView)>> {
    let from = rfc3339(since);
    let lines = timeline_of(ledger, incident)?.into_iter().filter(|line| line.at >= from && line.kind != "run_started");
    let view = |line: crate::view::incident::TimelineView| {
        let told = HappenedView { at: line.at, incident: incident.id.clone(), actor: line.actor, text: line.text };
        (line.kind, told)
    };
    Ok(lines.map(view).collect())
}

fn open(ledger: &Ledger<'_>, incident: &Incident) -> OpenView {
    let severity = ledger.catalog.settings.severities.get(&incident.severity);
    let role = |role: Role| Some((role.title().to_owned(), incident.role(role)?.to_owned()));
    let is_taken = incident.acknowledged_at.is_some();
    OpenView {
        id: incident.id.clone(),
        title: incident.title.clone(),
        severity: incident.severity.clone(),
        status: incident.status.word().to_owned(),
        services: incident.services.clone(),
        impact: incident.impact.clone(),
        roles: Role::ALL.into_iter().filter_map(role).collect(),
        respond_by: respond_by(incident, severity).filter(|_| !is_taken).map(rfc3339),
        next_update_due: next_update_due(incident, severity).map(rfc3339),
    }
}

fn waiting(incident: &Incident) -> Vec<WaitingView> {
    let view = |mail: &crate::message::Mail| WaitingView {
        incident: incident.id.clone(),
        message: mail.id().to_owned(),
        state: mail.state().word().to_owned(),
        channels: mail.drafted.to.iter().map(|to| to.channel.clone()).collect(),
    };
    unfinished(incident).map(view).collect()
}
