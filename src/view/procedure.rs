//! Procedures for people and programs: listed, shown with their commands, forecast.

use std::fmt::Write as _;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::catalog::model::{
    Catalog, OnFailure, Parameter, Procedure, ProcedureKind, Risk, Step, StepKind, VerifyCheck, response_time,
};
use crate::catalog::suggest::Suggestion;
use crate::engine::Plan;
use crate::engine::command;
use crate::engine::preview::Forecast;
use crate::ground::plain_line;
use crate::view::look::{Look, Style, paint};
use crate::view::markdown;
use crate::view::run::kind_word;
use crate::view::step::{probes, risk, write_command};
use crate::view::table::table;
use crate::view::wrap::hanging;

/// A procedure in one line for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ProcedureLine {
    /// Its id.
    pub id: String,
    /// runbook, checklist or playbook.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub summary: Option<String>,
    /// Ids of the services it is about.
    pub services: Vec<String>,
    /// The severity such a problem usually has.
    pub severity: Option<String>,
    /// When it is to be done, for checklists.
    pub schedule: Option<String>,
    /// How many steps it has.
    pub steps: usize,
}

/// A procedure for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ProcedureView {
    /// Its line.
    #[serde(flatten)]
    pub line: ProcedureLine,
    /// Who keeps it true.
    pub owner: Option<String>,
    /// The file it was read from.
    pub file: String,
    /// What is seen when it helps.
    pub symptoms: Vec<String>,
    /// What is asked before the walk starts.
    pub parameters: Vec<Parameter>,
    /// The steps.
    pub steps_in_order: Vec<PlannedView>,
    /// What keeps it from happening again.
    pub prevention: Vec<String>,
    /// Ids of related procedures.
    pub related: Vec<String>,
}

/// A step of a procedure for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PlannedView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// manual, command, probe, decision, approval, wait, message, procedure or incident.
    pub kind: String,
    /// Its phase.
    pub phase: Option<String>,
    /// What it may do to the world.
    pub risk: String,
    /// Whether the walk counts as good without it.
    pub optional: bool,
    /// Its condition.
    pub when: Option<String>,
    /// The command, as it is written.
    pub command: Option<String>,
    /// Its tasks.
    pub tasks: Vec<String>,
    /// In a dry run: what would happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<String>,
}

/// A suggestion for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SuggestionView {
    /// The runbook's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The symptom, alert or title that fits best.
    pub found_by: String,
}

/// A procedure in one line.
pub fn procedure_line(procedure: &Procedure) -> ProcedureLine {
    ProcedureLine {
        id: procedure.id.clone(),
        kind: procedure.kind.word().to_owned(),
        title: procedure.title.clone(),
        summary: procedure.summary.clone(),
        services: procedure.services.clone(),
        severity: procedure.severity.clone(),
        schedule: procedure.schedule.as_ref().map(ToString::to_string),
        steps: procedure.all_steps().len(),
    }
}

/// Procedures of one kind as a table.
pub fn procedures_table(look: Look, kind: ProcedureKind, procedures: &[&Arc<Procedure>]) -> String {
    let last = if kind == ProcedureKind::Checklist { "Schedule" } else { "Services" };
    let rows: Vec<Vec<String>> = procedures
        .iter()
        .map(|procedure| {
            let schedule = procedure.schedule.as_ref().map(ToString::to_string);
            let last = schedule.unwrap_or_else(|| procedure.services.join(", "));
            vec![procedure.id.clone(), procedure.title.clone(), procedure.all_steps().len().to_string(), last]
        })
        .collect();
    table(look, &["Id", "Title", "Steps", last], rows)
}

