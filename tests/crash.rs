//! What is left when a walk is killed, interrupted, walked twice at once, or when its store fails.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

mod common;

use common::pty::Pty;
use common::{World, eventually, finish, is_alive, shell_quoted, status, step};

// ---- kill -9 ----

/// Each line of a file that commands append to, which must stand there once.
fn lines(world: &World) -> Vec<String> {
    world.read("log").lines().map(str::to_owned).collect()
}

#[track_caller]
fn once_each(world: &World) {
    let mut lines = lines(world);
    let all = lines.len();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), all, "something was done twice: {}", world.read("log"));
}

fn runs(world: &World) -> Vec<Value> {
    world.json(&["run", "list"]).as_array().unwrap().clone()
}

/// Walks a run to its end as a careful operator does: what was interrupted is looked at before it is settled.
/// With `abort_at`, the first resume is killed, too.
#[track_caller]
fn walk_to_the_end(world: &World, id: &str, answers: &str, abort_at: Option<usize>) -> Value {
    let mut abort = abort_at.map(|at| at.to_string());
    for _ in 0..40 {
        let open = world.json(&["run", "show", id]);
        if open["status"] == "finished" {
            return open;
        }
        let mut said = String::from("steps:\n");
        for line in answers.lines() {
            let (step, answer) = line.split_once(": ").unwrap();
            let is_interrupted = status(&open, step) == "interrupted";
            let was_done = lines(world).iter().any(|line| line == step);
            match (is_interrupted, was_done) {
                (true, true) => writeln!(said, "  {step}: done").unwrap(),
                (true, false) => writeln!(said, "  {step}: rerun").unwrap(),
                (false, _) => writeln!(said, "  {step}: {answer}").unwrap(),
            }
        }
        let file = world.answers(&said);
        let env: Vec<(&str, &str)> = abort.as_deref().map(|at| ("OPSCTL_ABORT_AT", at)).into_iter().collect();
        let outcome = world.run_with_env(&["-o", "json", "run", "resume", id, "--answers", &file], &env);
        match outcome.code {
            0 | 1 => return outcome.json(),
            137 => {}
            4 => assert!(outcome.stderr.contains("interrupted"), "{outcome}"),
            _ => panic!("{outcome}"),
        }
        abort = None;
    }
    panic!("it never ends: {}", world.json(&["run", "show", id]));
}

const FRAGILE: &str = "parameters: [{name: who}]\nsteps:\n  - {id: first, title: First, run: echo first >> log}\n  - {id: think, title: Think, tasks: [This]}\n  - {id: way, title: Way, choose: [{title: Here, steps: [{id: here, title: Here, run: echo here >> log}]}, There]}\n  - {id: look, title: Look, run: seq 1 2000, risk: read-only}\n  - {id: proven, title: Proven, run: echo proven >> log, verify: {run: grep -q proven log}}\n  - {id: last, title: Last, run: echo last >> log, when: 'who == \"ann\"'}\n";

const FRAGILE_ANSWERS: &str =
    "first: run\nthink: done\nway: {choose: here}\nhere: run\nlook: run\nproven: run\nlast: run";

/// A step that left its mark after others is proof that theirs was acknowledged.
fn acknowledged_stays(run: &Value, log: &[String]) {
    const ORDER: [&str; 4] = ["first", "here", "proven", "last"];
    for (at, id) in ORDER.iter().enumerate() {
        let marked = log.iter().any(|line| line == id);
        let later = ORDER[at + 1..].iter().any(|later| log.iter().any(|line| line == later));
        let status = status(run, id);
        assert!(!later || status == "done", "{id} was acknowledged and is {status}: {run}");
        assert!(!marked || status != "pending", "{id} was begun and is {status}: {run}");
        assert!(marked || status != "done", "{id} is done and left no mark: {run}");
    }
}

