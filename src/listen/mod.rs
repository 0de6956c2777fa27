//! The daemon's ear: metrics, health and the public status page out, heartbeats and Alertmanager's alerts in, by HTTP.
//!
//! It listens on this machine only, or asks for a token; the status page and `/healthz` are for everybody. However slow, long or many its clients are, its memory and its
//! time are bounded.

mod answer;
mod backend;
mod body;
mod connection;
mod door;
mod page;
mod routes;

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::error::{Error, Result};

pub use backend::{Backend, Health, Refusal};

use door::Door;

/// The longest message of a heartbeat, in bytes; a longer one is cut off.
pub const LONGEST_MESSAGE: usize = 1024;

/// How long clients may take, and how many there may be.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// For the head of a request.
    head: Duration,
    /// For its body.
    body: Duration,
    /// From its beginning to the end of the answer.
    whole: Duration,
    /// For what is under way when the listener ends.
    grace: Duration,
    /// At the same time; those after them wait.
    clients: usize,
}

const LIMITS: Limits = Limits {
    head: Duration::from_secs(10),
    body: Duration::from_secs(10),
    whole: Duration::from_secs(30),
    grace: Duration::from_secs(5),
    clients: 256,
};

/// How often connections are tried to be accepted in a row, a second apart, when the system refuses.
const TRIES: u32 = 60;

/// Listens, but does not answer yet.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    door: Door,
    limits: Limits,
}

impl Listener {
    /// Listens at an address; port 0 lets the system choose. Every request but those for `/healthz` and the status
    /// page must bring the token when there is one, and there must be one when other machines can reach the address.
    pub async fn bind(address: SocketAddr, token: Option<String>) -> Result<Self> {
        let door = Door::new(address, token.as_deref())?;
        let socket = TcpListener::bind(address).await.map_err(|error| no_place(address, &error))?;
        let address = socket.local_addr().map_err(|error| no_place(address, &error))?;
        Ok(Self { socket, address, door, limits: LIMITS })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `until` is ready; what is under way then has five seconds. Fails when the system lets no connection
    /// in for a minute.
    pub async fn serve(self, backend: Arc<dyn Backend>, until: impl Future<Output = ()>) -> Result<()> {
        let Self { socket, address, door, limits } = self;
        let router = routes::router(backend, door, limits);
        let (end, ending) = watch::channel(false);
        let mut clients = JoinSet::new();
        let mut until = pin!(until);
        loop {
            tokio::select! {
                () = &mut until => break,
                Some(_) = clients.join_next() => {}
                accepted = accept(&socket), if clients.len() < limits.clients => {
                    let stream = accepted.map_err(|error| {
                        Error::environment(format!("no connections can be accepted at {address}")).cause(error)
                    })?;
                    clients.spawn(connection::answer(stream, router.clone(), limits, ending.clone()));
                }
            }
        }
        drop(socket);
        end.send_replace(true);
        let _ = timeout(limits.grace, async { while clients.join_next().await.is_some() {} }).await;
        Ok(())
    }
}

/// The next connection. Some of what fails is over in a moment: too many files are open, or the client is gone.
async fn accept(socket: &TcpListener) -> io::Result<TcpStream> {
    let mut tries = 0;
    loop {
        let error = match socket.accept().await {
            Ok((stream, _)) => return Ok(stream),
            Err(error) => error,
        };
        tries += 1;
        if tries >= TRIES {
            return Err(error);
        }
        if !matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) {
            sleep(Duration::from_secs(1)).await;
        }
    }
}

fn no_place(address: SocketAddr, cause: &io::Error) -> Error {
    let hint = match cause.kind() {
        ErrorKind::AddrInUse => "another program listens there, perhaps another `opsctl watch`: choose another port",
        ErrorKind::AddrNotAvailable => "this machine has no such address; 127.0.0.1 is itself",
        ErrorKind::PermissionDenied => "ports below 1024 are for root: choose a higher one",
        _ => "choose another address",
    };
    Error::environment(format!("cannot listen on {address}")).cause(cause).hint(hint)
}

#[cfg(test)]
mod tests;
