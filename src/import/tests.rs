//! Whole configurations: what becomes of them, and that nothing in the result is wrong.

use std::fmt::Write as _;
use std::fs;

use crate::catalog::load::{Root, load};
use crate::catalog::model::Catalog;
use crate::condition::Compat;
use crate::import::{ImportError, Imported, LeftOut, gatus};

mod fields;
mod hostile;
mod large;

const EVERYTHING: &str = include_str!("../../tests/fixtures/gatus/everything.yaml");

fn import(text: &str) -> Imported {
    gatus(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The catalog of what was imported; every problem that lint would find is a failure.
fn loaded(yaml: &str) -> Catalog {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("opsctl.yaml"), yaml).unwrap();
    let loaded = load(&Root::Directory(directory.path().to_owned()));
    let problems = loaded.diagnose();
    let pictures: Vec<String> = problems.iter().map(|problem| problem.render(false)).collect();
    assert!(problems.is_empty(), "{}\n{yaml}", pictures.join("\n\n"));
    loaded.catalog
}

/// A line for each thing that was left out.
fn lines(left_out: &[LeftOut]) -> String {
    left_out.iter().fold(String::new(), |mut text, LeftOut { endpoint, what, why }| {
        let endpoint = endpoint.as_deref().map(|endpoint| format!("{endpoint}: ")).unwrap_or_default();
        let _ = writeln!(text, "{endpoint}{what}: {why}");
        text
    })
}

fn refused(text: &str) -> ImportError {
    gatus(text).expect_err(text)
}

#[test]
fn everything_becomes_settings_without_a_problem() {
    let imported = import(EVERYTHING);
    let catalog = loaded(&imported.yaml);
    assert_eq!(imported.probes, catalog.settings.probes.len());
    assert!(catalog.settings.probes.values().all(|probe| probe.compat == Compat::Gatus));
    insta::assert_snapshot!(imported.yaml);
}

#[test]
fn lines_may_end_as_they_do_in_windows() {
    assert_eq!(import(&format!("\u{feff}{}", EVERYTHING.replace('\n', "\r\n"))), import(EVERYTHING));
}

#[test]
fn everything_that_is_left_out_is_listed() {
    insta::assert_snapshot!(lines(&import(EVERYTHING).left_out));
}
