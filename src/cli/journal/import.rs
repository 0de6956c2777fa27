//! `opsctl journal import`: takes in what `opsctl journal export` wrote.

use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::session::Session;
use crate::error::{Error, Kind, Result};
use crate::journal::{BadParcel, Journal as _, Parcel, TransferError};
use crate::view::journal::imported_text;

const NOTHING: &str = "Nothing was imported.";

/// What an import takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// A file that `opsctl journal export` wrote; `-` reads stdin
    file: PathBuf,
}

pub(super) fn import(session: &mut Session<'_>, args: &ImportArgs) -> Result<()> {
    let workspace = session.quiet_workspace()?;
    workspace.state_dir()?;
    let name = if args.file == Path::new("-") { "stdin".to_owned() } else { args.file.display().to_string() };
    // All of it is read before the journal is opened, so that a bad file leaves no trace.
    let parcel = open(&session.surroundings.cwd, &args.file)
        .map_err(BadParcel::from)
        .and_then(|mut from| Parcel::read(&mut *from))
        .map_err(|error| bad(error, &name))?;
    let imported = workspace.journal()?.import(&parcel).map_err(|error| refused(error, &name))?;
    session.show(&imported, |_| imported_text(&imported))
}

fn open(cwd: &Path, file: &Path) -> std::io::Result<Box<dyn BufRead>> {
    if file == Path::new("-") {
        return Ok(Box::new(stdin().lock()));
    }
    Ok(Box::new(BufReader::new(File::open(cwd.join(file))?)))
}

fn bad(error: BadParcel, name: &str) -> Error {
    let again = "copy the file again, byte for byte, or export again where it came from";
    match error {
        BadParcel::Shelf(error) => error.into(),
        BadParcel::Read(cause) => Error::usage(format!("{name} cannot be read"))
            .cause(cause)
            .hint("say a file that `opsctl journal export --out FILE` wrote, or `-` for stdin"),
        BadParcel::Foreign { cause } => Error::usage(format!("{name} is not an export of a journal"))
            .cause(cause)
            .hint("`opsctl -C DIR journal export --out FILE` writes one from the workspace in DIR"),
        BadParcel::Newer { .. } => Error::usage(format!("{name} cannot be imported"))
            .cause(error)
            .hint("install that version here, or a newer one"),
        BadParcel::Cut { line } => {
            Error::new(Kind::Negative, format!("{name} is cut off at line {line}. {NOTHING}")).hint(again)
        }
        BadParcel::Line { line, problem } => {
            Error::new(Kind::Negative, format!("{name} line {line} is not as it was written. {NOTHING}"))
                .cause(problem)
                .hint(again)
        }
    }
}

fn refused(error: TransferError, name: &str) -> Error {
    match &error {
        TransferError::Diverged { stream, version, here, there } => Error::new(
            Kind::Negative,
            format!("{stream} in {name} is another one than here from version {version} on. {NOTHING}"),
        )
        .cause(format!("here it is {here}; in the file {there}"))
        .hint("two workspaces wrote to streams of one name: import into a workspace of its own (-C DIR)")
        .hint("or bring over single streams: `opsctl journal export --stream STREAM`"),
        TransferError::BlobMissing { .. } => Error::new(Kind::Negative, format!("{name} is not complete. {NOTHING}"))
            .cause(&error)
            .hint("export again where it came from"),
        _ => super::refused(error),
    }
}
