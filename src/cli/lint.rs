//! `opsctl lint`: every problem in every definition, at once.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use crate::diagnostic::Diagnostic;
use crate::error::{Error, Kind, Result, nearest};
use crate::view::lint::{closing, pictures};
use crate::workspace::{MARKER, Workspace};

use super::session::Session;

/// What `opsctl lint` takes.
#[derive(Debug, Args)]
pub(super) struct LintArgs {
    /// Only these files, or the files below these directories
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    files: Vec<PathBuf>,
}

pub(super) fn lint(session: &mut Session<'_>, args: &LintArgs) -> Result<()> {
    let workspace = session.quiet_workspace()?;
    let problems = workspace.loaded.diagnose();
    let paths: Vec<&str> = workspace.loaded.paths().collect();
    let chosen = Chosen::of(&args.files, &session.surroundings.cwd, &workspace, &paths, &problems)?;
    let definitions = paths.iter().filter(|path| chosen.has(path)).count();
    let problems: Vec<Diagnostic> = problems.into_iter().filter(|problem| chosen.has(&problem.file)).collect();
    session.show(&problems, |look| pictures(look, &problems))?;
    if workspace.dir.is_none() {
        session.terminal.tell(&format!("There is no {MARKER} here or above; this is the pack built into opsctl."));
    }
    let closing = closing(&problems, definitions);
    // With errors the closing line is the failure's message, so that it is said once.
    if problems.iter().any(Diagnostic::is_error) {
        return Err(Error::new(Kind::Negative, closing));
    }
    session.terminal.tell(&closing);
    Ok(())
}

/// The files that are looked at.
#[derive(Debug, PartialEq, Eq)]
enum Chosen {
    All,
    /// Files, or directories that end with `/`; all relative to the workspace.
    Some(Vec<String>),
}

impl Chosen {
    fn of(
        said: &[PathBuf],
        cwd: &Path,
        workspace: &Workspace,
        paths: &[&str],
        problems: &[Diagnostic],
    ) -> Result<Self> {
        if said.is_empty() {
            return Ok(Self::All);
        }
        let known: Vec<&str> =
            paths.iter().copied().chain(problems.iter().map(|problem| problem.file.as_str())).collect();
        let chosen: Result<Vec<String>> =
            said.iter().map(|said| one(said, cwd, workspace.dir.as_deref(), &known)).collect();
        chosen.map(Self::Some)
    }

    fn has(&self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(chosen) => chosen.iter().any(|chosen| covers(chosen, path)),
        }
    }
}

fn covers(chosen: &str, path: &str) -> bool {
    chosen == path || chosen == "/" || (chosen.ends_with('/') && path.starts_with(chosen))
}

/// A file or directory as the workspace knows it: as seen from where one stands, or as the workspace writes it.
fn one(said: &Path, cwd: &Path, dir: Option<&Path>, known: &[&str]) -> Result<String> {
    let written = said.to_string_lossy();
    let from_here = dir.and_then(|dir| inside(&cwd.join(said), dir));
    let ways = from_here.into_iter().chain([written.clone().into_owned()]);
    let spelled = ways.flat_map(|way| [way.clone(), format!("{}/", way.trim_end_matches('/'))]);
    let found = spelled.into_iter().find(|way| known.iter().any(|path| covers(way, path)));
    found.ok_or_else(|| {
        let error = Error::usage(format!("{} is no definition of this workspace", said.display()));
        match nearest(&written, known.iter().copied()) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("definitions are opsctl.yaml, what it includes, and the files in runbooks/, checklists/, playbooks/ and templates/"),
        }
    })
}

/// A path relative to the workspace; empty for the workspace itself. The file may be a link, its directory is resolved.
fn inside(path: &Path, dir: &Path) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    let resolved = match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => parent.canonicalize().ok()?.join(name),
        _ => path.canonicalize().ok()?,
    };
    resolved.strip_prefix(&dir).ok().map(|inside| inside.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{covers, one};

    #[test]
    fn a_directory_covers_what_is_below_it() {
        assert!(covers("runbooks/a.yaml", "runbooks/a.yaml"));
        assert!(covers("runbooks/", "runbooks/a.yaml"));
        assert!(covers("/", "opsctl.yaml"));
        assert!(!covers("run/", "runbooks/a.yaml"));
        assert!(!covers("runbooks/a", "runbooks/a.yaml"));
    }

    #[test]
    fn files_are_named_from_here_or_as_the_workspace_writes_them() {
        let dir = tempfile::tempdir().unwrap();
        let runbooks = dir.path().join("runbooks");
        std::fs::create_dir(&runbooks).unwrap();
        let known = ["opsctl.yaml", "runbooks/a.yaml"];
        let said = |said: &str, cwd: &Path| one(Path::new(said), cwd, Some(dir.path()), &known);
        assert_eq!(said("a.yaml", &runbooks).unwrap(), "runbooks/a.yaml");
        assert_eq!(said("../runbooks", &runbooks).unwrap(), "runbooks/");
        assert_eq!(said("runbooks/a.yaml", &runbooks).unwrap(), "runbooks/a.yaml");
        assert_eq!(said(".", dir.path()).unwrap(), "/");
        let error = said("runboks/a.yaml", dir.path()).unwrap_err();
        assert_eq!(error.hints, ["did you mean runbooks/a.yaml?"]);
    }
}
