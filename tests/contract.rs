//! The contract for programs: what is printed as JSON, what an answers file may say, and how the program exits.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

mod common;

use common::{World, step};

const TWO_STEPS: &str = "steps:\n  - id: look\n    title: Look\n    run: echo looked >> log\n  - id: think\n    title: Think\n    tasks: [About this, About that]\n";

fn statuses(run: &Value) -> Vec<&str> {
    run["steps"].as_array().unwrap().iter().map(|step| step["status"].as_str().unwrap()).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_run_is_printed_with_every_key_of_the_contract() {
    let world = World::new();
    world.runbook("two", TWO_STEPS);
    let answers = world.answers("steps: {look: run, think: done}");
    let outcome = world.run(&["-o", "json", "runbook", "run", "two", "--answers", &answers]).exits(0);
    let run = outcome.json();
    assert_eq!(
        keys(&run),
        [
            "id",
            "procedure",
            "kind",
            "status",
            "outcome",
            "incident",
            "subject",
            "period",
            "actor",
            "started_at",
            "finished_at",
            "steps"
        ]
    );
    assert_eq!(run["procedure"], "two");
    assert_eq!(run["kind"], "runbook");
    assert_eq!(run["status"], "finished");
    assert_eq!(run["outcome"], "succeeded");
    assert_eq!(run["actor"], "alice");
    assert_eq!((&run["incident"], &run["subject"], &run["period"]), (&Value::Null, &Value::Null, &Value::Null));
    for key in ["started_at", "finished_at"] {
        let text = run[key].as_str().unwrap();
        assert!(text.ends_with('Z'), "{text} is not in UTC");
        text.parse::<DateTime<Utc>>().unwrap();
    }
    let look = step(&run, "look");
    assert_eq!(
        keys(look),
        ["id", "title", "kind", "status", "attempts", "exit_code", "duration_ms", "reason", "output", "tasks"]
    );
    assert_eq!(look["title"], "Look");
    assert_eq!(look["kind"], "command");
    assert_eq!(look["status"], "done");
    assert_eq!(look["attempts"], 1);
    assert_eq!(look["exit_code"], 0);
    assert!(look["duration_ms"].is_u64());
    assert_eq!(look["tasks"], json!([]));
    let think = step(&run, "think");
    assert_eq!(think["kind"], "manual");
    assert_eq!((&think["exit_code"], &think["duration_ms"].is_null()), (&Value::Null, &true));
    assert_eq!(think["tasks"][0]["title"], "About this");
    assert!(think["tasks"][1]["done"].is_boolean());
    // What was printed at the end is what is shown later.
    let id = run["id"].as_str().unwrap();
    assert_eq!(world.json(&["run", "show", id]), run);
}

#[test]
fn every_kind_of_step_has_its_word() {
    let world = World::new();
    world.write(
        "opsctl.yaml",
        "title: Test\nservices:\n  api:\n    title: API\n    probes:\n      up:\n        title: Up\n        command: [\"true\"]\n        conditions: [\"[EXIT_CODE] == 0\"]\nchannels:\n  team:\n    title: Team\n    audience: team\n",
    );
    world.write("templates/news.yaml", "title: News\nfields:\n  - name: what\nbody: |\n  News: {{ what }}\n");
    world.runbook("inner", "steps:\n  - id: deep\n    title: Deep\n    run: echo deep\n");
    world.runbook(
        "all",
        "steps:\n  - id: by-hand\n    title: By hand\n  - id: command\n    title: Command\n    run: echo hello\n  - id: observe\n    title: Observe\n    probe: up\n  - id: decide\n    title: Decide\n    choose: [Left, Right]\n  - id: consent\n    title: Consent\n    approve: true\n  - id: rest\n    title: Rest\n    wait: 10ms\n  - id: tell\n    title: Tell\n    send: {template: news, to: [team]}\n  - id: go-in\n    title: Go in\n    use: inner\n",
    );
    world.run(&["lint"]).exits(0);
    let answers = world.answers(
        "steps:\n  by-hand: done\n  command: run\n  observe: run\n  decide: {choose: right}\n  consent: {skip: nobody is there}\n  rest: run\n  tell: {answer: run, set: {what: all is well}}\n  go-in: run\n  go-in/deep: run\n",
    );
    let run = world.run(&["-o", "json", "runbook", "run", "all", "--answers", &answers]).exits(0).json();
    for (id, kind, status) in [
        ("by-hand", "manual", "done"),
        ("command", "command", "done"),
        ("observe", "probe", "done"),
        ("decide", "decision", "done"),
        ("consent", "approval", "skipped"),
        ("rest", "wait", "done"),
        ("tell", "message", "done"),
        ("go-in", "procedure", "done"),
        ("go-in/deep", "command", "done"),
    ] {
        let step = step(&run, id);
        assert_eq!((step["kind"].as_str(), step["status"].as_str()), (Some(kind), Some(status)), "{step}");
    }
    assert_eq!(step(&run, "consent")["reason"], "nobody is there");
    assert_eq!(step(&run, "command")["output"], "hello\n");
    assert!(world.run(&["run", "show", "all.1", "--full"]).exits(0).stdout.contains("all is well"));
}

#[test]
fn an_answers_file_has_every_form() {
    let world = World::new();
    world.runbook(
        "forms",
        "parameters:\n  - name: region\nsteps:\n  - {id: a, title: A, run: 'printf %s \"$region\" > region'}\n  - {id: b, title: B}\n  - {id: c, title: C, run: echo never > never}\n  - {id: d, title: D, choose: [{title: One, steps: [{id: d1, title: D1}]}, Two]}\n  - {id: e, title: E}\n  - {id: f, title: F, on_failure: continue}\n",
    );
    let answers = world.answers(
        "parameters: {region: eu}\nsteps:\n  a: run\n  b: done\n  c: {skip: not today}\n  d: {choose: two}\n  e: {note: seen it}\n  f: fail\n",
    );
    let run = world.run(&["-o", "json", "runbook", "run", "forms", "--answers", &answers]).exits(1).json();
    assert_eq!(run["outcome"], "failed");
    assert_eq!(statuses(&run), ["done", "done", "skipped", "done", "skipped", "done", "failed"]);
    assert_eq!(step(&run, "c")["reason"], "not today");
    assert_eq!(world.read("region"), "eu");
    assert!(!world.path("never").exists());
    assert!(world.run(&["run", "show", "forms.1"]).exits(0).stdout.contains("seen it"));
}

#[test]
fn set_wins_over_the_answers_file() {
    let world = World::new();
    world.runbook(
        "p",
        "parameters: [{name: region}]\nsteps:\n  - {id: a, title: A, run: 'printf %s \"$region\" > region'}\n",
    );
    let answers = world.answers("parameters: {region: eu}\nsteps: {a: run}");
    world.run(&["runbook", "run", "p", "--answers", &answers, "--set", "region=us"]).exits(0);
    assert_eq!(world.read("region"), "us");
}

#[test]
fn wrong_answers_are_refused_before_anything_runs() {
    let world = World::new();
    world.runbook("two", &format!("parameters: [{{name: size, values: [small, big], default: small}}]\n{TWO_STEPS}"));
    for (yaml, parts) in [
        ("steps: {look: run, thnik: done}", ["thnik", "think"]),
        ("steps: {look: run, think: {chose: x}}", ["chose", "choose"]),
        ("steps: {look: rnu}", ["rnu", "run"]),
        ("steps: {look: run, think: skip}", ["think", "reason"]),
        ("step: {look: run}", ["step", "steps"]),
        ("parameters: {syze: big}\nsteps: {look: run}", ["syze", "size"]),
        ("parameters: {size: huge}\nsteps: {look: run}", ["huge", "small"]),
        ("steps: {look: run, look: done}", ["answers.yaml", "YAML"]),
        ("steps: [", ["answers.yaml", "YAML"]),
        ("- look", ["answers.yaml", "mapping"]),
    ] {
        let answers = world.answers(yaml);
        world.run(&["-o", "json", "runbook", "run", "two", "--answers", &answers]).exits(2).says(&parts);
        assert!(!world.path("log").exists(), "something ran: {yaml}");
    }
    world.run(&["runbook", "run", "two", "--answers", "nowhere.yaml"]).exits(2).says(&["nowhere.yaml"]);
    world.run(&["runbook", "run", "two", "--set", "size"]).exits(2).says(&["size", "NAME=VALUE"]);
    world.run(&["runbook", "run", "two", "--set", "siez=big"]).exits(2).says(&["size"]);
    assert_eq!(world.json(&["run", "list"]), json!([]));
}

#[test]
fn an_answer_of_the_wrong_kind_is_refused_before_anything_runs() {
    let world = World::new();
    world.runbook("mixed", "steps:\n  - {id: act, title: Act, run: echo acted >> log}\n  - {id: way, title: Way, choose: [Left, Right]}\n  - {id: think, title: Think}\n");
    for (yaml, parts) in [
        ("steps: {act: run, think: {choose: left}}", ["think", "decision"]),
        ("steps: {act: {choose: left}}", ["act", "decision"]),
        ("steps: {act: run, way: run}", ["way", "left, right"]),
        ("steps: {act: run, way: {choose: up}}", ["up", "left, right"]),
    ] {
        let answers = world.answers(yaml);
        world.run(&["runbook", "run", "mixed", "--answers", &answers]).exits(2).says(&parts);
        assert!(!world.path("log").exists(), "something ran: {yaml}");
    }
}

#[test]
fn without_an_answer_a_walk_pauses_and_resumes_later() {
    let world = World::new();
    world.runbook("two", TWO_STEPS);
    let answers = world.answers("steps: {look: run}");
    let paused = world.run(&["-o", "json", "runbook", "run", "two", "--answers", &answers]).exits(4);
    let paused = paused.says(&["think", "run resume two.1"]).json();
    assert_eq!((paused["status"].as_str(), &paused["outcome"]), (Some("paused"), &Value::Null));
    assert_eq!((&paused["finished_at"], statuses(&paused)), (&Value::Null, vec!["done", "pending"]));
    assert_eq!(world.json(&["run", "show", "two.1"]), paused);
    // Still nobody to ask: it stays as it is.
    let again = world.run(&["-o", "json", "run", "resume", "two.1"]).exits(4).json();
    assert_eq!((again["status"].as_str(), statuses(&again)), (Some("paused"), vec!["done", "pending"]));
    let unknown = world.answers("steps: {thnik: done}");
    world.run(&["run", "resume", "two.1", "--answers", &unknown]).exits(2).says(&["thnik", "think"]);
    let answers = world.answers("steps: {think: done}");
    let done = world.run(&["-o", "json", "run", "resume", "two.1", "--answers", &answers]).exits(0).json();
    assert_eq!((done["id"].as_str(), done["status"].as_str()), (Some("two.1"), Some("finished")));
    assert_eq!(world.read("log"), "looked\n", "the first step ran once");
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn a_missing_parameter_is_named_and_nothing_runs() {
    let world = World::new();
    world.runbook("p", "parameters: [{name: region}, {name: size}, {name: note, required: false}]\nsteps:\n  - {id: a, title: A, run: echo x > log}\n");
    let answers = world.answers("steps: {a: run}");
    let outcome = world.run(&["-o", "json", "runbook", "run", "p", "--answers", &answers]).exits(4);
    outcome.says(&["region", "size", "--set"]);
    assert!(!world.path("log").exists());
    let resumed = world.run(&["run", "resume", "p.1", "--answers", &answers, "--set", "region=eu", "--set", "size=1"]);
    resumed.exits(0);
    assert_eq!(world.read("log"), "x\n");
}

#[test]
fn a_failed_step_is_judged_by_somebody_or_pauses() {
    let world = World::new();
    world.runbook("bad", "steps:\n  - {id: a, title: A, run: 'echo broken >&2; exit 7'}\n  - {id: b, title: B}\n");
    world.runbook("stop", "steps:\n  - {id: a, title: A, run: exit 7, on_failure: stop}\n  - {id: b, title: B}\n");
    let answers = world.answers("steps: {a: run, b: done}");
    let paused =
        world.run(&["-o", "json", "runbook", "run", "bad", "--answers", &answers]).exits(4).says(&["a"]).json();
    assert_eq!(statuses(&paused), ["failed", "pending"]);
    let failed = step(&paused, "a");
    assert_eq!((&failed["exit_code"], failed["output"].as_str()), (&json!(7), Some("broken\n")));
    assert!(failed["reason"].as_str().is_some_and(|reason| reason.contains('7')), "{failed}");
    let stopped = world.run(&["-o", "json", "runbook", "run", "stop", "--answers", &answers]).exits(1).json();
    assert_eq!((stopped["status"].as_str(), stopped["outcome"].as_str()), (Some("finished"), Some("failed")));
    assert_eq!(statuses(&stopped), ["failed", "pending"]);
}

#[test]
fn an_aborted_run_is_over() {
    let world = World::new();
    world.runbook("two", TWO_STEPS);
    let answers = world.answers("steps: {look: run}");
    world.run(&["runbook", "run", "two", "--answers", &answers]).exits(4);
    world.run(&["run", "abort", "two.1", "--reason", "no longer needed"]).exits(0);
    let run = world.json(&["run", "show", "two.1"]);
    assert_eq!((run["status"].as_str(), &run["outcome"]), (Some("aborted"), &Value::Null));
    assert_ne!(world.run(&["run", "resume", "two.1", "--answers", &answers]).code, 0);
    assert_eq!(world.read("log"), "looked\n");
}

#[test]
fn exit_codes_tell_what_happened() {
    let world = World::new();
    world.runbook("two", TWO_STEPS);
    world.runbook("broken", "steps:\n  - {id: a, titel: A}\n");
    world.run(&["runbook", "list"]).exits(0);
    world.run(&["runbook", "show", "two"]).exits(0);
    world.run(&["runbook", "frobnicate"]).exits(2);
    world.run(&["runbook", "run", "tow"]).exits(2).says(&["tow", "two"]);
    world.run(&["run", "show", "nothing.1"]).exits(2).says(&["nothing.1"]);
    world.run(&["-C", "/nowhere/at/all", "runbook", "list"]).exits(2);
    world.run(&["runbook", "run", "broken"]).exits(3).says(&["titel", "title"]);
    world.run(&["lint"]).exits(1);
    let answers = world.answers("steps: {think: done}");
    world.run(&["runbook", "run", "two", "--answers", &answers]).exits(4);
}

#[test]
fn a_broken_definition_does_not_stop_the_others() {
    let world = World::new();
    world.runbook("two", TWO_STEPS);
    world.write("runbooks/broken.yaml", "title: [\n");
    let answers = world.answers("steps: {look: run, think: done}");
    world.run(&["-o", "json", "runbook", "run", "two", "--answers", &answers]).exits(0);
    let list = world.json(&["runbook", "list"]);
    assert!(list.to_string().contains("two"), "{list}");
}

#[test]
fn an_edit_does_not_change_a_run_under_way() {
    let world = World::new();
    world.runbook("two", TWO_STEPS);
    let answers = world.answers("steps: {look: run}");
    world.run(&["runbook", "run", "two", "--answers", &answers]).exits(4);
    world.runbook("two", "steps:\n  - {id: think, title: Think of something else, run: echo changed > changed}\n");
    let answers = world.answers("steps: {think: done}");
    let outcome = world.run(&["-o", "json", "run", "resume", "two.1", "--answers", &answers]).exits(0);
    assert!(outcome.stderr.contains("chang"), "the difference is not shown: {outcome}");
    assert_eq!(step(&outcome.json(), "think")["title"], "Think");
    assert!(!world.path("changed").exists());
}

#[test]
fn a_dry_run_has_no_effect_and_writes_nothing() {
    let world = World::new();
    world.runbook(
        "dry",
        "steps:\n  - {id: a, title: A, run: echo x > log, capture: {name: got}}\n  - {id: b, title: B}\n  - {id: c, title: C, when: '1 == 2', run: echo c}\n  - {id: d, title: D, when: 'got == \"x\"', run: echo d}\n",
    );
    let shown = world.run(&["runbook", "run", "dry", "--dry-run"]).exits(0).stdout;
    for label in ["would run", "would ask", "skipped (condition)", "unknown (depends on"] {
        assert!(shown.contains(label), "`{label}` is not shown:\n{shown}");
    }
    assert!(!world.path("log").exists());
    assert!(!world.state().exists(), "a journal was made");
}

#[test]
fn from_begins_at_a_step() {
    let world = World::new();
    world.runbook("two", TWO_STEPS);
    let answers = world.answers("steps: {think: done}");
    let run = world.run(&["-o", "json", "runbook", "run", "two", "--from", "think", "--answers", &answers]);
    assert_eq!(statuses(&run.exits(0).json()), ["skipped", "done"]);
    assert!(!world.path("log").exists());
    world.run(&["runbook", "run", "two", "--from", "thnik"]).exits(2).says(&["think"]);
}

#[test]
fn auto_runs_up_to_its_risk() {
    let world = World::new();
    world.runbook(
        "risks",
        "steps:\n  - {id: look, title: Look, run: echo look >> log, risk: read-only}\n  - {id: change, title: Change, run: echo change >> log, risk: mutating}\n  - {id: destroy, title: Destroy, run: echo destroy >> log, risk: destructive}\n",
    );
    world.run(&["runbook", "run", "risks", "--auto"]).exits(4).says(&["change"]);
    assert_eq!(world.read("log"), "look\n");
    world.run(&["runbook", "run", "risks", "--auto", "--max-risk", "mutating"]).exits(4).says(&["destroy"]);
    assert_eq!(world.read("log"), "look\nlook\nchange\n");
}

#[test]
fn an_approval_needs_another_person() {
    let world = World::new();
    world.runbook("two-keys", "steps:\n  - {id: consent, title: Consent, approve: Is it right?}\n  - {id: act, title: Act, run: echo acted > log}\n");
    let answers = world.answers("steps: {consent: approve, act: run}");
    let paused = world.run(&["-o", "json", "runbook", "run", "two-keys", "--answers", &answers]).exits(4).json();
    assert_eq!(statuses(&paused), ["waiting", "pending"]);
    assert!(!world.path("log").exists());
    let run = ["--as", "bob", "-o", "json", "run", "resume", "two-keys.1", "--answers", &answers];
    let done = world.run(&run).exits(0).json();
    assert_eq!((done["actor"].as_str(), statuses(&done)), (Some("alice"), vec!["done", "done"]));
    assert_eq!(world.read("log"), "acted\n");
}

#[test]
fn checklists_have_a_run_a_period_and_playbooks_a_run_a_subject() {
    let world = World::new();
    world
        .write("checklists/daily.yaml", "title: Daily\nschedule: daily\nsteps: [First, {id: second, title: Second}]\n");
    world.write("playbooks/welcome.yaml", "title: Welcome\npurpose: To welcome.\nsteps: [{id: greet, title: Greet}]\n");
    world.run(&["lint"]).exits(0);
    let answers = world.answers("steps: {second: done}");
    let list = ["-o", "json", "checklist", "daily", "--date", "2025-01-06", "--answers", &answers];
    let one = world.run(&list).exits(4).json();
    assert_eq!((one["id"].as_str(), one["period"].as_str()), (Some("daily.2025-01-06"), Some("2025-01-06")));
    assert_eq!(statuses(&one), ["pending", "done"]);
    let answers = world.answers("steps: {first: done}");
    let list = ["-o", "json", "checklist", "daily", "--date", "2025-01-06", "--answers", &answers];
    let two = world.run(&list).exits(0).json();
    assert_eq!((two["id"].as_str(), statuses(&two)), (Some("daily.2025-01-06"), vec!["done", "done"]));
    let answers = world.answers("steps: {greet: done}");
    let book = ["-o", "json", "playbook", "run", "welcome", "--subject", "Ada Ltd", "--answers", &answers];
    let run = world.run(&book).exits(0).json();
    assert_eq!((run["kind"].as_str(), run["subject"].as_str()), (Some("playbook"), Some("Ada Ltd")));
}

#[test]
fn a_run_of_an_incident_names_it() {
    let world = World::new();
    world.write(
        "playbooks/respond.yaml",
        "title: Respond\npurpose: To respond.\nsteps:\n  - {id: how-bad, title: How bad, incident: severity}\n  - {id: who, title: Who is affected, incident: impact}\n  - {id: tell, title: Tell them, when: 'incident.severity == \"P1\"'}\n  - {id: over, title: Over, incident: resolve}\n",
    );
    world.run(&["lint"]).exits(0);
    let answers = world.answers(
        "steps:\n  how-bad: {choose: P1}\n  who: {note: everybody}\n  tell: done\n  over: {answer: done, note: restarted it}\n",
    );
    let walk = ["-o", "json", "playbook", "run", "respond", "--answers", &answers];
    world.run(&walk).exits(4).says(&["--incident"]);
    let open = ["-o", "json", "incident", "open", "--title", "API is down", "--service", "api", "--severity", "P1"];
    let opened = world.run(&open).exits(0).json();
    assert_eq!(opened["id"], "INC-1", "{opened}");
    let run = world.run(&[&walk[..], &["--incident", "INC-1"]].concat()).exits(0).json();
    assert_eq!(run["incident"], "INC-1");
    for (id, kind) in [("how-bad", "incident"), ("who", "incident"), ("tell", "manual"), ("over", "incident")] {
        assert_eq!((step(&run, id)["kind"].as_str(), step(&run, id)["status"].as_str()), (Some(kind), Some("done")));
    }
    let timeline = world.run(&["incident", "show", "INC-1"]).exits(0).stdout;
    for part in ["API is down", "everybody", "restarted it", "respond.1"] {
        assert!(timeline.contains(part), "`{part}` is not in the timeline:\n{timeline}");
    }
}
