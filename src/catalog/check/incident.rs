//! How incidents are handled: the playbooks, templates, channels, severities and policies that are named.

use super::{Context, reference};
use crate::catalog::model::{ProcedureKind, Reminders, UpdateTemplate};
use crate::catalog::problem::{Problem, Trail};
use crate::error::nearest;

/// The statuses that can be told, in the words of incidents.
const STATUSES: [&str; 7] =
    ["triage", "investigating", "identified", "mitigated", "resolved", "postmortem", "canceled"];

/// Everything that is wrong with `incident`, and with what severities and escalation say about incidents.
pub(super) fn incident(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let settings = &context.catalog.settings;
    let root = Trail::ROOT;
    let at = root.key("incident");
    process(settings.incident.process.as_deref(), context, &at.key("process"), problems);
    process(settings.incident.security_process.as_deref(), context, &at.key("security_process"), problems);
    let updates = at.key("updates");
    for (status, update) in &settings.incident.updates {
        self::update(status, update, context, &updates.key(status), problems);
    }
    if let Some(reminders) = &settings.incident.reminders {
        self::reminders(reminders, context, &at.key("reminders"), problems);
    }
    let severities = at.key("postmortem_for");
    for (index, id) in settings.incident.postmortem_for.iter().flatten().enumerate() {
        let known = settings.severities.keys();
        reference::setting("severity", id, known, &severities.index(index), context, problems);
    }
    escalation(context, problems);
    status_page(context, problems);
}

fn status_page(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let settings = &context.catalog.settings;
    let root = Trail::ROOT;
    let at = root.key("status_page");
    let services = at.key("services");
    for (index, id) in settings.status_page.services.iter().flatten().enumerate() {
        reference::setting("service", id, settings.services.keys(), &services.index(index), context, problems);
    }
    let is_address = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    if let Some(url) = settings.status_page.url.as_deref().filter(|url| !is_address(url)) {
        let problem = Problem::error("wrong-url", &at.key("url"), format!("`{url}` is no address of a page"));
        problems.push(problem.suggest("https://status.example.com"));
    }
}

fn escalation(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let settings = &context.catalog.settings;
    let root = Trail::ROOT;
    let severities = root.key("severities");
    for (id, severity) in &settings.severities {
        if let Some(policy) = &severity.escalate {
            let at = severities.key(id);
            let known = settings.escalation.keys();
            reference::setting("escalation policy", policy, known, &at.key("escalate"), context, problems);
        }
    }
    let policies = root.key("escalation");
    for (id, policy) in &settings.escalation {
        let at = policies.key(id);
        let levels = at.key("levels");
        for (index, level) in policy.levels.iter().enumerate() {
            let at = levels.index(index);
            channels(&level.channels, &at.key("channels"), context, problems);
            inside(&level.channels, &at.key("channels"), context, problems);
        }
    }
}

fn process(id: Option<&str>, context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let Some(id) = id else { return };
    let kind = ProcedureKind::Playbook;
    let broken = context.broken.iter().any(|broken| broken.kind.word() == kind.word() && broken.id == *id);
    if context.catalog.procedure(kind, id).is_none() && !broken {
        let known = context.catalog.of_kind(kind).map(|playbook| playbook.id.as_str());
        let problem = Problem::error("unknown-reference", at, format!("there is no playbook `{id}`"));
        problems.push(problem.suggest_name(nearest(id, known)));
    }
}

fn update(status: &str, update: &UpdateTemplate, context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    if !STATUSES.contains(&status) {
        let problem = Problem::error("unknown-reference", at, format!("`{status}` is no status of an incident"));
        problems.push(problem.on_key().suggest_name(nearest(status, STATUSES)));
    }
    let is_broken = context.broken.iter().any(|broken| broken.id == update.template);
    let Some(template) = context.catalog.template(&update.template) else {
        if !is_broken {
            let known = context.catalog.templates.iter().map(|template| template.id.as_str());
            let message = format!("there is no template `{}`", update.template);
            let problem = Problem::error("unknown-reference", &at.key("template"), message);
            problems.push(problem.suggest_name(nearest(&update.template, known)));
        }
        return;
    };
    let known = || template.variants.keys().map(String::as_str);
    match &update.variant {
        Some(variant) if !template.variants.contains_key(variant) => {
            let message = format!("template `{}` has no variant `{variant}`", template.id);
            let problem = Problem::error("unknown-reference", &at.key("variant"), message);
            problems.push(problem.suggest_name(nearest(variant, known())));
        }
        None if template.variants.len() > 1 => {
            let message = format!("template `{}` has several texts, and none is named", template.id);
            let problem = Problem::error("unknown-reference", &at.key("template"), message);
            problems.push(problem.suggest(format!("add `variant`: {}", known().collect::<Vec<_>>().join(", "))));
        }
        _ => {}
    }
}

fn reminders(reminders: &Reminders, context: &Context<'_>, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    channels(&reminders.channels, &at.key("channels"), context, problems);
    inside(&reminders.channels, &at.key("channels"), context, problems);
    if reminders.every.0.as_secs() < 1 {
        let problem =
            Problem::error("out-of-range", &at.key("every"), "nobody is reminded more often than once a second");
        problems.push(problem.suggest("10m is usual"));
    }
}

fn channels(ids: &[String], at: &Trail<'_>, context: &Context<'_>, problems: &mut Vec<Problem>) {
    for (index, id) in ids.iter().enumerate() {
        let known = context.catalog.settings.channels.keys();
        reference::setting("channel", id, known, &at.index(index), context, problems);
    }
}

// What is told by itself is for those who work on it.
fn inside(ids: &[String], at: &Trail<'_>, context: &Context<'_>, problems: &mut Vec<Problem>) {
    let audience = |id: &String| context.catalog.settings.channels.get(id)?.audience.as_deref();
    for (index, id) in ids.iter().enumerate() {
        if matches!(audience(id), Some("public" | "customers")) {
            let message = format!("people outside read `{id}`; this is for those who work on it");
            problems.push(Problem::error("outside-audience", &at.index(index), message));
        }
    }
}
