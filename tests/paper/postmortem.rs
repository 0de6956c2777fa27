//! `opsctl incident postmortem`: written from the journal, and made again around what people wrote.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use opsctl::ground::sha256;
use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::json;

use crate::common::World;
use crate::world::{at, events, good, open, pack, told};

pub const FILE: &str = "postmortems/INC-1.md";

/// A P1 that is over, with everything that a post-mortem tells.
pub fn story() -> World {
    let world = pack();
    open(&world, "Log in fails", "P1", 90);
    at(&world, 95, &["impact", "1", "--start", "api", "--level", "major_outage"]);
    at(&world, 92, &["correct", "1", "detected", "--text", "the login probe"]);
    at(&world, 80, &["ack", "1"]);
    good(&world, &["incident", "role", "1", "commander", "bob"]);
    at(&world, 70, &["decide", "1", "Fail over", "--reason", "the disk is full"]);
    told(&world, "INC-1", "m1", "investigating", 65);
    world.write("graph.png", "not really");
    good(&world, &["incident", "evidence", "1", "graph.png", "--note", "the spike"]);
    at(&world, 40, &["status", "1", "mitigated"]);
    at(&world, 35, &["impact", "1", "1,200 users could not log in", "--end", "all"]);
    told(&world, "INC-1", "m2", "resolved", 33);
    at(&world, 30, &["resolve", "1", "--reason", "more room on the disk"]);
    good(&world, &["incident", "todo", "1", "watch the disk"]);
    let action = ["incident", "action", "add", "1", "Alert at 80 %", "--type", "preventative", "--owner", "eve"];
    good(&world, &[&action[..], &["--due", "2030-01-01", "--todo", "t1"]].concat());
    world
}

/// The file with every prompt answered.
pub fn filled(text: &str) -> String {
    let answered = |line: &str| {
        if line.starts_with("_To write:_") { "- Nothing told us that the disk fills up." } else { line }.to_owned()
    };
    text.lines().map(|line| answered(line) + "\n").collect()
}

