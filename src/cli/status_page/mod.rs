//! `opsctl status-page`: the public status page.

mod build;
mod preview;

use clap::Subcommand;
use url::Url;

use crate::error::Result;
use crate::site::gather;
use crate::view::page::{Page, page_text, summary};
use crate::watch::checked;
use crate::workspace::Workspace;

use super::session::Session;

/// The verbs of the status page.
#[derive(Debug, Subcommand)]
pub(super) enum StatusPageCommand {
    /// Write the page to a directory, for any web server to hand out
    Build(build::BuildArgs),
    /// Serve the page on this machine, and open it in a browser
    Preview(preview::PreviewArgs),
    /// Show how the page says everything is
    Show,
}

pub(super) fn run(session: &mut Session<'_>, command: &StatusPageCommand) -> Result<()> {
    match command {
        StatusPageCommand::Build(args) => build::build(session, args),
        StatusPageCommand::Preview(args) => preview::preview(session, args),
        StatusPageCommand::Show => show(session),
    }
}

fn show(session: &mut Session<'_>) -> Result<()> {
    let page = page(session, None)?;
    session.show(&summary(&page), |look| page_text(look, &page))
}

/// The page as it is now.
fn page(session: &mut Session<'_>, url: Option<&str>) -> Result<Page> {
    gather(&definitions(session)?, url, session.clock.now())
}

// A service that a mistake leaves out would be one of which all is said to be well.
fn definitions(session: &mut Session<'_>) -> Result<Workspace> {
    checked(session.quiet_workspace()?)
}

/// An address that a page can have.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    let wrong = || "write it like https://status.example.com".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a public address has no user name and no password in it".to_owned());
    }
    Ok(url.to_string())
}
