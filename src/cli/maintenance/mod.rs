//! `opsctl maintenance`: work that is planned, from its announcement to its end. Its verbs, and where each lives.

mod course;
mod plan;
mod show;
mod tell;
mod times;
mod which;

use clap::Subcommand;

use crate::error::Result;

use super::session::Session;
use which::Which;

/// The verbs of planned maintenance.
#[derive(Debug, Subcommand)]
pub(super) enum MaintenanceCommand {
    /// Plan maintenance, and announce it; asks for what is not said
    Plan(plan::PlanArgs),
    /// Say that it has begun: until it is over, probes of its services count as maintenance
    Start(course::StartArgs),
    /// Say that it is over
    Finish(course::FinishArgs),
    /// Say that it does not take place
    Cancel(course::CancelArgs),
    /// Move it, say that its result is being verified, or tell people more
    Update(course::UpdateArgs),
    /// Write something down about it
    Note(course::NoteArgs),
    /// List what is planned and what goes on
    List(show::ListArgs),
    /// Show one with its timeline
    Show(Which),
}

pub(super) fn run(session: &mut Session<'_>, command: MaintenanceCommand) -> Result<()> {
    match command {
        MaintenanceCommand::Plan(args) => plan::plan(session, args),
        MaintenanceCommand::Start(args) => course::start(session, &args),
        MaintenanceCommand::Finish(args) => course::finish(session, &args),
        MaintenanceCommand::Cancel(args) => course::cancel(session, &args),
        MaintenanceCommand::Update(args) => course::update(session, args),
        MaintenanceCommand::Note(args) => course::note(session, args),
        MaintenanceCommand::List(args) => show::list(session, &args),
        MaintenanceCommand::Show(which) => show::show(session, &which),
    }
}
