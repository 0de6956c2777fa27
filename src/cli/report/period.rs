//! The report of a week or a month.

use chrono::{Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeDelta, Weekday};
use indexmap::IndexMap;

use crate::catalog::model::ProcedureKind;
use crate::cli::incident::metrics::is_between;
use crate::cli::probe::list::samples;
use crate::cli::session::Session;
use crate::engine::event::Outcome;
use crate::error::{Error, Result};
use crate::ground::{Time, rfc3339};
use crate::incident::duration::{Figure, figure};
use crate::incident::impact::union;
use crate::incident::metrics::{Metrics, by_severity, counts, metrics};
use crate::incident::{ActionState, Incident, IncidentEvent};
use crate::ledger::Ledger;
use crate::message::MailState;
use crate::monitor::availability;
use crate::view::incident::action::action_view;
use crate::view::incident::metrics::{GroupOfView, group_view};
use crate::view::objective::objective_view;
use crate::view::report::period::{
    ActionsLine, AvailabilityLine, ChecklistLine, IncidentLine, MessagesLine, PeriodView, ServiceLine, period_markdown,
};
use crate::workspace::Workspace;

use super::{Common, give, seen};

/// A period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    kind: &'static str,
    name: String,
    /// Its first day, and that of the period before.
    first: NaiveDate,
    before: NaiveDate,
    /// The first day that is no part of it.
    end: NaiveDate,
}

/// The week that is named, or that of the last Friday.
pub(super) fn week(said: Option<&str>, now: Time) -> Result<Period> {
    let today = now.date_naive();
    let since_friday = (today.weekday().num_days_from_monday() + 3) % 7;
    let friday = today - Days::new(since_friday.into());
    let day = match said {
        Some(said) => NaiveDate::parse_from_str(&format!("{said}-1"), "%G-W%V-%u")
            .ok()
            .filter(|day| is_near(*day))
            .ok_or_else(|| Error::usage(format!("`{said}` is no week; write it like 2026-W47")))?,
        None => friday,
    };
    let first = day.week(Weekday::Mon).first_day();
    let name = first.format("%G-W%V").to_string();
    Ok(Period { kind: "weekly", name, first, before: first - Days::new(7), end: first + Days::new(7) })
}

/// The month that is named; otherwise this one in its last week, and before that the one that is over.
pub(super) fn month(said: Option<&str>, now: Time) -> Result<Period> {
    let wrong = |said: &str| Error::usage(format!("`{said}` is no month; write it like 2026-11"));
    let first = if let Some(said) = said {
        let day = NaiveDate::parse_from_str(&format!("{said}-01"), "%Y-%m-%d").ok();
        day.filter(|day| is_near(*day)).ok_or_else(|| wrong(said))?
    } else {
        // In its last week a month is told; before that, the one that is over.
        let day = now.date_naive() + Days::new(7) - Months::new(1);
        day.with_day(1).unwrap_or(day)
    };
    let name = first.format("%Y-%m").to_string();
    Ok(Period { kind: "monthly", name, first, before: first - Months::new(1), end: first + Months::new(1) })
}

// Far from these years days cannot be counted.
fn is_near(day: NaiveDate) -> bool {
    (1970..9999).contains(&day.year())
}

fn midnight(day: NaiveDate) -> Time {
    day.and_time(NaiveTime::MIN).and_utc()
}

impl Period {
    fn since(&self) -> Time {
        midnight(self.first)
    }

    fn until(&self) -> Time {
        midnight(self.end)
    }

    fn has(&self, at: Time) -> bool {
        (self.since()..self.until()).contains(&at)
    }
}

