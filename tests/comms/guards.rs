//! What must not happen by a slip: a secret kept, a restricted incident told, a channel named twice, a number taken for an
//! incident.

use serde_json::json;

use crate::{delivery, open, world};

#[test]
fn a_playbook_tells_nobody_outside_of_a_restricted_incident() {
    let world = world("  site: {title: Site, audience: public, page: site}\n");
    world.write("templates/news.yaml", "title: News\nbody: Something is wrong\n");
    world.write(
        "playbooks/lead.yaml",
        "title: Lead\npurpose: x\nsteps:\n  - {id: tell, title: Tell, send: {template: news, to: [site]}}\n",
    );
    let id = open(&world, &["--security"]);
    let answers = world.answers("steps: {tell: run}");
    let outcome = world.run(&["playbook", "run", "lead", "--subject", "x", "--incident", &id, "--answers", &answers]);
    assert_eq!(outcome.code, 2, "{outcome}");
    assert!(outcome.stderr.contains("INC-1 is restricted") && !world.path("site").exists(), "{outcome}");
    assert_eq!(world.json(&["message", "list", "--all"]), json!([]));
}

#[test]
fn a_step_without_an_incident_sends_once_however_often_it_is_walked() {
    let world = world("  hall: {title: Hall, audience: team, file: hall.jsonl}\n");
    world.write("templates/news.yaml", "title: News\nbody: Something is new\n");
    world.runbook("tell", "steps:\n  - {id: tell, title: Tell, send: {template: news, to: [hall]}}\n");
    let answers = world.answers("steps: {tell: run}");
    let mut killed = 0;
    for point in 1..40 {
        let _ = std::fs::remove_dir_all(world.state());
        let _ = std::fs::remove_file(world.path("hall.jsonl"));
        let first = world.run_with_env(
            &["runbook", "run", "tell", "--answers", &answers],
            &[("OPSCTL_ABORT_AT", &point.to_string())],
        );
        if first.code == 0 {
            break;
        }
        killed += 1;
        let runs = world.json(&["run", "list"]);
        let Some(run) = runs[0]["id"].as_str() else { continue };
        world.run(&["run", "resume", run, "--answers", &answers]);
        world.run(&["message", "send", "--now"]);
        assert_eq!(world.read("hall.jsonl").lines().count(), 1, "killed at {point}");
    }
    assert!(killed > 5, "it was killed only {killed} times");
}

#[test]
fn a_channel_named_twice_is_told_once() {
    let world = world("  hall: {title: Hall, audience: public, file: hall.jsonl}\n");
    let id = open(&world, &[]);
    world.run(&["incident", "update", &id, "first", "--to", "hall", "--to", "hall"]).exits(0);
    world.run(&["incident", "update", &id, "second", "--status", "resolved"]).exits(0);
    assert_eq!(delivery(&world, "INC-1.m2", "hall")["state"], "sent");
    assert_eq!(world.read("hall.jsonl").lines().count(), 2);
}

#[test]
fn a_secret_in_a_field_is_not_kept() {
    let world = world("  hall: {title: Hall, audience: team, file: hall.jsonl}\n");
    world.runbook("keeper", "secrets: [API_KEY]\nsteps: [Look]\n");
    world.write(
        "templates/news.yaml",
        "title: News\nfields:\n  - {name: detail, prompt: What?}\nbody: \"{{ detail }}\"\n",
    );
    let id = open(&world, &[]);
    let args = ["incident", "notify", &id, "--template", "news", "--to", "hall", "--set", "detail=token hunter2secret"];
    world.run_with_env(&args, &[("API_KEY", "hunter2secret")]).exits(0);
    assert!(!world.read("hall.jsonl").contains("hunter2secret"));
    for (file, bytes) in world.stored() {
        assert!(!String::from_utf8_lossy(&bytes).contains("hunter2secret"), "{}", file.display());
    }
}

#[test]
fn what_nobody_was_told_does_not_change_where_it_stands() {
    let world = world(
        "  site: {title: Site, audience: public, page: site}\n  mails: {title: M, audience: customers, file: mails.jsonl}\n",
    );
    let id = open(&world, &[]);
    let update =
        ["incident", "update", &id, "The pool is full", "--status", "identified", "--next", "30m", "--to", "mails"];
    world.run(&update).exits(4);
    assert_eq!(world.json(&["incident", "show", &id])["status"], "triage");
    world.run(&[&update[..], &["--approve"]].concat()).exits(0);
    let shown = world.json(&["incident", "show", &id]);
    assert_eq!(shown["status"], "identified");
    // The promise counts, not the severity's hour.
    let moment = |key: &str| shown[key].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let after = (moment("next_update_due") - moment("declared_at")).num_minutes();
    assert!((30..=32).contains(&after), "{shown}");
}

