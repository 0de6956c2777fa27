//! One daemon a workspace: two would fire every alert twice and tell everybody twice.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::error::{Error, Result};

/// The file that is locked; what stands in it means nothing, and it stays.
const NAME: &str = "watch.lock";

/// The right to watch a workspace. It ends with the process, however that ends.
#[derive(Debug)]
pub(super) struct Only {
    _locked: File,
}

impl Only {
    /// Takes the right to watch the workspace whose journal lies in a directory.
    pub fn in_dir(dir: &Path) -> Result<Self> {
        let path = dir.join(NAME);
        let failed = |cause| Error::environment(format!("{} cannot be used", path.display())).cause(cause);
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = open.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _locked: file }),
            Err(TryLockError::WouldBlock) => Err(Error::environment("another `opsctl watch` watches this workspace")
                .hint(format!("stop it first; `fuser {}` finds it", path.display()))),
            Err(TryLockError::Error(cause)) => Err(failed(cause)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Only;

    #[test]
    fn there_is_one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = Only::in_dir(dir.path()).unwrap();
        let error = Only::in_dir(dir.path()).unwrap_err();
        assert!(error.message.contains("another") && error.hints[0].contains("watch.lock"), "{error:?}");
        drop(first);
        Only::in_dir(dir.path()).unwrap();
    }
}
