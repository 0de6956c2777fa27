//! What the journal tells: one block of Markdown a section. Nothing in it depends on when it is made.

use std::fmt::Write as _;

use chrono::TimeDelta;

use super::evidence_file;
use super::facts::{Facts, Line};
use crate::ground::{Time, elapsed};
use crate::incident::duration::{Figure, figure, per_severity};
use crate::incident::metrics::{ON_TIME, updates_on_time};
use crate::incident::{Action, ActionState, Incident, Role, Todo, TodoState};
use crate::markdown::{escape, quote, table};
use crate::message::Mail;

/// The block that stands before all sections.
pub const HEAD: &str = "head";

/// Every block with its name, in the order of a new file.
pub fn blocks(facts: &Facts<'_>) -> Vec<(&'static str, String)> {
    let incident = facts.incident;
    vec![
        (HEAD, head(facts)),
        ("impact", impact(incident)),
        ("detection", detection(incident)),
        ("resolution", resolution(incident)),
        ("timeline", timeline(facts)),
        ("responders", responders(incident)),
        ("actions", actions(incident)),
        ("messages", messages(incident)),
        ("metrics", metrics(facts)),
    ]
}

fn head(facts: &Facts<'_>) -> String {
    let incident = facts.incident;
    let severity = facts.severity.map(|severity| format!(" - {}", escape(&severity.title))).unwrap_or_default();
    let services: Vec<String> = incident.services.iter().map(|service| escape(service)).collect();
    let end = incident.resolved_at.or(incident.ended_at);
    let visibility = incident.is_restricted().then(|| "restricted to those who work on it".to_owned());
    let rows: Vec<Vec<String>> = [
        ("Severity", Some(format!("{}{severity}", escape(&incident.severity)))),
        ("Services", Some(services.join(", "))),
        ("Seen", incident.seen.as_deref().map(escape)),
        ("Began", incident.impact_started_at().map(second)),
        ("Declared", Some(format!("{} by {}", second(incident.declared_at), escape(&incident.declared_by.0)))),
        ("Ended", end.map(second)),
        ("Lasted", end.map(|end| elapsed(incident.began_at(), end))),
        ("Includes", Some(incident.absorbed.join(", ")).filter(|ids| !ids.is_empty())),
        ("Visibility", visibility),
    ]
    .into_iter()
    .map(|(name, value)| vec![name.to_owned(), value.unwrap_or_else(unknown)])
    .filter(|row| row[1] != unknown() || matches!(row[0].as_str(), "Began" | "Ended" | "Lasted"))
    .collect();
    format!("# {}: {}\n\n{}", incident.id, escape(&incident.title), table(&["", ""], &rows))
}

fn impact(incident: &Incident) -> String {
    let mut text = incident.impact.as_deref().map(quote).unwrap_or_default();
    if incident.impacts.is_empty() {
        text.push_str("When which service suffered is unknown.\n");
        return text;
    }
    let row = |one: &crate::incident::impact::Interval| {
        let (until, took) = match one.to {
            Some(to) => (second(to), elapsed(one.from, to)),
            None => ("goes on".to_owned(), unknown()),
        };
        vec![escape(&one.service), escape(&one.level.replace('_', " ")), second(one.from), until, took]
    };
    let rows: Vec<Vec<String>> = incident.impacts.iter().map(row).collect();
    let gap = if text.is_empty() { "" } else { "\n" };
    format!("{text}{gap}{}", table(&["Service", "How much", "From", "Until", "For"], &rows))
}

fn detection(incident: &Incident) -> String {
    let by = incident.detected_by.as_deref().map(|by| format!(" by {}", escape(by))).unwrap_or_default();
    let detected = incident.detected_at.map_or_else(unknown, |at| format!("{}{by}", second(at)));
    format!("- Detected: {detected}\n- {}\n", figure_line(incident, Figure::Detect))
}

fn resolution(incident: &Incident) -> String {
    let mut text = incident.resolution.as_deref().map(quote).filter(|text| !text.is_empty()).unwrap_or_default();
    if !text.is_empty() {
        text.push('\n');
    }
    for (name, at) in [
        ("Cause known", incident.identified_at),
        ("Mitigated", incident.mitigated_at),
        ("Resolved", incident.resolved_at),
    ] {
        let _ = writeln!(text, "- {name}: {}", at.map_or_else(unknown, second));
    }
    for run in &incident.runs {
        let _ = writeln!(text, "- Run: {}", escape(run));
    }
    text
}

fn timeline(facts: &Facts<'_>) -> String {
    let row = |line: &Line| {
        let at = line.at.get(..19).unwrap_or(&line.at).replace('T', " ");
        let proof = line.evidence.as_deref().map(|hash| proof(facts, hash)).unwrap_or_default();
        vec![escape(&at), escape(&line.actor), format!("{}{proof}", escape(&line.text))]
    };
    table(&["Time", "Who", "What"], &facts.lines.iter().map(row).collect::<Vec<_>>())
}

