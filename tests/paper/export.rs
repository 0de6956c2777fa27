//! `opsctl incident export`: one folder that says everything, and that others can check.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use opsctl::ground::sha256;
use serde_json::{Value, json};

use crate::common::World;
use crate::postmortem::{FILE, story};
use crate::world::{events, good, open};

const DIR: &str = "exports/INC-1";

/// The story with a run that printed something.
fn with_run() -> World {
    let world = story();
    world.runbook(
        "mend",
        "steps:\n  - {id: look, title: Look, run: 'echo seen; seq 3000'}\n  - {id: undo, title: U, run: exit 3}\n",
    );
    open(&world, "Another", "P2", 3);
    let answers = world.answers("steps: {look: run, undo: run}");
    world.run(&["runbook", "run", "mend", "--incident", "1", "--answers", &answers]);
    world
}

/// What `sha256sum -c` says in a folder.
fn checked(dir: &Path) -> bool {
    let sums =
        Command::new("sha256sum").args(["--strict", "--quiet", "-c", "SHA256SUMS"]).current_dir(dir).output().unwrap();
    sums.status.success()
}

/// Every file below a folder, with its bytes.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(next) = dirs.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn it_has_everything_and_its_sums_are_right() {
    let world = with_run();
    good(&world, &["incident", "postmortem", "1"]);
    let shown = world.json(&["incident", "export", "1"]);
    assert_eq!((&shown["incident"], &shown["path"]), (&json!("INC-1"), &json!(DIR)));
    let dir = world.path(DIR);
    assert!(checked(&dir));
    let files = files(&dir);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "SHA256SUMS",
            "events.jsonl",
            "evidence/01-graph.png",
            "incident.json",
            "incident.md",
            "messages/m1.txt",
            "messages/m2.txt",
            "postmortem.md",
            "runs/01-mend.1.json",
            "runs/01-mend.1/0003-look.txt",
            "timeline.json",
        ]
    );
    for file in shown["files"].as_array().unwrap() {
        let (_, bytes) = files.iter().find(|(name, _)| *name == file["path"].as_str().unwrap()).unwrap();
        assert_eq!((&file["bytes"], &file["sha256"]), (&json!(bytes.len()), &json!(sha256(bytes))));
    }
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    assert_eq!(read("evidence/01-graph.png"), "not really");
    assert_eq!(read("postmortem.md"), world.read(FILE));
    assert!(read("runs/01-mend.1/0003-look.txt").ends_with("\n2999\n3000\n"));
    let json = |name: &str| -> Value { serde_json::from_str(&read(name)).unwrap() };
    assert_eq!(json("timeline.json"), world.json(&["incident", "timeline", "1"]));
    assert_eq!(json("incident.json")["incident"], world.json(&["incident", "show", "1"]));
    assert_eq!(json("runs/01-mend.1.json")["run"]["id"], "mend.1");
    for part in [
        "Message: m1",
        "Approved: ",
        "Receipt: status-page: sent ",
        "200 OK, id r1",
        "Subject: We know",
        "We are <b>looking</b>",
    ] {
        assert!(read("messages/m1.txt").contains(part), "{part}: {}", read("messages/m1.txt"));
    }
    for part in [
        "# INC-1: Log in fails",
        "[graph.png](evidence/01-graph.png)",
        "[mend.1](runs/01-mend.1.json)",
        "> We are \\<b>looking\\</b>",
        "the spike",
    ] {
        assert!(read("incident.md").contains(part), "{part}: {}", read("incident.md"));
    }
}

#[test]
fn the_events_are_those_of_the_journal_with_their_hashes() {
    let world = with_run();
    good(&world, &["incident", "export", "1"]);
    let text = fs::read_to_string(world.path(DIR).join("events.jsonl")).unwrap();
    let exported: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stored: Vec<Value> =
        ["incident/INC-1", "run/mend.1"].iter().flat_map(|stream| events(&world, stream)).collect();
    assert_eq!(exported, stored);
    assert!(exported.iter().all(|event| event["hash"].as_str().is_some_and(|hash| hash.len() == 64)));
}

