//! Rollups as they are stored, and those of time that is not added up yet.

use std::collections::BTreeMap;

use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Row, params};

use super::hour::{self, DAY, HOUR};
use super::{Counts, Responses, Rollup, rows};
use crate::monitor::{State, Times};

/// The columns of a rollup after its key, in the order that [`rollup`] reads them.
const COLUMNS: &str =
    "good_ms, bad_ms, maintenance_ms, up, degraded, down, unknown, maintenance, not_configured, responses";

/// The states in the order of their columns.
const STATES: [State; 6] =
    [State::Up, State::Degraded, State::Down, State::Unknown, State::Maintenance, State::NotConfigured];

/// Which stretch a rollup is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// The probe's number.
    pub probe: i64,
    /// How many hours: 1 or [`DAY`].
    pub hours: i64,
    /// The first of them.
    pub start: i64,
}

/// Stores what is known of a stretch, unless as much is stored already: its samples may be forgotten by now.
pub(super) fn put(db: &Connection, stretch: Stretch, rollup: &Rollup) -> rusqlite::Result<()> {
    let known = |rollup: &Rollup| (rollup.times.known_ms(), rollup.counts.total());
    if known(rollup) <= known(&get(db, stretch)?) {
        return Ok(());
    }
    let [up, degraded, down, unknown, maintenance, not_configured] = STATES.map(|state| signed(rollup.counts[state]));
    let Times { good_ms, bad_ms, maintenance_ms, .. } = rollup.times;
    db.prepare_cached(&format!(
        "INSERT OR REPLACE INTO rollups (probe, hours, start, {COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    ))?
    .execute(params![
        stretch.probe,
        stretch.hours,
        stretch.start,
        signed(good_ms),
        signed(bad_ms),
        signed(maintenance_ms),
        up,
        degraded,
        down,
        unknown,
        maintenance,
        not_configured,
        rollup.responses.to_bytes(),
    ])?;
    Ok(())
}

/// What is stored of a stretch that was added up; a stretch of which nothing is known is not stored.
pub(super) fn get(db: &Connection, stretch: Stretch) -> rusqlite::Result<Rollup> {
    let length = unsigned(stretch.hours * HOUR);
    let found = db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM rollups WHERE probe = ?1 AND hours = ?2 AND start = ?3"))?
        .query_row([stretch.probe, stretch.hours, stretch.start], |row| rollup(row, length))
        .optional()?;
    Ok(found.unwrap_or_else(|| Rollup::unknown(length)))
}

/// What the stored hours of a day add up to.
pub(super) fn day_of_hours(db: &Connection, probe: i64, day: i64) -> rusqlite::Result<Rollup> {
    let mut whole = Rollup::default();
    for start in day..day + DAY {
        whole += &get(db, Stretch { probe, hours: 1, start })?;
    }
    Ok(whole)
}

/// The times of all stored stretches of one length that begin from `start` to before `end`.
pub(super) fn times(db: &Connection, probe: i64, hours: i64, start: i64, end: i64) -> rusqlite::Result<Times> {
    if start >= end {
        return Ok(Times::default());
    }
    let mut times = db
        .prepare_cached(
            "SELECT coalesce(sum(good_ms), 0), coalesce(sum(bad_ms), 0), coalesce(sum(maintenance_ms), 0) FROM rollups
             WHERE probe = ?1 AND hours = ?2 AND start >= ?3 AND start < ?4",
        )?
        .query_row([probe, hours, start, end], |row| {
            Ok(Times { good_ms: ms(row, 0)?, bad_ms: ms(row, 1)?, maintenance_ms: ms(row, 2)?, unknown_ms: 0 })
        })?;
    times.unknown_ms = unsigned((end - start) * HOUR).saturating_sub(times.known_ms());
    Ok(times)
}

/// The times and counts of all stored days that begin from `start` to before `end`, by their first hour: without the
/// histograms, which are most of a row.
pub(super) fn days(
    db: &Connection,
    probe: i64,
    start: i64,
    end: i64,
) -> rusqlite::Result<BTreeMap<i64, (Times, Counts)>> {
    db.prepare_cached(
        "SELECT good_ms, bad_ms, maintenance_ms, up, degraded, down, unknown, maintenance, not_configured, start
         FROM rollups WHERE probe = ?1 AND hours = ?2 AND start >= ?3 AND start < ?4",
    )?
    .query_map([probe, DAY, start, end], |row| Ok((row.get(9)?, times_and_counts(row, unsigned(DAY * HOUR))?)))?
    .collect()
}

/// What the samples of one hour, or of its part before `until`, add up to.
pub(super) fn from_samples(db: &Connection, probe: i64, start: i64, until: i64) -> rusqlite::Result<Rollup> {
    let from = start * HOUR;
    let samples = rows::stretch(db, probe, from, until)?;
    Ok(Rollup::of(&samples, hour::time(from), hour::time(until)))
}

/// Reads a row of [`COLUMNS`].
fn rollup(row: &Row<'_>, length: u64) -> rusqlite::Result<Rollup> {
    let (times, counts) = times_and_counts(row, length)?;
    Ok(Rollup { times, counts, responses: responses(row, 9)? })
}

/// Reads the columns before the last.
fn times_and_counts(row: &Row<'_>, length: u64) -> rusqlite::Result<(Times, Counts)> {
    let mut times = Times { good_ms: ms(row, 0)?, bad_ms: ms(row, 1)?, maintenance_ms: ms(row, 2)?, unknown_ms: 0 };
    times.unknown_ms = length.saturating_sub(times.known_ms());
    let mut counts = Counts::default();
    for (column, state) in (3..).zip(STATES) {
        counts[state] = unsigned(row.get(column)?);
    }
    Ok((times, counts))
}

fn responses(row: &Row<'_>, column: usize) -> rusqlite::Result<Responses> {
    let Some(bytes) = row.get_ref(column)?.as_blob_or_null()? else { return Ok(Responses::default()) };
    Responses::from_bytes(bytes)
        .ok_or_else(|| Error::FromSqlConversionFailure(column, Type::Blob, "it is no histogram".into()))
}

fn ms(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(unsigned)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Nothing below zero is ever stored.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
