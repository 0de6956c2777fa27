//! `opsctl postmortem lint`: every rule, and what makes it content.

use std::fs;

use serde_json::{Value, json};

use crate::common::World;
use crate::postmortem::{FILE, filled, story};
use crate::world::{at, good, open};

/// The names of the rules that are broken, with their lines.
#[track_caller]
fn broken(world: &World, what: &[&str]) -> Vec<(String, u64)> {
    let outcome = world.run(&[&["-o", "json", "postmortem", "lint"], what].concat());
    let problems = outcome.json();
    let problems = problems.as_array().unwrap();
    let is_bad = problems.iter().any(|problem| problem["severity"] == "error");
    assert_eq!(outcome.code, i32::from(is_bad), "{outcome}");
    problems.iter().map(|one| (one["code"].as_str().unwrap().to_owned(), one["line"].as_u64().unwrap())).collect()
}

fn codes(found: &[(String, u64)]) -> Vec<&str> {
    found.iter().map(|(code, _)| code.as_str()).collect()
}

/// A post-mortem that lacks nothing.
fn good_one() -> (World, String) {
    let world = story();
    good(&world, &["incident", "postmortem", "1"]);
    let text = filled(&world.read(FILE));
    world.write(FILE, &text);
    (world, text)
}

fn line_of(text: &str, part: &str) -> u64 {
    text.lines().position(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {text}")) as u64 + 1
}

#[test]
fn a_new_file_has_everything_still_to_write() {
    let world = story();
    good(&world, &["incident", "postmortem", "1"]);
    let text = world.read(FILE);
    let found = broken(&world, &["1"]);
    // What the journal has in people's words needs no more of them.
    assert_eq!(codes(&found), ["section-unfilled"; 8]);
    let prompts: Vec<u64> =
        (1..).zip(text.lines()).filter(|(_, line)| line.starts_with("_To write:_")).map(|(n, _)| n).collect();
    assert_eq!(found.iter().map(|(_, line)| *line).collect::<Vec<_>>(), prompts);
    let shown = world.run(&["postmortem", "lint"]).exits(1).says(&["8 errors in 1 file"]);
    for part in ["error[section-unfilled]", FILE, "_To write:_", "help: "] {
        assert!(shown.stdout.contains(part), "{shown}");
    }
}

#[test]
fn one_that_lacks_nothing_is_good_however_it_is_named() {
    let (world, _) = good_one();
    for what in [vec![], vec!["1"], vec!["INC-1"], vec![FILE], vec!["postmortems"]] {
        let outcome = good(&world, &[&["postmortem", "lint"], &what[..]].concat());
        assert!(outcome.stderr.contains("lacks nothing"), "{what:?}: {outcome}");
    }
    world.run(&["postmortem", "lint", "nothing.md"]).exits(2).says(&["there is no file"]);
    world.run(&["postmortem", "lint", "INC-9"]).exits(2).says(&["no incident `INC-9`"]);
    open(&world, "Small", "P3", 5);
    world
        .run(&["postmortem", "lint", "2"])
        .exits(2)
        .says(&["no post-mortem of INC-2", "opsctl incident postmortem INC-2"]);
}

#[test]
fn each_rule_is_broken_by_what_it_is_about() {
    let (world, text) = good_one();
    let factor = "- Nothing told us that the disk fills up.";
    let place = |section: &str| text.find(&format!("<!-- opsctl:section {section} -->")).unwrap();
    // Replaces the text that was written in a section.
    let with = |section: &str, new: &str| {
        let at = place(section) + text[place(section)..].find(factor).unwrap();
        format!("{}{new}{}", &text[..at], &text[at + factor.len()..])
    };
    let row = "| a1 | preventative | Alert at 80 % |";
    for (rule, edited, part) in [
        ("section-unfilled", with("well", ""), "section well"),
        ("section-unfilled", with("lucky", "_To write:_ something"), "_To write:_"),
        ("section-unfilled", with("wrong", "<!-- a\ncomment -->"), "section wrong"),
        ("prompt-left", with("well", "_To write:_ x\n\nWe had a spare"), "_To write:_"),
        ("factor-missing", with("factors", "The disk was full"), "The disk was full"),
        ("factor-human-error", with("factors", "- Human error"), "- Human error"),
        ("timeline-differs", text.replacen("decision: Fail over", "decision: Do nothing", 1), "begin timeline"),
        ("block-edited", text.replacen(row, "| a1 | preventative | Do nothing |", 1), "begin actions"),
        ("section-missing", text.replacen("<!-- opsctl:section lucky -->", "", 1), "opsctl:postmortem"),
        ("broken-markers", text.replacen("<!-- opsctl:end metrics -->", "", 1), "begin metrics"),
        ("not-a-postmortem", text.replacen("<!-- opsctl:postmortem INC-1 -->", "", 1), ""),
    ] {
        assert_ne!(edited, text, "{rule}");
        world.write(FILE, &edited);
        let found = broken(&world, &["postmortems"]);
        assert_eq!(
            found.first().map(|(code, line)| (code.as_str(), *line)),
            Some((rule, line_of(&edited, part))),
            "{found:?}"
        );
    }
    let end = text.find("<!-- opsctl:end actions -->").unwrap() + "<!-- opsctl:end actions -->".len();
    let begin = text.find("<!-- opsctl:begin actions -->").unwrap();
    world.write(FILE, &format!("{}{}", &text[..begin], &text[end..]));
    assert_eq!(codes(&broken(&world, &[FILE])), ["block-missing"]);
}

#[test]
fn the_impact_has_a_number_and_a_unit() {
    let (world, _) = good_one();
    good(&world, &["incident", "correct", "1", "declared", "--text", "no"]);
    let told = ["incident", "impact", "1", "many could not log in", "--at", "36m ago"];
    good(&world, &told);
    good(&world, &["incident", "postmortem", "1"]);
    assert_eq!(codes(&broken(&world, &["1"])), ["impact-without-number"]);
    let text = world.read(FILE);
    let at = text.find("<!-- opsctl:end impact -->\n").unwrap() + "<!-- opsctl:end impact -->\n".len();
    world.write(FILE, &format!("{}\nIt was 3 % of all log-ins.\n{}", &text[..at], &text[at..]));
    assert_eq!(broken(&world, &["1"]), []);
}

#[test]
fn what_is_to_be_done_is_decided() {
    let (world, _) = good_one();
    good(&world, &["incident", "todo", "1", "look at the other disks"]);
    good(&world, &["incident", "action", "add", "1", "Ask", "--type", "detective"]);
    let stale = broken(&world, &["1"]);
    let mut names = codes(&stale);
    names.sort_unstable();
    assert_eq!(names, ["action-without-date", "action-without-owner", "block-stale", "todo-open"]);
    good(&world, &["incident", "postmortem", "1"]);
    let text = world.read(FILE);
    let found = broken(&world, &["1"]);
    let lines: Vec<u64> = found.iter().map(|(_, line)| *line).collect();
    assert_eq!(lines, [line_of(&text, "| a2 |"), line_of(&text, "| a2 |"), line_of(&text, "| t2 |")], "{found:?}");
    good(&world, &["incident", "action", "change", "1", "a2", "--owner", "eve", "--due", "2030-02-01"]);
    good(&world, &["incident", "todo", "1", "--drop", "t2", "--reason", "there are none"]);
    good(&world, &["incident", "postmortem", "1"]);
    assert_eq!(broken(&world, &["1"]), []);
    good(&world, &["incident", "action", "drop", "1", "a1", "--reason", "too dear"]);
    good(&world, &["incident", "postmortem", "1"]);
    assert_eq!(codes(&broken(&world, &["1"])), ["preventative-missing"]);
    // Who asks for it is the workspace's to say.
    let settings = world.read("opsctl.yaml");
    let (before, after) = settings.split_once("\nincident:\n").map_or((settings.as_str(), ""), |parts| parts);
    world.write("opsctl.yaml", &format!("{before}\nincident:\n  postmortem_for: [P0]\n{after}"));
    assert_eq!(broken(&world, &["1"]), []);
}

#[test]
fn the_timeline_is_that_of_the_journal() {
    let (world, text) = good_one();
    good(&world, &["incident", "note", "1", "it was the cache", "--at", "50m ago"]);
    let found = broken(&world, &["1"]);
    assert_eq!(codes(&found), ["timeline-differs"]);
    // The note stands where the evidence stood that was written down later.
    let begin = line_of(&text, "begin timeline");
    assert!(found[0].1 > begin + 2 && found[0].1 < line_of(&text, "end timeline"), "{found:?}");
    good(&world, &["incident", "postmortem", "1"]);
    assert_eq!(broken(&world, &["1"]), []);
    // What is done about it later is no part of what happened.
    good(&world, &["incident", "action", "done", "1", "a1"]);
    good(&world, &["incident", "close", "1"]);
    assert_eq!(codes(&broken(&world, &["1"])), ["block-stale"]);
    good(&world, &["postmortem", "lint", "1"]);
}

#[test]
fn a_clone_without_the_journal_looks_at_the_text_alone() {
    let (world, text) = good_one();
    fs::remove_dir_all(world.state()).unwrap();
    good(&world, &["postmortem", "lint"]).says(&["Not in this journal", "INC-1", "lacks nothing"]);
    assert!(!world.state().exists());
    world.write(
        FILE,
        &text.replacen(
            "| a1 | preventative | Alert at 80 % | eve | 2030-01-01 | open |",
            "| a1 | detective | x | nobody | no date | open |",
            1,
        ),
    );
    let mut found = broken(&world, &[]);
    found.sort();
    let names = codes(&found);
    assert_eq!(names, ["action-without-date", "action-without-owner", "block-edited", "preventative-missing"]);
    world.write(FILE, &text.replacen("| action a1 |", "| open |", 1));
    assert_eq!(codes(&broken(&world, &[])), ["block-edited", "todo-open"]);
    world.write(FILE, &text.replacen("decision: Fail over", "decision: x", 1));
    assert_eq!(codes(&broken(&world, &[])), ["timeline-differs"]);
}

#[test]
fn one_that_goes_on_is_as_it_was_written_until_something_happens() {
    let world = story();
    open(&world, "Goes on", "P1", 300);
    at(&world, 200, &["severity", "2", "P0"]);
    good(&world, &["incident", "postmortem", "2"]);
    let found = broken(&world, &["2"]);
    assert!(
        found.iter().all(|(code, _)| ["section-unfilled", "preventative-missing"].contains(&code.as_str())),
        "{found:?}"
    );
    let text = world.read("postmortems/INC-2.md");
    good(&world, &["incident", "postmortem", "2"]);
    assert_eq!(world.read("postmortems/INC-2.md"), text);
    good(&world, &["incident", "note", "2", "something"]);
    assert!(codes(&broken(&world, &["2"])).contains(&"timeline-differs"));
}

#[test]
fn what_is_owed_and_not_written_is_told() {
    let world = story();
    let problems = world.json(&["postmortem", "lint"]);
    assert_eq!(problems.as_array().map(Vec::len), Some(1));
    let one = |key: &str| problems[0][key].clone();
    assert_eq!(
        (one("code"), one("severity"), one("file")),
        (json!("postmortem-missing"), json!("warning"), json!(FILE))
    );
    assert_ne!(one("message"), Value::Null);
    good(&world, &["postmortem", "lint"]);
}
