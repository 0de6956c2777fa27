//! `opsctl incident postmortem`: the journal's part of a post-mortem is written to a file, and made anew when asked again.

use std::path::{Path, PathBuf};

use clap::ValueHint;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::ground::{plain_line, sha256};
use crate::incident::{Incident, IncidentEvent, Status};
use crate::ledger::{Happening, Ledger};
use crate::postmortem::{Document, Facts, Fault, Line, belongs, blocks, fresh, is_needed, lint, merge};
use crate::view::count::counted;
use crate::view::incident::TimelineView;
use crate::view::incident::postmortem::PostmortemView;
use crate::workspace::Workspace;

use super::super::paper::{inside, read_text, shown, write_whole};
use super::super::session::Session;
use super::super::work::Work;
use super::show::timeline_of;
use super::which::Which;

/// Where post-mortems lie in a workspace.
pub(in crate::cli) const FOLDER: &str = "postmortems";

/// What writing a post-mortem takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PostmortemArgs {
    #[command(flatten)]
    which: Which,
    /// The file; postmortems/ID.md in the workspace when left out
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Print it, and write nothing anywhere
    #[arg(long)]
    stdout: bool,
}

pub(super) fn postmortem(session: &mut Session<'_>, args: &PostmortemArgs) -> Result<()> {
    let work = if args.stdout { None } else { Some(Work::begin(session)?) };
    let Some(work) = work else { return print(session, args) };
    let ledger = work.ledger(session);
    let mut incident = args.which.find_or_last(session, &work.workspace, &ledger)?;
    let path = place(session, &work.workspace, &incident, args.out.as_deref())?;
    warn(session, &incident);
    let (text, is_new) = made(&work.workspace, &ledger, &incident, &path)?;
    write_whole(&path, text.as_bytes(), incident.is_restricted())?;
    let named = named(&work.workspace, &path);
    let hash = sha256(text.as_bytes());
    let is_known = incident.postmortem.as_ref() == Some(&(named.clone(), hash.clone()));
    let mut events = Vec::new();
    if !is_known {
        events.push(IncidentEvent::PostmortemWritten { path: named.clone(), sha256: hash.clone() });
    }
    if incident.status == Status::Resolved {
        events.push(IncidentEvent::StatusChanged { status: Status::Postmortem, reason: None });
    }
    if !events.is_empty() {
        // Not with what was missed until now: that would make the timeline untrue that has just been written.
        ledger.record_incident(&mut incident, Happening { events, at: None })?;
    }
    let view = view(&work.workspace, &ledger, &incident, named, text, is_new)?;
    session.show(&PostmortemView { markdown: None, ..view.clone() }, |_| told(&view))
}

fn print(session: &mut Session<'_>, args: &PostmortemArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let incident = args.which.find_or_last(session, &workspace, &ledger)?;
    // Without a workspace there is no file whose text could be kept.
    let path = match place(session, &workspace, &incident, args.out.as_deref()) {
        Ok(path) => path,
        Err(_) => PathBuf::from(format!("{}.md", incident.id)),
    };
    let (text, is_new) = made(&workspace, &ledger, &incident, &path)?;
    let view = view(&workspace, &ledger, &incident, named(&workspace, &path), text.clone(), is_new)?;
    session.show(&view, |_| text)
}

fn warn(session: &mut Session<'_>, incident: &Incident) {
    if incident.is_open() {
        session.terminal.tell(&format!(
            "{} is still {}; make it again when it is over.",
            incident.id,
            incident.status.word()
        ));
    }
    if let Some(into) = &incident.merged_into {
        session.terminal.tell(&format!("{} is told in {into}; what happened after that stands there.", incident.id));
    }
    if incident.is_restricted() {
        session.terminal.tell(&format!("{} is restricted: mind who can read the file.", incident.id));
    }
}

/// The text as it is to stand in a file, and whether there was none before.
fn made(workspace: &Workspace, ledger: &Ledger<'_>, incident: &Incident, path: &Path) -> Result<(String, bool)> {
    let facts = facts(workspace, ledger, incident, path)?;
    let blocks = blocks(&facts);
    let mut filled = Vec::new();
    if incident.impact.is_some() {
        filled.push("impact");
    }
    if incident.resolution.is_some() {
        filled.push("resolution");
    }
    let Some(old) = read_text(path)?.filter(|old| !old.trim().is_empty()) else {
        return Ok((fresh(&incident.id, &blocks, &filled), true));
    };
    let refused = |faults: Vec<Fault>| {
        let error = Error::usage(format!("{} cannot be made again without losing text", shown(path)));
        let causes = faults.into_iter().map(|fault| format!("line {}: {}", fault.line, fault.message));
        causes
            .fold(error, Error::cause)
            .hint("mend the markers, or write to another file with --out; nothing was changed")
    };
    let document = Document::read(&old).map_err(refused)?;
    match &document.incident {
        Some(id) if *id == incident.id => {}
        Some(other) => {
            return Err(Error::usage(format!("{} is the post-mortem of {}", shown(path), plain_line(other)))
                .hint("write to another file with --out; nothing was changed"));
        }
        None => {
            return Err(Error::usage(format!("{} is there already and no post-mortem that opsctl wrote", shown(path)))
                .hint("write to another file with --out; nothing was changed"));
        }
    }
    merge(&old, &blocks, &filled).map(|text| (text, false)).map_err(refused)
}

