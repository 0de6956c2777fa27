//! How a walk finds its way: decisions, jumps, approvals, waits, messages, used procedures and conditions.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use serde_json::{Value, json};

mod common;

use common::http::Server;
use common::{Outcome, World, status, step};

#[track_caller]
fn walk(world: &World, steps: &str, answers: &str) -> Outcome {
    world.runbook("r", &format!("steps:\n{steps}"));
    world.run(&["lint"]).exits(0);
    let answers = world.answers(answers);
    let auto = ["--auto", "--max-risk", "destructive"];
    world.run(&[&["-o", "json", "runbook", "run", "r", "--answers", &answers][..], &auto].concat())
}

#[track_caller]
fn resume(world: &World, answers: &str) -> Outcome {
    let answers = world.answers(answers);
    world.run(&["-o", "json", "run", "resume", "r.1", "--answers", &answers, "--auto", "--max-risk", "destructive"])
}

fn statuses(run: &Value) -> Vec<String> {
    let steps = run["steps"].as_array().unwrap();
    steps.iter().map(|s| format!("{} {}", s["id"].as_str().unwrap(), s["status"].as_str().unwrap())).collect()
}

fn reason(run: &Value, id: &str) -> String {
    step(run, id)["reason"].as_str().unwrap_or_default().to_owned()
}

// ---- choose ----

const CHOICES: &str = "  - id: way
    title: Which way?
    choose:
      - id: left
        title: Left
        steps:
          - {id: l1, title: L1, run: echo l1 >> log}
          - {id: deeper, title: How deep?, choose: [{id: deep, title: Deep, steps: [{id: d1, title: D1, run: echo d1 >> log}]}, {id: flat, title: Flat}]}
      - id: right
        title: Right
        steps: [{id: r1, title: R1, run: echo r1 >> log}]
      - {id: over, title: Over there, goto: end}
  - {id: between, title: Between, run: echo between >> log}
  - {id: end, title: End, run: echo end >> log}
";

#[test]
fn a_decision_leads_through_the_steps_of_its_option() {
    for (said, log, left_out) in [
        ("way: {choose: left}, deeper: {choose: deep}", "l1 d1 between end", vec!["r1"]),
        ("way: {choose: Left}, deeper: {choose: flat}", "l1 between end", vec!["d1", "r1"]),
        ("way: {choose: right}", "r1 between end", vec!["l1", "deeper", "d1"]),
    ] {
        let world = World::new();
        let run = walk(&world, CHOICES, &format!("steps: {{{said}}}")).exits(0).json();
        assert_eq!(world.read("log").split_whitespace().collect::<Vec<_>>().join(" "), log, "{said}");
        for id in left_out {
            assert_eq!(status(&run, id), "skipped", "{said}: {run}");
            assert!(reason(&run, id).contains("the choice was"), "{id}: {run}");
        }
    }
}

#[test]
fn a_jump_forward_leaves_out_what_lies_between() {
    let world = World::new();
    let run = walk(&world, CHOICES, "steps: {way: {choose: over}}").exits(0).json();
    assert_eq!(world.read("log"), "end\n");
    assert_eq!(reason(&run, "between"), "over goes on at end");
    assert_eq!((status(&run, "l1"), status(&run, "r1"), status(&run, "end")), ("skipped", "skipped", "done"));
}

#[test]
fn a_jump_back_walks_the_steps_again() {
    let world = World::new();
    let steps = "  - {id: look, title: Look, run: echo look >> log}
  - {id: tick, title: Tick, tasks: [One]}
  - {id: again, title: Again?, choose: [{id: once-more, title: Once more, goto: look}, {id: enough, title: Enough}]}
  - {id: end, title: End, run: echo end >> log}
";
    let paused = walk(&world, steps, "steps: {tick: done, again: {choose: once-more}}").exits(4).json();
    assert_eq!(statuses(&paused), ["look done", "tick pending", "again pending", "end pending"]);
    assert_eq!(step(&paused, "look")["attempts"], 2);
    let paused = resume(&world, "steps: {tick: done, again: {choose: once-more}}").exits(4).json();
    assert_eq!(statuses(&paused)[1..], ["tick pending", "again pending", "end pending"]);
    let run = resume(&world, "steps: {tick: done, again: {choose: enough}}").exits(0).json();
    assert_eq!(statuses(&run), ["look done", "tick done", "again done", "end done"]);
    assert_eq!(world.read("log"), "look\nlook\nlook\nend\n");
}

#[test]
fn a_jump_back_unticks_the_tasks() {
    let world = World::new();
    let steps = "  - {id: tick, title: Tick, tasks: [One]}
  - {id: again, title: Again?, choose: [{id: once-more, title: Once more, goto: tick}, {id: enough, title: Enough}]}
";
    let paused = walk(&world, steps, "steps: {tick: done, again: {choose: once-more}}").exits(4).json();
    assert_eq!(step(&paused, "tick")["tasks"], json!([{"title": "One", "done": false}]));
}

