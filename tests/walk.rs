//! Safety: what a walk does with values, output, secrets, interruptions and a store that fails.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

mod common;

use common::postgres::{PASSWORD, Postgres};
use common::{World, eventually, finish, is_alive};

fn step<'a>(run: &'a Value, id: &str) -> &'a Value {
    run["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["id"] == id)
        .unwrap_or_else(|| panic!("no step {id}: {run}"))
}

fn status<'a>(run: &'a Value, id: &str) -> &'a str {
    step(run, id)["status"].as_str().unwrap()
}

/// A text as it is written in YAML, whatever stands in it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

// ---- values are data ----

#[test]
fn a_value_reaches_the_command_byte_for_byte() {
    let world = World::new();
    world.write("save.sh", "printf %s \"$2\" > \"$1\"\n");
    world.runbook(
        "values",
        "parameters: [{name: value}]\nsteps:\n  - {id: shell, title: Shell, run: 'printf %s \"$value\" > by-shell'}\n  - {id: named, title: Named, run: 'printf %s \"$OTHER\" > by-env', env: {OTHER: '{{ value }}'}}\n  - {id: argv, title: Argv, run: [sh, save.sh, by-argv, '{{ value }}']}\n  - {id: keep, title: Keep, run: 'printf %s \"$value\"', capture: {name: kept}}\n  - {id: again, title: Again, run: 'printf %s \"$kept\" > by-capture'}\n",
    );
    for value in [
        "$(touch x); \"' \n",
        "`touch x` && touch x | touch x & touch x",
        "'; touch x; '",
        "\"; touch x; \"",
        "{{ 7 * 7 }} {% raw %} ${HOME} $HOME \\n \\ %s %d *",
        "-n --help\n\n\ttab",
        "ünï ©ødé 日本 \u{1f600}",
        "\u{1b}[2J\u{1b}]0;title\u{7}",
        "   ",
    ] {
        let answers = world.answers(&format!(
            "parameters: {{value: {}}}\nsteps: {{shell: run, named: run, argv: run, keep: run, again: run}}",
            quoted(value)
        ));
        let outcome = world.run(&["-o", "json", "runbook", "run", "values", "--answers", &answers]).exits(0);
        for file in ["by-shell", "by-env", "by-argv"] {
            assert_eq!(world.read(file), value, "{file}");
        }
        assert!(!world.path("x").exists(), "something in the value ran: {outcome}");
        assert!(!outcome.stderr.contains('\u{1b}') && !outcome.stdout.contains('\u{1b}'), "{outcome:?}");
        world.run(&["runbook", "run", "values", "--set", &format!("value={value}"), "--answers", &answers]).exits(0);
        assert_eq!(world.read("by-argv"), value);
        assert!(!world.path("x").exists());
    }
}

#[test]
fn a_template_in_a_shell_text_is_refused() {
    let world = World::new();
    world.runbook("bad", "parameters: [{name: value}]\nsteps:\n  - {id: a, title: A, run: 'echo {{ value }}'}\n");
    world.run(&["runbook", "run", "bad", "--set", "value=1", "--auto", "--max-risk", "destructive"]).exits(3);
}

// ---- secrets ----

const SECRET: &str = "s3cr/et \"pw\" & mörē+1%";

/// The forms in which it would give itself away.
fn telling(secret: &str) -> Vec<String> {
    let percent = |plus: bool| {
        secret.bytes().fold(String::new(), |text, byte| match byte {
            b' ' if plus => text + "+",
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text + &char::from(byte).to_string(),
            _ => text + &format!("%{byte:02X}"),
        })
    };
    let json = quoted(secret);
    let escaped: String = json[1..json.len() - 1].chars().fold(String::new(), |text, c| {
        if c.is_ascii() { text + &c.to_string() } else { text + &format!("\\u{:04x}", u32::from(c)) }
    });
    vec![
        secret.to_owned(),
        percent(false),
        percent(false).to_lowercase(),
        percent(true),
        json[1..json.len() - 1].to_owned(),
        escaped,
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
    ]
}

fn tells(text: &str, secret: &str) -> Option<String> {
    telling(secret).into_iter().find(|form| text.contains(form.as_str()))
}

