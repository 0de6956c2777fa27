//! References: everything that is named must be there.

use super::Context;
use crate::catalog::files::FileKind;
use crate::catalog::model::{Procedure, ProcedureKind, Send, Template, Use};
use crate::catalog::problem::{Problem, Trail};
use crate::error::nearest;

/// Checks what a procedure names beside its steps.
pub fn procedure(procedure: &Procedure, context: &Context<'_>, problems: &mut Vec<Problem>) {
    let root = Trail::ROOT;
    let settings = &context.catalog.settings;
    let services = root.key("services");
    for (index, id) in procedure.services.iter().enumerate() {
        setting("service", id, settings.services.keys(), &services.index(index), context, problems);
    }
    if let Some(id) = &procedure.severity {
        setting("severity", id, settings.severities.keys(), &root.key("severity"), context, problems);
    }
    let escalation = root.key("escalation");
    for (index, id) in procedure.escalation.iter().enumerate() {
        setting("escalation route", id, settings.escalation.keys(), &escalation.index(index), context, problems);
    }
    let related = root.key("related");
    for (index, reference) in procedure.related.iter().enumerate() {
        procedure_named(reference, &related.index(index), context, problems);
    }
}

/// Checks the ids, tags and services that select probes.
pub fn probes(selectors: &[String], at: &Trail<'_>, context: &Context<'_>, problems: &mut Vec<Problem>) {
    let settings = &context.catalog.settings;
    if selectors.is_empty() {
        problems.push(Problem::error("no-check", at, "no probe is named here").on_key());
    }
    for (index, selector) in selectors.iter().enumerate() {
        let selected = settings.select_probes(std::slice::from_ref(selector));
        if !selected.is_empty() || !context.settings_known {
            continue;
        }
        let here = at.index(index);
        if settings.services.contains_key(selector) {
            problems.push(Problem::error(
                "unknown-reference",
                &here,
                format!("the service `{selector}` has no probes"),
            ));
            continue;
        }
        let tags = settings.probes.values().flat_map(|probe| probe.tags.iter());
        let known = settings.probes.keys().chain(settings.services.keys()).chain(tags).map(String::as_str);
        let message = format!("no probe, service or tag is called `{selector}`");
        problems.push(Problem::error("unknown-reference", &here, message).suggest_name(nearest(selector, known)));
    }
}

/// Checks a `send`: template, variant, fields and channels.
pub fn send(send: &Send, at: &Trail<'_>, context: &Context<'_>, problems: &mut Vec<Problem>) {
    let channels = at.key("to");
    for (index, id) in send.to.iter().enumerate() {
        setting("channel", id, context.catalog.settings.channels.keys(), &channels.index(index), context, problems);
    }
    let Some(template) = context.catalog.template(&send.template) else {
        if !is_broken(context, FileKind::Template, &send.template) {
            let known = context.catalog.templates.iter().map(|template| template.id.as_str());
            let problem = Problem::error(
                "unknown-reference",
                &at.key("template"),
                format!("there is no template `{}`", send.template),
            );
            problems.push(problem.suggest_name(nearest(&send.template, known)));
        }
        return;
    };
    variant(send, template, at, problems);
    for name in send.set.keys().filter(|name| !template.fields.iter().any(|field| field.name == **name)) {
        let fields = template.fields.iter().map(|field| field.name.as_str());
        let problem = Problem::error(
            "unknown-field",
            &at.key("set").key(name),
            format!("the template `{}` has no field `{name}`", template.id),
        );
        problems.push(problem.on_key().suggest_name(nearest(name, fields)));
    }
}