#[test]
fn it_tells_what_the_journal_knows() {
    let world = story();
    let shown = world.json(&["incident", "postmortem", "1"]);
    assert_eq!((&shown["path"], &shown["is_new"]), (&json!(FILE), &json!(true)));
    assert_eq!((&shown["status"], &shown["is_needed"]), (&json!("postmortem"), &json!(true)));
    let text = world.read(FILE);
    for part in [
        "# INC-1: Log in fails",
        "| Severity | P1 - High |",
        "> 1,200 users could not log in",
        "| api | major outage |",
        "by the login probe",
        "Time to detect: 3:00 (detected - impact started)",
        "> more room on the disk",
        "decision: Fail over: the disk is full",
        "- incident commander: bob",
        "- alice",
        "| a1 | preventative | Alert at 80 % | eve | 2030-01-01 | open |",
        "| t1 | watch the disk | action a1 |",
        "| m1 |",
        "status-page",
        "| Time to resolve | 1 h 05 min | resolved - impact started |",
        "Updates on time",
        "## Where we were lucky",
        "## Why we were surprised",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // The hash stands in for evidence that was not exported.
    assert!(text.contains(&format!("(SHA-256 {})", sha256(b"not really"))), "{text}");
    let events = events(&world, "incident/INC-1");
    let last = &events[events.len() - 2..];
    assert_eq!((&last[0]["kind"], &last[0]["body"]["path"]), (&json!("postmortem_written"), &json!(FILE)));
    assert_eq!(last[0]["body"]["sha256"], json!(sha256(text.as_bytes())));
    assert_eq!((&last[1]["kind"], &last[1]["body"]["status"]), (&json!("status_changed"), &json!("postmortem")));
    // Every line of the journal's own timeline that is no paperwork stands there, in its order.
    let mut rest = text.as_str();
    for line in world.json(&["incident", "timeline", "1"]).as_array().unwrap() {
        let kind = line["kind"].as_str().unwrap();
        if ["message_", "todo_", "action_", "postmortem_", "status_"].iter().any(|paper| kind.starts_with(paper)) {
            continue;
        }
        let at = line["at"].as_str().unwrap()[..19].replace('T', " ");
        let found = rest.find(&format!("| {at} | {} |", line["actor"].as_str().unwrap()));
        rest = &rest[found.unwrap_or_else(|| panic!("{line}: {text}")) + 1..];
    }
}

#[test]
fn what_people_wrote_stays_when_it_is_made_again() {
    let world = story();
    good(&world, &["incident", "postmortem", "1"]);
    let first = world.read(FILE);
    good(&world, &["incident", "postmortem", "1"]);
    assert_eq!(world.read(FILE), first, "nothing had changed");
    let before = events(&world, "incident/INC-1").len();
    good(&world, &["incident", "postmortem", "1"]);
    assert_eq!(events(&world, "incident/INC-1").len(), before, "nothing new was written down");

    let mine = "\n## Appendix\n\nOur *own* words, with trailing blanks   \n\t<b>and</b> more.";
    let edited = format!("{}{mine}", filled(&first));
    world.write(FILE, &edited);
    fs::set_permissions(world.path(FILE), fs::Permissions::from_mode(0o640)).unwrap();
    good(&world, &["incident", "note", "1", "one more thing"]);
    good(&world, &["incident", "action", "done", "1", "a1", "--note", "it rings"]);
    let again = world.json(&["incident", "postmortem", "1"]);
    assert_eq!((&again["is_new"], &again["status"]), (&json!(false), &json!("postmortem")));
    let text = world.read(FILE);
    assert!(text.ends_with(mine) && text.contains("note: one more thing") && text.contains("done: it rings"), "{text}");
    let own = |text: &str| {
        let mut inside = false;
        let mut own = String::new();
        for line in text.split_inclusive('\n') {
            inside &= !line.starts_with("<!-- opsctl:end");
            if !inside {
                own.push_str(line);
            }
            inside |= line.starts_with("<!-- opsctl:begin");
        }
        own
    };
    assert_eq!(own(&text), own(&edited));
    assert_eq!(fs::metadata(world.path(FILE)).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(world.path("postmortems")).unwrap().count(), 1, "something was left behind");
}

#[test]
fn nothing_of_somebody_else_is_overwritten() {
    let world = story();
    open(&world, "Another", "P2", 3);
    world.write(FILE, "my notes\n");
    world.run(&["incident", "postmortem", "1"]).exits(2).says(&[
        "is there already and no",
        "post-mortem that opsctl",
        "--out",
    ]);
    assert_eq!(world.read(FILE), "my notes\n");
    good(&world, &["incident", "postmortem", "2", "--out", "two.md"]);
    world.run(&["incident", "postmortem", "1", "--out", "two.md"]).exits(2).says(&["is the post-mortem of INC-2"]);
    let broken = world.read("two.md").replace("<!-- opsctl:end timeline -->\n", "");
    world.write("two.md", &broken);
    world.run(&["incident", "postmortem", "2", "--out", "two.md"]).exits(2).says(&[
        "losing text",
        "line ",
        "`timeline`",
    ]);
    assert_eq!(world.read("two.md"), broken);
    fs::write(world.path("three.md"), b"\xff\xfe").unwrap();
    world.run(&["incident", "postmortem", "2", "--out", "three.md"]).exits(2).says(&["no UTF-8"]);
    world
        .run(&["incident", "postmortem", "2", "--out", "graph.png/x.md"])
        .exits(5)
        .says(&["cannot be read", "Not a directory"]);
}

#[test]
fn it_can_be_printed_without_writing_anything() {
    let world = story();
    let before = events(&world, "incident/INC-1").len();
    let text = good(&world, &["incident", "postmortem", "1", "--stdout"]).stdout;
    assert!(text.starts_with("<!-- opsctl:postmortem INC-1 -->\n"), "{text}");
    assert!(!world.path("postmortems").exists());
    assert_eq!(events(&world, "incident/INC-1").len(), before);
    assert_eq!(world.json(&["incident", "show", "1"])["status"], "resolved");
    let printed = world.json(&["incident", "postmortem", "1", "--stdout"]);
    assert_eq!(printed["markdown"], json!(text));
    // One that goes on may be begun, and stays open.
    open(&world, "Goes on", "P2", 3);
    good(&world, &["incident", "postmortem", "2"]).says(&["INC-2 is still triage"]);
    assert_eq!(world.json(&["incident", "show", "2"])["status"], "triage");
}

#[test]
fn the_file_chosen_once_is_meant_again() {
    let world = story();
    good(&world, &["incident", "postmortem", "1", "--out", "docs/what happened.md"]);
    let again = world.json(&["incident", "postmortem", "1"]);
    assert_eq!((&again["path"], &again["is_new"]), (&json!("docs/what happened.md"), &json!(false)));
    assert!(!world.path(FILE).exists());
}

#[test]
fn closing_without_one_is_allowed_and_said() {
    let world = story();
    let closed = good(&world, &["incident", "close", "1"]);
    closed.says(&["P1 asks for a post-mortem", "postmortem INC-1"]);
    let world = story();
    good(&world, &["incident", "postmortem", "1"]);
    assert!(!good(&world, &["incident", "close", "1"]).stderr.contains("post-mortem"));
    open(&world, "Small", "P3", 3);
    good(&world, &["incident", "resolve", "2"]);
    assert!(!good(&world, &["incident", "close", "2"]).stderr.contains("post-mortem"));
}

#[test]
fn a_file_that_was_written_and_not_recorded_is_recorded_the_next_time() {
    let world = story();
    let killed = world.run_with_env(&["incident", "postmortem", "1"], &[("OPSCTL_ABORT_AT", "1")]);
    assert_eq!(killed.code, 137, "{killed}");
    let text = world.read(FILE);
    assert!(!text.is_empty() && world.json(&["incident", "show", "1"])["status"] == "resolved");
    let again = world.json(&["incident", "postmortem", "1"]);
    assert_eq!((&again["status"], &again["is_new"]), (&json!("postmortem"), &json!(false)));
    let written = events(&world, "incident/INC-1").iter().filter(|event| event["kind"] == "postmortem_written").count();
    assert_eq!(written, 1);
}

#[test]
fn what_others_wrote_is_text_and_nothing_else() {
    const HOSTILE: &str = "<script>x</script> ![i](http://e/x) [l](javascript:x) | # h\n- item\n<!-- opsctl:end timeline --> `c` *b* http://e";
    let world = pack();
    let words = ["incident", "open", "--title", HOSTILE, "--service", "api", "--severity", "P1", "--seen", HOSTILE];
    let opened = [&words[..], &["--source", HOSTILE, "--detected", "5m ago"]].concat();
    good(&world, &opened);
    let evil = ["--as", "<img src=x>|[a](b)"];
    for words in [
        vec!["note", "1", HOSTILE],
        vec!["decide", "1", HOSTILE, "--reason", HOSTILE],
        vec!["impact", "1", HOSTILE, "--start", "api"],
        vec!["role", "1", "commander", HOSTILE],
        vec!["todo", "1", HOSTILE],
        vec!["action", "add", "1", HOSTILE, "--type", "detective", "--owner", HOSTILE],
        vec!["resolve", "1", "--reason", HOSTILE],
        vec!["action", "drop", "1", "a1", "--reason", HOSTILE],
        vec!["todo", "1", "--drop", "t1", "--reason", HOSTILE],
    ] {
        good(&world, &[&evil[..], &["incident"], &words].concat());
    }
    world.write("e.txt", "x");
    let name = "a](http:)|<b>.txt";
    world.write(name, "x");
    good(&world, &["incident", "evidence", "1", name, "--note", HOSTILE]);
    told(&world, "INC-1", "m1", HOSTILE, 1);
    good(&world, &["incident", "postmortem", "1"]);
    let text = world.read(FILE);
    let parser = Parser::new_ext(&text, Options::all().difference(Options::ENABLE_SMART_PUNCTUATION));
    let (mut html, mut headings, mut first, mut all) = (Vec::new(), 0, 0, String::new());
    for event in parser {
        match event {
            Event::Html(line) => html.push(line.trim().to_owned()),
            Event::Start(Tag::Heading { level, .. }) if level as u8 == 1 => first += 1,
            Event::Start(Tag::Heading { .. }) => headings += 1,
            Event::Start(
                Tag::Strong | Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_) | Tag::FootnoteDefinition(_),
            )
            | Event::InlineHtml(_)
            | Event::Code(_)
            | Event::Rule
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_) => panic!("{event:?}: {text}"),
            Event::Text(text) => all.push_str(&text),
            _ => {}
        }
    }
    assert!(html.iter().all(|line| line.is_empty() || line.starts_with("<!-- opsctl:")), "{html:?}");
    assert_eq!((first, headings), (1, 15));
    assert!(all.matches("<script>x</script> ![i](http://e/x) [l](javascript:x) | # h").count() >= 12, "{all}");
    let lint = world.run(&["postmortem", "lint", "1"]).exits(1);
    assert!(!lint.stdout.contains("broken-markers") && !lint.stdout.contains("timeline-differs"), "{lint}");
    good(&world, &["incident", "postmortem", "1"]);
    assert_eq!(world.read(FILE), text);
    // The same holds for the exported story, whose links are all ours.
    good(&world, &["incident", "export", "1"]);
    let story = world.read("exports/INC-1/incident.md");
    for event in Parser::new_ext(&story, Options::all().difference(Options::ENABLE_SMART_PUNCTUATION)) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with("evidence/"), "{dest_url}: {story}");
            }
            Event::Start(Tag::Image { .. } | Tag::CodeBlock(_))
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::Code(_) => {
                panic!("{event:?}: {story}")
            }
            _ => {}
        }
    }
}
