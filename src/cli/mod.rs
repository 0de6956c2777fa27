//! One verb a file: its clap struct, then its function.

mod actions;
mod checklist;
mod completion;
mod compose;
mod dashboard;
mod demo;
mod doctor;
mod due;
mod folder;
mod ids;
mod incident;
mod init;
mod items;
mod journal;
mod lint;
mod maintenance;
mod man;
mod message;
mod now;
mod objective;
mod paper;
mod playbook;
mod postmortem;
mod probe;
mod procedure;
mod report;
mod run;
mod runbook;
mod schema;
mod send;
mod session;
mod severity;
mod start;
mod status_page;
mod template;
mod watch;
mod work;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::error::{Error, Kind, Result};
use crate::terminal::{ColourChoice, RealTerminal, Terminal as _};
use crate::view;

use session::Session;

/// Walk runbooks, checklists, playbooks and incidents; everything done goes into one tamper-evident journal.
///
/// Without a command it shows what is going on now: open incidents, what is due, runs that wait for somebody.
#[derive(Debug, Parser)]
#[command(name = "opsctl", version, max_term_width = 80, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXIT_CODES: &str = "Exit codes: 0 good · 1 bad (a step or check failed) · 2 wrong usage · 3 invalid definition · \
4 input needed, nobody to ask · 5 disk, database or network failed · 130 interrupted, saved";

/// What every command understands.
#[derive(Debug, Clone, clap::Args)]
struct Global {
    /// The workspace, or a directory in it [env: OPSCTL_WORKSPACE]
    #[arg(short = 'C', long = "dir", value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
    /// How results are printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text", global = true)]
    output: Output,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: Colour,
    /// Never ask; stop with exit code 4 where an answer is needed
    #[arg(long, global = true)]
    no_input: bool,
    /// Say more
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Who is at work [env: OPSCTL_ACTOR; else the login name]
    #[arg(long = "as", value_name = "ACTOR", global = true)]
    actor: Option<String>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// For programs
    Json,
    /// JUnit XML, for CI (`probe run` only)
    Junit,
    /// Test Anything Protocol (`probe run` only)
    Tap,
    /// Prometheus text format (`probe run` only)
    Prometheus,
    /// A Nagios plugin's output and exit code (`probe run` only)
    Nagios,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Incidents: open, follow and resolve them
    #[command(subcommand)]
    Incident(incident::IncidentCommand),
    /// Maintenance: work that is planned, announced, begun and finished
    #[command(subcommand)]
    Maintenance(maintenance::MaintenanceCommand),
    /// Post-mortems: whether what was learned is written down
    #[command(subcommand)]
    Postmortem(postmortem::PostmortemCommand),
    /// Runbooks: what to do when something is broken
    #[command(subcommand)]
    Runbook(runbook::RunbookCommand),
    /// Checklists: what is to be looked at day by day; `checklist ID` walks one
    Checklist(checklist::ChecklistArgs),
    /// Playbooks: how larger things are done
    #[command(subcommand)]
    Playbook(playbook::PlaybookCommand),
    /// Templates: messages to customers and the team; `template ID` renders one
    Template(template::TemplateArgs),
    /// Messages: the outbox, from draft to receipt
    #[command(subcommand)]
    Message(message::MessageCommand),
    /// Runs: what was walked, and what still waits
    #[command(subcommand)]
    Run(run::RunCommand),
    /// Reports: the handover of a shift, the week, the month
    #[command(subcommand)]
    Report(report::ReportCommand),
    /// Probes: look at services from outside
    #[command(subcommand)]
    Probe(probe::ProbeCommand),
    /// Watch probes, raise alerts, send what waits in the outbox, see to the clocks of incidents; the daemon
    Watch(watch::WatchArgs),
    /// The public status page: build it, look at it
    #[command(subcommand)]
    StatusPage(status_page::StatusPageCommand),
    /// The journal behind everything
    #[command(subcommand)]
    Journal(journal::JournalCommand),
    /// Severities and what makes them
    #[command(subcommand)]
    Severity(severity::SeverityCommand),
    /// Objectives: targets and alert thresholds
    #[command(subcommand)]
    Objective(objective::ObjectiveCommand),
    /// Dashboards: what is watched together
    #[command(subcommand)]
    Dashboard(dashboard::DashboardCommand),
    /// A small application to practise on, which can be broken on purpose
    #[command(subcommand)]
    Demo(demo::DemoCommand),
    /// Check every definition, and report every problem at once
    Lint(lint::LintArgs),
    /// Print the JSON Schema of a kind of definition, for editors
    Schema(schema::SchemaArgs),
    /// Make a workspace with the starter pack; never overwrites a file
    Init(init::InitArgs),
    /// Check tools, environment, terminal and store
    Doctor(doctor::DoctorArgs),
    /// Print the completion script for a shell
    #[command(visible_alias = "completions")]
    Completion(completion::CompletionArgs),
    /// Print the manual page, or write all of them to a directory
    Man(man::ManArgs),
}

