//! Adds up what is over: samples to hours, hours to days.

use rusqlite::{Connection, OptionalExtension, params};

use super::hour::{self, DAY, HOUR};
use super::stored::{self, Stretch};
use super::{Samples, rows};
use crate::ground::Time;
use crate::journal::JournalError;
use crate::monitor::spans;

/// How long after its end an hour is added up, in milliseconds: a probe that began in it may still be under way, and
/// samples are written in batches.
const LATE: i64 = 5 * 60_000;

impl Samples {
    /// Adds up every hour that ended five minutes ago or earlier, and the days that are whole with it, however many
    /// there are. What is added up already stays as it is, so this may be done at any time, and by several processes.
    pub fn roll_up(&self, now: Time) -> Result<(), JournalError> {
        let end = hour::of(now.timestamp_millis() - LATE);
        self.write_piece(|db| come_back(db, end))?;
        for probe in self.read(|db| behind(db, end))? {
            while self.write_piece(|db| roll_up_day(db, probe, end))? {}
        }
        Ok(())
    }
}

/// The first hour of a probe that is not added up yet; none when there are no samples.
pub(super) fn rolled(db: &Connection, probe: i64) -> rusqlite::Result<Option<i64>> {
    let (rolled, first): (Option<i64>, Option<i64>) = db
        .prepare_cached("SELECT rolled, (SELECT min(at) FROM samples WHERE probe = id) FROM probes WHERE id = ?1")?
        .query_row([probe], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .unwrap_or_default();
    Ok(rolled.or(first.map(hour::of)))
}

/// After a clock that was ahead, the hours that were passed over are still to come.
fn come_back(db: &Connection, end: i64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE probes SET rolled = ?1 WHERE rolled > ?1")?.execute([end])?;
    Ok(())
}

/// The probes of which hours before `end` are not added up.
fn behind(db: &Connection, end: i64) -> rusqlite::Result<Vec<i64>> {
    db.prepare_cached("SELECT id FROM probes WHERE rolled IS NULL OR rolled < ?1 ORDER BY id")?
        .query_map([end], |row| row.get(0))?
        .collect()
}

/// Adds up the next hours of a probe, a day at most, and the day when it is whole. Whether there is more to do.
fn roll_up_day(db: &Connection, probe: i64, end: i64) -> rusqlite::Result<bool> {
    let Some(start) = rolled(db, probe)?.filter(|start| *start < end) else { return Ok(false) };
    let start = after_silence(db, probe, start, end)?;
    let stop = hour::next_day(start).min(end);
    for start in start..stop {
        let rollup = stored::from_samples(db, probe, start, (start + 1) * HOUR)?;
        stored::put(db, Stretch { probe, hours: 1, start }, &rollup)?;
    }
    if start < stop && hour::day(stop) == stop {
        let start = stop - DAY;
        stored::put(db, Stretch { probe, hours: DAY, start }, &stored::day_of_hours(db, probe, start)?)?;
    }
    db.prepare_cached("UPDATE probes SET rolled = ?2 WHERE id = ?1")?.execute(params![probe, stop])?;
    Ok(stop < end)
}

/// Where to go on: whole days in which nobody looked are passed over at once.
fn after_silence(db: &Connection, probe: i64, start: i64, end: i64) -> rusqlite::Result<i64> {
    if hour::day(start) != start || stands(db, probe, start)? {
        return Ok(start);
    }
    let next: Option<i64> = db
        .prepare_cached("SELECT min(at) FROM samples WHERE probe = ?1 AND at >= ?2")?
        .query_row([probe, start * HOUR], |row| row.get(0))?;
    Ok(next.map_or(end, |at| hour::day(hour::of(at)).min(end)))
}

/// Whether the last sample before an hour says something about it.
fn stands(db: &Connection, probe: i64, start: i64) -> rusqlite::Result<bool> {
    let from = start * HOUR;
    let before = rows::stretch(db, probe, from, from)?;
    Ok(spans(&before, hour::time(from), hour::time(from + 1)).unknown_ms == 0)
}
