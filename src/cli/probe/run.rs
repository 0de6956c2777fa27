//! `opsctl probe run`: looks now.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::interval;

use crate::catalog::files::FileKind;
use crate::catalog::model::Probe;
use crate::cli::Output;
use crate::cli::ids;
use crate::cli::procedure::refuse_invalid;
use crate::cli::session::Session;
use crate::error::{Error, Kind, Result};
use crate::ground::{Span, Time};
use crate::journal::Journal;
use crate::probe::{Limits, Observation, Prober, State, Works};
use crate::process;
use crate::terminal::Terminal;
use crate::view::probe as view;
use crate::view::probe::progress::progress_text;
use crate::view::probe::repeat::{repeat_text, repeat_view};
use crate::view::probe::table::results_text;
use crate::workspace::{Workspace, prober};

use super::chosen;

/// How often the picture is drawn anew: thousands of probes are not to wait for it.
const REDRAW: Duration = Duration::from_millis(100);

/// What `probe run` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RunArgs {
    /// Ids, tags or services; every enabled probe when left out
    #[arg(value_name = "ID|TAG|SERVICE", add = ids::selectors())]
    probes: Vec<String>,
    /// At most so many at the same time
    #[arg(long, value_name = "N", default_value_t = Limits::default().at_once, value_parser = at_least_one)]
    concurrency: usize,
    /// At most so many of one host and port at the same time
    #[arg(long, value_name = "N", default_value_t = Limits::default().per_host, value_parser = at_least_one)]
    per_host: usize,
    /// Look so many times, and tell the spread of the times
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    repeat: Option<u32>,
    /// The pause between two times
    #[arg(long, value_name = "DURATION", default_value = "0s", requires = "repeat")]
    pause: Span,
}

pub(in crate::cli) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("this is not a number".to_owned()),
    }
}

pub(super) fn run(session: &mut Session<'_>, args: &RunArgs) -> Result<()> {
    let workspace = session.workspace()?;
    refuse_invalid_settings(session, &workspace, &args.probes)?;
    let chosen = chosen(&workspace.loaded.catalog.settings, &args.probes)?;
    if chosen.is_empty() && session.format() == Output::Text {
        session.terminal.tell("There are no probes in this workspace; opsctl.yaml defines them, under its services.");
        return Ok(());
    }
    let rounds = look(session, &workspace, &chosen, args)?;
    show(session, args, &rounds)?;
    verdict(session, &rounds)
}

/// Where settings cannot be read, nobody knows all of the probes; one that is asked for by its id is known.
fn refuse_invalid_settings(session: &mut Session<'_>, workspace: &Workspace, selectors: &[String]) -> Result<()> {
    let probes = &workspace.loaded.catalog.settings.probes;
    if !selectors.is_empty() && selectors.iter().all(|selector| probes.contains_key(selector)) {
        return Ok(());
    }
    let settings = workspace.loaded.broken.iter().filter(|broken| broken.kind == FileKind::Settings);
    let paths: Vec<String> = settings.map(|broken| broken.path.clone()).collect();
    match paths.first() {
        Some(first) => Err(refuse_invalid(session, workspace, &paths, first)),
        None => Ok(()),
    }
}

/// Looks as often as was asked for; a list of observations each time.
fn look(
    session: &mut Session<'_>,
    workspace: &Workspace,
    chosen: &[&Probe],
    args: &RunArgs,
) -> Result<Vec<Vec<Observation>>> {
    let settings = &workspace.loaded.catalog.settings;
    let needed = settings.with_dependencies(chosen);
    let limits = Limits { at_once: args.concurrency, per_host: args.per_host };
    let works = works(session, workspace);
    let prober = prober(workspace, &session.surroundings, session.clock).works(works);
    let terminal = &mut *session.terminal;
    let rounds = args.repeat.unwrap_or(1);
    terminal.begin_live("looking");
    let work = async {
        let mut done = Vec::new();
        for round in 1..=rounds {
            let title = if rounds > 1 { format!("{round} of {rounds} · ") } else { String::new() };
            let mut seen = once(&prober, &needed, limits, terminal, &title).await;
            // What only others depend on was not asked for.
            seen.truncate(chosen.len());
            if rounds > 1 {
                // Of many rounds only the numbers are told.
                for observation in &mut seen {
                    observation.output = None;
                }
            }
            done.push(seen);
            if round < rounds {
                tokio::time::sleep(args.pause.0).await;
            }
        }
        done
    };
    let done = Session::block_on(async {
        tokio::select! {
            // First somebody listens for signals, then there is something to stop.
            biased;
            () = process::interrupted() => None,
            done = work => Some(done),
        }
    });
    session.terminal.end_live();
    done?.ok_or_else(|| Error::interrupted("stopped before all probes had come to an end; nothing was changed"))
}