/// The procedure for programs; with forecasts in a dry run.
pub fn procedure_view(procedure: &Procedure, plan: &Plan, forecasts: Option<&[Forecast]>) -> ProcedureView {
    let steps = plan.steps.iter().enumerate().map(|(place, planned)| PlannedView {
        id: planned.id.clone(),
        title: planned.step.title.clone(),
        kind: kind_word(&planned.step.kind).to_owned(),
        phase: planned.phase.clone(),
        risk: planned.step.risk.word().to_owned(),
        optional: planned.step.optional,
        when: planned.step.when.clone(),
        command: command_of(&planned.step),
        tasks: planned.step.tasks.clone(),
        forecast: forecasts.and_then(|forecasts| forecasts.get(place)).map(Forecast::label),
    });
    ProcedureView {
        line: procedure_line(procedure),
        owner: procedure.owner.clone(),
        file: procedure.source.path.clone(),
        symptoms: procedure.symptoms.clone(),
        parameters: procedure.parameters.clone(),
        steps_in_order: steps.collect(),
        prevention: procedure.prevention.clone(),
        related: procedure.related.clone(),
    }
}

fn command_of(step: &Step) -> Option<String> {
    match &step.kind {
        StepKind::Run(spec) => Some(command::display(&spec.command)),
        _ => None,
    }
}

/// The procedure for people, with every command; in a dry run with what would happen at each step.
pub fn procedure_text(
    look: Look,
    catalog: &Catalog,
    procedure: &Procedure,
    plan: &Plan,
    forecasts: Option<&[Forecast]>,
) -> String {
    let mut text = head(look, procedure);
    list(look, &mut text, "Symptoms", &procedure.symptoms);
    list(look, &mut text, "Signals", &procedure.signals);
    list(look, &mut text, "Prerequisites", &procedure.prerequisites);
    needs(look, &mut text, procedure);
    tiers(look, &mut text, procedure);
    let _ = writeln!(text, "\n{}", paint(look, Style::Heading, "Steps"));
    let mut phase = None;
    for (place, planned) in plan.steps.iter().enumerate() {
        if planned.phase != phase {
            phase.clone_from(&planned.phase);
            if let Some(phase) = &phase {
                let _ = writeln!(text, "\n{}", paint(look, Style::Heading, &plain_line(phase)));
            }
        }
        let forecast = forecasts.and_then(|forecasts| forecasts.get(place));
        step(look, &mut text, place, planned.depth, &planned.id, &planned.step, forecast);
    }
    list(look, &mut text, "Prevention", &procedure.prevention);
    list(look, &mut text, "Success criteria", &procedure.success_criteria);
    let routes: Vec<String> = procedure
        .escalation
        .iter()
        .map(|id| match catalog.settings.escalation.get(id) {
            Some(route) => format!("{} → {}", route.topic, route.to),
            None => id.clone(),
        })
        .collect();
    list(look, &mut text, "Escalation", &routes);
    list(look, &mut text, "Related", &procedure.related);
    text
}

/// What is said when a walk begins: what it is, and what it helps against.
pub fn beginning(look: Look, procedure: &Procedure, run: &str) -> String {
    let mut text = head(look, procedure);
    list(look, &mut text, "Symptoms", &procedure.symptoms);
    list(look, &mut text, "Signals", &procedure.signals);
    list(look, &mut text, "Prerequisites", &procedure.prerequisites);
    tiers(look, &mut text, procedure);
    let _ = write!(text, "\nThis is run {}. Everything is saved as you go; q leaves.", paint(look, Style::Key, run));
    text
}

fn head(look: Look, procedure: &Procedure) -> String {
    let mut text = format!(
        "{} · {}\n",
        paint(look, Style::Heading, &plain_line(&procedure.title)),
        paint(look, Style::Faint, &procedure.reference())
    );
    for paragraph in [&procedure.summary, &procedure.purpose].into_iter().flatten() {
        let _ = writeln!(text, "{}", markdown::render(look, paragraph).trim_end());
    }
    let schedule = procedure.schedule.as_ref().map(ToString::to_string);
    for (label, value) in [
        ("Services", Some(procedure.services.join(", ")).filter(|services| !services.is_empty())),
        ("Severity", procedure.severity.clone()),
        ("Alerts", Some(procedure.alerts.join(", ")).filter(|alerts| !alerts.is_empty())),
        ("Schedule", schedule),
        ("Owner", procedure.owner.clone()),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "{}", hanging(&format!("{label}: {}", plain_line(&value)), look.width, 2));
        }
    }
    text
}

