//! One probe under watch: what it is called, what was seen last, and the alerts that look at it.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::catalog::model::{AlertRule, Probe};
use crate::ground::{Span, Time};
use crate::monitor::rule::{judge, reach};
use crate::monitor::threshold::Change;
use crate::monitor::{Alarm, Sample, Settled, Signal, Thresholds};
use crate::probe::Observation;

/// The longest reason that is kept, in characters.
const REASON: usize = 300;

/// A probe under watch.
#[derive(Debug)]
pub(super) struct Watched {
    pub probe: Arc<Probe>,
    /// When it is made next.
    pub due: Time,
    /// Whether it is being made right now.
    pub is_running: bool,
    /// What it is called.
    pub settled: Settled,
    recent: VecDeque<Sample>,
    alarms: Vec<(Arc<AlertRule>, Alarm)>,
}

/// What follows from an observation.
#[derive(Debug)]
pub(super) struct Followed {
    pub sample: Sample,
    pub change: Option<Change>,
    pub signals: Vec<(Arc<AlertRule>, Signal)>,
}

impl Watched {
    /// A probe, with the rules that look at it, what was seen before (oldest first), and the alerts that are open.
    pub fn new(
        probe: Arc<Probe>,
        due: Time,
        rules: &[Arc<AlertRule>],
        before: Vec<Sample>,
        open_since: impl Fn(&AlertRule) -> Option<Time>,
    ) -> Self {
        let settled = Settled::replay(&before, Thresholds::from(&*probe));
        let alarms = rules.iter().map(|rule| (Arc::clone(rule), Alarm::restored(open_since(rule)))).collect();
        let recent = before.into_iter().map(nameless).collect();
        Self { probe, due, is_running: false, settled, recent, alarms }
    }

    /// The same probe as it is defined now; what was seen stays. It is made when it is due, or sooner.
    pub fn redefined(self, probe: Arc<Probe>, due: Time, rules: &[Arc<AlertRule>]) -> Self {
        let alarm = |rule: &Arc<AlertRule>| {
            let known = self.alarms.iter().find(|(known, _)| known.id == rule.id);
            (Arc::clone(rule), known.map(|(_, alarm)| *alarm).unwrap_or_default())
        };
        let alarms = rules.iter().map(alarm).collect();
        Self { probe, due: due.min(self.due), alarms, ..self }
    }

    /// How many samples of the past its rules and thresholds look at.
    pub fn reach(probe: &Probe, rules: &[Arc<AlertRule>]) -> usize {
        // Below the thresholds a probe may go up and down for long; so much of it nearly always tells what it is called.
        let of_thresholds = probe.failure_threshold.saturating_add(probe.success_threshold).saturating_mul(3);
        let of_rules = rules.iter().map(|rule| {
            let reach = reach(&rule.when);
            let of_window = reach.window.0.as_secs() / probe.interval.0.as_secs().max(1) + 1;
            reach.observations.max(u32::try_from(of_window).unwrap_or(u32::MAX))
        });
        of_rules.fold(of_thresholds, u32::max) as usize
    }

    /// The rules whose alerts are open, and since when.
    pub fn open(&self) -> impl Iterator<Item = (&AlertRule, Time)> {
        self.alarms.iter().filter_map(|(rule, alarm)| Some((&**rule, alarm.open_since?)))
    }

    /// Takes in an observation.
    pub fn see(&mut self, observation: &Observation, now: Time) -> Followed {
        let sample = sample(observation, &self.probe);
        let change = self.settled.observe(sample.state, sample.at, Thresholds::from(&*self.probe));
        self.forget(now);
        self.recent.push_back(nameless(sample.clone()));
        let recent = self.recent.make_contiguous();
        let step = |(rule, alarm): &mut (Arc<AlertRule>, Alarm)| {
            let signal = alarm.step(judge(&rule.when, recent, now), rule.resolve_after, now)?;
            Some((Arc::clone(rule), signal))
        };
        let signals = self.alarms.iter_mut().filter_map(step).collect();
        Followed { sample, change, signals }
    }

    // Keeps what some rule still looks at: so many of the newest, and all of a window.
    fn forget(&mut self, now: Time) {
        let reaches: Vec<_> = self.alarms.iter().map(|(rule, _)| reach(&rule.when)).collect();
        let window = reaches.iter().map(|reach| reach.window).max().unwrap_or_default();
        // What says nothing is passed over, so that more than the bare number is kept.
        let least = 3 * reaches.iter().map(|reach| reach.observations as usize).max().unwrap_or(0);
        while self.recent.len() > least.max(1)
            && self.recent.front().is_some_and(|first| now - first.at > window.delta())
        {
            self.recent.pop_front();
        }
    }
}

/// What is kept of an observation.
///
/// It stands for the probe's interval, or for as long as its attempts may take where that is longer.
fn sample(observation: &Observation, probe: &Probe) -> Sample {
    let attempts = (probe.timeout.0 + probe.retry.delay.0).saturating_mul(probe.retry.attempts);
    let interval = probe.interval.max(Span(attempts));
    Sample {
        probe: observation.id.clone(),
        at: observation.started_at,
        state: observation.state,
        response_us: observation.response_us(),
        status: observation.status,
        certificate_expires_at: observation.certificate_expires_at,
        interval,
        reason: observation.why().map(|why| why.chars().take(REASON).collect()),
    }
}

/// A sample as it is remembered: there are many of each probe, and all of them have its name.
fn nameless(sample: Sample) -> Sample {
    Sample { probe: String::new(), ..sample }
}
