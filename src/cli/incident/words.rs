//! What is written down: notes, decisions, to-dos, corrections.

use crate::error::{Error, Result};
use crate::incident::{Incident, IncidentEvent};
use crate::ledger::Happening;
use crate::moment;

use super::super::session::Session;
use super::course::{change, kept, needed};
use super::which::{When, split};

/// What noting takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct NoteArgs {
    /// The incident's id, unless it is the one in use, and the text
    #[arg(value_name = "[ID] TEXT", required = true)]
    words: Vec<String>,
    #[command(flatten)]
    when: When,
}

/// What a decision takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DecideArgs {
    /// The incident's id, unless it is the one in use, and what was decided
    #[arg(value_name = "[ID] TEXT", required = true)]
    words: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    when: When,
}

/// What a to-do takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct TodoArgs {
    /// The incident's id, unless it is the one in use, and what is to be done
    #[arg(value_name = "[ID] TEXT")]
    words: Vec<String>,
    /// Drop this to-do instead
    #[arg(long, value_name = "TODO", requires = "reason")]
    drop: Option<String>,
    /// Why it is dropped
    #[arg(long, value_name = "TEXT", requires = "drop")]
    reason: Option<String>,
}

/// What a correction takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CorrectArgs {
    /// The incident's id, unless it is the one in use, and the event: its number in the timeline, or declared, detected,
    /// acknowledged, mitigated, resolved
    #[arg(value_name = "[ID] EVENT", required = true, num_args = 1..=2)]
    words: Vec<String>,
    /// When it really happened
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, required_unless_present = "text")]
    at: Option<String>,
    /// What it should have said
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Why it is corrected
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) fn note(session: &mut Session<'_>, args: NoteArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    let at = args.when.moment(session)?;
    let text = said(&words, "the note is empty")?;
    change(session, &which, |session, work, _| {
        let text = session.kept(&work.workspace, &text);
        Ok(Happening { events: vec![IncidentEvent::NoteAdded { text }], at })
    })
}

pub(super) fn decide(session: &mut Session<'_>, args: DecideArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    let at = args.when.moment(session)?;
    let text = said(&words, "say what was decided")?;
    change(session, &which, |session, work, _| {
        let text = session.kept(&work.workspace, &text);
        let reason = kept(session, &work.workspace, args.reason.as_deref());
        Ok(Happening { events: vec![IncidentEvent::DecisionMade { text, reason }], at })
    })
}

pub(super) fn todo(session: &mut Session<'_>, args: TodoArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    if let Some(dropped) = args.drop {
        return change(session, &which, |session, work, incident| {
            let todo = incident.todo(&dropped).map_or(dropped, |todo| todo.id.clone());
            let reason = needed(session, &work.workspace, args.reason.as_deref().unwrap_or_default())?;
            Ok(IncidentEvent::TodoDropped { todo, reason }.into())
        });
    }
    let text = said(&words, "say what is to be done")?;
    change(session, &which, |session, work, incident| {
        let todo = format!("t{}", incident.todos.len() + 1);
        session.terminal.tell(&format!("To-do {todo} is written down."));
        Ok(IncidentEvent::TodoAdded { todo, text: session.kept_line(&work.workspace, &text) }.into())
    })
}

pub(super) fn correct(session: &mut Session<'_>, args: CorrectArgs) -> Result<()> {
    let mut words = args.words;
    // Of one word nobody knows whether it is an event's number or an incident's: it is the event.
    let which = if words.len() > 1 { split(&mut words) } else { super::Which::default() };
    let event = super::course::one(words, "which event")?;
    let now = session.clock.now();
    let at = args.at.as_deref().map(|at| moment::past(at, now).map_err(Error::usage)).transpose()?;
    change(session, &which, |session, work, incident| {
        let reason = kept(session, &work.workspace, args.reason.as_deref());
        let text = kept(session, &work.workspace, args.text.as_deref());
        if at.is_none() && text.is_none() {
            return Err(Error::usage("a correction needs a moment or a text").hint("--at TIME, or --text TEXT"));
        }
        let events = work.ledger(session).incident_events(&incident.id)?;
        if event == "detected" && incident.detected_at.is_none() {
            // That was never told; now it is.
            return Ok(Happening { events: vec![IncidentEvent::Detected { source: text }], at });
        }
        let event = match event.parse::<u64>() {
            Ok(number) => number,
            Err(_) => milestone(incident, &events, &event)?,
        };
        Ok(IncidentEvent::Corrected { event, at, text, reason }.into())
    })
}

// The last event that made a milestone.
fn milestone(incident: &Incident, events: &[crate::incident::Recorded], word: &str) -> Result<u64> {
    const MILESTONES: [&str; 6] = ["declared", "detected", "acknowledged", "identified", "mitigated", "resolved"];
    if !MILESTONES.contains(&word) {
        return Err(super::super::unknown("milestone", word, MILESTONES.into_iter(), &[])
            .hint("an event's number stands in `opsctl incident timeline`"));
    }
    let is_it = |event: &IncidentEvent| match event {
        IncidentEvent::StatusChanged { status, .. } => status.word() == word,
        other => other.to_parts().0 == word,
    };
    let found = events.iter().rev().find(|recorded| is_it(&recorded.event));
    found.map(|recorded| recorded.version).ok_or_else(|| {
        Error::usage(format!("{} was never {word}", incident.id)).hint("what never was said cannot be corrected")
    })
}

fn said(words: &[String], empty: &str) -> Result<String> {
    let text = words.join(" ").trim().to_owned();
    if text.is_empty() { Err(Error::usage(empty)) } else { Ok(text) }
}
