//! `opsctl incident action`: what is to be done about the causes.

use clap::Subcommand;

use crate::error::{Error, Result};
use crate::incident::event::ActionKind;
use crate::incident::{ActionState, Incident, IncidentEvent};
use crate::moment;
use crate::view::incident::action::{ActionView, action_view, actions_table};

use super::super::ids;
use super::super::session::Session;
use super::course::{change, kept, needed};
use super::which::{Which, split};

/// The verbs of actions.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ActionCommand {
    /// Say what is to be done
    Add(AddArgs),
    /// List what is to be done, of all incidents or one
    List(ListArgs),
    /// Give an action another owner or date
    Change(ChangeArgs),
    /// Say that an action is done
    Done {
        /// The incident's id, unless it is the one in use, and the action: a1
        #[arg(value_name = "[ID] ACTION", required = true, num_args = 1..=2)]
        words: Vec<String>,
        /// What came of it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Say that an action will not be done
    Drop {
        /// The incident's id, unless it is the one in use, and the action: a1
        #[arg(value_name = "[ID] ACTION", required = true, num_args = 1..=2)]
        words: Vec<String>,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// What adding an action takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AddArgs {
    /// The incident's id, unless it is the one in use, and what is to be done
    #[arg(value_name = "[ID] TEXT", required = true)]
    words: Vec<String>,
    /// What it is to do: notice sooner, keep from happening again, or mend
    #[arg(long = "type", value_name = "TYPE", value_parser = ["detective", "preventative", "corrective"])]
    kind: String,
    /// Who does it
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// By when: 2026-12-01, or 7d
    #[arg(long, value_name = "DAY")]
    due: Option<String>,
    /// The to-do that it comes from: t1
    #[arg(long, value_name = "TODO")]
    todo: Option<String>,
}

/// What listing takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ListArgs {
    /// Of this incident; of all when left out
    #[arg(value_name = "ID", add = ids::incidents())]
    id: Option<String>,
    /// Those done and dropped, too
    #[arg(long)]
    all: bool,
    /// Only those that are due by today
    #[arg(long)]
    due: bool,
}

/// What changing takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ChangeArgs {
    /// The incident's id, unless it is the one in use, and the action: a1
    #[arg(value_name = "[ID] ACTION", required = true, num_args = 1..=2)]
    words: Vec<String>,
    /// Who does it
    #[arg(long, value_name = "NAME", required_unless_present = "due")]
    owner: Option<String>,
    /// By when
    #[arg(long, value_name = "DAY")]
    due: Option<String>,
}

pub(super) fn run(session: &mut Session<'_>, command: ActionCommand) -> Result<()> {
    match command {
        ActionCommand::Add(args) => add(session, args),
        ActionCommand::List(args) => list(session, &args),
        ActionCommand::Change(args) => alter(session, args),
        ActionCommand::Done { words, note } => settle(session, words, |session, work, action| {
            Ok(IncidentEvent::ActionDone { action, note: kept(session, &work.workspace, note.as_deref()) })
        }),
        ActionCommand::Drop { words, reason } => settle(session, words, |session, work, action| {
            Ok(IncidentEvent::ActionDropped { action, reason: needed(session, &work.workspace, &reason)? })
        }),
    }
}

fn add(session: &mut Session<'_>, args: AddArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    let due = day(session, args.due.as_deref())?;
    let kind = ActionKind::ALL.into_iter().find(|kind| kind.word() == args.kind).unwrap_or(ActionKind::Corrective);
    change(session, &which, |session, work, incident| {
        let title = session.kept_line(&work.workspace, &words.join(" "));
        if title.is_empty() {
            return Err(Error::usage("say what is to be done"));
        }
        let action = format!("a{}", incident.actions.len() + 1);
        session.terminal.tell(&format!("Action {action} is written down."));
        let owner = args.owner.map(|owner| session.kept_line(&work.workspace, &owner));
        let todo = args.todo.map(|id| incident.todo(&id).map_or(id, |todo| todo.id.clone()));
        Ok(IncidentEvent::ActionCreated { action, title, action_kind: kind, owner, due, todo }.into())
    })
}

fn alter(session: &mut Session<'_>, args: ChangeArgs) -> Result<()> {
    let due = day(session, args.due.as_deref())?;
    let owner = args.owner;
    settle(session, args.words, |session, work, action| {
        let owner = owner.map(|owner| session.kept_line(&work.workspace, &owner));
        Ok(IncidentEvent::ActionChanged { action, owner, due })
    })
}

fn settle(
    session: &mut Session<'_>,
    mut words: Vec<String>,
    event: impl FnOnce(&Session<'_>, &super::super::work::Work, String) -> Result<IncidentEvent>,
) -> Result<()> {
    // Of one word nobody knows whether it is an action's number or an incident's: it is the action.
    let which = if words.len() > 1 { split(&mut words) } else { Which::default() };
    let id = super::course::one(words, "which action")?;
    change(session, &which, |session, work, incident| {
        let action = incident.action(&id).map_or(id, |action| action.id.clone());
        event(session, work, action).map(Into::into)
    })
}

fn list(session: &mut Session<'_>, args: &ListArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let incidents = match &args.id {
        Some(id) => vec![ledger.incident(id)?],
        None => ledger.incidents()?,
    };
    let today = session.clock.now().date_naive();
    let mut shown: Vec<ActionView> = incidents.iter().flat_map(|incident| views(incident, args.all)).collect();
    shown.retain(|action| !args.due || action.due.as_deref().is_some_and(|due| due <= today.to_string().as_str()));
    let none = if args.due { "No action is due." } else { "No open actions; --all shows those done and dropped." };
    session.show_list(&shown, none, |look| actions_table(look, &shown, today))
}

fn views(incident: &Incident, all: bool) -> Vec<ActionView> {
    let wanted = incident.actions.iter().filter(|action| all || action.state == ActionState::Open);
    wanted.map(|action| action_view(incident, action)).collect()
}

fn day(session: &Session<'_>, said: Option<&str>) -> Result<Option<chrono::NaiveDate>> {
    said.map(|said| moment::day(said, session.clock.now()).map_err(Error::usage)).transpose()
}