pub(super) fn report(session: &mut Session<'_>, period: &Period, common: &Common) -> Result<()> {
    let workspace = session.workspace()?;
    let journal = Session::reader(&workspace)?;
    let ledger = session.ledger(&workspace, &*journal);
    let settings = &workspace.loaded.catalog.settings;
    let (severities, now) = (&settings.severities, ledger.now());
    if period.since() > now {
        return Err(Error::usage(format!("{} has not begun yet", period.name)));
    }
    let all = ledger.incidents()?;
    let concerns = |one: &Incident| period.has(one.declared_at) || one.resolved_at.is_some_and(|at| period.has(at));
    let left_out = all.iter().filter(|one| one.is_restricted() && !common.restricted && concerns(one)).count();
    let (incidents, _) = seen(all.clone(), common);
    let declared = |from: Time, until: Time| -> Vec<&Incident> {
        incidents.iter().filter(|one| counts(one) && is_between(one, Some(from), Some(until))).collect()
    };
    let here = declared(period.since(), period.until());
    let reckoned = |of: &[&Incident]| -> Metrics { metrics(of, severities, now.min(period.until())) };
    let before = declared(midnight(period.before), period.since());
    let groups = by_severity(&here, severities).into_iter();
    let view = PeriodView {
        kind: period.kind,
        period: period.name.clone(),
        since: rfc3339(period.since()),
        until: rfc3339(period.until()),
        is_under_way: period.until() > now,
        incidents: incidents.iter().filter(|one| concerns(one)).map(|one| line(period, one)).collect(),
        restricted_left_out: left_out,
        metrics: group_view(&reckoned(&here)),
        metrics_before: group_view(&reckoned(&before)),
        by_severity: groups
            .map(|(severity, of)| GroupOfView { severity, metrics: group_view(&reckoned(&of)) })
            .collect(),
        services: services(&here),
        actions: actions(&ledger, period, &incidents)?,
        checklists: checklists(&ledger, period, &all, session.clock.local(now).naive_local())?,
        availability: available(&workspace, period, now)?,
        objectives: settings.objectives.iter().map(|(id, objective)| objective_view(id, objective)).collect(),
        messages: messages(period, &incidents),
    };
    give(session, &view, &period_markdown(&view), common.out.as_ref())
}

fn line(period: &Period, incident: &Incident) -> IncidentLine {
    let took = |which: Figure| figure(incident, which).map(|took| took.span.num_seconds());
    IncidentLine {
        id: incident.id.clone(),
        title: incident.title.clone(),
        severity: incident.severity.clone(),
        status: incident.status.word().to_owned(),
        is_opened: period.has(incident.declared_at),
        is_resolved: incident.resolved_at.is_some_and(|at| period.has(at)),
        declared_at: rfc3339(incident.declared_at),
        ttr_s: took(Figure::Resolve),
        impact_s: took(Figure::Impact),
    }
}

// The services that incidents touched, the most often touched first.
fn services(incidents: &[&Incident]) -> Vec<ServiceLine> {
    let mut lines: IndexMap<&str, ServiceLine> = IndexMap::new();
    for incident in incidents {
        for service in &incident.services {
            let fresh = || ServiceLine { service: service.clone(), incidents: 0, impact_s: None };
            let line = lines.entry(service).or_insert_with(fresh);
            line.incidents += 1;
            let own: Vec<_> = incident.impacts.iter().filter(|one| one.service == *service).cloned().collect();
            // One that goes on has no duration yet.
            let over = Some(own).filter(|own| own.iter().all(|one| one.to.is_some()));
            let span: Option<TimeDelta> = over.and_then(|own| union(&own, incident.last_at));
            if let Some(span) = span {
                line.impact_s = Some(line.impact_s.unwrap_or_default() + span.num_seconds());
            }
        }
    }
    let mut lines: Vec<ServiceLine> = lines.into_values().collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.incidents, line.impact_s)));
    lines
}

fn actions(ledger: &Ledger<'_>, period: &Period, incidents: &[Incident]) -> Result<ActionsLine> {
    let mut line = ActionsLine { opened: 0, done: 0, dropped: 0, overdue: Vec::new() };
    for incident in incidents.iter().filter(|incident| !incident.actions.is_empty()) {
        for recorded in ledger.incident_events(&incident.id)?.iter().filter(|recorded| period.has(recorded.at)) {
            match recorded.event {
                IncidentEvent::ActionCreated { .. } => line.opened += 1,
                IncidentEvent::ActionDone { .. } => line.done += 1,
                IncidentEvent::ActionDropped { .. } => line.dropped += 1,
                _ => {}
            }
        }
        let limit = period.end.min(ledger.now().date_naive());
        let is_late = |due: Option<NaiveDate>| due.is_some_and(|due| due < limit);
        let open = incident.actions.iter().filter(|one| one.state == ActionState::Open && is_late(one.due));
        line.overdue.extend(open.map(|action| action_view(incident, action)));
    }
    line.overdue.sort_by(|a, b| a.due.cmp(&b.due));
    Ok(line)
}

