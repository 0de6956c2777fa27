//! The watcher: makes each probe when it is due, never twice at once, and passes on what follows.

use std::collections::HashMap;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{interval, sleep, timeout};

use super::agenda::Agenda;
use super::board::Board;
use super::change::Look;
use super::clerk::{OpenAlerts, Order, Signalled};
use super::ear::event_loop;
use super::scribe::Page;
use super::takeover::look;
use super::voice::{Told, Voice};
use super::watched::{Followed, Watched};
use super::{Options, Place, service};
use crate::catalog::model::Probe;
use crate::error::{Error, Result};
use crate::ground::{Clock, Time};
use crate::monitor::timetable::next;
use crate::probe::{Observation, Prober, Turns, Works, excuse_dependent};
use crate::view::count::counted;
use crate::workspace::{Workspace, prober};

/// How often the definition files are looked at, and whether the clock was set.
const GLANCE: Duration = Duration::from_secs(2);

/// How long probes under way are waited for at the end.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// The watcher, before it begins.
pub(super) struct Watcher<'a> {
    pub workspace: Arc<Workspace>,
    pub place: &'a Place<'a>,
    pub options: &'a Options,
    pub board: Arc<Board>,
    pub pages: UnboundedSender<Page>,
    pub orders: UnboundedSender<Order>,
    pub voice: Voice,
    pub address: Option<SocketAddr>,
    /// Which work on services goes on.
    pub works: Works,
    /// Is notified when another part of the daemon has ended.
    pub broken_down: Arc<Notify>,
}

/// A probe that has been made.
struct Made {
    probe: Arc<Probe>,
    late: TimeDelta,
    observation: Observation,
}

/// The watcher at work.
pub(super) struct Round<'a> {
    pub watcher: Watcher<'a>,
    pub prober: Arc<Prober<'a>>,
    pub agenda: Agenda,
    pub watched: Vec<Watched>,
    /// The place of each probe in `watched`.
    pub index: HashMap<String, usize>,
    /// What the definition files looked like when they were read.
    pub files: Look,
    /// What they look like since, when they are others by now.
    pub changed: Option<Look>,
    turns: Arc<Turns>,
    running: FuturesUnordered<LocalBoxFuture<'a, Made>>,
}

impl<'a> Watcher<'a> {
    /// What the probes of a workspace are made with.
    pub fn prober(&self, workspace: &Workspace) -> Prober<'a> {
        prober(workspace, self.place.surroundings, self.place.clock).works(self.works.clone())
    }

    /// Watches until it is asked to stop, or another part of the daemon has broken down.
    pub fn watch(self, open: &OpenAlerts) -> Result<()> {
        let runtime = event_loop("watcher")?;
        let mut round = Round {
            prober: Arc::new(self.prober(&self.workspace)),
            agenda: Agenda::default(),
            watched: Vec::new(),
            index: HashMap::new(),
            files: look(&self.workspace),
            changed: None,
            turns: Arc::new(Turns::new(self.options.limits)),
            running: FuturesUnordered::new(),
            watcher: self,
        };
        let workspace = Arc::clone(&round.watcher.workspace);
        round.take_up(workspace, open)?;
        let done = runtime.block_on(round.go());
        drop(round);
        // A name server that does not answer must not keep us.
        runtime.shutdown_background();
        done
    }
}

