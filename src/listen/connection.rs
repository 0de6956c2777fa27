//! One connection, which carries one request.

use std::pin::pin;

use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::Limits;

/// The longest head of a request, in bytes.
const HEAD: usize = 32 * 1024;

/// Answers the request on a connection. What goes wrong with it is the client's business.
pub(super) async fn answer(stream: TcpStream, router: Router, limits: Limits, mut ending: watch::Receiver<bool>) {
    // Scrapes and heartbeats are rare: keeping connections would only give the idle a place.
    let connection = Builder::new()
        .keep_alive(false)
        .max_buf_size(HEAD)
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    let _ = timeout(limits.whole, async {
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = ending.wait_for(|is_set| *is_set) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    })
    .await;
}
