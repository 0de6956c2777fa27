//! A probe over a long time: what is added up already, and today's samples.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use rusqlite::Connection;

use super::hour::{self, DAY, HOUR};
use super::roll_up::rolled;
use super::stored::{self, Stretch};
use super::{Counts, Rollup, Samples, probe};
use crate::ground::Time;
use crate::journal::JournalError;
use crate::monitor::service::ProbeDay;
use crate::monitor::{State, Times};

/// Up to so many hours are told one by one, more of them by days.
const SHORT: i64 = 2 * DAY;

/// A probe over a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// When the stretch begins: with an hour.
    pub from: Time,
    /// When it ends.
    pub until: Time,
    /// All of it.
    pub total: Rollup,
    /// Its hours, or its days (UTC) when it is longer than two days; the first and the last may be parts of one.
    /// Those of which nothing is known are among them.
    pub buckets: Vec<Bucket>,
}

/// An hour or a day of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// When it begins.
    pub from: Time,
    /// When it ends.
    pub until: Time,
    /// What was seen in it.
    pub seen: Rollup,
}

/// A probe and the stretch that is asked for, in milliseconds since 1970.
struct Asked {
    probe: i64,
    /// The first hour that is not added up yet.
    rolled: i64,
    /// The beginning of an hour.
    from: i64,
    until: i64,
}

impl Samples {
    /// What was seen of a probe from `from` to before `until`.
    ///
    /// The stretch begins with the hour that `from` lies in, and goes to the end of `until`'s hour when that is added
    /// up already. A probe that was never seen is unknown all the time.
    pub fn history(&self, name: &str, from: Time, until: Time) -> Result<History, JournalError> {
        self.read(|db| {
            let asked = Asked::new(db, probe(db, name)?.unwrap_or(0), from, until)?;
            let mut total = Rollup::default();
            let mut buckets = Vec::new();
            let mut at = asked.from;
            while at < asked.until {
                let end = asked.end_of_bucket(at);
                let seen = asked.bucket(db, at, end)?;
                total += &seen;
                buckets.push(Bucket { from: hour::time(at), until: hour::time(end), seen });
                at = end;
            }
            Ok(History { from: hour::time(asked.from), until: hour::time(asked.until), total, buckets })
        })
    }

    /// What was seen of a probe on each day (UTC) from the first one to the last, all of them by their dates; the last
    /// may be going on until `now`.
    pub fn days(&self, name: &str, dates: &[NaiveDate], now: Time) -> Result<Vec<ProbeDay>, JournalError> {
        self.read(|db| {
            let id = probe(db, name)?.unwrap_or(0);
            let Some((first, last)) = dates.first().zip(dates.last()) else { return Ok(Vec::new()) };
            let asked = Asked::new(db, id, midnight(*first), midnight(*last) + TimeDelta::days(1))?;
            let whole = stored::days(db, id, hour::of(asked.from), asked.rolled)?;
            let day = |date: &NaiveDate| {
                let from = midnight(*date).timestamp_millis();
                let (start, next) = (hour::of(from), from + DAY * HOUR);
                if start + DAY <= asked.rolled {
                    let unknown = (Times::unknown((DAY * HOUR).unsigned_abs()), Counts::default());
                    let (times, counts) = whole.get(&start).copied().unwrap_or(unknown);
                    return Ok(probe_day(*date, times, counts));
                }
                let until = next.min(now.timestamp_millis()).max(from);
                let Rollup { times, counts, .. } = asked.bucket(db, from, until)?;
                Ok(probe_day(*date, times, counts))
            };
            dates.iter().map(day).collect()
        })
    }

    /// The times of every probe from `from` to before `until`, by name: what the total of its history has, without the
    /// rest, and so much faster.
    pub fn times(&self, from: Time, until: Time) -> Result<Vec<(String, Times)>, JournalError> {
        self.read(|db| {
            let probes: Vec<(i64, String)> = db
                .prepare_cached("SELECT id, name FROM probes ORDER BY name")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            probes.into_iter().map(|(id, name)| Ok((name, Asked::new(db, id, from, until)?.times(db)?))).collect()
        })
    }
}

fn midnight(date: NaiveDate) -> Time {
    date.and_time(NaiveTime::MIN).and_utc()
}

fn probe_day(date: NaiveDate, times: Times, counts: Counts) -> ProbeDay {
    ProbeDay { date, times, seen: counts.total(), degraded: counts[State::Degraded] }
}

impl Asked {
    fn new(db: &Connection, probe: i64, from: Time, until: Time) -> rusqlite::Result<Self> {
        // Where there is no sample, there is none to be added up.
        let rolled = rolled(db, probe)?.unwrap_or(i64::MAX);
        let (from, until) = (hour::of(from.timestamp_millis()) * HOUR, until.timestamp_millis());
        let until = if hour::of(until) < rolled { hour::after(until) * HOUR } else { until };
        Ok(Self { probe, rolled, from, until: until.max(from) })
    }

    fn end_of_bucket(&self, at: i64) -> i64 {
        let start = hour::of(at);
        let is_short = self.until - self.from <= SHORT * HOUR;
        let end = if is_short { start + 1 } else { hour::next_day(start) };
        self.until.min(end * HOUR)
    }

    fn bucket(&self, db: &Connection, from: i64, until: i64) -> rusqlite::Result<Rollup> {
        let (start, end) = (hour::of(from), hour::after(until));
        if end - start == DAY && end <= self.rolled {
            return stored::get(db, Stretch { probe: self.probe, hours: DAY, start });
        }
        let mut whole = Rollup::default();
        for start in start..end {
            whole += &if start < self.rolled {
                stored::get(db, Stretch { probe: self.probe, hours: 1, start })?
            } else {
                stored::from_samples(db, self.probe, start, until.min((start + 1) * HOUR))?
            };
        }
        Ok(whole)
    }

    fn times(&self, db: &Connection) -> rusqlite::Result<Times> {
        let (start, end) = (hour::of(self.from), hour::after(self.until));
        let stored = end.min(self.rolled).max(start);
        let (first, last) = (hour::day_after(start), hour::day(stored));
        let days = if first < last { first..last } else { stored..stored };
        let mut times = stored::times(db, self.probe, 1, start, days.start)?;
        times += stored::times(db, self.probe, DAY, days.start, days.end)?;
        times += stored::times(db, self.probe, 1, days.end, stored)?;
        for start in stored..end {
            times += stored::from_samples(db, self.probe, start, self.until.min((start + 1) * HOUR))?.times;
        }
        Ok(times)
    }
}
