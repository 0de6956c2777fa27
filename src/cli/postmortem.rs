//! `opsctl postmortem`: whether what was learned is written down well enough.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueHint};

use crate::diagnostic::{Diagnostic, Level};
use crate::error::{Error, Kind, Result};
use crate::incident::{Incident, Status};
use crate::ledger::Ledger;
use crate::postmortem::{Document, is_needed, lint};
use crate::view::lint::{papers_closing, pictures};
use crate::workspace::Workspace;

use super::incident::postmortem::{FOLDER, default_place, facts, named};
use super::incident::which::is_incident_id;
use super::paper::{read_text, shown};
use super::session::Session;

/// The verbs of post-mortems.
#[derive(Debug, Subcommand)]
pub(super) enum PostmortemCommand {
    /// Report everything that post-mortems lack; for CI, too
    Lint {
        /// Files, directories or ids of incidents; all in postmortems/, and those that are missing, when left out
        #[arg(value_name = "FILE|ID", value_hint = ValueHint::AnyPath)]
        what: Vec<String>,
    },
}

pub(super) fn run(session: &mut Session<'_>, command: PostmortemCommand) -> Result<()> {
    match command {
        PostmortemCommand::Lint { what } => lint(session, &what),
    }
}

fn lint(session: &mut Session<'_>, what: &[String]) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let mut problems = Vec::new();
    let mut files: BTreeSet<PathBuf> = BTreeSet::new();
    if what.is_empty() {
        files.extend(workspace.dir.as_deref().map(|dir| below(&dir.join(FOLDER))).transpose()?.into_iter().flatten());
        for incident in ledger.incidents()? {
            match written(&workspace, &incident).filter(|path| path.exists()) {
                Some(path) => drop(files.insert(path)),
                None => problems.extend(missing(&workspace, &incident)),
            }
        }
    }
    for one in what {
        files.extend(chosen(session, &workspace, &ledger, one)?);
    }
    let mut unknown = Vec::new();
    for file in &files {
        problems.extend(check(&workspace, &ledger, file, &mut unknown)?);
    }
    session.show(&problems, |look| pictures(look, &problems))?;
    if !unknown.is_empty() {
        session
            .terminal
            .tell(&format!("Not in this journal, so that only the text was looked at: {}.", unknown.join(", ")));
    }
    let closing = papers_closing(&problems, files.len());
    if problems.iter().any(Diagnostic::is_error) {
        return Err(Error::new(Kind::Negative, closing));
    }
    session.terminal.tell(&closing);
    Ok(())
}

// One that is over, needs a post-mortem and has none.
fn missing(workspace: &Workspace, incident: &Incident) -> Option<Diagnostic> {
    let is_over = matches!(incident.status, Status::Resolved | Status::Postmortem);
    if !is_over || !is_needed(&workspace.loaded.catalog.settings, &incident.severity) {
        return None;
    }
    let (file, what) = match &incident.postmortem {
        Some((path, _)) => (path.clone(), "is gone from where it was written"),
        None => (default_place(&incident.id), "is not written yet"),
    };
    Some(Diagnostic {
        file,
        line: 1,
        column: 1,
        severity: Level::Warning,
        code: "postmortem-missing",
        message: format!("the post-mortem of {}, which {} asks for, {what}", incident.id, incident.severity),
        suggestion: Some(format!("opsctl incident postmortem {}", incident.id)),
        excerpt: None,
    })
}

fn written(workspace: &Workspace, incident: &Incident) -> Option<PathBuf> {
    let (path, _) = incident.postmortem.as_ref()?;
    let path = PathBuf::from(path);
    Some(workspace.dir.as_deref().map_or_else(|| path.clone(), |dir| dir.join(&path)))
}

fn chosen(session: &Session<'_>, workspace: &Workspace, ledger: &Ledger<'_>, said: &str) -> Result<Vec<PathBuf>> {
    let path = session.surroundings.cwd.join(said);
    if path.is_dir() {
        return below(&path);
    }
    if path.is_file() || !is_incident_id(said) {
        return Ok(vec![path]);
    }
    let incident = ledger.incident(said)?;
    let place = written(workspace, &incident)
        .or_else(|| workspace.dir.as_deref().map(|dir| dir.join(default_place(&incident.id))))
        .filter(|path| path.exists());
    place.map(|path| vec![path]).ok_or_else(|| {
        Error::usage(format!("there is no post-mortem of {}", incident.id))
            .hint(format!("`opsctl incident postmortem {}` writes one", incident.id))
    })
}

/// The Markdown files in a directory; none when it is not there.
fn below(dir: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |cause| Error::environment(format!("{} cannot be read", shown(dir))).cause(cause);
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn check(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    file: &Path,
    unknown: &mut Vec<String>,
) -> Result<Vec<Diagnostic>> {
    let text = read_text(file)?.ok_or_else(|| {
        Error::usage(format!("there is no file {}", shown(file))).hint("name a file, a directory, or an incident's id")
    })?;
    let id = Document::read(&text).ok().and_then(|document| document.incident);
    let incident = match id.map(|id| known(ledger, &id).map(|found| (id, found))).transpose()? {
        Some((_, Some(incident))) => Some(incident),
        Some((id, None)) => {
            unknown.push(crate::ground::plain_line(&id));
            None
        }
        None => None,
    };
    let facts = incident.as_ref().map(|incident| facts(workspace, ledger, incident, file)).transpose()?;
    let against = lint::Against { settings: &workspace.loaded.catalog.settings, facts };
    Ok(lint::lint(&named(workspace, file), &text, &against))
}

// An incident, if this journal knows it: a clone of the workspace has the file and not the journal.
fn known(ledger: &Ledger<'_>, id: &str) -> Result<Option<Incident>> {
    match ledger.incident(id) {
        Ok(incident) => Ok(Some(incident)),
        Err(error) if error.kind == Kind::Usage => Ok(None),
        Err(error) => Err(error),
    }
}
