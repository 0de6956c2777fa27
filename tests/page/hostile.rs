//! Bad input: whatever stands in a field, nobody who reads the page gets it as anything but text.

use opsctl::view::page::{Page, PageUpdate, files};
use serde_json::Value;

use crate::{browser, feed, folder, sample};

/// Texts that would be something else if they could.
pub const BAD: [&str; 16] = [
    "<script>alert('x')</script>",
    "</title><script>alert(1)</script>",
    "</style><img src=x onerror=alert(2)>",
    "\"><svg onload=alert(3)>",
    "' onmouseover='alert(4)",
    "]]><script xmlns=\"http://www.w3.org/1999/xhtml\">alert(5)</script>",
    "<!-- --!> <!DOCTYPE html> &lt;b&gt; &#x41; &amp;",
    "javascript:alert(6)",
    "[click](javascript:alert(7)) **bold** `code` ![x](https://evil.test/x.png)",
    "<https://evil.test|our page> <!channel> <@U123> *bold* :fire:",
    "one\r\nSet-Cookie: a=b\r\n\r\n<h1>two</h1>",
    "\u{202e}reversed\u{202c} \u{2066}isolated\u{2069} \u{200f}\u{200e}\u{61c}",
    "\u{1b}[31mred\u{1b}]0;title\u{7} \u{9b}2J bell\u{7} null\u{0} delete\u{7f}",
    "\u{2028}line\u{2029}paragraph\u{85}next\u{b}tab\u{feff}mark\u{fffe}\u{ffff}",
    "{{ 7*7 }} ${7*7} <%= 7*7 %> {% include x %}",
    "../../../etc/passwd",
];

/// A page on which a text stands in every field.
pub fn with(bad: &str) -> Page {
    let mut page = sample::busy();
    let text = bad.to_owned();
    page.title.clone_from(&text);
    page.url = Some(text.clone());
    for service in &mut page.services {
        let id = format!("{}{text}", service.id);
        (service.title, service.summary) = (text.clone(), Some(text.clone()));
        for day in &mut service.days {
            day.incidents = vec![format!("INC-12{text}")];
        }
        service.id = id;
    }
    let all: Vec<String> = page.services.iter().map(|service| service.id.clone()).collect();
    let tell = |updates: &mut Vec<PageUpdate>| {
        for update in updates {
            update.id += &text;
            update.body = format!("{text}\n\n{text}\n{text}");
        }
    };
    for one in &mut page.incidents {
        one.id += &text;
        one.title.clone_from(&text);
        one.services.clone_from(&all);
        tell(&mut one.updates);
    }
    for one in &mut page.maintenances {
        one.id += &text;
        one.title.clone_from(&text);
        one.services.clone_from(&all);
        tell(&mut one.updates);
    }
    page
}

fn is_unwanted(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[test]
fn no_file_has_a_character_that_does_something() {
    for bad in BAD {
        for (path, bytes) in files(&with(bad)) {
            let text = String::from_utf8(bytes).unwrap();
            let found = text.chars().find(|c| is_unwanted(*c));
            assert_eq!(found, None, "{path} with {bad:?}");
            assert!(path.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)), "{path}");
            assert!(!path.contains("..") && !path.starts_with('/'), "{path}");
        }
    }
}

/// The names of all elements in a page, and of their attributes.
fn markup(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (_, style) = html.split_once("<style>").unwrap();
    let (_, after) = style.split_once("</style>").unwrap();
    let before = html.split_once("<style>").unwrap().0;
    for piece in [before, after] {
        for tag in piece.split('<').skip(1) {
            let (inside, _) = tag.split_once('>').expect("a tag that ends");
            // Values are quoted, and no quote stands in one.
            let names = inside.split('"').step_by(2).collect::<String>();
            found.push(names.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn the_markup_is_that_of_a_good_page() {
    let pages = |page: &Page| -> Vec<String> {
        let is_page = |path: &str| path.rsplit_once('.').is_some_and(|(_, end)| end == "html");
        let pages = files(page).into_iter().filter(|(path, _)| is_page(path));
        let mut all: Vec<String> = pages.flat_map(|(_, bytes)| markup(&String::from_utf8(bytes).unwrap())).collect();
        all.sort();
        all.dedup();
        all
    };
    let mut good = sample::busy();
    good.services[0].days[3].incidents = vec!["INC-12".to_owned()];
    let good = pages(&good);
    for bad in BAD {
        let found = pages(&with(bad));
        let new: Vec<&String> = found.iter().filter(|tag| !good.contains(tag)).collect();
        assert!(new.is_empty(), "{bad:?} became {new:?}");
    }
}

#[test]
fn no_address_comes_from_a_text() {
    for bad in BAD {
        for (path, bytes) in files(&with(bad)) {
            let text = String::from_utf8(bytes).unwrap();
            for attribute in ["href=\"", "src=\""] {
                for value in text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
                    let ours =
                        ["", "../", "#", "incidents/", "maintenances/", "index.html", "history.html", "feed.atom"];
                    let is_ours = ours.iter().any(|start| !start.is_empty() && value.starts_with(start))
                        || value.starts_with("api/v2/")
                        || value.starts_with("data:image/svg+xml;base64,");
                    assert!(is_ours, "{path} leads to {value:?} with {bad:?}");
                }
            }
        }
    }
}

#[test]
fn programs_get_the_texts_as_texts() {
    for bad in BAD {
        let page = with(bad);
        let summary: Value = serde_json::from_str(&folder::text(&page, "api/v2/summary.json")).unwrap();
        let name = summary["incidents"][0]["name"].as_str().unwrap();
        assert!(!name.contains(['\n', '\r', '\u{1b}']), "{name:?}");
        let feed = feed::parsed(&page, "feed-hostile");
        assert_eq!(feed["bozo"], false, "{bad:?}: {}", feed["why"]);
        let entries = feed["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 7, "{bad:?}");
        assert_eq!((&entries[0]["type"], &entries[0]["title_type"]), (&"text/plain".into(), &"text/plain".into()));
        assert_eq!(entries[0]["title"], format!("Identified: {name}").trim_end(), "{bad:?}");
    }
}

#[test]
fn a_browser_shows_them_and_runs_nothing() {
    // Some at a time: a browser takes a while to begin.
    for (number, bad) in BAD.chunks(4).enumerate() {
        let dir = folder::looked_at(&format!("hostile-{number}"));
        folder::write(&with(&bad.join("\n")), &dir);
        let seen = browser::open(&dir.join("index.html"), &[]);
        assert_eq!(seen.console, [""; 0], "{bad:?}");
        assert!(!seen.dom.contains("<script") && !seen.dom.contains("onerror=\""), "{bad:?}");
        assert!(seen.dom.contains("<h1>Partial System Outage</h1>"), "{bad:?}");
    }
}
