//! The whole story of an incident as Markdown, for its export: what a post-mortem has from the journal, and the rest.

use std::fmt::Write as _;

use super::blocks::{HEAD, blocks};
use super::facts::Facts;
use super::section::SECTIONS;
use super::{evidence_file, section};
use crate::ground::rfc3339;
use crate::incident::event::Evidence;
use crate::markdown::{escape, quote, table};
use crate::message::{LegState, Mail};

/// A file of a run's, as the story names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFile {
    /// The run's id.
    pub run: String,
    /// What was walked.
    pub title: String,
    /// How it ended or stands.
    pub status: String,
    /// Where it lies, seen from the story; a name that is safe in a link.
    pub file: String,
}

/// The whole story.
pub fn story(facts: &Facts<'_>, runs: &[RunFile]) -> String {
    let told = blocks(facts);
    let block = |name: &str| told.iter().find(|(known, _)| *known == name).map(|(_, content)| content.as_str());
    let mut text = block(HEAD).unwrap_or_default().to_owned();
    for section::Section { id, title, .. } in SECTIONS.iter().filter(|section| section.has_block) {
        let _ = write!(text, "\n## {title}\n\n{}", block(id).unwrap_or_default());
        if *id == "messages" {
            text.extend(facts.incident.outbox.mails.iter().map(mail));
        }
    }
    text.push_str(&run_files(runs));
    text.push_str(&evidence(&facts.incident.evidence));
    text
}

fn mail(mail: &Mail) -> String {
    let mut text = format!("\n### {}\n\n", escape(mail.id()));
    if let Some(subject) = &mail.drafted.subject {
        let _ = writeln!(text, "Subject: {}\n", escape(subject));
    }
    text.push_str(&quote(&mail.drafted.text));
    text
}

fn run_files(runs: &[RunFile]) -> String {
    if runs.is_empty() {
        return String::new();
    }
    let row =
        |run: &RunFile| vec![format!("[{}]({})", escape(&run.run), run.file), escape(&run.title), escape(&run.status)];
    format!("\n## Runs\n\n{}", table(&["Run", "Title", "Status"], &runs.iter().map(row).collect::<Vec<_>>()))
}

fn evidence(all: &[Evidence]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let row = |(place, one): (usize, &Evidence)| {
        let file = evidence_file(place + 1, one);
        let name = if one.stored { format!("[{}](evidence/{file})", escape(&one.name)) } else { escape(&one.name) };
        vec![name, one.bytes.to_string(), escape(&one.sha256), escape(one.note.as_deref().unwrap_or_default())]
    };
    let rows: Vec<Vec<String>> = all.iter().enumerate().map(row).collect();
    format!("\n## Evidence\n\n{}", table(&["File", "Bytes", "SHA-256", "Note"], &rows))
}

/// A message as a text file: what it says, to whom, and what came of each delivery.
pub fn message_text(mail: &Mail) -> String {
    let drafted = &mail.drafted;
    let to: Vec<String> = drafted
        .to
        .iter()
        .map(|to| to.audience.as_ref().map_or_else(|| to.channel.clone(), |who| format!("{} ({who})", to.channel)))
        .collect();
    let mut text = format!(
        "Message: {}\nDrafted: {} by {}\nStatus told: {}\nTo: {}\nStands: {}\n",
        mail.id(),
        rfc3339(mail.drafted_at),
        mail.drafted_by.0,
        drafted.status.as_deref().unwrap_or("none"),
        to.join(", "),
        mail.state().word()
    );
    if let Some((who, at, grounds)) = &mail.approved {
        let _ = writeln!(text, "Approved: {} by {} ({grounds})", rfc3339(*at), who.0);
    }
    for leg in &mail.legs {
        let recipient = leg.target.recipient.as_ref().map(|one| format!(" {one}")).unwrap_or_default();
        let _ = writeln!(text, "Receipt: {}{recipient}: {}", leg.target.channel, receipt(&leg.state));
    }
    if let Some(subject) = &drafted.subject {
        let _ = writeln!(text, "Subject: {subject}");
    }
    format!("{text}\n{}\n", drafted.text.trim_end())
}

fn receipt(state: &LegState) -> String {
    match state {
        LegState::Sent { at, how, remote, .. } => {
            let remote = remote.as_ref().map(|id| format!(", id {id}")).unwrap_or_default();
            format!("{} {}: {how}{remote}", state.word(), rfc3339(*at))
        }
        LegState::Uncertain { reason } | LegState::Failed { reason } | LegState::Dropped { reason } => {
            format!("{}: {reason}", state.word())
        }
        LegState::Waiting { .. } | LegState::Trying { .. } => state.word().to_owned(),
    }
}
