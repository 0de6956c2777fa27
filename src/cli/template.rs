//! `opsctl template`: render, list, show.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use serde_json::{Map, Value, json};

use crate::catalog::model::Template;
use crate::channel::{PLACEHOLDER_END, PLACEHOLDER_START};
use crate::error::{Error, Result};
use crate::ground::rfc3339;
use crate::incident::{Status, Telling};
use crate::message::{self, Draft};
use crate::post::{NewMail, unmarked, unmarked_facts, verdict};
use crate::terminal::{AskError, Question};
use crate::view;
use crate::view::message::mail_view;
use crate::workspace::Workspace;

use super::ids;
use super::send::{SendArgs, courier, leave_to_recipients};
use super::session::Session;

/// `template ID` renders one.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct TemplateArgs {
    #[command(subcommand)]
    command: Option<TemplateCommand>,
    #[command(flatten)]
    render: Option<RenderArgs>,
}

/// The verbs of a template.
#[derive(Debug, Subcommand)]
pub(super) enum TemplateCommand {
    /// List the templates
    List,
    /// Show a template with its fields and texts
    Show {
        /// The template's id
        #[arg(add = ids::templates())]
        id: String,
    },
    /// Render a template; the same as `template ID`
    Render(RenderArgs),
}

/// What rendering takes.
#[derive(Debug, clap::Args)]
pub(super) struct RenderArgs {
    /// The template's id
    #[arg(add = ids::templates())]
    id: String,
    /// Which of its texts
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Give a field its value
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    set: Vec<String>,
    /// Take values from this incident
    #[arg(long, value_name = "ID", add = ids::incidents())]
    incident: Option<String>,
    /// The file to write; stdout when left out. An existing file is not overwritten
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Send it to this channel; may be given again
    #[arg(long, value_name = "CHANNEL", add = ids::channels(), conflicts_with = "out")]
    to: Vec<String>,
    /// Approve a message to customers yourself, without the commander
    #[arg(long, requires = "to")]
    approve: bool,
}

pub(super) fn run(session: &mut Session<'_>, args: TemplateArgs) -> Result<()> {
    match (args.command, args.render) {
        (Some(TemplateCommand::List), _) => list(session),
        (Some(TemplateCommand::Show { id }), _) => show(session, &id),
        (Some(TemplateCommand::Render(args)), _) | (None, Some(args)) => render(session, &args),
        (None, None) => {
            Err(Error::usage("say which template, or list or show").hint("`opsctl template list` shows the templates"))
        }
    }
}

fn list(session: &mut Session<'_>) -> Result<()> {
    let workspace = session.workspace()?;
    let templates = &workspace.loaded.catalog.templates;
    let shown: Vec<_> = templates.iter().map(|template| view::template::template_view(template)).collect();
    session.show_list(&shown, "No templates.", |look| view::template::templates_table(look, &shown))
}

fn show(session: &mut Session<'_>, id: &str) -> Result<()> {
    let workspace = session.workspace()?;
    let template = find(&workspace, id)?;
    let shown = view::template::template_view(&template);
    session.show(&shown, |look| view::template::template_text(look, &template))
}

pub(super) fn find(workspace: &Workspace, id: &str) -> Result<Arc<Template>> {
    if let Some(template) = workspace.loaded.catalog.template(id) {
        return Ok(Arc::clone(template));
    }
    if workspace.loaded.broken.iter().any(|broken| broken.id == id && broken.path.starts_with("templates")) {
        return Err(Error::definition(format!("template {id} is not valid")).hint("`opsctl lint` says why"));
    }
    let ids = workspace.loaded.catalog.templates.iter().map(|template| template.id.as_str());
    Err(super::unknown("template", id, ids, &["list", "show", "render"]))
}

fn render(session: &mut Session<'_>, args: &RenderArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let template = find(&workspace, &args.id)?;
    let variant = variant(session, &template, args.variant.as_deref())?;
    let telling = Telling { status: variant.as_deref().and_then(Status::parse), next: None };
    let facts = facts(session, &workspace, args.incident.as_deref(), telling)?;
    let given = pairs(&args.set)?;
    let mut draft = message::draft(&template, variant.as_deref(), given, &unmarked_facts(facts))?;
    if !args.to.is_empty() {
        return send(session, &workspace, args, &template, draft);
    }
    fill(session, &template, &mut draft)?;
    let failed =
        |error: crate::template::TemplateError| Error::definition(format!("template {}: {error}", template.id));
    let text = draft.render().map_err(failed)?;
    let shown = json!({
        "template": template.id,
        "variant": if draft.variant().is_empty() { Value::Null } else { json!(draft.variant()) },
        "subject": draft.subject().map_err(failed)?,
        "body": draft.body().map_err(failed)?,
        "text": text,
        "fields": draft.values(),
    });
    match &args.out {
        None => session.show(&shown, |_| crate::ground::plain(&text)),
        Some(path) => {
            super::run::write_new(&session.surroundings.cwd.join(path), &text)?;
            session.terminal.tell(&format!("Written to {}.", path.display()));
            if session.is_json() { session.show(&shown, |_| String::new()) } else { Ok(()) }
        }
    }
}