fn needs(look: Look, text: &mut String, procedure: &Procedure) {
    let parameters: Vec<String> = procedure
        .parameters
        .iter()
        .map(|parameter| {
            let default = parameter.default.as_deref().map(|default| format!(" (else {default})")).unwrap_or_default();
            let secret = if parameter.secret { " (secret)" } else { "" };
            format!("{}: {}{default}{secret}", parameter.name, parameter.question())
        })
        .collect();
    list(look, text, "Parameters", &parameters);
    let tools = procedure.requires.tools.iter().map(|tool| format!("the program {tool}"));
    let env = procedure.requires.env.iter().map(|name| format!("the environment variable {name}"));
    list(look, text, "Needs", &tools.chain(env).collect::<Vec<_>>());
}

fn tiers(look: Look, text: &mut String, procedure: &Procedure) {
    for tier in &procedure.tiers {
        let _ = writeln!(text, "\n{}", paint(look, Style::Heading, &plain_line(&tier.title)));
        if let Some(within) = tier.respond_within {
            let _ = writeln!(text, "- Response time: {}", response_time(within));
        }
        for covered in &tier.covers {
            let _ = writeln!(text, "{}", hanging(&format!("- {}", plain_line(covered)), look.width, 2));
        }
    }
}

fn list(look: Look, text: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", paint(look, Style::Heading, title));
    for item in items {
        let _ = writeln!(text, "{}", hanging(&format!("- {}", plain_line(item)), look.width, 2));
    }
}

