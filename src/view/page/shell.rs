//! What every page of the status page has around its content.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::{Page, ServiceState, clean, feed, icon};

const STYLE: &str = include_str!("style.css");

/// A page of ours.
pub(super) struct Shell<'a> {
    pub page: &'a Page,
    /// What stands in the browser's tab before the title of the whole: one line, cleaned.
    pub title: &'a str,
    /// The way to the directory of the whole: empty, or `../`.
    pub root: &'a str,
    /// The page's own path in it.
    pub path: &'a str,
    /// The state whose sign the browser's tab shows.
    pub state: Option<ServiceState>,
}

impl Shell<'_> {
    /// The whole page around its content.
    pub(super) fn around(&self, content: &Markup) -> String {
        let name = clean::line(&self.page.title);
        let html = html! {
            (DOCTYPE)
            html lang="en" {
                head { (self.head(&name)) }
                body {
                    a.skip href="#main" { "Skip to content" }
                    (self.banner(&name))
                    main id="main" tabindex="-1" { (content) }
                    (self.footer())
                }
            }
        };
        html.into_string() + "\n"
    }

    fn head(&self, name: &str) -> Markup {
        let canonical = clean::base(self.page.url.as_deref()).map(|base| base + self.path);
        html! {
            meta charset="utf-8";
            // No script can run here, whoever wrote what.
            meta http-equiv="Content-Security-Policy" content=(policy());
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="generator" content="opsctl";
            title { (self.title) " · " (name) " status" }
            @if let Some(address) = canonical { link rel="canonical" href=(address); }
            link rel="alternate" type="application/atom+xml" title=(format!("{name} status")) href={ (self.root) (feed::PATH) };
            link rel="icon" href=(icon::address(self.state));
            style { (PreEscaped(STYLE)) }
        }
    }

    fn banner(&self, name: &str) -> Markup {
        let link = |path: &str, text: &str| {
            let current = (self.path == path).then_some("page");
            html! { li { a href={ (self.root) (path) } aria-current=[current] { (text) } } }
        };
        html! {
            header.top {
                p.name { a href={ (self.root) "index.html" } { bdi { (name) } " status" } }
                nav aria-label="This page" {
                    ul {
                        (link("index.html", "Status"))
                        (link("history.html", "History"))
                        (link(feed::PATH, "Feed"))
                    }
                }
            }
        }
    }

    // Without the moment it was made at: what is over stays as it is, byte for byte.
    fn footer(&self) -> Markup {
        html! {
            footer {
                p { "All times and days are UTC." }
                p {
                    "For programs: " a href={ (self.root) (feed::PATH) } { "Atom feed" } ", "
                    a href={ (self.root) "api/v2/summary.json" } { "JSON" } "."
                }
            }
        }
    }
}

// The one style is named by its hash: another would not be taken.
fn policy() -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'")
}