// A message about the incident, or about nothing else.
fn send(
    session: &mut Session<'_>,
    workspace: &Workspace,
    args: &RenderArgs,
    template: &Template,
    mut draft: Draft,
) -> Result<()> {
    leave_to_recipients(&courier(session, workspace), workspace, &args.to, &mut draft)?;
    fill(session, template, &mut draft)?;
    let journal = workspace.journal()?;
    let ledger = session.ledger(workspace, &journal);
    let about = args.incident.as_deref().map(|id| ledger.about(id)).transpose()?;
    let failed = |error: crate::template::TemplateError| Error::definition(format!("template {}: {error}", args.id));
    let status = Status::parse(draft.variant()).map(|status| status.word().to_owned());
    let new = NewMail {
        status,
        template: Some(template.id.clone()),
        variant: Some(draft.variant().to_owned()).filter(|variant| !variant.is_empty()),
        to: args.to.clone(),
        subject: draft.subject().map_err(failed)?.map(|subject| session.kept_line(workspace, &subject)),
        text: session.kept(workspace, &draft.body().map_err(failed)?),
        facts: NewMail::facts_of(draft.values(), |value| session.kept(workspace, value)),
        ..NewMail::default()
    };
    let how = SendArgs { to: args.to.clone(), approve: args.approve, ..SendArgs::default() };
    let (about, message, delivered) = super::send::send(session, workspace, &ledger, about, new, &how)?;
    let shown = mail_view(about.id(), about.mail(&message)?);
    if session.is_json() {
        session.show(&shown, |_| String::new())?;
    }
    verdict(&delivered)
}

fn facts(session: &Session<'_>, workspace: &Workspace, incident: Option<&str>, telling: Telling) -> Result<Value> {
    let mut facts = Map::new();
    facts.insert("now".to_owned(), Value::String(rfc3339(session.clock.now())));
    if let Some(id) = incident {
        let journal = Session::reader(workspace)?;
        let ledger = session.ledger(workspace, &*journal);
        facts.insert("incident".to_owned(), ledger.facts(&ledger.incident(id)?, telling));
    }
    Ok(Value::Object(facts))
}

pub(super) fn variant(session: &mut Session<'_>, template: &Template, said: Option<&str>) -> Result<Option<String>> {
    if said.is_some() || template.variants.len() < 2 || !session.terminal.can_ask() {
        return Ok(said.map(str::to_owned));
    }
    let names: Vec<String> = template.variants.keys().cloned().collect();
    let items: Vec<String> = template
        .variants
        .iter()
        .map(|(name, text)| text.title.as_ref().map_or_else(|| name.clone(), |title| format!("{name} - {title}")))
        .collect();
    let picked = session.terminal.pick("Which text?", &items, 0)?;
    Ok(Some(names[picked].clone()))
}

pub(super) fn pairs(set: &[String]) -> Result<BTreeMap<String, String>> {
    set.iter()
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                Error::usage(format!("--set {pair}: the value is missing")).hint("write it as --set FIELD=VALUE")
            })?;
            // The letters that stand for recipients' fields are ours alone.
            Ok((name.trim().to_owned(), value.replace([PLACEHOLDER_START, PLACEHOLDER_END], "")))
        })
        .collect()
}

pub(super) fn fill(session: &mut Session<'_>, template: &Template, draft: &mut Draft) -> Result<()> {
    let missing = draft.missing();
    if !missing.is_empty() && !session.terminal.can_ask() {
        return Err(Error::input_needed(format!("template {} still needs: {}", template.id, missing.join(", ")))
            .hint("give each with --set FIELD=VALUE, or an incident with --incident ID"));
    }
    for field in missing {
        let value = ask(session, draft, &field)?;
        draft.set(&field, unmarked(&value));
    }
    Ok(())
}

fn ask(session: &mut Session<'_>, draft: &Draft, field: &str) -> Result<String, AskError> {
    let allowed = draft.allowed(field);
    if !allowed.is_empty() {
        let picked = session.terminal.pick(&draft.question(field), allowed, 0)?;
        return Ok(allowed[picked].clone());
    }
    let check = |value: &str| draft.check(field, value);
    session.terminal.ask(&Question::new(draft.question(field)).check(&check))
}
