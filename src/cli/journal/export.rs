//! `opsctl journal export`: the journal as lines, for a backup, another workspace or another program.

use std::fs::{File, OpenOptions, remove_file};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::ids;
use crate::cli::session::Session;
use crate::error::{Error, Kind, Result};
use crate::journal::{Exported, Selection, TransferError};
use crate::terminal::Terminal;
use crate::view::journal::{ExportView, exported_text};

/// What an export takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// The file; stdout when left out. An existing file is not overwritten
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only this stream, or all that begin with a prefix that ends with `/`, such as `incident/`
    #[arg(long, value_name = "STREAM", add = ids::all_streams())]
    stream: Option<String>,
}

pub(super) fn export(session: &mut Session<'_>, args: &ExportArgs) -> Result<()> {
    let workspace = session.quiet_workspace()?;
    let journal = Session::reader(&workspace)?;
    let said = args.stream.as_deref();
    let which = Selection::said(said);
    if let Some(said) = said {
        super::must_be_there(&*journal, said)?;
    }
    let at = session.clock.now();
    let Some(out) = &args.out else {
        let mut page = Page { terminal: session.terminal, text: String::new() };
        let exported = journal.export(which, at, &mut page).map_err(|error| failure(error, "stdout"))?;
        session.terminal.tell(&exported_text(&exported, None));
        return Ok(());
    };
    let path = session.surroundings.cwd.join(out);
    let exported = write(&path, |file| journal.export(which, at, file))?;
    let view = ExportView { path: path.display().to_string(), exported };
    session.show(&view, |_| exported_text(&view.exported, Some(&out.display().to_string())))
}

/// Writes a file that is not there yet, for its owner only: a journal is nobody else's business. What was not written to
/// its end is taken away again.
fn write(path: &Path, work: impl FnOnce(&mut dyn Write) -> Result<Exported, TransferError>) -> Result<Exported> {
    let name = path.display().to_string();
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = made.map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::usage(format!("{name} is there already; nothing was overwritten")).hint("say another file")
        }
        _ => failure(cause.into(), &name),
    })?;
    let mut file = BufWriter::new(file);
    let written = work(&mut file).and_then(|exported| finish(file).map(|()| exported).map_err(TransferError::from));
    written.map_err(|error| {
        let _ = remove_file(path);
        failure(error, &name)
    })
}

fn finish(file: BufWriter<File>) -> io::Result<()> {
    file.into_inner()?.sync_all()
}

fn failure(error: TransferError, name: &str) -> Error {
    match error {
        TransferError::Write(cause) => Error::environment(format!("the export cannot be written to {name}"))
            .cause(cause)
            .hint("make room there, or say another file with --out"),
        TransferError::Altered { problem } => {
            Error::new(Kind::Negative, "the journal is not as it was written, so it is not exported")
                .cause(problem)
                .hint("`opsctl journal verify` says all that is wrong with it")
                .hint("--stream exports what is whole; make a copy of the journal's file as it is")
        }
        other => super::refused(other),
    }
}

/// Lines on their way to stdout, some at a time.
struct Page<'a> {
    terminal: &'a mut dyn Terminal,
    text: String,
}

impl Write for Page<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        const FULL: usize = 1 << 16;
        // It is given whole lines.
        self.text.push_str(std::str::from_utf8(bytes).map_err(io::Error::other)?);
        if self.text.len() >= FULL {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.terminal.print(&self.text);
        self.text.clear();
        // What could not be written is told about at the end by whoever holds the terminal.
        Ok(())
    }
}
