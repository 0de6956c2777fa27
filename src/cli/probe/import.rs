//! `opsctl probe import`: another program's configuration becomes probes.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::import::{self, Imported};
use crate::view::import::{closing, left_out_text};

/// What `probe import` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ImportArgs {
    /// The program whose configuration it is
    program: Program,
    /// Its configuration
    file: PathBuf,
    /// Write the definitions to this file, which must not be there yet, instead of to standard output
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// A program whose configuration can be read.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Program {
    /// Gatus
    Gatus,
}

pub(super) fn import(session: &mut Session<'_>, args: &ImportArgs) -> Result<()> {
    let file = session.surroundings.cwd.join(&args.file);
    let text = std::fs::read_to_string(&file)
        .map_err(|cause| Error::usage(format!("{} cannot be read", args.file.display())).cause(cause))?;
    let Program::Gatus = args.program;
    let imported = match import::gatus(&text) {
        Ok(imported) => imported,
        Err(error) => {
            let diagnostic = error.diagnostic(&args.file.display().to_string(), &text);
            session.terminal.say(diagnostic.render(session.terminal.look_err().colour).trim_end());
            return Err(Error::definition(format!("{} cannot be imported", args.file.display())));
        }
    };
    let look = session.terminal.look_err();
    if !imported.left_out.is_empty() {
        session.terminal.say(left_out_text(look, &imported.left_out).trim_end());
    }
    session.terminal.tell(&closing(imported.probes, &imported.left_out));
    match &args.write {
        Some(to) => write(session, to, &imported)?,
        None if session.is_json() => {}
        None => session.terminal.print(&imported.yaml),
    }
    if session.is_json() {
        session.show(&imported, |_| String::new())?;
    }
    Ok(())
}

fn write(session: &mut Session<'_>, to: &Path, imported: &Imported) -> Result<()> {
    use std::io::Write as _;
    let file = session.surroundings.cwd.join(to);
    let failed = |cause: std::io::Error| {
        let error = Error::environment(format!("{} cannot be written", to.display())).cause(&cause);
        if cause.kind() == std::io::ErrorKind::AlreadyExists {
            error.hint("nothing is overwritten: say another file, or move this one away")
        } else {
            error
        }
    };
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(file).map_err(failed)?;
    file.write_all(imported.yaml.as_bytes()).map_err(failed)?;
    let next = format!("They are in {}: name it under `include:` in opsctl.yaml, then `opsctl lint`.", to.display());
    session.terminal.tell(&next);
    Ok(())
}
