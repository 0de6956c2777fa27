//! What a step that runs something does: tries, time limits, expectations, kept values, checks, undoing and failures.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use serde_json::{Value, json};

mod common;

use common::http::Server;
use common::{Outcome, World, eventually, is_alive, status, step};

/// Walks a runbook with these steps; every command runs by itself.
#[track_caller]
fn walk(world: &World, steps: &str) -> Outcome {
    world.runbook("r", &format!("steps:\n{steps}"));
    world.run(&["lint"]).exits(0);
    world.run(&["-o", "json", "runbook", "run", "r", "--auto", "--max-risk", "destructive"])
}

/// The stored events of a kind in a run.
fn events(world: &World, run: &str, kind: &str) -> Vec<Value> {
    let export = world.json(&["run", "export", run]);
    let events = export["events"].as_array().unwrap();
    events.iter().filter(|event| event["kind"] == kind).cloned().collect()
}

fn reason(run: &Value, id: &str) -> String {
    step(run, id)["reason"].as_str().unwrap_or_default().to_owned()
}

fn end(run: &Value) -> (&str, Option<&str>) {
    (run["status"].as_str().unwrap(), run["outcome"].as_str())
}

/// A world whose service has a probe of this address.
fn probed(url: &str) -> World {
    let world = World::new();
    world.write(
        "opsctl.yaml",
        &format!(
            "title: Test\nservices:\n  api:\n    title: API\n    probes:\n      up:\n        http: {url}\n        conditions: [\"[STATUS] == 200\"]\n        timeout: 5s\n        tags: [health]\n"
        ),
    );
    world
}

// ---- retry ----

#[test]
fn a_step_is_tried_again_after_a_growing_delay_until_it_works() {
    let world = World::new();
    let outcome = walk(
        &world,
        "  - {id: a, title: A, run: 'date +%s%N >> log; test \"$(wc -l < log)\" -ge 3', retry: {attempts: 5, delay: 1s, backoff: 2}}\n",
    );
    let outcome =
        outcome.exits(0).says(&["Attempt 1 failed", "trying again in 1", "Attempt 2 failed", "trying again in 2"]);
    let run = outcome.json();
    assert_eq!((status(&run, "a"), &step(&run, "a")["attempts"]), ("done", &json!(3)));
    let times: Vec<u128> = world.read("log").lines().map(|line| line.parse().unwrap()).collect();
    assert!(times.len() == 3 && times.is_sorted(), "{times:?}");
    let started = events(&world, "r.1", "step_started");
    let attempts: Vec<u64> = started.iter().map(|event| event["body"]["attempt"].as_u64().unwrap()).collect();
    assert_eq!(attempts, [1, 2, 3]);
    let at: Vec<&str> = started.iter().map(|event| event["at"].as_str().unwrap()).collect();
    assert!(at[0] < at[1] && at[1] < at[2], "{at:?}");
}

#[test]
fn when_every_try_has_failed_the_step_has() {
    let world = World::new();
    let steps =
        "  - {id: a, title: A, run: 'echo x >> log; exit 9', retry: {attempts: 3, delay: 10ms}, on_failure: stop}\n";
    let run = walk(&world, steps).exits(1).json();
    let a = step(&run, "a");
    assert_eq!((status(&run, "a"), &a["attempts"], &a["exit_code"]), ("failed", &json!(3), &json!(9)));
    assert_eq!(world.read("log"), "x\nx\nx\n");
}

#[test]
fn a_number_is_enough_to_say_how_often() {
    let world = World::new();
    let run = walk(&world, "  - {id: a, title: A, run: 'echo x >> log; test \"$(wc -l < log)\" = 2', retry: 2}\n");
    assert_eq!(step(&run.exits(0).json(), "a")["attempts"], 2);
}

// ---- timeout ----

