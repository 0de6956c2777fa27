//! `opsctl watch`: the daemon.

use std::net::SocketAddr;

use crate::error::Result;
use crate::probe::Limits;
use crate::watch::{Options, Place, watch};
use crate::workspace::Workspace;

use super::probe::run::at_least_one;
use super::session::Session;

/// The variable with the token that clients of the listener have to show.
const TOKEN: &str = "OPSCTL_TOKEN";

/// What `watch` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "SIGHUP or an edit makes it read the definitions again; SIGTERM ends it. The token for --listen \
comes from OPSCTL_TOKEN."
)]
pub(super) struct WatchArgs {
    /// Listen here for Prometheus, heartbeats, Alertmanager and readers of the status page: 127.0.0.1:9600; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where the status page, which it serves at /status/, is published: https://status.example.com
    #[arg(long, value_name = "URL", requires = "listen", value_parser = super::status_page::public_url)]
    url: Option<String>,
    /// At most so many probes at the same time
    #[arg(long, value_name = "N", default_value_t = Limits::default().at_once, value_parser = at_least_one)]
    concurrency: usize,
    /// At most so many of one host and port at the same time
    #[arg(long, value_name = "N", default_value_t = Limits::default().per_host, value_parser = at_least_one)]
    per_host: usize,
}

pub(super) fn run(session: &mut Session<'_>, args: &WatchArgs) -> Result<()> {
    let workspace = session.workspace()?;
    let options = Options {
        listen: args.listen,
        token: session.surroundings.var(TOKEN).map(str::to_owned),
        url: args.url.clone(),
        limits: Limits { at_once: args.concurrency, per_host: args.per_host },
        is_json: session.is_json(),
    };
    let dir = workspace.dir.clone();
    let surroundings = session.surroundings.clone();
    let reopen = || Workspace::open(dir.as_deref(), &surroundings);
    let place = Place { surroundings: &surroundings, clock: session.clock, reopen: &reopen };
    watch(workspace, &place, &options, session.terminal)
}
