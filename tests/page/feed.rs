//! The Atom feed, as two parsers that have nothing to do with its writer's use of it see it.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use opsctl::view::page::Page;
use serde_json::Value;

use crate::{folder, sample};

/// Reads a feed as Python's feedparser does.
#[track_caller]
pub fn parsed(page: &Page, name: &str) -> Value {
    let file = folder::looked_at(name).join("feed.atom");
    std::fs::write(&file, folder::text(page, "feed.atom")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/feed.py");
    let output =
        Command::new("/usr/bin/python3").arg(script).arg(file).output().expect("python3, which scripts/test installs");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_update_is_an_entry() {
    let feed = parsed(&sample::busy(), "feed");
    assert_eq!(feed["bozo"], false, "{feed}");
    assert_eq!(feed["version"], "atom10");
    assert_eq!(feed["title"], "Lighthouse status");
    assert_eq!(feed["id"], "tag:status.example.com,2026:/page");
    let entries = feed["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 7);
    let ids: HashSet<&str> = entries.iter().map(|entry| entry["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 7, "an id is there twice");
    let first = &entries[0];
    assert_eq!(first["id"], "tag:status.example.com,2026:/incident/INC-12/u2");
    assert_eq!(first["title"], "Identified: Some orders cannot be placed");
    assert_eq!(first["updated"], "2026-11-24T08:40:00+00:00");
    assert_eq!(feed["updated"], first["updated"], "a feed is as new as its newest entry");
    assert_eq!(first["link"], "https://status.example.com/incidents/INC-12.html#u2");
    assert_eq!(first["type"], "text/plain");
    assert!(
        first["content"]
            .as_str()
            .unwrap()
            .ends_with("\n\nOrders that failed were not charged.\nNothing needs to be done twice.")
    );
}

#[test]
fn nothing_told_is_a_feed_too() {
    let mut page = sample::calm();
    page.url = None;
    let feed = parsed(&page, "feed-empty");
    assert_eq!((&feed["bozo"], &feed["entries"]), (&Value::Bool(false), &serde_json::json!([])));
}

#[test]
fn ids_stay_when_more_is_told() {
    let before = sample::busy();
    let mut after = before.clone();
    after.incidents[0].updates.remove(0);
    let ids = |page: &Page, name: &str| -> Vec<Value> {
        parsed(page, name)["entries"].as_array().unwrap().iter().map(|entry| entry["id"].clone()).collect()
    };
    let (before, after) = (ids(&before, "feed-before"), ids(&after, "feed-after"));
    assert_eq!(before[1..], after);
}
