//! How an incident goes: acknowledged, severity, status, impact, resolved, reopened, canceled, closed.

use crate::catalog::model::Settings;
use crate::error::{Error, Result};
use crate::incident::comms::opened;
use crate::incident::impact::LEVELS;
use crate::incident::{Incident, IncidentEvent, Status};
use crate::ledger::{Happening, Ledger};
use crate::post::{check_told, end_all, resolved};
use crate::workspace::Workspace;

use super::super::ids;
use super::super::session::Session;
use super::super::work::{Work, record};
use super::show::show_incident;
use super::which::{When, Which, split};

/// What acknowledging takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AckArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    when: When,
}

/// What changing the severity takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SeverityArgs {
    /// The incident's id, unless it is the one in use, and the severity from now on
    #[arg(value_name = "[ID] SEVERITY", required = true, num_args = 1..=2, add = ids::severities())]
    words: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    when: When,
}

/// What changing the status takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct StatusArgs {
    /// The incident's id, unless it is the one in use, and the status from now on
    #[arg(value_name = "[ID] STATUS", required = true, num_args = 1..=2)]
    words: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    when: When,
}

/// What telling of the impact takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ImpactArgs {
    /// The incident's id, unless it is the one in use, and who is affected, in words
    #[arg(value_name = "[ID] [TEXT]")]
    words: Vec<String>,
    /// A service that suffers from now on, or since --at; may be given again
    #[arg(long, value_name = "SERVICE", add = ids::services())]
    start: Vec<String>,
    /// How much it suffers
    #[arg(long, value_name = "LEVEL", value_parser = LEVELS, default_value = LEVELS[1])]
    level: String,
    /// A service that suffers no more; `all` ends all of them
    #[arg(long, value_name = "SERVICE", add = ids::services())]
    end: Vec<String>,
    #[command(flatten)]
    when: When,
}

/// What resolving takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ResolveArgs {
    #[command(flatten)]
    which: Which,
    /// How it was resolved
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Why a channel that was told of it is not told that it is over
    #[arg(long, value_name = "REASON")]
    untold: Option<String>,
    #[command(flatten)]
    when: When,
}

/// What opening again takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ReopenArgs {
    #[command(flatten)]
    which: Which,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    when: When,
}

/// What canceling takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CancelArgs {
    #[command(flatten)]
    which: Which,
    /// Why it was none
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Why a channel that was told of it is not told that it was none
    #[arg(long, value_name = "REASON")]
    untold: Option<String>,
    #[command(flatten)]
    when: When,
}

/// What closing takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CloseArgs {
    #[command(flatten)]
    which: Which,
    /// Why nothing more is to be done
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) fn ack(session: &mut Session<'_>, args: &AckArgs) -> Result<()> {
    let at = args.when.moment(session)?;
    change(session, &args.which, |_, _, _| Ok(Happening { events: vec![IncidentEvent::Acknowledged {}], at }))
}

pub(super) fn severity(session: &mut Session<'_>, args: SeverityArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    let at = args.when.moment(session)?;
    let severity = one(words, "which severity")?;
    change(session, &which, |session, work, _| {
        check_severity(&work.workspace.loaded.catalog.settings, &severity)?;
        let reason = kept(session, &work.workspace, args.reason.as_deref());
        Ok(Happening { events: vec![IncidentEvent::SeverityChanged { severity, reason }], at })
    })
}

pub(super) fn status(session: &mut Session<'_>, args: StatusArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    let at = args.when.moment(session)?;
    let word = one(words, "which status")?;
    let status = Status::parse(&word).ok_or_else(|| {
        let known = Status::ALL.iter().map(|status| status.word());
        super::super::unknown("status", &word, known, &[])
    })?;
    change(session, &which, |session, work, incident| {
        let reason = kept(session, &work.workspace, args.reason.as_deref());
        by_its_own_verb(status, &incident.id)?;
        let mut events = Vec::new();
        // Whoever is at it has taken it.
        if incident.status == Status::Triage && incident.acknowledged_at.is_none() {
            events.push(IncidentEvent::Acknowledged {});
        }
        if status != Status::Investigating || events.is_empty() {
            events.push(IncidentEvent::StatusChanged { status, reason });
        }
        Ok(Happening { events, at })
    })
}

// These need more to be said, or more to be done.
pub(super) fn by_its_own_verb(status: Status, id: &str) -> Result<()> {
    let verb = match status {
        Status::Resolved => "resolve",
        Status::Closed => "close",
        Status::Canceled => "cancel",
        Status::Merged => "merge",
        _ => return Ok(()),
    };
    Err(Error::usage(format!("an incident is {} by a verb of its own", status.word()))
        .hint(format!("opsctl incident {verb} {id}")))
}

pub(super) fn impact(session: &mut Session<'_>, args: ImpactArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    let at = args.when.moment(session)?;
    let text = words.join(" ");
    if text.trim().is_empty() && args.start.is_empty() && args.end.is_empty() {
        return Err(Error::usage("say who is affected, or which service suffers")
            .hint("opsctl incident impact \"20 % of log-ins fail\" --start api --level partial_outage"));
    }
    change(session, &which, |session, work, incident| {
        let settings = &work.workspace.loaded.catalog.settings;
        for service in &args.start {
            check_service(settings, service)?;
        }
        let mut events = Vec::new();
        let text = session.kept(&work.workspace, text.trim());
        if !text.is_empty() {
            events.push(IncidentEvent::ImpactRecorded { text });
        }
        let started = args.start.iter();
        events.extend(
            started.map(|service| IncidentEvent::ImpactStarted { service: service.clone(), level: args.level.clone() }),
        );
        events.extend(ended(incident, &args.end)?);
        Ok(Happening { events, at })
    })
}

