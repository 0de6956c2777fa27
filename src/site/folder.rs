//! The page as a directory of files, for a web server to hand out.
//!
//! A list of what was written lies beside it. By that list a directory is known to be ours, and pages that are no longer
//! there are removed; nothing else in it is touched.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{io, process, thread};

use super::tree::Tree;
use crate::error::{Error, Result};

/// The list of what was written.
const LIST: &str = ".opsctl-page";

/// The first line of that list.
const HEAD: &str = "opsctl status page 1";

/// The file that is locked while somebody builds. It is empty, no part of the page, and stays.
const LOCK: &str = ".opsctl-page.lock";

/// How the names begin of files that are being written.
const HALF: &str = ".opsctl-page.half.";

/// So long another build in the same directory is waited for. A page is made in less than a second; where its disk hangs,
/// who waits is better told.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked whether that has ended.
const LOOK: Duration = Duration::from_millis(20);

/// What a build came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Files that are new or others than before.
    pub written: usize,
    /// Files that were as they should be.
    pub unchanged: usize,
    /// Files of an earlier build that are gone.
    pub removed: usize,
}

/// A directory that a page is built in. As long as this is there, nobody else builds there: what was gathered before
/// another has written would be put in place of something newer.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    tree: Tree,
    /// What files are called that are being written. It names this process, for where locks are not kept.
    half: String,
    _locked: File,
}

impl Folder {
    /// Takes a directory, which must be new, empty, or one that this wrote before; waits for who builds there now.
    pub fn take(dir: &Path) -> Result<Self> {
        Self::take_within(dir, PATIENCE)
    }

    fn take_within(dir: &Path, patience: Duration) -> Result<Self> {
        fs::create_dir_all(dir).map_err(|cause| failed("made", dir, &cause))?;
        let tree = Tree::open(dir).map_err(|cause| failed("opened", dir, &cause))?;
        // In a directory of somebody else not even a lock is left.
        listed(&tree, dir)?;
        let locked = tree.lock_file(LOCK).map_err(|cause| failed("locked", dir, &cause))?;
        wait_for(&locked, dir, patience)?;
        let folder = Self { dir: dir.to_owned(), tree, half: format!("{HALF}{}", process::id()), _locked: locked };
        folder.sweep().map_err(|cause| failed("cleaned up", dir, &cause))?;
        Ok(folder)
    }

    /// Makes the directory hold these files, by their paths in it.
    pub fn write(&self, files: &[(String, Vec<u8>)]) -> Result<Written> {
        let before = listed(&self.tree, &self.dir)?;
        let now: BTreeSet<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        let fail = |how: &str, path: &str, cause: &io::Error| failed(how, &self.dir.join(path), cause);
        // First the list: whatever becomes of this process, the next build knows what may be there.
        let both = before.iter().map(String::as_str).chain(now.iter().copied()).collect();
        self.keep(&both).map_err(|cause| fail("written", LIST, &cause))?;
        let mut done = Written::default();
        for (path, bytes) in files {
            if self.put(path, bytes).map_err(|cause| fail("written", path, &cause))? {
                done.written += 1;
            } else {
                done.unchanged += 1;
            }
        }
        for path in before.iter().filter(|path| !now.contains(path.as_str())) {
            let removed = self.tree.remove(path).map_err(|cause| fail("removed", path, &cause))?;
            done.removed += usize::from(removed);
        }
        self.keep(&now).map_err(|cause| fail("written", LIST, &cause))?;
        Ok(done)
    }

    /// Writes a file unless it is as it should be. Whether it did.
    fn put(&self, path: &str, bytes: &[u8]) -> io::Result<bool> {
        if self.tree.read(path).is_some_and(|found| found == bytes) {
            return Ok(false);
        }
        self.tree.write(path, &self.half, bytes)?;
        Ok(true)
    }

    fn keep(&self, paths: &BTreeSet<&str>) -> io::Result<()> {
        let list = paths.iter().fold(format!("{HEAD}\n"), |list, path| list + path + "\n");
        self.put(LIST, list.as_bytes()).map(drop)
    }

    // Nobody else writes now: whatever is half written was left by one that was killed.
    fn sweep(&self) -> io::Result<()> {
        for name in self.tree.names()?.iter().filter(|name| name.starts_with(HALF)) {
            self.tree.remove(name)?;
        }
        Ok(())
    }
}

/// Makes a directory hold these files, by their paths in it. It must be new, empty, or one that this wrote before.
pub fn write(dir: &Path, files: &[(String, Vec<u8>)]) -> Result<Written> {
    Folder::take(dir)?.write(files)
}

