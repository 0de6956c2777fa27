//! Which files belong to a workspace, and their texts: everything that is there is either read or complained about.

use std::fs::{self, File, FileType};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::glob;
use super::lower::is_name;
use super::model::ProcedureKind;
use crate::diagnostic::{Diagnostic, Excerpt, Level, position};
use crate::error::nearest;
use crate::ground::slug;

/// The most bytes a definition may have.
pub const SIZE_LIMIT: u64 = 1 << 20;

/// The settings file of a workspace.
pub const SETTINGS_FILE: &str = "opsctl.yaml";

/// What a file defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// Something to walk.
    Procedure(ProcedureKind),
    /// A message template.
    Template,
    /// `opsctl.yaml` or a file it includes.
    Settings,
}

impl FileKind {
    /// The kinds that have a folder of their own.
    pub const WITH_FOLDER: [Self; 4] = [
        Self::Procedure(ProcedureKind::Runbook),
        Self::Procedure(ProcedureKind::Checklist),
        Self::Procedure(ProcedureKind::Playbook),
        Self::Template,
    ];

    /// The word for it: `runbook`, `template`, `workspace`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Procedure(kind) => kind.word(),
            Self::Template => "template",
            Self::Settings => "workspace",
        }
    }

    /// The folder its files lie in; settings have none.
    pub const fn folder(self) -> Option<&'static str> {
        match self {
            Self::Procedure(kind) => Some(kind.folder()),
            Self::Template => Some("templates"),
            Self::Settings => None,
        }
    }

    /// The kind of a path relative to the workspace, by its folder.
    pub fn of_path(path: &str) -> Self {
        let folder = path.split('/').next().unwrap_or_default();
        Self::WITH_FOLDER.into_iter().find(|kind| kind.folder() == Some(folder)).unwrap_or(Self::Settings)
    }
}

/// A file that was found.
#[derive(Debug)]
pub struct Found {
    /// The path relative to the workspace, with `/`.
    pub path: String,
    /// What it defines.
    pub kind: FileKind,
    /// How its text is had.
    pub place: Place,
    /// What is wrong with its name; it is not read then.
    pub refusal: Option<Diagnostic>,
}

/// How a file's text is had.
#[derive(Debug)]
pub enum Place {
    /// From the disk.
    Disk(PathBuf, Option<FileType>),
    /// From the binary.
    Text(&'static str),
}

impl Found {
    /// The id: the file's stem.
    pub fn id(&self) -> &str {
        stem(&self.path)
    }

    /// Its text, without a byte order mark.
    pub fn read(&self) -> Result<Arc<str>, Box<Diagnostic>> {
        if let Some(refusal) = &self.refusal {
            return Err(Box::new(refusal.clone()));
        }
        match &self.place {
            Place::Text(text) => Ok(Arc::from(*text)),
            Place::Disk(place, kind) => read(&self.path, place, *kind),
        }
    }
}

/// The stem of a path: its last part without the extension.
pub fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    extension(name).map_or(name, |(stem, _)| stem)
}

fn extension(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())
}

/// A diagnostic about a file as a whole.
pub fn whole_file(path: &str, code: &'static str, message: impl Into<String>) -> Diagnostic {
    Diagnostic {
        file: path.to_owned(),
        line: 1,
        column: 1,
        severity: Level::Error,
        code,
        message: message.into(),
        suggestion: None,
        excerpt: None,
    }
}

/// Lists the definitions in the four folders, and what lies there and is none.
pub fn in_folders(root: &Path) -> (Vec<Found>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut strays = Vec::new();
    for kind in FileKind::WITH_FOLDER {
        let Some(folder) = kind.folder() else { continue };
        if let Err(error) = list(root, folder, kind, &mut found, &mut strays)
            && error.kind() != ErrorKind::NotFound
        {
            strays.push(unreadable(folder, &error));
        }
    }
    (found, strays)
}

