//! `opsctl man`: the manual pages.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;

use crate::error::{Error, Result};
use crate::view::files::{FilesView, files_text};

use super::Cli;
use super::session::Session;

/// What `opsctl man` takes.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write the pages of all commands to this directory, instead of printing the first
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn man(session: &mut Session<'_>, args: &ManArgs) -> Result<()> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    match &args.out {
        None => {
            let (_, page) = page(root)?;
            session.terminal.print(&page);
            Ok(())
        }
        Some(out) => {
            let dir = session.surroundings.cwd.join(out);
            let written = write_all(root, &dir)?;
            let files = FilesView { dir: dir.display().to_string(), written, kept: Vec::new() };
            session.show(&files, |look| files_text(look, &files))
        }
    }
}

fn write_all(root: Command, dir: &Path) -> Result<Vec<String>> {
    let failed = |path: &Path, cause: std::io::Error| {
        Error::environment(format!("{} cannot be written", path.display()))
            .cause(cause)
            .hint("name a directory that you may write to")
    };
    std::fs::create_dir_all(dir).map_err(|cause| failed(dir, cause))?;
    let mut commands = Vec::new();
    gather(root, &mut commands);
    let mut written = Vec::new();
    for command in commands {
        let (name, page) = page(command)?;
        let path = dir.join(&name);
        std::fs::write(&path, page).map_err(|cause| failed(&path, cause))?;
        written.push(name);
    }
    Ok(written)
}

/// A command and everything below it that is not hidden.
fn gather(command: Command, all: &mut Vec<Command>) {
    let below: Vec<Command> = command.get_subcommands().filter(|below| !below.is_hide_set()).cloned().collect();
    all.push(command);
    for command in below {
        gather(command, all);
    }
}

/// The file name and text of a page: `opsctl-runbook-run.1`.
fn page(command: Command) -> Result<(String, String)> {
    let man = Man::new(command).source(concat!("opsctl ", env!("CARGO_PKG_VERSION"))).manual("opsctl manual");
    let mut page = Vec::new();
    man.render(&mut page).context("the manual page cannot be made")?;
    Ok((man.get_filename(), String::from_utf8_lossy(&page).into_owned()))
}