#[test]
fn killed_at_any_point_a_walk_loses_nothing_and_repeats_nothing() {
    let said = format!("parameters: {{who: ann}}\nsteps:\n  {}\n", FRAGILE_ANSWERS.replace('\n', "\n  "));
    let mut killed = 0;
    for at in 1.. {
        assert!(at < 500, "it is killed for ever");
        let world = World::new();
        world.runbook("fragile", FRAGILE);
        let answers = world.answers(&said);
        let number = at.to_string();
        let args = ["-o", "json", "runbook", "run", "fragile", "--answers", &answers];
        let outcome = world.run_with_env(&args, &[("OPSCTL_ABORT_AT", &number)]);
        if outcome.code == 0 {
            break;
        }
        assert_eq!(outcome.code, 137, "{outcome}");
        killed += 1;
        world.run(&["journal", "verify"]).exits(0);
        let Some(run) = runs(&world).pop() else {
            assert!(lines(&world).is_empty(), "something was done and nothing written");
            continue;
        };
        let id = run["id"].as_str().unwrap();
        let shown = world.json(&["run", "show", id]);
        acknowledged_stays(&shown, &lines(&world));
        let before = lines(&world);
        // Seen by somebody who has no answers, what is in flight is interrupted and not repeated.
        if ["first", "here", "proven", "last"].iter().any(|id| status(&shown, id) == "interrupted") {
            world.run(&["run", "resume", id]).exits(4);
            assert_eq!(lines(&world), before);
        }
        if before.is_empty() && step(&shown, "first")["status"] == "pending" {
            // The parameter may not have been written yet.
            let set = world.run(&["-o", "json", "run", "resume", id, "--set", "who=ann"]);
            assert_eq!(set.code, 4, "{set}");
        }
        let done = walk_to_the_end(&world, id, FRAGILE_ANSWERS, Some(at % 17 + 1));
        assert_eq!(done["outcome"], "succeeded", "killed at {at}: {done}");
        once_each(&world);
        assert_eq!(lines(&world), ["first", "here", "proven", "last"], "killed at {at}");
        world.run(&["journal", "verify"]).exits(0);
    }
    assert!(killed > 30, "only {killed} points were passed");
}

const UNDOING: &str = "steps:\n  - {id: one, title: One, run: echo one >> log, rollback: echo undo-one >> log}\n  - {id: two, title: Two, run: echo two >> log, rollback: echo undo-two >> log}\n  - {id: three, title: Three, run: exit 1, on_failure: rollback}\n";

#[test]
fn killed_at_any_point_a_rollback_undoes_once() {
    for at in 1.. {
        assert!(at < 500, "it is killed for ever");
        let world = World::new();
        world.runbook("undoing", UNDOING);
        let answers = world.answers("steps: {one: run, two: run, three: run}");
        let args = ["-o", "json", "runbook", "run", "undoing", "--answers", &answers];
        let outcome = world.run_with_env(&args, &[("OPSCTL_ABORT_AT", &at.to_string())]);
        if outcome.code == 1 {
            assert_eq!(lines(&world), ["one", "two", "undo-two", "undo-one"]);
            return;
        }
        assert_eq!(outcome.code, 137, "{outcome}");
        world.run(&["journal", "verify"]).exits(0);
        let Some(run) = runs(&world).pop() else { continue };
        let id = run["id"].as_str().unwrap().to_owned();
        for _ in 0..12 {
            let open = world.json(&["run", "show", &id]);
            if open["status"] == "finished" {
                break;
            }
            let log = lines(&world);
            let undoing = log.iter().any(|line| line.starts_with("undo"))
                || world.run(&["run", "show", &id]).stdout.to_lowercase().contains("rollback");
            let mut said = String::from("steps:\n");
            for step in ["one", "two", "three"] {
                let done = |what: &str| log.iter().any(|line| line == what);
                let answer = match status(&open, step) {
                    "interrupted" if step == "three" => "rerun",
                    "interrupted" if done(step) => "done",
                    "interrupted" => "rerun",
                    "done" if undoing && done(&format!("undo-{step}")) => "done",
                    "done" if undoing => "rerun",
                    _ => "run",
                };
                writeln!(said, "  {step}: {answer}").unwrap();
            }
            let file = world.answers(&said);
            let outcome = world.run(&["run", "resume", &id, "--answers", &file]);
            assert!(matches!(outcome.code, 1 | 4), "killed at {at}: {outcome}");
        }
        let over = world.json(&["run", "show", &id]);
        assert_eq!(over["outcome"], "failed", "killed at {at}: {over}");
        once_each(&world);
        assert_eq!(lines(&world), ["one", "two", "undo-two", "undo-one"], "killed at {at}");
    }
}

// ---- several at once ----

