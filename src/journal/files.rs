//! The journal's directory and files: private, and on the disk before anything stands in them.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::JournalError;
use super::failure;

const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The database in a journal's directory.
pub fn database(dir: &Path) -> PathBuf {
    dir.join("journal.db")
}

/// What SQLite keeps beside the database while it is in use.
pub fn companions(dir: &Path) -> [PathBuf; 2] {
    [dir.join("journal.db-wal"), dir.join("journal.db-shm")]
}

/// Makes the directory and an empty database in it unless they are there, and takes others' access away.
pub fn prepare(dir: &Path) -> Result<PathBuf, JournalError> {
    make_dir(dir).and_then(|()| tighten(dir, DIR_MODE)).map_err(|error| failure::file(dir, &error))?;
    let database = database(dir);
    make_file(&database, dir).map_err(|error| failure::file(&database, &error))?;
    // SQLite gives its companions the mode of the database, so they only need care when they are there already.
    for path in std::iter::once(&database).chain(&companions(dir)) {
        match tighten(path, FILE_MODE) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failure::file(path, &error)),
            _ => {}
        }
    }
    Ok(database)
}

fn make_dir(dir: &Path) -> io::Result<()> {
    let made: Vec<&Path> = dir.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir)?;
    // The new names must survive a power loss as surely as the events will.
    made.iter().filter_map(|path| path.parent()).try_for_each(sync)
}

fn make_file(path: &Path, dir: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path) {
        Ok(_) => sync(dir),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn tighten(path: &Path, mode: u32) -> io::Result<()> {
    let now = fs::metadata(path)?.permissions().mode() & 0o777;
    if now & !mode == 0 { Ok(()) } else { fs::set_permissions(path, Permissions::from_mode(now & mode)) }
}

fn sync(dir: &Path) -> io::Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    File::open(dir)?.sync_all()
}
