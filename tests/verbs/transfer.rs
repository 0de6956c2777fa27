//! `opsctl journal export` and `import`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::common::{OPSCTL, Outcome, World, finish};

/// What a command says, its words in one line: what goes to people is folded where their page ends.
fn run(world: &World, args: &[&str]) -> Outcome {
    unfolded(world.run(args))
}

fn unfolded(outcome: Outcome) -> Outcome {
    let stderr = outcome.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    Outcome { stderr, ..outcome }
}

/// A world with an incident and a run whose output lies in a blob.
fn told() -> World {
    let world = World::new();
    world.runbook("a", "steps:\n  - {id: look, title: Look, run: seq 1 20000, risk: read-only}\n");
    let answers = world.answers("steps: {look: run}");
    run(&world, &["runbook", "run", "a", "--answers", &answers]).exits(0);
    run(&world, &["incident", "open", "--title", "Träge", "--service", "api", "--severity", "P1"]).exits(0);
    run(&world, &["incident", "note", "1", "it began at noon"]).exits(0);
    world
}

/// Exports all of it to a file, and gives its path.
fn exported(world: &World, name: &str) -> String {
    let file = world.path(name).display().to_string();
    run(world, &["journal", "export", "--out", &file]).exits(0);
    file
}

fn head(world: &World) -> String {
    let found = run(world, &["-o", "json", "journal", "verify"]).exits(0).json();
    found["head"].as_str().unwrap().to_owned()
}

#[test]
fn a_journal_moves_to_another_workspace() {
    let (from, to) = (told(), World::new());
    let file = exported(&from, "journal.jsonl");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = run(&to, &["journal", "import", &file]).exits(0).stdout;
    assert!(text.starts_with("Imported ") && text.ends_with(" and 2 blobs, in 2 new streams.\n"), "{text}");
    assert_eq!(head(&to), head(&from));
    let args = ["-o", "json", "run", "show", "a.1"];
    assert_eq!(run(&to, &args).exits(0).json()["steps"], run(&from, &args).exits(0).json()["steps"]);
    let text = run(&to, &["journal", "import", &file]).exits(0).stdout;
    assert!(text.starts_with("Nothing new. All ") && text.ends_with(" events were here already.\n"), "{text}");
    run(&to, &["incident", "note", "1", "and on it goes"]).exits(0);
    run(&to, &["journal", "verify"]).exits(0);
}

#[test]
fn programs_are_told_the_counts() {
    let (from, to) = (told(), World::new());
    let file = from.path("part.jsonl").display().to_string();
    let said = from.json(&["journal", "export", "--stream", "incident/", "--out", &file]);
    assert_eq!((&said["path"], &said["events"], &said["streams"]), (&json!(file), &json!(2), &json!(1)));
    assert!(fs::read_to_string(&file).unwrap().ends_with(&format!("{}\"}}\n", said["sha256"].as_str().unwrap())));
    let expected = json!({
        "events": 2, "streams": 1, "blobs": 0, "new_events": 2, "new_streams": 1, "new_blobs": 0
    });
    assert_eq!(to.json(&["journal", "import", &file]), expected);
}

#[test]
fn an_export_goes_through_a_pipe() {
    let (from, to) = (told(), World::new());
    let lines = run(&from, &["journal", "export"]).exits(0).says(&["Exported", "2 streams"]).stdout;
    let shown = run(&from, &["-o", "json", "journal", "show"]).exits(0).stdout;
    assert!(lines.contains(&shown), "every event is as `journal show` prints it");
    let mut import = to.command(&["journal", "import", "-"]);
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    finish(import).exits(0);
    assert_eq!(head(&to), head(&from));
}

#[test]
fn what_is_wrong_with_a_file_is_said_and_nothing_is_made() {
    let (from, to) = (told(), World::new());
    let whole = fs::read_to_string(exported(&from, "journal.jsonl")).unwrap();
    let import = |text: &str| {
        let file = to.write("bad.jsonl", text).display().to_string();
        run(&to, &["journal", "import", &file])
    };
    import(&whole.replace("Träge", "Flink")).exits(1).says(&[
        "bad.jsonl line ",
        "Nothing was imported",
        "copy the file",
    ]);
    let half = &whole[..whole.len() / 2 / 3 * 2];
    import(half).exits(1).says(&["bad.jsonl is cut off at line ", "Nothing was imported"]);
    import("title: Notes\n").exits(2).says(&["is not an export of a journal", "journal export --out FILE"]);
    import("{\"opsctl_journal\":2}\n").exits(2).says(&["newer opsctl", "install"]);
    run(&to, &["journal", "import", "nowhere.jsonl"]).exits(2).says(&["nowhere.jsonl cannot be read", "No such file"]);
    run(&to, &["journal", "import", "."]).exits(2).says(&["cannot be read"]);
    assert!(!to.state().exists(), "a bad file leaves no trace");
}

