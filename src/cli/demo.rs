//! `opsctl demo`: a small application to practise on, which can be broken on purpose.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueHint};

use crate::demo::{self, Client, Ended, Fault, INCLUDED, LOG, RECORD, Running, Server};
use crate::error::{Error, Kind, Result};
use crate::view::count::counted;
use crate::view::demo::{AnswerView, DemoView, demo_text, demo_view, first_steps};
use crate::workspace::{MARKER, Workspace};

use super::session::Session;
use super::{doctor, init};

/// Where the demo lives when nobody says where.
const DIRECTORY: &str = "opsctl-demo";

/// What this program is called.
const NAME: &str = "opsctl";

/// The verbs of the demo.
#[derive(Debug, Subcommand)]
pub(super) enum DemoCommand {
    /// Start the demo in the background, in a workspace of its own with the starter pack
    Start(StartArgs),
    /// Show where the demo listens, and what is broken
    Status,
    /// Break something on purpose
    Break {
        /// What is broken
        #[arg(value_parser = faults())]
        fault: Fault,
    },
    /// Mend what was broken
    Heal {
        /// What is mended; everything when left out
        #[arg(value_parser = faults())]
        fault: Option<Fault>,
    },
    /// Send a statement to the demo's database, as psql does to a real one
    Query {
        /// PING or SELECT 1
        #[arg(default_value = "SELECT 1")]
        statement: String,
    },
    /// End the demo; its workspace stays
    Stop,
    /// The background process itself
    #[command(hide = true)]
    Serve {
        /// Its record
        #[arg(long, value_name = "FILE")]
        state: PathBuf,
    },
}

/// What a start takes.
#[derive(Debug, Args)]
pub(super) struct StartArgs {
    /// Where; made into a workspace if it is none [default: the demo's workspace one is in, else ./opsctl-demo]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    workspace: Option<PathBuf>,
    /// Stay in the foreground until Ctrl-C
    #[arg(long)]
    foreground: bool,
}

fn faults() -> impl TypedValueParser<Value = Fault> {
    PossibleValuesParser::new(Fault::ALL.map(|fault| PossibleValue::new(fault.word()).help(fault.effect())))
        .try_map(|word| word.parse::<Fault>())
}

pub(super) fn run(session: &mut Session<'_>, command: DemoCommand) -> Result<()> {
    match command {
        DemoCommand::Start(args) => start(session, &args),
        DemoCommand::Status => status(session),
        DemoCommand::Break { fault } => break_on_purpose(session, fault),
        DemoCommand::Heal { fault } => heal(session, fault),
        DemoCommand::Query { statement } => query(session, &statement),
        DemoCommand::Stop => stop(session),
        DemoCommand::Serve { state } => serve(session, &state),
    }
}

fn start(session: &mut Session<'_>, args: &StartArgs) -> Result<()> {
    let dir = directory(session, args.workspace.as_deref())?;
    demo::check_included(&dir)?;
    let program = spoken(session)?;
    make_workspace(session, &dir, &program)?;
    let workspace = Workspace::open(Some(&dir), &session.surroundings)?;
    // Makes the state directory, private and kept out of git.
    workspace.journal()?;
    let record = workspace.state_dir()?.join(RECORD);
    let log = record.with_file_name(LOG);
    if let Some(running) = Session::block_on(demo::running(&record))?? {
        session.terminal.tell("The demo runs already.");
        return introduce(session, &dir, &running, &program);
    }
    if args.foreground {
        let served = async {
            let server = Server::bind(&record, session.clock).await?;
            introduce(session, &dir, &server.running(), &program)?;
            session.terminal.tell("Ctrl-C ends the demo.");
            server.serve().await
        };
        let ended = Session::block_on(served)??;
        session.terminal.tell(farewell(ended));
        return Ok(());
    }
    let running = Session::block_on(demo::launch(&record, &log))??;
    introduce(session, &dir, &running, &program)
}

// The directory that was said, else the demo's workspace that one stands in, else one of its own.
fn directory(session: &Session<'_>, said: Option<&Path>) -> Result<PathBuf> {
    let cwd = &session.surroundings.cwd;
    if let Some(said) = said {
        return Ok(cwd.join(said));
    }
    let here = session.quiet_workspace()?.dir.filter(|dir| dir.join(INCLUDED).is_file());
    Ok(here.unwrap_or_else(|| cwd.join(DIRECTORY)))
}

// How this program is called: by its name, when that is what the PATH leads to, else by its path.
fn spoken(session: &Session<'_>) -> Result<String> {
    let own = demo::program()?;
    let on_path = doctor::on_path(NAME, &session.surroundings).and_then(|found| found.canonicalize().ok());
    Ok(if on_path.as_ref() == Some(&own) { NAME.to_owned() } else { own.display().to_string() })
}

