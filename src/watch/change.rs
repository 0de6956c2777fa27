//! Whether the definitions have changed on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What the definition files looked like: cheap to take, and different after any edit that matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Look(Vec<(PathBuf, Option<SystemTime>, u64)>);

impl Look {
    /// Looks at these files, relative to `dir`, and at the folders they lie in.
    pub fn at<'a>(dir: &Path, files: impl Iterator<Item = &'a str>) -> Self {
        let mut paths: Vec<PathBuf> = files.map(|file| dir.join(file)).collect();
        // A file that comes or goes changes its folder.
        let folders: Vec<PathBuf> = paths.iter().filter_map(|file| file.parent().map(Path::to_owned)).collect();
        paths.extend(folders.into_iter().filter(|folder| folder != dir));
        paths.sort();
        paths.dedup();
        Self::take(paths)
    }

    /// Looks at the same files now.
    pub fn again(&self) -> Self {
        Self::take(self.0.iter().map(|(path, ..)| path.clone()).collect())
    }

    fn take(paths: Vec<PathBuf>) -> Self {
        let seen = |path: PathBuf| {
            let found = fs::metadata(&path).ok();
            let modified = found.as_ref().and_then(|found| found.modified().ok());
            (path, modified, found.map_or(0, |found| found.len()))
        };
        Self(paths.into_iter().map(seen).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Look;
    use std::fs;

    #[test]
    fn an_edit_and_a_new_file_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("metrics")).unwrap();
        fs::write(dir.path().join("opsctl.yaml"), "a").unwrap();
        fs::write(dir.path().join("metrics/one.yaml"), "a").unwrap();
        let before = Look::at(dir.path(), ["opsctl.yaml", "metrics/one.yaml"].into_iter());
        assert_eq!(before, before.again());
        fs::write(dir.path().join("opsctl.yaml"), "ab").unwrap();
        let edited = before.again();
        assert_ne!(before, edited);
        fs::write(dir.path().join("metrics/two.yaml"), "a").unwrap();
        assert_ne!(edited, before.again());
        fs::remove_file(dir.path().join("metrics/two.yaml")).unwrap();
        fs::remove_file(dir.path().join("opsctl.yaml")).unwrap();
        assert_ne!(edited, before.again());
    }
}
