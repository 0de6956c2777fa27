//! Single samples: written in batches, read again.

use std::time::Duration;

use rusqlite::{Connection, Row, params, params_from_iter};

use super::{Samples, hour, probe, probe_or_new};
use crate::ground::{Span, Time, abort_point};
use crate::journal::JournalError;
use crate::monitor::{Sample, State};

/// The columns of a sample after its probe, in the order that [`sample`] reads them.
const COLUMNS: &str = "at, state, response_us, status, certificate, interval_ms, reason";

impl Samples {
    /// Keeps a batch: all of it, or on an error nothing. A second sample of the same probe and millisecond is ignored,
    /// so a batch may be given again.
    pub fn append(&self, samples: &[Sample]) -> Result<(), JournalError> {
        if samples.is_empty() {
            return Ok(());
        }
        self.write(|db| {
            samples.iter().try_for_each(|sample| insert(db, sample))?;
            abort_point();
            Ok(())
        })?;
        abort_point();
        Ok(())
    }

    /// The newest sample of every probe, by name. Probes that are defined no longer are among them until they are
    /// forgotten.
    pub fn latest(&self) -> Result<Vec<Sample>, JournalError> {
        self.read(|db| {
            db.prepare_cached(&format!("SELECT {COLUMNS}, name FROM latest JOIN probes ON id = probe ORDER BY name"))?
                .query_map([], |row| sample(row.get(7)?, row))?
                .collect()
        })
    }

    /// The newest samples of a probe, the newest first.
    pub fn recent(&self, name: &str, most: usize) -> Result<Vec<Sample>, JournalError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.select(name, "ORDER BY at DESC LIMIT ?2", &[most])
    }

    /// The samples of a probe from `from` to before `until`, the oldest first.
    pub fn range(&self, name: &str, from: Time, until: Time) -> Result<Vec<Sample>, JournalError> {
        let bounds = [from.timestamp_millis(), until.timestamp_millis()];
        self.select(name, "AND at >= ?2 AND at < ?3 ORDER BY at", &bounds)
    }

    fn select(&self, name: &str, which: &str, values: &[i64]) -> Result<Vec<Sample>, JournalError> {
        self.read(|db| {
            let Some(id) = probe(db, name)? else { return Ok(Vec::new()) };
            db.prepare_cached(&format!("SELECT {COLUMNS} FROM samples WHERE probe = ?1 {which}"))?
                .query_map(params_from_iter([id].iter().chain(values)), |row| sample(name.to_owned(), row))?
                .collect()
        })
    }
}

/// The samples of a stretch in order of time, with the last one before it, which says how it begins. They do without
/// the probe's name.
pub(super) fn stretch(db: &Connection, id: i64, from: i64, until: i64) -> rusqlite::Result<Vec<Sample>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM samples WHERE probe = ?1 AND at < ?3
         AND at >= coalesce((SELECT max(at) FROM samples WHERE probe = ?1 AND at < ?2), ?2) ORDER BY at"
    ))?
    .query_map([id, from, until], |row| sample(String::new(), row))?
    .collect()
}

fn insert(db: &Connection, sample: &Sample) -> rusqlite::Result<()> {
    let id = probe_or_new(db, &sample.probe)?;
    let values = params![
        id,
        sample.at.timestamp_millis(),
        code(sample.state),
        sample.response_us.map(|us| i64::try_from(us).unwrap_or(i64::MAX)),
        sample.status,
        sample.certificate_expires_at.map(|time| time.timestamp()),
        i64::try_from(sample.interval.0.as_millis()).unwrap_or(i64::MAX),
        sample.reason,
    ];
    db.prepare_cached(&format!(
        "INSERT INTO samples (probe, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING"
    ))?
    .execute(values)?;
    db.prepare_cached(&format!(
        "INSERT INTO latest (probe, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (probe) DO UPDATE SET ({COLUMNS}) = (excluded.at, excluded.state, excluded.response_us,
         excluded.status, excluded.certificate, excluded.interval_ms, excluded.reason) WHERE excluded.at > at"
    ))?
    .execute(values)?;
    Ok(())
}

/// Reads a row of [`COLUMNS`].
fn sample(probe: String, row: &Row<'_>) -> rusqlite::Result<Sample> {
    Ok(Sample {
        probe,
        at: hour::time(row.get(0)?),
        state: state(row.get(1)?),
        response_us: row.get::<_, Option<i64>>(2)?.map(i64::unsigned_abs),
        status: row.get(3)?,
        certificate_expires_at: row.get::<_, Option<i64>>(4)?.and_then(|seconds| Time::from_timestamp(seconds, 0)),
        interval: Span(Duration::from_millis(row.get::<_, i64>(5)?.unsigned_abs())),
        reason: row.get(6)?,
    })
}

/// The number that stands for a state in the file, for ever.
const fn code(state: State) -> i64 {
    match state {
        State::Up => 0,
        State::Degraded => 1,
        State::Down => 2,
        State::Unknown => 3,
        State::Maintenance => 4,
        State::NotConfigured => 5,
    }
}

/// The state that a number stands for. One that nobody wrote says nothing.
const fn state(code: i64) -> State {
    match code {
        0 => State::Up,
        1 => State::Degraded,
        2 => State::Down,
        4 => State::Maintenance,
        5 => State::NotConfigured,
        _ => State::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{code, state};
    use crate::monitor::State;

    #[test]
    fn every_state_is_read_as_it_was_written() {
        assert_eq!(State::ALL.map(|one| state(code(one))), State::ALL);
    }
}
