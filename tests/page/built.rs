//! `opsctl status-page build`: a directory of files.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;

use opsctl::site::{Written, write};
use serde_json::Value;

use crate::common::{World, finish};
use crate::{folder, sample};

fn done(written: usize, unchanged: usize, removed: usize) -> Written {
    Written { written, unchanged, removed }
}

#[test]
fn only_what_is_other_than_before_is_written() {
    let dir = folder::looked_at("built").join("deep/er");
    let mut page = sample::busy();
    let whole = opsctl::view::page::files(&page);
    assert_eq!(write(&dir, &whole).unwrap(), done(whole.len(), 0, 0));
    let inode = |path: &str| fs::metadata(dir.join(path)).unwrap().ino();
    let before = inode("incidents/INC-11.html");
    assert_eq!(write(&dir, &whole).unwrap(), done(0, whole.len(), 0));
    // What is over stays as it is, whenever the page is made.
    page.at += chrono::TimeDelta::hours(1);
    write(&dir, &opsctl::view::page::files(&page)).unwrap();
    assert_eq!(before, inode("incidents/INC-11.html"));
    assert!(!left_half(&dir));
}

/// Whether something was left that is only half written.
fn left_half(dir: &Path) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| entry.unwrap().file_name().to_string_lossy().contains("half"))
}

#[test]
fn many_build_at_the_same_time_and_what_each_has_queued_is_there_when_it_is_done() {
    let world = World::new();
    world.write(
        "opsctl.yaml",
        "title: Test\nservices: {api: {title: API}}\nseverities: {P1: {title: High, criteria: [Broken], respond_within: 1h}}\n\
         channels: {site: {title: Site, audience: public, page: site}}\n",
    );
    for _ in 1..=4 {
        world.run(&["incident", "open", "--title", "Down", "--service", "api", "--severity", "P1"]).exits(0);
    }
    let update = |id: u32| (id, world.spawn(&["incident", "update", &id.to_string(), "We look", "--to", "site"]));
    let others = [world.spawn(&["status-page", "build", "site"]), world.spawn(&["status-page", "build", "site"])];
    let updates: Vec<_> = (1..=4).map(update).collect();
    for (id, child) in updates {
        finish(child).exits(0);
        assert!(world.read("site/api/v2/incidents.json").contains(&format!("INC-{id}\"")), "INC-{id} is missing");
    }
    for other in others {
        finish(other).exits(0);
    }
    assert!(!left_half(&world.path("site")));
}

#[test]
fn pages_that_are_no_more_are_removed_and_nothing_else() {
    let dir = folder::looked_at("shrunk");
    write(&dir, &opsctl::view::page::files(&sample::busy())).unwrap();
    fs::write(dir.join("logo.svg"), "mine").unwrap();
    fs::write(dir.join("incidents/notes.txt"), "mine").unwrap();
    let calm = write(&dir, &opsctl::view::page::files(&sample::calm())).unwrap();
    assert_eq!(calm.removed, 4);
    assert!(dir.join("logo.svg").exists() && dir.join("incidents/notes.txt").exists());
    assert!(!dir.join("incidents/INC-12.html").exists() && !dir.join("maintenances").exists());
}

#[test]
fn a_directory_of_somebody_else_is_left_alone() {
    let world = World::new();
    world.write("site/index.html", "mine");
    world.run(&["status-page", "build", "site"]).exits(2).says(&["site is not empty", "new or an empty directory"]);
    assert_eq!(world.read("site/index.html"), "mine");
    world.write("file", "x");
    world.run(&["status-page", "build", "file"]).exits(5).says(&["file cannot be made"]);
}

#[test]
fn no_link_leads_out() {
    let root = folder::looked_at("links");
    let (dir, outside) = (root.join("page"), root.join("outside"));
    fs::create_dir(&outside).unwrap();
    let files = opsctl::view::page::files(&sample::busy());
    write(&dir, &files).unwrap();
    // A link in place of a file is replaced, and what it leads to stays.
    fs::write(outside.join("victim"), "mine").unwrap();
    fs::remove_file(dir.join("index.html")).unwrap();
    symlink(outside.join("victim"), dir.join("index.html")).unwrap();
    assert_eq!(write(&dir, &files).unwrap(), done(1, files.len() - 1, 0));
    assert_eq!(fs::read_to_string(outside.join("victim")).unwrap(), "mine");
    assert!(fs::symlink_metadata(dir.join("index.html")).unwrap().is_file());
    // One in place of a directory is refused, for writing and for removing.
    fs::remove_dir_all(dir.join("incidents")).unwrap();
    symlink(&outside, dir.join("incidents")).unwrap();
    fs::write(outside.join("INC-12.html"), "mine").unwrap();
    for page in [sample::busy(), sample::calm()] {
        let error = write(&dir, &opsctl::view::page::files(&page)).unwrap_err();
        assert!(error.hints[0].contains("symbolic link"), "{error:?}");
    }
    assert_eq!(fs::read_to_string(outside.join("INC-12.html")).unwrap(), "mine");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 2);
}

#[test]
fn a_list_that_was_tampered_with_removes_nothing_outside() {
    let root = folder::looked_at("tampered");
    let dir = root.join("page");
    write(&dir, &opsctl::view::page::files(&sample::calm())).unwrap();
    fs::write(root.join("victim"), "mine").unwrap();
    let list = dir.join(".opsctl-page");
    let whole = fs::read_to_string(&list).unwrap();
    for path in ["../victim", "/etc/passwd", "a//b", "."] {
        fs::write(&list, format!("{whole}{path}\n")).unwrap();
        write(&dir, &opsctl::view::page::files(&sample::calm())).unwrap_err();
    }
    assert!(root.join("victim").exists() && Path::new("/etc/passwd").exists());
}

#[test]
fn the_command_says_what_it_did() {
    let world = World::new();
    let first = world.json(&["status-page", "build", "out", "--url", "https://status.example.com"]);
    assert_eq!((&first["unchanged"], &first["removed"]), (&Value::from(0), &Value::from(0)));
    world.run(&["status-page", "build", "out"]).exits(0);
    let text = world.run(&["status-page", "build", "out"]).exits(0).stdout;
    assert!(text.contains("written to") && text.contains("unchanged"), "{text}");
    let summary: Value = serde_json::from_str(&world.read("out/api/v2/summary.json")).unwrap();
    assert_eq!(summary["components"][0]["name"], "API");
    world
        .run(&["status-page", "build", "out", "--url", "javascript:alert(1)"])
        .exits(2)
        .says(&["https://status.example.com"]);
    world.run(&["status-page", "build", "out", "--url", "https://u:p@h/"]).exits(2).says(&["no password"]);
    world.run(&["status-page", "build"]).exits(2);
}

#[test]
fn a_broken_definition_builds_nothing() {
    let world = World::new();
    world.write("opsctl.yaml", "title: Test\nservices:\n  api:\n    titel: API\n");
    for verb in
        [&["status-page", "build", "out"][..], &["status-page", "show"], &["status-page", "preview", "--no-open"]]
    {
        world.run(verb).exits(3).says(&["titel"]);
    }
    assert!(!world.path("out").exists());
}
