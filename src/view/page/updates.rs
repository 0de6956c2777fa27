//! What was told, the newest first.

use maud::{Markup, html};

use super::{Page, PageUpdate, clean, when};

/// The updates of an incident or of planned work.
pub(super) fn updates(updates: &[PageUpdate]) -> Markup {
    html! {
        @if !updates.is_empty() {
            ol.updates {
                @for update in updates {
                    li id=(clean::name(&update.id)) {
                        p.what { strong { (update.status.title()) } " " (when::moment(update.at)) }
                        (body(&update.body))
                    }
                }
            }
        }
    }
}

/// A text with its paragraphs and lines; whichever way it is written, it turns nothing around it.
pub(super) fn body(text: &str) -> Markup {
    html! { @for paragraph in clean::paragraphs(text) { p.said dir="auto" { (paragraph) } } }
}

/// The titles of services, none of which turns the others around.
pub(super) fn services(page: &Page, ids: &[String]) -> Option<Markup> {
    let titles: Vec<String> = page.services_of(ids).map(|service| clean::line(&service.title)).collect();
    (!titles.is_empty()).then(|| {
        html! { @for (place, title) in titles.iter().enumerate() { @if place > 0 { ", " } bdi { (title) } } }
    })
}
