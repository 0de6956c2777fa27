//! `opsctl checklist`: walk, list, show, status, history.

use chrono::NaiveDate;
use clap::Subcommand;

use crate::catalog::model::{Procedure, ProcedureKind};
use crate::error::{Error, Kind, Result};
use crate::schedule::Schedule;
use crate::view;

use super::due;
use super::ids;
use super::items::ItemArgs;
use super::procedure::{self, WalkArgs};
use super::session::Session;
use super::start::{self, Start, StartArgs};

/// `checklist ID` walks one; the verbs show where they stand.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct ChecklistArgs {
    #[command(subcommand)]
    command: Option<ChecklistCommand>,
    /// The checklist's id
    #[arg(add = ids::checklists())]
    id: Option<String>,
    #[command(flatten)]
    run: RunArgs,
}

/// The verbs of a checklist.
#[derive(Debug, Subcommand)]
pub(super) enum ChecklistCommand {
    /// List the checklists
    List,
    /// Show a checklist
    Show {
        /// The checklist's id
        #[arg(add = ids::checklists())]
        id: String,
    },
    /// Where all checklists stand: due, overdue, done
    Status {
        /// As it stood on that day (YYYY-MM-DD)
        #[arg(long, value_name = "DATE")]
        date: Option<NaiveDate>,
    },
    /// The runs of a checklist, the newest first
    History {
        /// The checklist's id; all when left out
        #[arg(add = ids::checklists())]
        id: Option<String>,
    },
    /// Walk through a checklist; the same as `checklist ID`
    Run {
        /// The checklist's id
        #[arg(add = ids::checklists())]
        id: String,
        #[command(flatten)]
        run: Box<RunArgs>,
    },
}

/// What a walk through a checklist takes.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// The day whose period is meant (YYYY-MM-DD); today when left out
    #[arg(long, value_name = "DATE")]
    date: Option<NaiveDate>,
    /// Begin another run where this period's is over
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    items: ItemArgs,
    #[command(flatten)]
    start: StartArgs,
    #[command(flatten)]
    walk: WalkArgs,
}

pub(super) fn run(session: &mut Session<'_>, args: ChecklistArgs) -> Result<()> {
    match (args.command, args.id) {
        (Some(ChecklistCommand::List), _) => procedure::list(session, ProcedureKind::Checklist),
        (Some(ChecklistCommand::Show { id }), _) => procedure::show(session, ProcedureKind::Checklist, &id),
        (Some(ChecklistCommand::Status { date }), _) => status(session, date),
        (Some(ChecklistCommand::History { id }), _) => history(session, id.as_deref()),
        (Some(ChecklistCommand::Run { id, run }), _) => walk(session, &id, &run),
        (None, Some(id)) => walk(session, &id, &args.run),
        (None, None) => Err(Error::usage("say which checklist, or list, show, status or history")
            .hint("`opsctl checklist list` shows the checklists")),
    }
}

fn walk(session: &mut Session<'_>, id: &str, args: &RunArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let procedure = procedure::find(session, &workspace, ProcedureKind::Checklist, id)?;
    let period = period_of(session, &procedure, args.date)?;
    let start = Start {
        procedure,
        subject: None,
        period: Some(period),
        options: &args.start,
        walk: &args.walk,
        again: args.again,
    };
    if args.items.is_empty() {
        start::walk(session, &workspace, &start)
    } else {
        args.items.apply(session, &workspace, &start)
    }
}

// A checklist without a schedule has a run a day.
fn period_of(session: &Session<'_>, procedure: &Procedure, date: Option<NaiveDate>) -> Result<String> {
    let today = session.clock.local(session.clock.now()).date_naive();
    let date = date.unwrap_or(today);
    if date > today {
        return Err(Error::usage(format!("{date} is in the future")).hint("a checklist is walked on its day or later"));
    }
    let daily = Schedule::from_word("daily");
    let schedule = procedure.schedule.as_ref().or(daily.as_ref());
    Ok(schedule.map_or_else(|| date.to_string(), |schedule| schedule.period(date).key))
}

fn status(session: &mut Session<'_>, date: Option<NaiveDate>) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let lists = due::standings(&ledger, session.clock, date)?;
    session.show_list(&lists, "No checklists.", |look| view::schedule::due_table(look, &lists))?;
    let overdue: Vec<&str> = lists.iter().filter(|list| list.state == "overdue").map(|list| list.id.as_str()).collect();
    if overdue.is_empty() {
        return Ok(());
    }
    Err(Error::new(Kind::Negative, format!("overdue: {}", overdue.join(", "))).hint("`opsctl checklist ID` walks one"))
}

fn history(session: &mut Session<'_>, id: Option<&str>) -> Result<()> {
    let workspace = session.workspace()?;
    if let Some(id) = id {
        procedure::find(session, &workspace, ProcedureKind::Checklist, id)?;
    }
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let mut runs = ledger.summaries()?;
    runs.retain(|run| run.kind == ProcedureKind::Checklist && id.is_none_or(|id| run.procedure == id));
    runs.reverse();
    let runs: Vec<_> = runs
        .iter()
        .map(|run| (run, run.walker.as_ref().is_some_and(|walker| session.surroundings.is_alive(walker))))
        .collect();
    let lines: Vec<_> = runs.iter().map(|(run, is_walked)| view::run::run_line(run, *is_walked)).collect();
    session.show_list(&lines, "No runs yet.", |look| view::run::runs_table(look, &runs))
}
