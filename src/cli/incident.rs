//! `opsctl incident`: open, list, show, ack, note, severity, resolve, timeline.

use std::sync::Arc;

use clap::Subcommand;

use crate::catalog::model::{ProcedureKind, Settings};
use crate::catalog::suggest::{Suggestion, suggest};
use crate::error::{Error, Kind, Result};
use crate::incident::{Incident, IncidentEvent};
use crate::ledger::{Ledger, NewIncident};
use crate::terminal::{AskError, Question};
use crate::view;
use crate::workspace::Workspace;

use super::ids;
use super::procedure::WalkArgs;
use super::session::Session;
use super::start::{self, Start, StartArgs};

/// The verbs of an incident.
#[derive(Debug, Subcommand)]
pub(super) enum IncidentCommand {
    /// Open an incident; asks for what is not said
    Open(OpenArgs),
    /// List the incidents, the newest first
    List {
        /// Resolved ones too
        #[arg(long)]
        all: bool,
    },
    /// Show an incident with its timeline
    Show {
        /// The incident's id
        #[arg(add = ids::incidents())]
        id: String,
    },
    /// Take an incident: it is acknowledged
    Ack {
        /// The incident's id
        #[arg(add = ids::incidents())]
        id: String,
    },
    /// Write something down about an incident
    Note {
        /// The incident's id
        #[arg(add = ids::incidents())]
        id: String,
        /// The text
        #[arg(required = true)]
        text: Vec<String>,
    },
    /// Change an incident's severity
    Severity {
        /// The incident's id
        #[arg(add = ids::incidents())]
        id: String,
        /// The severity from now on
        #[arg(add = ids::severities())]
        severity: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Resolve an incident
    Resolve {
        /// The incident's id
        #[arg(add = ids::incidents())]
        id: String,
        /// How it was resolved
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Everything that happened, runs included, in order of time
    Timeline {
        /// The incident's id
        #[arg(add = ids::incidents())]
        id: String,
    },
}

/// What opening takes.
#[derive(Debug, clap::Args)]
pub(super) struct OpenArgs {
    /// What is wrong, in a few words
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// A service it touches; may be given again
    #[arg(long, value_name = "ID", add = ids::services())]
    service: Vec<String>,
    /// How bad it is
    #[arg(long, value_name = "ID", add = ids::severities())]
    severity: Option<String>,
    /// What is seen: a symptom, an error, an alert
    #[arg(long, value_name = "TEXT")]
    seen: Option<String>,
}

pub(super) fn run(session: &mut Session<'_>, command: IncidentCommand) -> Result<()> {
    match command {
        IncidentCommand::Open(args) => open(session, args),
        IncidentCommand::List { all } => list(session, all),
        IncidentCommand::Show { id } => show(session, &id),
        IncidentCommand::Timeline { id } => timeline(session, &id),
        IncidentCommand::Ack { id } => add(session, &id, |_, _| Ok(IncidentEvent::Acknowledged {})),
        IncidentCommand::Note { id, text } => add(session, &id, |session, workspace| {
            let text = session.kept(workspace, text.join(" ").trim());
            if text.is_empty() { Err(Error::usage("the note is empty")) } else { Ok(IncidentEvent::NoteAdded { text }) }
        }),
        IncidentCommand::Severity { id, severity, reason } => add(session, &id, |session, workspace| {
            check_severity(&workspace.loaded.catalog.settings, &severity)?;
            let reason = reason.map(|reason| session.kept_line(workspace, &reason));
            Ok(IncidentEvent::SeverityChanged { severity, reason })
        }),
        IncidentCommand::Resolve { id, reason } => add(session, &id, |session, workspace| {
            Ok(IncidentEvent::Resolved { reason: reason.map(|reason| session.kept_line(workspace, &reason)) })
        }),
    }
}

fn open(session: &mut Session<'_>, args: OpenArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let settings = &workspace.loaded.catalog.settings;
    check_said(settings, &args)?;
    let new = complete(session, &workspace, args)?;
    let journal = workspace.journal()?;
    let ledger = session.ledger(&workspace, &journal);
    let incident = ledger.declare(new)?;
    let found = suggest(&workspace.loaded.catalog, &described(&incident), &incident.services);
    tell_opened(session, settings, &ledger, &incident, &found);
    show_incident(session, &ledger, &incident, false)?;
    if session.terminal.can_ask() && !session.is_json() {
        return offer_process(session, &workspace, &incident);
    }
    Ok(())
}

fn described(incident: &Incident) -> String {
    format!("{} {}", incident.title, incident.seen.as_deref().unwrap_or_default())
}

fn check_said(settings: &Settings, args: &OpenArgs) -> Result<()> {
    if let Some(severity) = &args.severity {
        check_severity(settings, severity)?;
    }
    for service in &args.service {
        if !settings.services.contains_key(service) {
            return Err(super::unknown("service", service, settings.services.keys().map(String::as_str), &[]));
        }
    }
    Ok(())
}

fn check_severity(settings: &Settings, severity: &str) -> Result<()> {
    if settings.severities.contains_key(severity) {
        return Ok(());
    }
    Err(super::unknown("severity", severity, settings.severities.keys().map(String::as_str), &[]))
}

// Asks for what was not said; without anybody to ask, all that is missing is named at once.
fn complete(session: &mut Session<'_>, workspace: &Workspace, args: OpenArgs) -> Result<NewIncident> {
    let settings = &workspace.loaded.catalog.settings;
    if !session.terminal.can_ask() {
        let missing: Vec<&str> = [
            ("--title TEXT", args.title.is_none()),
            ("--service ID", args.service.is_empty() && !settings.services.is_empty()),
            ("--severity ID", args.severity.is_none()),
        ]
        .into_iter()
        .filter_map(|(flag, is_missing)| is_missing.then_some(flag))
        .collect();
        if !missing.is_empty() {
            return Err(Error::input_needed(format!("an incident still needs: {}", missing.join(", "))));
        }
    }
    let title = match args.title {
        Some(title) => title,
        None => session.terminal.ask(&Question::new("What is wrong, in a few words?"))?,
    };
    let title = session.kept_line(workspace, &title);
    if title.is_empty() {
        return Err(Error::usage("an incident needs a title"));
    }
    let services = if args.service.is_empty() { ask_service(session, settings)? } else { args.service };
    let seen = match args.seen {
        Some(seen) => Some(seen),
        None if session.terminal.can_ask() => {
            Some(session.terminal.ask(&Question::new("What is seen? (a symptom, an error, an alert)").optional())?)
        }
        None => None,
    };
    let severity = match args.severity {
        Some(severity) => severity,
        None => ask_severity(session, settings)?,
    };
    let seen = seen.map(|seen| session.kept_line(workspace, &seen)).filter(|seen| !seen.is_empty());
    Ok(NewIncident { title, services, severity, seen })
}

fn ask_service(session: &mut Session<'_>, settings: &Settings) -> Result<Vec<String>> {
    if settings.services.is_empty() || !session.terminal.can_ask() {
        return Ok(Vec::new());
    }
    let ids: Vec<&String> = settings.services.keys().collect();
    let mut items: Vec<String> =
        settings.services.values().map(|service| format!("{} - {}", service.id, service.title)).collect();
    items.push("none of these".to_owned());
    let picked = session.terminal.pick("Which service?", &items, 0)?;
    Ok(ids.get(picked).map(|id| vec![(*id).clone()]).unwrap_or_default())
}

fn ask_severity(session: &mut Session<'_>, settings: &Settings) -> Result<String, AskError> {
    let ids: Vec<&String> = settings.severities.keys().collect();
    if ids.is_empty() {
        return session.terminal.ask(&Question::new("Which severity?"));
    }
    let items: Vec<String> = settings.severities.iter().map(|(id, s)| view::incident::severity_line(id, s)).collect();
    let picked = session.terminal.pick("Which severity, by the criteria?", &items, 0)?;
    Ok(ids[picked].clone())
}

fn tell_opened(
    session: &mut Session<'_>,
    settings: &Settings,
    ledger: &Ledger<'_>,
    incident: &Incident,
    found: &[Suggestion],
) {
    let look = session.terminal.look_err();
    session.terminal.tell(&format!("{} is open.", incident.id));
    let severity = settings.severities.get(&incident.severity);
    if let Some(line) = view::incident::respond_line(look, incident, severity, ledger.now()) {
        session
            .terminal
            .tell(&format!("Respond by {line}; `opsctl incident ack {}` says that somebody has.", incident.id));
    }
    if severity.is_some_and(|severity| severity.inform_customers) {
        session.terminal.tell("Customers are to be informed.");
    }
    if !found.is_empty() {
        session.terminal.tell("These runbooks may help:");
        let text = view::procedure::suggestions_text(look, &found[..found.len().min(3)]);
        session.terminal.say(text.trim_end());
        let first = &found[0].runbook.id;
        session.terminal.tell(&format!("  opsctl runbook run {first} --incident {}", incident.id));
    }
}

fn offer_process(session: &mut Session<'_>, workspace: &Workspace, incident: &Incident) -> Result<()> {
    let catalog = &workspace.loaded.catalog;
    let process =
        catalog.settings.incident_process.as_deref().and_then(|id| catalog.procedure(ProcedureKind::Playbook, id));
    let Some(process) = process else { return Ok(()) };
    let question = format!("Walk the playbook {} now?", process.id);
    if session.terminal.confirm(&question, true) != Ok(true) {
        let id = &incident.id;
        session.terminal.tell(&format!("Later: opsctl playbook run {} --incident {id} --subject {id}", process.id));
        return Ok(());
    }
    let start = StartArgs { incident: Some(incident.id.clone()), ..StartArgs::default() };
    let walk = WalkArgs::default();
    let begin = Start {
        procedure: Arc::clone(process),
        subject: Some(incident.id.clone()),
        period: None,
        options: &start,
        walk: &walk,
        again: false,
    };
    start::walk(session, workspace, &begin)
}

fn list(session: &mut Session<'_>, all: bool) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let severities = &workspace.loaded.catalog.settings.severities;
    let mut incidents = ledger.incidents()?;
    incidents.retain(|incident| all || incident.is_open());
    incidents.reverse();
    let shown: Vec<_> = incidents
        .iter()
        .map(|incident| view::incident::incident_view(incident, severities.get(&incident.severity)))
        .collect();
    let now = ledger.now();
    let none = if all { "No incidents." } else { "No open incidents; --all shows the resolved ones." };
    session.show_list(&shown, none, |look| view::incident::incidents_table(look, &incidents, now))
}

fn show(session: &mut Session<'_>, id: &str) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let incident = ledger.incident(id)?;
    show_incident(session, &ledger, &incident, true)
}

fn timeline(session: &mut Session<'_>, id: &str) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let incident = ledger.incident(id)?;
    let lines = timeline_of(&ledger, &incident)?;
    session.show(&lines, |look| view::incident::timeline_text(look, &lines))
}

/// Everything that happened in an incident and its runs, in order of time.
fn timeline_of(ledger: &Ledger<'_>, incident: &Incident) -> Result<Vec<view::incident::TimelineView>> {
    let mut lines: Vec<_> = ledger.incident_events(&incident.id)?.iter().map(view::timeline::of_incident).collect();
    for run in &incident.runs {
        lines.extend(ledger.run_events(run)?.iter().map(|recorded| view::timeline::of_run(run, recorded)));
    }
    Ok(view::timeline::merge(lines))
}

fn show_incident(session: &mut Session<'_>, ledger: &Ledger<'_>, incident: &Incident, whole: bool) -> Result<()> {
    let severity = ledger.catalog.settings.severities.get(&incident.severity);
    let shown = view::incident::incident_view(incident, severity);
    let lines = if whole && !session.is_json() { timeline_of(ledger, incident)? } else { Vec::new() };
    let now = ledger.now();
    session.show(&shown, |look| {
        let head = view::incident::incident_text(look, incident, severity, now);
        if lines.is_empty() { head } else { format!("{head}\n{}", view::incident::timeline_text(look, &lines)) }
    })
}

fn add(
    session: &mut Session<'_>,
    id: &str,
    event: impl FnOnce(&Session<'_>, &Workspace) -> Result<IncidentEvent>,
) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = workspace.journal()?;
    let ledger = session.ledger(&workspace, &journal);
    let event = event(session, &workspace)?;
    let mut incident = ledger.incident(id)?;
    ledger.record_incident(&mut incident, &event).map_err(|error| match error.kind {
        Kind::Usage => error.hint(format!("`opsctl incident show {id}` tells where it stands")),
        _ => error,
    })?;
    show_incident(session, &ledger, &incident, false)
}