fn wait_for(lock: &File, dir: &Path, patience: Duration) -> Result<()> {
    let mut waited = Duration::ZERO;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if waited < patience => thread::sleep(LOOK),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::environment(format!("another process is building the page in {}", dir.display()))
                    .hint(format!("try again; `fuser {}` finds it", dir.join(LOCK).display())));
            }
            Err(TryLockError::Error(cause)) => return Err(failed("locked", dir, &cause)),
        }
        waited += LOOK;
    }
}

/// What an earlier build has written. Fails when the directory holds something, and is not one of ours.
fn listed(tree: &Tree, dir: &Path) -> Result<BTreeSet<String>> {
    let list = tree.read(LIST).map(|list| String::from_utf8_lossy(&list).into_owned());
    if let Some(list) = &list
        && let Some(paths) = list.strip_prefix(HEAD)
    {
        return Ok(paths.lines().filter(|path| !path.is_empty()).map(str::to_owned).collect());
    }
    let names = tree.names().map_err(|cause| failed("read", dir, &cause))?;
    // The first build may have been killed before there was a list.
    if names.iter().all(|name| name == LOCK || name.starts_with(HALF)) {
        return Ok(BTreeSet::new());
    }
    Err(Error::usage(format!("{} is not empty, and no status page was built there", dir.display()))
        .hint("name a new or an empty directory"))
}

fn failed(how: &str, path: &Path, cause: &io::Error) -> Error {
    let error = Error::environment(format!("{} cannot be {how}", path.display())).cause(cause);
    match cause.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() || code == NOT_A_DIRECTORY => {
            error.hint("a symbolic link or a file stands where the page has a directory; remove it")
        }
        _ => error,
    }
}

const NOT_A_DIRECTORY: i32 = rustix::io::Errno::NOTDIR.raw_os_error();

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Mutex;
    use std::thread;
    use std::time::Duration;

    use super::{Folder, HALF, LIST, LOCK, Written, write};

    fn files(text: &str) -> Vec<(String, Vec<u8>)> {
        vec![("index.html".to_owned(), text.into()), ("incidents/INC-1.html".to_owned(), text.into())]
    }

    #[test]
    fn what_one_gathers_no_other_puts_something_older_in_place_of() {
        let root = tempfile::tempdir().unwrap();
        let (dir, known) = (root.path().join("page"), Mutex::new(0_u32));
        thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    // What each has queued stands on the page when it is done, whoever built it last.
                    let mine = {
                        let mut known = known.lock().unwrap();
                        *known += 1;
                        *known
                    };
                    let folder = Folder::take(&dir).unwrap();
                    let gathered = *known.lock().unwrap();
                    folder.write(&files(&gathered.to_string())).unwrap();
                    drop(folder);
                    for path in ["index.html", "incidents/INC-1.html"] {
                        let shown: u32 = fs::read_to_string(dir.join(path)).unwrap().parse().unwrap();
                        assert!(shown >= mine, "{path} shows {shown}, not {mine}");
                    }
                });
            }
        });
        let list = fs::read_to_string(dir.join(LIST)).unwrap();
        assert!(list.contains("index.html") && !list.contains(LOCK), "the lock is no part of the page: {list}");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 4, "the list, the lock, a file and a directory");
    }

    #[test]
    fn who_waits_for_too_long_is_told() {
        let root = tempfile::tempdir().unwrap();
        let first = Folder::take(root.path()).unwrap();
        let error = Folder::take_within(root.path(), Duration::from_millis(30)).unwrap_err();
        assert!(error.message.contains("another process") && error.hints[0].contains(LOCK), "{error:?}");
        drop(first);
        Folder::take_within(root.path(), Duration::ZERO).unwrap();
    }

    #[test]
    fn what_one_left_that_was_killed_is_swept_away() {
        let root = tempfile::tempdir().unwrap();
        // Killed in its very first write: there is no list yet.
        fs::write(root.path().join(LOCK), "").unwrap();
        fs::write(root.path().join(format!("{HALF}1")), "<p>ha").unwrap();
        let done = write(root.path(), &files("whole")).unwrap();
        assert_eq!(done, Written { written: 2, ..Written::default() });
        fs::write(root.path().join(format!("{HALF}1")), "<p>ha").unwrap();
        write(root.path(), &files("whole")).unwrap();
        assert!(!root.path().join(format!("{HALF}1")).exists());
    }
}