impl Round<'_> {
    async fn go(&mut self) -> Result<()> {
        let mut hangup = listen_to(SignalKind::hangup())?;
        let mut interrupt = listen_to(SignalKind::interrupt())?;
        let mut terminate = listen_to(SignalKind::terminate())?;
        let broken_down = Arc::clone(&self.watcher.broken_down);
        let mut glance = interval(GLANCE);
        let mut alive = service::patience().map(interval);
        self.announce();
        loop {
            let next = self.until_next();
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                () = broken_down.notified() => break,
                Some(made) = self.running.next() => self.made(made),
                () = sleep(next) => self.begin_due(),
                _ = hangup.recv() => self.reload(),
                _ = glance.tick() => {
                    self.look_at_files();
                    self.begin_due();
                }
                () = tick(&mut alive) => service::alive(),
            }
        }
        self.end().await;
        Ok(())
    }

    pub fn now(&self) -> Time {
        self.watcher.place.clock.now()
    }

    fn until_next(&self) -> Duration {
        let left = self.agenda.next().map(|at| (at - self.now()).to_std().unwrap_or(Duration::ZERO));
        left.unwrap_or(GLANCE).min(GLANCE)
    }

    /// Begins what is due. What is still being made is left out this time: a target that hangs piles nothing up.
    fn begin_due(&mut self) {
        let now = self.now();
        if self.agenda.is_set_back(now) {
            self.begin_anew(now);
        }
        while let Some((due, place)) = self.agenda.take(now) {
            let watched = &mut self.watched[place];
            let probe = Arc::clone(&watched.probe);
            watched.due = next(&probe.id, probe.interval, now);
            self.agenda.put(watched.due, place);
            if std::mem::replace(&mut watched.is_running, true) {
                self.watcher.board.known().skipped += 1;
                continue;
            }
            let (prober, turns) = (Arc::clone(&self.prober), Arc::clone(&self.turns));
            self.running.push(Box::pin(make(probe, due, prober, turns, self.watcher.place.clock)));
        }
    }

    /// What was due by a clock that has been set back is due by the new one.
    fn begin_anew(&mut self, now: Time) {
        let mut due = Vec::with_capacity(self.watched.len());
        for (place, watched) in self.watched.iter_mut().enumerate() {
            watched.due = next(&watched.probe.id, watched.probe.interval, now).min(watched.due);
            due.push((watched.due, place));
        }
        self.agenda.replace(due);
    }

    /// Takes in what a probe has seen, and passes on what follows.
    fn made(&mut self, made: Made) {
        // One that is no longer defined has nobody to tell.
        let Some(&place) = self.index.get(&made.probe.id) else { return };
        let mut observation = made.observation;
        let known = |id: &str| {
            let watched = self.index.get(id).map(|place| &self.watched[*place])?;
            // One that was never seen says nothing.
            watched.settled.since.map(|_| (&*watched.probe, watched.settled.state))
        };
        excuse_dependent(&made.probe, &mut observation, known);
        let now = self.now();
        let watched = &mut self.watched[place];
        watched.is_running = false;
        let Followed { sample, change, signals } = watched.see(&observation, now);
        if let Some(change) = change {
            let (probe, service, why) = (sample.probe.clone(), observation.service.clone(), sample.reason.clone());
            self.watcher.voice.say(Told::Changed { probe, service, change, why });
        }
        let signals: Vec<Signalled> = signals
            .into_iter()
            .map(|(rule, signal)| Signalled { rule, probe: Arc::clone(&made.probe), signal, at: now })
            .collect();
        self.note(made.late, observation, &signals);
        // Who takes these in ends after us.
        let _ = self.watcher.pages.send(Page::Sample(sample));
        for signalled in signals {
            let _ = self.watcher.orders.send(Order::Signal(signalled));
        }
    }

    fn note(&self, late: TimeDelta, mut observation: Observation, signals: &[Signalled]) {
        observation.output = None;
        let mut known = self.watcher.board.known();
        let late = late.num_microseconds().and_then(|late| u64::try_from(late).ok()).unwrap_or(0);
        known.delay_us.saturating_record(late.max(1));
        known.observations.insert(Arc::from(observation.id.as_str()), Arc::new(observation));
        for signalled in signals {
            signalled.note_in(&mut known.alerts);
        }
    }

    fn announce(&self) {
        let count = counted(self.watched.len(), "probe");
        let listening = self.watcher.address.map(|at| format!(", listening on {at}")).unwrap_or_default();
        let status = format!("watching {count}{listening}");
        self.watcher.voice.aside(format!("{status}. Ctrl-C stops it."));
        service::ready(&status);
    }

    /// Waits a little for what is still being made, and lets the rest go.
    async fn end(&mut self) {
        service::stopping();
        if !self.running.is_empty() {
            self.watcher.voice.aside(format!("stopping; still looking: {}", counted(self.running.len(), "probe")));
        }
        let all = async {
            while let Some(made) = self.running.next().await {
                self.made(made);
            }
        };
        let _ = timeout(LAST_WAIT, all).await;
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

fn listen_to(kind: SignalKind) -> Result<Signal> {
    signal(kind).map_err(|cause| Error::environment("signals cannot be listened to").cause(cause))
}

async fn tick(clock: &mut Option<tokio::time::Interval>) {
    match clock {
        Some(clock) => drop(clock.tick().await),
        None => pending().await,
    }
}
