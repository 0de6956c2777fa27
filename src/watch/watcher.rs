//! The watcher: makes each probe when it is due, never twice at once, and passes on what follows.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep, timeout_at};

use super::agenda::Agenda;
use super::board::Board;
use super::change::Look;
use super::clerk::{OpenAlerts, Order, Told};
use super::scribe::Page;
use super::watched::{Followed, Watched, rules_of};
use super::{Options, Place, service};
use crate::catalog::files::FileKind;
use crate::catalog::model::{AlertRule, Probe, Settings};
use crate::error::{Error, Result};
use crate::ground::{Clock, Span, Time};
use crate::monitor::Sample;
use crate::monitor::timetable::next;
use crate::probe::{Observation, Prober, Turns, excuse_dependent};
use crate::process;
use crate::sample::Samples;
use crate::terminal::Terminal;
use crate::view;
use crate::workspace::Workspace;

/// How often the definition files are looked at.
const FILES: Duration = Duration::from_secs(2);

/// A clock that is set is noticed within this time.
const CLOCK: Duration = Duration::from_mins(1);

/// How long probes under way are waited for at the end.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// At the start every probe is made soon: so long after the one before it, and within its interval.
const AT_START: Duration = Duration::from_millis(20);

/// The watcher, before it begins.
pub(super) struct Watcher<'a> {
    pub workspace: Arc<Workspace>,
    pub place: &'a Place<'a>,
    pub options: &'a Options,
    pub board: Arc<Board>,
    pub pages: Sender<Page>,
    pub orders: UnboundedSender<Order>,
    pub address: Option<SocketAddr>,
}

/// A probe that is to be watched, and the rules that look at it.
struct Listed {
    probe: Arc<Probe>,
    rules: Vec<Arc<AlertRule>>,
}

impl Listed {
    fn of(probe: &Probe, settings: &Settings, rules: &[Arc<AlertRule>]) -> Self {
        Self { probe: Arc::new(probe.clone()), rules: rules_of(settings, rules, probe) }
    }
}

/// A probe that has been made.
struct Made {
    probe: Arc<Probe>,
    late: TimeDelta,
    observation: Observation,
}

/// The watcher at work.
struct Round<'a> {
    watcher: Watcher<'a>,
    prober: Arc<Prober<'a>>,
    turns: Arc<Turns>,
    agenda: Agenda,
    watched: Vec<Watched>,
    index: HashMap<String, usize>,
    running: FuturesUnordered<LocalBoxFuture<'a, Made>>,
    files: Look,
}

impl Watcher<'_> {
    /// Watches until it is asked to stop.
    pub fn watch(self, open: &OpenAlerts, told: UnboundedReceiver<Told>, terminal: &mut dyn Terminal) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| Error::environment("the event loop cannot be started").cause(cause))?;
        let mut round = Round {
            prober: Arc::new(self.prober()),
            turns: Arc::new(Turns::new(self.options.limits)),
            agenda: Agenda::default(),
            watched: Vec::new(),
            index: HashMap::new(),
            running: FuturesUnordered::new(),
            files: look(&self.workspace),
            watcher: self,
        };
        round.take_up(open)?;
        runtime.block_on(round.go(told, terminal))
    }
}

impl<'a> Watcher<'a> {
    fn prober(&self) -> Prober<'a> {
        let Place { surroundings, clock, .. } = *self.place;
        crate::workspace::prober(&self.workspace, surroundings, clock)
    }
}

