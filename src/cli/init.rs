//! `opsctl init`: a workspace to start from. What is there already is never touched.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::{Map, json};

use crate::catalog::builtin;
use crate::catalog::schema::KINDS;
use crate::error::{Error, Result};
use crate::view::files::{FilesView, files_text};

use super::schema;
use super::session::Session;

/// What `opsctl init` takes.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The directory; it is made if it is not there
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    target: PathBuf,
}

pub(super) fn init(session: &mut Session<'_>, args: &InitArgs) -> Result<()> {
    let dir = session.surroundings.cwd.join(&args.target);
    let files = write_all(&dir, contents())?;
    session.show(&files, |look| files_text(look, &files))?;
    session.terminal.tell(&next(&args.target, &files));
    Ok(())
}

/// Writes the files that are not there yet, and says which those were.
pub(super) fn write_all(dir: &Path, contents: Vec<(String, String)>) -> Result<FilesView> {
    if dir.exists() && !dir.is_dir() {
        return Err(Error::usage(format!("{} is a file", dir.display()))
            .hint("name a directory, or one that does not exist yet"));
    }
    let mut files = FilesView { dir: dir.display().to_string(), ..FilesView::default() };
    for (path, text) in contents {
        let is_new = write_new(dir, &path, &text)?;
        if is_new { &mut files.written } else { &mut files.kept }.push(path);
    }
    Ok(files)
}

/// Every file of a new workspace: its path and its text.
pub(super) fn contents() -> Vec<(String, String)> {
    let pack = builtin::pack().into_iter().map(|(path, text)| (path, text.to_owned()));
    let schemas = KINDS.into_iter().filter_map(|kind| Some((schema_path(kind), schema::text(kind)?)));
    pack.chain(schemas).chain([(".vscode/settings.json".to_owned(), editor_settings())]).collect()
}

fn schema_path(kind: &str) -> String {
    format!("schemas/{kind}.json")
}

/// Tells VS Code's YAML extension which schema is for which files.
fn editor_settings() -> String {
    let schemas: Map<_, _> = KINDS
        .into_iter()
        .map(|kind| {
            let files = if kind == "workspace" { "opsctl.yaml".to_owned() } else { format!("{kind}s/*.yaml") };
            (format!("./{}", schema_path(kind)), json!(files))
        })
        .collect();
    format!("{:#}\n", json!({ "yaml.schemas": schemas }))
}

/// Writes a file that is not there yet; false when it is.
fn write_new(dir: &Path, path: &str, text: &str) -> Result<bool> {
    let file = dir.join(path);
    let failed = |cause: io::Error| cannot_write(&file, cause);
    fs::create_dir_all(file.parent().unwrap_or(dir)).map_err(failed)?;
    let mut open = match OpenOptions::new().write(true).create_new(true).open(&file) {
        Ok(open) => open,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    open.write_all(text.as_bytes()).map(|()| true).map_err(|cause| {
        // Half a file would be kept by the next `init` as if somebody had written it.
        let _ = fs::remove_file(&file);
        failed(cause)
    })
}

fn cannot_write(file: &Path, cause: io::Error) -> Error {
    let hint = match cause.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "make the directory writable for you, or name another"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space there; what was written stays, and `init` goes on from it"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file stands where a directory is needed; move it away, or name another directory"
        }
        _ => "name another directory",
    };
    Error::environment(format!("{} cannot be written", file.display())).cause(cause).hint(hint)
}

fn next(dir: &Path, files: &FilesView) -> String {
    let dir = dir.display();
    if files.written.is_empty() {
        return "Everything was there already; nothing was written.".to_owned();
    }
    format!(
        "Next: cd {dir} · `opsctl` shows what is due · `opsctl runbook list` · `opsctl doctor` says what is missing\n\
         Edit the files to fit your services, check them with `opsctl lint`, and keep them in git."
    )
}

#[cfg(test)]
mod tests {
    use super::{contents, write_new};

    #[test]
    fn a_workspace_has_the_pack_its_schemas_and_the_editor_settings() {
        let contents = contents();
        let text = |path: &str| {
            let file = contents.iter().find(|(known, _)| known == path);
            file.map(|(_, text)| text.as_str()).unwrap_or_default()
        };
        assert!(text("opsctl.yaml").contains("severities:"));
        assert!(text("schemas/runbook.json").contains("\"symptoms\""));
        assert!(text(".vscode/settings.json").contains("\"./schemas/runbook.json\": \"runbooks/*.yaml\""));
    }

    #[test]
    fn a_file_that_is_there_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        assert!(write_new(dir.path(), "a/b.yaml", "first").unwrap());
        assert!(!write_new(dir.path(), "a/b.yaml", "second").unwrap());
        assert_eq!(std::fs::read_to_string(dir.path().join("a/b.yaml")).unwrap(), "first");
        let error = write_new(dir.path(), "a/b.yaml/c", "x").unwrap_err();
        assert_eq!(error.kind.exit_code(), 5);
    }
}