#[track_caller]
fn keeps_quiet(what: &str, bytes: &[u8], secret: &str) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(form) = tells(&text, secret) {
        let at = text.find(&form).unwrap();
        let from = text[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
        panic!("{what} tells the secret as `{form}` after: {}", &text[from..at]);
    }
}

#[track_caller]
fn nothing_tells(world: &World, run: &str, secret: &str) {
    let files = world.stored();
    assert!(files.iter().any(|(path, _)| path.ends_with("journal.db")));
    for (path, bytes) in files {
        keeps_quiet(&path.display().to_string(), &bytes, secret);
    }
    for args in [
        &["run", "show", run][..],
        &["-o", "json", "run", "show", run],
        &["run", "export", run],
        &["-o", "json", "run", "export", run],
        &["-v", "run", "list"],
        &["-o", "json", "run", "list"],
        &["journal", "verify"],
        &[],
    ] {
        let outcome = world.run(args);
        assert!(matches!(outcome.code, 0 | 1), "{args:?}: {outcome}");
        keeps_quiet(&format!("{args:?}"), outcome.stdout.as_bytes(), secret);
        keeps_quiet(&format!("{args:?}"), outcome.stderr.as_bytes(), secret);
    }
}

/// Steps that print, keep, split, encode and fail with `$SECRET`.
const LEAKY: &str = r#"steps:
  - {id: whole, title: Whole, run: 'echo "$SECRET"; echo "x$SECRET$SECRET" >&2'}
  - {id: long, title: Long, run: 'for i in 1 2 3 4 5 6 7 8 9; do seq 1 200; echo "$SECRET"; done'}
  - {id: split, title: Split, run: 'sh split.sh'}
  - {id: encoded, title: Encoded, run: 'cat encoded'}
  - {id: binary, title: Binary, run: 'printf "a\377\000%s\033[1m" "$SECRET"'}
  - {id: kept, title: Kept, run: 'printf %s "<$SECRET>"', capture: {name: held}}
  - {id: used, title: Used, run: [sh, -c, 'printf %s "$1" > used; echo "$1"', x, '{{ held }}']}
  - {id: expected, title: Expected, run: 'echo "$SECRET"', expect: {output: nothing-like-it}, on_failure: continue}
  - {id: failing, title: Failing, run: 'echo "no: $SECRET" >&2; exit 3', on_failure: continue}
  - {id: missing, title: Missing, run: ['{{ held }}/no/such/program'], on_failure: continue}
  - {id: noted, title: Noted}
  - {id: failed, title: Failed by hand, on_failure: continue}
  - {id: skipped, title: Skipped}
  - {id: undone, title: Undone, run: 'exit 1', on_failure: continue, verify: {run: 'echo "$SECRET"; false'}}
"#;

fn leaky(world: &World, head: &str) -> String {
    world.runbook("leaky", &format!("{head}{LEAKY}"));
    // Every character on its own, slow enough that reads end between them.
    let parts: Vec<String> = SECRET.chars().map(|c| format!("printf %s '{c}'; sleep 0.02\n")).collect();
    world.write("split.sh", &parts.concat());
    world.write("encoded", &telling(SECRET)[1..].join("\n"));
    let said = quoted(&format!("it was {SECRET} I think"));
    world.answers(&format!(
        "steps:\n  whole: run\n  long: run\n  split: run\n  encoded: run\n  binary: run\n  kept: run\n  used: run\n  expected: run\n  failing: run\n  missing: run\n  noted: {{note: {said}}}\n  failed: {{answer: fail, note: {said}}}\n  skipped: {{skip: {said}}}\n  undone: run\n"
    ))
}

#[test]
fn a_declared_secret_stands_nowhere() {
    for format in ["text", "json"] {
        let world = World::new();
        let answers = leaky(&world, "secrets: [SECRET]\n");
        let args = ["-v", "-o", format, "runbook", "run", "leaky", "--answers", &answers];
        let outcome = world.run_with_env(&args, &[("SECRET", SECRET)]).exits(1);
        keeps_quiet("stdout", outcome.stdout.as_bytes(), SECRET);
        keeps_quiet("stderr", outcome.stderr.as_bytes(), SECRET);
        assert_eq!(world.read("used"), format!("<{SECRET}>"), "the captured value did not reach its command");
        let run = world.json(&["run", "show", "leaky.1"]);
        assert_eq!(
            (status(&run, "whole"), status(&run, "noted"), status(&run, "skipped")),
            ("done", "done", "skipped")
        );
        assert_eq!(step(&run, "failing")["exit_code"], 3);
        nothing_tells(&world, "leaky.1", SECRET);
    }
}