/// Runs the program and gives its exit code. Nothing is printed anywhere but through the terminal.
pub fn main() -> u8 {
    clap_complete::CompleteEnv::with_factory(<Cli as clap::CommandFactory>::command).complete();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let choice = match cli.global.color {
        Colour::Auto => ColourChoice::Auto,
        Colour::Always => ColourChoice::Always,
        Colour::Never => ColourChoice::Never,
    };
    let mut terminal = RealTerminal::new(choice, cli.global.no_input);
    let done = Session::open(&cli.global, &mut terminal).and_then(|mut session| dispatch(&mut session, cli.command));
    let lost = terminal.lost_output().map(Error::environment);
    let code = tell(&mut terminal, done);
    if lost.is_some() { tell(&mut terminal, lost.map_or(Ok(()), Err)) } else { code }
}

// Says what went wrong, if anything did, and gives the exit code for it.
fn tell(terminal: &mut RealTerminal, done: Result<()>) -> u8 {
    match done {
        Ok(()) => 0,
        Err(Error { kind: Kind::Said(code), .. }) => code,
        Err(error) => {
            let text = view::failure::failure_text(terminal.look_err(), &error);
            terminal.say(&text);
            error.kind.exit_code()
        }
    }
}

// Help and version are results; anything else is wrong usage.
fn usage(error: &clap::Error) -> u8 {
    let mut terminal = RealTerminal::new(ColourChoice::Auto, true);
    let is_result = !error.use_stderr();
    let look = if is_result { terminal.look_out() } else { terminal.look_err() };
    let text = if look.colour { error.render().ansi().to_string() } else { error.render().to_string() };
    if is_result {
        terminal.print(&text);
        let lost = terminal.lost_output().map(Error::environment);
        tell(&mut terminal, lost.map_or(Ok(()), Err))
    } else {
        terminal.say(text.trim_end());
        2
    }
}

fn dispatch(session: &mut Session<'_>, command: Option<Command>) -> Result<()> {
    if !matches!(command, Some(Command::Probe(probe::ProbeCommand::Run(_)))) {
        session.refuse_report_formats()?;
    }
    match command {
        None => now::now(session),
        Some(Command::Incident(command)) => incident::run(session, command),
        Some(Command::Maintenance(command)) => maintenance::run(session, command),
        Some(Command::Postmortem(command)) => postmortem::run(session, command),
        Some(Command::Runbook(command)) => runbook::run(session, command),
        Some(Command::Checklist(args)) => checklist::run(session, args),
        Some(Command::Playbook(command)) => playbook::run(session, command),
        Some(Command::Template(args)) => template::run(session, args),
        Some(Command::Message(command)) => message::run(session, command),
        Some(Command::Run(command)) => run::run(session, command),
        Some(Command::Report(command)) => report::run(session, command),
        Some(Command::Probe(command)) => probe::run(session, command),
        Some(Command::Watch(args)) => watch::run(session, &args),
        Some(Command::StatusPage(command)) => status_page::run(session, &command),
        Some(Command::Journal(command)) => journal::run(session, command),
        Some(Command::Severity(command)) => severity::run(session, &command),
        Some(Command::Objective(command)) => objective::run(session, &command),
        Some(Command::Dashboard(command)) => dashboard::run(session, &command),
        Some(Command::Demo(command)) => demo::run(session, command),
        Some(Command::Lint(args)) => lint::lint(session, &args),
        Some(Command::Schema(args)) => schema::schema(session, &args),
        Some(Command::Init(args)) => init::init(session, &args),
        Some(Command::Doctor(args)) => doctor::doctor(session, &args),
        Some(Command::Completion(args)) => completion::completion(session, &args),
        Some(Command::Man(args)) => man::man(session, &args),
    }
}

/// An unknown id, with what was perhaps meant: another id, or a verb.
fn unknown<'a>(what: &str, wanted: &str, ids: impl Iterator<Item = &'a str>, verbs: &[&'static str]) -> Error {
    let ids: Vec<&str> = ids.collect();
    let error = Error::usage(format!("there is no {what} `{wanted}`"));
    match crate::error::nearest(wanted, ids.iter().chain(verbs).copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if ids.is_empty() => error.hint("there are none in this workspace"),
        None => error.hint(format!("there are: {}", ids.join(", "))),
    }
}