impl Round<'_> {
    async fn go(&mut self, mut told: UnboundedReceiver<Told>, terminal: &mut dyn Terminal) -> Result<()> {
        let mut hangup = signal(SignalKind::hangup())
            .map_err(|cause| Error::environment("signals cannot be listened to").cause(cause))?;
        let mut files = tokio::time::interval(FILES);
        let mut alive = tokio::time::interval(service::patience().unwrap_or(Duration::from_hours(1)));
        let mut stop = pin!(process::stopped());
        self.announce(terminal);
        loop {
            let next = self.until_next();
            tokio::select! {
                () = &mut stop => break,
                Some(made) = self.running.next(), if !self.running.is_empty() => self.made(made, terminal),
                () = sleep(next) => self.begin_due(),
                Some(told) = told.recv() => self.tell(&told, terminal),
                _ = hangup.recv() => self.reload(terminal),
                _ = files.tick() => self.reload_changed(terminal),
                _ = alive.tick() => service::alive(),
            }
        }
        self.end(terminal).await;
        Ok(())
    }

    fn now(&self) -> Time {
        self.watcher.place.clock.now()
    }

    fn until_next(&self) -> Duration {
        let left = self.agenda.next().map(|at| (at - self.now()).to_std().unwrap_or(Duration::ZERO));
        // A clock that is set meanwhile is noticed within a minute.
        left.unwrap_or(CLOCK).min(CLOCK)
    }

    /// Begins what is due. What is still being made is left out this time: a target that hangs piles nothing up.
    fn begin_due(&mut self) {
        let now = self.now();
        while let Some((due, place)) = self.agenda.take(now) {
            let watched = &mut self.watched[place];
            let probe = Arc::clone(&watched.probe);
            self.agenda.put(next(&probe.id, probe.interval, now.max(due)), place);
            if std::mem::replace(&mut watched.is_running, true) {
                self.watcher.board.known().skipped += 1;
                continue;
            }
            let (prober, turns) = (Arc::clone(&self.prober), Arc::clone(&self.turns));
            self.running.push(Box::pin(make(probe, due, prober, turns, self.watcher.place.clock)));
        }
    }

    /// Takes in what a probe has seen, and passes on what follows.
    fn made(&mut self, made: Made, terminal: &mut dyn Terminal) {
        // One that is no longer defined has nobody to tell.
        let Some(&place) = self.index.get(&made.probe.id) else { return };
        let mut observation = made.observation;
        let state_of = |id: &str| self.index.get(id).map(|place| self.watched[*place].settled.state);
        excuse_dependent(&made.probe, &mut observation, state_of);
        let now = self.now();
        let watched = &mut self.watched[place];
        watched.is_running = false;
        let Followed { sample, change, signals } = watched.see(&observation, now);
        let _ = self.watcher.pages.send(Page::Sample(sample)); // the scribe ends after us
        if let Some(change) = change {
            self.tell(&Told::Changed { change, observation: Box::new(observation.clone()) }, terminal);
        }
        self.note(made.late, observation);
        for (rule, signal) in signals {
            let _ = self.watcher.orders.send(Order::Signal { rule, probe: Arc::clone(&made.probe), signal, at: now });
        }
    }

    fn note(&self, late: TimeDelta, mut observation: Observation) {
        observation.output = None;
        let mut known = self.watcher.board.known();
        let late = late.num_microseconds().and_then(|late| u64::try_from(late).ok()).unwrap_or(0);
        known.delay_us.saturating_record(late.max(1));
        known.observations.insert(observation.id.clone(), observation);
    }

    fn tell(&self, told: &Told, terminal: &mut dyn Terminal) {
        let now = self.now();
        if self.watcher.options.is_json {
            terminal.print(&view::watch::json_line(&told.news(), now));
        } else {
            let line = view::watch::line(terminal.look_err(), &told.news(), self.watcher.place.clock.local(now));
            terminal.say(&line);
        }
    }

    fn announce(&self, terminal: &mut dyn Terminal) {
        let count = self.watched.len();
        let listening = self.watcher.address.map(|at| format!(", listening on {at}")).unwrap_or_default();
        let status = format!("watching {count} probes{listening}");
        terminal.tell(&format!("{status}. Ctrl-C stops it."));
        service::ready(&status);
    }

    fn reload_changed(&mut self, terminal: &mut dyn Terminal) {
        if self.files != look(&self.watcher.workspace) {
            self.reload(terminal);
        }
    }

    /// Takes over the definitions as they are now; those that are broken leave the old ones in force.
    fn reload(&mut self, terminal: &mut dyn Terminal) {
        service::reloading();
        self.files = look(&self.watcher.workspace);
        let read = (self.watcher.place.reopen)().and_then(|workspace| match broken(&workspace) {
            Some(why) => Err(Error::definition(why)),
            None => Ok(workspace),
        });
        match read {
            Ok(workspace) => {
                self.watcher.workspace = Arc::new(workspace);
                self.files = look(&self.watcher.workspace);
                self.prober = Arc::new(self.watcher.prober());
                let _ = self.watcher.orders.send(Order::Workspace(Arc::clone(&self.watcher.workspace)));
                let taken = self.take_up(&OpenAlerts::default());
                let mut known = self.watcher.board.known();
                (known.is_current, known.reloaded_at) = (taken.is_ok(), self.now());
                drop(known);
                match taken {
                    Ok(()) => terminal.tell(&format!("read the definitions again: {} probes", self.watched.len())),
                    Err(error) => terminal.tell(&format!("the definitions could not be taken over: {error}")),
                }
            }
            Err(error) => {
                self.watcher.board.known().is_current = false;
                terminal.tell(&format!("the old definitions stay in force: {error}; `opsctl lint` says more"));
            }
        }
        service::ready(&format!("watching {} probes", self.watched.len()));
    }

    /// Makes the list of what is watched; what is known of a probe stays with it. Fails before anything is changed.
    fn take_up(&mut self, open: &OpenAlerts) -> Result<()> {
        let workspace = Arc::clone(&self.watcher.workspace);
        let settings = &workspace.loaded.catalog.settings;
        let rules: Vec<Arc<AlertRule>> = settings.alerts.values().cloned().map(Arc::new).collect();
        let enabled = settings.probes.values().filter(|probe| probe.enabled);
        let listed: Vec<Listed> = enabled.map(|probe| Listed::of(probe, settings, &rules)).collect();
        let past = self.past(&listed)?;
        let now = self.now();
        let old = self.watched.drain(..).map(|watched| (watched.probe.id.clone(), watched));
        let mut old: HashMap<String, Watched> = old.collect();
        (self.agenda, self.index) = (Agenda::default(), HashMap::new());
        for (place, (Listed { probe, rules }, before)) in listed.into_iter().zip(past).enumerate() {
            let id = probe.id.clone();
            let open_since = |rule: &AlertRule| open.get(&(rule.id.clone(), id.clone())).copied();
            let (due, watched) = if let Some(watched) = old.remove(&id) {
                (next(&id, probe.interval, now), watched.redefined(probe, &rules))
            } else {
                (soon(now, place, probe.interval), Watched::new(probe, &rules, before, open_since))
            };
            self.agenda.put(due, place);
            self.watched.push(watched);
            self.index.insert(id, place);
        }
        let mut board = self.watcher.board.known();
        board.watched = self.watched.len();
        board.observations.retain(|id, _| self.index.contains_key(id));
        drop(board);
        let _ = self.watcher.pages.send(Page::Keep(settings.retention));
        Ok(())
    }

    /// What was seen of each before, oldest first; nothing of those that are under watch already.
    fn past(&self, listed: &[Listed]) -> Result<Vec<Vec<Sample>>> {
        let samples = Samples::open_read(self.watcher.workspace.state_dir()?)?;
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

    /// Waits a little for what is still being made, and lets the rest go.
    async fn end(&mut self, terminal: &mut dyn Terminal) {
        service::stopping();
        if !self.running.is_empty() {
            terminal.tell(&format!("stopping; {} probes are still being made", self.running.len()));
        }
        let deadline = Instant::now() + LAST_WAIT;
        while let Ok(Some(made)) = timeout_at(deadline, self.running.next()).await {
            self.made(made, terminal);
        }
    }
}

/// Makes one probe when its turn has come.
async fn make(probe: Arc<Probe>, due: Time, prober: Arc<Prober<'_>>, turns: Arc<Turns>, clock: &dyn Clock) -> Made {
    let _turn = turns.take(&probe).await;
    let late = clock.now() - due;
    let mut observation = prober.observe(&probe).await;
    prober.excuse(std::slice::from_mut(&mut observation)).await;
    Made { probe, late, observation }
}

/// When a probe is made for the first time: soon, but not with all others at once.
fn soon(now: Time, place: usize, interval: Span) -> Time {
    let wait = AT_START.saturating_mul(u32::try_from(place).unwrap_or(u32::MAX)).min(interval.0);
    now + Span(wait).delta()
}

fn look(workspace: &Workspace) -> Look {
    match &workspace.dir {
        Some(dir) => Look::at(dir, workspace.loaded.paths()),
        None => Look::default(),
    }
}

/// Why the settings of a workspace cannot be used; what else is broken does not concern the daemon.
fn broken(workspace: &Workspace) -> Option<String> {
    let broken = workspace.loaded.broken.iter().find(|broken| broken.kind == FileKind::Settings)?;
    Some(format!("{} is not valid", broken.path))
}
