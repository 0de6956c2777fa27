//! `opsctl incident`: from declared to post-mortem. Its verbs, and where each of them lives.

mod action;
mod course;
mod evidence;
pub(super) mod export;
mod follow;
mod many;
pub(in crate::cli) mod metrics;
mod open;
mod people;
pub(super) mod postmortem;
pub(super) mod show;
mod tell;
mod walk;
pub(super) mod which;
mod words;

use clap::Subcommand;

use crate::error::Result;

use super::session::Session;
use which::Which;

/// The verbs of an incident.
#[derive(Debug, Subcommand)]
pub(super) enum IncidentCommand {
    /// Open an incident; asks for what is not said
    Open(open::OpenArgs),
    /// Walk the playbook that leads through an incident, from where it stands
    Walk(walk::WalkIncidentArgs),
    /// List the incidents, the newest first
    List(show::ListArgs),
    /// Show an incident with its timeline
    Show(Which),
    /// Make an incident the one that is meant where none is named
    Use(which::UseArgs),
    /// Take an incident: it is acknowledged
    Ack(course::AckArgs),
    /// Change an incident's severity
    Severity(course::SeverityArgs),
    /// Say where an incident stands: investigating, identified, mitigated, postmortem
    Status(course::StatusArgs),
    /// Say who is affected, or since when a service suffers
    Impact(course::ImpactArgs),
    /// Say who commands, tells, works and writes; or hand a role over
    Role(people::RoleArgs),
    /// Write something down about an incident
    Note(words::NoteArgs),
    /// Write down a decision
    Decide(words::DecideArgs),
    /// Write down what is to be done later, or drop it
    Todo(words::TodoArgs),
    /// Secure a file as evidence, with its hash
    Evidence(evidence::EvidenceArgs),
    /// Tell people how things stand, and set the status with it
    Update(tell::UpdateArgs),
    /// Tell somebody something, by a template or in your own words
    Notify(tell::NotifyArgs),
    /// What each audience was last told, and whether it is out of date
    Comms(Which),
    /// Ask somebody else to help
    Escalate(people::EscalateArgs),
    /// Resolve an incident
    Resolve(course::ResolveArgs),
    /// Open an incident again
    Reopen(course::ReopenArgs),
    /// Cancel an incident that was none
    Cancel(course::CancelArgs),
    /// Merge an incident into another
    Merge(many::MergeArgs),
    /// Close an incident about which nothing more is to be done
    Close(course::CloseArgs),
    /// Everything that happened, runs included, in order of time
    Timeline(Which),
    /// Follow an incident: its clocks, and everything that happens, as it happens
    Follow(follow::FollowArgs),
    /// Correct an earlier event by a new one
    Correct(words::CorrectArgs),
    /// How long things take: median and p90 over many incidents, or the figures of one
    Metrics(metrics::MetricsArgs),
    /// Write the post-mortem, or make its part of the journal anew; your own text stays
    Postmortem(postmortem::PostmortemArgs),
    /// Write everything about an incident into one folder, with the sums of its files
    Export(export::ExportArgs),
    /// What is to be done about the causes
    #[command(subcommand)]
    Action(action::ActionCommand),
}

pub(super) fn run(session: &mut Session<'_>, command: IncidentCommand) -> Result<()> {
    match command {
        IncidentCommand::Open(args) => open::open(session, args),
        IncidentCommand::Walk(args) => walk::walk(session, &args),
        IncidentCommand::List(args) => show::list(session, &args),
        IncidentCommand::Show(which) => show::show(session, &which),
        IncidentCommand::Use(args) => which::use_one(session, &args),
        IncidentCommand::Ack(args) => course::ack(session, &args),
        IncidentCommand::Severity(args) => course::severity(session, args),
        IncidentCommand::Status(args) => course::status(session, args),
        IncidentCommand::Impact(args) => course::impact(session, args),
        IncidentCommand::Role(args) => people::role(session, args),
        IncidentCommand::Note(args) => words::note(session, args),
        IncidentCommand::Decide(args) => words::decide(session, args),
        IncidentCommand::Todo(args) => words::todo(session, args),
        IncidentCommand::Evidence(args) => evidence::evidence(session, args),
        IncidentCommand::Update(args) => tell::update(session, args),
        IncidentCommand::Notify(args) => tell::notify(session, args),
        IncidentCommand::Comms(which) => tell::comms(session, &which),
        IncidentCommand::Escalate(args) => people::escalate(session, args),
        IncidentCommand::Resolve(args) => course::resolve(session, &args),
        IncidentCommand::Reopen(args) => course::reopen(session, &args),
        IncidentCommand::Cancel(args) => course::cancel(session, &args),
        IncidentCommand::Merge(args) => many::merge(session, &args),
        IncidentCommand::Close(args) => course::close(session, &args),
        IncidentCommand::Timeline(which) => show::timeline(session, &which),
        IncidentCommand::Follow(args) => follow::follow(session, &args),
        IncidentCommand::Correct(args) => words::correct(session, args),
        IncidentCommand::Metrics(args) => metrics::show(session, &args),
        IncidentCommand::Postmortem(args) => postmortem::postmortem(session, &args),
        IncidentCommand::Export(args) => export::export(session, &args),
        IncidentCommand::Action(command) => action::run(session, command),
    }
}
