//! Heartbeats: what a job says of itself.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Samples, hour, probe, probe_or_new};
use crate::ground::Time;
use crate::journal::JournalError;

/// What a heartbeat says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeatKind {
    /// The job has begun.
    Start,
    /// The job is done, and all is well.
    Success,
    /// The job has failed.
    Fail,
}

impl BeatKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Start, Self::Success, Self::Fail];

    /// The number that stands for it in the file, for ever.
    pub(super) const fn code(self) -> i64 {
        match self {
            Self::Start => 0,
            Self::Success => 1,
            Self::Fail => 2,
        }
    }
}

/// One heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// When it came.
    pub at: Time,
    /// What the job had to say; one line.
    pub message: Option<String>,
}

/// The newest heartbeat of each kind; none when there was none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Beats {
    /// When the job last began.
    pub last_start: Option<Beat>,
    /// When it last ended well.
    pub last_success: Option<Beat>,
    /// When it last failed.
    pub last_fail: Option<Beat>,
}

impl Samples {
    /// Keeps a heartbeat. A second one of the same kind and millisecond is ignored.
    pub fn beat(&self, name: &str, at: Time, kind: BeatKind, message: Option<&str>) -> Result<(), JournalError> {
        self.write(|db| {
            let id = probe_or_new(db, name)?;
            db.prepare_cached(
                "INSERT INTO beats (probe, kind, at, message) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )?
            .execute(params![id, kind.code(), at.timestamp_millis(), message])?;
            Ok(())
        })
    }

    /// The newest heartbeats of a probe.
    pub fn last_beats(&self, name: &str) -> Result<Beats, JournalError> {
        self.read(|db| {
            let Some(id) = probe(db, name)? else { return Ok(Beats::default()) };
            Ok(Beats {
                last_start: last(db, id, BeatKind::Start)?,
                last_success: last(db, id, BeatKind::Success)?,
                last_fail: last(db, id, BeatKind::Fail)?,
            })
        })
    }
}

/// The newest heartbeat of a kind.
pub(super) fn last(db: &Connection, id: i64, kind: BeatKind) -> rusqlite::Result<Option<Beat>> {
    db.prepare_cached("SELECT at, message FROM beats WHERE probe = ?1 AND kind = ?2 ORDER BY at DESC LIMIT 1")?
        .query_row([id, kind.code()], |row| Ok(Beat { at: hour::time(row.get(0)?), message: row.get(1)? }))
        .optional()
}
