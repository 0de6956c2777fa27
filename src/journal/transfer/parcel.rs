//! Reads the lines of an export, and holds all of it against its chains before anything of it goes anywhere.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::FORMAT;
use super::line::{BlobLine, EndLine, EventLine, Header};
use super::shelf::Shelf;
use crate::ground::{hex, rfc3339, sha256};
use crate::journal::JournalError;
use crate::journal::stored::{Chains, Stored};

/// A longer line is none of ours: SQLite keeps no larger blob than would stand in it.
const LONGEST: u64 = 1_500_000_000;

/// The content of an export that is as it was written.
#[derive(Debug)]
pub struct Parcel {
    pub(super) shelf: Shelf,
    /// Blobs that events mention and that are not in it, each with the first that does.
    pub(super) wanted: BTreeMap<String, (String, u64)>,
    pub(super) events: u64,
    pub(super) streams: u64,
    pub(super) blobs: u64,
}

/// Why an export cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum BadParcel {
    /// It is something else.
    #[error("it is not an export of a journal")]
    Foreign {
        /// What stands there.
        cause: String,
    },
    /// Its lines have a later version.
    #[error("it was written by a newer opsctl: its lines have format {format}, this program knows up to {FORMAT}")]
    Newer {
        /// The version.
        format: u32,
    },
    /// It has no end.
    #[error("it is cut off at line {line}")]
    Cut {
        /// The line that is not whole, or that should stand there.
        line: u64,
    },
    /// A line is not as it was written.
    #[error("line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// There is no place to put it meanwhile.
    #[error(transparent)]
    Shelf(#[from] JournalError),
}

impl Parcel {
    /// Reads an export to its end.
    pub fn read(from: &mut dyn BufRead) -> Result<Self, BadParcel> {
        let mut lines = Lines { from, line: Vec::new(), number: 0, digest: Sha256::new() };
        let header = header(&mut lines)?;
        let mut reading = Reading::begin()?;
        loop {
            lines.next()?;
            match lines.text()? {
                text if text.starts_with(r#"{"seq":"#) => {
                    let event = EventLine::into_stored(lines.parse(text)?);
                    reading.event(event).map_err(|problem| problem.at(&lines))?;
                }
                text if text.starts_with(r#"{"blob":"#) => {
                    let blob = lines.parse(text)?;
                    reading.blob(&blob).map_err(|problem| problem.at(&lines))?;
                }
                text if text.starts_with(r#"{"lines":"#) => {
                    let end: EndLine<'_> = lines.parse(text)?;
                    lines.holds(&end)?;
                    break;
                }
                _ => return Err(lines.bad("it is neither an event nor a blob nor the last line")),
            }
        }
        reading.is_all_of(&header).map_err(|problem| lines.bad(problem))?;
        lines.ends()?;
        Ok(reading.end())
    }
}

fn header(lines: &mut Lines<'_>) -> Result<Header, BadParcel> {
    #[derive(Deserialize)]
    struct Format {
        opsctl_journal: u32,
    }
    let foreign = |cause: String| BadParcel::Foreign { cause };
    if !lines.fill()? {
        return Err(foreign("it is empty".to_owned()));
    }
    if !lines.line.starts_with(b"{") {
        return Err(foreign("line 1: it is no JSON object".to_owned()));
    }
    let Format { opsctl_journal: format } =
        serde_json::from_slice(&lines.line).map_err(|error| foreign(format!("line 1: {}", in_words(&error))))?;
    if format > FORMAT {
        return Err(BadParcel::Newer { format });
    }
    lines.is_whole()?;
    lines.parse(lines.text()?)
}

/// What is wrong with a line whose number is not known here.
enum Problem {
    Said(String),
    Shelf(JournalError),
}

impl Problem {
    fn at(self, lines: &Lines<'_>) -> BadParcel {
        match self {
            Self::Said(problem) => lines.bad(problem),
            Self::Shelf(error) => error.into(),
        }
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        Self::Shelf(error)
    }
}

/// What was read so far.
struct Reading {
    shelf: Shelf,
    chains: Chains,
    mentioned: BTreeMap<String, (String, u64)>,
    last_seq: u64,
    events: u64,
    blobs: Vec<String>,
}

impl Reading {
    fn begin() -> Result<Self, JournalError> {
        let (shelf, chains, mentioned) = (Shelf::new()?, Chains::default(), BTreeMap::new());
        Ok(Self { shelf, chains, mentioned, last_seq: 0, events: 0, blobs: Vec::new() })
    }

