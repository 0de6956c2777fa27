//! What has changed in a definition since a run began.

use std::fmt::Write as _;

use similar::TextDiff;

use crate::catalog::model::Source;
use crate::ground::plain;
use crate::view::look::{Look, Style, paint};

/// The difference of two sets of files, as a unified diff; empty when there is none.
pub fn difference(look: Look, before: &[Source], after: &[Source]) -> String {
    let text_in = |sources: &[Source], path: &str| {
        sources.iter().find(|source| source.path == path).map_or_else(String::new, |source| source.text.to_string())
    };
    let mut paths: Vec<&str> = before.iter().chain(after).map(|source| source.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut shown = String::new();
    for path in paths {
        let (old, new) = (text_in(before, path), text_in(after, path));
        if old == new {
            continue;
        }
        let diff = TextDiff::from_lines(&old, &new);
        let unified = diff.unified_diff().context_radius(2).header(path, path).to_string();
        for line in plain(&unified).lines() {
            let style = match line.as_bytes().first() {
                Some(b'+') => Style::Good,
                Some(b'-') => Style::Bad,
                _ => Style::Faint,
            };
            let _ = writeln!(shown, "{}", paint(look, style, line));
        }
    }
    shown.trim_end().to_owned()
}
