//! The demo's process: binds, serves, ends.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::app::App;
use super::client::Running;
use super::control::{self, Control};
use super::record::{Addresses, Record, fresh_token};
use super::{LIFETIME, database, site};
use crate::error::{Error, Result};
use crate::ground::Clock;
use crate::process::interrupted;

/// How often the demo looks whether its record still names it.
const LOOK: Duration = Duration::from_secs(1);

/// How long answers under way have when the demo ends.
const GRACE: Duration = Duration::from_secs(3);

/// Why a demo ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// `opsctl demo stop`.
    Stopped,
    /// Ctrl-C or a signal.
    Interrupted,
    /// Its record is gone, or names another one.
    Forgotten,
    /// [`LIFETIME`] is over.
    Expired,
}

/// A demo that listens, but does not answer yet.
pub struct Server {
    file: PathBuf,
    record: Record,
    web: TcpListener,
    api: TcpListener,
    database: TcpListener,
}

impl Server {
    /// Listens where the record in the file says, as far as those places are free, and elsewhere where not.
    pub async fn bind(file: &Path, clock: &dyn Clock) -> Result<Self> {
        let before = Record::read(file);
        let old = |place: fn(&Addresses) -> SocketAddr| before.as_ref().map(|record| place(&record.addresses));
        let web = listen(old(|addresses| addresses.web)).await?;
        let api = listen(old(|addresses| addresses.api)).await?;
        let database = listen(old(|addresses| addresses.database)).await?;
        let addresses = Addresses { web: address(&web)?, api: address(&api)?, database: address(&database)? };
        let record = Record { pid: Some(process::id()), token: fresh_token()?, addresses, started_at: clock.now() };
        Ok(Self { file: file.to_owned(), record, web, api, database })
    }

    /// How it is going to stand when it serves.
    pub fn running(&self) -> Running {
        Running { record: self.record.clone(), standing: App::default().standing() }
    }

    /// Serves until there is a reason to end, and says which. Answers under way are finished.
    pub async fn serve(self) -> Result<Ended> {
        self.record.write(&self.file)?;
        let app = Arc::new(App::default());
        let (stop, stopped) = watch::channel(false);
        let control = Control { app: Arc::clone(&app), token: self.record.token.as_str().into(), stop: stop.clone() };
        let api = site::api(&app).merge(control::router(control));
        let mut parts = JoinSet::new();
        parts.spawn(http(self.web, site::web(&app), stopped.clone()));
        parts.spawn(http(self.api, api, stopped.clone()));
        let lines = until(stopped.clone(), database::serve(self.database, app));
        parts.spawn(lines);
        let ended = tokio::select! {
            () = set(stopped) => Ended::Stopped,
            () = interrupted() => Ended::Interrupted,
            () = forgotten(&self.file, self.record.pid) => Ended::Forgotten,
            () = sleep(LIFETIME) => Ended::Expired,
        };
        stop.send_replace(true);
        let _ = timeout(GRACE, async { while parts.join_next().await.is_some() {} }).await;
        if ended != Ended::Forgotten {
            Record { pid: None, ..self.record }.write(&self.file)?;
        }
        Ok(ended)
    }
}

async fn http(listener: TcpListener, router: axum::Router, stopped: watch::Receiver<bool>) {
    // It never fails, says its documentation: what goes wrong with a connection ends that connection.
    let _ = axum::serve(listener, router).with_graceful_shutdown(set(stopped)).await;
}

async fn until(stopped: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = set(stopped) => {}
        () = work => {}
    }
}

async fn set(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|is_set| *is_set).await;
}

// A second demo in the same workspace, or a workspace that was deleted, ends the first.
async fn forgotten(file: &Path, pid: Option<u32>) {
    loop {
        sleep(LOOK).await;
        if Record::read(file).is_none_or(|record| record.pid != pid) {
            return;
        }
    }
}

async fn listen(old: Option<SocketAddr>) -> Result<TcpListener> {
    if let Some(old) = old.filter(|old| old.ip().is_loopback())
        && let Ok(listener) = TcpListener::bind(old).await
    {
        return Ok(listener);
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(no_port)
}

fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().map_err(no_port)
}

fn no_port(cause: std::io::Error) -> Error {
    Error::environment("the demo cannot listen on 127.0.0.1")
        .cause(cause)
        .hint("see whether this place (a sandbox, a container) allows programs to listen on loopback")
}
