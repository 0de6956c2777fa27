//! What a probe has seen over time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveTime;
use serde::Serialize;

use super::spread::Spread;
use super::words::{counts, figure, labelled, style, word};
use crate::ground::{Span, Time, plain_line, time_format};
use crate::monitor::State;
use crate::view::look::{Look, Style, paint};
use crate::view::run::short_time;
use crate::view::table::table;
use crate::view::wrap::hanging;

/// How many columns a bar has.
const BAR: u32 = 10;

/// What a probe has seen over time. Shares are from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryView {
    /// The probe's id.
    pub id: String,
    /// From then on.
    #[serde(with = "time_format")]
    pub from: Time,
    /// Until then.
    #[serde(with = "time_format")]
    pub until: Time,
    /// Good time in good and bad time; null when nothing is known of either.
    pub availability: Option<f64>,
    /// The share of the time, without maintenance, that is known to be good or bad.
    pub coverage: f64,
    /// Seconds in which it was up or degraded.
    pub good_s: u64,
    /// Seconds in which it was down.
    pub bad_s: u64,
    /// Seconds in which work was planned.
    pub maintenance_s: u64,
    /// Seconds of which nobody knows.
    pub unknown_s: u64,
    /// How often it came out how.
    pub counts: BTreeMap<State, u64>,
    /// How long answers took, in milliseconds.
    pub response_ms: Spread,
    /// The same in pieces, the oldest first.
    pub buckets: Vec<BucketView>,
    /// Its last failures, the latest first.
    pub failures: Vec<FailureView>,
    /// The workspace's objectives for availability.
    pub objectives: Vec<ObjectiveMet>,
}

/// An objective for availability, held against a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectiveMet {
    /// Its id.
    pub id: String,
    /// Its target: `99.9% uptime`.
    pub target: String,
    /// Whether it is met; null without data, for no data is no success.
    pub met: Option<bool>,
}

/// A piece of a history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BucketView {
    /// When it begins.
    #[serde(with = "time_format")]
    pub from: Time,
    /// Good time in good and bad time; null when nothing is known of either.
    pub availability: Option<f64>,
    /// The share of the time, without maintenance, that is known to be good or bad.
    pub coverage: f64,
    /// Seconds in which it was down.
    pub bad_s: u64,
    /// 95 of 100 answers took at most so many milliseconds.
    pub p95_ms: Option<f64>,
}

/// A time in which a probe was not up, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailureView {
    /// When it was seen first.
    #[serde(with = "time_format")]
    pub from: Time,
    /// When it was seen last.
    #[serde(with = "time_format")]
    pub at: Time,
    /// How many times in a row.
    pub count: u64,
    /// How it came out.
    pub state: State,
    /// Why.
    pub reason: Option<String>,
}

/// What a probe has seen over time, for people.
pub fn history_text(look: Look, history: &HistoryView) -> String {
    let name = paint(look, Style::Heading, &plain_line(&history.id));
    let mut text = format!("{name} · {} to {} UTC\n", short_time(history.from), short_time(history.until));
    for (label, value) in facts(look, history) {
        let _ = writeln!(text, "{}", labelled(look, label, &value));
    }
    // Before the first thing that is known there is nothing to tell.
    let known = history.buckets.iter().position(|bucket| bucket.coverage > 0.0 || bucket.availability.is_some());
    if let Some(first) = known.filter(|_| !history.counts.is_empty()) {
        let _ = write!(text, "\n{}", buckets(look, &history.buckets[first..]));
    }
    if !history.failures.is_empty() {
        let _ = writeln!(text, "\n{}", paint(look, Style::Heading, "Last failures"));
    }
    for failure in &history.failures {
        let state = paint(look, style(failure.state), word(failure.state));
        let reason = failure.reason.as_deref().map(|reason| format!(" · {}", plain_line(reason))).unwrap_or_default();
        let when = match failure.count {
            1 => format!("{} UTC", short_time(failure.at)),
            many => format!("{} to {} UTC · {many} times", short_time(failure.from), short_time(failure.at)),
        };
        let line = format!("  {when} · {state}{reason}");
        let _ = writeln!(text, "{}", hanging(&line, look.width, 2));
    }
    text
}

