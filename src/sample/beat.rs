//! Heartbeats: what a job says of itself.

use rusqlite::{Connection, OptionalExtension, params};

use super::hour::HOUR;
use super::{Samples, hour, probe, probe_or_new};
use crate::ground::Time;
use crate::journal::JournalError;
use crate::monitor::{Beat, Beats};

/// The number that stands for a kind of heartbeat in the file, for ever.
pub(super) const fn code(beat: Beat) -> i64 {
    match beat {
        Beat::Start => 0,
        Beat::Success => 1,
        Beat::Fail => 2,
    }
}

impl Samples {
    /// Keeps a heartbeat. A second one of the same kind and millisecond is ignored.
    pub fn beat(&self, name: &str, at: Time, beat: Beat, message: Option<&str>) -> Result<(), JournalError> {
        self.write(|db| {
            let id = probe_or_new(db, name)?;
            db.prepare_cached(
                "INSERT INTO beats (probe, kind, at, message) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )?
            .execute(params![id, code(beat), at.timestamp_millis(), message])?;
            Ok(())
        })
    }

    /// The newest heartbeats of a probe.
    pub fn last_beats(&self, name: &str) -> Result<Beats, JournalError> {
        self.read(|db| {
            let Some(id) = probe(db, name)? else { return Ok(Beats::default()) };
            let fail = last(db, id, Beat::Fail)?;
            let at = |found: Option<(Time, Option<String>)>| found.map(|(at, _)| at);
            Ok(Beats {
                last_start: at(last(db, id, Beat::Start)?),
                last_success: at(last(db, id, Beat::Success)?),
                message: fail.as_ref().and_then(|(_, message)| message.clone()),
                last_fail: at(fail),
                awaited_since: first(db, id)?,
            })
        })
    }
}

/// When a probe was made first, as far back as that is kept.
fn first(db: &Connection, id: i64) -> rusqlite::Result<Option<Time>> {
    let hour: Option<i64> = db
        .prepare_cached("SELECT min(start) FROM rollups WHERE probe = ?1 AND hours = 1")?
        .query_row([id], |row| row.get(0))?;
    let sample: Option<i64> =
        db.prepare_cached("SELECT min(at) FROM samples WHERE probe = ?1")?.query_row([id], |row| row.get(0))?;
    Ok(hour.map(|hour| hour * HOUR).into_iter().chain(sample).min().map(hour::time))
}

/// When the newest heartbeat of a kind came, and what it said.
pub(super) fn last(db: &Connection, id: i64, beat: Beat) -> rusqlite::Result<Option<(Time, Option<String>)>> {
    db.prepare_cached("SELECT at, message FROM beats WHERE probe = ?1 AND kind = ?2 ORDER BY at DESC LIMIT 1")?
        .query_row([id, code(beat)], |row| Ok((hour::time(row.get(0)?), row.get(1)?)))
        .optional()
}