/// What the journal knows, for a file at some place.
pub(in crate::cli) fn facts<'a>(
    workspace: &'a Workspace,
    ledger: &Ledger<'_>,
    incident: &'a Incident,
    path: &Path,
) -> Result<Facts<'a>> {
    let lines = timeline_of(ledger, incident)?;
    let lines = lines.iter().filter(|line| belongs(incident, &line.kind, &line.data)).map(line).collect();
    let severity = workspace.loaded.catalog.settings.severities.get(&incident.severity);
    Ok(Facts { incident, severity, lines, evidence: exported(workspace, incident, path) })
}

pub(super) fn line(shown: &TimelineView) -> Line {
    let hash = shown.data.get("sha256").and_then(Value::as_str).filter(|_| shown.kind == "evidence_added");
    Line {
        at: shown.at.clone(),
        actor: shown.actor.clone(),
        text: shown.text.clone(),
        evidence: hash.map(str::to_owned),
    }
}

// The way from a file in the workspace to the evidence that was exported into the workspace.
fn exported(workspace: &Workspace, incident: &Incident, path: &Path) -> Option<String> {
    let dir = workspace.dir.as_deref()?;
    let folder = format!("{}/{}/evidence", super::export::FOLDER, incident.id);
    if !dir.join(&folder).is_dir() {
        return None;
    }
    let up = inside(path, dir)?.components().count().saturating_sub(1);
    Some(format!("{}{folder}/", "../".repeat(up)))
}

fn place(session: &Session<'_>, workspace: &Workspace, incident: &Incident, out: Option<&Path>) -> Result<PathBuf> {
    if let Some(out) = out {
        return Ok(session.surroundings.cwd.join(out));
    }
    // Whoever chose another file once means that one.
    let known = incident.postmortem.as_ref().map(|(path, _)| path.clone());
    let dir = workspace.dir.as_deref().ok_or_else(|| {
        Error::usage("there is no workspace here in which the post-mortem could lie")
            .hint("say where with --out FILE, or print it with --stdout")
    })?;
    Ok(dir.join(known.unwrap_or_else(|| default_place(&incident.id))))
}

/// Where an incident's post-mortem lies in a workspace unless somebody says otherwise.
pub(in crate::cli) fn default_place(id: &str) -> String {
    format!("{FOLDER}/{id}.md")
}

/// A path as the workspace names it.
pub(in crate::cli) fn named(workspace: &Workspace, path: &Path) -> String {
    let relative = workspace.dir.as_deref().and_then(|dir| inside(path, dir));
    plain_line(&relative.as_deref().unwrap_or(path).display().to_string())
}

fn view(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    incident: &Incident,
    path: String,
    text: String,
    is_new: bool,
) -> Result<PostmortemView> {
    let settings = &workspace.loaded.catalog.settings;
    let place = workspace.dir.as_deref().map_or_else(|| PathBuf::from(&path), |dir| dir.join(&path));
    let facts = facts(workspace, ledger, incident, &place)?;
    let against = lint::Against { settings, facts: Some(facts) };
    Ok(PostmortemView {
        incident: incident.id.clone(),
        status: incident.status.word().to_owned(),
        problems: lint::lint(&path, &text, &against).iter().filter(|problem| problem.is_error()).count(),
        is_needed: is_needed(settings, &incident.severity),
        sha256: sha256(text.as_bytes()),
        path,
        is_new,
        markdown: Some(text),
    })
}

fn told(view: &PostmortemView) -> String {
    let PostmortemView { incident, path, .. } = view;
    let what = if view.is_new { "is written to" } else { "is made again, with your own text, in" };
    let left = match view.problems {
        0 => "Nothing is missing in it.".to_owned(),
        some => format!("{} left to be written or decided: opsctl postmortem lint {incident}", counted(some, "thing")),
    };
    format!("The post-mortem of {incident} {what} {path}.\n{left}\n")
}
