//! What is known for the public page, from everywhere it is kept.

use chrono::{NaiveDate, SubsecRound as _, TimeDelta};

use crate::catalog::model::{Probe, Service, Settings};
use crate::error::Result;
use crate::ground::{Actor, Span, SystemClock, Time};
use crate::ledger::Ledger;
use crate::monitor::service::{Outage, ServiceDay, service_days, service_state};
use crate::monitor::{Sample, Settled, State, Thresholds, Times, availability};
use crate::sample::Samples;
use crate::view::page::{
    DAYS, Impact, Page, PageDay, PageIncident, PageMaintenance, PageService, ServiceState, Status, Uptime,
};
use crate::workspace::Workspace;

use super::told;

/// What the page is called when the workspace has no title.
const NAMELESS: &str = "Services";

/// The public page as everything that is kept says it at this moment.
pub fn gather(workspace: &Workspace, url: Option<&str>, now: Time) -> Result<Page> {
    let settings = &workspace.loaded.catalog.settings;
    let told = told(workspace)?;
    let samples = workspace.state_dir().ok().map(Samples::open_read).transpose()?.flatten();
    let seen = Seen { samples: samples.as_ref(), dates: dates(now), now };
    let one = |service: &Service| {
        let probes = settings.all_probes().filter(|probe| probe.enabled && probe.service == service.id);
        seen.service(service, &probes.collect::<Vec<_>>(), &told)
    };
    let shown: Vec<&Service> = match &settings.status_page.services {
        Some(ids) => ids.iter().filter_map(|id| settings.services.get(id)).collect(),
        None => settings.services.values().collect(),
    };
    let services = shown.into_iter().map(one).collect::<Result<_>>()?;
    let Told { incidents, maintenances } = told;
    Ok(Page {
        title: title(settings),
        url: url.map(str::to_owned).or_else(|| settings.status_page.url.clone()),
        at: now.trunc_subsecs(0),
        services,
        incidents,
        maintenances,
    })
}

fn title(settings: &Settings) -> String {
    let page = settings.status_page.title.as_ref().or(settings.title.as_ref());
    page.cloned().unwrap_or_else(|| NAMELESS.to_owned())
}

/// What the public was told.
struct Told {
    /// The newest first.
    incidents: Vec<PageIncident>,
    /// The newest first.
    maintenances: Vec<PageMaintenance>,
}

// Reads from the journal what the public was told: approved messages only.
fn told(workspace: &Workspace) -> Result<Told> {
    let Some(journal) = workspace.journal_to_read()? else {
        return Ok(Told { incidents: Vec::new(), maintenances: Vec::new() });
    };
    let ledger = Ledger {
        journal: &journal,
        catalog: &workspace.loaded.catalog,
        clock: &SystemClock,
        // Nothing is written here.
        actor: Actor(String::new()),
        host: String::new(),
    };
    let settings = &workspace.loaded.catalog.settings;
    let incidents = told::incidents(&ledger.incidents()?, settings);
    Ok(Told { incidents, maintenances: told::maintenances(&ledger.maintenances()?, settings) })
}

impl Told {
    /// How a service is said to be by what is going on: until an incident only is being watched.
    fn state(&self, id: &str) -> Option<ServiceState> {
        let is_felt = |one: &&PageIncident| {
            !one.status.is_over()
                && one.status != Status::Monitoring
                && one.services.iter().any(|service| service == id)
        };
        let incidents = self.incidents.iter().filter(is_felt).map(|one| one.impact.state());
        let is_worked_on = |one: &&PageMaintenance| {
            matches!(one.status, Status::InProgress | Status::Verifying) && one.services.iter().any(|one| one == id)
        };
        let maintenances = self.maintenances.iter().filter(is_worked_on).map(|_| ServiceState::UnderMaintenance);
        // That nobody feels it proves nothing.
        incidents.chain(maintenances).max().filter(|state| *state > ServiceState::Operational)
    }

    fn outages(&self, id: &str) -> Vec<Outage> {
        let those = self.incidents.iter().filter(|one| one.services.iter().any(|service| service == id));
        those
            .filter(|one| one.impact > Impact::None)
            .map(|one| Outage {
                id: one.id.clone(),
                from: one.started_at,
                until: one.resolved_at,
                state: one.impact.state(),
            })
            .collect()
    }
}

/// What probes have seen.
struct Seen<'a> {
    samples: Option<&'a Samples>,
    dates: Vec<NaiveDate>,
    now: Time,
}

impl Seen<'_> {
    fn service(&self, service: &Service, probes: &[&Probe], told: &Told) -> Result<PageService> {
        let called = probes.iter().map(|probe| self.called(probe)).collect::<Result<Vec<_>>>()?;
        let states: Vec<State> = called.iter().map(|(state, _)| *state).collect();
        // Where nobody measures, what was told is all there is to know.
        let by_probes = if probes.is_empty() { Some(ServiceState::Operational) } else { service_state(&states) };
        let days = self.days(probes, &told.outages(&service.id))?;
        Ok(PageService {
            id: service.id.clone(),
            title: service.title.clone(),
            summary: service.summary.clone(),
            state: by_probes.max(told.state(&service.id)),
            since: called.iter().filter_map(|(_, since)| *since).max(),
            uptime: uptime(&days),
            days: days.into_iter().map(page_day).collect(),
        })
    }

    /// What a probe is called now, and since when; unknown when nobody has looked for two of its intervals.
    fn called(&self, probe: &Probe) -> Result<(State, Option<Time>)> {
        let Some(samples) = self.samples else { return Ok((State::Unknown, None)) };
        // Below its thresholds a probe may go up and down for long; so much of it nearly always tells what it is called.
        let reach = probe.failure_threshold.saturating_add(probe.success_threshold).saturating_mul(3);
        let mut recent = samples.recent(&probe.id, reach as usize)?;
        recent.reverse();
        let settled = Settled::replay(&recent, Thresholds::from(probe));
        let stands = |last: &Sample| self.now - last.at <= Span(last.interval.0.saturating_mul(2)).delta();
        let is_current = recent.last().is_some_and(stands);
        Ok(if is_current { (settled.state, settled.since) } else { (State::Unknown, None) })
    }

    fn days(&self, probes: &[&Probe], outages: &[Outage]) -> Result<Vec<ServiceDay>> {
        if probes.is_empty() && outages.is_empty() {
            return Ok(Vec::new());
        }
        let seen = |probe: &&Probe| match self.samples {
            Some(samples) => Ok(samples.days(&probe.id, &self.dates, self.now)?),
            None => Ok(Vec::new()),
        };
        let probes = probes.iter().map(seen).collect::<Result<Vec<_>>>()?;
        Ok(service_days(&self.dates, &probes, outages))
    }
}