/// The work on services that goes on. Where the journal cannot be read one can still look.
fn works(session: &mut Session<'_>, workspace: &Workspace) -> Works {
    let read = |journal: Box<dyn Journal>| session.ledger(workspace, &*journal).open_maintenances();
    match Session::reader(workspace).and_then(read) {
        Ok(planned) => Works::of(&planned),
        Err(error) => {
            session.terminal.tell(&format!("warning: planned maintenance cannot be read: {error}"));
            Works::default()
        }
    }
}

async fn once(
    eye: &Prober<'_>,
    probes: &[&Probe],
    limits: Limits,
    terminal: &mut dyn Terminal,
    title: &str,
) -> Vec<Observation> {
    let states: Mutex<BTreeMap<String, Observation>> = Mutex::default();
    let so_far = || states.lock().unwrap_or_else(PoisonError::into_inner);
    let mut seen = |observation: &Observation| {
        so_far().insert(observation.id.clone(), observation.clone());
    };
    let mut work = pin!(eye.observe_all(probes, limits, &mut seen));
    let (look, mut redraw, mut drawn) = (terminal.look_err(), interval(REDRAW), None);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = redraw.tick() => {
                let states = so_far();
                if drawn.replace(states.len()) != Some(states.len()) {
                    terminal.picture(&progress_text(look, title, probes, &states));
                }
            }
        }
    }
}

fn show(session: &mut Session<'_>, args: &RunArgs, rounds: &[Vec<Observation>]) -> Result<()> {
    let (worst, now) = (worst(rounds), session.clock.now());
    let text = match session.format() {
        Output::Junit => view::junit::junit(&worst),
        Output::Tap => view::tap::tap(&worst),
        Output::Prometheus => view::prometheus::prometheus(&worst),
        Output::Nagios => view::nagios::nagios(&worst),
        Output::Text | Output::Json => return show_plain(session, args, rounds, now),
    };
    session.terminal.print(&text);
    Ok(())
}

/// Of many rounds a report tells the worst observation of each probe, the last of them.
fn worst(rounds: &[Vec<Observation>]) -> Vec<Observation> {
    let of = |place: usize| rounds.iter().filter_map(move |round| round.get(place));
    let gravity = |seen: &&Observation| match seen.state {
        State::NotConfigured => 0,
        State::Up => 1,
        State::Maintenance => 2,
        State::Degraded => 3,
        State::Unknown => 4,
        State::Down => 5,
    };
    let count = rounds.first().map_or(0, Vec::len);
    (0..count).filter_map(|place| of(place).max_by_key(gravity).cloned()).collect()
}

fn show_plain(session: &mut Session<'_>, args: &RunArgs, rounds: &[Vec<Observation>], now: Time) -> Result<()> {
    let last = rounds.last().map(Vec::as_slice).unwrap_or_default();
    if args.repeat.is_some() {
        let of = |place: usize| rounds.iter().filter_map(move |round| round.get(place)).collect::<Vec<_>>();
        let views: Vec<_> = (0..last.len()).filter_map(|place| repeat_view(&of(place))).collect();
        return session.show(&views, |look| repeat_text(look, &views));
    }
    let verbose = session.is_verbose();
    session.show(&last, |look| results_text(look, last, now, verbose))
}

fn verdict(session: &Session<'_>, rounds: &[Vec<Observation>]) -> Result<()> {
    if session.format() == Output::Nagios {
        let code = view::nagios::exit_code(&worst(rounds));
        return if code == 0 { Ok(()) } else { Err(Error::said(code)) };
    }
    // The result has said which ones and why.
    let all_good = rounds.iter().flatten().all(|seen| seen.state.is_good());
    if all_good { Ok(()) } else { Err(Error::said(Kind::Negative.exit_code())) }
}
