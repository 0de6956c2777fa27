//! Files that were written, and files that were left as they are.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ground::plain_line;
use crate::view::look::{Look, Style, paint};

/// What became of a set of files, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct FilesView {
    /// The directory.
    pub dir: String,
    /// Files that were written, relative to it.
    pub written: Vec<String>,
    /// Files that were there before and were not touched.
    pub kept: Vec<String>,
}

/// What became of a set of files, a line each.
pub fn files_text(look: Look, files: &FilesView) -> String {
    let mut text = format!("{}\n", paint(look, Style::Heading, &plain_line(&files.dir)));
    for (word, style, paths) in [("wrote", Style::Good, &files.written), ("kept", Style::Faint, &files.kept)] {
        for path in paths {
            let _ = writeln!(text, "  {} {}", paint(look, style, &format!("{word:<5}")), plain_line(path));
        }
    }
    text
}