// A directory that is a workspace is left as it is.
fn make_workspace(session: &mut Session<'_>, dir: &Path, program: &str) -> Result<()> {
    if dir.join(MARKER).exists() {
        return Ok(());
    }
    let mut contents = init::contents();
    demo::adapt(&mut contents, program)?;
    let files = init::write_all(dir, contents)?;
    session.terminal.tell(&format!("Made a workspace of {} in {}.", counted(files.written.len(), "file"), files.dir));
    Ok(())
}

// Where the demo is and what to try, and the definitions brought to where it is.
fn introduce(session: &mut Session<'_>, dir: &Path, running: &Running, program: &str) -> Result<()> {
    if demo::write_included(dir, &running.record)? {
        session.terminal.tell(&format!("Its addresses are others than before; {INCLUDED} has the new ones."));
    }
    show(session, running)?;
    let workspace = Workspace::open(Some(dir), &session.surroundings)?;
    if !workspace.loaded.paths().any(|path| path == INCLUDED) {
        session.terminal.tell(&format!(
            "warning: no probe looks at the demo, for the {MARKER} that was there does not include {INCLUDED}. Add \
             `include: [{INCLUDED}]` to it in place of services with the same names, or start the demo in a new \
             directory with --workspace."
        ));
        return Ok(());
    }
    let cwd = &session.surroundings.cwd;
    let there = dir.strip_prefix(cwd).unwrap_or(dir).display().to_string();
    let is_elsewhere = workspace.dir != cwd.canonicalize().ok();
    let steps = first_steps(session.terminal.look_err(), program, is_elsewhere.then_some(&there));
    session.terminal.say(&steps);
    Ok(())
}

fn serve(session: &mut Session<'_>, record: &Path) -> Result<()> {
    demo::detach();
    let clock = session.clock;
    let ended = Session::block_on(async { Server::bind(record, clock).await?.serve().await })??;
    session.terminal.tell(farewell(ended));
    Ok(())
}

fn farewell(ended: Ended) -> &'static str {
    match ended {
        Ended::Stopped => "The demo was stopped.",
        Ended::Interrupted => "The demo has ended.",
        Ended::Forgotten => "The demo has ended: its record is gone, or names another.",
        Ended::Expired => "The demo has ended by itself: it has run for 12 hours.",
    }
}

fn status(session: &mut Session<'_>) -> Result<()> {
    if let Some(running) = find(session)? {
        return show(session, &running);
    }
    if session.is_json() {
        session.show(&DemoView::default(), |_| String::new())?;
    }
    Err(not_running())
}

fn break_on_purpose(session: &mut Session<'_>, fault: Fault) -> Result<()> {
    let running = find(session)?.ok_or_else(not_running)?;
    let standing = Session::block_on(Client::of(&running.record).break_on_purpose(fault))??;
    show(session, &Running { standing, ..running })
}

fn heal(session: &mut Session<'_>, fault: Option<Fault>) -> Result<()> {
    let running = find(session)?.ok_or_else(not_running)?;
    let standing = Session::block_on(Client::of(&running.record).heal(fault))??;
    show(session, &Running { standing, ..running })
}

fn query(session: &mut Session<'_>, statement: &str) -> Result<()> {
    let running = find(session)?.ok_or_else(not_running)?;
    let answer = Session::block_on(demo::query(running.record.addresses.database, statement))??;
    let view = AnswerView { answer };
    session.show(&view, |_| view.answer.clone())
}

fn stop(session: &mut Session<'_>) -> Result<()> {
    match find(session)? {
        Some(running) => {
            let record = record(session)?;
            Session::block_on(demo::stop(&record, &running.record))??;
            session.terminal.tell("The demo was stopped; its workspace stays. `opsctl demo start` starts it again.");
        }
        None => session.terminal.tell("No demo runs in this workspace."),
    }
    if session.is_json() { session.show(&DemoView::default(), |_| String::new()) } else { Ok(()) }
}

fn record(session: &Session<'_>) -> Result<PathBuf> {
    Ok(session.quiet_workspace()?.state_dir()?.join(RECORD))
}

fn find(session: &Session<'_>) -> Result<Option<Running>> {
    Session::block_on(demo::running(&record(session)?))?
}

fn not_running() -> Error {
    Error::new(Kind::Negative, "no demo runs in this workspace")
        .hint("`opsctl demo start` starts one; `-C DIR` names the workspace of one that runs")
}

fn show(session: &mut Session<'_>, running: &Running) -> Result<()> {
    session.show(&demo_view(running), |look| demo_text(look, running))
}