fn variant(send: &Send, template: &Template, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let names = || template.variants.keys().map(String::as_str).filter(|name| !name.is_empty());
    match &send.variant {
        Some(variant) if names().any(|name| name == variant) => {}
        Some(variant) => {
            let message = format!("the template `{}` has no variant `{variant}`", template.id);
            let problem = Problem::error("unknown-reference", &at.key("variant"), message);
            problems.push(match nearest(variant, names()) {
                Some(near) => problem.suggest_name(Some(near)),
                None if names().next().is_none() => problem.suggest("it has one text: remove `variant`"),
                None => problem.suggest(format!("these are: {}", names().collect::<Vec<_>>().join(", "))),
            });
        }
        None if names().count() > 1 => {
            let message = format!("the template `{}` has several variants, and none is named", template.id);
            let problem = Problem::error("no-variant", &at.key("template"), message);
            problems.push(
                problem.suggest(format!("add `variant:` with one of: {}", names().collect::<Vec<_>>().join(", "))),
            );
        }
        None => {}
    }
}

/// Checks a `use`: the procedure and its parameters.
pub fn used(used: &Use, at: &Trail<'_>, context: &Context<'_>, problems: &mut Vec<Problem>) {
    procedure_named(&used.procedure, &at.key("procedure"), context, problems);
    let Some(target) = context.catalog.resolve(&used.procedure) else { return };
    for name in used.with.keys().filter(|name| !target.parameters.iter().any(|known| known.name == **name)) {
        let known = target.parameters.iter().map(|parameter| parameter.name.as_str());
        let message = format!("{} has no parameter `{name}`", target.reference());
        let problem = Problem::error("unknown-field", &at.key("with").key(name), message);
        problems.push(problem.on_key().suggest_name(nearest(name, known)));
    }
}

fn procedure_named(reference: &str, at: &Trail<'_>, context: &Context<'_>, problems: &mut Vec<Problem>) {
    let catalog = context.catalog;
    let (kind, id) = match reference.split_once('/') {
        Some((kind, id)) => (Some(kind), id),
        None => (None, reference),
    };
    if let Some(word) = kind
        && ProcedureKind::ALL.into_iter().all(|kind| kind.word() != word)
    {
        let words = ProcedureKind::ALL.map(ProcedureKind::word);
        let problem = Problem::error("unknown-reference", at, format!("`{word}` is not a kind of procedure"));
        problems.push(problem.suggest_name(nearest(word, words)));
        return;
    }
    let of_kind = |found: ProcedureKind| kind.is_none_or(|kind| kind == found.word());
    let read = catalog.procedures.iter().filter(|found| found.id == id && of_kind(found.kind)).map(|found| found.kind);
    let broken = context.broken.iter().filter_map(|broken| match broken.kind {
        FileKind::Procedure(found) if broken.id == id && of_kind(found) => Some(found),
        _ => None,
    });
    let mut kinds: Vec<ProcedureKind> = read.chain(broken).collect();
    kinds.sort();
    kinds.dedup();
    match kinds.as_slice() {
        [_] => {}
        [] => {
            let known = catalog.procedures.iter().map(|known| known.id.as_str());
            let problem = Problem::error("unknown-reference", at, format!("there is no procedure `{reference}`"));
            problems.push(problem.suggest_name(nearest(id, known)));
        }
        several => {
            let names = several.iter().map(|kind| format!("`{kind}/{id}`")).collect::<Vec<_>>().join(" or ");
            let message = format!("`{id}` could be more than one procedure");
            problems.push(Problem::error("ambiguous-reference", at, message).suggest(format!("write {names}")));
        }
    }
}

fn is_broken(context: &Context<'_>, kind: FileKind, id: &str) -> bool {
    context.broken.iter().any(|broken| broken.kind == kind && broken.id == id)
}

pub(super) fn setting<'a>(
    what: &str,
    id: &str,
    known: impl Iterator<Item = &'a String> + Clone,
    at: &Trail<'_>,
    context: &Context<'_>,
    problems: &mut Vec<Problem>,
) {
    if context.settings_known && !known.clone().any(|known| known == id) {
        let problem = Problem::error("unknown-reference", at, format!("there is no {what} `{id}` in opsctl.yaml"));
        problems.push(problem.suggest_name(nearest(id, known.map(String::as_str))));
    }
}
