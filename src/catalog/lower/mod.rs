//! Raw types in, model out, with every problem that stands in the way.
//!
//! A model always comes out, as good as it can be made; it may only be used when there is no problem.

mod alert;
mod channel;
mod maintenance;
mod probe;
mod schedule;
mod step;
mod template;
mod workspace;

use super::model::{Phase, Procedure, ProcedureKind, Risk, Source, Step};
use super::problem::{Problem, Trail};
use super::raw::{KEYS_OF_ONE_KIND, RawOption, RawPhase, RawProcedure, RawStep};

pub use template::template;
pub use workspace::{add_settings, is_name};

/// Makes a procedure of what its file says.
pub fn procedure(kind: ProcedureKind, id: &str, raw: RawProcedure, source: Source) -> (Procedure, Vec<Problem>) {
    let mut problems = Vec::new();
    let root = Trail::ROOT;
    foreign_keys(kind, &raw, &mut problems);
    required_text("title", &raw.title, &root, &mut problems);
    let schedule = schedule::schedule(raw.schedule, raw.due.as_deref(), &mut problems);
    let phases = phases(kind, raw.steps, raw.phases, &mut problems);
    let procedure = Procedure {
        kind,
        id: id.to_owned(),
        title: raw.title,
        summary: raw.summary,
        owner: raw.owner,
        services: raw.services,
        severity: raw.severity,
        alerts: raw.alerts,
        parameters: raw.parameters,
        requires: raw.requires,
        secrets: raw.secrets,
        phases,
        related: raw.related,
        symptoms: raw.symptoms,
        prevention: raw.prevention,
        schedule,
        purpose: raw.purpose,
        prerequisites: raw.prerequisites,
        success_criteria: raw.success_criteria,
        signals: raw.signals,
        tiers: raw.tiers,
        escalation: raw.escalation,
        source,
    };
    step::unique_ids(&procedure, &mut problems);
    (procedure, problems)
}

fn foreign_keys(kind: ProcedureKind, raw: &RawProcedure, problems: &mut Vec<Problem>) {
    let written = [
        ("symptoms", !raw.symptoms.is_empty()),
        ("prevention", !raw.prevention.is_empty()),
        ("schedule", raw.schedule.is_some()),
        ("due", raw.due.is_some()),
        ("purpose", raw.purpose.is_some()),
        ("prerequisites", !raw.prerequisites.is_empty()),
        ("success_criteria", !raw.success_criteria.is_empty()),
        ("signals", !raw.signals.is_empty()),
        ("tiers", !raw.tiers.is_empty()),
        ("escalation", !raw.escalation.is_empty()),
    ];
    for (key, owner) in KEYS_OF_ONE_KIND {
        if owner != kind.word() && written.contains(&(key, true)) {
            problems.push(foreign_key(kind, key, owner));
        }
    }
}

fn foreign_key(kind: ProcedureKind, key: &str, owner: &str) -> Problem {
    Problem::error("foreign-key", &Trail::ROOT.key(key), format!("`{key}` belongs to {owner}s, and this is a {kind}"))
        .on_key()
        .suggest(format!("remove it, or move the file to `{owner}s/`"))
}

fn phases(
    kind: ProcedureKind,
    mut steps: Option<Vec<RawStep>>,
    mut phases: Option<Vec<RawPhase>>,
    problems: &mut Vec<Problem>,
) -> Vec<Phase> {
    let root = Trail::ROOT;
    if kind == ProcedureKind::Checklist {
        for steps in steps.iter_mut().chain(phases.iter_mut().flatten().map(|phase| &mut phase.steps)) {
            commands_look(steps);
        }
    }
    if steps.is_some() && phases.is_some() {
        problems.push(
            Problem::error(
                "steps-and-phases",
                &root.key("phases"),
                format!("a {kind} has `steps` or `phases`, not both"),
            )
            .on_key()
            .suggest("move the loose steps into a phase of their own"),
        );
    }
    match (steps, phases) {
        (None, None) => {
            problems.push(no_steps(&root.key("steps"), &format!("this {kind} has no steps")));
            Vec::new()
        }
        (Some(steps), _) => vec![Phase { title: None, steps: list(steps, &root.key("steps"), problems) }],
        (None, Some(phases)) => {
            let at = root.key("phases");
            if phases.is_empty() {
                problems.push(no_steps(&at, &format!("this {kind} has no phases")));
            }
            let lower = |(index, phase): (usize, RawPhase)| {
                let at = at.index(index);
                required_text("title", &phase.title, &at, problems);
                Phase { title: Some(phase.title), steps: list(phase.steps, &at.key("steps"), problems) }
            };
            phases.into_iter().enumerate().map(lower).collect()
        }
    }
}

// A checklist's commands are checks: they only look unless they say otherwise, and so its items tick themselves.
fn commands_look(steps: &mut [RawStep]) {
    for step in steps {
        let RawStep::Full(step) = step else { continue };
        if step.run.is_some() {
            step.risk.get_or_insert(Risk::ReadOnly);
        }
        for option in step.choose.iter_mut().flatten() {
            if let RawOption::Full(option) = option {
                option.steps.iter_mut().for_each(|steps| commands_look(steps.as_mut_slice()));
            }
        }
    }
}

fn list(steps: Vec<RawStep>, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Vec<Step> {
    if steps.is_empty() {
        problems.push(no_steps(at, "there are no steps here"));
    }
    step::steps(steps, at, problems)
}

fn no_steps(at: &Trail<'_>, message: &str) -> Problem {
    Problem::error("no-steps", at, message)
        .on_key()
        .suggest("list them under `steps:`, each on a line that begins with `- `")
}

fn required_text(key: &str, text: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    if text.trim().is_empty() {
        problems.push(Problem::error("blank", &at.key(key), format!("`{key}` is blank")));
    }
}
