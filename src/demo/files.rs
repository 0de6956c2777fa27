//! Files that are written as a whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process;

/// Only the owner may read it.
pub const PRIVATE: u32 = 0o600;

/// Everybody may read it.
pub const SHARED: u32 = 0o644;

/// Puts a text in a file's place; whoever reads meanwhile sees the old text or the new one.
pub fn replace(file: &Path, text: &str, mode: u32) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let fresh = file.with_file_name(format!(".{name}.{}", process::id()));
    let write = || {
        let mut open = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&fresh)?;
        open.write_all(text.as_bytes())?;
        fs::rename(&fresh, file)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&fresh);
    })
}
