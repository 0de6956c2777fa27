//! `opsctl incident follow`: an incident as it goes on, line by line, with its clocks counting down.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{Instant, interval};

use crate::error::{Error, Result};
use crate::incident::{Incident, Status};
use crate::journal::Tail;
use crate::ledger::Ledger;
use crate::process;
use crate::view;
use crate::view::incident::TimelineView;
use crate::view::look::Look;

use super::super::session::Session;
use super::which::Which;

/// How often the journal is looked at for something new; that costs next to nothing.
const LOOK: Duration = Duration::from_millis(250);

/// How often the clocks are drawn.
const DRAW: Duration = Duration::from_secs(1);

/// What a shell says of a program that Ctrl-C ended; `tail -f` and `journalctl -f` leave the same behind, and a script
/// can tell it from an incident that is over.
const INTERRUPTED: u8 = 130;

/// What following takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends when the incident is over; Ctrl-C ends it with exit code 130, as `tail -f` does.")]
pub(in crate::cli) struct FollowArgs {
    #[command(flatten)]
    which: Which,
    /// Go on after it is resolved, until it is closed, canceled or merged
    #[arg(long)]
    until_closed: bool,
}

/// How far somebody has read.
struct Reader<'a> {
    ledger: &'a Ledger<'a>,
    tail: Tail<'a>,
    incident: Incident,
    /// The version of the incident, and of each of its runs, up to which all was told.
    told: u64,
    runs: BTreeMap<String, u64>,
}

pub(super) fn follow(session: &mut Session<'_>, args: &FollowArgs) -> Result<()> {
    session.refuse_report_formats()?;
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    // Taken before the incident is read, so that nothing lies between.
    let tail = Tail::at_end(&*journal)?;
    let incident = args.which.find(session, &workspace, &ledger)?;
    let mut reader = Reader { ledger: &ledger, tail, incident, told: 0, runs: BTreeMap::new() };
    if !session.is_json() {
        let (look, incident) = (session.terminal.look_err(), &reader.incident);
        let severity = workspace.loaded.catalog.settings.severities.get(&incident.severity);
        let head = view::incident::incident_text(look, incident, severity, ledger.now());
        session.terminal.say(&head);
    }
    print(session, &reader.first()?)?;
    session.terminal.begin_live(&format!("following {} · Ctrl-C ends it", reader.incident.id));
    let ended = Session::block_on(go(session, &mut reader, args.until_closed));
    session.terminal.end_live();
    if ended?? && !session.is_json() {
        let (id, status) = (&reader.incident.id, reader.incident.status.word());
        session.terminal.tell(&format!("{id} is {status}."));
    }
    Ok(())
}

// Whether it has ended because the incident is over.
async fn go(session: &mut Session<'_>, reader: &mut Reader<'_>, until_closed: bool) -> Result<bool> {
    let mut looks = interval(LOOK);
    let mut drawn: Option<Instant> = None;
    // Listened to without a break: a signal that comes while something is printed counts.
    let mut stop = pin!(process::interrupted());
    loop {
        tokio::select! {
            () = &mut stop => return Err(Error::said(INTERRUPTED)),
            _ = looks.tick() => {}
        }
        let lines = reader.newer()?;
        print(session, &lines)?;
        if is_over(reader.incident.status, until_closed) {
            return Ok(true);
        }
        if !session.terminal.has_reader() {
            return Ok(false);
        }
        if !lines.is_empty() || drawn.is_none_or(|at| at.elapsed() >= DRAW) {
            draw(session, reader);
            drawn = Some(Instant::now());
        }
    }
}

fn is_over(status: Status, until_closed: bool) -> bool {
    match status {
        Status::Resolved | Status::Postmortem => !until_closed,
        status => !status.is_open(),
    }
}

fn draw(session: &mut Session<'_>, reader: &Reader<'_>) {
    let incident = &reader.incident;
    let severity = reader.ledger.catalog.settings.severities.get(&incident.severity);
    let look = Look { colour: false, ..session.terminal.look_err() };
    let clocks = view::incident::clocks(look, incident, severity, reader.ledger.now());
    let head = format!("{} {} · {}", incident.id, incident.severity, incident.status.word());
    let line = std::iter::once(head).chain(clocks).collect::<Vec<_>>().join(" · ");
    session.terminal.picture(&view::wrap::folded(&line, look.width));
}

fn print(session: &mut Session<'_>, lines: &[TimelineView]) -> Result<()> {
    if !session.is_json() {
        let text = view::incident::timeline_text(session.terminal.look_out(), lines);
        if !text.is_empty() {
            session.terminal.print(&text);
        }
        return Ok(());
    }
    for line in lines {
        let json = serde_json::to_string(line).context("the timeline cannot be written as JSON")?;
        session.terminal.print(&format!("{json}\n"));
    }
    Ok(())
}

impl Reader<'_> {
    // All that has happened, in order of time, with what was corrected.
    fn first(&mut self) -> Result<Vec<TimelineView>> {
        let events = self.ledger.incident_events(&self.incident.id)?;
        self.told = events.last().map_or(0, |event| event.version);
        let mut lines: Vec<_> = Incident::corrected(&events).iter().map(view::timeline::of_incident).collect();
        lines.extend(self.of_runs()?);
        Ok(view::timeline::merge(lines))
    }

    // What has been written down since, as it comes; what is told late comes late.
    fn newer(&mut self) -> Result<Vec<TimelineView>> {
        let touched = self.tail.touched()?;
        let is_ours = |stream: &String| match stream.split_once('/') {
            Some(("incident", id)) => *id == self.incident.id,
            Some(("run", id)) => self.runs.contains_key(id),
            _ => false,
        };
        if !touched.keys().any(is_ours) {
            return Ok(Vec::new());
        }
        self.ledger.refresh_incident(&mut self.incident)?;
        let events = self.ledger.incident_events_after(&self.incident.id, self.told)?;
        self.told = events.last().map_or(self.told, |event| event.version);
        let mut lines: Vec<_> = events.iter().map(view::timeline::of_incident).collect();
        lines.extend(self.of_runs()?);
        Ok(view::timeline::merge(lines))
    }

    fn of_runs(&mut self) -> Result<Vec<TimelineView>> {
        let mut lines = Vec::new();
        for run in &self.incident.runs {
            let told = self.runs.entry(run.clone()).or_default();
            for recorded in self.ledger.run_events_after(run, *told)? {
                *told = recorded.version;
                lines.push(view::timeline::of_run(run, &recorded));
            }
        }
        Ok(lines)
    }
}
