//! How a service is and was, by its probes and by the outages that were told: the worst counts.

use chrono::NaiveDate;

use super::{State, Times, availability};
use crate::ground::Time;

/// How a service is, the worst last. The words are those of status pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceState {
    /// All is well.
    Operational,
    /// Work is being done on it as planned.
    UnderMaintenance,
    /// It works, but not well.
    DegradedPerformance,
    /// Some of it does not work.
    PartialOutage,
    /// It does not work.
    MajorOutage,
}

impl ServiceState {
    /// All of them, the worst last.
    pub const ALL: [Self; 5] =
        [Self::Operational, Self::UnderMaintenance, Self::DegradedPerformance, Self::PartialOutage, Self::MajorOutage];

    /// The word for programs: `partial_outage`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::UnderMaintenance => "under_maintenance",
            Self::DegradedPerformance => "degraded_performance",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    /// The words for people: `Partial outage`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Operational => "Operational",
            Self::UnderMaintenance => "Under maintenance",
            Self::DegradedPerformance => "Degraded performance",
            Self::PartialOutage => "Partial outage",
            Self::MajorOutage => "Major outage",
        }
    }
}

/// What one probe saw on one day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeDay {
    /// Which day.
    pub date: NaiveDate,
    /// How long it was good, bad, in maintenance, unknown.
    pub times: Times,
    /// How many observations there were.
    pub seen: u64,
    /// How many of them were degraded.
    pub degraded: u64,
}

/// A time in which a service was said to be out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// The id of what was told: an incident's.
    pub id: String,
    /// When it began.
    pub from: Time,
    /// When it was over; none while it lasts.
    pub until: Option<Time>,
    /// How bad it was.
    pub state: ServiceState,
}

/// A service on one day (UTC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDay {
    /// Which day.
    pub date: NaiveDate,
    /// What the probe saw that was worst off.
    pub times: Times,
    /// The worst it was; none when nobody knows.
    pub worst: Option<ServiceState>,
    /// The ids of the outages that lasted into it.
    pub outages: Vec<String>,
}

/// How a service is by what its probes are called: none when nobody knows.
///
/// Down is a major outage when all that can be told is down, else a partial one. What is not configured does not count.
/// An unknown probe beside good ones makes it unknown, for what nobody saw is not taken for good.
pub fn service_state(probes: &[State]) -> Option<ServiceState> {
    let any = |state| probes.contains(&state);
    let told = |state: &&State| matches!(state, State::Up | State::Degraded | State::Down);
    if any(State::Down) {
        let all = probes.iter().filter(told).all(|state| *state == State::Down);
        return Some(if all { ServiceState::MajorOutage } else { ServiceState::PartialOutage });
    }
    if any(State::Degraded) {
        Some(ServiceState::DegradedPerformance)
    } else if any(State::Maintenance) {
        Some(ServiceState::UnderMaintenance)
    } else if any(State::Up) && !any(State::Unknown) {
        Some(ServiceState::Operational)
    } else {
        None
    }
}

/// The days of a service from those of its probes, which all have the same dates, and from its outages.
///
/// Of every day the probe counts that was available least; of several alike, the one that was looked at longest. A probe
/// that saw nothing on a day says nothing about it.
pub fn service_days(dates: &[NaiveDate], probes: &[Vec<ProbeDay>], outages: &[Outage]) -> Vec<ServiceDay> {
    let day = |(place, date): (usize, &NaiveDate)| {
        let seen: Vec<&ProbeDay> = probes.iter().filter_map(|days| days.get(place)).collect();
        let those: Vec<&Outage> = outages.iter().filter(|outage| outage.lasts_into(*date)).collect();
        let told = those.iter().map(|outage| outage.state).max();
        ServiceDay {
            date: *date,
            times: worst_off(&seen).map_or(Times::unknown(DAY_MS), |day| day.times),
            worst: seen.iter().filter_map(|day| state_of(day)).max().max(told),
            outages: those.iter().map(|outage| outage.id.clone()).collect(),
        }
    };
    dates.iter().enumerate().map(day).collect()
}

const DAY_MS: u64 = 86_400_000;

fn worst_off<'a>(days: &[&'a ProbeDay]) -> Option<&'a ProbeDay> {
    let ratio = |day: &ProbeDay| availability(&day.times).ratio.unwrap_or(f64::INFINITY);
    days.iter().copied().min_by(|one, other| {
        let longest = || other.times.known_ms().cmp(&one.times.known_ms());
        ratio(one).total_cmp(&ratio(other)).then_with(longest)
    })
}

/// The worst that a probe's day shows: up to a hundredth of it bad is degraded, up to a tenth a partial outage.
fn state_of(day: &ProbeDay) -> Option<ServiceState> {
    let Times { good_ms, bad_ms, maintenance_ms, .. } = day.times;
    let looked = good_ms.saturating_add(bad_ms);
    if looked == 0 {
        return (maintenance_ms > 0).then_some(ServiceState::UnderMaintenance);
    }
    let at_most = |part: u64| bad_ms.saturating_mul(part) < looked;
    Some(match bad_ms {
        0 if day.degraded.saturating_mul(20) > day.seen => ServiceState::DegradedPerformance,
        0 => ServiceState::Operational,
        _ if at_most(100) => ServiceState::DegradedPerformance,
        _ if at_most(10) => ServiceState::PartialOutage,
        _ => ServiceState::MajorOutage,
    })
}