#[test]
fn two_journals_of_one_name_are_not_mixed() {
    let (from, to) = (told(), World::new());
    let file = exported(&from, "journal.jsonl");
    run(&to, &["incident", "open", "--title", "Another", "--service", "api", "--severity", "P2"]).exits(0);
    let before = head(&to);
    run(&to, &["journal", "import", &file]).exits(1).says(&[
        "incident/INC-1 in ",
        "is another one than here from version 1 on",
        "Nothing was imported",
        "declared by alice",
        "-C DIR",
        "--stream STREAM",
    ]);
    assert_eq!(head(&to), before);
}

#[test]
fn an_export_overwrites_nothing_and_names_what_is_not_there() {
    let world = told();
    let file = world.write("kept", "as it is").display().to_string();
    run(&world, &["journal", "export", "--out", &file]).exits(2).says(&["is there already; nothing was overwritten"]);
    assert_eq!(world.read("kept"), "as it is");
    run(&world, &["journal", "export", "--out", "no/where"]).exits(5).says(&["no/where", "say another file"]);
    run(&world, &["journal", "export", "--stream", "run/b.1"]).exits(2).says(&["no stream `run/b.1`", "did you mean"]);
    world
        .run(&["journal", "export", "--stream", "rnu/"])
        .exits(2)
        .says(&["no stream in the journal begins with `rnu/`"]);
    let nothing = World::new();
    let lines = run(&nothing, &["journal", "export"]).exits(0).stdout;
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(!nothing.state().exists());
}

#[test]
fn a_full_disk_leaves_no_half_export_behind() {
    let world = told();
    let out = world.path("journal.jsonl");
    // Files may have some 50 kB here, which SQLite's companions need; the signal that comes with it is not heeded.
    let script = format!("trap '' XFSZ; ulimit -f 100; exec {OPSCTL} journal export --out {}", out.display());
    let like = world.command(&[]);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &script]).current_dir(world.path("")).env_clear();
    shell.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let shell = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    unfolded(finish(shell)).exits(5).says(&["the export cannot be written to", "make room"]);
    assert!(!out.exists());
}

#[test]
fn a_changed_journal_is_not_exported() {
    let world = told();
    let db = rusqlite::Connection::open(world.state().join("journal.db")).unwrap();
    db.execute_batch("DROP TRIGGER events_keep_update; UPDATE events SET actor = 'eve' WHERE stream LIKE 'run/%'")
        .unwrap();
    drop(db);
    let said = ["not as it was written", "run/a.1 version 1: the hash does not fit", "journal verify", "--stream"];
    run(&world, &["journal", "export", "--out", "all.jsonl"]).exits(1).says(&said);
    assert!(!world.path("all.jsonl").exists());
    run(&world, &["journal", "export", "--out", "part.jsonl", "--stream", "incident/"]).exits(0);
}

#[test]
fn killed_at_any_point_an_import_is_whole_or_nothing() {
    let from = told();
    let first = exported(&from, "first.jsonl");
    run(&from, &["incident", "note", "1", "and more"]).exits(0);
    let second = exported(&from, "second.jsonl");
    for at in 1..50 {
        let to = World::new();
        run(&to, &["journal", "import", &first]).exits(0);
        let before = head(&to);
        let outcome = to.run_with_env(&["journal", "import", &second], &[("OPSCTL_ABORT_AT", &at.to_string())]);
        if outcome.code == 0 {
            assert!(at > 3, "only {at} points were passed");
            return;
        }
        assert_eq!(outcome.code, 137, "{outcome}");
        let after = head(&to);
        assert!(after == before || after == head(&from), "killed at {at}");
        run(&to, &["journal", "import", &second]).exits(0);
        assert_eq!(head(&to), head(&from));
    }
    panic!("it is killed for ever");
}

#[test]
fn killed_while_it_makes_the_journal_an_import_can_be_repeated() {
    let from = told();
    let file = exported(&from, "journal.jsonl");
    for at in 1..=3 {
        let to = World::new();
        to.run_with_env(&["journal", "import", &file], &[("OPSCTL_ABORT_AT", &at.to_string())]).exits(137);
        run(&to, &["journal", "verify"]).exits(0);
        run(&to, &["journal", "import", &file]).exits(0);
        assert_eq!(head(&to), head(&from));
    }
}