/// The last days, the oldest first.
fn dates(now: Time) -> Vec<NaiveDate> {
    let back = |days: usize| i64::try_from(days).ok().and_then(TimeDelta::try_days);
    let day = |days| now.date_naive().checked_sub_signed(back(days)?);
    (0..DAYS).rev().filter_map(day).collect()
}

fn uptime(days: &[ServiceDay]) -> Option<Uptime> {
    let mut times = Times::default();
    for day in days {
        times += day.times;
    }
    let whole = availability(&times);
    whole.ratio.map(|share| Uptime { share, coverage: whole.coverage })
}

fn page_day(day: ServiceDay) -> PageDay {
    PageDay { date: day.date, availability: availability(&day.times).ratio, worst: day.worst, incidents: day.outages }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{Told, dates, uptime};
    use crate::ground::Time;
    use crate::monitor::Times;
    use crate::monitor::service::ServiceDay;
    use crate::view::page::{DAYS, Impact, PageIncident, PageMaintenance, ServiceState, Status};

    fn incident(id: &str, impact: Impact, status: Status) -> PageIncident {
        let at = Time::UNIX_EPOCH;
        PageIncident {
            id: id.to_owned(),
            title: "Trouble".to_owned(),
            impact,
            status,
            services: vec!["api".to_owned()],
            started_at: at,
            created_at: at,
            resolved_at: status.is_over().then_some(at + TimeDelta::hours(1)),
            monitoring_at: None,
            updates: Vec::new(),
        }
    }

    fn maintenance(status: Status) -> PageMaintenance {
        let at = Time::UNIX_EPOCH;
        PageMaintenance {
            id: "MNT-1".to_owned(),
            title: "Work".to_owned(),
            status,
            services: vec!["api".to_owned()],
            created_at: at,
            scheduled_for: at,
            scheduled_until: at,
            started_at: None,
            completed_at: None,
            updates: Vec::new(),
        }
    }

    #[test]
    fn what_is_going_on_says_how_a_service_is() {
        let state = |incidents: Vec<PageIncident>, maintenances: Vec<PageMaintenance>| {
            let told = Told { incidents, maintenances };
            assert_eq!(told.state("other"), None);
            told.state("api")
        };
        let of = |impact, status| state(vec![incident("INC-1", impact, status)], vec![]);
        assert_eq!(of(Impact::Major, Status::Identified), Some(ServiceState::PartialOutage));
        assert_eq!(of(Impact::Critical, Status::Investigating), Some(ServiceState::MajorOutage));
        assert_eq!(of(Impact::Critical, Status::Monitoring), None);
        assert_eq!(of(Impact::Critical, Status::Resolved), None);
        assert_eq!(of(Impact::None, Status::Investigating), None, "that nobody feels it proves nothing");
        assert_eq!(state(vec![], vec![maintenance(Status::Verifying)]), Some(ServiceState::UnderMaintenance));
        assert_eq!(state(vec![], vec![maintenance(Status::Scheduled)]), None);
        let both =
            state(vec![incident("INC-1", Impact::Minor, Status::Identified)], vec![maintenance(Status::InProgress)]);
        assert_eq!(both, Some(ServiceState::DegradedPerformance));
    }

    #[test]
    fn incidents_that_are_felt_are_outages() {
        let incidents = vec![
            incident("INC-2", Impact::None, Status::Identified),
            incident("INC-1", Impact::Minor, Status::Resolved),
        ];
        let told = Told { incidents, maintenances: Vec::new() };
        assert_eq!(told.outages("other"), []);
        let [outage] = told.outages("api").try_into().unwrap();
        assert_eq!((outage.id.as_str(), outage.state), ("INC-1", ServiceState::DegradedPerformance));
        assert_eq!(outage.until, Some(Time::UNIX_EPOCH + TimeDelta::hours(1)));
    }

    #[test]
    fn unknown_time_is_no_good_time() {
        let dates = dates(Time::UNIX_EPOCH);
        assert_eq!((dates.len(), dates[DAYS - 1].to_string()), (DAYS, "1970-01-01".to_owned()));
        let day = |times| ServiceDay { date: dates[0], times, worst: None, outages: Vec::new() };
        assert_eq!(uptime(&[]), None);
        assert_eq!(uptime(&[day(Times::unknown(1000))]), None);
        let good = Times { good_ms: 1000, ..Times::default() };
        let seen = uptime(&[day(good), day(Times::unknown(3000))]).unwrap();
        assert!((seen.share - 1.0).abs() < 1e-9 && (seen.coverage - 0.25).abs() < 1e-9, "{seen:?}");
    }
}
