//! The Atom feed: an entry for everything that was told.
//!
//! An entry's id never changes: it is made of the page's place, the incident's id and the update's. Texts are plain
//! text to the feed, so that a reader shows markup in them as it was typed.

use atom_syndication::{Category, Content, Entry, Feed, Generator, Link, Person, Text};

use super::{Page, PageUpdate, clean, incident, maintenance};

/// Where the feed lies.
pub(super) const PATH: &str = "feed.atom";

/// So many entries, the newest; readers keep those they have seen.
const MOST: usize = 100;

/// Something that updates are told of.
struct Subject<'a> {
    id: &'a str,
    title: String,
    path: String,
    kind: &'static str,
}

/// The feed.
pub(super) fn feed(page: &Page) -> String {
    let base = clean::base(page.url.as_deref());
    let link = |path: &str| base.clone().unwrap_or_default() + path;
    let mut told = told(page);
    told.sort_by_key(|(_, update)| std::cmp::Reverse(update.at));
    let updated = told.first().map_or(page.at, |(_, update)| update.at);
    let name = clean::line(&page.title);
    let feed = Feed {
        title: Text::plain(format!("{name} status")),
        id: tag(page, "page"),
        updated: updated.fixed_offset(),
        authors: vec![Person { name: name.clone(), ..Person::default() }],
        generator: Some(Generator { value: "opsctl".to_owned(), ..Generator::default() }),
        links: vec![
            address(link(PATH), "self", "application/atom+xml"),
            address(link("index.html"), "alternate", "text/html"),
        ],
        entries: told.iter().take(MOST).map(|(subject, update)| entry(page, subject, update, &link)).collect(),
        ..Feed::default()
    };
    feed.to_string() + "\n"
}

fn told(page: &Page) -> Vec<(Subject<'_>, &PageUpdate)> {
    let incidents = page.incidents.iter().flat_map(|one| {
        let subject = move || Subject {
            id: &one.id,
            title: clean::line(&one.title),
            path: incident::path(one),
            kind: "incident",
        };
        one.updates.iter().map(move |update| (subject(), update))
    });
    let maintenances = page.maintenances.iter().flat_map(|one| {
        let subject = move || Subject {
            id: &one.id,
            title: clean::line(&one.title),
            path: maintenance::path(one),
            kind: "maintenance",
        };
        one.updates.iter().map(move |update| (subject(), update))
    });
    incidents.chain(maintenances).collect()
}

fn entry(page: &Page, subject: &Subject<'_>, update: &PageUpdate, link: &impl Fn(&str) -> String) -> Entry {
    let (id, said) = (clean::name(subject.id), clean::name(&update.id));
    Entry {
        title: Text::plain(format!("{}: {}", update.status.title(), subject.title)),
        id: tag(page, &format!("{}/{id}/{said}", subject.kind)),
        updated: update.at.fixed_offset(),
        published: Some(update.at.fixed_offset()),
        categories: vec![category(subject.kind), category(update.status.word())],
        links: vec![address(link(&format!("{}#{said}", subject.path)), "alternate", "text/html")],
        content: Some(Content {
            content_type: Some("text".to_owned()),
            value: Some(clean::body(&update.body)),
            ..Content::default()
        }),
        ..Entry::default()
    }
}

fn category(term: &str) -> Category {
    Category { term: term.to_owned(), ..Category::default() }
}

fn address(href: String, rel: &str, mime_type: &str) -> Link {
    Link { href, rel: rel.to_owned(), mime_type: Some(mime_type.to_owned()), ..Link::default() }
}

// RFC 4151 wants a name that is ours; where none is known, one that nobody can have.
fn tag(page: &Page, what: &str) -> String {
    let base = clean::base(page.url.as_deref()).and_then(|base| url::Url::parse(&base).ok());
    let host = base.as_ref().and_then(url::Url::host_str).unwrap_or("opsctl.invalid");
    let path = base.as_ref().map_or("/", url::Url::path);
    format!("tag:{host},2026:{path}{what}")
}