#[test]
fn a_command_that_takes_too_long_may_tidy_up() {
    let world = World::new();
    let steps = "  - {id: a, title: A, timeout: 500ms, on_failure: continue, run: 'trap \"echo tidy > tidy; exit 0\" TERM; sleep 600 & wait'}\n";
    let run = walk(&world, steps).exits(1).json();
    assert_eq!(status(&run, "a"), "failed", "it ended well, but too late");
    assert!(reason(&run, "a").contains("timeout"), "{run}");
    assert_eq!(world.read("tidy"), "tidy\n");
    assert_eq!(step(&run, "a")["exit_code"], Value::Null);
}

#[test]
fn a_command_that_does_not_listen_is_killed_with_everything_it_started() {
    let world = World::new();
    world.write("deaf.sh", "trap '' TERM\necho $$ >> pids\nwhile :; do sleep 1; done\n");
    let steps =
        "  - {id: a, title: A, timeout: 500ms, on_failure: continue, run: 'trap \"\" TERM; sh deaf.sh & sh deaf.sh'}\n";
    let run = walk(&world, steps).exits(1).json();
    assert!(reason(&run, "a").contains("timeout"), "{run}");
    let pids = world.read("pids");
    assert_eq!(pids.lines().count(), 2);
    for pid in pids.lines() {
        eventually("the process is gone", || !is_alive(pid));
    }
}

#[test]
fn each_try_has_its_own_time() {
    let world = World::new();
    let steps = "  - {id: a, title: A, timeout: 1s, retry: {attempts: 2, delay: 10ms}, run: 'echo x >> log; test \"$(wc -l < log)\" = 2 || sleep 600'}\n";
    let run = walk(&world, steps).exits(0).json();
    assert_eq!(step(&run, "a")["attempts"], 2);
}

// ---- expect ----

#[test]
fn what_is_expected_decides_and_not_the_exit_code_alone() {
    let world = World::new();
    let steps = "  - {id: one-of, title: A, run: exit 3, expect: {exit_code: [0, 3]}}
  - {id: only, title: B, run: exit 4, expect: {exit_code: 4}}
  - {id: not-zero, title: C, run: 'true', expect: {exit_code: 4}, on_failure: continue}
  - {id: output, title: D, run: 'echo all is well', expect: {output: '^all .* well'}}
  - {id: errors, title: E, run: 'echo all is well >&2', expect: {output: well}}
  - {id: wrong, title: F, run: 'echo all is lost', expect: {output: well}, on_failure: continue}
";
    let run = walk(&world, steps).exits(1).json();
    let ids = ["one-of", "only", "not-zero", "output", "errors", "wrong"];
    assert_eq!(ids.map(|id| status(&run, id)), ["done", "done", "failed", "done", "done", "failed"]);
    assert_eq!(reason(&run, "not-zero"), "exit code 0, expected 4");
    assert!(reason(&run, "wrong").contains("does not match well"), "{run}");
}

#[test]
fn the_end_of_the_output_is_the_end_of_its_last_line() {
    let world = World::new();
    let run =
        walk(&world, "  - {id: a, title: A, run: echo all is well, expect: {output: 'well$'}, on_failure: stop}\n");
    assert_eq!(status(&run.exits(0).json(), "a"), "done");
}

// ---- capture ----

#[test]
fn what_is_kept_reaches_conditions_arguments_and_the_environment() {
    let world = World::new();
    let steps = r#"  - {id: look, title: Look, run: 'echo "{\"items\":[{\"id\":42,\"name\":\"blue one\"}]}"; echo "took 12 ms" >&2', capture: [{name: item, pointer: /items/0/id}, {name: name, pointer: /items/0/name}, {name: took, from: stderr, pattern: 'took (\d+) ms'}, {name: all, from: output, pattern: 'took.*'}]}
  - {id: argv, title: Argv, run: [sh, -c, 'printf %s "$1" > argv', x, '{{ name }}']}
  - {id: env, title: Env, run: 'printf %s "$TOLD" > env', env: {TOLD: 'item {{ item }} in {{ took }}'}}
  - {id: shell, title: Shell, run: 'printf %s "$all" > shell'}
  - {id: applies, title: Applies, run: 'true', when: 'item == "42" and took | int < 20'}
  - {id: does-not, title: Does not, run: 'true', when: 'item == "43"'}
"#;
    let run = walk(&world, steps).exits(0).json();
    assert_eq!(["argv", "env", "shell"].map(|file| world.read(file)), ["blue one", "item 42 in 12", "took 12 ms"]);
    assert_eq!((status(&run, "applies"), status(&run, "does-not")), ("done", "skipped"));
    assert!(reason(&run, "does-not").contains("item == \"43\""), "{run}");
}

