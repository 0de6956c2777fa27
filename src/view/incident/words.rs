//! The facts of an incident in words.

use crate::ground::rfc3339;
use crate::incident::IncidentEvent;
use crate::message::{Addressee, MessageEvent, Target};

/// A fact in words, on one line once it is cleaned.
pub fn incident_words(event: &IncidentEvent) -> String {
    match event {
        IncidentEvent::Declared { title, severity, .. } => format!("declared {severity}: {title}"),
        IncidentEvent::Detected { source } => {
            format!("detected{}", source.as_ref().map(|source| format!(" by {source}")).unwrap_or_default())
        }
        IncidentEvent::Acknowledged {} => "acknowledged".to_owned(),
        IncidentEvent::SeverityChanged { severity, reason } => {
            format!("severity {severity}{}", because(reason.as_ref()))
        }
        IncidentEvent::StatusChanged { status, reason } => {
            format!("status {}{}", status.word(), because(reason.as_ref()))
        }
        IncidentEvent::ImpactRecorded { text } => format!("impact: {text}"),
        IncidentEvent::ImpactStarted { service, level } => format!("{service}: {} began", level.replace('_', " ")),
        IncidentEvent::ImpactEnded { service } => format!("{service}: impact ended"),
        IncidentEvent::RoleAssigned { role, person } => format!("{person} is {}", role.title()),
        IncidentEvent::RoleHandedOver { role, from, person, note } => {
            format!("{from} handed over to {person} as {}{}", role.title(), because(note.as_ref()))
        }
        IncidentEvent::NoteAdded { text } => format!("note: {text}"),
        IncidentEvent::DecisionMade { text, reason } => format!("decision: {text}{}", because(reason.as_ref())),
        IncidentEvent::EvidenceAdded(evidence) => {
            let hash = evidence.sha256.get(..12).unwrap_or(&evidence.sha256);
            let note = evidence.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            format!("evidence {} ({} bytes, sha256 {hash}…){note}", evidence.name, evidence.bytes)
        }
        IncidentEvent::RunAttached { run, title } => format!("began {title} as {run}"),
        IncidentEvent::NextUpdatePromised { by } => format!("promised the next update by {}", rfc3339(*by)),
        IncidentEvent::TargetBreached { target, due } => format!("missed: {}, due {}", target.words(), rfc3339(*due)),
        IncidentEvent::Reminded { of, count } => format!("reminded ({count}): {of}"),
        IncidentEvent::Escalated { policy, level, to, reason, by_itself } => {
            let who = if *by_itself { " by itself" } else { "" };
            format!("escalated{who} to {to} ({policy}, level {level}){}", because(reason.as_ref()))
        }
        IncidentEvent::Merged { into, reason } => format!("merged into {into}{}", because(reason.as_ref())),
        IncidentEvent::Absorbed { incident, title, .. } => format!("{incident} was merged into this: {title}"),
        IncidentEvent::Reopened { reason } => format!("reopened: {reason}"),
        IncidentEvent::Resolved { reason, untold } => {
            format!("resolved{}{}", because(reason.as_ref()), not_told(untold.as_ref()))
        }
        IncidentEvent::Canceled { reason, untold } => format!("canceled: {reason}{}", not_told(untold.as_ref())),
        IncidentEvent::Closed { reason } => format!("closed{}", because(reason.as_ref())),
        IncidentEvent::PostmortemWritten { path, .. } => format!("post-mortem written to {path}"),
        IncidentEvent::Corrected { event, at, text, reason } => {
            let at = at.map(|at| format!(" happened at {}", rfc3339(at))).unwrap_or_default();
            let text = text.as_ref().map(|text| format!(" should read: {text}")).unwrap_or_default();
            format!("corrected: event {event}{at}{text}{}", because(reason.as_ref()))
        }
        IncidentEvent::Message(event) => message_words(event),
        other => work_words(other),
    }
}

fn not_told(why: Option<&String>) -> String {
    why.map(|why| format!(" (not told everywhere: {why})")).unwrap_or_default()
}

fn work_words(event: &IncidentEvent) -> String {
    match event {
        IncidentEvent::TodoAdded { todo, text } => format!("to-do {todo}: {text}"),
        IncidentEvent::TodoDropped { todo, reason } => format!("to-do {todo} dropped: {reason}"),
        IncidentEvent::ActionCreated { action, title, action_kind, owner, due, .. } => {
            let owner = owner.as_ref().map(|owner| format!(", {owner}")).unwrap_or_default();
            let due = due.map(|due| format!(", by {due}")).unwrap_or_default();
            format!("action {action}: {title} ({}{owner}{due})", action_kind.word())
        }
        IncidentEvent::ActionChanged { action, owner, due } => {
            let owner = owner.as_ref().map(|owner| format!(" for {owner}")).unwrap_or_default();
            let due = due.map(|due| format!(" by {due}")).unwrap_or_default();
            format!("action {action}:{owner}{due}")
        }
        IncidentEvent::ActionDone { action, note } => format!("action {action} done{}", because(note.as_ref())),
        IncidentEvent::ActionDropped { action, reason } => format!("action {action} dropped: {reason}"),
        _ => String::new(),
    }
}

/// A fact of a message in words.
pub fn message_words(event: &MessageEvent) -> String {
    match event {
        MessageEvent::MessageDrafted(drafted) => {
            let what = drafted.template.as_deref().unwrap_or("text");
            let variant = drafted.variant.as_ref().map(|variant| format!("/{variant}")).unwrap_or_default();
            format!("message {}: drafted {what}{variant} for {}", drafted.message, channels(&drafted.to))
        }
        MessageEvent::MessageApproved { message, grounds } => format!("message {message}: approved ({grounds})"),
        MessageEvent::MessageQueued { message, targets, .. } => {
            format!("message {message}: queued, {}", crate::view::count::counted(targets.len(), "target"))
        }
        MessageEvent::MessageAttempted { message, target, attempt, .. } => {
            format!("message {message}: attempt {attempt} to {}", place(target))
        }
        MessageEvent::MessageSent { message, target, by_hand: true, .. } => {
            format!("message {message}: to be copied by hand to {}", place(target))
        }
        MessageEvent::MessageSent { message, target, how, .. } => {
            format!("message {message}: sent to {}: {how}", place(target))
        }
        MessageEvent::MessageFailed { message, target, reason, again, uncertain, .. } => {
            let word = match (again, uncertain) {
                (true, _) => "not sent yet",
                (false, true) => "sent or not, nobody knows,",
                (false, false) => "not sent",
            };
            format!("message {message}: {word} to {}: {reason}", place(target))
        }
        MessageEvent::MessageRetried { message, target, .. } => {
            format!("message {message}: again to {}", place(target))
        }
        MessageEvent::MessageDropped { message, channel, reason } => {
            let channel = channel.as_ref().map(|channel| format!(" for {channel}")).unwrap_or_default();
            format!("message {message}: dropped{channel}: {reason}")
        }
    }
}

fn channels(to: &[Addressee]) -> String {
    let ids: Vec<&str> = to.iter().map(|to| to.channel.as_str()).collect();
    if ids.is_empty() { "no channel".to_owned() } else { ids.join(", ") }
}

fn place(target: &Target) -> String {
    match &target.recipient {
        Some(recipient) => format!("{} ({recipient})", target.channel),
        None => target.channel.clone(),
    }
}

fn because(reason: Option<&String>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}