// Each time that a checklist was due in the period: done, missed, open, or before anything was written down.
fn checklists(
    ledger: &Ledger<'_>,
    period: &Period,
    incidents: &[Incident],
    now: chrono::NaiveDateTime,
) -> Result<Vec<ChecklistLine>> {
    let runs = ledger.summaries()?;
    let begun = runs.iter().map(|run| run.started_at).chain(incidents.iter().map(|one| one.told_at)).min();
    let begun = begun.map(|at| ledger.clock.local(at).naive_local());
    let mut lines = Vec::new();
    for checklist in ledger.catalog.of_kind(ProcedureKind::Checklist) {
        let Some(schedule) = &checklist.schedule else { continue };
        let mut line = ChecklistLine { id: checklist.id.clone(), done: 0, missed: 0, open: 0, unknown: 0 };
        let mut day = period.first;
        while let Some((due, window)) = schedule.next_due(day).filter(|(_, window)| window.first < period.end) {
            day = due.last + Days::new(1);
            // It belongs to the period in which it has to be done.
            if !(period.first..period.end).contains(&window.last) {
                continue;
            }
            let is_done = runs.iter().any(|run| {
                run.procedure == checklist.id
                    && run.kind == ProcedureKind::Checklist
                    && run.period.as_ref() == Some(&due.key)
                    && run.outcome == Some(Outcome::Succeeded)
            });
            let count = match () {
                () if is_done => &mut line.done,
                () if window.deadline >= now => &mut line.open,
                () if begun.is_none_or(|begun| window.deadline < begun) => &mut line.unknown,
                () => &mut line.missed,
            };
            *count += 1;
        }
        if line.done + line.missed + line.open + line.unknown > 0 {
            lines.push(line);
        }
    }
    Ok(lines)
}

fn available(workspace: &Workspace, period: &Period, now: Time) -> Result<Vec<AvailabilityLine>> {
    let Some(samples) = samples(workspace)? else { return Ok(Vec::new()) };
    let settings = &workspace.loaded.catalog.settings;
    let times = samples.times(period.since(), period.until().min(now))?;
    let line = |(probe, times): &(String, crate::monitor::Times)| {
        let found = availability(times);
        let uptimes = settings.objectives.values().filter_map(|one| Some((one.target.clone(), one.uptime()?)));
        AvailabilityLine {
            service: settings.probes.get(probe).map(|probe| probe.service.clone()),
            probe: probe.clone(),
            availability: found.ratio,
            coverage: found.coverage,
            text: found.to_string(),
            objectives: uptimes.map(|(target, share)| (target, found.meets(share))).collect(),
        }
    };
    Ok(times.iter().map(line).collect())
}

fn messages(period: &Period, incidents: &[Incident]) -> MessagesLine {
    let mut line = MessagesLine::default();
    let mails = incidents.iter().flat_map(|incident| &incident.outbox.mails);
    for mail in mails.filter(|mail| period.has(mail.drafted_at)) {
        line.drafted += 1;
        match mail.state() {
            MailState::Sent => line.sent += 1,
            MailState::Stuck => line.stuck += 1,
            MailState::Draft | MailState::Approved | MailState::Queued => line.waiting += 1,
            MailState::Dropped => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{month, week};

    #[test]
    fn the_period_that_is_meant_is_the_one_to_be_told() {
        for (now, weekly, monthly) in [
            ("2026-11-19", "2026-W46", "2026-10"),
            ("2026-11-20", "2026-W47", "2026-10"),
            ("2026-11-22", "2026-W47", "2026-10"),
            ("2026-11-23", "2026-W47", "2026-10"),
            ("2026-11-24", "2026-W47", "2026-11"),
            ("2026-11-30", "2026-W48", "2026-11"),
            ("2026-12-01", "2026-W48", "2026-11"),
            ("2027-01-01", "2026-W53", "2026-12"),
            ("2027-01-31", "2027-W04", "2027-01"),
            ("2027-03-01", "2027-W08", "2027-02"),
        ] {
            let at = format!("{now}T10:00:00Z").parse().unwrap();
            assert_eq!(
                (week(None, at).unwrap().name, month(None, at).unwrap().name),
                (weekly.into(), monthly.into()),
                "{now}"
            );
        }
    }
}
