//! How the watcher comes to its probes, and to new ones when the definitions change.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::change::Look;
use super::clerk::{OpenAlerts, Order};
use super::scribe::Page;
use super::watched::Watched;
use super::watcher::Round;
use super::{definitions, service};
use crate::catalog::model::{AlertRule, Probe, Settings};
use crate::error::{Error, Result};
use crate::ground::{Span, Time};
use crate::monitor::Sample;
use crate::monitor::timetable::next;
use crate::sample::Samples;
use crate::view::count::counted;
use crate::workspace::{MARKER, Workspace};

/// At the start every probe is made soon: so long after the one before it, and all of them within their interval.
const AT_START: Duration = Duration::from_millis(5);

/// A probe that is to be watched, and the rules that look at it.
struct Listed {
    probe: Arc<Probe>,
    rules: Vec<Arc<AlertRule>>,
}

impl Round<'_> {
    /// Takes changed definitions over. Whoever is still writing them is waited for: they have to stay for one look.
    pub fn look_at_files(&mut self) {
        let now = self.files.again();
        if now == self.files {
            self.changed = None;
        } else if self.changed.replace(now) == self.changed {
            self.reload();
        }
    }

    /// Takes over the definitions as they are now; those that are broken leave the old ones in force.
    pub fn reload(&mut self) {
        service::reloading();
        let before = self.files.again();
        let read = self.read();
        // What changes while it is read is read again.
        let is_still = before == before.again();
        self.files = if is_still { read.as_ref().map_or(before, look) } else { before };
        self.changed = None;
        let taken = read.and_then(|workspace| {
            let workspace = definitions::checked(workspace)?;
            self.take_up(Arc::new(workspace), &OpenAlerts::default())
        });
        self.watcher.board.known().is_current = taken.is_ok();
        let count = counted(self.watched.len(), "probe");
        match taken {
            Ok(()) => self.watcher.voice.aside(format!("read the definitions again: {count}")),
            Err(error) => {
                self.watcher
                    .voice
                    .trouble(format!("the old definitions stay in force: {error}; `opsctl lint` says more"));
            }
        }
        service::ready(&format!("watching {count}"));
    }

    fn read(&self) -> Result<Workspace> {
        let workspace = (self.watcher.place.reopen)()?;
        // Where the settings are gone, those of a directory above would be found.
        if workspace.dir != self.watcher.workspace.dir {
            return Err(Error::definition(format!("{MARKER} is gone")));
        }
        Ok(workspace)
    }

    /// Makes the list of what is watched; what is known of a probe stays with it. Fails before anything is changed.
    pub fn take_up(&mut self, workspace: Arc<Workspace>, open: &OpenAlerts) -> Result<()> {
        let settings = &workspace.loaded.catalog.settings;
        let listed = listed(settings);
        let past = self.past(&workspace, &listed)?;
        let now = self.now();
        let old = self.watched.drain(..).map(|watched| (watched.probe.id.clone(), watched));
        let mut old: HashMap<String, Watched> = old.collect();
        let fresh = listed.iter().filter(|listed| !old.contains_key(&listed.probe.id)).count();
        let mut begun = 0;
        for (Listed { probe, rules }, before) in listed.into_iter().zip(past) {
            let watched = if let Some(watched) = old.remove(&probe.id) {
                let due = next(&probe.id, probe.interval, now);
                watched.redefined(probe, due, &rules)
            } else {
                let id = probe.id.clone();
                let open_since = |rule: &AlertRule| open.get(&(rule.id.clone(), id.clone())).copied();
                let due = soon(now, probe.interval, begun, fresh);
                begun += 1;
                Watched::new(probe, due, &rules, before, open_since)
            };
            self.watched.push(watched);
        }
        self.agenda.replace(self.watched.iter().enumerate().map(|(place, watched)| (watched.due, place)));
        self.index =
            self.watched.iter().enumerate().map(|(place, watched)| (watched.probe.id.clone(), place)).collect();
        self.show(now);
        // Who takes these in ends after us.
        let _ = self.watcher.pages.send(Page::Keep(settings.retention));
        let _ = self.watcher.orders.send(Order::Workspace(Arc::clone(&workspace)));
        self.prober = Arc::new(self.watcher.prober(&workspace));
        self.watcher.board.define(Arc::clone(&workspace));
        self.watcher.workspace = workspace;
        Ok(())
    }

    fn show(&self, now: Time) {
        let mut known = self.watcher.board.known();
        known.watched = self.watched.len();
        known.reloaded_at = now;
        known.observations.retain(|id, _| self.index.contains_key(&**id));
        let open = |watched: &Watched| {
            let one = |(rule, since): (&AlertRule, Time)| ((rule.id.clone(), watched.probe.id.clone()), since);
            watched.open().map(one).collect::<Vec<_>>()
        };
        known.alerts = self.watched.iter().flat_map(open).collect();
    }

    /// What was seen of each before, oldest first; nothing of those that are under watch already.
    fn past(&self, workspace: &Workspace, listed: &[Listed]) -> Result<Vec<Vec<Sample>>> {
        let samples = Samples::open_read(workspace.state_dir()?)?;
        let one = |Listed { probe, rules }: &Listed| -> Result<Vec<Sample>> {
            let Some(samples) = samples.as_ref().filter(|_| !self.index.contains_key(&probe.id)) else {
                return Ok(Vec::new());
            };
            let mut before = samples.recent(&probe.id, Watched::reach(probe, rules))?;
            before.reverse();
            Ok(before)
        };
        listed.iter().map(one).collect()
    }
}

fn listed(settings: &Settings) -> Vec<Listed> {
    let rules: Vec<(Arc<AlertRule>, HashSet<&str>)> = settings
        .alerts
        .values()
        .map(|rule| (Arc::new(rule.clone()), settings.probes_under(rule).map(|probe| probe.id.as_str()).collect()))
        .collect();
    let rules_of = |probe: &Probe| {
        let theirs = rules.iter().filter(|(_, probes)| probes.contains(probe.id.as_str()));
        theirs.map(|(rule, _)| Arc::clone(rule)).collect()
    };
    let enabled = settings.probes.values().filter(|probe| probe.enabled);
    enabled.map(|probe| Listed { probe: Arc::clone(probe), rules: rules_of(probe) }).collect()
}

/// When the nth of so many new probes is made for the first time: soon, but not with all others at once.
fn soon(now: Time, interval: Span, nth: u32, of: usize) -> Time {
    let of = u32::try_from(of).unwrap_or(u32::MAX).max(1);
    let wait = AT_START.min(interval.0 / of).saturating_mul(nth);
    now + Span(wait).delta()
}

/// What the definition files look like.
pub(super) fn look(workspace: &Workspace) -> Look {
    match &workspace.dir {
        Some(dir) => Look::at(dir, workspace.loaded.paths()),
        None => Look::default(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::soon;
    use crate::ground::{Span, Time};

    #[test]
    fn new_probes_begin_one_after_the_other_and_within_their_interval() {
        let begins = |interval, nth, of| soon(Time::UNIX_EPOCH, Span::seconds(interval), nth, of) - Time::UNIX_EPOCH;
        assert_eq!(begins(60, 0, 1), TimeDelta::zero());
        assert_eq!(begins(60, 99, 100), TimeDelta::milliseconds(495));
        assert_eq!(begins(60, 60_000, 120_000), TimeDelta::seconds(30));
        assert_eq!(begins(1, 999, 1000), TimeDelta::milliseconds(999));
    }
}
