//! How planned maintenance goes: begun, moved, verified, over, canceled, and what is noted.

use crate::error::{Error, Result};
use crate::ground::Time;
use crate::maintenance::{Maintenance, MaintenanceEvent, Occasion, Status};

use super::super::ids;
use super::super::incident::which::When;
use super::super::session::Session;
use super::super::work::Work;
use super::plan::warn_of_clashes;
use super::show::show_one;
use super::tell::{Change, TellArgs, change};
use super::times::Times;
use super::which::{Which, split};

/// What starting takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct StartArgs {
    #[command(flatten)]
    which: Which,
    /// Tell it in your own words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    text: String,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    tell: TellArgs,
}

/// What finishing takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct FinishArgs {
    #[command(flatten)]
    which: Which,
    /// What came of it, for the journal; nobody is told
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Tell it in your own words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    text: String,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    tell: TellArgs,
}

/// What canceling takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CancelArgs {
    #[command(flatten)]
    which: Which,
    /// Why, for the journal; nobody is told
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Tell it in your own words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    text: String,
    #[command(flatten)]
    tell: TellArgs,
}

/// What an update takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct UpdateArgs {
    /// Its id, unless only one is not over, and what is told; in words of opsctl's own when left out
    #[arg(value_name = "[ID] [TEXT]", add = ids::maintenances())]
    words: Vec<String>,
    #[command(flatten)]
    times: Times,
    /// Why its times are others, for the journal; nobody is told
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The work is done, and somebody looks whether everything works
    #[arg(long)]
    verifying: bool,
    #[command(flatten)]
    tell: TellArgs,
}

/// What noting takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct NoteArgs {
    /// Its id, unless only one is not over, and the text
    #[arg(value_name = "[ID] TEXT", required = true)]
    words: Vec<String>,
    #[command(flatten)]
    when: When,
}

pub(super) fn start(session: &mut Session<'_>, args: &StartArgs) -> Result<()> {
    let at = args.when.moment(session)?;
    change(session, &args.which, &args.tell, |_, _, _| {
        let events = vec![MaintenanceEvent::MaintenanceStarted {}];
        Ok(Change { events, at, occasion: Some(Occasion::Started), written: &args.text })
    })
}

pub(super) fn finish(session: &mut Session<'_>, args: &FinishArgs) -> Result<()> {
    let at = args.when.moment(session)?;
    change(session, &args.which, &args.tell, |session, work, _| {
        let events = vec![MaintenanceEvent::MaintenanceFinished { note: kept(session, work, args.note.as_deref()) }];
        Ok(Change { events, at, occasion: Some(Occasion::Finished), written: &args.text })
    })
}

pub(super) fn cancel(session: &mut Session<'_>, args: &CancelArgs) -> Result<()> {
    change(session, &args.which, &args.tell, |session, work, _| {
        let reason = kept(session, work, Some(&args.reason)).ok_or_else(|| Error::usage("the reason is empty"))?;
        let events = vec![MaintenanceEvent::MaintenanceCanceled { reason }];
        Ok(Change { events, at: None, occasion: Some(Occasion::Canceled), written: &args.text })
    })
}

pub(super) fn update(session: &mut Session<'_>, args: UpdateArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    let written = words.join(" ");
    let (times, is_verifying) = (args.times, args.verifying);
    if args.reason.is_some() && times.is_empty() {
        return Err(Error::usage("--reason says why the times are others: give --from, --until or --for"));
    }
    change(session, &which, &args.tell, |session, work, maintenance| {
        let mut events = Vec::new();
        let mut occasion = None;
        if !times.is_empty() {
            let reason = kept(session, work, args.reason.as_deref());
            let (from, until) = moved(maintenance, &times, session.clock.now())?;
            events.push(MaintenanceEvent::MaintenanceChanged { from, until, reason });
            let is_begun = maintenance.status != Status::Scheduled;
            occasion = Some(if is_begun { Occasion::Extended } else { Occasion::Moved });
            let ledger = work.ledger(session);
            let then = ledger.would_be(maintenance, &events, None)?;
            warn_of_clashes(session, &ledger, &then)?;
        }
        if is_verifying {
            events.push(MaintenanceEvent::MaintenanceVerifying {});
            occasion = Some(Occasion::Verifying);
        }
        Ok(Change { events, at: None, occasion, written: &written })
    })
}

// What is not said stays as it was: a new beginning alone keeps how long it lasts.
fn moved(maintenance: &Maintenance, times: &Times, now: Time) -> Result<(Time, Time)> {
    let was = maintenance.scheduled_until - maintenance.scheduled_for;
    let from = times.beginning(now)?.unwrap_or(maintenance.scheduled_for);
    let until = match times.end(from)? {
        Some(until) => until,
        None => from + was,
    };
    Ok((from, until))
}

pub(super) fn note(session: &mut Session<'_>, args: NoteArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    let at = args.when.moment(session)?;
    let work = Work::begin(session)?;
    let ledger = work.ledger(session);
    let text = kept(session, &work, Some(&words.join(" "))).ok_or_else(|| Error::usage("the note is empty"))?;
    let mut maintenance = which.find(&ledger)?;
    ledger.record_maintenance(&mut maintenance, &[MaintenanceEvent::NoteAdded { text }], at)?;
    show_one(session, &ledger, &maintenance, false)
}

fn kept(session: &Session<'_>, work: &Work, said: Option<&str>) -> Option<String> {
    said.map(|said| session.kept(&work.workspace, said.trim())).filter(|said| !said.is_empty())
}