#[test]
fn a_value_that_is_not_there_fails_the_step() {
    let world = World::new();
    let steps =
        "  - {id: pattern, title: A, run: echo nothing, capture: {name: a, pattern: 'id=(.*)'}, on_failure: continue}
  - {id: pointer, title: B, run: 'echo \"{}\"', capture: {name: b, pointer: /id}, on_failure: continue}
  - {id: json, title: C, run: echo hello, capture: {name: c, pointer: /id}, on_failure: continue}
  - {id: uses, title: D, run: [echo, '{{ a }}'], on_failure: continue}
";
    let run = walk(&world, steps).exits(1).json();
    for (id, part) in
        [("pattern", "does not match id=(.*)"), ("pointer", "nothing at /id"), ("json", "not JSON"), ("uses", "a")]
    {
        assert_eq!(status(&run, id), "failed", "{run}");
        assert!(reason(&run, id).contains(part), "{id}: {run}");
    }
}

// ---- argv, env and directory ----

#[test]
fn a_command_runs_as_it_is_written_where_it_is_said() {
    let world = World::new();
    world.write("deep/er/here", "");
    let steps = r#"  - {id: list, title: List, run: [sh, -c, 'printf "<%s>" "$@" > args', x, 'a b', '$HOME', '*', ""]}
  - {id: dir, title: Dir, run: 'test -e here && pwd > ../where', dir: deep/er}
  - {id: env, title: Env, run: 'printf "%s %s" "$PORT" "$OPSCTL_RUN" > env', env: {PORT: 8080}}
"#;
    walk(&world, steps).exits(0);
    assert_eq!(world.read("args"), "<a b><$HOME><*><>");
    assert!(world.read("deep/where").trim_end().ends_with("deep/er"));
    assert_eq!(world.read("env"), "8080 r.1");
}

#[test]
fn a_program_that_is_not_there_is_a_failure_that_says_so() {
    let world = World::new();
    let run = walk(&world, "  - {id: a, title: A, run: [no-such-program, x], on_failure: stop}\n").exits(1).json();
    assert_eq!((status(&run, "a"), &step(&run, "a")["exit_code"]), ("failed", &Value::Null));
    assert!(reason(&run, "a").contains("no-such-program"), "{run}");
}

// ---- probes and verify ----

#[test]
fn a_probe_step_passes_when_its_probes_do() {
    let server = Server::start(|number| if number == 1 { 200 } else { 500 });
    let world = probed(&server.url());
    let run = walk(
        &world,
        "  - {id: first, title: A, probe: up}\n  - {id: then, title: B, probe: [health], on_failure: continue}\n",
    );
    let run = run.exits(1).json();
    assert_eq!((status(&run, "first"), status(&run, "then")), ("done", "failed"));
    assert!(reason(&run, "then").contains("500"), "{run}");
    assert!(step(&run, "first")["output"].as_str().unwrap().contains("up"), "{run}");
    assert_eq!(server.seen(), 2);
}

#[test]
fn a_probe_without_its_address_asks_somebody_to_look() {
    let world = probed("\"${NO_SUCH_URL}/health\"");
    let outcome = walk(&world, "  - {id: a, title: A, probe: up}\n").exits(4).says(&["NO_SUCH_URL"]);
    assert_eq!(status(&outcome.json(), "a"), "pending");
    let answers = world.answers("steps: {a: done}");
    let run = world.run(&["-o", "json", "run", "resume", "r.1", "--answers", &answers]).exits(0).json();
    assert!(reason(&run, "a").contains("by hand"), "{run}");
}

