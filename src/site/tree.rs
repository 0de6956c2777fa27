//! Files below one directory, which no symbolic link leads out of: every step is taken from an open directory, and none
//! follows a link.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, open, openat, renameat, unlinkat};
use rustix::io::Errno;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A directory that is open.
pub(super) struct Tree(OwnedFd);

impl Tree {
    /// Opens a directory; its own path may lead over links, for somebody named it.
    pub fn open(dir: &Path) -> io::Result<Self> {
        Ok(Self(open(dir, DIRECTORY, Mode::empty())?))
    }

    /// The content of a file; none when there is no file there that could be read.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        let (dir, name) = self.parent(path, false).ok()?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mut file = File::from(openat(&dir, name, flags, Mode::empty()).ok()?);
        let mut bytes = Vec::new();
        file.metadata().ok().filter(std::fs::Metadata::is_file)?;
        file.read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Writes a file whole or not at all; whoever reads it meanwhile sees the old one.
    pub fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let (dir, name) = self.parent(path, true)?;
        let half = format!(".{name}.half");
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let create = || openat(&dir, &half, flags, Mode::from_raw_mode(0o644));
        // One that was killed while it wrote has left its half.
        let made = create().or_else(|error| match error {
            Errno::EXIST => unlinkat(&dir, &half, AtFlags::empty()).and_then(|()| create()),
            other => Err(other),
        })?;
        let mut file = File::from(made);
        let done = file.write_all(bytes).and_then(|()| file.sync_data());
        done.and_then(|()| Ok(renameat(&dir, &half, &dir, name)?)).inspect_err(|_| {
            let _ = unlinkat(&dir, &half, AtFlags::empty());
        })
    }

    /// Removes a file, and the directories above it that are empty then. Whether there was one.
    pub fn remove(&self, path: &str) -> io::Result<bool> {
        let (dir, name) = match self.parent(path, false) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        match unlinkat(&dir, name, AtFlags::empty()) {
            Err(Errno::NOENT) => return Ok(false),
            done => done?,
        }
        let mut above = path;
        while let Some((parent, _)) = above.rsplit_once('/') {
            let Ok((dir, name)) = self.parent(parent, false) else { break };
            if unlinkat(&dir, name, AtFlags::REMOVEDIR).is_err() {
                break;
            }
            above = parent;
        }
        Ok(true)
    }

    /// The directory that a path's last name lies in, and that name.
    fn parent<'p>(&self, path: &'p str, make: bool) -> io::Result<(OwnedFd, &'p str)> {
        let mut dir = self.0.try_clone()?;
        let mut names = path.split('/');
        let last = names.next_back().unwrap_or_default();
        for name in names.clone().chain([last]) {
            if matches!(name, "" | "." | "..") {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{path} is no path in a page")));
            }
        }
        for name in names {
            if make {
                match mkdirat(&dir, name, Mode::from_raw_mode(0o755)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            dir = openat(&dir, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
        }
        Ok((dir, last))
    }
}
