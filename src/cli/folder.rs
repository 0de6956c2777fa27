//! A folder of files that is written whole or not at all, with the sums of its files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::ground::sha256;

use super::incident::export::is_export_of;
use super::paper::{beside, shown};

/// The file with the sums, as `sha256sum -c` reads it.
const SUMS: &str = "SHA256SUMS";

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Its path in the folder, of harmless characters.
    pub(super) path: String,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
}

impl File {
    pub(super) fn text(path: impl Into<String>, text: &str) -> Self {
        Self { path: path.into(), bytes: text.as_bytes().to_vec() }
    }

    pub(super) fn json<T: Serialize>(path: impl Into<String>, value: &T) -> Result<Self> {
        let text = serde_json::to_string_pretty(value).context("the export cannot be written as JSON")?;
        Ok(Self { path: path.into(), bytes: format!("{text}\n").into_bytes() })
    }
}

/// Writes the files into a folder, in the place of an earlier export of the same incident if there is one. Whatever
/// else lies there stays, and is an error.
pub(super) fn replace(dir: &Path, id: &str, files: &[File], private: bool) -> Result<()> {
    let is_there = is_ours(dir, id)?;
    let failed = |cause: std::io::Error| {
        Error::environment(format!("{} cannot be written", shown(dir)))
            .cause(cause)
            .hint("nothing was exported; name another folder with --out")
    };
    let fresh = beside(dir);
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    // What an export that was killed left behind is nobody's.
    let _ = fs::remove_dir_all(&fresh);
    let written = fill(&fresh, files, private).and_then(|()| {
        if !is_there {
            return fs::rename(&fresh, dir);
        }
        let old = fresh.with_extension("old");
        fs::rename(dir, &old)?;
        fs::rename(&fresh, dir)
            .or_else(|error| fs::rename(&old, dir).and(Err(error)))
            .and_then(|()| fs::remove_dir_all(&old))
    });
    written.map_err(|cause| {
        let _ = fs::remove_dir_all(&fresh);
        failed(cause)
    })
}

fn fill(dir: &Path, files: &[File], private: bool) -> std::io::Result<()> {
    let (dirs, mode) = if private { (0o700, 0o600) } else { (0o755, 0o644) };
    let write = |path: &str, bytes: &[u8]| {
        let path = dir.join(path);
        if let Some(parent) = path.parent() {
            DirBuilder::new().recursive(true).mode(dirs).create(parent)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    let mut sums = String::new();
    for file in files {
        write(&file.path, &file.bytes)?;
        let _ = writeln!(sums, "{}  {}", sha256(&file.bytes), file.path);
    }
    write(SUMS, sums.as_bytes())
}

// Whether an export of this incident lies there that may be replaced; an error when something else does.
fn is_ours(dir: &Path, id: &str) -> Result<bool> {
    let foreign = |what: String| {
        Err(Error::usage(what).hint("nothing was changed; move it away, or name another folder with --out"))
    };
    let unreadable = |cause| Error::environment(format!("{} cannot be read", shown(dir))).cause(cause);
    if fs::symlink_metadata(dir).is_err() {
        return Ok(false);
    }
    if !dir.is_dir() || dir.is_symlink() {
        return foreign(format!("{} is there already and no folder", shown(dir)));
    }
    let mut lying = Vec::new();
    walk(dir, dir, &mut lying).map_err(unreadable)?;
    if lying.is_empty() {
        fs::remove_dir(dir).map_err(unreadable)?;
        return Ok(false);
    }
    if !is_export_of(dir, id) {
        return foreign(format!("{} is not empty, and no earlier export of {id}", shown(dir)));
    }
    let sums = fs::read_to_string(dir.join(SUMS)).unwrap_or_default();
    let sums: BTreeMap<&str, &str> =
        sums.lines().filter_map(|line| line.split_once("  ")).map(|(sum, path)| (path, sum)).collect();
    for path in lying.iter().filter(|path| path.as_path() != Path::new(SUMS)) {
        let bytes = fs::read(dir.join(path)).map_err(unreadable)?;
        let name = path.to_string_lossy();
        match sums.get(name.as_ref()) {
            Some(sum) if **sum == sha256(&bytes) => {}
            Some(_) => return foreign(format!("{} was changed since it was exported", shown(&dir.join(path)))),
            None => return foreign(format!("{} is none of the export's files", shown(&dir.join(path)))),
        }
    }
    Ok(true)
}

fn walk(root: &Path, dir: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            walk(root, &entry.path(), found)?;
        } else if let Ok(path) = entry.path().strip_prefix(root) {
            found.push(path.to_owned());
        }
    }
    Ok(())
}
