//! What runbooks, checklists and playbooks share: listing, showing, and walking.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;

use crate::catalog::load;
use crate::catalog::model::{Procedure, ProcedureKind, Risk};
use crate::engine::preview::{Premises, preview};
use crate::engine::{Plan, State};
use crate::error::{Error, Result};
use crate::incident::IncidentEvent;
use crate::ledger::{Ledger, NewRun, NotRecorded};
use crate::terminal::AskError;
use crate::view;
use crate::walk::answers::{Action, Answers};
use crate::walk::{Left, Walk, verdict};
use crate::workspace::Workspace;

use super::ids;
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

/// What a new run is about.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct StartArgs {
    /// Show what would happen at each step; nothing is run or written
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Begin at this step; those before it are skipped
    #[arg(long, value_name = "STEP")]
    pub(super) from: Option<String>,
    /// The incident the run belongs to
    #[arg(long, value_name = "ID", add = ids::incidents())]
    pub(super) incident: Option<String>,
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
    let broken = workspace.loaded.broken.iter().find(|broken| broken.id == id && broken.path.starts_with(kind.folder()));
    if let Some(broken) = broken {
        let path = broken.path.clone();
        return Err(refuse_invalid(session, workspace, &[path], &format!("{kind} {id}")));
    }
    let ids = workspace.loaded.catalog.of_kind(kind).map(|procedure| procedure.id.as_str());
    let verbs: &[&str] = match kind {
        ProcedureKind::Checklist => &["list", "show", "status", "history"],
        ProcedureKind::Runbook | ProcedureKind::Playbook => &[],
    };
    Err(super::unknown(kind.word(), id, ids, verbs))
}

fn refuse_invalid(session: &mut Session<'_>, workspace: &Workspace, paths: &[String], what: &str) -> Error {
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

/// A walk to begin.
pub(super) struct Start<'a> {
    pub(super) procedure: Arc<Procedure>,
    pub(super) subject: Option<String>,
    pub(super) period: Option<String>,
    pub(super) start: &'a StartArgs,
    pub(super) walk: &'a WalkArgs,
    /// Begin another run where one for this period or subject is over.
    pub(super) again: bool,
}

/// Begins a run, or goes on with the one of its period or subject, and walks it.
pub(super) fn walk(session: &mut Session<'_>, workspace: &Workspace, start: &Start<'_>) -> Result<()> {
    let plan = check_definition(session, workspace, &start.procedure)?;
    let answers = start.walk.read_answers(session)?;
    answers.check(&plan)?;
    if let Some(from) = &start.start.from {
        check_step(&plan, from)?;
    }
    let incident = incident_of(session, workspace, &plan, start)?;
    if start.start.dry_run {
        return dry_run(session, workspace, start, &plan, &answers, incident.as_deref());
    }
    let journal = workspace.journal()?;
    let ledger = session.ledger(workspace, &journal);
    if let Some(run) = unfinished(&ledger, start)? {
        session.terminal.say(&format!("Going on with {run}."));
        let state = ledger.run(&run)?;
        return go(session, workspace, &ledger, state, answers, start);
    }
    warn_needs(session, &plan);
    let new = NewRun {
        procedure: Arc::clone(&start.procedure),
        subject: start.subject.clone(),
        period: start.period.clone(),
        incident: incident.clone(),
        git: workspace.revision(),
        walker: session.surroundings.walker(),
    };
    let state = match ledger.begin_run(new) {
        Ok(state) => state,
        // Somebody began the run of this period or subject at the same moment: take part in theirs.
        Err(NotRecorded::Conflict) => match unfinished(&ledger, start)? {
            Some(run) => ledger.run(&run)?,
            None => return Err(NotRecorded::Conflict.into()),
        },
        Err(other) => return Err(other.into()),
    };
    if let Some(id) = &incident {
        let mut incident = ledger.incident(id)?;
        let attached = IncidentEvent::RunAttached { run: state.id.clone(), title: start.procedure.title.clone() };
        ledger.record_incident(&mut incident, &attached)?;
    }
    tell_beginning(session, &start.procedure, &state);
    go(session, workspace, &ledger, state, answers, start)
}

// Parses and checks everything that the walk can come to, before anything runs.
fn check_definition(session: &mut Session<'_>, workspace: &Workspace, procedure: &Arc<Procedure>) -> Result<Plan> {
    let paths: Vec<String> =
        load::closure(&workspace.loaded.catalog, procedure).into_iter().map(|source| source.path).collect();
    if workspace.loaded.diagnose_for(&paths).iter().any(|problem| problem.is_error()) {
        return Err(refuse_invalid(session, workspace, &paths, &procedure.reference()));
    }
    plan(workspace, procedure)
}

fn check_step(plan: &Plan, id: &str) -> Result<()> {
    if plan.place(id).is_some() {
        return Ok(());
    }
    Err(super::unknown("step", id, plan.steps.iter().map(|planned| planned.id.as_str()), &[]))
}

