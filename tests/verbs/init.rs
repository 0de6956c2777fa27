//! `opsctl init`.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::{Value, json};

use crate::common::World;

fn names(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn a_new_workspace_is_complete_and_good() {
    let world = World::new();
    let outcome = world.run(&["init", "ops/team"]).exits(0).says(&["Next: cd ops/team", "opsctl lint"]);
    assert!(outcome.stdout.contains("wrote opsctl.yaml"), "{outcome}");
    for path in [
        "opsctl.yaml",
        "runbooks/db-connection.yaml",
        "checklists/daily-morning.yaml",
        "playbooks/incident-response.yaml",
        "templates/status-update.yaml",
        "schemas/workspace.json",
    ] {
        assert!(world.path("ops/team").join(path).is_file(), "{path} is missing");
    }
    let settings: Value = serde_json::from_str(&world.read("ops/team/.vscode/settings.json")).unwrap();
    assert_eq!(settings["yaml.schemas"]["./schemas/runbook.json"], "runbooks/*.yaml");
    assert_eq!(settings["yaml.schemas"]["./schemas/workspace.json"], "opsctl.yaml");
    world.run(&["-C", "ops/team", "lint"]).exits(0).says(&["definitions are good."]);
}

#[test]
fn what_is_there_is_never_touched() {
    let world = World::new();
    world.write("ops/opsctl.yaml", "title: Mine\n");
    world.write("ops/.vscode/settings.json", "{ \"mine\": true }\n");
    fs::create_dir(world.path("ops/runbooks")).unwrap();
    symlink("/nowhere/at/all", world.path("ops/runbooks/db-connection.yaml")).unwrap();
    let first = world.json(&["init", "ops"]);
    assert_eq!(names(&first["kept"]), ["opsctl.yaml", "runbooks/db-connection.yaml", ".vscode/settings.json"]);
    assert_eq!(world.read("ops/opsctl.yaml"), "title: Mine\n");
    assert_eq!(world.read("ops/.vscode/settings.json"), "{ \"mine\": true }\n");
    assert!(!Path::new("/nowhere").exists());

    world.write("ops/runbooks/high-error-rate.yaml", "title: Edited\n");
    let second = world.json(&["init", "ops"]);
    assert_eq!(second["written"], json!([]));
    assert_eq!(names(&second["kept"]).len(), names(&first["written"]).len() + 3);
    assert_eq!(second["dir"], world.path("ops").display().to_string());
    assert_eq!(world.read("ops/runbooks/high-error-rate.yaml"), "title: Edited\n");
    world.run(&["init", "ops"]).exits(0).says(&["nothing was written"]);
}

#[test]
fn a_file_is_no_directory() {
    let world = World::new();
    world.write("ops", "x");
    world.run(&["init", "ops"]).exits(2).says(&["ops is a file"]);
    world.write("other/runbooks", "x");
    world.run(&["init", "other"]).exits(5).says(&["other/runbooks", "a file stands"]);
}

#[test]
fn a_directory_that_may_not_be_written_is_said_so() {
    let world = World::new();
    fs::create_dir(world.path("shut")).unwrap();
    fs::set_permissions(world.path("shut"), fs::Permissions::from_mode(0o555)).unwrap();
    world.run_unprivileged(&["init", "shut"]).exits(5).says(&["shut/opsctl.yaml", "make the directory writable"]);
}
