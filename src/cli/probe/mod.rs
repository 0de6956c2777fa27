//! `opsctl probe`: run, list, show, history, eval, import, beat.

mod beat;
mod eval;
mod history;
mod import;
pub(super) mod list;
pub(super) mod run;
mod show;

use clap::Subcommand;

use crate::catalog::model::{Probe, Settings};
use crate::error::{Error, Result, nearest};

use super::session::Session;

/// The verbs of probes.
#[derive(Debug, Subcommand)]
pub(super) enum ProbeCommand {
    /// Make probes now, all at once, and tell how they came out
    Run(run::RunArgs),
    /// List the probes, with what `opsctl watch` saw last
    List(list::ListArgs),
    /// Show a probe: how it looks, what it expects, what it depends on
    Show(show::ShowArgs),
    /// What was seen over time: availability with its coverage, response times, failures
    History(history::HistoryArgs),
    /// Try one condition on an observation given as JSON
    Eval(eval::EvalArgs),
    /// Turn another program's configuration into probes
    Import(import::ImportArgs),
    /// Say that a job has started, succeeded or failed, for a `push` probe
    Beat(beat::BeatArgs),
}

/// Words that cannot be mistaken for ids in messages.
const VERBS: [&str; 7] = ["run", "list", "show", "history", "eval", "import", "beat"];

pub(super) fn run(session: &mut Session<'_>, command: ProbeCommand) -> Result<()> {
    match command {
        ProbeCommand::Run(args) => run::run(session, &args),
        ProbeCommand::List(args) => list::list(session, &args),
        ProbeCommand::Show(args) => show::show(session, &args),
        ProbeCommand::History(args) => history::history(session, &args),
        ProbeCommand::Eval(args) => eval::eval(session, &args),
        ProbeCommand::Import(args) => import::import(session, &args),
        ProbeCommand::Beat(args) => beat::beat(session, &args),
    }
}

/// The probes that ids, tags and services select; all that are enabled when nothing is said.
fn chosen<'a>(settings: &'a Settings, selectors: &[String]) -> Result<Vec<&'a Probe>> {
    if selectors.is_empty() {
        return Ok(settings.probes.values().filter(|probe| probe.enabled).collect());
    }
    for selector in selectors {
        if settings.select_probes(std::slice::from_ref(selector)).is_empty() {
            return Err(nothing_called(settings, selector));
        }
    }
    let asked = |probe: &&Probe| probe.enabled || selectors.contains(&probe.id);
    Ok(settings.select_probes(selectors).into_iter().filter(asked).collect())
}

fn nothing_called(settings: &Settings, selector: &str) -> Error {
    if settings.services.contains_key(selector) {
        return Error::usage(format!("the service `{selector}` has no probes"))
            .hint("opsctl.yaml has them, under the service's `probes:`");
    }
    let tags = settings.probes.values().flat_map(|probe| &probe.tags);
    let known = settings.probes.keys().chain(settings.services.keys()).chain(tags).map(String::as_str);
    let error = Error::usage(format!("no probe, service or tag is called `{selector}`"));
    match nearest(selector, known) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`opsctl probe list` shows those there are"),
    }
}

/// The probe of an id.
fn one<'a>(settings: &'a Settings, id: &str) -> Result<&'a Probe> {
    settings
        .probes
        .get(id)
        .ok_or_else(|| super::unknown("probe", id, settings.probes.keys().map(String::as_str), &VERBS))
}
