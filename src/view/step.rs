//! A step's card: what it is, what will be run, where, and how far the walk has come.

use std::fmt::Write as _;

use crate::catalog::model::{Probing, Risk, StepKind, Wait};
use crate::engine::context::status_word;
use crate::engine::plan::PlanStep;
use crate::engine::state::State;
use crate::ground::{Time, elapsed, plain, plain_line};
use crate::view::look::{Look, Style, paint};
use crate::view::markdown;
use crate::view::run::short_time;
use crate::view::wrap::hanging;

/// A command that is about to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandPreview {
    /// The command with secrets taken out, or why it cannot be run.
    pub command: Result<String, String>,
    /// Where: machine and directory.
    pub at: String,
}

/// The card of the step at a place, with the command that is about to be run, if it is one.
pub fn card(look: Look, state: &State, place: usize, command: Option<&CommandPreview>, now: Time) -> String {
    let planned = &state.plan.steps[place];
    let mut card = String::new();
    let _ = writeln!(card, "\n{}", headline(look, state, place, now));
    if let Some(phase) = &planned.phase {
        let _ = writeln!(card, "{}", paint(look, Style::Faint, &plain_line(phase)));
    }
    if let Some(instructions) = &planned.step.instructions {
        let _ = writeln!(card, "{}", markdown::render(look, instructions).trim_end());
    }
    tasks(look, &mut card, planned, &state.steps[place].tasks);
    what_happens(look, &mut card, planned, command);
    if let Some(until) = state.steps[place].until {
        let left = if until > now { format!("in {}", elapsed(now, until)) } else { "the time has come".to_owned() };
        let _ = writeln!(card, "  Due       {} UTC ({left})", short_time(until));
    }
    for link in &planned.step.links {
        let title = link.title.as_deref().map(|title| format!("{}: ", plain_line(title))).unwrap_or_default();
        let see = format!("  See       {title}{}", plain_line(&link.url));
        let _ = writeln!(card, "{}", hanging(&see, look.width, 10));
    }
    for note in &state.steps[place].notes {
        let _ = writeln!(card, "  Note      {} ({})", plain_line(&note.text), plain_line(&note.actor.0));
    }
    card.trim_end().to_owned()
}

fn headline(look: Look, state: &State, place: usize, now: Time) -> String {
    let planned = &state.plan.steps[place];
    let (number, total) = state.position(place);
    let progress = format!("Step {number} of {total}");
    let since = elapsed(state.started_at, now);
    let title = paint(look, Style::Heading, &plain_line(&planned.step.title));
    let optional = if planned.step.optional { " (optional)" } else { "" };
    format!("{progress} · {since} · {title}{optional}")
}

fn tasks(look: Look, card: &mut String, planned: &PlanStep, ticks: &[bool]) {
    for (number, task) in planned.step.tasks.iter().enumerate() {
        let done = ticks.get(number).copied().unwrap_or(false);
        let mark = if done { paint(look, Style::Good, "[x]") } else { "[ ]".to_owned() };
        let line = format!("  {mark} {} {}", number + 1, plain_line(task));
        let _ = writeln!(card, "{}", hanging(&line, look.width, 6));
    }
}

fn what_happens(look: Look, card: &mut String, planned: &PlanStep, preview: Option<&CommandPreview>) {
    let step = &planned.step;
    match &step.kind {
        StepKind::Run(spec) => {
            if let Some(preview) = preview {
                match &preview.command {
                    Ok(command) => write_command(look, card, "Command", command),
                    Err(why) => {
                        let why = paint(look, Style::Bad, &plain_line(why));
                        let _ = writeln!(card, "  Command   cannot be run: {why}");
                    }
                }
                let _ = writeln!(card, "  Where     {}", plain_line(&preview.at));
            }
            let limit = spec.timeout.map(|limit| format!(", at most {limit}")).unwrap_or_default();
            let _ = writeln!(card, "  Risk      {}{limit}", risk(look, step.risk));
        }
        StepKind::Probe(probing) => {
            let _ = writeln!(card, "  Probes    {}", plain_line(&probes(probing)));
        }
        StepKind::Choose(options) => {
            for (number, option) in options.iter().enumerate() {
                let jump = option.goto.as_deref().map(|goto| format!(" (goes on at {goto})")).unwrap_or_default();
                let _ = writeln!(
                    card,
                    "  {} {}{jump}",
                    paint(look, Style::Key, &format!("{}", number + 1)),
                    plain_line(&option.title)
                );
            }
        }
        StepKind::Approve(approval) => {
            if let Some(prompt) = &approval.prompt {
                let _ = writeln!(card, "  To approve: {}", plain_line(prompt));
            }
            let from =
                if approval.from.is_empty() { "anyone but the starter".to_owned() } else { approval.from.join(", ") };
            let _ = writeln!(card, "  By        {}", plain_line(&from));
        }
        StepKind::Use(used) => {
            let _ = writeln!(card, "  Walks     {}", plain_line(&used.procedure));
        }
        StepKind::Wait(Wait::For(span)) => {
            let _ = writeln!(card, "  Wait      {span}");
        }
        StepKind::Wait(Wait::Until { probes, within, .. }) => {
            let _ = writeln!(card, "  Wait      until {} pass, at most {within}", plain_line(&probes.join(", ")));
        }
        StepKind::Manual | StepKind::Send(_) | StepKind::Incident(_) => {}
    }
    if step.verify.is_some() {
        let _ = writeln!(card, "  Then      the result is verified");
    }
}

/// A command with its label, its further lines set in.
pub fn write_command(look: Look, card: &mut String, label: &str, command: &str) {
    for (number, line) in plain(command).lines().enumerate() {
        let label = if number == 0 { label } else { "" };
        let _ = writeln!(card, "  {label:<9} {}", paint(look, Style::Command, line));
    }
}

/// A risk in words and colour.
pub fn risk(look: Look, risk: Risk) -> String {
    let style = match risk {
        Risk::ReadOnly => Style::Good,
        Risk::Mutating => Style::Warn,
        Risk::Destructive => Style::Bad,
    };
    paint(look, style, risk.word())
}

/// A step that lies behind: how it went and what it printed.
pub fn past(look: Look, state: &State, place: usize, output: Option<&str>) -> String {
    let planned = &state.plan.steps[place];
    let step = &state.steps[place];
    let mut text =
        format!("\n{} · {}", paint(look, Style::Heading, &plain_line(&planned.step.title)), status_word(step.status));
    if let Some(by) = &step.by {
        let _ = write!(text, " by {}", plain_line(&by.0));
    }
    if let Some(code) = step.exit_code {
        let _ = write!(text, " · exit code {code}");
    }
    if let Some(reason) = &step.reason {
        let _ = write!(text, "\n  {}", plain_line(reason));
    }
    tasks(look, &mut text, planned, &step.tasks);
    if let Some(output) = output {
        for line in plain(output).lines() {
            let _ = write!(text, "\n  │ {line}");
        }
    }
    text
}

/// The probes of a step: `web, api, within 1m`.
pub(super) fn probes(probing: &Probing) -> String {
    let named = probing.probes.join(", ");
    if probing.within.is_zero() { named } else { format!("{named}, within {}", probing.within) }
}
