//! What the listener asks of the daemon: the board answers questions, the publisher makes the status page, the clerk
//! takes what comes in.

use std::sync::Arc;

use axum::body::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot::{Receiver, channel};
use tokio::task::spawn_blocking;

use super::board::Board;
use super::clerk::{Order, Refused};
use super::metrics;
use crate::ground::{Clock, plain_line, rfc3339};
use crate::listen::{self, Health, Refusal};
use crate::monitor::Beat;
use crate::site::Publisher;

/// The daemon, as the listener sees it.
pub(super) struct Backend {
    board: Arc<Board>,
    orders: UnboundedSender<Order>,
    clock: &'static dyn Clock,
    publisher: Arc<Publisher>,
}

impl Backend {
    /// A backend that answers from the board and passes orders on.
    pub fn new(
        board: Arc<Board>,
        orders: UnboundedSender<Order>,
        clock: &'static dyn Clock,
        publisher: Publisher,
    ) -> Self {
        Self { board, orders, clock, publisher: Arc::new(publisher) }
    }
}

impl listen::Backend for Backend {
    fn metrics(&self) -> String {
        let known = self.board.known().clone();
        metrics::page(&known, self.clock.now())
    }

    fn health(&self) -> Health {
        let known = self.board.known();
        let json = json!({
            "status": match (known.is_written, known.is_current) {
                (false, _) => "nothing can be written down",
                (true, false) => "old definitions",
                (true, true) => "ok",
            },
            "since": rfc3339(known.since),
            "probes": known.watched,
            "definitions_read_at": rfc3339(known.reloaded_at),
            "definitions_current": known.is_current,
        });
        Health { ok: known.is_written, json }
    }

    fn heartbeat<'a>(
        &'a self,
        probe: &'a str,
        beat: Beat,
        message: Option<String>,
    ) -> BoxFuture<'a, Result<(), Refusal>> {
        let (answer, answered) = channel();
        let message = message.map(|message| plain_line(message.trim())).filter(|message| !message.is_empty());
        let sent = self.orders.send(Order::Beat { probe: probe.to_owned(), beat, message, answer });
        taken(sent.is_ok(), answered).boxed()
    }

    fn page<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        // The store may be slow, and heartbeats must not wait for it.
        let (publisher, path) = (Arc::clone(&self.publisher), path.to_owned());
        let made = spawn_blocking(move || publisher.file(&path));
        async move {
            // What went wrong is nothing that strangers need to know.
            let failed = || Refusal::failed("the status page cannot be made right now; ask again");
            made.await.map_err(|_| failed())?.map_err(|_| failed())
        }
        .boxed()
    }

    fn alerts(&self, body: String) -> BoxFuture<'_, Result<usize, Refusal>> {
        let (answer, answered) = channel();
        let sent = self.orders.send(Order::Incoming { body, answer });
        taken(sent.is_ok(), answered).boxed()
    }
}

async fn taken<T>(sent: bool, answered: Receiver<Result<T, Refused>>) -> Result<T, Refusal> {
    let ending = || Refusal::failed("the daemon is about to end; send it again");
    if !sent {
        return Err(ending());
    }
    match answered.await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(Refused::Wrong(why))) => Err(Refusal::nonsense(why)),
        Ok(Err(Refused::Unknown(why))) => Err(Refusal::unknown(why)),
        Ok(Err(Refused::Failed(why))) => Err(Refusal::failed(why)),
        Err(_) => Err(ending()),
    }
}