#[test]
fn a_decision_without_an_answer_waits_for_one() {
    let world = World::new();
    walk(&world, CHOICES, "").exits(4).says(&["way"]);
    let answers = world.answers("steps: {way: {choose: lefft}}");
    let outcome = world.run(&["run", "resume", "r.1", "--answers", &answers]).exits(2);
    outcome.says(&["way has no option `lefft`", "left, right, over"]);
    assert!(!world.path("log").exists());
}

#[test]
fn a_decision_is_answered_with_an_option_only() {
    for said in ["done", "run", "fail"] {
        let world = World::new();
        let refused = walk(&world, CHOICES, &format!("steps: {{way: {said}}}")).exits(2);
        refused.says(&["step way is a decision", "left, right,"]);
        assert!(!world.path("log").exists());
    }
}

// ---- approve ----

const APPROVAL: &str =
    "  - {id: consent, title: Consent, approve: Is it right?}\n  - {id: act, title: Act, run: echo acted >> log}\n";

#[test]
fn nobody_approves_what_they_started() {
    let world = World::new();
    walk(&world, APPROVAL, "").exits(4);
    let refused = world.run(&["run", "approve", "r.1"]).exits(2);
    refused.says(&["alice started r.1 and cannot approve consent", "run approve r.1 --as NAME"]);
    let approved = ["--as", "bob", "-o", "json", "run", "approve", "r.1", "--comment", "looks right"];
    let run = world.run(&approved).exits(0).says(&["Approved: consent of r.1"]).json();
    assert_eq!(statuses(&run), ["consent done", "act pending"]);
    assert_eq!(reason(&run, "consent"), "looks right");
    assert!(!world.path("log").exists(), "approving does nothing else");
    world.run(&["--as", "bob", "run", "approve", "r.1"]).exits(2).says(&["no step of r.1 waits for approval"]);
    resume(&world, "").exits(0);
    assert_eq!(world.read("log"), "acted\n");
    let shown = world.run(&["run", "show", "r.1"]).exits(0).stdout;
    assert!(shown.contains("By: alice, bob") && shown.contains("bob\n"), "{shown}");
}

#[test]
fn only_those_on_the_list_may_approve() {
    let world = World::new();
    walk(&world, "  - {id: consent, title: Consent, approve: {prompt: Really?, from: [carol, dora]}}\n", "").exits(4);
    let refused = world.run(&["run", "approve", "r.1", "--as", "bob"]).exits(2);
    refused.says(&["bob may not approve consent", "carol, dora"]);
    world.run(&["run", "approve", "r.1", "--step", "consnet", "--as", "carol"]).exits(2).says(&["`consent`"]);
    world.run(&["run", "approve", "r.1", "--step", "consent", "--as", "carol"]).exits(0);
    assert_eq!(resume(&world, "").exits(0).json()["outcome"], "succeeded");
}

// ---- wait ----

#[test]
fn a_short_wait_is_waited_for() {
    let world = World::new();
    let run = walk(&world, "  - {id: rest, title: Rest, wait: 300ms}\n  - {id: b, title: B, run: 'true'}\n", "");
    assert_eq!(statuses(&run.exits(0).json()), ["rest done", "b done"]);
}

#[test]
fn a_long_wait_is_left_and_found_again() {
    let world = World::new();
    let steps = "  - {id: a, title: A, run: echo a >> log}\n  - {id: rest, title: Rest, wait: 3d}\n  - {id: b, title: B, run: echo b >> log}\n";
    let left = walk(&world, steps, "").exits(4).says(&["r.1 waits until", "run resume r.1"]).json();
    assert_eq!(statuses(&left), ["a done", "rest waiting", "b pending"]);
    let line = world.json(&["run", "list"])[0].clone();
    let until = line["waits_until"].as_str().unwrap();
    assert!(until > line["started_at"].as_str().unwrap(), "{line}");
    let again = resume(&world, "").exits(4).says(&[&format!("waits until {until}")]).json();
    assert_eq!(statuses(&again), ["a done", "rest waiting", "b pending"]);
    assert_eq!(world.json(&["run", "list"])[0]["waits_until"], until, "the wait begins once");
    // Somebody who knows better need not wait.
    resume(&world, "steps: {rest: done}").exits(0);
    assert_eq!(world.read("log"), "a\nb\n");
    assert_eq!(world.json(&["run", "list"])[0]["waits_until"], Value::Null);
}

