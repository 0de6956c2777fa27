//! Maintenance is planned: by flags, or by questions.

use crate::catalog::model::Settings;
use crate::error::{Error, Result};
use crate::ground::Time;
use crate::ledger::{Ledger, NewMaintenance};
use crate::maintenance::{Maintenance, Occasion, clashes};
use crate::moment;
use crate::terminal::Question;
use crate::view::run::short_time;
use crate::workspace::Workspace;

use super::super::ids;
use super::super::session::Session;
use super::super::work::Work;
use super::tell::{Change, TellArgs, compose, finish};
use super::times::{Times, end};

/// What planning takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PlanArgs {
    /// What is done, in a few words that people outside may read
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// A service that it touches; may be given again
    #[arg(long, value_name = "ID", add = ids::services())]
    service: Vec<String>,
    #[command(flatten)]
    times: Times,
    /// More about it, for those who are told; stands below its times
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    #[command(flatten)]
    tell: TellArgs,
}

pub(super) fn plan(session: &mut Session<'_>, args: PlanArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let tell = args.tell.clone();
    let new = complete(session, &workspace, args)?;
    let journal = workspace.journal()?;
    let work = Work { workspace, journal };
    let ledger = work.ledger(session);
    let change = Change { events: Vec::new(), at: None, occasion: Some(Occasion::Planned), written: "" };
    // What is told is composed before it is planned: a wrong template leaves nothing behind.
    let then = ledger.would_plan(&new)?;
    let mail = compose(session, &work, &ledger, &then, &change, &tell)?;
    let maintenance = ledger.plan(new)?;
    session.terminal.tell(&format!("{} is planned.", maintenance.id));
    warn_of_clashes(session, &ledger, &maintenance)?;
    if mail.is_none() && !tell.is_quiet() {
        let id = &maintenance.id;
        session.terminal.tell(&format!("Nobody was told of it; `opsctl maintenance update {id} --to CHANNEL` does."));
    }
    finish(session, &work, &ledger, maintenance, mail, &tell)
}

/// Warns of other work on the same services at the same time.
pub(super) fn warn_of_clashes(session: &mut Session<'_>, ledger: &Ledger<'_>, planned: &Maintenance) -> Result<()> {
    let mut others = ledger.open_maintenances()?;
    others.retain(|other| other.id != planned.id);
    for other in clashes(&others, &planned.services, planned.scheduled_for, planned.scheduled_until) {
        let (from, until) = (short_time(other.scheduled_for), short_time(other.scheduled_until));
        let (id, title) = (&other.id, &other.title);
        session
            .terminal
            .tell(&format!("warning: at the same time, {id} is planned: {title}, {from} until {until} UTC"));
    }
    Ok(())
}

// Asks for what was not said; without anybody to ask, all that is missing is named at once.
fn complete(session: &mut Session<'_>, workspace: &Workspace, args: PlanArgs) -> Result<NewMaintenance> {
    let settings = &workspace.loaded.catalog.settings;
    let now = session.clock.now();
    args.service.iter().try_for_each(|service| check_service(settings, service))?;
    let from = args.times.beginning(now)?;
    if let Some(until) = args.times.end(from.unwrap_or(now))? {
        Maintenance::allows_plan(from.unwrap_or(now), until, now).map_err(Error::usage)?;
    }
    if !session.terminal.can_ask() {
        check_complete(&args, !settings.services.is_empty())?;
    }
    let title = match &args.title {
        Some(title) => title.clone(),
        None => session.terminal.ask(&Question::new("What is done, in a few words that people outside may read?"))?,
    };
    let title = session.kept_line(workspace, &title);
    if title.is_empty() {
        return Err(Error::usage("maintenance needs a title"));
    }
    let services = if args.service.is_empty() { ask_services(session, settings)? } else { unique(args.service) };
    let from = match from {
        Some(from) => from,
        None => ask_time(session, "When does it begin? (2026-12-01 22:00, 22:00, 3d; UTC)", &|text| {
            moment::future(text, now)
                .and_then(|from| Maintenance::allows_plan(from, from + ONE_SECOND, now).map(|()| from))
        })?,
    };
    let until = match args.times.end(from)? {
        Some(until) => until,
        None => ask_time(session, "When is it over? (2h, 02:00, 2026-12-02 02:00; UTC)", &|text| {
            end(text, from).and_then(|until| Maintenance::allows_plan(from, until, now).map(|()| until))
        })?,
    };
    let text = args.text.map(|text| session.kept(workspace, text.trim())).filter(|text| !text.is_empty());
    Ok(NewMaintenance { title, services, from, until, text })
}

const ONE_SECOND: chrono::TimeDelta = chrono::TimeDelta::seconds(1);

fn check_complete(args: &PlanArgs, has_services: bool) -> Result<()> {
    let missing: Vec<&str> = [
        ("--title TEXT", args.title.is_none()),
        ("--service ID", args.service.is_empty() && has_services),
        ("--from TIME", !args.times.has_beginning()),
        ("--until TIME (or --for DURATION)", !args.times.has_end()),
    ]
    .into_iter()
    .filter_map(|(flag, is_missing)| is_missing.then_some(flag))
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::input_needed(format!("maintenance still needs: {}", missing.join(", "))))
}

fn ask_time(session: &mut Session<'_>, question: &str, read: &dyn Fn(&str) -> Result<Time, String>) -> Result<Time> {
    let check = |text: &str| read(text).map(|_| ());
    let said = session.terminal.ask(&Question::new(question).check(&check))?;
    read(&said).map_err(Error::usage)
}

// One after the other, until there is none more.
fn ask_services(session: &mut Session<'_>, settings: &Settings) -> Result<Vec<String>> {
    let mut left: Vec<&String> = settings.services.keys().collect();
    let mut services = Vec::new();
    while !left.is_empty() {
        let (question, none) = if services.is_empty() {
            ("Which service does it touch?", "none of these")
        } else {
            ("Which other one?", "no other")
        };
        let line = |id: &&String| format!("{id} - {}", settings.services[*id].title);
        let mut items: Vec<String> = left.iter().map(line).collect();
        items.push(none.to_owned());
        let default = if services.is_empty() { 0 } else { items.len() - 1 };
        let picked = session.terminal.pick(question, &items, default)?;
        if picked >= left.len() {
            break;
        }
        services.push(left.remove(picked).clone());
    }
    Ok(services)
}

fn check_service(settings: &Settings, service: &str) -> Result<()> {
    if settings.services.contains_key(service) {
        return Ok(());
    }
    Err(super::super::unknown("service", service, settings.services.keys().map(String::as_str), &[]))
}

fn unique(services: Vec<String>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for service in services {
        if !unique.contains(&service) {
            unique.push(service);
        }
    }
    unique
}
