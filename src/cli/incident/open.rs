//! An incident is opened: by flags, by questions, and with what may help.

use std::sync::Arc;

use crate::catalog::model::{Procedure, ProcedureKind, Settings};
use crate::catalog::suggest::{Suggestion, suggest};
use crate::error::{Error, Result};
use crate::incident::clock::lacks_commander;
use crate::incident::{Incident, Visibility};
use crate::ledger::{Ledger, NewIncident};
use crate::moment;
use crate::terminal::{AskError, Question};
use crate::view;
use crate::workspace::Workspace;

use super::super::ids;
use super::super::procedure::WalkArgs;
use super::super::session::Session;
use super::super::start::{self, Start, StartArgs};
use super::course::{check_service, check_severity};
use super::show::show_incident;
use super::which::When;

/// A title stands in lists and subjects.
const LONGEST_TITLE: usize = 200;

/// What opening takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct OpenArgs {
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
    /// A security incident: restricted to those who work on it, with a process of its own
    #[arg(long)]
    security: bool,
    /// When it was noticed, where that was earlier
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    detected: Option<String>,
    /// By what it was noticed: an alert, a customer
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    #[command(flatten)]
    when: When,
}

pub(super) fn open(session: &mut Session<'_>, args: OpenArgs) -> Result<()> {
    let workspace = session.workspace()?;
    session.tell_homeless(&workspace);
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
    args.service.iter().try_for_each(|service| check_service(settings, service))
}

fn check_title(title: &str) -> Result<()> {
    let length = title.chars().count();
    if length == 0 {
        return Err(Error::usage("an incident needs a title"));
    }
    if length > LONGEST_TITLE {
        return Err(Error::usage(format!("a title has {LONGEST_TITLE} characters at most, and this one {length}"))
            .hint("say it in a few words; --seen and `incident note` take the rest"));
    }
    Ok(())
}

// Asks for what was not said; without anybody to ask, all that is missing is named at once.
fn complete(session: &mut Session<'_>, workspace: &Workspace, args: OpenArgs) -> Result<NewIncident> {
    let at = args.when.moment(session)?;
    let detected = detected(session, workspace, &args)?;
    let visibility = if args.security { Visibility::Restricted } else { Visibility::Normal };
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
    check_title(&title)?;
    let mut services = if args.service.is_empty() { ask_service(session, settings)? } else { args.service };
    let mut known = std::collections::HashSet::new();
    services.retain(|service| known.insert(service.clone()));
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
    Ok(NewIncident { title, services, severity, seen, visibility, at, detected })
}

// Noticed now, unless it was earlier, where somebody says by what.
fn detected(
    session: &Session<'_>,
    workspace: &Workspace,
    args: &OpenArgs,
) -> Result<Option<(crate::ground::Time, Option<String>)>> {
    let now = session.clock.now();
    let source = args.source.as_ref().map(|source| session.kept_line(workspace, source));
    let said = args.detected.as_deref().map(|said| moment::past(said, now).map_err(Error::usage)).transpose()?;
    let declared = args.when.moment(session)?.unwrap_or(now);
    Ok(said.or(source.is_some().then_some(declared)).map(|at| (at, source)))
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
    if lacks_commander(incident, severity) {
        let id = &incident.id;
        session
            .terminal
            .tell(&format!("Nobody commands it yet: `opsctl incident role {id} commander` takes that on you."));
    }
    if incident.is_restricted() {
        session.terminal.tell("It is restricted: nothing of it is public by itself, and reports leave it out.");
    }
    if !found.is_empty() {
        session.terminal.tell("These runbooks may help:");
        let text = view::procedure::suggestions_text(look, &found[..found.len().min(3)]);
        session.terminal.say(text.trim_end());
        let first = &found[0].runbook.id;
        session.terminal.tell(&format!("The first: opsctl runbook run {first} --incident {}", incident.id));
    }
}

/// The playbook that leads through an incident.
pub(super) fn process_of<'a>(settings: &'a Settings, incident: &Incident) -> Option<&'a str> {
    let process = settings.incident.process.as_deref();
    let of_its_own = settings.incident.security_process.as_deref().filter(|_| incident.is_restricted());
    of_its_own.or(process)
}

fn offer_process(session: &mut Session<'_>, workspace: &Workspace, incident: &Incident) -> Result<()> {
    let catalog = &workspace.loaded.catalog;
    let wanted = process_of(&catalog.settings, incident);
    let process = wanted.and_then(|id| catalog.procedure(ProcedureKind::Playbook, id));
    let Some(process) = process else { return Ok(()) };
    let question = format!("Walk the playbook {} now?", process.id);
    if session.terminal.confirm(&question, true) != Ok(true) {
        session.terminal.tell(&format!("Later: opsctl incident walk {}", incident.id));
        return Ok(());
    }
    walk_process(session, workspace, incident, process, &WalkArgs::default())
}

/// Walks the process playbook of an incident, from where it stands.
pub(super) fn walk_process(
    session: &mut Session<'_>,
    workspace: &Workspace,
    incident: &Incident,
    process: &Arc<Procedure>,
    walk: &WalkArgs,
) -> Result<()> {
    let start = StartArgs { incident: Some(incident.id.clone()), ..StartArgs::default() };
    let begin = Start {
        procedure: Arc::clone(process),
        subject: Some(incident.id.clone()),
        period: None,
        options: &start,
        walk,
        // One that goes on again is walked again.
        again: incident.is_open(),
    };
    start::walk(session, workspace, &begin)
}