#[test]
fn two_processes_on_one_run_do_everything_once() {
    let world = World::new();
    let items: Vec<String> =
        (0..12).map(|n| format!("  - {{id: i{n}, title: Item {n}, run: 'echo i{n} >> log; sleep 0.05'}}\n")).collect();
    world.write("checklists/shared.yaml", &format!("title: Shared\nschedule: daily\nsteps:\n{}", items.concat()));
    let said: Vec<String> = (0..12).map(|n| format!("  i{n}: run\n")).collect();
    let answers = world.answers(&format!("steps:\n{}", said.concat()));
    let args = ["-o", "json", "checklist", "shared", "--date", "2025-01-06", "--answers", &answers];
    let both = [world.spawn(&args), world.spawn(&args)];
    for outcome in both.map(finish) {
        assert!(matches!(outcome.code, 0 | 4), "{outcome}");
        assert!(!outcome.stderr.contains("panicked"), "{outcome}");
    }
    assert_eq!(runs(&world).len(), 1, "there are two runs");
    once_each(&world);
    // Whoever left first may have left something open; then one goes on alone.
    let last = world.run(&args).exits(0).json();
    assert!(last["steps"].as_array().unwrap().iter().all(|step| step["status"] == "done"), "{last}");
    once_each(&world);
    assert_eq!(lines(&world).len(), 12);
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn two_processes_resume_one_runbook_without_doing_a_step_twice() {
    let world = World::new();
    let steps: Vec<String> =
        (0..8).map(|n| format!("  - {{id: s{n}, title: Step {n}, run: 'echo s{n} >> log; sleep 0.05'}}\n")).collect();
    world.runbook("both", &format!("steps:\n  - {{id: begin, title: Begin}}\n{}", steps.concat()));
    world.run(&["runbook", "run", "both"]).exits(4);
    let said: Vec<String> = (0..8).map(|n| format!("  s{n}: run\n")).collect();
    let answers = world.answers(&format!("steps:\n  begin: done\n{}", said.concat()));
    let args = ["-o", "json", "run", "resume", "both.1", "--answers", &answers];
    for outcome in [world.spawn(&args), world.spawn(&args)].map(finish) {
        assert!(matches!(outcome.code, 0 | 2 | 4), "{outcome}");
        assert!(!outcome.stderr.contains("panicked"), "{outcome}");
    }
    once_each(&world);
    let done =
        walk_to_the_end(&world, "both.1", &(0..8).map(|n| format!("s{n}: run")).collect::<Vec<_>>().join("\n"), None);
    assert_eq!(done["outcome"], "succeeded");
    once_each(&world);
    assert_eq!(lines(&world).len(), 8);
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn eight_processes_on_one_journal_lose_nothing() {
    let world = World::new();
    world.runbook("many", "parameters: [{name: who}]\nsteps:\n  - {id: a, title: A, run: 'echo \"$who\" >> log'}\n  - {id: b, title: B}\n  - {id: c, title: C, run: 'true'}\n");
    let answers = world.answers("steps: {a: run, b: done, c: run}");
    let started: Vec<_> = (0..8)
        .map(|n| {
            world.spawn(&["-o", "json", "runbook", "run", "many", "--answers", &answers, "--set", &format!("who=w{n}")])
        })
        .collect();
    let mut ids: Vec<String> =
        started.into_iter().map(|child| finish(child).exits(0).json()["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 8, "a run was lost: {ids:?}");
    assert_eq!(lines(&world).len(), 8);
    once_each(&world);
    assert_eq!(runs(&world).len(), 8);
    world.run(&["journal", "verify"]).exits(0);
}

// ---- Ctrl-C ----

/// Whether the terminal is as a shell needs it after `stty -a` has shown how it is.
#[track_caller]
fn is_sane(terminal: &Pty) {
    let (shown, raw) = (terminal.shown(), terminal.raw());
    let settings: Vec<&str> = shown.rsplit("code=130").next().unwrap().split_whitespace().collect();
    for setting in ["echo", "icanon", "isig", "opost", "icrnl"] {
        assert!(settings.contains(&setting), "the terminal has no {setting}: {shown}");
    }
    if let Some(hidden) = raw.rfind("\u{1b}[?25l") {
        assert!(raw[hidden..].contains("\u{1b}[?25h"), "the cursor stays hidden: {raw:?}");
    }
}

#[test]
fn an_interrupt_stops_the_whole_process_group_and_saves() {
    let world = World::new();
    world.runbook(
        "slow",
        "steps:\n  - {id: slow, title: Slow, run: 'sh -c \"echo \\$\\$ >> pids; sleep 600\" & echo $$ >> pids; echo started > started; wait; sleep 600'}\n  - {id: next, title: Next}\n",
    );
    let mut terminal =
        world.pty_shell("trap : INT; stty echo; \"$OPSCTL\" runbook run slow; echo \"code=$?\"; stty -a");
    terminal.expect("1/2").send_line("r");
    eventually("the command has started", || world.path("started").exists() && world.read("pids").lines().count() == 2);
    let pids: Vec<String> = world.read("pids").lines().map(str::to_owned).collect();
    terminal.interrupt().expect("code=130");
    terminal.finish();
    for pid in pids {
        eventually("the process is gone", || !is_alive(&pid));
    }
    is_sane(&terminal);
    assert!(terminal.shown().contains("run resume slow.1"), "{}", terminal.shown());
    let run = world.json(&["run", "show", "slow.1"]);
    assert_eq!((run["status"].as_str(), status(&run, "slow")), (Some("paused"), "interrupted"));
    // It is not repeated by itself, nor by an answer that was meant for the first time.
    let answers = world.answers("steps: {slow: run}");
    world.run(&["run", "resume", "slow.1", "--answers", &answers]).exits(4).says(&["interrupted"]);
    assert_eq!(world.read("pids").lines().count(), 2);
    let answers = world.answers("steps: {slow: done, next: done}");
    world.run(&["run", "resume", "slow.1", "--answers", &answers]).exits(0);
}

#[test]
fn an_interrupt_at_the_prompt_saves_and_leaves_the_terminal_sane() {
    let world = World::new();
    world.runbook("two", "steps:\n  - {id: a, title: A, run: echo a >> log}\n  - {id: b, title: B}\n");
    let mut terminal = world.pty_shell("trap : INT; stty echo; \"$OPSCTL\" runbook run two; echo \"code=$?\"; stty -a");
    terminal.expect("1/2").send_line("r").expect("2/2");
    terminal.interrupt().expect("code=130");
    terminal.finish();
    is_sane(&terminal);
    let run = world.json(&["run", "show", "two.1"]);
    assert_eq!((run["status"].as_str(), status(&run, "a"), status(&run, "b")), (Some("paused"), "done", "pending"));
}

#[test]
fn a_timeout_stops_the_whole_process_group() {
    let world = World::new();
    world.runbook("slow", "steps:\n  - {id: a, title: A, timeout: 300ms, on_failure: continue, run: 'sleep 600 & echo $! $$ > pids; wait'}\n");
    let answers = world.answers("steps: {a: run}");
    let run = world.run(&["-o", "json", "runbook", "run", "slow", "--answers", &answers]).exits(1).json();
    assert_eq!(status(&run, "a"), "failed");
    for pid in world.read("pids").split_whitespace() {
        eventually("the process is gone", || !is_alive(pid));
    }
}

// ---- a store that fails ----

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_journal_is_private() {
    let world = World::new();
    world.runbook("one", "steps: [{id: a, title: A}]\n");
    let answers = world.answers("steps: {a: done}");
    let script = format!("umask 0; exec \"$OPSCTL\" runbook run one --answers {}", shell_quoted(&answers));
    assert_eq!(world.pty_shell(&script).finish().0, 0);
    let private = |world: &World| {
        assert_eq!(mode(&world.state()), 0o700);
        for (path, _) in world.stored() {
            if path.starts_with(world.state()) && path.file_name().unwrap() != ".gitignore" {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
            }
        }
    };
    private(&world);
    // What somebody opened up is closed again.
    fs::set_permissions(world.state(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(world.state().join("journal.db"), fs::Permissions::from_mode(0o644)).unwrap();
    world.run(&["runbook", "run", "one", "--answers", &answers]).exits(0);
    private(&world);
}

const ONE: &str = "steps:\n  - {id: a, title: A, run: echo a >> log}\n  - {id: b, title: B}\n";

/// A world in which a run waits at its second step.
fn waiting() -> World {
    let world = World::new();
    world.runbook("one", ONE);
    let answers = world.answers("steps: {a: run}");
    world.run(&["runbook", "run", "one", "--answers", &answers]).exits(4);
    world
}

#[test]
fn a_locked_journal_is_explained() {
    let world = waiting();
    let db = rusqlite::Connection::open(world.state().join("journal.db")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answers = world.answers("steps: {b: done}");
    let outcome = world.run(&["run", "resume", "one.1", "--answers", &answers]).exits(5);
    outcome.says(&["journal.db", "locked", "Another process"]);
    db.execute_batch("ROLLBACK").unwrap();
    world.run(&["run", "resume", "one.1", "--answers", &answers]).exits(0);
}

#[test]
fn a_damaged_journal_is_explained() {
    let world = waiting();
    let file = world.state().join("journal.db");
    let db = rusqlite::Connection::open(&file).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(db);
    let good = fs::read(&file).unwrap();
    let answers = world.answers("steps: {a: run, b: done}");
    let mut garbled = good.clone();
    for byte in &mut garbled[4096..] {
        *byte = 0xa5;
    }
    for bad in [b"this is no journal, but a text that somebody put there".repeat(100), good[..3000].to_vec(), garbled] {
        fs::write(&file, &bad).unwrap();
        for args in [
            &["runbook", "run", "one", "--answers", &answers][..],
            &["run", "resume", "one.1", "--answers", &answers],
            &["run", "list"],
            &["run", "show", "one.1"],
            &[],
        ] {
            let outcome = world.run(args).exits(5).says(&["journal.db"]);
            assert!(outcome.stderr.lines().count() > 1, "it does not say what to do: {outcome}");
        }
        let outcome = world.run(&["journal", "verify"]);
        assert!(matches!(outcome.code, 1 | 5), "{outcome}");
        assert_eq!(fs::read(&file).unwrap(), bad, "the damaged journal was changed");
        assert_eq!(world.read("log"), "a\n", "something ran");
    }
    fs::write(&file, good).unwrap();
    world.run(&["run", "resume", "one.1", "--answers", &answers]).exits(0);
}

#[test]
fn a_changed_event_is_found() {
    let world = waiting();
    world.run(&["journal", "verify"]).exits(0);
    let db = rusqlite::Connection::open(world.state().join("journal.db")).unwrap();
    let guards: Vec<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let edit = "UPDATE events SET actor = 'mallory' WHERE version = 2";
    assert!(db.execute(edit, []).is_err(), "an event can be edited");
    for guard in guards {
        db.execute_batch(&format!("DROP TRIGGER {guard}")).unwrap();
    }
    assert_eq!(db.execute(edit, []).unwrap(), 1);
    drop(db);
    let outcome = world.run(&["journal", "verify"]).exits(1);
    assert!(outcome.to_string().contains("run/one.1"), "{outcome}");
}

#[test]
fn a_place_that_cannot_be_written_is_explained() {
    let world = World::new();
    world.runbook("one", ONE);
    let answers = world.answers("steps: {a: run, b: done}");
    let args = ["runbook", "run", "one", "--answers", &answers];
    fs::write(world.state(), "a file where the directory should be").unwrap();
    world.run(&args).exits(5).says(&[".opsctl"]);
    assert!(!world.path("log").exists(), "something ran");
}

#[test]
fn a_directory_without_permission_is_explained() {
    let world = World::new();
    world.runbook("one", ONE);
    let answers = world.answers("steps: {a: run, b: done}");
    fs::set_permissions(world.path(""), fs::Permissions::from_mode(0o555)).unwrap();
    let outcome = world.run_unprivileged(&["runbook", "run", "one", "--answers", &answers]).exits(5);
    outcome.says(&[".opsctl", "ermission"]);
    assert!(!world.path("log").exists(), "something ran");
    // Looking is possible all the same.
    world.run_unprivileged(&["runbook", "show", "one"]).exits(0);
    world.run_unprivileged(&["run", "list"]).exits(0);
    fs::set_permissions(world.path(""), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_disk_that_is_full_is_explained_and_nothing_is_lost() {
    let world = waiting();
    let answers = world.answers("steps: {b: {note: enough}}");
    // A limit on file sizes stands for the end of the disk: no file can grow.
    let script =
        format!("trap '' XFSZ; ulimit -f 0; exec \"$OPSCTL\" run resume one.1 --answers {}", shell_quoted(&answers));
    let mut terminal = world.pty_shell(&script);
    let (code, shown) = terminal.finish();
    assert_eq!(code, 5, "{shown}");
    assert!(shown.contains("journal.db") && !shown.contains("panicked"), "{shown}");
    world.run(&["journal", "verify"]).exits(0);
    world.run(&["run", "resume", "one.1", "--answers", &answers]).exits(0);
    assert_eq!(world.read("log"), "a\n");
}

#[test]
fn asked_to_stop_at_a_prompt_it_saves_and_goes() {
    let world = World::new();
    world.runbook("two", "steps:\n  - {id: a, title: A, run: echo a >> log}\n  - {id: b, title: B}\n");
    let script = "\"$OPSCTL\" runbook run two & echo $! > pid; fg; echo \"code=$?\"; stty -a";
    let mut terminal = world.pty_shell(&format!("set -m; trap : INT; stty echo; {script}"));
    terminal.expect("1/2").send_line("r").expect("2/2");
    let killed = std::process::Command::new("kill").args(["-TERM", world.read("pid").trim()]).status().unwrap();
    assert!(killed.success());
    terminal.expect("code=130");
    terminal.finish();
    is_sane(&terminal);
    let run = world.json(&["run", "show", "two.1"]);
    assert_eq!((run["status"].as_str(), status(&run, "a")), (Some("paused"), "done"));
}