#[test]
fn a_number_before_unquoted_words_is_not_taken_for_an_incident() {
    let world = world("  hall: {title: Hall, audience: public, file: hall.jsonl}\n");
    open(&world, &[]);
    world.run(&["incident", "update", "1", "nodes", "are", "down", "--to", "hall"]).exits(2).says(&["INC-1", "quotes"]);
    world.run(&["incident", "update", "1", "nodes are down", "--to", "hall"]).exits(0);
    world.run(&["incident", "update", "INC-1", "all", "nodes", "--to", "hall"]).exits(0);
}

#[test]
fn a_restricted_incident_is_not_merged_where_others_read_it() {
    let world = world("  hall: {title: Hall, audience: public, file: hall.jsonl}\n");
    open(&world, &["--security"]);
    open(&world, &[]);
    world.run(&["incident", "merge", "1", "2"]).exits(2).says(&["INC-1 is restricted"]);
    world.run(&["incident", "merge", "2", "1"]).exits(0);
}

#[test]
fn a_promise_lies_ahead_and_the_end_is_told_once() {
    let world = world("  hall: {title: Hall, audience: public, file: hall.jsonl}\n");
    let id = open(&world, &[]);
    let late = ["incident", "update", &id, "x", "--to", "hall", "--next", "2020-01-01 00:00"];
    world.run(&late).exits(2).says(&["nobody can keep a promise"]);
    assert!(world.read("hall.jsonl").is_empty());
    world.run(&["incident", "update", &id, "It works", "--to", "hall", "--status", "resolved"]).exits(0);
    world.run(&["incident", "update", &id, "It works", "--status", "resolved"]).exits(2).says(&["resolved already"]);
    world.run(&["incident", "notify", &id, "x", "--to", "hall", "--says", "investigating"]).exits(2).says(&["reopen"]);
    assert_eq!(world.read("hall.jsonl").lines().count(), 1);
}

#[test]
fn who_approves_the_end_is_told_that_it_may_end() {
    let world = world("  mails: {title: M, audience: customers, file: mails.jsonl}\n");
    let id = open(&world, &[]);
    world.run(&["incident", "role", &id, "commander", "bob"]).exits(0);
    let refused =
        world.run(&["-o", "json", "incident", "update", &id, "It works", "--to", "mails", "--status", "resolved"]);
    assert_eq!((refused.code, &refused.json()["id"]), (4, &json!("INC-1")));
    world.run(&["--as", "bob", "message", "approve", "INC-1.m1"]).exits(0).says(&["opsctl incident resolve"]);
    world.run(&["incident", "resolve", &id]).exits(0);
}

#[test]
fn what_is_no_name_is_said_to_be_none() {
    let world = world("  hall: {title: Hall, audience: public, file: hall.jsonl}\n");
    let id = open(&world, &[]);
    world.run(&["message", "show", "../../x"]).exits(2).says(&["names no message", "INC-7.m2"]);
    world.run(&["message", "show", "INC-1.m9"]).exits(2).says(&["INC-1 has no message m9"]);
    world.run(&["incident", "role", &id]).exits(2).says(&["commander, communications"]);
    world.run(&["incident", "resolve", &id]).exits(0);
    world.run(&["incident", "close", &id]).exits(0);
    world.run(&["incident", "severity", &id, "P3"]).exits(2).says(&["INC-1 is closed"]);
}

#[test]
fn a_title_is_short_and_a_message_is_sent_as_it_was_shown() {
    let world = world("  hall: {title: Hall, audience: public, file: hall.jsonl}\n");
    let long = "x".repeat(201);
    world
        .run(&["incident", "open", "--title", &long, "--service", "api", "--severity", "P1"])
        .exits(2)
        .says(&["200 characters"]);
    let id = open(&world, &["--service", "api"]);
    assert_eq!(world.json(&["incident", "show", &id])["services"], json!(["api"]));
    world.run(&["incident", "update", &id, &"many words ".repeat(100), "--to", "hall", "--draft"]).exits(0);
    let shown = world.json(&["message", "show", "INC-1.m1"])["previews"][0]["body"].as_str().unwrap().to_owned();
    world.run(&["message", "approve", "INC-1.m1"]).exits(0);
    assert_eq!(world.read("hall.jsonl").trim_end(), shown.trim_end());
    let sent: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert!(sent["title"].as_str().unwrap().chars().count() <= 201, "{sent}");
}
