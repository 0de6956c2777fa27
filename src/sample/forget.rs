//! Takes away what is older than it is to be kept.

use rusqlite::{Connection, Params};

use super::hour::{self, DAY, HOUR};
use super::roll_up::rolled;
use super::{Samples, beat};
use crate::ground::{Span, Time};
use crate::journal::JournalError;
use crate::monitor::Beat;

/// So many rows of a table are taken away at once.
const MANY: i64 = 1000;

/// Before which moments, in milliseconds since 1970, things are old.
#[derive(Debug, Clone, Copy)]
struct Old {
    samples: i64,
    rollups: i64,
}

impl Samples {
    /// Takes away samples and heartbeats older than `samples_kept`, and hours and days that ended longer than
    /// `rollups_kept` ago. Of a probe stay the samples that are not added up yet, the last one before them, and the
    /// newest heartbeat of each kind; these, too, go after `rollups_kept`, and the probe with the last of them.
    ///
    /// The file does not shrink; its space is used again.
    pub fn forget(&self, now: Time, samples_kept: Span, rollups_kept: Span) -> Result<(), JournalError> {
        let before = |kept: Span| now.checked_sub_signed(kept.delta()).unwrap_or_default().timestamp_millis();
        let old = Old { samples: before(samples_kept), rollups: before(rollups_kept) };
        for probe in self.read(all)? {
            while self.write_piece(|db| forget_some(db, probe, old))? {}
        }
        Ok(())
    }
}

fn all(db: &Connection) -> rusqlite::Result<Vec<i64>> {
    db.prepare_cached("SELECT id FROM probes ORDER BY id")?.query_map([], |row| row.get(0))?.collect()
}

/// Takes a piece of what is old of a probe away. Whether there may be more.
fn forget_some(db: &Connection, probe: i64, old: Old) -> rusqlite::Result<bool> {
    let mut more = samples(db, probe, old)?;
    for hours in [1, DAY] {
        more |= rollups(db, probe, hours, old)?;
    }
    for kind in Beat::ALL {
        more |= beats(db, probe, kind, old)?;
    }
    if !more {
        clear(db, probe)?;
    }
    Ok(more)
}

fn samples(db: &Connection, probe: i64, old: Old) -> rusqlite::Result<bool> {
    let Some(added_up) = rolled(db, probe)?.map(|rolled| rolled * HOUR) else { return Ok(false) };
    let last: Option<i64> = db
        .prepare_cached("SELECT max(at) FROM samples WHERE probe = ?1 AND at < ?2")?
        .query_row([probe, added_up], |row| row.get(0))?;
    let limit = last.map_or(old.samples, |last| old.samples.min(last)).max(old.rollups).min(added_up);
    take(
        db,
        "DELETE FROM samples WHERE probe = ?1
         AND at IN (SELECT at FROM samples WHERE probe = ?1 AND at < ?2 ORDER BY at LIMIT ?3)",
        [probe, limit, MANY],
    )
}

fn rollups(db: &Connection, probe: i64, hours: i64, old: Old) -> rusqlite::Result<bool> {
    take(
        db,
        "DELETE FROM rollups WHERE probe = ?1 AND hours = ?2
         AND start IN (SELECT start FROM rollups WHERE probe = ?1 AND hours = ?2 AND start <= ?3 LIMIT ?4)",
        [probe, hours, hour::of(old.rollups) - hours, MANY],
    )
}

fn beats(db: &Connection, probe: i64, kind: Beat, old: Old) -> rusqlite::Result<bool> {
    let newest = beat::last(db, probe, kind)?.map(|(at, _)| at.timestamp_millis());
    let limit = newest.map_or(old.samples, |newest| old.samples.min(newest)).max(old.rollups);
    take(
        db,
        "DELETE FROM beats WHERE probe = ?1 AND kind = ?2
         AND at IN (SELECT at FROM beats WHERE probe = ?1 AND kind = ?2 AND at < ?3 LIMIT ?4)",
        [probe, beat::code(kind), limit, MANY],
    )
}

/// Deletes at most [`MANY`] rows. Whether there may be more.
fn take(db: &Connection, delete: &str, values: impl Params) -> rusqlite::Result<bool> {
    Ok(db.prepare_cached(delete)?.execute(values)?.cast_signed() as i64 == MANY)
}

/// When all that is old is gone: a newest sample that is no sample any more, and a probe of which nothing is left.
fn clear(db: &Connection, probe: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "DELETE FROM latest WHERE probe = ?1
         AND NOT EXISTS (SELECT 1 FROM samples WHERE samples.probe = ?1 AND samples.at = latest.at)",
    )?
    .execute([probe])?;
    db.prepare_cached(
        "DELETE FROM probes WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM samples WHERE probe = ?1)
         AND NOT EXISTS (SELECT 1 FROM rollups WHERE probe = ?1) AND NOT EXISTS (SELECT 1 FROM beats WHERE probe = ?1)",
    )?
    .execute([probe])?;
    Ok(())
}
