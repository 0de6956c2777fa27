//! What runbooks, checklists and playbooks share: listing, showing, and walking a run from where it stands.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;

use crate::catalog::model::{Procedure, ProcedureKind, Risk};
use crate::engine::{Plan, State};
use crate::error::{Error, Kind, Result};
use crate::ledger::Ledger;
use crate::view;
use crate::walk::answers::Answers;
use crate::walk::{Left, Walk, verdict};
use crate::workspace::Workspace;

use super::session::Session;

/// How a walk is driven.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct WalkArgs {
    /// Give a parameter its value
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(super) set: Vec<String>,
    /// Answers in advance: a YAML file with `parameters:` and `steps:`
    #[arg(long, value_name = "FILE")]
    pub(super) answers: Option<PathBuf>,
    /// Run what needs no judgement without asking, up to --max-risk
    #[arg(long)]
    pub(super) auto: bool,
    /// The highest risk that --auto runs by itself
    #[arg(long, value_name = "RISK", default_value = "read-only", requires = "auto")]
    pub(super) max_risk: MaxRisk,
}

/// The highest risk that runs by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum MaxRisk {
    /// Only what looks
    #[default]
    ReadOnly,
    /// What can be changed back, too
    Mutating,
    /// Everything
    Destructive,
}

impl WalkArgs {
    pub(super) fn auto(&self) -> Option<Risk> {
        self.auto.then_some(match self.max_risk {
            MaxRisk::ReadOnly => Risk::ReadOnly,
            MaxRisk::Mutating => Risk::Mutating,
            MaxRisk::Destructive => Risk::Destructive,
        })
    }

    pub(super) fn read_answers(&self, session: &Session<'_>) -> Result<Answers> {
        let mut answers = match &self.answers {
            None => Answers::default(),
            Some(path) => {
                let path = session.surroundings.cwd.join(path);
                let text = std::fs::read_to_string(&path).map_err(|cause| {
                    Error::usage(format!("the answers file {} cannot be read", path.display())).cause(cause)
                })?;
                Answers::parse(&text, &path.display().to_string())?
            }
        };
        answers.set(&self.set)?;
        Ok(answers)
    }
}

/// Lists the procedures of a kind.
pub(super) fn list(session: &mut Session<'_>, kind: ProcedureKind) -> Result<()> {
    let workspace = session.workspace()?;
    let procedures: Vec<&Arc<Procedure>> = workspace.loaded.catalog.of_kind(kind).collect();
    let lines: Vec<_> = procedures.iter().map(|procedure| view::procedure::procedure_line(procedure)).collect();
    let none = format!("No {} in this workspace.", kind.folder());
    session.show_list(&lines, &none, |look| view::procedure::procedures_table(look, kind, &procedures))
}

/// Shows a procedure with all its commands.
pub(super) fn show(session: &mut Session<'_>, kind: ProcedureKind, id: &str) -> Result<()> {
    let workspace = session.workspace()?;
    let procedure = find(session, &workspace, kind, id)?;
    let plan = plan(&workspace, &procedure)?;
    let shown = view::procedure::procedure_view(&procedure, &plan, None);
    let catalog = &workspace.loaded.catalog;
    session.show(&shown, |look| view::procedure::procedure_text(look, catalog, &procedure, &plan, None))
}

/// The procedure with an id. One whose file is invalid is refused with what is wrong in it.
pub(super) fn find(
    session: &mut Session<'_>,
    workspace: &Workspace,
    kind: ProcedureKind,
    id: &str,
) -> Result<Arc<Procedure>> {
    if let Some(procedure) = workspace.loaded.catalog.procedure(kind, id) {
        return Ok(Arc::clone(procedure));
    }
    let broken =
        workspace.loaded.broken.iter().find(|broken| broken.id == id && broken.path.starts_with(kind.folder()));
    if let Some(broken) = broken {
        let path = broken.path.clone();
        return Err(refuse_invalid(session, workspace, &[path], &format!("{kind} {id}")));
    }
    let ids = workspace.loaded.catalog.of_kind(kind).map(|procedure| procedure.id.as_str());
    let verbs: &[&str] = match kind {
        ProcedureKind::Checklist => &["list", "show", "status", "history"],
        ProcedureKind::Runbook | ProcedureKind::Playbook => &[],
    };
    let error = super::unknown(kind.word(), id, ids, verbs);
    let elsewhere = workspace.loaded.catalog.procedures.iter().find(|procedure| procedure.id == id);
    Err(match elsewhere {
        Some(found) => error.hint(format!("{id} is a {kind}: `opsctl {kind} show {id}`", kind = found.kind)),
        None => error,
    })
}

pub(super) fn refuse_invalid(session: &mut Session<'_>, workspace: &Workspace, paths: &[String], what: &str) -> Error {
    let colour = session.terminal.look_err().colour;
    for problem in workspace.loaded.diagnose_for(paths).iter().filter(|problem| problem.is_error()) {
        session.terminal.say(&problem.render(colour));
    }
    Error::definition(format!("{what} is not valid")).hint("mend what is shown above; `opsctl lint` checks everything")
}

/// The unrolled procedure.
pub(super) fn plan(workspace: &Workspace, procedure: &Arc<Procedure>) -> Result<Plan> {
    Plan::build(&workspace.loaded.catalog, procedure)
        .map_err(|why| Error::definition(why).hint("`opsctl lint` shows where"))
}

/// How a run is driven from where it stands.
pub(super) struct Drive {
    pub(super) answers: Answers,
    pub(super) auto: Option<Risk>,
    pub(super) from: Option<String>,
}

/// Walks a run from where it stands, then shows what was done. Checklists look by themselves in any case.
pub(super) fn drive_run(
    session: &mut Session<'_>,
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    state: State,
    drive: Drive,
) -> Result<()> {
    let site = session.site(workspace);
    let looks = (state.plan.kind == ProcedureKind::Checklist).then_some(Risk::ReadOnly);
    let auto = drive.auto.max(looks);
    super::start::attach(ledger, &state)?;
    let mut walk = Walk::new(ledger, &site, session.terminal, state, drive.answers, auto);
    if let Some(from) = &drive.from {
        walk.start_from(from);
    }
    let left = Session::block_on(walk.walk())??;
    let state = walk.state;
    show_run(session, ledger, &state)?;
    if left == Left::Quit && !session.is_json() {
        session.terminal.tell(&format!("Saved. Go on with `opsctl run resume {}`.", state.id));
    }
    incomplete(&left, &state)?;
    verdict(&left, &state)
}

// A checklist that was left with open items is not a good answer.
fn incomplete(left: &Left, state: &State) -> Result<()> {
    if *left != Left::Quit || state.plan.kind != ProcedureKind::Checklist {
        return Ok(());
    }
    let (done, total) = state.progress();
    Err(Error::new(Kind::Negative, format!("{} is incomplete: {done} of {total}", state.id)))
}

/// Prints a run as it stands.
pub(super) fn show_run(session: &mut Session<'_>, ledger: &Ledger<'_>, state: &State) -> Result<()> {
    let is_walked = state.walker.as_ref().is_some_and(|walker| session.surroundings.is_alive(walker));
    let text_of = |output: &crate::engine::event::Output| ledger.output_text(output).unwrap_or_default();
    let shown = view::run::run_view(state, is_walked, text_of);
    let now = ledger.now();
    session.show(&shown, |look| view::run::run_text(look, state, is_walked, now))
}