// The incident the run belongs to: said, or asked for when some step cannot do without.
fn incident_of(
    session: &mut Session<'_>,
    workspace: &Workspace,
    plan: &Plan,
    start: &Start<'_>,
) -> Result<Option<String>> {
    let journal = Session::reader(workspace)?;
    let ledger = session.ledger(workspace, &*journal);
    if let Some(id) = &start.start.incident {
        let incident = ledger.incident(id)?;
        return Ok(Some(incident.id));
    }
    if !plan.needs_incident() || unfinished(&ledger, start)?.is_some() || start.start.dry_run {
        return Ok(None);
    }
    let open: Vec<_> = ledger.incidents()?.into_iter().filter(crate::incident::Incident::is_open).collect();
    let needed = || {
        Error::input_needed(format!("{} is part of handling an incident, and none was named", start.procedure.reference()))
            .hint("say which with --incident ID; `opsctl incident open` opens one")
    };
    if open.is_empty() || !session.terminal.can_ask() {
        return Err(needed());
    }
    let items: Vec<String> = open.iter().map(|incident| format!("{} {} {}", incident.id, incident.severity, incident.title)).collect();
    let picked = session.terminal.pick("Which incident is it about?", &items, items.len() - 1).map_err(Error::from)?;
    Ok(Some(open[picked].id.clone()))
}

// The run of this period or subject that is not over, or is over and not to be repeated.
fn unfinished(ledger: &Ledger<'_>, start: &Start<'_>) -> Result<Option<String>> {
    if start.period.is_none() && start.subject.is_none() {
        return Ok(None);
    }
    let latest = ledger.latest_for(&start.procedure, start.period.as_deref(), start.subject.as_deref())?;
    Ok(latest.filter(|run| run.finished_at.is_none() || !start.again).map(|run| run.id))
}

fn warn_needs(session: &mut Session<'_>, plan: &Plan) {
    let path = session.surroundings.var("PATH").unwrap_or_default().to_owned();
    let mut missing = Vec::new();
    for procedure in plan.scopes.values() {
        for tool in &procedure.requires.tools {
            let found = path.split(':').any(|dir| std::path::Path::new(dir).join(tool).is_file());
            if !found && !std::path::Path::new(tool).is_file() {
                missing.push(format!("the program {tool} is not on the PATH"));
            }
        }
        for name in &procedure.requires.env {
            if session.surroundings.var(name).is_none() {
                missing.push(format!("the environment variable {name} is not set"));
            }
        }
    }
    missing.sort();
    missing.dedup();
    for what in missing {
        session.terminal.say(&format!("warning: {what}; steps that need it will fail"));
    }
}

fn tell_beginning(session: &mut Session<'_>, procedure: &Procedure, state: &State) {
    let look = session.terminal.look_err();
    let text = view::procedure::beginning(look, procedure, &state.id);
    session.terminal.say(&text);
}

fn dry_run(
    session: &mut Session<'_>,
    workspace: &Workspace,
    start: &Start<'_>,
    plan: &Plan,
    answers: &Answers,
    incident: Option<&str>,
) -> Result<()> {
    let journal = Session::reader(workspace)?;
    let ledger = session.ledger(workspace, &*journal);
    let facts = incident.map(|id| ledger.incident(id)).transpose()?.map(|incident| incident.facts());
    let premises = premises(start, plan, answers, facts);
    let forecasts = preview(plan, &premises);
    let shown = view::procedure::procedure_view(&start.procedure, plan, Some(&forecasts));
    let catalog = &workspace.loaded.catalog;
    session.terminal.say("A dry run: nothing is run, asked or written.");
    session.show(&shown, |look| view::procedure::procedure_text(look, catalog, &start.procedure, plan, Some(&forecasts)))
}

fn premises(start: &Start<'_>, plan: &Plan, answers: &Answers, incident: Option<serde_json::Value>) -> Premises {
    let mut premises = Premises { incident, auto: start.walk.auto(), from: start.start.from.clone(), ..Premises::default() };
    // A default counts unless it is a template, whose value only the walk brings about.
    for parameter in plan.parameters("") {
        if let Some(default) = parameter.default.as_ref().filter(|default| !default.contains("{{")) {
            premises.parameters.insert(parameter.name.clone(), default.clone());
        }
    }
    premises.parameters.extend(answers.parameters.clone());
    for (step, answer) in &answers.steps {
        match &answer.action {
            Some(Action::Choose(option)) => {
                premises.choices.insert(step.clone(), option.clone());
            }
            Some(Action::Skip(reason)) => {
                premises.skips.insert(step.clone(), reason.clone());
            }
            _ => {}
        }
    }
    premises
}

fn go(
    session: &mut Session<'_>,
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    state: State,
    answers: Answers,
    start: &Start<'_>,
) -> Result<()> {
    let drive = Drive { answers, auto: start.walk.auto(), from: start.start.from.clone() };
    drive_run(session, workspace, ledger, state, drive)
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
    let mut walk = Walk::new(ledger, &site, session.terminal, state, drive.answers, auto);
    if let Some(from) = &drive.from {
        walk.start_from(from)?;
    }
    let left = Session::block_on(walk.walk())??;
    let state = walk.state;
    show_run(session, ledger, &state)?;
    if left == Left::Quit && !session.is_json() {
        session.terminal.say(&format!("Saved. Go on with `opsctl run resume {}`.", state.id));
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
    Err(Error::new(crate::error::Kind::Negative, format!("{} is incomplete: {done} of {total}", state.id)))
}

/// Prints a run as it stands.
pub(super) fn show_run(session: &mut Session<'_>, ledger: &Ledger<'_>, state: &State) -> Result<()> {
    let is_walked = state.walker.as_ref().is_some_and(|walker| session.surroundings.is_alive(walker));
    let text_of = |output: &crate::engine::event::Output| ledger.output_text(output).unwrap_or_default();
    let shown = view::run::run_view(state, is_walked, text_of);
    let now = ledger.now();
    session.show(&shown, |look| view::run::run_text(look, state, is_walked, now))
}

/// An answer, or the failure that there is none.
pub(super) fn asked<T>(answer: Result<T, AskError>) -> Result<T> {
    answer.map_err(Error::from)
}
