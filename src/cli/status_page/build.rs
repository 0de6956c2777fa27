//! `opsctl status-page build`: the page as files.

use std::path::PathBuf;

use clap::ValueHint;
use serde::Serialize;

use crate::cli::session::Session;
use crate::error::Result;
use crate::site::{Folder, gather};
use crate::view::count::counted;
use crate::view::page::files;

use super::{definitions, public_url};

/// What `status-page build` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct BuildArgs {
    /// Where to: a new or empty directory, or one that was built before
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    to: PathBuf,
    /// Where the page is published: https://status.example.com
    #[arg(long, value_name = "URL", value_parser = public_url)]
    url: Option<String>,
}

/// What a build came to.
#[derive(Debug, Serialize)]
struct BuildView {
    dir: String,
    written: usize,
    unchanged: usize,
    removed: usize,
}

pub(super) fn build(session: &mut Session<'_>, args: &BuildArgs) -> Result<()> {
    let workspace = definitions(session)?;
    let dir = session.surroundings.cwd.join(&args.to);
    let folder = Folder::take(&dir)?;
    // Only now: what another has queued meanwhile belongs on it.
    let page = gather(&workspace, args.url.as_deref(), session.clock.now())?;
    let done = folder.write(&files(&page))?;
    let view = BuildView {
        dir: dir.display().to_string(),
        written: done.written,
        unchanged: done.unchanged,
        removed: done.removed,
    };
    session.show(&view, |_| text(&view))
}

fn text(view: &BuildView) -> String {
    let others = [(view.unchanged, "unchanged"), (view.removed, "removed")];
    let others = others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let first = format!("{} written to {}", counted(view.written, "file"), view.dir);
    [first].into_iter().chain(others).collect::<Vec<_>>().join(" · ")
}
