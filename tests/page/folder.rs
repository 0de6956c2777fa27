//! Pages as files.

use std::fs;
use std::path::{Path, PathBuf};

use opsctl::view::page::{Page, files};

/// Where tests leave what people may want to look at.
pub fn looked_at(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page").join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// Writes all files of a page.
pub fn write(page: &Page, dir: &Path) {
    for (path, bytes) in files(page) {
        let file = dir.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
}

/// A file of a page as text.
#[track_caller]
pub fn text(page: &Page, path: &str) -> String {
    let found = files(page).into_iter().find(|(one, _)| one == path);
    String::from_utf8(found.unwrap_or_else(|| panic!("no {path}")).1).unwrap()
}