    fn event(&mut self, event: Stored) -> Result<(), Problem> {
        let name = format!("{} version {}", event.stream, event.version);
        if event.seq <= self.last_seq || i64::try_from(event.seq).is_err() {
            let (seq, last) = (event.seq, self.last_seq);
            return Err(Problem::Said(format!("{name}: seq {seq} stands after {last}; lines are doubled or moved")));
        }
        let is_time = DateTime::parse_from_rfc3339(&event.at).is_ok_and(|time| rfc3339(time.to_utc()) == event.at);
        if !is_time {
            return Err(Problem::Said(format!("{name}: `{}` is not a time as opsctl writes it", event.at)));
        }
        let found = self.chains.follow(&event);
        if let Some(problem) = found.problems.first() {
            return Err(Problem::Said(format!("{name}: {problem}")));
        }
        self.shelf.put_event(&event)?;
        (self.last_seq, self.events) = (event.seq, self.events + 1);
        let mention = (event.stream, event.version);
        for hash in found.blobs {
            self.mentioned.entry(hash).or_insert_with(|| mention.clone());
        }
        Ok(())
    }

    fn blob(&mut self, line: &BlobLine<'_>) -> Result<(), Problem> {
        let hash = &*line.blob;
        let bytes = STANDARD.decode(line.base64.as_bytes());
        let bytes = bytes.map_err(|error| Problem::Said(format!("the blob {hash} is not base64: {error}")))?;
        if sha256(&bytes) != hash {
            return Err(Problem::Said(format!("the blob {hash} was changed: its bytes have another hash")));
        }
        if !self.shelf.put_blob(hash, &bytes)? {
            return Err(Problem::Said(format!("the blob {hash} stands there twice")));
        }
        self.blobs.push(hash.to_owned());
        Ok(())
    }

    fn is_all_of(&self, header: &Header) -> Result<(), String> {
        let (events, blobs) = (self.events, self.blobs.len() as u64);
        if (events, blobs) == (header.events, header.blobs) {
            return Ok(());
        }
        Err(format!(
            "there are {events} events and {blobs} blobs, where line 1 says {} and {}",
            header.events, header.blobs
        ))
    }

    fn end(mut self) -> Parcel {
        for hash in &self.blobs {
            self.mentioned.remove(hash);
        }
        let (events, streams, blobs) = (self.events, self.chains.len(), self.blobs.len() as u64);
        Parcel { shelf: self.shelf, wanted: self.mentioned, events, streams, blobs }
    }
}

/// The lines on their way in, counted and hashed.
struct Lines<'r> {
    from: &'r mut dyn BufRead,
    /// The line at hand, with its end.
    line: Vec<u8>,
    /// Its number.
    number: u64,
    /// Over all lines before it.
    digest: Sha256,
}

impl Lines<'_> {
    /// Takes the next line to hand. Tells whether there is one.
    fn fill(&mut self) -> Result<bool, BadParcel> {
        self.digest.update(&self.line);
        self.line.clear();
        self.number += 1;
        (&mut *self.from).take(LONGEST).read_until(b'\n', &mut self.line)?;
        Ok(!self.line.is_empty())
    }

    /// Takes the next line to hand, which must be there and whole.
    fn next(&mut self) -> Result<(), BadParcel> {
        self.fill()?;
        // Programs that copy text sometimes take the last line's end away; nothing is lost with it.
        if self.line.starts_with(br#"{"lines":"#) && self.line.ends_with(b"}") { Ok(()) } else { self.is_whole() }
    }

    fn is_whole(&self) -> Result<(), BadParcel> {
        if self.line.ends_with(b"\n") { Ok(()) } else { Err(BadParcel::Cut { line: self.number }) }
    }

    fn text(&self) -> Result<&str, BadParcel> {
        std::str::from_utf8(&self.line).map_err(|error| self.bad(format!("it is not UTF-8: {error}")))
    }

    fn parse<'t, T: Deserialize<'t>>(&self, text: &'t str) -> Result<T, BadParcel> {
        serde_json::from_str(text).map_err(|error| self.bad(in_words(&error)))
    }

    fn bad(&self, problem: impl Into<String>) -> BadParcel {
        BadParcel::Line { line: self.number, problem: problem.into() }
    }

    /// Whether the last line says what was read before it.
    fn holds(&self, end: &EndLine<'_>) -> Result<(), BadParcel> {
        if end.lines != self.number - 1 {
            let (before, said) = (self.number - 1, end.lines);
            return Err(
                self.bad(format!("{before} lines stand before it, where it says {said}: some were lost or added"))
            );
        }
        if hex(&self.digest.clone().finalize()) != end.sha256 {
            return Err(self.bad("the SHA-256 of the lines before it is another one: something was changed"));
        }
        Ok(())
    }

    /// Whether nothing follows.
    fn ends(&mut self) -> Result<(), BadParcel> {
        if self.fill()? { Err(self.bad("it stands after the last line")) } else { Ok(()) }
    }
}

/// A reader's error with the column only: it was given one line.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
    format!("{problem} (column {})", error.column())
}
