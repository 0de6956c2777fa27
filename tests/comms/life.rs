//! How an incident goes, and what may not follow.

use serde_json::{Value, json};

use crate::{kinds, open, world};

fn at(value: &Value) -> chrono::DateTime<chrono::Utc> {
    value.as_str().unwrap_or_else(|| panic!("no moment: {value}")).parse().unwrap()
}

#[test]
fn it_only_goes_forward_and_reopening_alone_goes_back() {
    let world = world("  team: {title: Team, audience: team}\n");
    let id = open(&world, &[]);
    let status = |word: &str| world.run(&["incident", "status", &id, word]);
    status("identified").exits(0);
    status("investigating").exits(2).says(&["INC-1 is identified", "it may become mitigated, resolved"]);
    status("identified").exits(2).says(&["identified already"]);
    status("mitigated").exits(0);
    status("resolved").exits(2).says(&["opsctl incident resolve INC-1"]);
    status("broken").exits(2).says(&["no status `broken`"]);
    world.run(&["incident", "resolve", &id, "--reason", "pool enlarged"]).exits(0);
    world.run(&["incident", "ack", &id]).exits(2);
    world.run(&["incident", "cancel", &id, "--reason", "x"]).exits(2).says(&["postmortem, closed"]);
    status("postmortem").exits(0);
    world.run(&["incident", "close", &id]).exits(0);
    status("postmortem").exits(2).says(&["only `opsctl incident reopen INC-1`"]);
    world.run(&["incident", "reopen", &id, "--reason", "it came back"]).exits(0);
    let shown = world.json(&["incident", "show", &id]);
    assert_eq!((&shown["status"], &shown["resolved_at"]), (&json!("investigating"), &Value::Null));
    world.run(&["incident", "reopen", &id, "--reason", "x"]).exits(2).says(&["INC-1 is open"]);
    world.run(&["incident", "cancel", &id, "--reason", "a test alarm"]).exits(0);
    assert_eq!(world.json(&["incident", "show", &id])["status"], "canceled");
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn roles_are_taken_and_handed_over() {
    let world = world("  team: {title: Team, audience: team}\n");
    let id = open(&world, &[]);
    world.run(&["incident", "show", &id]).exits(0);
    let shown = world.run(&["incident", "show", &id]).exits(0).stdout;
    assert!(shown.contains("Commander  nobody"), "{shown}");
    world.run(&["--as", "bob", "incident", "role", &id, "ic"]).exits(0);
    assert_eq!(world.json(&["incident", "show", &id])["commander"], "bob");
    world.run(&["incident", "role", &id, "commander", "bob"]).exits(2).says(&["bob is incident commander"]);
    world.run(&["incident", "role", &id, "commander", "cleo", "--note", "the pool is the suspect"]).exits(0);
    world.run(&["incident", "role", &id, "comms", "dan"]).exits(0);
    world.run(&["incident", "role", &id, "king", "dan"]).exits(2).says(&["no role `king`", "commander"]);
    let shown = world.run(&["incident", "show", &id]).exits(0).stdout;
    for part in ["Commander  cleo", "Comms lead dan", "bob handed over to cleo as incident commander: the pool"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn what_happened_earlier_keeps_both_moments() {
    let world = world("  team: {title: Team, audience: team}\n");
    let id = open(&world, &["--at", "60m ago", "--detected", "70m ago", "--source", "an alert"]);
    world.run(&["incident", "impact", &id, "--start", "api", "--start", "web", "--at", "80m ago"]).exits(0);
    world.run(&["incident", "ack", &id, "--at", "50m ago"]).exits(0);
    world.run(&["incident", "impact", &id, "--end", "web", "--at", "30m ago"]).exits(0);
    world.run(&["incident", "status", &id, "mitigated", "--at", "25m ago"]).exits(0);
    world.run(&["incident", "impact", &id, "--end", "all", "--at", "20m ago"]).exits(0);
    world.run(&["incident", "resolve", &id, "--at", "10m ago"]).exits(0);
    let shown = world.json(&["incident", "show", &id]);
    let minutes = |key: &str| shown["durations"][key].as_i64().map(|seconds| (seconds + 30) / 60);
    // From the impact to detection, from detection to acknowledgement, from the impact to its end and to the resolution.
    assert_eq!(minutes("ttd_s"), Some(10), "{shown}");
    assert_eq!(minutes("tta_s"), Some(20), "{shown}");
    assert_eq!(minutes("ttm_s"), Some(55), "{shown}");
    assert_eq!(minutes("ttr_s"), Some(70), "{shown}");
    let timeline = world.json(&["incident", "timeline", &id]);
    let lines = timeline.as_array().unwrap();
    assert!(lines.iter().map(|line| line["at"].as_str().unwrap()).is_sorted(), "{timeline}");
    let late = lines.iter().filter(|line| line["data"]["recorded_at"].is_string()).count();
    assert_eq!(late, lines.len(), "each was told later: {timeline}");
    world.run(&["incident", "note", &id, "x", "--at", "2999-01-01 00:00"]).exits(2).says(&["has not come yet"]);
    world.run(&["incident", "note", &id, "x", "--at", "soonish"]).exits(2).says(&["no moment"]);
}

#[test]
fn an_error_is_corrected_by_a_new_event() {
    let world = world("  team: {title: Team, audience: team}\n");
    let id = open(&world, &["--at", "60m ago"]);
    world.run(&["incident", "ack", &id]).exits(0);
    let before = world.json(&["incident", "show", &id]);
    world.run(&["incident", "correct", &id, "acknowledged", "--at", "55m ago", "--reason", "told late"]).exits(0);
    let after = world.json(&["incident", "show", &id]);
    assert!(at(&after["acknowledged_at"]) < at(&before["acknowledged_at"]), "{after}");
    let minutes = (after["durations"]["tta_s"].as_i64().unwrap() + 30) / 60;
    assert_eq!(minutes, 5);
    // Nothing was edited: the first telling is there, and so is its correction.
    assert_eq!(kinds(&world, &id), ["declared", "acknowledged", "corrected"]);
    world.run(&["incident", "correct", &id, "99", "--at", "5m ago"]).exits(2).says(&["has no event 99"]);
    world.run(&["incident", "correct", &id, "mitigated", "--at", "5m ago"]).exits(2).says(&["was never mitigated"]);
    world.run(&["incident", "correct", &id, "detected", "--at", "58m ago"]).exits(0);
    assert!(world.json(&["incident", "show", &id])["detected_at"].is_string());
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn without_an_id_the_one_in_use_or_the_only_open_one_is_meant() {
    let world = world("  team: {title: Team, audience: team}\n");
    world.run(&["incident", "note", "nothing is open"]).exits(2).says(&["no incident is open"]);
    open(&world, &[]);
    world.run(&["incident", "note", "the pool is full"]).exits(0);
    open(&world, &[]);
    world.run(&["incident", "note", "which one?"]).exits(2).says(&["INC-1, INC-2", "incident use"]);
    world.run(&["incident", "use", "2"]).exits(0);
    world.run(&["incident", "note", "this", "one"]).exits(0);
    assert_eq!(world.json(&["incident", "timeline", "2"])[1]["data"]["text"], "this one");
    world.run_with_env(&["incident", "note", "that one"], &[("OPSCTL_INCIDENT", "INC-1")]).exits(0);
    assert_eq!(kinds(&world, "1"), ["declared", "note_added", "note_added"]);
    assert_eq!(world.json(&["incident", "use"])["incident"], "INC-2");
    world.run(&["incident", "use", "INC-9"]).exits(2);
    world.run(&["incident", "use", "--none"]).exits(0);
    assert_eq!(world.json(&["incident", "use"])["incident"], Value::Null);
}

#[test]
fn what_is_to_be_done_becomes_an_action_or_is_dropped_with_a_reason() {
    let world = world("  team: {title: Team, audience: team}\n");
    let id = open(&world, &[]);
    world.run(&["incident", "todo", &id, "watch the pool"]).exits(0).says(&["t1"]);
    world.run(&["incident", "todo", &id, "ask the vendor"]).exits(0);
    let add = ["incident", "action", "add", &id, "Alert on pool usage", "--type", "detective"];
    world.run(&[&add[..], &["--owner", "ana", "--due", "2026-12-01", "--todo", "t1"]].concat()).exits(0);
    world.run(&[&add[..], &["--todo", "t1"]].concat()).exits(2).says(&["to-do t1 is action a1 already"]);
    world.run(&["incident", "todo", &id, "--drop", "2", "--reason", "answered"]).exits(0);
    let actions = world.json(&["incident", "action", "list"]);
    let wanted = json!({"incident": "INC-1", "id": "a1", "title": "Alert on pool usage", "type": "detective",
                        "owner": "ana", "due": "2026-12-01", "status": "open"});
    assert_eq!(actions, json!([wanted]));
    world.run(&["incident", "action", "done", &id, "a1", "--note", "live since today"]).exits(0);
    world.run(&["incident", "action", "drop", &id, "a1", "--reason", "x"]).exits(2).says(&["done already"]);
    assert_eq!(world.json(&["incident", "action", "list"]), json!([]));
    world.run(&["incident", "action", "add", &id, "x", "--type", "magic"]).exits(2);
}

#[test]
fn a_merged_incident_leaves_its_listeners_to_the_other() {
    let world = world("  hall: {title: Hall, audience: public, file: hall.jsonl}\n");
    open(&world, &[]);
    open(&world, &[]);
    world.run(&["incident", "update", "1", "We look into it", "--to", "hall"]).exits(0);
    world.run(&["incident", "merge", "1", "1"]).exits(2).says(&["into itself"]);
    world.run(&["incident", "merge", "1", "2", "--reason", "the same"]).exits(0);
    assert_eq!(world.json(&["incident", "show", "1"])["status"], "merged");
    world.run(&["incident", "reopen", "1", "--reason", "x"]).exits(2).says(&["told in INC-2 now"]);
    // Whoever heard of the first has to hear the end of the second.
    world.run(&["incident", "resolve", "2"]).exits(2).says(&["hall not told yet"]);
    world.run(&["incident", "update", "2", "It works again", "--status", "resolved"]).exits(0);
    assert_eq!(world.json(&["incident", "show", "2"])["status"], "resolved");
    assert_eq!(world.read("hall.jsonl").lines().count(), 2);
}

#[test]
fn evidence_is_kept_with_its_hash() {
    let world = world("  team: {title: Team, audience: team}\n");
    let id = open(&world, &["--security"]);
    assert_eq!(world.json(&["incident", "show", &id])["visibility"], "restricted");
    world.write("auth.log", "accepted password for root\n");
    let sum = std::process::Command::new("sha256sum").arg(world.path("auth.log")).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap()[..64].to_owned();
    world.run(&["incident", "evidence", &id, "auth.log", "--note", "a stranger"]).exits(0).says(&[&sum]);
    let timeline = world.json(&["incident", "timeline", &id]);
    let evidence = &timeline[1]["data"];
    assert_eq!((&evidence["sha256"], &evidence["bytes"], &evidence["stored"]), (&json!(sum), &json!(27), &json!(true)));
    world.run(&["incident", "evidence", &id, "."]).exits(2).says(&["is no file"]);
    world.run(&["incident", "evidence", &id, "gone.log"]).exits(5).says(&["gone.log"]);
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn help_is_asked_for_level_by_level() {
    let world = world("  team: {title: Team, audience: team}\n");
    let id = open(&world, &[]);
    world
        .run(&["incident", "escalate", &id, "engineering", "--reason", "nobody knows the pool"])
        .exits(0)
        .says(&["On call"]);
    world.run(&["incident", "escalate", &id, "engineering"]).exits(0).says(&["Head"]);
    world.run(&["incident", "escalate", &id, "engineering"]).exits(2).says(&["has 2 levels"]);
    world.run(&["incident", "escalate", &id, "marketing"]).exits(2).says(&["no escalation policy `marketing`"]);
    world.run(&["incident", "ack", &id]).exits(0);
}