#[test]
fn a_step_is_verified_by_a_probe_until_it_passes() {
    let server = Server::start(|number| if number < 3 { 503 } else { 200 });
    let world = probed(&server.url());
    let steps = "  - {id: a, title: A, run: echo done > done, verify: {probe: api, within: 50s, every: 50ms}}\n  - {id: b, title: B, run: 'true'}\n";
    let run = walk(&world, steps).exits(0).says(&["Verifying"]).json();
    assert_eq!((status(&run, "a"), status(&run, "b"), server.seen()), ("done", "done", 3));
    let verified = events(&world, "r.1", "step_verified");
    assert_eq!((verified.len(), &verified[0]["body"]["passed"]), (1, &json!(true)));
}

#[test]
fn a_step_whose_check_never_passes_has_failed() {
    let server = Server::start(|_| 503);
    let world = probed(&server.url());
    let steps = "  - {id: a, title: A, run: echo done > done, verify: {probe: up, within: 300ms, every: 50ms}, on_failure: stop}\n  - {id: b, title: B, run: 'true'}\n";
    let run = walk(&world, steps).exits(1).json();
    assert_eq!((status(&run, "a"), status(&run, "b")), ("failed", "pending"));
    assert!(reason(&run, "a").starts_with("not verified: "), "{run}");
    assert!(server.seen() >= 2, "it was looked once only");
    assert_eq!(world.read("done"), "done\n");
}

#[test]
fn a_command_verifies_too() {
    let world = World::new();
    let steps = "  - {id: a, title: A, run: 'true', verify: {run: 'echo x >> log; test \"$(wc -l < log)\" -ge 3', within: 50s, every: 20ms}}
  - {id: b, title: B, run: 'true', verify: {run: exit 2, expect: {exit_code: 2}}}
  - {id: c, title: C, run: 'true', verify: {run: echo seen}, on_failure: continue}
  - {id: d, title: D, run: 'true', verify: {run: 'false'}, on_failure: continue}
";
    let run = walk(&world, steps).exits(1).json();
    assert_eq!(["a", "b", "c", "d"].map(|id| status(&run, id)), ["done", "done", "done", "failed"]);
    assert_eq!(world.read("log"), "x\nx\nx\n");
}

#[test]
fn a_check_that_does_not_pass_is_a_failed_try() {
    let world = World::new();
    let steps = "  - {id: a, title: A, run: echo x >> log, retry: {attempts: 3, delay: 10ms}, verify: {run: 'test \"$(wc -l < log)\" = 2'}}\n";
    let run = walk(&world, steps).exits(0).json();
    assert_eq!((status(&run, "a"), world.read("log").as_str()), ("done", "x\nx\n"));
}

#[test]
fn what_somebody_does_is_verified_too() {
    let world = World::new();
    world.runbook("r", "steps: [{id: a, title: A, verify: {run: 'false'}, on_failure: stop}]\n");
    world.run(&["lint"]).exits(0);
    let answers = world.answers("steps: {a: done}");
    let run = world.run(&["-o", "json", "runbook", "run", "r", "--answers", &answers]).exits(1).json();
    assert_eq!(status(&run, "a"), "failed");
}

// ---- rollback ----

