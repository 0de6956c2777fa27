//! A walk that begins: checked, begun or found again, or only forecast.

use std::sync::Arc;

use crate::catalog::load;
use crate::catalog::model::{Procedure, ProcedureKind, Risk};
use crate::diagnostic::Diagnostic;
use crate::engine::preview::{Premises, preview};
use crate::engine::{Plan, State};
use crate::error::{Error, Result};
use crate::incident::{IncidentEvent, Telling};
use crate::ledger::{Ledger, NewRun, NotRecorded};
use crate::view;
use crate::walk::answers::{Action, Answers};
use crate::workspace::{Workspace, missing_needs};

use super::ids;
use super::procedure::{self, Drive, WalkArgs};
use super::session::Session;

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

/// A walk to begin.
pub(super) struct Start<'a> {
    pub(super) procedure: Arc<Procedure>,
    pub(super) subject: Option<String>,
    pub(super) period: Option<String>,
    pub(super) options: &'a StartArgs,
    pub(super) walk: &'a WalkArgs,
    /// Begin another run where one for this period or subject is over.
    pub(super) again: bool,
}

/// Begins a run, or goes on with the one of its period or subject, and walks it.
pub(super) fn walk(session: &mut Session<'_>, workspace: &Workspace, start: &Start<'_>) -> Result<()> {
    let plan = check_definition(session, workspace, &start.procedure)?;
    let answers = start.walk.read_answers(session)?;
    answers.check(&plan)?;
    if let Some(from) = &start.options.from {
        check_step(&plan, from)?;
    }
    let incident = incident_of(session, workspace, &plan, start)?;
    if start.options.dry_run {
        return dry_run(session, workspace, start, &plan, &answers, incident.as_deref());
    }
    let journal = workspace.journal()?;
    let ledger = session.ledger(workspace, &journal);
    let (state, is_new) = begin_or_find(session, workspace, &ledger, start, incident.as_deref())?;
    if is_new {
        for what in missing_needs(&start.procedure, &session.surroundings.vars) {
            session.terminal.tell(&format!("warning: {what}; steps that need it will fail"));
        }
        let look = session.terminal.look_err();
        let text = view::procedure::beginning(look, &start.procedure, &state.id);
        session.terminal.say(&text);
    } else if state.is_over() {
        session.terminal.tell(&format!("{} is over; --again begins another run.", state.id));
    } else {
        session.terminal.tell(&format!("Going on with {}.", state.id));
    }
    let drive = Drive { answers, auto: start.walk.auto(), from: start.options.from.clone() };
    procedure::drive_run(session, workspace, &ledger, state, drive)
}

/// The run of a period or subject that is there, or else a new one; and whether it is new.
pub(super) fn begin_or_find(
    session: &Session<'_>,
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    start: &Start<'_>,
    incident: Option<&str>,
) -> Result<(State, bool)> {
    loop {
        // In this order: what is begun after this look is met as a conflict, and not as a further run.
        let taken = ledger.run_streams()?;
        if let Some(run) = current(ledger, start)? {
            let state = ledger.run(&run)?;
            return same_incident(&state, incident).map(|()| (state, false));
        }
        let new = NewRun {
            procedure: Arc::clone(&start.procedure),
            subject: start.subject.clone(),
            period: start.period.clone(),
            incident: incident.map(str::to_owned),
            git: workspace.revision(),
            walker: session.surroundings.walker(),
        };
        match ledger.begin_run(new, &taken) {
            Ok(state) => {
                attach(ledger, &state)?;
                return Ok((state, true));
            }
            // Somebody began the run of this period or subject at the same moment: take part in theirs.
            Err(NotRecorded::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
    }
}

// A run belongs to one incident from its beginning.
fn same_incident(state: &State, wanted: Option<&str>) -> Result<()> {
    match wanted {
        Some(wanted) if state.header.incident.as_deref() != Some(wanted) => {
            let belongs = state.header.incident.as_deref().unwrap_or("no incident");
            Err(Error::usage(format!("{} belongs to {belongs}, not to {wanted}", state.id))
                .hint("--again begins another run once this one is over"))
        }
        _ => Ok(()),
    }
}

/// Lets the incident know of a run that belongs to it, if it does not yet.
pub(super) fn attach(ledger: &Ledger<'_>, state: &State) -> Result<()> {
    let Some(id) = &state.header.incident else { return Ok(()) };
    let mut incident = ledger.incident(id)?;
    if incident.runs.contains(&state.id) {
        return Ok(());
    }
    let attached = IncidentEvent::RunAttached { run: state.id.clone(), title: state.header.title.clone() };
    ledger.record_incident(&mut incident, attached)
}

// Parses and checks everything that the walk can come to, before anything runs.
pub(super) fn check_definition(
    session: &mut Session<'_>,
    workspace: &Workspace,
    procedure: &Arc<Procedure>,
) -> Result<Plan> {
    let paths: Vec<String> =
        load::closure(&workspace.loaded.catalog, procedure).into_iter().map(|source| source.path).collect();
    if workspace.loaded.diagnose_for(&paths).iter().any(Diagnostic::is_error) {
        return Err(procedure::refuse_invalid(session, workspace, &paths, &procedure.reference()));
    }
    procedure::plan(workspace, procedure)
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
    if let Some(id) = &start.options.incident {
        let incident = ledger.incident(id)?;
        return Ok(Some(incident.id));
    }
    if !plan.needs_incident() || current(&ledger, start)?.is_some() || start.options.dry_run {
        return Ok(None);
    }
    let open = ledger.open_incidents()?;
    let needed = || {
        Error::input_needed(format!(
            "{} is part of handling an incident, and none was named",
            start.procedure.reference()
        ))
        .hint("say which with --incident ID; `opsctl incident open` opens one")
    };
    if open.is_empty() || !session.terminal.can_ask() {
        return Err(needed());
    }
    let items: Vec<String> =
        open.iter().map(|incident| format!("{} {} {}", incident.id, incident.severity, incident.title)).collect();
    let picked = session.terminal.pick("Which incident is it about?", &items, items.len() - 1).map_err(Error::from)?;
    Ok(Some(open[picked].id.clone()))
}

// The run of this period or subject, unless it is over and another one is wanted.
fn current(ledger: &Ledger<'_>, start: &Start<'_>) -> Result<Option<String>> {
    if start.period.is_none() && start.subject.is_none() {
        return Ok(None);
    }
    let latest = ledger.latest_for(&start.procedure, start.period.as_deref(), start.subject.as_deref())?;
    Ok(latest.filter(|run| run.finished_at.is_none() || !start.again).map(|run| run.id))
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
    let facts =
        incident.map(|id| ledger.incident(id)).transpose()?.map(|incident| ledger.facts(&incident, Telling::default()));
    let premises = premises(start, plan, answers, facts);
    let forecasts = preview(plan, &premises);
    let shown = view::procedure::procedure_view(&start.procedure, plan, Some(&forecasts));
    let catalog = &workspace.loaded.catalog;
    session.terminal.tell("A dry run: nothing is run, asked or written.");
    session
        .show(&shown, |look| view::procedure::procedure_text(look, catalog, &start.procedure, plan, Some(&forecasts)))
}

fn premises(start: &Start<'_>, plan: &Plan, answers: &Answers, incident: Option<serde_json::Value>) -> Premises {
    // A checklist looks by itself in any case.
    let looks = (plan.kind == ProcedureKind::Checklist).then_some(Risk::ReadOnly);
    let mut premises = Premises {
        incident,
        auto: start.walk.auto().max(looks),
        from: start.options.from.clone(),
        ..Premises::default()
    };
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
