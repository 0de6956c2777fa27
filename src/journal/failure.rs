//! The store's own errors in the operator's words: what happened to which file, and what to do.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use super::JournalError;
use crate::error::Error;

const RESTORE: &str = "Keep the file as it is, move it aside, and restore the journal from an export or a backup.";
/// What to do with a damaged file.
pub const DAMAGED: &str = "Keep the file as it is. `opsctl journal verify` says what can still be read; \
                       restore the rest from an export or a backup.";
const FULL: &str = "Free some space there and run the command again; everything acknowledged before is kept.";
const READ_ONLY: &str = "Make the directory and its files writable for you, or choose another workspace with -C DIR.";
const LOCKED: &str = "Another process holds it. Wait until it is done and run the command again; \
                      `fuser` on the file names the process.";

/// The file that a store is, for failures to name it.
#[derive(Debug, Clone, Copy)]
pub struct Store<'a>(pub &'a Path);

impl Store<'_> {
    /// A result of SQLite on it.
    pub fn of<T>(self, result: rusqlite::Result<T>) -> Result<T, JournalError> {
        result.map_err(|error| store(self.0, &error))
    }
}

/// A failure of SQLite on the file `path`.
pub fn store(path: &Path, error: &rusqlite::Error) -> JournalError {
    let path = path.display();
    let (what, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (format!("the disk is full: {path} could not be written"), FULL),
        Some(ErrorCode::ReadOnly) => (format!("{path} cannot be written"), READ_ONLY),
        Some(ErrorCode::PermissionDenied) => (format!("no permission to use {path}"), READ_ONLY),
        Some(ErrorCode::CannotOpen) => (format!("{path} cannot be opened"), READ_ONLY),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (format!("{path} is locked"), LOCKED),
        Some(ErrorCode::NotADatabase) => (format!("{path} is not a journal, or its beginning is damaged"), RESTORE),
        Some(ErrorCode::SystemIoFailure) => (
            format!("{path} cannot be read or written"),
            "Look at the disk: `dmesg` and `df` show what is wrong with it.",
        ),
        // What SQLite has no word for is a value of a kind that nobody wrote there.
        Some(ErrorCode::DatabaseCorrupt) | None => (format!("{path} is damaged"), DAMAGED),
        _ => (format!("{path} cannot be used"), "Run `opsctl doctor` to see what is wrong."),
    };
    unavailable(what, hint, error)
}

/// A failure of the file system on `path`.
pub fn file(path: &Path, error: &io::Error) -> JournalError {
    let path = path.display();
    let (what, hint) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (format!("the disk is full: {path} could not be written"), FULL)
        }
        io::ErrorKind::PermissionDenied => (format!("no permission to use {path}"), READ_ONLY),
        io::ErrorKind::ReadOnlyFilesystem => (format!("{path} is on a read-only file system"), READ_ONLY),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => (
            format!("{path} cannot be made: a file stands where a directory is needed"),
            "Move that file away, or choose another workspace with -C DIR.",
        ),
        _ => (format!("{path} cannot be used"), READ_ONLY),
    };
    unavailable(what, hint, error)
}

/// A journal that cannot be used, in our own words.
pub fn unavailable(message: String, hint: &str, cause: impl std::fmt::Display) -> JournalError {
    JournalError::Unavailable { message, hint: hint.to_owned(), cause: cause.to_string() }
}

/// A journal that may be read but not written.
pub fn read_only(path: &Path) -> JournalError {
    unavailable(format!("{} cannot be written", path.display()), READ_ONLY, "it opens for reading only")
}

/// Whether an error means that the file's content is wrong, rather than the way to it.
pub fn is_damage(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(code) => matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase),
        // Values of the wrong type or no UTF-8 come from rusqlite, not from SQLite.
        None => true,
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        let what = Self::environment(error.to_string());
        match error {
            JournalError::Conflict { .. } => {
                what.hint("Someone else was faster. Run the command again; it begins from what is there now.")
            }
            JournalError::Unavailable { hint, cause, .. } => what.hint(hint).cause(cause),
            JournalError::Damaged { .. } => what.hint(DAMAGED),
        }
    }
}
