//! Files that are written whole or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::ground::plain_line;

/// Writes a file in one step, and the directories above it. A file that is there keeps its permissions and, when it is
/// a link, its place; a `private` one that is new is for its owner alone.
pub(super) fn write_whole(path: &Path, bytes: &[u8], private: bool) -> Result<()> {
    // A link leads to the file that is meant.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let failed = |cause: std::io::Error| {
        Error::environment(format!("{} cannot be written", shown(&path)))
            .cause(cause)
            .hint("nothing was changed; name another file with --out")
    };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(parent).map_err(failed)?;
    let fresh = beside(&path);
    let write = || {
        let mode = if private { 0o600 } else { 0o644 };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh)?;
        file.write_all(bytes)?;
        match fs::metadata(&path) {
            Ok(old) => file.set_permissions(Permissions::from_mode(old.permissions().mode()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        file.sync_all()?;
        fs::rename(&fresh, &path)
    };
    write().map_err(|cause| {
        // What is half written helps nobody.
        let _ = fs::remove_file(&fresh);
        failed(cause)
    })
}

/// A file's text; none when it is not there.
pub(super) fn read_text(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| {
            Error::usage(format!("{} is no UTF-8 text", shown(path)))
                .cause(error)
                .hint("nothing was changed; convert it, or name another file")
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::environment(format!("{} cannot be read", shown(path))).cause(cause)),
    }
}

/// A name beside a file or directory that nothing else has.
pub(super) fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

/// A path as it can be shown.
pub(super) fn shown(path: &Path) -> String {
    plain_line(&path.display().to_string())
}

/// A path relative to a directory, when it lies in it.
pub(super) fn inside(path: &Path, dir: &Path) -> Option<PathBuf> {
    let dir = dir.canonicalize().ok()?;
    // What is not there yet is resolved as far as it is.
    let known = path.ancestors().find(|above| above.exists())?;
    let rest = path.strip_prefix(known).ok()?;
    let whole = known.canonicalize().ok()?.join(rest);
    whole.strip_prefix(&dir).ok().map(Path::to_owned)
}