fn facts(look: Look, history: &HistoryView) -> Vec<(&'static str, String)> {
    let coverage = format!("{} of the time is known", percent(history.coverage));
    let availability = match history.availability {
        Some(share) => format!("{} · {coverage}", percent(share)),
        None => format!("not known · {coverage}"),
    };
    let objectives = history.objectives.iter().map(|objective| {
        let word = match objective.met {
            Some(true) => paint(look, Style::Good, "met"),
            Some(false) => paint(look, Style::Bad, "not met"),
            None => "no data".to_owned(),
        };
        ("Objective", format!("{}: {word}", plain_line(&objective.target)))
    });
    let counts = counts(look, |state| history.counts.get(&state).copied().unwrap_or(0));
    let mut facts = vec![
        ("Availability", availability),
        ("Good", Span::seconds(history.good_s).to_string()),
        ("Bad", Span::seconds(history.bad_s).to_string()),
        ("Maintenance", Span::seconds(history.maintenance_s).to_string()),
        ("Unknown", Span::seconds(history.unknown_s).to_string()),
        ("Observations", if counts.is_empty() { "none".to_owned() } else { counts }),
    ];
    facts.splice(1..1, objectives);
    let response = &history.response_ms;
    if response.n > 0 {
        let names = ["min", "p50", "p95", "p99", "max"].into_iter().zip(response.cells());
        let told = names.filter(|(_, ms)| ms != "-").map(|(name, ms)| format!("{name} {ms}"));
        facts.push(("Response ms", told.chain(response.too_few()).collect::<Vec<_>>().join(" · ")));
    }
    facts
}

fn buckets(look: Look, buckets: &[BucketView]) -> String {
    // The head of the history says the year.
    let are_days = buckets.iter().all(|bucket| bucket.from.time() == NaiveTime::MIN);
    let from = if are_days { "%Y-%m-%d" } else { "%m-%d %H:%M" };
    let rows = buckets.iter().map(|bucket| {
        let bad = if bucket.bad_s == 0 { String::new() } else { Span::seconds(bucket.bad_s).to_string() };
        vec![
            bucket.from.format(from).to_string(),
            bucket.availability.map_or_else(String::new, bar),
            bucket.availability.map_or_else(|| "not known".to_owned(), percent),
            bad,
            percent(bucket.coverage),
            bucket.p95_ms.map_or_else(|| "-".to_owned(), |ms| format!("{} ms", figure(ms))),
        ]
    });
    table(look, &["From (UTC)", "", "Available", "Bad", "Known", "p95"], rows)
}

/// A share as a percentage. It is rounded down, so that only what is whole is 100 %.
fn percent(share: f64) -> String {
    // The little that is added undoes what binary fractions take away: 0.9995 is to be 99.95 %.
    let most = if share < 1.0 { 99_999.0 } else { 100_000.0 };
    let thousandths = (share.max(0.0) * 100_000.0 + 1e-6).floor().min(most);
    let written = format!("{:.3}", thousandths / 1000.0);
    format!("{} %", written.trim_end_matches('0').trim_end_matches('.'))
}

