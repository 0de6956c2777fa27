//! `opsctl status-page preview`: the page on this machine, for the eyes of the operator.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::body::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;

use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::listen::{Backend, Health, Listener, Refusal};
use crate::monitor::Beat;
use crate::site::{Publisher, gather};
use crate::watch::checked;
use crate::workspace::{Surroundings, Workspace};

/// What `status-page preview` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PreviewArgs {
    /// Serve it here, on this machine only; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    listen: SocketAddr,
    /// Open no browser
    #[arg(long)]
    no_open: bool,
}

pub(super) fn preview(session: &mut Session<'_>, args: &PreviewArgs) -> Result<()> {
    if !args.listen.ip().is_loopback() {
        return Err(Error::usage(format!("{} can be reached from other machines", args.listen))
            .hint("a preview is for this machine: 127.0.0.1:0")
            .hint("`opsctl watch --listen` serves the page to everybody, and so does a web server after a build"));
    }
    let dir = checked(session.quiet_workspace()?)?.dir;
    let surroundings = session.surroundings.clone();
    // Read anew each time: an edit is seen when the page is loaded again.
    let publisher = Publisher::new(session.clock, move |now| {
        let workspace = checked(Workspace::open(dir.as_deref(), &surroundings)?)?;
        gather(&workspace, None, now)
    });
    let backend = Arc::new(Preview(Arc::new(publisher)));
    let (listen, no_open) = (args.listen, args.no_open);
    Session::block_on(async move {
        let listener = Listener::bind(listen, None).await?;
        let address = format!("http://{}/status/", listener.address());
        if session.is_json() {
            session.terminal.print(&format!("{}\n", json!({ "url": address })));
        } else {
            session.terminal.print(&format!("{address}\n"));
            session.terminal.tell("The page is served here until Ctrl-C.");
        }
        if !no_open && session.terminal.can_ask() {
            open(&session.surroundings, &address);
        }
        listener.serve(backend, tokio::signal::ctrl_c().map(drop)).await
    })?
}

/// Opens a browser, where there is a screen to open it on; without one the address was said.
fn open(surroundings: &Surroundings, address: &str) {
    let is_mac = cfg!(target_os = "macos");
    if !is_mac && surroundings.var("DISPLAY").is_none() && surroundings.var("WAYLAND_DISPLAY").is_none() {
        return;
    }
    let program = if is_mac { "open" } else { "xdg-open" };
    let _ = Command::new(program).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
}

/// Answers with the page, and with nothing else.
struct Preview(Arc<Publisher>);

const ELSEWHERE: &str = "this is a preview of the status page; `opsctl watch --listen` has the rest";

impl Backend for Preview {
    fn metrics(&self) -> String {
        String::new()
    }

    fn health(&self) -> Health {
        Health { ok: true, json: json!({ "status": "ok" }) }
    }

    fn heartbeat<'a>(&'a self, _: &'a str, _: Beat, _: Option<String>) -> BoxFuture<'a, Result<(), Refusal>> {
        async { Err(Refusal::unknown(ELSEWHERE)) }.boxed()
    }

    fn page<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        // It is one reader's own machine: what went wrong is told.
        let file = self.0.file(path).map_err(|error| Refusal::failed(error.to_string()));
        async move { file }.boxed()
    }

    fn alerts(&self, _: String) -> BoxFuture<'_, Result<usize, Refusal>> {
        async { Err(Refusal::unknown(ELSEWHERE)) }.boxed()
    }
}
