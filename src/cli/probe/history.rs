//! `opsctl probe history`: what was seen over time.

use chrono::{DateTime, NaiveDate, NaiveTime};
use indexmap::IndexMap;

use crate::catalog::model::Objective;
use crate::cli::ids;
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::ground::{Span, Time};
use crate::monitor::{Sample, State, availability};
use crate::sample::{Bucket, History, Rollup, Samples};
use crate::view::probe::history::{BucketView, FailureView, HistoryView, ObjectiveMet, history_text};
use crate::view::probe::spread::Spread;

use super::list::samples;
use super::one;

/// How many failures are told.
const FAILURES: usize = 10;

/// How far back failures are looked for; older single samples are usually gone.
const FAILURES_SINCE: Span = Span::seconds(14 * 86_400);

/// What `probe history` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct HistoryArgs {
    /// The probe's id
    #[arg(add = ids::probes())]
    id: String,
    /// From when: a duration back (7d), a day (2026-11-01), or a moment (2026-11-01T08:00:00Z)
    #[arg(long, value_name = "WHEN", default_value = "24h")]
    since: String,
}

pub(super) fn history(session: &mut Session<'_>, args: &HistoryArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let now = session.clock.now();
    let since = since(&args.since, now)?;
    // A probe that is no longer defined may have been seen all the same.
    let probe = one(&workspace.loaded.catalog.settings, &args.id);
    let samples = samples(&workspace)?;
    let objectives = &workspace.loaded.catalog.settings.objectives;
    let seen = samples.as_ref().map(|samples| told(samples, &args.id, since, now, objectives)).transpose()?;
    let is_known = |view: &HistoryView| view.counts.values().any(|count| *count > 0);
    let view = match (seen, probe) {
        (Some(view), Err(_)) if is_known(&view) => view,
        (_, Err(unknown)) => return Err(unknown),
        (Some(view), Ok(_)) => view,
        (None, Ok(_)) => nothing(&args.id, since, now),
    };
    if !is_known(&view) {
        session.terminal.tell("Nothing was kept in this time; `opsctl watch` keeps what it sees.");
    }
    session.show(&view, |look| history_text(look, &view))
}

fn since(text: &str, now: Time) -> Result<Time> {
    let day = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let moment = text
        .parse::<Span>()
        .ok()
        .and_then(|span| now.checked_sub_signed(span.delta()))
        .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()))
        .or_else(|| text.parse::<NaiveDate>().ok().map(day));
    match moment {
        Some(moment) if moment < now => Ok(moment),
        Some(_) => Err(Error::usage(format!("`{text}` lies in the future"))),
        None => Err(Error::usage(format!("`{text}` is neither a duration nor a day nor a moment"))
            .hint("write it like 7d, 2026-11-01, or 2026-11-01T08:00:00Z")),
    }
}

fn told(
    samples: &Samples,
    id: &str,
    from: Time,
    now: Time,
    objectives: &IndexMap<String, Objective>,
) -> Result<HistoryView> {
    let history = samples.history(id, from, now)?;
    let recent = now.checked_sub_signed(FAILURES_SINCE.delta()).unwrap_or(from).max(from);
    let failures = failures(&samples.range(id, recent, now)?);
    let mut view = view(id, &history, failures);
    let times = &history.total.times;
    let held = |(id, objective): (&String, &Objective)| {
        let met = availability(times).meets(objective.uptime()?);
        Some(ObjectiveMet { id: id.clone(), target: objective.target.clone(), met })
    };
    view.objectives = objectives.iter().filter_map(held).collect();
    Ok(view)
}

fn view(id: &str, history: &History, failures: Vec<FailureView>) -> HistoryView {
    let Rollup { times, counts, responses } = &history.total;
    let whole = availability(times);
    HistoryView {
        id: id.to_owned(),
        from: history.from,
        until: history.until,
        availability: whole.ratio,
        coverage: whole.coverage,
        good_s: times.good_ms / 1000,
        bad_s: times.bad_ms / 1000,
        maintenance_s: times.maintenance_ms / 1000,
        unknown_s: times.unknown_ms / 1000,
        counts: State::ALL.iter().map(|state| (*state, counts[*state])).filter(|(_, count)| *count > 0).collect(),
        response_ms: Spread::told(responses.count(), |share| responses.quantile(share)),
        buckets: history.buckets.iter().map(bucket).collect(),
        failures,
        objectives: Vec::new(),
    }
}

fn bucket(bucket: &Bucket) -> BucketView {
    let Rollup { times, responses, .. } = &bucket.seen;
    let piece = availability(times);
    BucketView {
        from: bucket.from,
        availability: piece.ratio,
        coverage: piece.coverage,
        bad_s: times.bad_ms / 1000,
        p95_ms: Spread::told(responses.count(), |share| responses.quantile(share)).p95,
    }
}

fn failures(samples: &[Sample]) -> Vec<FailureView> {
    let mut failures: Vec<FailureView> = Vec::new();
    let mut in_a_row = false;
    for sample in samples.iter().rev() {
        if sample.state.is_good() || sample.state == State::Maintenance {
            in_a_row = false;
            continue;
        }
        let is_full = failures.len() == FAILURES;
        match failures.last_mut() {
            Some(last) if in_a_row && last.state == sample.state && last.reason == sample.reason => {
                last.from = sample.at;
                last.count += 1;
            }
            _ if is_full => break,
            _ => failures.push(FailureView {
                from: sample.at,
                at: sample.at,
                count: 1,
                state: sample.state,
                reason: sample.reason.clone(),
            }),
        }
        in_a_row = true;
    }
    failures
}

fn nothing(id: &str, from: Time, now: Time) -> HistoryView {
    let seconds = u64::try_from((now - from).num_seconds()).unwrap_or(0);
    HistoryView {
        id: id.to_owned(),
        from,
        until: now,
        availability: None,
        coverage: 0.0,
        good_s: 0,
        bad_s: 0,
        maintenance_s: 0,
        unknown_s: seconds,
        counts: std::collections::BTreeMap::new(),
        response_ms: Spread::default(),
        buckets: Vec::new(),
        failures: Vec::new(),
        objectives: Vec::new(),
    }
}
