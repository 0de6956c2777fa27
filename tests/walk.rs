//! What a walk does with values, secrets, output and keys.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

mod common;

use common::postgres::{PASSWORD, Postgres};
use common::{World, shell_quoted, status, step};

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
  - {id: missing, title: Missing, run: ['{{ held ~ "/no/such/program" }}'], on_failure: continue}
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
fn what_is_said_outside_a_walk_tells_nothing_either() {
    let world = World::new();
    world.write(
        "checklists/listed.yaml",
        "title: Listed\nsecrets: [SECRET]\nsteps: [{id: a, title: A}, {id: b, title: B}]\n",
    );
    world.runbook("said", "secrets: [SECRET]\nsteps:\n  - {id: a, title: A}\n  - {id: b, title: B, approve: true}\n");
    let answers = world.answers("steps: {a: done}");
    let said = format!("it was {SECRET} I think");
    let env = [("SECRET", SECRET)];
    world.run_with_env(&["runbook", "run", "said", "--answers", &answers], &env).exits(4);
    for args in [
        &["run", "note", "said.1", &said][..],
        &["--as", "bob", "run", "approve", "said.1", "--comment", &said],
        &["runbook", "run", "said"],
        &["run", "abort", "said.2", "--reason", &said],
        &["checklist", "listed", "--date", "2025-01-06", "--check", "a", "--note", &said],
        &["checklist", "listed", "--date", "2025-01-06", "--skip", "b", "--reason", &said],
        &["incident", "open", "--title", &said, "--seen", &said, "--service", "api", "--severity", "P1"],
        &["incident", "note", "INC-1", &said],
        &["incident", "severity", "INC-1", "P2", "--reason", &said],
        &["incident", "resolve", "INC-1", "--reason", &said],
        &["incident", "show", "INC-1"],
    ] {
        let outcome = world.run_with_env(args, &env);
        assert!(matches!(outcome.code, 0 | 4), "{args:?}: {outcome}");
        keeps_quiet(&format!("{args:?}"), outcome.to_string().as_bytes(), SECRET);
    }
    nothing_tells(&world, "said.1", SECRET);
    nothing_tells(&world, "said.2", SECRET);
}

#[test]
fn the_screen_of_a_terminal_shows_no_secret() {
    let world = World::new();
    world.runbook(
        "screen",
        "secrets: [SECRET]\nsteps:\n  - {id: a, title: A, run: 'sh split.sh; printf \"\\n\"; echo \"$SECRET\"'}\n",
    );
    let parts: Vec<String> = SECRET.chars().map(|c| format!("printf %s '{c}'; sleep 0.1\n")).collect();
    world.write("split.sh", &parts.concat());
    let mut terminal =
        world.pty_shell(&format!("export SECRET={}; exec \"$OPSCTL\" runbook run screen", shell_quoted(SECRET)));
    terminal.expect("1/1");
    terminal.send_line("r");
    // What is typed is looked at, too.
    terminal.expect("succeeded");
    let (code, _) = terminal.finish();
    assert_eq!(code, 0, "{}", terminal.shown());
    keeps_quiet("the terminal", terminal.raw().as_bytes(), SECRET);
    nothing_tells(&world, "screen.1", SECRET);
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

#[test]
fn a_secret_stays_one_when_its_definition_is_gone() {
    let world = World::new();
    let file = world.runbook("gone", "secrets: [KEY]\nsteps: [{id: a, title: A}, {id: b, title: B}]\n");
    world.run(&["runbook", "run", "gone", "--no-input"]).exits(4);
    std::fs::remove_file(file).unwrap();
    let key = [("KEY", "hunter2hunter2")];
    world.run_with_env(&["run", "note", "gone.1", "it was hunter2hunter2"], &key).exits(0);
    world.run_with_env(&["run", "abort", "gone.1", "--reason", "hunter2hunter2 leaked"], &key).exits(0);
    for (file, bytes) in world.stored() {
        let found = bytes.windows(14).any(|window| window == b"hunter2hunter2");
        assert!(!found, "{} has the secret", file.display());
    }
    let shown = world.run(&["run", "show", "gone.1"]).exits(0).stdout;
    assert!(shown.contains("it was •••"), "{shown}");
}
