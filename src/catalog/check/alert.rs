//! Alert rules: the probes, channels, severities and runbooks they name.

use super::{Context, channel, reference};
use crate::catalog::model::{AlertRule, AlertWhen, Probe, ProbeTarget, ProcedureKind};
use crate::catalog::problem::{Problem, Trail};
use crate::error::nearest;
use crate::percentile::needed;

/// Everything that is wrong with an alert rule beyond its shape.
pub(super) fn alert(rule: &AlertRule, context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let settings = &context.catalog.settings;
    if !rule.probes.is_empty() {
        reference::probes(&rule.probes, &at.key("probes"), context, problems);
    }
    let channels = at.key("channels");
    for (index, id) in rule.channels.iter().enumerate() {
        reference::setting("channel", id, settings.channels.keys(), &channels.index(index), context, problems);
    }
    channel::of_alert(rule, context, at, problems);
    if let Some(id) = &rule.severity {
        reference::setting("severity", id, settings.severities.keys(), &at.key("severity"), context, problems);
    }
    runbook(rule, context, &at.key("runbook"), problems);
    latency(rule, context, at, problems);
    if rule.when == AlertWhen::Heartbeat && context.settings_known && !selects_heartbeat(rule, context) {
        let problem = Problem::warning("no-check", &at.key("heartbeat"), "none of its probes is a `push` probe");
        problems.push(problem.on_key());
    }
}

// A percentile takes so many answers; a window that never holds them never tells it.
fn latency(rule: &AlertRule, context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let AlertWhen::Latency { percentile, window, .. } = rule.when else { return };
    let needed = needed(percentile) as u128;
    let holds = |probe: &Probe| window.0.as_millis() / probe.interval.0.as_millis().max(1);
    let starved = context.catalog.settings.probes_of(&rule.probes).into_iter().find(|probe| holds(probe) < needed);
    if let Some(probe) = starved {
        let message =
            format!("p{percentile} needs {needed} answers, and `{}` gives {} in {window}", probe.id, holds(probe));
        let problem = Problem::warning("too-few-samples", &at.key("latency"), message).on_key();
        problems.push(problem.suggest("look back further with `window`, or at a lower `percentile`"));
    }
}

fn runbook(rule: &AlertRule, context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let Some(id) = &rule.runbook else { return };
    let kind = ProcedureKind::Runbook;
    let broken = context.broken.iter().any(|broken| broken.kind.word() == kind.word() && broken.id == *id);
    if context.catalog.procedure(kind, id).is_none() && !broken {
        let known = context.catalog.of_kind(kind).map(|runbook| runbook.id.as_str());
        let problem = Problem::error("unknown-reference", at, format!("there is no runbook `{id}`"));
        problems.push(problem.suggest_name(nearest(id, known)));
    }
}

fn selects_heartbeat(rule: &AlertRule, context: &Context<'_>) -> bool {
    let probes = context.catalog.settings.probes_of(&rule.probes);
    probes.iter().any(|probe| matches!(probe.target, ProbeTarget::Push { .. }))
}
