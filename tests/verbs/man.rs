//! `opsctl man`.

use std::collections::BTreeSet;
use std::fs;

use crate::common::World;

#[test]
fn the_page_of_the_program_is_printed() {
    let page = World::new().run(&["man"]).exits(0).stdout;
    for part in [".TH opsctl 1", ".SH NAME", ".SH OPTIONS", "opsctl\\-runbook(1)"] {
        assert!(page.contains(part), "{part} is missing: {page}");
    }
}

#[test]
fn every_command_gets_its_page() {
    let world = World::new();
    let written = world.json(&["man", "--out", "man/man1"]);
    let names: BTreeSet<String> = fs::read_dir(world.path("man/man1"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let said: BTreeSet<String> =
        written["written"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    assert_eq!(names, said);
    for name in ["opsctl.1", "opsctl-runbook.1", "opsctl-runbook-run.1", "opsctl-journal-verify.1"] {
        assert!(names.contains(name), "{name} is missing: {names:?}");
    }
    assert!(world.read("man/man1/opsctl-runbook-run.1").contains("opsctl runbook run"));
}

#[test]
fn a_file_in_the_way_is_said_so() {
    let world = World::new();
    world.write("pages", "x");
    world.run(&["man", "--out", "pages"]).exits(5).says(&["pages", "name a directory"]);
}
