//! The schemas that editors read from `schemas/` are those that the program prints.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fs;
use std::path::Path;

use opsctl::catalog::schema::{KINDS, schema};

#[test]
fn the_kept_schemas_are_those_of_the_program() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let again = "for kind in runbook checklist playbook template workspace; do \
                 cargo run -q -- schema $kind > schemas/$kind.json; done";
    for kind in KINDS {
        let printed = assert_cmd::Command::new(env!("CARGO_BIN_EXE_opsctl")).args(["schema", kind]).output().unwrap();
        assert!(printed.status.success(), "{printed:?}");
        let printed = String::from_utf8(printed.stdout).unwrap();
        assert_eq!(printed, format!("{:#}\n", schema(kind).unwrap()), "{kind}");
        let kept = fs::read_to_string(dir.join(format!("{kind}.json"))).unwrap_or_default();
        // Not assert_eq: nobody reads two schemas side by side.
        assert!(
            kept == printed,
            "schemas/{kind}.json is not what `opsctl schema {kind}` prints. Make them again:\n{again}"
        );
    }
    assert_eq!(fs::read_dir(&dir).unwrap().count(), KINDS.len(), "schemas/ has a file of no kind");
}
