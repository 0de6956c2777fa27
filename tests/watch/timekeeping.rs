//! Clocks of incidents: what is missed is written down, the team is reminded, others are asked to help.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::common::{World, eventually};
use crate::daemon::Daemon;
use crate::hook::Hook;

const SEVERITIES: &str = "severities:
  P0: {title: Critical, criteria: [Down], respond_within: 1s, first_update_within: 2s, needs_commander: true}
  P1: {title: High, criteria: [Broken], respond_within: 1h}
";

/// A world with these channels and whatever else stands in the settings. Where a policy is defined, P0 follows it.
fn world(rest: &str) -> World {
    let world = World::new();
    let follows = if rest.contains("engineering:") { "true, escalate: engineering}" } else { "true}" };
    let severities = SEVERITIES.replace("true}", follows);
    world.write("opsctl.yaml", &format!("title: Test\nservices: {{api: {{title: API}}}}\n{severities}{rest}"));
    world.run(&["lint"]).exits(0);
    world
}

fn open(world: &World, severity: &str, more: &[&str]) {
    let args = ["incident", "open", "--title", "Log-ins fail", "--service", "api", "--severity", severity];
    world.run(&[&args[..], more].concat()).exits(0);
}

fn team(hook: &Hook) -> String {
    format!("channels: {{team: {{title: Team, audience: team, webhook: \"{}\"}}}}\n", hook.url())
}

/// What is told of an incident, of one kind of fact.
fn facts(world: &World, id: &str, kind: &str) -> Vec<Value> {
    let timeline = world.json(&["incident", "timeline", id]);
    let of_kind = timeline.as_array().unwrap().iter().filter(|line| line["kind"] == kind);
    of_kind.map(|line| line["data"].clone()).collect()
}

fn reminders(world: &World, id: &str, of: &str) -> Vec<u64> {
    let all = facts(world, id, "reminded").into_iter();
    all.filter(|data| data["of"].as_str().unwrap().starts_with(of))
        .map(|data| data["count"].as_u64().unwrap())
        .collect()
}