#[test]
fn a_secret_parameter_stands_nowhere_and_is_asked_for_again() {
    let world = World::new();
    let answers = leaky(&world, "parameters: [{name: SECRET, secret: true}]\n");
    let set = format!("SECRET={SECRET}");
    let args = ["-o", "json", "runbook", "run", "leaky", "--answers", &answers, "--set", &set];
    let outcome = world.run(&args).exits(1);
    keeps_quiet("stdout", outcome.stdout.as_bytes(), SECRET);
    keeps_quiet("stderr", outcome.stderr.as_bytes(), SECRET);
    nothing_tells(&world, "leaky.1", SECRET);

    world.runbook("short", "parameters: [{name: token, secret: true}]\nsteps:\n  - {id: a, title: A}\n  - {id: b, title: B, run: 'printf %s \"$token\" > got; echo \"$token\"'}\n");
    let done = world.answers("steps: {a: done}");
    let set = format!("token={SECRET}");
    world.run(&["runbook", "run", "short", "--answers", &done, "--set", &set]).exits(4);
    let run = world.answers("steps: {b: run}");
    world.run(&["run", "resume", "short.1", "--answers", &run]).exits(4).says(&["token"]);
    world.run(&["run", "resume", "short.1", "--answers", &run, "--set", &set]).exits(0);
    assert_eq!(world.read("got"), SECRET);
    nothing_tells(&world, "short.1", SECRET);
}

#[test]
fn a_secret_of_more_lines_stands_nowhere() {
    let world = World::new();
    let secret = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqh\nkiG9w0BAQEFAASCBKc\n-----END KEY-----\n";
    world.runbook("key", "secrets: [KEY]\nsteps:\n  - {id: a, title: A, run: 'printf %s \"$KEY\"; printf %s \"$KEY\" | head -n 2 | tail -n 1'}\n");
    let answers = world.answers("steps: {a: run}");
    let args = ["-o", "json", "runbook", "run", "key", "--answers", &answers];
    let outcome = world.run_with_env(&args, &[("KEY", secret)]).exits(0);
    for line in ["MIIEvQIBADANBgkqh", "kiG9w0BAQEFAASCBKc"] {
        assert!(!outcome.to_string().contains(line), "{outcome}");
        nothing_tells(&world, "key.1", line);
    }
}

#[test]
fn the_screen_of_a_terminal_shows_no_secret() {
    let world = World::new();
    world.runbook(
        "show",
        "secrets: [SECRET]\nsteps:\n  - {id: a, title: A, run: 'sh split.sh; printf \"\\n\"; echo \"$SECRET\"'}\n",
    );
    let parts: Vec<String> = SECRET.chars().map(|c| format!("printf %s '{c}'; sleep 0.1\n")).collect();
    world.write("split.sh", &parts.concat());
    let mut terminal =
        world.pty_shell(&format!("export SECRET={}; exec \"$OPSCTL\" runbook run show", shell_quoted(SECRET)));
    terminal.expect("1/1");
    terminal.send_line("r");
    // What is typed is looked at, too.
    terminal.expect("succeeded");
    let (code, _) = terminal.finish();
    assert_eq!(code, 0, "{}", terminal.shown());
    keeps_quiet("the terminal", terminal.raw().as_bytes(), SECRET);
    nothing_tells(&world, "show.1", SECRET);
}

fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

// ---- control sequences ----

const CURSOR: &str = r#"steps:
  - {id: a, title: "A\e[2J\e]0;stolen\a", instructions: "look\e[5Aup", run: 'printf "one\033[2J\033]0;stolen\007two\033[10A\rthree\233\n\033P1$q\033\\\0338\b\b\bx\n"; printf "\033[31mred\033[0m\n" >&2; exit 1', on_failure: continue}
  - {id: b, title: B, run: 'printf "torn \033"; sleep 0.3; printf "]0;stolen\007 text\n"'}
  - {id: c, title: C}
"#;