impl Outage {
    fn lasts_into(&self, date: NaiveDate) -> bool {
        let last = self.until.map_or(NaiveDate::MAX, |until| until.date_naive());
        (self.from.date_naive()..=last).contains(&date)
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::{Outage, ProbeDay, ServiceState, service_days, service_state};
    use crate::monitor::{State, Times};

    #[test]
    fn the_worst_probe_says_how_a_service_is() {
        use State::{Degraded, Down, Maintenance, NotConfigured, Unknown, Up};
        for (probes, expected) in [
            (&[Up, Up][..], Some(ServiceState::Operational)),
            (&[Up, NotConfigured], Some(ServiceState::Operational)),
            (&[Up, Degraded, Unknown], Some(ServiceState::DegradedPerformance)),
            (&[Up, Down], Some(ServiceState::PartialOutage)),
            (&[Down, Degraded], Some(ServiceState::PartialOutage)),
            (&[Down, Unknown], Some(ServiceState::MajorOutage)),
            (&[Down], Some(ServiceState::MajorOutage)),
            (&[Maintenance, Up, Unknown], Some(ServiceState::UnderMaintenance)),
            (&[Up, Unknown], None),
            (&[Unknown], None),
            (&[NotConfigured], None),
            (&[], None),
        ] {
            assert_eq!(service_state(probes), expected, "{probes:?}");
        }
    }

    fn date(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    /// A day on which so many thousandths were good, bad, in maintenance.
    fn probe_day(day: u32, good: u64, bad: u64, maintenance: u64) -> ProbeDay {
        let ms = |thousandths: u64| thousandths * 86_400;
        let unknown_ms = ms(1000 - good - bad - maintenance);
        let times = Times { good_ms: ms(good), bad_ms: ms(bad), maintenance_ms: ms(maintenance), unknown_ms };
        ProbeDay { date: date(day), times, seen: 1000, degraded: 0 }
    }

    #[test]
    fn days_are_as_bad_as_they_were_and_unknown_ones_stay_unknown() {
        let worst = |day: ProbeDay| service_days(&[date(1)], &[vec![day]], &[])[0].worst;
        for (good, bad, maintenance, expected) in [
            (1000, 0, 0, Some(ServiceState::Operational)),
            (1, 0, 0, Some(ServiceState::Operational)),
            (995, 5, 0, Some(ServiceState::DegradedPerformance)),
            (950, 50, 0, Some(ServiceState::PartialOutage)),
            (900, 100, 0, Some(ServiceState::MajorOutage)),
            (0, 1, 0, Some(ServiceState::MajorOutage)),
            (0, 0, 10, Some(ServiceState::UnderMaintenance)),
            (500, 0, 500, Some(ServiceState::Operational)),
            (0, 0, 0, None),
        ] {
            assert_eq!(worst(probe_day(1, good, bad, maintenance)), expected, "{good} {bad} {maintenance}");
        }
        let slow = ProbeDay { degraded: 60, ..probe_day(1, 1000, 0, 0) };
        assert_eq!(worst(slow), Some(ServiceState::DegradedPerformance));
        assert_eq!(worst(ProbeDay { degraded: 50, ..slow }), Some(ServiceState::Operational));
    }

    #[test]
    fn the_probe_that_was_worst_off_counts_day_by_day() {
        let dates = [date(1), date(2), date(3)];
        let one = vec![probe_day(1, 1000, 0, 0), probe_day(2, 900, 100, 0), probe_day(3, 0, 0, 0)];
        let other = vec![probe_day(1, 500, 0, 0), probe_day(2, 0, 0, 0), probe_day(3, 0, 0, 0)];
        let days = service_days(&dates, &[one.clone(), other], &[]);
        assert_eq!(days[0].times, one[0].times);
        assert_eq!(days[1].times, one[1].times);
        assert_eq!((days[2].times, days[2].worst), (Times::unknown(86_400_000), None));
        assert_eq!(service_days(&dates, &[], &[])[0].times, Times::unknown(86_400_000));
    }

    #[test]
    fn an_outage_marks_every_day_it_lasts_into() {
        let dates = [date(1), date(2), date(3), date(4)];
        let at = |text: &str| text.parse().unwrap();
        let outage = |id: &str, from: &str, until: Option<&str>, state| Outage {
            id: id.to_owned(),
            from: at(from),
            until: until.map(at),
            state,
        };
        let outages = [
            outage("A", "2026-11-01T23:59:00Z", Some("2026-11-02T00:01:00Z"), ServiceState::PartialOutage),
            outage("B", "2026-11-02T12:00:00Z", None, ServiceState::DegradedPerformance),
        ];
        let days = service_days(&dates, &[], &outages);
        let told: Vec<String> = days.iter().map(|day| day.outages.join(",")).collect();
        assert_eq!(told, ["A", "A,B", "B", "B"]);
        assert_eq!(days[1].worst, Some(ServiceState::PartialOutage));
        assert_eq!(days[3].worst, Some(ServiceState::DegradedPerformance));
        assert_eq!(days[0].times, Times::unknown(86_400_000), "what was told is nothing that was measured");
    }
}
