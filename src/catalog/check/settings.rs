//! The settings: probes, alerts, channels, and the procedure that handles incidents.

use super::{Context, alert, channel, probe};
use crate::catalog::model::ProcedureKind;
use crate::catalog::problem::{Problem, Trail};
use crate::error::nearest;

/// Everything that is wrong with the settings beyond their shape.
pub fn settings(context: &Context<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let root = Trail::ROOT;
    let services = root.key("services");
    for (id, probe) in &context.catalog.settings.probes {
        let service = services.key(&probe.service);
        probe::probe(probe, context, &service.key("probes").key(id), &mut problems);
    }
    let alerts = root.key("alerts");
    for (id, rule) in &context.catalog.settings.alerts {
        alert::alert(rule, context, &alerts.key(id), &mut problems);
    }
    let channels = root.key("channels");
    for (id, known) in &context.catalog.settings.channels {
        channel::channel(known, context, &channels.key(id), &mut problems);
    }
    process(context, &root.key("incident").key("process"), &mut problems);
    problems
}

fn process(context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let Some(id) = &context.catalog.settings.incident_process else { return };
    let kind = ProcedureKind::Playbook;
    let broken = context.broken.iter().any(|broken| broken.kind.word() == kind.word() && broken.id == *id);
    if context.catalog.procedure(kind, id).is_none() && !broken {
        let known = context.catalog.of_kind(kind).map(|playbook| playbook.id.as_str());
        let problem = Problem::error("unknown-reference", at, format!("there is no playbook `{id}`"));
        problems.push(problem.suggest_name(nearest(id, known)));
    }
}