fn list(
    root: &Path,
    folder: &str,
    kind: FileKind,
    found: &mut Vec<Found>,
    strays: &mut Vec<Diagnostic>,
) -> io::Result<()> {
    let start = found.len();
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name();
        let path = format!("{folder}/{}", name.to_string_lossy());
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        let file_type = entry.file_type().ok();
        match extension(&path).map(|(_, extension)| extension) {
            Some("yaml" | "yml") => {
                let refusal = name.to_str().map_or_else(|| Some(odd_name(&path)), |_| refused_name(&path));
                found.push(Found { kind, place: Place::Disk(entry.path(), file_type), refusal, path });
            }
            _ => strays.extend(stray(&path, file_type)),
        }
    }
    found[start..].sort_by(|a, b| a.path.cmp(&b.path));
    for at in start + 1..found.len() {
        if found[at].id() == found[at - 1].id() {
            let message = format!("`{}` has the same id", found[at - 1].path);
            let diagnostic = whole_file(&found[at].path, "duplicate-id", message);
            found[at].refusal = Some(suggest(diagnostic, "an id is the file's name without .yaml or .yml: rename one"));
        }
    }
    Ok(())
}

fn suggest(diagnostic: Diagnostic, suggestion: impl Into<String>) -> Diagnostic {
    Diagnostic { suggestion: Some(suggestion.into()), ..diagnostic }
}

fn stray(path: &str, file_type: Option<FileType>) -> Option<Diagnostic> {
    let extension = extension(path).map_or("", |(_, extension)| extension).to_ascii_lowercase();
    let (message, suggestion) = if file_type.is_some_and(|kind| kind.is_dir()) {
        ("definitions are not looked for in folders below this one", "move its files one folder up")
    } else if matches!(extension.as_str(), "md" | "txt" | "orig" | "bak" | "swp") || path.ends_with('~') {
        return None;
    } else {
        ("this file is not read: definitions end in .yaml", "rename it, or move it elsewhere")
    };
    let diagnostic = whole_file(path, "stray-file", message);
    Some(suggest(Diagnostic { severity: Level::Warning, ..diagnostic }, suggestion))
}

fn odd_name(path: &str) -> Diagnostic {
    suggest(whole_file(path, "invalid-id", "this file's name is not valid UTF-8"), "rename it")
}

/// Verbs of the command line: an id equal to one could not be named there.
pub const VERBS: [&str; 20] = [
    "abort",
    "completions",
    "doctor",
    "export",
    "help",
    "history",
    "init",
    "list",
    "lint",
    "next",
    "note",
    "open",
    "render",
    "resolve",
    "resume",
    "run",
    "severity",
    "show",
    "status",
    "suggest",
];

fn refused_name(path: &str) -> Option<Diagnostic> {
    let id = stem(path);
    if VERBS.contains(&id) {
        let message = format!("`{id}` is a verb of the command line and cannot be an id");
        return Some(suggest(whole_file(path, "id-is-a-verb", message), "rename the file"));
    }
    if is_name(id) {
        return None;
    }
    let message = format!("`{id}` cannot be an id; letters, digits, `-` and `_` can");
    let better = slug(id);
    let diagnostic = whole_file(path, "invalid-id", message);
    Some(if better.is_empty() { diagnostic } else { suggest(diagnostic, format!("rename it to {better}.yaml")) })
}

/// A pattern that names nothing, or nothing it may.
#[derive(Debug)]
pub struct WrongPattern {
    /// Its place in the list.
    pub index: usize,
    /// What is wrong with it.
    pub message: String,
    /// A file that may have been meant.
    pub near: Option<String>,
}

/// The settings files that patterns name, and the patterns that are wrong.
pub fn included(root: &Path, patterns: &[String]) -> (Vec<Found>, Vec<WrongPattern>) {
    let mut found: Vec<Found> = Vec::new();
    let mut wrong = Vec::new();
    for (index, pattern) in patterns.iter().enumerate() {
        if let Err(message) = glob::check(pattern) {
            wrong.push(WrongPattern { index, message, near: None });
            continue;
        }
        let paths = glob::matches(root, pattern);
        if paths.is_empty() {
            let near = sibling(root, pattern);
            wrong.push(WrongPattern { index, message: format!("no file matches `{pattern}`"), near });
        }
        for path in paths {
            if path == SETTINGS_FILE || found.iter().any(|other| other.path == path) {
                continue;
            }
            let place = Place::Disk(root.join(&path), None);
            found.push(Found { path, kind: FileKind::Settings, place, refusal: None });
        }
    }
    (found, wrong)
}

