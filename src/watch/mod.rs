//! The daemon: looks at every probe again and again, keeps what it sees, and raises alerts.
//!
//! Four threads, so that none waits for another's disk or network: the *watcher* makes the probes, the *scribe* writes
//! samples, the *clerk* keeps the journal's alerts and delivers messages, and the *listener* answers by HTTP.

mod agenda;
mod backend;
mod board;
mod change;
mod clerk;
mod metrics;
mod scribe;
mod service;
mod watched;
mod watcher;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::Runtime;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::ground::Clock;
use crate::listen::Listener;
use crate::probe::Limits;
use crate::sample::Samples;
use crate::terminal::Terminal;
use crate::workspace::{Surroundings, Workspace};

use backend::Backend;
use board::Board;
use clerk::Clerk;
use watcher::Watcher;

/// How the daemon is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; nowhere when left out.
    pub listen: Option<SocketAddr>,
    /// What a client has to show; needed where others can reach it.
    pub token: Option<String>,
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
    pub reopen: &'a dyn Fn() -> Result<Workspace>,
}

/// Watches until it is asked to stop.
pub fn watch(workspace: Workspace, place: &Place<'_>, options: &Options, terminal: &mut dyn Terminal) -> Result<()> {
    let dir = workspace.state_dir()?.to_owned();
    let journal = workspace.journal()?;
    let samples = Samples::open(&dir)?;
    let listener = options.listen.map(|at| Ear::open(at, options.token.clone())).transpose()?;
    let address = listener.as_ref().map(|ear| ear.listener.address());
    let board = Arc::new(Board::new(place.clock.now())?);
    let workspace = Arc::new(workspace);
    let (tell, told) = unbounded_channel();
    let (pages, written) = mpsc::channel();
    let (orders, ordered) = unbounded_channel();
    let (end, ended) = oneshot::channel::<()>();
    thread::scope(|threads| {
        let (say, clock) = (tell.clone(), place.clock);
        let scribe = threads.spawn(move || {
            scribe::write(&samples, &written, clock, &|text| drop(say.send(clerk::Told::Trouble(text))));
        });
        let clerk = Clerk::new(Arc::clone(&workspace), place.surroundings, place.clock, &journal, tell)?;
        let open = clerk.open_alerts();
        let clerk = threads.spawn(move || clerk.work(ordered));
        let backend = Backend::new(Arc::clone(&board), orders.clone(), place.clock);
        let listening = listener.map(|listener| threads.spawn(move || listener.hear(backend, ended)));
        let watcher = Watcher { workspace, place, options, board, pages, orders, address };
        let done = watcher.watch(&open, told, terminal);
        // Whoever still holds the other ends comes to an end now: nothing more is told to them.
        drop(end);
        let served = listening.map_or(Ok(()), |thread| thread.join().unwrap_or_else(|_| Err(panicked("listener"))));
        let kept = clerk.join().unwrap_or_else(|_| Err(panicked("clerk")));
        scribe.join().map_err(|_| panicked("scribe"))?;
        done.and(served).and(kept)
    })
}

/// The listener with the event loop that it lives in.
struct Ear {
    runtime: Runtime,
    listener: Listener,
}

impl Ear {
    fn open(at: SocketAddr, token: Option<String>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| Error::environment("the event loop of the listener cannot be started").cause(cause))?;
        let listener = runtime.block_on(Listener::bind(at, token))?;
        Ok(Self { runtime, listener })
    }

    fn hear(self, backend: Backend, ended: oneshot::Receiver<()>) -> Result<()> {
        self.runtime.block_on(self.listener.serve(Arc::new(backend), async { drop(ended.await) }))
    }
}

fn panicked(who: &str) -> Error {
    Error::environment(format!("the {who} of the daemon broke down"))
        .hint("this is a fault of opsctl; please report it")
}
