//! Files below one directory, which no symbolic link leads out of: every step is taken from an open directory, and none
//! follows a link.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, Mode, OFlags, mkdirat, open, openat, renameat, unlinkat};
use rustix::io::Errno;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A directory that is open.
#[derive(Debug)]
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

    /// Opens a file in the directory itself for locking, and makes it where there is none.
    pub fn lock_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        Ok(File::from(openat(&self.0, name, flags, Mode::from_raw_mode(0o666))?))
    }

    /// The names of what lies in the directory itself.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let entries = Dir::read_from(&self.0)?.collect::<Result<Vec<_>, _>>()?;
        let names = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned());
        Ok(names.filter(|name| name != "." && name != "..").collect())
    }

    /// Writes a file whole or not at all; whoever reads it meanwhile sees the old one. `half` is what it is called until
    /// then, in the directory itself, where nobody has to search for what a process left that was killed.
    pub fn write(&self, path: &str, half: &str, bytes: &[u8]) -> io::Result<()> {
        let (dir, name) = self.parent(path, true)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.0, half, flags, Mode::from_raw_mode(0o644))?);
        let done = file.write_all(bytes).and_then(|()| file.sync_data());
        done.and_then(|()| Ok(renameat(&self.0, half, &dir, name)?)).inspect_err(|_| {
            let _ = unlinkat(&self.0, half, AtFlags::empty());
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
