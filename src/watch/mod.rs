//! The daemon: looks at every probe again and again, keeps what it sees, and raises alerts.
//!
//! It has a thread for each of its parts, so that none waits for another's disk or network: the *watcher* makes the
//! probes, the *scribe* writes samples, the *clerk* keeps the journal's alerts and tells of them, the *timekeeper* sees to
//! the clocks of incidents, the *postman* empties the outbox, the *planner* looks which planned work goes on, and the
//! *listener* answers by HTTP; the thread that began them tells the operator. The watcher ends first and takes with it
//! what the others wait for; when one of the others breaks down, all of them end.

mod agenda;
mod backend;
mod board;
mod change;
mod clerk;
mod definitions;
mod ear;
mod metrics;
mod only;
mod parts;
mod planner;
mod postman;
mod scribe;
mod service;
mod takeover;
mod timekeeper;
mod voice;
mod watched;
mod watcher;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::ground::Clock;
use crate::probe::{Limits, Works};
use crate::sample::Samples;
use crate::site::{Publisher, gather};
use crate::terminal::Terminal;
use crate::workspace::{Surroundings, Workspace};

pub use definitions::checked;

use backend::Backend;
use board::Board;
use clerk::Clerk;
use ear::Ear;
use only::Only;
use parts::Parts;
use planner::Planner;
use postman::Postman;
use timekeeper::Timekeeper;
use voice::voice;
use watcher::Watcher;

/// Under whose name the daemon writes.
const ACTOR: &str = "opsctl watch";

/// How the daemon is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; nowhere when left out.
    pub listen: Option<SocketAddr>,
    /// What a client has to show; needed where others can reach it.
    pub token: Option<String>,
    /// Where the status page is published, when that is somewhere else.
    pub url: Option<String>,
    /// How much happens at the same time.
    pub limits: Limits,
    /// Whether changes are told as JSON, a line each, to stdout.
    pub is_json: bool,
}

/// Where the daemon works.
pub struct Place<'a> {
    /// The process's environment.
    pub surroundings: &'a Surroundings,
    /// Where the time comes from.
    pub clock: &'static dyn Clock,
    /// Reads the workspace again.
    pub reopen: &'a (dyn Fn() -> Result<Workspace> + Sync),
}

/// Watches until it is asked to stop.
pub fn watch(workspace: Workspace, place: &Place<'_>, options: &Options, terminal: &mut dyn Terminal) -> Result<()> {
    let workspace = checked(workspace)?;
    let dir = workspace.state_dir()?.to_owned();
    let journal = workspace.journal()?;
    // Whoever waits for the disk keeps no other part waiting.
    let (outbox, clocks) = (workspace.journal()?, workspace.journal()?);
    let _only = Only::in_dir(&dir)?;
    let samples = Samples::open(&dir)?;
    let ear = options.listen.map(|at| Ear::open(at, options.token.clone())).transpose()?;
    let address = ear.as_ref().map(Ear::address);
    let workspace = Arc::new(workspace);
    let board = Arc::new(Board::new(place.clock.now())?);
    let (voice, teller) = voice(place.clock, options.is_json);
    let clerk = Clerk::new(Arc::clone(&workspace), place, &journal, voice.clone())?;
    let open = clerk.open_alerts();
    let works = Works::default();
    let planner = Planner {
        workspace: Arc::clone(&workspace),
        place,
        journal: &journal,
        voice: voice.clone(),
        works: works.clone(),
    };
    // Before the first probe is made; should that fail, it is told by the look after this one.
    let _ = planner.look();
    let (pages, written) = unbounded_channel();
    let (orders, ordered) = unbounded_channel();
    let (end, ended) = oneshot::channel::<()>();
    let (end_plan, plan_ended) = oneshot::channel::<()>();
    let (last, over) = tokio::sync::watch::channel(());
    thread::scope(|threads| {
        let mut parts = Parts::new(threads);
        let broken_down = parts.broken_down();
        let say = voice.clone();
        let seen = Arc::clone(&board);
        parts.begin("scribe", move || scribe::write(&samples, written, place.clock, &say, &seen));
        parts.begin("clerk", move || clerk.work(ordered));
        let timekeeper = Timekeeper::new(Arc::clone(&workspace), place, &clocks, Arc::clone(&board), voice.clone());
        let ended_too = over.clone();
        parts.begin("timekeeper", move || timekeeper.work(ended_too));
        let (defined, seen) = (Arc::clone(&workspace), Arc::clone(&board));
        let postman =
            Postman { place, journal: &outbox, workspace: defined, board: seen, voice: voice.clone(), ended: over };
        parts.begin("postman", move || postman.work());
        if let Some(ear) = ear {
            let publisher = publisher(&board, place.clock, options.url.clone());
            let backend = Backend::new(Arc::clone(&board), orders.clone(), place.clock, publisher);
            parts.begin("listener", move || ear.hear(backend, ended));
        }
        parts.begin("planner", move || planner.look_on(plan_ended));
        let watcher = Watcher { workspace, place, options, board, pages, orders, voice, address, works, broken_down };
        parts.begin("watcher", move || {
            let _end = (end, end_plan, last); // the others end when this is dropped
            watcher.watch(&open)
        });
        teller.tell_all(terminal);
        parts.join()
    })
}

/// Makes the status page by the definitions that are in force at the time.
fn publisher(board: &Arc<Board>, clock: &'static dyn Clock, url: Option<String>) -> Publisher {
    let board = Arc::clone(board);
    Publisher::new(clock, move |now| {
        let workspace = board.workspace().ok_or_else(|| Error::environment("the daemon is about to begin"))?;
        gather(&workspace, url.as_deref(), now)
    })
}