#[test]
fn control_sequences_in_output_do_not_reach_the_reader() {
    let world = World::new();
    world.runbook("cursor", CURSOR);
    let answers = world.answers("steps: {a: run, b: run, c: {note: \"no\\e[2J\\e]0;stolen\\atitle\"}}");
    let mut all = String::new();
    let run = ["runbook", "run", "cursor", "--answers", &answers];
    for args in
        [&run[..], &["run", "show", "cursor.1"], &["run", "export", "cursor.1"], &["runbook", "show", "cursor"], &[]]
    {
        let outcome = world.run(args);
        all += &(outcome.stdout + &outcome.stderr);
    }
    for c in ['\u{1b}', '\u{9b}', '\u{7}', '\u{8}', '\r'] {
        assert!(!all.contains(c), "{c:?} came through: {all:?}");
    }
    assert!(all.contains("three") && all.contains("red") && all.contains("torn  text"), "{all}");
    let shown = world.json(&["run", "show", "cursor.1"]);
    let output = step(&shown, "a")["output"].as_str().unwrap();
    assert!(!output.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{output:?}");
}

#[test]
fn control_sequences_do_not_reach_a_terminal() {
    let world = World::new();
    world.runbook("cursor", CURSOR);
    let mut terminal = world.pty(&["runbook", "run", "cursor"]);
    terminal.expect("1/3").send_line("r").expect("2/3").send_line("r").expect("3/3").send_line("d");
    let (code, _) = terminal.finish();
    assert_eq!(code, 1, "{}", terminal.shown());
    let raw = terminal.raw();
    for stolen in ["\u{1b}]0;stolen", "\u{1b}[2J", "\u{1b}[10A", "\u{1b}[5A", "\u{9b}", "\u{1b}P1"] {
        assert!(!raw.contains(stolen), "{stolen:?} came through: {raw:?}");
    }
}

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
        let mut said = String::from("steps:\n");
        for line in answers.lines() {
            let (step, answer) = line.split_once(": ").unwrap();
            let is_interrupted = status(&open, step) == "interrupted";
            let was_done = lines(world).iter().any(|line| line == step);
            match (is_interrupted, was_done) {
                (true, true) => said += &format!("  {step}: done\n"),
                (true, false) => said += &format!("  {step}: rerun\n"),
                (false, _) => said += &format!("  {step}: {answer}\n"),
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
                said += &format!("  {step}: {answer}\n");
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
    let args = ["-o", "json", "checklist", "shared", "--date", "2026-11-23", "--answers", &answers];
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

#[test]
fn an_interrupt_stops_the_whole_process_group_and_saves() {
    let world = World::new();
    world.runbook(
        "slow",
        "steps:\n  - {id: slow, title: Slow, run: 'sh -c \"echo \\$\\$ >> pids; sleep 600\" & echo $$ >> pids; echo started > started; wait; sleep 600'}\n  - {id: next, title: Next}\n",
    );
    let mut terminal = world.pty_shell("stty echo; \"$OPSCTL\" runbook run slow; echo \"code=$?\"; stty -a");
    terminal.expect("1/2").send_line("r");
    eventually("the command has started", || world.path("started").exists() && world.read("pids").lines().count() == 2);
    let pids: Vec<String> = world.read("pids").lines().map(str::to_owned).collect();
    terminal.interrupt().expect("code=130");
    terminal.finish();
    for pid in pids {
        eventually("the process is gone", || !is_alive(&pid));
    }
    let (shown, raw) = (terminal.shown(), terminal.raw());
    for setting in [" echo ", " icanon ", " isig ", " opost "] {
        assert!(shown.contains(setting), "the terminal has no{setting}: {shown}");
    }
    if let Some(hidden) = raw.rfind("\u{1b}[?25l") {
        assert!(raw[hidden..].contains("\u{1b}[?25h"), "the cursor stays hidden: {raw:?}");
    }
    assert!(shown.contains("run resume slow.1"), "{shown}");
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
    let mut terminal = world.pty_shell("stty echo; \"$OPSCTL\" runbook run two; echo \"code=$?\"; stty -a");
    terminal.expect("1/2").send_line("r").expect("2/2");
    terminal.interrupt().expect("code=130");
    terminal.finish();
    let (shown, raw) = (terminal.shown(), terminal.raw());
    for setting in [" echo ", " icanon ", " isig ", " opost "] {
        assert!(shown.contains(setting), "the terminal has no{setting}: {shown}");
    }
    if let Some(hidden) = raw.rfind("\u{1b}[?25l") {
        assert!(raw[hidden..].contains("\u{1b}[?25h"), "the cursor stays hidden: {raw:?}");
    }
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

// ---- at a terminal ----

#[test]
fn a_walk_at_a_terminal_takes_every_key() {
    let world = World::new();
    world.runbook(
        "keys",
        "symptoms: [Something hurts]\nsteps:\n  - {id: a, title: Look there, run: 'echo hello-there; echo a >> log', risk: read-only}\n  - {id: b, title: Tick these, tasks: [This one, That one]}\n  - {id: c, title: Leave out}\n  - {id: d, title: Destroy it, run: echo d >> log, risk: destructive}\n",
    );
    let mut terminal = world.pty(&["runbook", "run", "keys"]);
    terminal.expect("Something hurts").expect("echo hello-there").expect("1/4").send_line("?").expect("look back");
    terminal.expect("1/4").send_line("!echo from-my-shell").expect("from-my-shell").expect("1/4");
    terminal
        .send_line("r")
        .expect("hello-there")
        .expect("2/4")
        .send_line("1")
        .expect("2/4")
        .send_line("n")
        .expect("Note");
    terminal.send_line("the pool is full").expect("2/4").send_line("d").expect("3/4");
    terminal.send_line("s").expect("Why").send_line("not needed today").expect("4/4");
    terminal.send_line("r").expect("Type its id").send_line("yes").expect("nothing was run").expect("4/4");
    assert_eq!(world.read("log"), "a\n");
    terminal.send_line("r").expect("Type its id").send_line("d");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(world.read("log"), "a\nd\n");
    let run = world.json(&["run", "show", "keys.1"]);
    assert_eq!(step(&run, "c")["reason"], "not needed today");
    let text = world.run(&["run", "show", "keys.1"]).exits(0).stdout;
    assert!(text.contains("the pool is full") && text.contains("echo from-my-shell"), "{text}");
}

#[test]
fn a_run_left_at_a_terminal_goes_on() {
    let world = World::new();
    world.runbook("two", "steps:\n  - {id: a, title: A, run: echo a >> log}\n  - {id: b, title: B}\n");
    let mut terminal = world.pty(&["runbook", "run", "two"]);
    terminal.expect("1/2").send_line("r").expect("2/2").send_line("q");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("run resume two.1"), "{shown}");
    let mut terminal = world.pty(&["run", "resume", "two.1"]);
    terminal.expect("2/2").send_line("d");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(world.read("log"), "a\n");
}

// ---- the handbook, with a real database ----

#[test]
fn the_handbooks_database_runbook_runs_against_a_real_database() {
    let postgres = Postgres::start();
    let world = World::new();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    for dir in ["runbooks", "checklists", "playbooks", "templates"] {
        for file in fs::read_dir(repository.join(dir)).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            world.write(&format!("{dir}/{name}"), &fs::read_to_string(&path).unwrap());
        }
    }
    world.write("opsctl.yaml", &fs::read_to_string(repository.join("opsctl.yaml")).unwrap());
    let answers = world.answers(
        "steps:\n  check-database-status: done\n  verify-connection-string: run\n  test-connection: run\n  check-connection-pool: {skip: not in use}\n  restart-application: {skip: not needed}\n",
    );
    let args = ["-o", "json", "runbook", "run", "db-connection", "--answers", &answers];
    let url = postgres.url();
    let outcome = world.run_with_env(&args, &[("DATABASE_URL", &url)]).exits(0);
    let run = outcome.json();
    assert_eq!(run["outcome"], "succeeded");
    assert!(step(&run, "test-connection")["output"].as_str().unwrap().contains("(1 row)"), "{run}");
    for secret in [url.as_str(), PASSWORD] {
        keeps_quiet("stdout", outcome.stdout.as_bytes(), secret);
        keeps_quiet("stderr", outcome.stderr.as_bytes(), secret);
        nothing_tells(&world, "db-connection.1", secret);
    }
    drop(postgres);
    let args = ["-o", "json", "runbook", "run", "db-connection", "--answers", &answers];
    let failed = world.run_with_env(&args, &[("DATABASE_URL", &url)]).exits(4).json();
    assert_eq!(status(&failed, "test-connection"), "failed");
    nothing_tells(&world, "db-connection.2", PASSWORD);
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
