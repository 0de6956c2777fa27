//! The page as a directory of files, for a web server to hand out.
//!
//! A list of what was written lies beside it. By that list a directory is known to be ours, and pages that are no longer
//! there are removed; nothing else in it is touched.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::tree::Tree;
use crate::error::{Error, Result};

/// The list of what was written.
const LIST: &str = ".opsctl-page";

/// The first line of that list.
const HEAD: &str = "opsctl status page 1";

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

/// Makes a directory hold these files, by their paths in it. It must be new, empty, or one that this wrote before.
pub fn write(dir: &Path, files: &[(String, Vec<u8>)]) -> Result<Written> {
    fs::create_dir_all(dir).map_err(|cause| failed("made", dir, &cause))?;
    let tree = Tree::open(dir).map_err(|cause| failed("opened", dir, &cause))?;
    let before = listed(&tree, dir)?;
    let now: BTreeSet<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    let fail = |path: &str, cause: &io::Error| failed("written", &dir.join(path), cause);
    // First the list: whatever becomes of this process, the next build knows what may be there.
    let both = before.iter().map(String::as_str).chain(now.iter().copied()).collect();
    keep(&tree, &both).map_err(|cause| fail(LIST, &cause))?;
    let mut done = Written::default();
    for (path, bytes) in files {
        if tree.read(path).is_some_and(|found| found == *bytes) {
            done.unchanged += 1;
        } else {
            tree.write(path, bytes).map_err(|cause| fail(path, &cause))?;
            done.written += 1;
        }
    }
    for path in before.iter().filter(|path| !now.contains(path.as_str())) {
        let removed = tree.remove(path).map_err(|cause| failed("removed", &dir.join(path), &cause))?;
        done.removed += usize::from(removed);
    }
    keep(&tree, &now).map_err(|cause| fail(LIST, &cause))?;
    Ok(done)
}

/// What an earlier build has written. Fails when the directory holds something, and is not one of ours.
fn listed(tree: &Tree, dir: &Path) -> Result<BTreeSet<String>> {
    let list = tree.read(LIST).map(|list| String::from_utf8_lossy(&list).into_owned());
    if let Some(list) = &list
        && let Some(paths) = list.strip_prefix(HEAD)
    {
        return Ok(paths.lines().filter(|path| !path.is_empty()).map(str::to_owned).collect());
    }
    let mut entries = fs::read_dir(dir).map_err(|cause| failed("read", dir, &cause))?;
    match entries.next() {
        None => Ok(BTreeSet::new()),
        Some(_) => Err(Error::usage(format!("{} is not empty, and no status page was built there", dir.display()))
            .hint("name a new or an empty directory")),
    }
}

fn keep(tree: &Tree, paths: &BTreeSet<&str>) -> io::Result<()> {
    let list = paths.iter().fold(format!("{HEAD}\n"), |list, path| list + path + "\n");
    if tree.read(LIST).is_some_and(|found| found == list.as_bytes()) {
        return Ok(());
    }
    tree.write(LIST, list.as_bytes())
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
