//! `opsctl incident export`: everything about an incident in one folder, to commit or to hand over.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueHint;
use serde_json::json;

use crate::engine::event::Event;
use crate::error::{Error, Result};
use crate::ground::sha256;
use crate::incident::Incident;
use crate::incident::comms::told;
use crate::ledger::Ledger;
use crate::postmortem::{Facts, RunFile, evidence_file, message_text, story};
use crate::view::count::{bytes, counted};
use crate::view::incident::export::{ExportView, FileView};
use crate::view::incident::figures::incident_metrics_view;
use crate::view::incident::{comms::told_view, incident_view};
use crate::workspace::Workspace;

use super::super::folder::{File, replace};
use super::super::paper::{inside, read_text, shown};
use super::super::run::export_document;
use super::super::session::Session;
use super::postmortem::line;
use super::show::timeline_of;
use super::which::Which;

/// Where exports lie in a workspace.
pub(in crate::cli) const FOLDER: &str = "exports";

/// What exporting takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ExportArgs {
    #[command(flatten)]
    which: Which,
    /// The folder; exports/ID in the workspace when left out. An earlier export of the incident is replaced, anything
    /// else is not
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
    /// Export a restricted incident, too
    #[arg(long)]
    restricted: bool,
}

pub(super) fn export(session: &mut Session<'_>, args: &ExportArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let incident = args.which.find_or_last(session, &workspace, &ledger)?;
    if incident.is_restricted() && !args.restricted {
        return Err(Error::usage(format!("{} is restricted to those who work on it", incident.id))
            .hint("--restricted exports it all the same; the folder is for you alone then"));
    }
    let dir = match (&args.out, &workspace.dir) {
        (Some(out), _) => session.surroundings.cwd.join(out),
        (None, Some(dir)) => dir.join(FOLDER).join(&incident.id),
        (None, None) => {
            return Err(Error::usage("there is no workspace here in which the export could lie")
                .hint("say where with --out DIR"));
        }
    };
    let mut files = Vec::new();
    let mut missing = Vec::new();
    let runs = runs(session, &ledger, &incident, &mut files)?;
    tell(session, &workspace, &ledger, &incident, &runs, &mut files)?;
    streams(&ledger, &incident, &mut files)?;
    evidence(&ledger, &incident, &mut files, &mut missing)?;
    for mail in &incident.outbox.mails {
        files.push(File::text(format!("messages/{}.txt", tame(mail.id())), &message_text(mail)));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    replace(&dir, &incident.id, &files, incident.is_restricted())?;
    for name in missing {
        session
            .terminal
            .tell(&format!("warning: the bytes of {name} are not in the journal; `opsctl journal verify` says more"));
    }
    let path = workspace.dir.as_deref().and_then(|root| inside(&dir, root));
    let view = ExportView {
        incident: incident.id.clone(),
        path: path.map_or_else(|| shown(&dir), |path| shown(&path)),
        files: files.iter().map(file_view).collect(),
    };
    session.show(&view, |_| {
        let size = bytes(view.files.iter().map(|file| file.bytes).sum());
        let what = counted(view.files.len(), "file");
        format!(
            "{} is exported to {}: {what}, {size}. `sha256sum -c SHA256SUMS` checks it there.\n",
            view.incident, view.path
        )
    })
}

fn file_view(file: &File) -> FileView {
    FileView { path: file.path.clone(), bytes: file.bytes.len() as u64, sha256: sha256(&file.bytes) }
}

// The incident's own files: the story, the state, the timeline, the post-mortem.
fn tell(
    session: &Session<'_>,
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    incident: &Incident,
    runs: &[RunFile],
    files: &mut Vec<File>,
) -> Result<()> {
    let severity = workspace.loaded.catalog.settings.severities.get(&incident.severity);
    let timeline = timeline_of(ledger, incident)?;
    let lines = timeline.iter().filter(|one| one.kind != "run_started").map(line).collect();
    let facts = Facts { incident, severity, lines, evidence: Some("evidence/".to_owned()) };
    files.push(File::text("incident.md", &story(&facts, runs)));
    let now = ledger.now();
    let document = json!({
        "incident": incident_view(incident, severity),
        "metrics": incident_metrics_view(incident, severity, now),
        "told": told(incident, None, now).iter().map(told_view).collect::<Vec<_>>(),
        "exported_at": crate::ground::rfc3339(now),
    });
    files.push(File::json("incident.json", &document)?);
    files.push(File::json("timeline.json", &timeline)?);
    let Some((path, _)) = &incident.postmortem else { return Ok(()) };
    let path = workspace.dir.as_deref().unwrap_or(&session.surroundings.cwd).join(path);
    if let Some(text) = read_text(&path)? {
        files.push(File { path: "postmortem.md".to_owned(), bytes: text.into_bytes() });
    }
    Ok(())
}

// The events as they are stored, so that their hashes can be checked: `src/journal/chain.rs` says how.
fn streams(ledger: &Ledger<'_>, incident: &Incident, files: &mut Vec<File>) -> Result<()> {
    let of_runs = incident.runs.iter().map(|run| format!("run/{run}"));
    let alerts = ledger.alerts()?.into_iter().filter(|alert| alert.incident.as_deref() == Some(&incident.id));
    let of_alerts = alerts.map(|alert| format!("alert/{}", alert.id));
    let mut text = String::new();
    for stream in std::iter::once(format!("incident/{}", incident.id)).chain(of_runs).chain(of_alerts) {
        for event in ledger.journal.read(&stream, 0)? {
            text.push_str(&serde_json::to_string(&event).context("an event cannot be written as JSON")?);
            text.push('\n');
        }
    }
    files.push(File { path: "events.jsonl".to_owned(), bytes: text.into_bytes() });
    Ok(())
}

fn runs(
    session: &Session<'_>,
    ledger: &Ledger<'_>,
    incident: &Incident,
    files: &mut Vec<File>,
) -> Result<Vec<RunFile>> {
    let mut named = Vec::new();
    for (place, id) in (1..).zip(&incident.runs) {
        let state = ledger.run(id)?;
        let file = format!("runs/{place:02}-{}", tame(id));
        let document = export_document(session, ledger, &state)?;
        let status = document["run"]["outcome"].as_str().or(document["run"]["status"].as_str()).unwrap_or_default();
        let status = status.to_owned();
        files.push(File::json(format!("{file}.json"), &document)?);
        for recorded in ledger.run_events(id)? {
            outputs(ledger, &file, recorded.version, &recorded.event, files)?;
        }
        let title = state.plan.title.clone();
        named.push(RunFile { run: id.clone(), title, status, file: format!("{file}.json") });
    }
    Ok(named)
}

fn outputs(ledger: &Ledger<'_>, file: &str, version: u64, event: &Event, files: &mut Vec<File>) -> Result<()> {
    let (step, output) = match event {
        Event::StepFinished { step, attempt } | Event::StepRollbackFinished { step, attempt } => {
            (step.as_str(), &attempt.output)
        }
        Event::StepVerified { step, output, .. } => (step.as_str(), output),
        Event::ShellRun { attempt, .. } => ("shell", &attempt.output),
        _ => return Ok(()),
    };
    if let Some(output) = output.as_ref().filter(|output| output.bytes > 0) {
        let path = format!("{file}/{version:04}-{}.txt", tame(step));
        files.push(File { path, bytes: ledger.output_text(output)?.into_bytes() });
    }
    Ok(())
}

fn evidence(ledger: &Ledger<'_>, incident: &Incident, files: &mut Vec<File>, missing: &mut Vec<String>) -> Result<()> {
    for (place, one) in (1..).zip(&incident.evidence).filter(|(_, one)| one.stored) {
        let name = evidence_file(place, one);
        match ledger.journal.blob(&one.sha256)? {
            Some(bytes) => files.push(File { path: format!("evidence/{name}"), bytes }),
            None => missing.push(name),
        }
    }
    Ok(())
}

/// What of a name is harmless in a path and in a link.
fn tame(name: &str) -> String {
    let harmless = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' };
    let tame: String = name.chars().take(80).map(harmless).collect();
    let tame = tame.trim_matches(['.', '-']);
    if tame.is_empty() { "x".to_owned() } else { tame.to_owned() }
}

/// Whether a folder holds an export of this incident.
pub(in crate::cli) fn is_export_of(dir: &Path, id: &str) -> bool {
    let text = read_text(&dir.join("incident.json")).ok().flatten().unwrap_or_default();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    document["incident"]["id"] == id
}
