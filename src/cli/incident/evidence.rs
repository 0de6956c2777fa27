//! Evidence: a file, its hash, and its bytes where they are kept.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::ground::{plain_line, sha256};
use crate::incident::IncidentEvent;
use crate::incident::event::Evidence;
use crate::journal::Journal as _;

use super::super::session::Session;
use super::course::{change, kept};
use super::which::{When, split};

/// More is not kept in a journal; the hash of a larger file is.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What securing evidence takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct EvidenceArgs {
    /// The incident's id, unless it is the one in use, and the file
    #[arg(value_name = "[ID] FILE", required = true, num_args = 1..=2)]
    words: Vec<String>,
    /// What it shows
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Keep its hash only, not its bytes
    #[arg(long)]
    hash_only: bool,
    #[command(flatten)]
    when: When,
}

pub(super) fn evidence(session: &mut Session<'_>, args: EvidenceArgs) -> Result<()> {
    let mut words = args.words;
    let which = split(&mut words);
    let at = args.when.moment(session)?;
    let file = PathBuf::from(super::course::one(words, "which file")?);
    let path = session.surroundings.cwd.join(&file);
    let bytes = read(&path)?;
    change(session, &which, |session, work, _| {
        let hash = sha256(&bytes);
        if !args.hash_only {
            work.journal.put_blob(&bytes)?;
        }
        session.terminal.tell(&format!("SHA-256 {hash}"));
        let name = file.file_name().map(|name| plain_line(&name.to_string_lossy())).unwrap_or_default();
        let event = IncidentEvent::EvidenceAdded(Evidence {
            name,
            sha256: hash,
            bytes: bytes.len() as u64,
            stored: !args.hash_only,
            source: plain_line(&path.display().to_string()),
            note: kept(session, &work.workspace, args.note.as_deref()),
        });
        Ok(crate::ledger::Happening { events: vec![event], at })
    })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let shown = plain_line(&path.display().to_string());
    let unreadable = |cause| Error::environment(format!("{shown} cannot be read")).cause(cause);
    let file = File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(Error::usage(format!("{shown} is no file")).hint("name a file; put several into an archive first"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::usage(format!("{shown} has more than {} MiB", LARGEST / 1024 / 1024))
            .hint("store it elsewhere, and write down where and its SHA-256 with `opsctl incident note`"));
    }
    Ok(bytes)
}