#[test]
fn an_earlier_export_is_replaced_and_nothing_else() {
    let world = with_run();
    good(&world, &["incident", "export", "1"]);
    good(&world, &["incident", "note", "1", "later"]);
    good(&world, &["incident", "export", "1"]);
    let dir = world.path(DIR);
    assert!(fs::read_to_string(dir.join("incident.md")).unwrap().contains("note: later") && checked(&dir));
    assert_eq!(fs::read_dir(world.path("exports")).unwrap().count(), 1, "something was left behind");
    let before = files(&dir);
    world.run(&["incident", "export", "2", "--out", DIR]).exits(2).says(&["not empty, and no earlier export", "--out"]);
    world.write(&format!("{DIR}/mine.txt"), "mine");
    world.run(&["incident", "export", "1"]).exits(2).says(&["none of the export's", "mine.txt"]);
    fs::remove_file(dir.join("mine.txt")).unwrap();
    assert_eq!(files(&dir), before);
    world.write(&format!("{DIR}/incident.md"), "mine");
    world.run(&["incident", "export", "1"]).exits(2).says(&["incident.md was changed since"]);
    world.write("notes/a.txt", "a");
    world.run(&["incident", "export", "1", "--out", "notes"]).exits(2).says(&["not empty"]);
    world.run(&["incident", "export", "1", "--out", "notes/a.txt"]).exits(2).says(&["no folder"]);
    world.run(&["incident", "export", "1", "--out", "notes/a.txt/b"]).exits(5).says(&["cannot be written"]);
    fs::create_dir(world.path("empty")).unwrap();
    good(&world, &["incident", "export", "1", "--out", "empty"]);
    assert!(checked(&world.path("empty")));
    assert_eq!(files(&world.path("notes")), [("a.txt".to_owned(), b"a".to_vec())]);
}

#[test]
fn once_it_is_exported_the_post_mortem_leads_to_the_evidence() {
    let world = story();
    good(&world, &["incident", "postmortem", "1"]);
    good(&world, &["incident", "export", "1"]);
    good(&world, &["incident", "postmortem", "1"]);
    let text = world.read(FILE);
    assert!(text.contains("([01-graph.png](../exports/INC-1/evidence/01-graph.png), SHA-256 "), "{text}");
    assert!(world.path("postmortems").join("../exports/INC-1/evidence/01-graph.png").is_file());
    // Whether it is there makes no timeline untrue.
    fs::remove_dir_all(world.path("exports")).unwrap();
    let problems = world.json(&["postmortem", "lint", "1"]);
    assert!(problems.as_array().unwrap().iter().all(|one| one["code"] == "section-unfilled"), "{problems}");
}

#[test]
fn names_lead_nowhere_and_restricted_ones_want_a_word() {
    let world = World::new();
    let open = ["incident", "open", "--title", "Keys leaked", "--service", "api", "--severity", "P1", "--security"];
    good(&world, &open);
    let evil = "a\n..-]( <b>.txt";
    world.write(evil, "x");
    good(&world, &["incident", "evidence", "1", evil]);
    world.write("big.bin", "y");
    good(&world, &["incident", "evidence", "1", "big.bin", "--hash-only"]);
    world.run(&["incident", "export", "1"]).exits(2).says(&["restricted", "--restricted"]);
    assert!(!world.path("exports").exists());
    good(&world, &["incident", "export", "1", "--restricted"]);
    let dir = world.path(DIR);
    let names: Vec<String> =
        files(&dir).into_iter().map(|(name, _)| name).filter(|name| name.starts_with("evidence")).collect();
    assert_eq!(names, ["evidence/01-a-..-----b-.txt"]);
    assert!(checked(&dir));
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(dir.join("incident.md")).unwrap().permissions().mode() & 0o777, 0o600);
}