fn sibling(root: &Path, pattern: &str) -> Option<String> {
    let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let names: Vec<String> =
        fs::read_dir(root.join(folder)).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
}

/// Reads one file of the workspace, whatever it turns out to be.
pub fn read(path: &str, place: &Path, file_type: Option<FileType>) -> Result<Arc<str>, Box<Diagnostic>> {
    let failed = |error: io::Error| Box::new(unreadable(path, &error));
    // Opening a pipe would wait for a writer: look before.
    if !file_type.is_some_and(|kind| kind.is_file()) {
        let metadata = fs::metadata(place).map_err(failed)?;
        if metadata.is_dir() {
            return Err(Box::new(whole_file(path, "unreadable", "this is a directory, and a file is expected")));
        }
        if !metadata.is_file() {
            let message = "this is not a regular file, but a pipe, a socket or a device";
            return Err(Box::new(whole_file(path, "unreadable", message)));
        }
    }
    let file = File::open(place).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > SIZE_LIMIT {
        return Err(Box::new(too_big(path, size)));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(Box::new(too_big(path, bytes.len() as u64)));
    }
    text(path, bytes)
}

/// A file's bytes as text, without a byte order mark.
pub fn text(path: &str, bytes: Vec<u8>) -> Result<Arc<str>, Box<Diagnostic>> {
    let text = String::from_utf8(bytes).map_err(|error| Box::new(not_utf8(path, &error)))?;
    Ok(Arc::from(text.strip_prefix('\u{feff}').unwrap_or(&text)))
}

fn not_utf8(path: &str, error: &std::string::FromUtf8Error) -> Diagnostic {
    let offset = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(offset).copied().unwrap_or_default();
    let lossy: Arc<str> = String::from_utf8_lossy(error.as_bytes()).into();
    let (line, column) = position(&lossy, offset);
    let message = format!("this is not UTF-8: byte {byte:#04x} at offset {offset}");
    let encoding = if error.as_bytes().starts_with(&[0xff, 0xfe]) || error.as_bytes().starts_with(&[0xfe, 0xff]) {
        "the file looks like UTF-16: save it as UTF-8"
    } else {
        "save the file as UTF-8"
    };
    let diagnostic = Diagnostic {
        line,
        column,
        excerpt: Some(Excerpt { text: lossy, span: offset..offset + 3 }),
        ..whole_file(path, "not-utf8", message)
    };
    suggest(diagnostic, encoding)
}

fn too_big(path: &str, size: u64) -> Diagnostic {
    let message = format!("this file has {size} bytes, and a definition may have at most {SIZE_LIMIT} (1 MiB)");
    suggest(whole_file(path, "too-big", message), "split it, or move data out of it")
}

fn unreadable(path: &str, error: &io::Error) -> Diagnostic {
    let (message, suggestion) = match error.kind() {
        ErrorKind::NotFound => ("this link leads to nothing", Some("remove the link, or restore what it points to")),
        ErrorKind::PermissionDenied => ("this cannot be read: permission denied", Some("look at its permissions")),
        ErrorKind::NotADirectory => ("this is a file, and a folder is expected", None),
        // ELOOP has no stable kind yet.
        _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            ("this link leads back to itself", Some("remove the link"))
        }
        _ => ("", None),
    };
    let message = if message.is_empty() { format!("this cannot be read: {error}") } else { message.to_owned() };
    let diagnostic = whole_file(path, "unreadable", message);
    Diagnostic { suggestion: suggestion.map(str::to_owned), ..diagnostic }
}
