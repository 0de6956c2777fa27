//! The settings: probes, alerts, channels, and the procedure that handles incidents.

use super::{Context, alert, channel, incident, probe};
use crate::catalog::problem::{Problem, Trail};

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
    incident::incident(context, &mut problems);
    problems
}
