//! `opsctl probe run`: looks now.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::interval;

use crate::catalog::model::Probe;
use crate::cli::Output;
use crate::cli::ids;
use crate::cli::session::Session;
use crate::error::{Error, Kind, Result};
use crate::ground::{Span, Time};
use crate::probe::{Limits, Observation, Prober};
use crate::process;
use crate::terminal::Terminal;
use crate::view::probe as view;
use crate::view::probe::progress::progress_text;
use crate::view::probe::repeat::{repeat_text, repeat_view};
use crate::view::probe::table::results_text;
use crate::workspace::{Workspace, prober};

use super::chosen;

/// How often the picture is drawn anew: as often as an eye can follow, however many probes there are.
const DRAWN: Duration = Duration::from_millis(100);

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

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("this is not a number".to_owned()),
    }
}

pub(super) fn run(session: &mut Session<'_>, args: &RunArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let settings = &workspace.loaded.catalog.settings;
    let chosen = chosen(settings, &args.probes)?;
    if chosen.is_empty() && session.format() == Output::Text {
        session.terminal.tell("There are no probes in this workspace; opsctl.yaml defines them, under its services.");
        return Ok(());
    }
    let rounds = look(session, &workspace, &chosen, args)?;
    show(session, args, &rounds)?;
    verdict(session, &rounds)
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
    let prober = prober(workspace, &session.surroundings, session.clock);
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
            done.push(seen);
            if round < rounds {
                tokio::time::sleep(args.pause.0).await;
            }
        }
        done
    };
    let done = Session::block_on(async {
        tokio::select! {
            done = work => Some(done),
            () = process::interrupted() => None,
        }
    });
    session.terminal.end_live();
    done?.ok_or_else(|| Error::interrupted("stopped before all probes had come to an end; nothing was changed"))
}

/// Looks once, and draws what is known so far again and again.
async fn once(
    eye: &Prober<'_>,
    probes: &[&Probe],
    limits: Limits,
    terminal: &mut dyn Terminal,
    title: &str,
) -> Vec<Observation> {
    let states: Mutex<BTreeMap<String, Observation>> = Mutex::default();
    let states = || states.lock().unwrap_or_else(PoisonError::into_inner);
    let mut seen = |observation: &Observation| drop(states().insert(observation.id.clone(), observation.clone()));
    let look = terminal.look_err();
    let draw = async {
        let mut clock = interval(DRAWN);
        loop {
            clock.tick().await;
            terminal.picture(&progress_text(look, title, probes, &states()));
        }
    };
    tokio::select! {
        done = eye.observe_all(probes, limits, &mut seen) => done,
        never = draw => never,
    }
}

fn show(session: &mut Session<'_>, args: &RunArgs, rounds: &[Vec<Observation>]) -> Result<()> {
    let last = rounds.last().map(Vec::as_slice).unwrap_or_default();
    let now = session.clock.now();
    let text = match session.format() {
        Output::Junit => view::junit::junit(last),
        Output::Tap => view::tap::tap(last),
        Output::Prometheus => view::prometheus::prometheus(last),
        Output::Nagios => view::nagios::nagios(last),
        Output::Text | Output::Json => return show_plain(session, args, rounds, now),
    };
    session.terminal.print(&text);
    Ok(())
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
        let code = view::nagios::exit_code(rounds.last().map(Vec::as_slice).unwrap_or_default());
        return if code == 0 { Ok(()) } else { Err(Error::said(code)) };
    }
    // The result has said which ones and why.
    let all_good = rounds.iter().flatten().all(|seen| seen.state.is_good());
    if all_good { Ok(()) } else { Err(Error::said(Kind::Negative.exit_code())) }
}