/// A share as a bar. Only what is whole fills it.
fn bar(share: f64) -> String {
    (1..=BAR).map(|step| if share * f64::from(BAR) >= f64::from(step) { '█' } else { '░' }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::TimeDelta;

    use super::{BucketView, FailureView, HistoryView, bar, history_text, percent};
    use crate::monitor::State;
    use crate::view::look::Look;
    use crate::view::probe::spread::Spread;
    use crate::view::probe::tests::{HOSTILE, is_plain, now};

    fn history() -> HistoryView {
        let bucket = |hours, availability, coverage, bad_s, p95_ms| BucketView {
            from: now() - TimeDelta::hours(hours),
            availability,
            coverage,
            bad_s,
            p95_ms,
        };
        let failure = |minutes, state, reason: &str| FailureView {
            from: now() - TimeDelta::minutes(minutes),
            at: now() - TimeDelta::minutes(minutes),
            count: 1,
            state,
            reason: Some(reason.to_owned()),
        };
        HistoryView {
            objectives: Vec::new(),
            id: "api".to_owned(),
            from: now() - TimeDelta::hours(4),
            until: now(),
            availability: Some(0.966_666),
            coverage: 0.75,
            good_s: 8700,
            bad_s: 300,
            maintenance_s: 2400,
            unknown_s: 3000,
            counts: BTreeMap::from([(State::Up, 145), (State::Down, 5), (State::Unknown, 50)]),
            response_ms: Spread {
                n: 50,
                min: Some(0.9),
                p50: Some(12.04),
                p95: Some(141.6),
                p99: None,
                max: Some(1503.0),
            },
            buckets: vec![
                bucket(4, Some(1.0), 1.0, 0, Some(14.25)),
                bucket(3, Some(0.916_67), 1.0, 300, Some(141.6)),
                bucket(2, None, 0.0, 0, None),
                bucket(1, Some(0.999_999), 0.999_99, 1, Some(13.0)),
            ],
            failures: vec![
                failure(
                    121,
                    State::Unknown,
                    "this machine has no network (api.example:443 cannot be reached from here)",
                ),
                failure(185, State::Down, "[STATUS] (500) == 200"),
            ],
        }
    }

    #[test]
    fn a_history_says_how_much_is_known() {
        insta::assert_snapshot!(history_text(Look::PLAIN, &history()), @"
        api · 2026-11-23 11:00 to 2026-11-23 15:00 UTC
        Availability 96.666 % · 75 % of the time is known
        Good         2h25m
        Bad          5m
        Maintenance  40m
        Unknown      50m
        Observations 145 up, 5 down, 50 unknown
        Response ms  min 0.9 · p50 12 · p95 142 · max 1503 · p99 needs 100 samples

        From (UTC)               Available  Bad  Known     p95
        ──────────────────────────────────────────────────────────
        11-23 11:00  ██████████  100 %           100 %     14.2 ms
        11-23 12:00  █████████░  91.667 %   5m   100 %     142 ms
        11-23 13:00              not known       0 %       -
        11-23 14:00  █████████░  99.999 %   1s   99.999 %  13 ms

        Last failures
          2026-11-23 12:59 UTC · unknown · this machine has no network (api.example:443
            cannot be reached from here)
          2026-11-23 11:55 UTC · DOWN · [STATUS] (500) == 200
        ");
        insta::assert_snapshot!(history_text(Look { width: 60, colour: false }, &history()), @"
        api · 2026-11-23 11:00 to 2026-11-23 15:00 UTC
        Availability 96.666 % · 75 % of the time is known
        Good         2h25m
        Bad          5m
        Maintenance  40m
        Unknown      50m
        Observations 145 up, 5 down, 50 unknown
        Response ms  min 0.9 · p50 12 · p95 142 · max 1503 · p99
                     needs 100 samples

        From (UTC)               Available  Bad  Known     p95
        ──────────────────────────────────────────────────────────
        11-23 11:00  ██████████  100 %           100 %     14.2 ms
        11-23 12:00  █████████░  91.667 %   5m   100 %     142 ms
        11-23 13:00              not known       0 %       -
        11-23 14:00  █████████░  99.999 %   1s   99.999 %  13 ms

        Last failures
          2026-11-23 12:59 UTC · unknown · this machine has no
            network (api.example:443 cannot be reached from here)
          2026-11-23 11:55 UTC · DOWN · [STATUS] (500) == 200
        ");
    }

    #[test]
    fn no_data_is_not_well() {
        let nothing = HistoryView {
            availability: None,
            coverage: 0.0,
            good_s: 0,
            bad_s: 0,
            maintenance_s: 0,
            unknown_s: 14_400,
            counts: BTreeMap::new(),
            response_ms: Spread::default(),
            buckets: history().buckets.split_off(2),
            failures: vec![],
            ..history()
        };
        insta::assert_snapshot!(history_text(Look::PLAIN, &nothing), @"
        api · 2026-11-23 11:00 to 2026-11-23 15:00 UTC
        Availability not known · 0 % of the time is known
        Good         0s
        Bad          0s
        Maintenance  0s
        Unknown      4h
        Observations none
        ");
        assert!(serde_json::to_value(&nothing).unwrap()["availability"].is_null());
    }

    #[test]
    fn only_what_is_whole_is_shown_as_whole() {
        let cases = [(1.0, "100 %"), (0.9995, "99.95 %"), (0.999_999_999_999, "99.999 %"), (0.0, "0 %"), (0.5, "50 %")];
        for (share, text) in cases {
            assert_eq!(percent(share), text);
        }
        assert_eq!([bar(1.0), bar(0.999), bar(0.0)], ["██████████", "█████████░", "░░░░░░░░░░"]);
    }

    #[test]
    fn what_failed_stays_text() {
        let mut history = history();
        history.id = HOSTILE.to_owned();
        history.failures[0].reason = Some(HOSTILE.to_owned());
        is_plain(&history_text(Look::PLAIN, &history));
    }
}