fn step(look: Look, text: &mut String, place: usize, depth: usize, id: &str, step: &Step, forecast: Option<&Forecast>) {
    let indent = "  ".repeat(depth);
    let optional = if step.optional { " (optional)" } else { "" };
    let headline = format!(
        "{:>2}. {indent}{}{optional} {}",
        place + 1,
        plain_line(&step.title),
        paint(look, Style::Faint, &format!("[{id}]"))
    );
    let _ = writeln!(text, "{}", hanging(&headline, look.width, 4));
    let mut lines = String::new();
    if let Some(forecast) = forecast {
        let style = match forecast {
            Forecast::WouldRun => Style::Good,
            Forecast::WouldAsk => Style::Key,
            Forecast::Skipped(_) | Forecast::Unknown(_) => Style::Warn,
        };
        let _ = writeln!(lines, "  → {}", paint(look, style, &plain_line(&forecast.label())));
    }
    if let Some(when) = &step.when {
        let _ = writeln!(lines, "  Only if   {}", plain_line(when));
    }
    if let Some(instructions) = &step.instructions {
        let narrow = Look { width: look.width.saturating_sub(6 + 2 * depth), ..look };
        for line in markdown::render(narrow, instructions).trim_end().lines() {
            let _ = writeln!(lines, "  {line}");
        }
    }
    for task in &step.tasks {
        let _ = writeln!(lines, "  [ ] {}", plain_line(task));
    }
    details(look, &mut lines, step);
    for line in lines.lines() {
        // A command stays whole, so that it can be copied.
        let is_command = line.starts_with("  Command") || line.starts_with("            ");
        let line = format!("    {indent}{line}");
        let line = if is_command { line } else { hanging(&line, look.width, 10) };
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn details(look: Look, lines: &mut String, step: &Step) {
    match &step.kind {
        StepKind::Run(spec) => {
            write_command(look, lines, "Command", &command::display(&spec.command));
            let limit = spec.timeout.map(|limit| format!(", at most {limit}")).unwrap_or_default();
            let _ = writeln!(lines, "  Risk      {}{limit}", risk(look, step.risk));
        }
        StepKind::Probe(probing) => {
            let _ = writeln!(lines, "  Probes    {}", plain_line(&probes(probing)));
        }
        StepKind::Choose(options) => {
            for option in options {
                let goto = option.goto.as_deref().map(|goto| format!(" → {goto}")).unwrap_or_default();
                let _ = writeln!(lines, "  Option    {}{goto}", plain_line(&option.title));
            }
        }
        StepKind::Approve(approval) => {
            let from =
                if approval.from.is_empty() { "anyone but the starter".into() } else { approval.from.join(", ") };
            let _ = writeln!(lines, "  Approval  by {}", plain_line(&from));
        }
        StepKind::Wait(wait) => {
            use crate::catalog::model::Wait;
            let what = match wait {
                Wait::For(span) => format!("{span}"),
                Wait::Until { probes, within, .. } => format!("until {} pass, at most {within}", probes.join(", ")),
            };
            let _ = writeln!(lines, "  Wait      {}", plain_line(&what));
        }
        StepKind::Send(send) => {
            let _ =
                writeln!(lines, "  Message   {} to {}", plain_line(&send.template), plain_line(&send.to.join(", ")));
        }
        StepKind::Use(used) => {
            let _ = writeln!(lines, "  Walks     {}", plain_line(&used.procedure));
        }
        StepKind::Manual | StepKind::Incident(_) => {}
    }
    if !matches!(step.kind, StepKind::Run(_)) && step.risk != Risk::ReadOnly {
        let _ = writeln!(lines, "  Risk      {}", risk(look, step.risk));
    }
    if let Some(verify) = &step.verify {
        let what = match &verify.check {
            VerifyCheck::Run(spec) => command::display(&spec.command),
            VerifyCheck::Probe(selectors) => format!("the probes {} pass", selectors.join(", ")),
        };
        let within = if verify.within.is_zero() { String::new() } else { format!(", within {}", verify.within) };
        let _ = writeln!(lines, "  Verified  {}{within}", plain_line(&what));
    }
    if let Some(rollback) = &step.rollback {
        write_command(look, lines, "Rollback", &command::display(&rollback.command.command));
    }
    if step.retry.attempts > 1 {
        let _ = writeln!(lines, "  Retry     {} attempts, {} apart", step.retry.attempts, step.retry.delay);
    }
    match step.on_failure {
        OnFailure::Ask => {}
        OnFailure::Stop => lines.push_str("  On failure the run ends\n"),
        OnFailure::Continue => lines.push_str("  On failure the walk goes on\n"),
        OnFailure::Rollback => lines.push_str("  On failure what was done is undone\n"),
    }
    for link in &step.links {
        let title = link.title.as_deref().map(|title| format!("{}: ", plain_line(title))).unwrap_or_default();
        let _ = writeln!(lines, "  See       {title}{}", plain_line(&link.url));
    }
}

/// Suggestions for people.
pub fn suggestions_text(look: Look, suggestions: &[Suggestion]) -> String {
    suggestions.iter().fold(String::new(), |mut text, suggestion| {
        let id = paint(look, Style::Key, &suggestion.runbook.id);
        let title = plain_line(&suggestion.runbook.title);
        let _ = writeln!(text, "{id} · {title}");
        if !suggestion.found_by.is_empty() {
            let _ = writeln!(text, "  {}", paint(look, Style::Faint, &plain_line(&suggestion.found_by)));
        }
        text
    })
}

/// A suggestion for programs.
pub fn suggestion_view(suggestion: &Suggestion) -> SuggestionView {
    SuggestionView {
        id: suggestion.runbook.id.clone(),
        title: suggestion.runbook.title.clone(),
        found_by: suggestion.found_by.clone(),
    }
}