#[test]
fn a_wait_for_a_probe_ends_when_it_passes_or_at_the_deadline() {
    let server = Server::start(|number| if number < 3 { 503 } else { 200 });
    let down = Server::start(|_| 503);
    let world = World::new();
    let probe = |id: &str, url: &str| format!("      {id}: {{http: '{url}', conditions: ['[STATUS] == 200']}}\n");
    let probes = format!("{}{}", probe("up", &server.url()), probe("down", &down.url()));
    world.write("opsctl.yaml", &format!("services:\n  api:\n    title: API\n    probes:\n{probes}"));
    let steps = "  - {id: comes, title: Comes, wait: {until: up, within: 50s, every: 50ms}}
  - {id: never, title: Never, wait: {until: [down], within: 300ms, every: 50ms}, on_failure: stop}
  - {id: b, title: B, run: 'true'}
";
    let run = walk(&world, steps, "").exits(1).json();
    assert_eq!(statuses(&run), ["comes done", "never failed", "b pending"]);
    assert_eq!((reason(&run, "comes").as_str(), server.seen()), ("the probes pass", 3));
    assert!(reason(&run, "never").starts_with("the deadline has passed: ") && down.seen() >= 2, "{run}");
}

// ---- send ----

#[test]
fn a_message_is_rendered_shown_and_recorded() {
    let world = World::new();
    world.write("opsctl.yaml", "channels:\n  team:\n    title: Team\n");
    world.write(
        "templates/news.yaml",
        "title: News\nfields: [{name: what}, {name: who}]\nsubject: 'News of {{ who }}'\nvariants:\n  long: 'It is {{ what }}, says {{ who }}.'\n  short: '{{ what }}!'\n",
    );
    let steps = "  - {id: look, title: Look, run: echo better, capture: {name: found}}
  - {id: tell, title: Tell, send: {template: news, variant: long, to: [team], set: {what: '{{ found }}'}}}
";
    walk(&world, steps, "").exits(4).says(&["tell", "who"]);
    let outcome = resume(&world, "steps: {tell: {answer: run, set: {who: Ann}}}").exits(0);
    let run = outcome.says(&["It is better, says Ann."]).json();
    assert_eq!(
        step(&run, "tell")["output"].as_str().unwrap().trim_end(),
        "Subject: News of Ann\n\nIt is better, says Ann."
    );
    let export = world.json(&["run", "export", "r.1"]);
    let event = export["events"].as_array().unwrap().iter().find(|event| event["kind"] == "message_rendered").unwrap();
    let body = &event["body"];
    assert_eq!((&body["template"], &body["variant"], &body["to"]), (&json!("news"), &json!("long"), &json!(["team"])));
    assert!(body["text"].as_str().unwrap().contains("It is better, says Ann."), "{body}");
}

// ---- use ----

#[test]
fn a_used_procedure_is_walked_in_place_with_its_own_values() {
    let world = World::new();
    world.runbook("deep", "parameters: [{name: name}]\nsteps: [{id: say, title: Say, run: 'echo \"deep $name\" >> log', capture: {name: x}}]\n");
    world.runbook("inner", "parameters: [{name: name}, {name: size, default: 'of {{ name }}'}]\nsteps:\n  - {id: say, title: Say, run: 'echo \"inner $name $size\" >> log'}\n  - {id: down, title: Down, use: {procedure: runbook/deep, with: {name: '{{ name }}s'}}}\n");
    world.runbook("outer", "parameters: [{name: name}]\nsteps:\n  - {id: one, title: One, use: {procedure: inner, with: {name: cat}}}\n  - {id: two, title: Two, use: {procedure: inner, with: {name: '{{ name }}', size: big}}}\n  - {id: say, title: Say, run: 'echo \"outer $name $size\" >> log'}\n");
    world.run(&["lint"]).exits(0);
    let args = ["-o", "json", "runbook", "run", "outer", "--set", "name=dog", "--auto", "--max-risk", "mutating"];
    let run = world.run(&args).exits(0).json();
    assert_eq!(
        statuses(&run),
        [
            "one done",
            "one/say done",
            "one/down done",
            "one/down/say done",
            "two done",
            "two/say done",
            "two/down done",
            "two/down/say done",
            "say done"
        ]
    );
    assert_eq!(world.read("log"), "inner cat of cat\ndeep cats\ninner dog big\ndeep dogs\nouter dog \n");
    assert_eq!(step(&run, "one/down")["kind"], "procedure");
}

#[test]
fn a_run_that_ends_inside_a_used_procedure_ends_it_too() {
    let world = World::new();
    world.runbook("inner", "steps: [{id: bad, title: Bad, run: exit 2, on_failure: stop}, {id: rest, title: Rest}]\n");
    let run = walk(&world, "  - {id: in, title: In, use: inner}\n", "").exits(1).json();
    assert_eq!(statuses(&run), ["in failed", "in/bad failed", "in/rest pending"]);
    assert_eq!(step(&run, "in")["reason"], "in/bad failed");
}