#[test]
fn what_took_effect_is_undone_in_reverse_order() {
    let world = World::new();
    let undo = |id: &str| format!("run: echo {id} >> log, rollback: echo undo-{id} >> log");
    let steps = format!(
        "  - {{id: one, title: One, {}}}\n  - {{id: none, title: No way back, run: echo none >> log}}\n  - {{id: left-out, title: Left out, when: '1 == 2', {}}}\n  - {{id: stuck, title: Stuck, run: echo stuck >> log, rollback: {{run: 'echo undo-stuck >> log; exit 1', title: Unstick}}}}\n  - {{id: two, title: Two, verify: {{run: 'false'}}, on_failure: rollback, {}}}\n  - {{id: later, title: Later, {}}}\n",
        undo("one"),
        undo("left-out"),
        undo("two"),
        undo("later")
    );
    let outcome = walk(&world, &steps).exits(1).says(&["Rollback: Unstick"]);
    let run = outcome.json();
    assert_eq!(end(&run), ("finished", Some("failed")));
    assert_eq!(
        world.read("log").split_whitespace().collect::<Vec<_>>(),
        ["one", "none", "stuck", "two", "undo-two", "undo-stuck", "undo-one"]
    );
    let text = world.run(&["run", "show", "r.1"]).exits(0).stdout;
    assert!(text.contains("not undone: exit code 1") && text.contains("· undone"), "{text}");
}

#[test]
fn what_somebody_did_is_undone_as_well() {
    let world = World::new();
    world.runbook("r", "steps:\n  - {id: a, title: A, rollback: echo undone > undone}\n  - {id: b, title: B, run: 'false', on_failure: rollback}\n");
    let answers = world.answers("steps: {a: done, b: run}");
    world.run(&["runbook", "run", "r", "--answers", &answers]).exits(1);
    assert_eq!(world.read("undone"), "undone\n");
}

#[test]
fn what_a_used_procedure_cannot_promise_is_refused() {
    let world = World::new();
    world.runbook("inner", "steps: [{id: a, title: A, run: 'true'}]\n");
    for key in ["rollback: echo undone", "verify: {run: 'true'}"] {
        world.runbook("r", &format!("steps: [{{id: in, title: In, use: inner, {key}}}]\n"));
        let outcome = world.run(&["lint"]).exits(1);
        assert!(outcome.stdout.contains("misplaced-key"), "{outcome}");
    }
}

// ---- on_failure and optional ----

#[test]
fn what_a_failure_means_is_said_by_the_step() {
    for (says, code, end_of_run, log) in [
        ("", 4, ("paused", None), "before "),
        ("on_failure: ask", 4, ("paused", None), "before "),
        ("on_failure: stop", 1, ("finished", Some("failed")), "before "),
        ("on_failure: continue", 1, ("finished", Some("failed")), "before after "),
        ("on_failure: rollback", 1, ("finished", Some("failed")), "before undone "),
        ("on_failure: continue, optional: true", 0, ("finished", Some("succeeded")), "before after "),
    ] {
        let world = World::new();
        let comma = if says.is_empty() { "" } else { ", " };
        let run = walk(
            &world,
            &format!(
                "  - {{id: before, title: Before, run: printf 'before ' >> log, rollback: printf 'undone ' >> log}}\n  - {{id: bad, title: Bad, run: exit 5{comma}{says}}}\n  - {{id: after, title: After, run: printf 'after ' >> log}}\n"
            ),
        );
        let run = run.exits(code).json();
        assert_eq!(end(&run), end_of_run, "{says}: {run}");
        assert_eq!(world.read("log"), log, "{says}");
        assert_eq!((status(&run, "bad"), &step(&run, "bad")["exit_code"]), ("failed", &json!(5)));
    }
}

#[test]
fn an_optional_step_may_be_declared_failed_without_harm() {
    let world = World::new();
    world.runbook(
        "o",
        "steps:\n  - {id: a, title: A, optional: true, on_failure: continue}\n  - {id: b, title: B, on_failure: continue}\n",
    );
    let answers = world.answers("steps: {a: fail, b: done}");
    let run = world.run(&["-o", "json", "runbook", "run", "o", "--answers", &answers]).exits(0).json();
    assert_eq!((end(&run), status(&run, "a")), (("finished", Some("succeeded")), "failed"));
    let answers = world.answers("steps: {a: done, b: fail}");
    let run = world.run(&["-o", "json", "runbook", "run", "o", "--answers", &answers]).exits(1).json();
    assert_eq!(end(&run), ("finished", Some("failed")));
}
