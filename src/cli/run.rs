//! `opsctl run`: list, show, resume, abort, approve, note, export.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use crate::catalog::load;
use crate::catalog::model::StepKind;
use crate::engine::state::StepStatus;
use crate::engine::{Input, State};
use crate::error::{Error, Kind, Result};
use crate::ground::plain_line;
use crate::ledger::Ledger;
use crate::terminal::Question;
use crate::view;
use crate::walk::{Left, verdict};
use crate::workspace::Workspace;

use super::ids;
use super::procedure::{self, Drive, WalkArgs};
use super::session::Session;

/// The verbs of a run.
#[derive(Debug, Subcommand)]
pub(super) enum RunCommand {
    /// List the runs, the newest first
    List {
        /// Only those that are not over
        #[arg(long)]
        open: bool,
        /// Only those of this procedure
        #[arg(long, value_name = "ID")]
        procedure: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Show a run: what was done, by whom, how long, with what result
    Show {
        /// The run's id, or the beginning of it
        #[arg(add = ids::runs())]
        id: String,
        /// With everything the commands printed
        #[arg(long)]
        full: bool,
    },
    /// Go on with a run that was left or interrupted
    Resume {
        /// The run's id, or the beginning of it
        #[arg(add = ids::runs())]
        id: String,
        /// Take over the definition as it is now
        #[arg(long)]
        adopt: bool,
        #[command(flatten)]
        walk: WalkArgs,
    },
    /// Give a run up; it cannot be resumed
    Abort {
        /// The run's id, or the beginning of it
        #[arg(add = ids::runs())]
        id: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Consent to a step that somebody else's run waits at
    Approve {
        /// The run's id, or the beginning of it
        #[arg(add = ids::runs())]
        id: String,
        /// The step; the one that waits when left out
        #[arg(long, value_name = "STEP")]
        step: Option<String>,
        /// What you say to it
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
    /// Write something down about a run
    Note {
        /// The run's id, or the beginning of it
        #[arg(add = ids::runs())]
        id: String,
        /// The text
        text: String,
        /// The step it is about
        #[arg(long, value_name = "STEP")]
        step: Option<String>,
    },
    /// Write a run with its events, outputs and definitions as one JSON document
    Export {
        /// The run's id, or the beginning of it
        #[arg(add = ids::runs())]
        id: String,
        /// The file; stdout when left out. An existing file is not overwritten
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub(super) fn run(session: &mut Session<'_>, command: RunCommand) -> Result<()> {
    match command {
        RunCommand::List { open, procedure, limit } => list(session, open, procedure.as_deref(), limit),
        RunCommand::Show { id, full } => show(session, &id, full),
        RunCommand::Resume { id, adopt, walk } => resume(session, &id, adopt, &walk),
        RunCommand::Abort { id, reason } => abort(session, &id, reason),
        RunCommand::Approve { id, step, comment } => approve(session, &id, step, comment),
        RunCommand::Note { id, text, step } => note(session, &id, &text, step),
        RunCommand::Export { id, out } => export(session, &id, out),
    }
}

fn list(session: &mut Session<'_>, open: bool, procedure: Option<&str>, limit: usize) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let mut runs = ledger.summaries()?;
    runs.retain(|run| (!open || run.finished_at.is_none()) && procedure.is_none_or(|id| run.procedure == id));
    runs.reverse();
    let hidden = runs.len().saturating_sub(limit);
    runs.truncate(limit);
    let walked = |run: &crate::engine::summary::Summary| {
        run.walker.as_ref().is_some_and(|walker| session.surroundings.is_alive(walker))
    };
    let runs: Vec<_> = runs.iter().map(|run| (run, walked(run))).collect();
    let lines: Vec<_> = runs.iter().map(|(run, is_walked)| view::run::run_line(run, *is_walked)).collect();
    session.show_list(&lines, "No runs.", |look| view::run::runs_table(look, &runs))?;
    if hidden > 0 {
        session.terminal.tell(&format!("{hidden} older runs are not shown; --limit shows more."));
    }
    Ok(())
}

fn show(session: &mut Session<'_>, id: &str, full: bool) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let state = ledger.run(id)?;
    procedure::show_run(session, &ledger, &state)?;
    if full && !session.is_json() {
        let look = session.terminal.look_out();
        for place in 0..state.steps.len() {
            let text = step_text(&ledger, &state, place);
            if text.is_some() {
                session.terminal.print(&format!("{}\n", view::step::past(look, &state, place, text.as_deref())));
            }
        }
    }
    Ok(())
}

fn step_text(ledger: &Ledger<'_>, state: &State, place: usize) -> Option<String> {
    let step = &state.steps[place];
    let output = step.output.as_ref().and_then(|output| ledger.output_text(output).ok());
    output.or_else(|| step.message.clone())
}

fn resume(session: &mut Session<'_>, id: &str, adopt: bool, args: &WalkArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let answers = args.read_answers(session)?;
    let journal = workspace.journal()?;
    let ledger = session.ledger(&workspace, &journal);
    let mut state = ledger.run(id)?;
    // Whoever resumes until it is over may come once too often.
    if state.is_over() {
        session.terminal.tell(&format!("{} is over; there is nothing to resume.", state.id));
        procedure::show_run(session, &ledger, &state)?;
        return verdict(&Left::Over, &state);
    }
    follow_definition(session, &workspace, &ledger, &mut state, adopt)?;
    answers.check(&state.plan)?;
    session.terminal.tell(&format!("Resuming {}.", state.id));
    procedure::drive_run(session, &workspace, &ledger, state, Drive { answers, auto: args.auto(), from: None })
}

// A run follows the definition it began with; a change is shown, and adopted only when told.
fn follow_definition(
    session: &mut Session<'_>,
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    state: &mut State,
    adopt: bool,
) -> Result<()> {
    let current = workspace.loaded.catalog.procedure(state.plan.kind, &state.plan.id).cloned();
    let Some(current) = current else {
        let id = &state.plan.id;
        let is_broken = workspace.loaded.broken.iter().any(|broken| broken.id == *id);
        let what = if is_broken { "is not valid now" } else { "is no longer in the workspace" };
        if adopt {
            let error = if is_broken { Error::definition } else { Error::usage };
            return Err(error(format!("the definition of {id} {what}; nothing was adopted"))
                .hint("`opsctl lint` says more; without --adopt the run follows the definition it has"));
        }
        session.terminal.tell(&format!("The definition of {id} {what}; the run follows the one it has."));
        return Ok(());
    };
    let sources = load::closure(&workspace.loaded.catalog, &current);
    let before = ledger.pinned_sources(&state.pins)?;
    let difference = view::difference::difference(session.terminal.look_err(), &before, &sources);
    if difference.is_empty() {
        return Ok(());
    }
    session.terminal.tell("The definition has changed since this run began:");
    session.terminal.say(&difference);
    if !adopt {
        session.terminal.tell("The run follows the one it began with; --adopt takes the new one over.");
        return Ok(());
    }
    // What cannot be walked is not adopted: the run would be lost with it.
    super::start::check_definition(session, workspace, &current)?;
    let pins = ledger.pin(&sources)?;
    ledger.insist(state, &Input::Adopt { pins, git: workspace.revision() })?;
    session.terminal.tell("The new definition is adopted.");
    Ok(())
}

fn abort(session: &mut Session<'_>, id: &str, reason: Option<String>) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = workspace.journal()?;
    let ledger = session.ledger(&workspace, &journal);
    let mut state = ledger.run(id)?;
    let reason = match reason {
        Some(reason) => reason,
        None if session.terminal.can_ask() => {
            session.terminal.ask(&Question::new(format!("Why is {} given up?", state.id)))?
        }
        None => return Err(Error::input_needed("aborting a run needs a reason").hint("say it with --reason TEXT")),
    };
    let reason = plain_line(session.kept_of_run(&workspace, &state.plan, &reason).trim());
    ledger.insist(&mut state, &Input::Abort { reason })?;
    procedure::show_run(session, &ledger, &state)
}

fn approve(session: &mut Session<'_>, id: &str, step: Option<String>, comment: Option<String>) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = workspace.journal()?;
    let ledger = session.ledger(&workspace, &journal);
    let mut state = ledger.run(id)?;
    let step = match step {
        Some(step) => step,
        None => waiting_approval(&state)?,
    };
    let comment = comment.map(|comment| plain_line(session.kept_of_run(&workspace, &state.plan, &comment).trim()));
    let input = Input::Approve { step: step.clone(), actor: ledger.actor.clone(), comment };
    ledger.insist(&mut state, &input)?;
    session.terminal.tell(&format!("Approved: {step} of {}.", state.id));
    procedure::show_run(session, &ledger, &state)
}

fn waiting_approval(state: &State) -> Result<String> {
    let waits = |place: &usize| {
        matches!(state.plan.steps[*place].step.kind, StepKind::Approve(_))
            && state.steps[*place].status == StepStatus::Waiting
    };
    (0..state.steps.len()).find(waits).map(|place| state.plan.steps[place].id.clone()).ok_or_else(|| {
        Error::new(Kind::Usage, format!("no step of {} waits for approval", state.id))
            .hint(format!("`opsctl run show {}` tells where it stands", state.id))
    })
}

fn note(session: &mut Session<'_>, id: &str, text: &str, step: Option<String>) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = workspace.journal()?;
    let ledger = session.ledger(&workspace, &journal);
    let mut state = ledger.run(id)?;
    let text = session.kept_of_run(&workspace, &state.plan, text);
    ledger.insist(&mut state, &Input::Note { step, text })?;
    procedure::show_run(session, &ledger, &state)
}

fn export(session: &mut Session<'_>, id: &str, out: Option<PathBuf>) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let state = ledger.run(id)?;
    let document = export_document(session, &ledger, &state)?;
    let text = serde_json::to_string_pretty(&document).context("the run cannot be written as JSON")?;
    match out {
        None => session.terminal.print(&format!("{text}\n")),
        Some(path) => {
            write_new(&session.surroundings.cwd.join(&path), &text)?;
            session.terminal.tell(&format!("Written to {}.", path.display()));
        }
    }
    Ok(())
}

/// A run with its events, outputs and definitions.
pub(super) fn export_document(session: &Session<'_>, ledger: &Ledger<'_>, state: &State) -> Result<serde_json::Value> {
    let is_walked = state.walker.as_ref().is_some_and(|walker| session.surroundings.is_alive(walker));
    let shown = view::run::run_view(state, is_walked, |output| ledger.output_text(output).unwrap_or_default());
    let events = ledger.journal.read(&format!("run/{}", state.id), 0)?;
    let definitions: Vec<_> = ledger
        .pinned_sources(&state.pins)?
        .iter()
        .map(|source| json!({ "path": source.path, "sha256": crate::ground::sha256(source.text.as_bytes()), "text": &*source.text }))
        .collect();
    Ok(json!({ "run": shown, "git": state.git, "definitions": definitions, "events": events }))
}

/// Writes a file that is not there yet.
pub(super) fn write_new(path: &std::path::Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(|cause| {
        let error = Error::environment(format!("{} cannot be written", path.display()));
        match cause.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Error::usage(format!("{} is there already; nothing was overwritten", path.display()))
                    .hint("say another file")
            }
            _ => error.cause(cause),
        }
    })?;
    let end = if text.ends_with('\n') { "" } else { "\n" };
    file.write_all(format!("{text}{end}").as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))
        .map_err(Error::from)
}