fn ended(incident: &Incident, services: &[String]) -> Result<Vec<IncidentEvent>> {
    if services.iter().any(|service| service == "all") {
        let events = end_all(incident);
        return if events.is_empty() { Err(Error::usage("no impact is going on")) } else { Ok(events) };
    }
    Ok(services.iter().map(|service| IncidentEvent::ImpactEnded { service: service.clone() }).collect())
}

pub(super) fn resolve(session: &mut Session<'_>, args: &ResolveArgs) -> Result<()> {
    let at = args.when.moment(session)?;
    change(session, &args.which, |session, work, incident| {
        let untold = kept(session, &work.workspace, args.untold.as_deref());
        check_told(incident, untold.as_deref())?;
        let reason = kept(session, &work.workspace, args.reason.as_deref());
        let severity = work.workspace.loaded.catalog.settings.severities.get(&incident.severity);
        let is_outside_told = opened(incident).iter().any(crate::message::Addressee::is_outside);
        if severity.is_some_and(|severity| severity.inform_customers) && !is_outside_told && !incident.is_restricted() {
            let word =
                format!("warning: {} is {}, and nobody outside was ever told of it", incident.id, incident.severity);
            session.terminal.tell(&word);
        }
        Ok(resolved(incident, reason, untold, at))
    })
}

pub(super) fn reopen(session: &mut Session<'_>, args: &ReopenArgs) -> Result<()> {
    let at = args.when.moment(session)?;
    change_after(session, &args.which, |session, work, _| {
        let reason = needed(session, &work.workspace, &args.reason)?;
        Ok(Happening { events: vec![IncidentEvent::Reopened { reason }], at })
    })
}

pub(super) fn cancel(session: &mut Session<'_>, args: &CancelArgs) -> Result<()> {
    let at = args.when.moment(session)?;
    change(session, &args.which, |session, work, incident| {
        let untold = kept(session, &work.workspace, args.untold.as_deref());
        check_told(incident, untold.as_deref())?;
        let reason = needed(session, &work.workspace, &args.reason)?;
        let mut events = end_all(incident);
        events.push(IncidentEvent::Canceled { reason, untold });
        Ok(Happening { events, at })
    })
}

pub(super) fn close(session: &mut Session<'_>, args: &CloseArgs) -> Result<()> {
    change_after(session, &args.which, |session, work, incident| {
        let settings = &work.workspace.loaded.catalog.settings;
        if incident.postmortem.is_none() && crate::postmortem::is_needed(settings, &incident.severity) {
            session.terminal.tell(&format!(
                "warning: {} asks for a post-mortem, and none was written; `opsctl incident postmortem {}` writes it",
                incident.severity, incident.id
            ));
        }
        Ok(IncidentEvent::Closed { reason: kept(session, &work.workspace, args.reason.as_deref()) }.into())
    })
}

/// Finds an incident, adds what `decide` says, and shows how it stands then.
pub(super) fn change(
    session: &mut Session<'_>,
    which: &Which,
    decide: impl FnOnce(&mut Session<'_>, &Work, &Incident) -> Result<Happening>,
) -> Result<()> {
    change_found(session, |session, work, ledger| which.find(session, &work.workspace, ledger), decide)
}

/// Like [`change`], for what is done after the end.
fn change_after(
    session: &mut Session<'_>,
    which: &Which,
    decide: impl FnOnce(&mut Session<'_>, &Work, &Incident) -> Result<Happening>,
) -> Result<()> {
    change_found(session, |session, work, ledger| which.find_or_last(session, &work.workspace, ledger), decide)
}

fn change_found(
    session: &mut Session<'_>,
    find: impl FnOnce(&mut Session<'_>, &Work, &Ledger<'_>) -> Result<Incident>,
    decide: impl FnOnce(&mut Session<'_>, &Work, &Incident) -> Result<Happening>,
) -> Result<()> {
    let work = Work::begin(session)?;
    let ledger = work.ledger(session);
    let mut incident = find(session, &work, &ledger)?;
    let happening = decide(session, &work, &incident)?;
    record(&ledger, &mut incident, happening)?;
    show_after(session, &ledger, &incident)
}

fn show_after(session: &mut Session<'_>, ledger: &Ledger<'_>, incident: &Incident) -> Result<()> {
    show_incident(session, ledger, incident, false)
}

/// A text as it may be kept, if there is one.
pub(super) fn kept(session: &Session<'_>, workspace: &Workspace, said: Option<&str>) -> Option<String> {
    said.map(|said| session.kept(workspace, said.trim())).filter(|said| !said.is_empty())
}

/// A reason that must not be empty, as it may be kept.
pub(super) fn needed(session: &Session<'_>, workspace: &Workspace, said: &str) -> Result<String> {
    kept(session, workspace, Some(said)).ok_or_else(|| Error::usage("the reason is empty"))
}

/// The one word that is left.
pub(super) fn one(mut words: Vec<String>, what: &str) -> Result<String> {
    match words.len() {
        1 => Ok(words.remove(0)),
        0 => Err(Error::usage(format!("say {what}"))),
        _ => Err(Error::usage(format!("`{}` is one word too many", words[1]))
            .hint(format!("`{}` is no incident's id, which looks like INC-7", words[0]))),
    }
}

pub(super) fn check_severity(settings: &Settings, severity: &str) -> Result<()> {
    if settings.severities.contains_key(severity) {
        return Ok(());
    }
    Err(super::super::unknown("severity", severity, settings.severities.keys().map(String::as_str), &[]))
}

pub(super) fn check_service(settings: &Settings, service: &str) -> Result<()> {
    if settings.services.contains_key(service) {
        return Ok(());
    }
    Err(super::super::unknown("service", service, settings.services.keys().map(String::as_str), &[]))
}