#[test]
fn a_used_procedure_that_fails_has_failed_as_a_step() {
    let world = World::new();
    world.runbook("inner", "steps: [{id: bad, title: Bad, run: exit 2, on_failure: continue}]\n");
    let steps = "  - {id: in, title: In, use: inner}\n  - {id: after, title: After, run: echo after > log}\n";
    let run = walk(&world, steps, "").exits(1).json();
    assert_eq!(statuses(&run), ["in failed", "in/bad failed", "after done"]);
    let run = walk(&world, steps, "steps: {in: {skip: not today}}").exits(0).json();
    assert_eq!(statuses(&run), ["in skipped", "in/bad skipped", "after done"]);
}

#[test]
fn an_answer_that_does_not_fit_a_used_procedure_is_refused() {
    let world = World::new();
    world.runbook("inner", "steps: [{id: a, title: A, run: echo a > log}]\n");
    for said in ["done", "fail"] {
        walk(&world, "  - {id: in, title: In, use: inner}\n", &format!("steps: {{in: {said}}}")).exits(2).says(&["in"]);
        assert!(!world.path("log").exists(), "{said}");
    }
}

// ---- parts of an incident ----

#[test]
fn parts_of_incident_handling_change_the_incident() {
    let world = World::new();
    world.write("opsctl.yaml", "services:\n  api:\n    title: API\nseverities:\n  P1: {title: High, criteria: [Bad], respond_within: 1h}\n  P2: {title: Low, criteria: [Odd], respond_within: 4h}\n");
    let steps = "  - {id: take, title: Take, incident: acknowledge}
  - {id: how-bad, title: How bad, incident: severity}
  - {id: who, title: Who, incident: impact}
  - {id: say, title: Say, incident: note}
  - {id: is-bad, title: Bad, when: 'incident.severity == \"P2\"', run: 'echo \"$OPSCTL_INCIDENT\" > log'}
  - {id: over, title: Over, incident: resolve}
";
    world.runbook("r", &format!("steps:\n{steps}"));
    let answers = world.answers(
        "steps:\n  take: done\n  how-bad: {choose: P2}\n  who: {note: half of them}\n  say: {note: it was the cache}\n  is-bad: run\n  over: {answer: done, note: cache emptied}\n",
    );
    world.run(&["runbook", "run", "r", "--answers", &answers]).exits(4).says(&["--incident ID"]);
    assert_eq!(world.json(&["run", "list"]), json!([]), "nothing begins");
    world.run(&["incident", "open", "--title", "Slow", "--service", "api", "--severity", "P1"]).exits(0);
    let args = ["-o", "json", "runbook", "run", "r", "--incident", "1", "--answers", &answers];
    let run = world.run(&args).exits(0).json();
    assert_eq!((run["incident"].as_str(), world.read("log").as_str()), (Some("INC-1"), "INC-1\n"));
    let incident = world.json(&["incident", "show", "INC-1"]);
    assert_eq!((&incident["status"], &incident["severity"]), (&json!("resolved"), &json!("P2")));
    assert!(incident["acknowledged_at"].is_string() && incident["resolved_at"].is_string(), "{incident}");
    let timeline = world.run(&["incident", "timeline", "INC-1"]).exits(0).stdout;
    for part in ["severity P2", "impact: half of them", "note: it was the cache", "resolved: cache emptied"] {
        assert!(timeline.contains(part), "{part}: {timeline}");
    }
}

// ---- when ----

#[test]
fn a_condition_that_cannot_be_told_is_put_to_somebody() {
    let world = World::new();
    let steps = "  - {id: look, title: Look, when: '1 == 2', run: echo x, capture: {name: got}}
  - {id: maybe, title: Maybe, when: 'got == \"x\"', run: echo maybe > log}
";
    let paused = walk(&world, steps, "").exits(4).says(&["maybe", "got"]).json();
    assert_eq!(statuses(&paused), ["look skipped", "maybe pending"]);
    assert!(!world.path("log").exists());
    let run = resume(&world, "steps: {maybe: {skip: nothing was found}}").exits(0).json();
    assert_eq!(reason(&run, "maybe"), "nothing was found");
}

// ---- done by hand ----

#[test]
fn what_was_done_by_hand_is_not_run_when_its_check_fails() {
    let world = World::new();
    let steps = "  - {id: s, title: S, run: echo ran >> log, risk: mutating, retry: 3, verify: {run: \"false\"}}\n";
    let outcome = walk(&world, steps, "steps: {s: done}").exits(4);
    assert_eq!(world.read("log"), "");
    assert!(reason(&outcome.json(), "s").starts_with("not verified"), "{outcome}");
}
