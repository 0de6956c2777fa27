//! The journal itself: its events as they are stored, and whether they are as they were written.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ground::{plain_line, rfc3339};
use crate::journal::{Event, Exported, Finding, Imported, Verification};
use crate::view::count::{counted, together};
use crate::view::look::{Look, Style, paint};
use crate::view::wrap::fit;

/// Where the journal lies, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlaceView {
    /// The path of its file, there or not.
    pub path: String,
}

/// What was exported to a file, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExportView {
    /// The path of the file.
    pub path: String,
    /// What stands in it.
    #[serde(flatten)]
    pub exported: Exported,
}

/// What was exported, for people, and where to.
pub fn exported_text(exported: &Exported, to: Option<&str>) -> String {
    let to = to.map(|path| format!(" to {}", plain_line(path))).unwrap_or_default();
    let Exported { events, streams, blobs, .. } = *exported;
    format!("Exported {} in {} and {}{to}.", many(events, "event"), many(streams, "stream"), many(blobs, "blob"))
}

/// What was imported, for people.
pub fn imported_text(imported: &Imported) -> String {
    let Imported { events, new_events, new_streams, new_blobs, .. } = *imported;
    let known = match events - new_events.min(events) {
        0 => String::new(),
        known if new_events == 0 => format!(" All {} were here already.", many(known, "event")),
        1 => " 1 event was here already.".to_owned(),
        known => format!(" {known} events were here already."),
    };
    let new = [(new_events, "event"), (new_blobs, "blob")].map(|(count, one)| (in_words(count), one));
    let began = match new_streams {
        0 => String::new(),
        count => format!(", in {}", many(count, "new stream")),
    };
    match together(&new) {
        nothing if nothing.is_empty() => format!("Nothing new.{known}"),
        new => format!("Imported {new}{began}.{known}"),
    }
}

fn many(count: u64, one: &str) -> String {
    counted(in_words(count), one)
}

fn in_words(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// What a verification found, for people.
pub fn verification_text(look: Look, verification: &Verification) -> String {
    let mut text = String::new();
    for finding in &verification.findings {
        let _ = writeln!(text, "{}: {}", paint(look, Style::Bad, &place(finding)), plain_line(&finding.problem));
    }
    let _ = writeln!(
        text,
        "{} in {}, {}",
        many(verification.events, "event"),
        many(verification.streams, "stream"),
        many(verification.blobs, "blob")
    );
    if !verification.head.is_empty() {
        let _ = writeln!(text, "head {}", verification.head);
    }
    text
}

fn place(finding: &Finding) -> String {
    match (&finding.stream, finding.version) {
        (Some(stream), Some(version)) => format!("{} version {version}", plain_line(stream)),
        (Some(stream), None) => plain_line(stream),
        (None, _) => "journal".to_owned(),
    }
}

/// Events as they are stored, two lines each; `whole` shows all facts and the hash.
pub fn events_text(look: Look, events: &[Event], whole: bool) -> String {
    let mut text = String::new();
    for event in events {
        let kind = paint(look, Style::Heading, &plain_line(&event.kind));
        let _ = writeln!(
            text,
            "{:>6}  {}  {} {}  {kind}  {}",
            event.seq,
            rfc3339(event.at),
            plain_line(&event.stream),
            event.version,
            plain_line(&format!("{} on {}", event.actor, event.host)),
        );
        let facts = plain_line(&event.body.to_string());
        let facts = if whole { facts } else { fit(&facts, look.width.saturating_sub(INDENT.len())) };
        let _ = writeln!(text, "{INDENT}{}", paint(look, Style::Faint, &facts));
        if whole {
            let _ = writeln!(text, "{INDENT}{}", paint(look, Style::Faint, &event.hash));
        }
    }
    text
}

const INDENT: &str = "        ";

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::{events_text, verification_text};
    use crate::ground::Actor;
    use crate::journal::{Event, Finding, Verification};
    use crate::view::look::Look;

    #[test]
    fn findings_come_first_with_their_place() {
        let finding = |stream: Option<&str>, version, problem: &str| Finding {
            stream: stream.map(str::to_owned),
            version,
            problem: problem.to_owned(),
        };
        let verification = Verification {
            events: 12,
            streams: 1,
            blobs: 2,
            head: "abc".to_owned(),
            findings: vec![
                finding(Some("run/a.1"), Some(3), "its hash does not fit"),
                finding(None, None, "a guard is missing"),
            ],
        };
        insta::assert_snapshot!(verification_text(Look::PLAIN, &verification), @r"
        run/a.1 version 3: its hash does not fit
        journal: a guard is missing
        12 events in 1 stream, 2 blobs
        head abc
        ");
    }

    #[test]
    fn facts_are_cut_to_the_page_and_tamed() {
        let event = Event {
            seq: 7,
            stream: "run/a.1".to_owned(),
            version: 2,
            at: DateTime::parse_from_rfc3339("2026-11-23T15:40:21Z").unwrap().to_utc(),
            actor: Actor("al\u{1b}[2Jice".to_owned()),
            host: "box".to_owned(),
            kind: "note_added".to_owned(),
            schema: 1,
            body: json!({"text": "x".repeat(200)}),
            hash: "abc".to_owned(),
        };
        let text = events_text(Look::PLAIN, std::slice::from_ref(&event), false);
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("     7  2026-11-23T15:40:21.000Z  run/a.1 2  note_added  alice on box"));
        assert!(lines.next().is_some_and(|line| line.chars().count() == 80 && line.ends_with('…')), "{text}");
        let whole = events_text(Look::PLAIN, &[event], true);
        assert!(whole.contains(&"x".repeat(200)) && whole.ends_with("abc\n"), "{whole}");
    }
}