fn texts(hook: &Hook, kind: &str) -> Vec<String> {
    let told = hook.told().into_iter().filter(|told| told.message["kind"] == kind);
    told.map(|told| told.message["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_missed_is_written_down_once_and_the_team_is_reminded_so_often_and_no_more() {
    let hook = Hook::start(|_| 200);
    let world = world(&(team(&hook) + "incident: {reminders: {channels: [team], every: 1s, at_most: 2}}\n"));
    let daemon = Daemon::start_json(&world);
    open(&world, "P0", &[]);
    for of in ["missed: response", "missed: first public update", "nobody commands it"] {
        eventually(of, || reminders(&world, "1", of) == [1, 2]);
    }
    // A restart begins nothing anew.
    daemon.kill();
    let daemon = Daemon::start_json(&world);
    world.run(&["incident", "role", "1", "commander", "bob"]).exits(0);
    let sent = || facts(&world, "1", "message_sent").len();
    eventually("all that was drafted is sent", || sent() == facts(&world, "1", "message_drafted").len());
    world.run(&["incident", "note", "1", "later"]).exits(0);
    let outcome = daemon.stop().exits(0);
    let missed: Vec<Value> = facts(&world, "1", "target_breached").iter().map(|data| data["target"].clone()).collect();
    assert_eq!(missed, [json!("respond"), json!("first_update")]);
    assert_eq!(reminders(&world, "1", "nobody commands it"), [1, 2]);
    assert_eq!(facts(&world, "1", "message_sent").len(), hook.told().len(), "{outcome}");
    let all = texts(&hook, "reminder").join("\n");
    for part in [
        "INC-1 P0 Log-ins fail\n",
        "missed: response, due ",
        ": opsctl incident ack INC-1",
        ": opsctl incident update INC-1",
        "nobody commands it: opsctl incident role INC-1 commander",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let drafted = facts(&world, "1", "message_approved");
    assert!(drafted.iter().all(|data| data["grounds"] == "not needed"), "{drafted:?}");
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn of_a_restricted_incident_nothing_is_told_but_its_id_and_severity() {
    let hook = Hook::start(|_| 200);
    let rest = "incident: {reminders: {channels: [team], every: 1s, at_most: 1}}\n\
                escalation: {engineering: {topic: All, to: Team, levels: [{to: On call, after: 1s, channels: [team]}]}}\n";
    let world = world(&(team(&hook) + rest));
    let daemon = Daemon::start_json(&world);
    open(&world, "P0", &["--security"]);
    eventually("the team is reminded", || !texts(&hook, "reminder").is_empty());
    eventually("somebody is asked", || !texts(&hook, "escalation").is_empty());
    let outcome = daemon.stop().exits(0);
    for told in hook.told() {
        let text = told.message.to_string();
        assert!(text.contains("INC-1") && text.contains("P0"), "{text}");
        assert!(!text.contains("Log-ins") && !text.contains("\"api\""), "{text}");
    }
    assert!(!outcome.stdout.contains("Log-ins"), "{outcome}");
}

#[test]
fn without_a_way_out_it_is_written_down_and_said() {
    let rest = "channels: {team: {title: Team, audience: team}}\n\
                incident: {reminders: {channels: [team], every: 1s, at_most: 1}}\n\
                escalation: {engineering: {topic: All, to: Team, levels: [{to: On call, after: 1s, channels: [team]}]}}\n";
    let world = world(rest);
    let daemon = Daemon::start(&world);
    open(&world, "P0", &[]);
    daemon.says("INC-1 missed: response, due");
    daemon.says("INC-1 reminded nobody by a channel: ");
    daemon.says(
        "INC-1 escalated to On call (engineering, level 1); no channel of theirs has a way out: ask them yourself",
    );
    daemon.stop().exits(0);
    assert!(facts(&world, "1", "message_drafted").is_empty());
    assert_eq!(facts(&world, "1", "escalated").len(), 1);
}

const LEVELS: &str = "escalation:
  engineering:
    topic: Technical
    to: Engineering
    levels:
      - {to: On call, after: 1s, channels: [team]}
      - {to: Lead, after: 1s, channels: [team]}
      - {to: Head, after: 1h, channels: [team]}
  finance:
    topic: Billing
    to: Finance
    levels: [{to: Bookkeeper, after: 1h, channels: [team]}, {to: CFO, after: 1s, channels: [team]}]
  security: {topic: Security, to: Security team}
";

fn asked(world: &World, id: &str) -> Vec<String> {
    let all = facts(world, id, "escalated").into_iter();
    all.map(|data| format!("{} {} {}", data["policy"].as_str().unwrap(), data["level"], data["by_itself"])).collect()
}

#[test]
fn levels_are_asked_in_their_order_until_somebody_acknowledges() {
    let hook = Hook::start(|_| 200);
    let world = world(&(team(&hook) + LEVELS));
    let daemon = Daemon::start(&world);
    open(&world, "P0", &[]);
    eventually("two levels were asked", || asked(&world, "1") == ["engineering 1 true", "engineering 2 true"]);
    eventually("they were told", || texts(&hook, "escalation").len() == 2);
    daemon.says("INC-1 escalated to Lead (engineering, level 2) by team");
    let texts = texts(&hook, "escalation");
    let text =
        "INC-1 P0 Log-ins fail\nOn call: please help (engineering, level 1).\nTake it: opsctl incident ack INC-1";
    assert_eq!(texts[0], text);
    assert!(texts[1].contains("Lead: please help (engineering, level 2)."), "{texts:?}");
    world.run(&["incident", "ack", "1"]).exits(0);

    // By hand to others: the next of them is asked until somebody answers that, too.
    world.run(&["incident", "escalate", "1", "finance", "--reason", "Refunds are due."]).exits(0).says(&[
        "INC-1.m3 to team: sent",
        "Asked: Bookkeeper (finance, level 1).",
        "Unless somebody acknowledges it, `opsctl watch` asks CFO after 1s.",
    ]);
    eventually("the next was asked", || asked(&world, "1").len() == 4);
    assert_eq!(asked(&world, "1")[2..], ["finance 1 false", "finance 2 true"]);
    assert!(crate::timekeeping::texts(&hook, "escalation")[2].contains("(finance, level 1). Refunds are due.\n"));
    world.run(&["incident", "ack", "1"]).exits(0);
    world.run(&["incident", "ack", "1"]).exits(2).says(&["acknowledged already"]);
    world.run(&["incident", "escalate", "1", "finance"]).exits(2).says(&["has 2 levels, not 3"]);
    world.run(&["incident", "escalate", "1", "security"]).exits(0).says(&["opsctl tells nobody", "Security team"]);
    daemon.stop().exits(0);
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn wherever_it_is_killed_each_level_is_asked_once_and_each_reminder_made_once() {
    for point in 1..=10 {
        let hook = Hook::start(|_| 200);
        let rest = team(&hook) + LEVELS + "incident: {reminders: {channels: [team], every: 1s, at_most: 1}}\n";
        let world = world(&rest);
        open(&world, "P0", &[]);
        let mut command = world.command(&["watch"]);
        command.env("OPSCTL_ABORT_AT", point.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        eventually("it was killed", || child.try_wait().unwrap().is_some());
        let daemon = Daemon::start(&world);
        eventually("both levels were asked", || asked(&world, "1").len() == 2);
        eventually("it was reminded", || !reminders(&world, "1", "missed: first public update").is_empty());
        let is_all_sent = || facts(&world, "1", "message_sent").len() == facts(&world, "1", "message_drafted").len();
        eventually("all was sent", is_all_sent);
        daemon.stop().exits(0);
        assert_eq!(asked(&world, "1"), ["engineering 1 true", "engineering 2 true"], "killed at {point}");
        for of in ["missed: response", "missed: first public update", "nobody commands it"] {
            assert_eq!(reminders(&world, "1", of), [1], "killed at {point}: {of}");
        }
        let targets = facts(&world, "1", "target_breached");
        assert_eq!(targets.len(), 2, "killed at {point}: {targets:?}");
        let keys: std::collections::BTreeSet<String> = hook.told().into_iter().map(|told| told.key).collect();
        assert_eq!(keys.len(), facts(&world, "1", "message_drafted").len(), "killed at {point}");
        world.run(&["journal", "verify"]).exits(0);
    }
}

#[test]
fn messages_that_are_stuck_are_named() {
    let (hook, broken) = (Hook::start(|_| 200), Hook::start(|_| 404));
    let rest = format!(
        "channels:\n  team: {{title: Team, audience: team, webhook: \"{}\"}}\n  page: {{title: Page, audience: public, webhook: \"{}\"}}\n\
         incident: {{reminders: {{channels: [team], every: 1s, at_most: 1}}}}\n",
        hook.url(),
        broken.url()
    );
    let world = world(&rest);
    open(&world, "P1", &[]);
    world.run(&["incident", "update", "1", "We look", "--to", "page"]).exits(1);
    let daemon = Daemon::start(&world);
    let text = "INC-1 P1 Log-ins fail\nmessage m1 to page is failed: opsctl message show INC-1.m1";
    eventually("the team is told", || texts(&hook, "reminder") == [text]);
    daemon.stop().exits(0);
}

#[test]
fn reminders_are_for_the_team() {
    let world = World::new();
    world.write(
        "opsctl.yaml",
        "title: Test\nchannels: {page: {title: Page, audience: public}}\nincident: {reminders: {channels: [page], every: 500ms}}\n\
         escalation: {all: {topic: All, to: Team, levels: [{to: On call, channels: [page]}]}}\n",
    );
    let shown = world.run(&["lint"]).exits(1);
    assert_eq!(shown.stdout.matches("people outside read `page`").count(), 2, "{shown}");
    assert!(shown.stdout.contains("more often than once a second"), "{shown}");
}