// The hash by which the bytes are found in the journal, and a link to them where they were exported.
fn proof(facts: &Facts<'_>, hash: &str) -> String {
    let place = facts.incident.evidence.iter().position(|one| one.sha256 == hash);
    let kept = place.map(|place| (place, &facts.incident.evidence[place])).filter(|(_, one)| one.stored);
    match (&facts.evidence, kept) {
        (Some(folder), Some((place, one))) => {
            let file = evidence_file(place + 1, one);
            format!(" ([{}]({folder}{file}), SHA-256 {})", escape(&file), escape(hash))
        }
        _ => format!(" (SHA-256 {})", escape(hash)),
    }
}

fn responders(incident: &Incident) -> String {
    let mut text = String::new();
    for role in Role::ALL {
        if let Some(person) = incident.role(role) {
            let _ = writeln!(text, "- {}: {}", role.title(), escape(person));
        }
    }
    let has_role = |name: &&String| incident.roles.values().any(|person| person == *name);
    for name in incident.responders.iter().filter(|name| !has_role(name)) {
        let _ = writeln!(text, "- {}", escape(name));
    }
    text
}

fn actions(incident: &Incident) -> String {
    let row = |action: &Action| {
        let status = match &action.state {
            ActionState::Open => "open".to_owned(),
            ActionState::Done(None) => "done".to_owned(),
            ActionState::Done(Some(note)) => format!("done: {}", escape(note)),
            ActionState::Dropped(why) => format!("dropped: {}", escape(why)),
        };
        let owner = action.owner.as_deref().map_or_else(|| "nobody".to_owned(), escape);
        let due = action.due.map_or_else(|| "no date".to_owned(), |due| due.to_string());
        vec![escape(&action.id), action.kind.word().to_owned(), escape(&action.title), owner, due, status]
    };
    let rows: Vec<Vec<String>> = incident.actions.iter().map(row).collect();
    let mut text = if rows.is_empty() {
        "No action was written down.\n".to_owned()
    } else {
        table(&["Action", "Type", "What", "Owner", "Due", "Status"], &rows)
    };
    let row = |todo: &Todo| {
        let became = match &todo.state {
            TodoState::Open => "open".to_owned(),
            TodoState::Action(action) => format!("action {}", escape(action)),
            TodoState::Dropped(why) => format!("dropped: {}", escape(why)),
        };
        vec![escape(&todo.id), escape(&todo.text), became]
    };
    let rows: Vec<Vec<String>> = incident.todos.iter().map(row).collect();
    if !rows.is_empty() {
        let _ = write!(text, "\n{}", table(&["To-do", "What", "Became"], &rows));
    }
    text
}

fn messages(incident: &Incident) -> String {
    let row = |mail: &Mail| {
        let sent: Vec<Time> = mail.drafted.to.iter().filter_map(|to| mail.first_sent(&to.channel)).collect();
        let channels: Vec<String> = mail.drafted.to.iter().map(|to| escape(&to.channel)).collect();
        let first = mail.drafted.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let says = mail.drafted.subject.as_deref().unwrap_or(first);
        vec![
            escape(mail.id()),
            sent.into_iter().min().map_or_else(|| mail.state().word().to_owned(), second),
            escape(mail.drafted.status.as_deref().unwrap_or_default()),
            channels.join(", "),
            escape(says),
        ]
    };
    let rows: Vec<Vec<String>> = incident.outbox.mails.iter().map(row).collect();
    if rows.is_empty() {
        return "No message was sent.\n".to_owned();
    }
    table(&["Message", "First arrived", "Status told", "Channels", "Says"], &rows)
}

fn metrics(facts: &Facts<'_>) -> String {
    let incident = facts.incident;
    let row = |which: Figure| {
        let took = figure(incident, which);
        let formula = took.map_or(which.formula(), |took| took.formula);
        vec![which.title().to_owned(), took.map_or_else(unknown, |took| span(took.span)), formula.to_owned()]
    };
    let mut text = table(&["Figure", "Time", "Formula"], &Figure::ALL.map(row));
    // One that goes on is told as of the last thing that happened, so that asking again changes nothing.
    let last = facts.lines.last().and_then(|line| line.at.parse::<Time>().ok()).unwrap_or(incident.declared_at);
    let updates = updates_on_time(incident, facts.severity, last);
    let on_time = if updates.due == 0 { unknown() } else { format!("{} of {}", updates.met, updates.due) };
    let _ = writeln!(text, "\n- Updates on time: {on_time} ({ON_TIME})");
    for (severity, took) in per_severity(incident, last) {
        let _ = writeln!(text, "- Time as {}: {}", escape(&severity), span(took));
    }
    text
}

fn figure_line(incident: &Incident, which: Figure) -> String {
    let took = figure(incident, which);
    let words = took.map_or_else(unknown, |took| span(took.span));
    format!("{}: {words} ({})", which.title(), took.map_or(which.formula(), |took| took.formula))
}

fn span(span: TimeDelta) -> String {
    let start = Time::UNIX_EPOCH;
    start.checked_add_signed(span).map_or_else(unknown, |end| elapsed(start, end))
}

fn second(at: Time) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn unknown() -> String {
    "unknown".to_owned()
}
