//! The public status page: a page as it is known → the files that a web server hands out.
//!
//! Everything on it is text by others for strangers: it is cleaned in [`clean`], escaped by the writers of HTML, XML and
//! JSON, and there is nowhere on the page that a script, a style or an address could come from such a text.

mod api;
mod clean;
mod feed;
mod history;
mod icon;
mod incident;
mod index;
mod maintenance;
mod model;
mod overall;
mod service;
mod shell;
mod state;
mod text;
mod updates;
mod when;

pub use crate::monitor::ServiceState;
pub use model::{DAYS, Page, PageDay, PageIncident, PageMaintenance, PageService, PageUpdate, Uptime};
pub use overall::{Indicator, Overall, overall};
pub use state::{Impact, Status};
pub use text::page_text;

/// All files of the page by their paths relative to its directory: pages, the feed, and the JSON of `api/v2`.
pub fn files(page: &Page) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("index.html".to_owned(), index::index(page)),
        ("history.html".to_owned(), history::history(page)),
        (feed::PATH.to_owned(), feed::feed(page)),
    ];
    files.extend(page.incidents.iter().map(|one| (incident::path(one), incident::incident(page, one))));
    files.extend(page.maintenances.iter().map(|one| (maintenance::path(one), maintenance::maintenance(page, one))));
    files.extend(api::files(page));
    files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect()
}

/// The whole page as `api/v2/summary.json` has it.
pub fn summary(page: &Page) -> serde_json::Value {
    api::summary(page)
}
