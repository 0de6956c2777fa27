//! What the documents show works as it stands there.

#![allow(clippy::unwrap_used, reason = "a test that cannot read a document has failed")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::World;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The blocks of a language in a document.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        match &mut open {
            Some(block) if line == "```" => blocks.push(std::mem::take(block)),
            Some(block) => {
                block.push_str(line);
                block.push('\n');
                continue;
            }
            None if line == format!("```{language}") => {
                open = Some(String::new());
                continue;
            }
            None => {}
        }
        open = None;
    }
    blocks
}

fn indented(text: &str, by: usize) -> String {
    let margin = " ".repeat(by);
    text.lines().flat_map(|line| [margin.as_str(), line, "\n"]).collect()
}

#[test]
fn the_examples_of_probes_are_good_definitions() {
    let blocks = blocks("docs/probes.md", "yaml");
    let [probes, maintenance, alerts, runbook] = blocks.as_slice() else { panic!("{} examples", blocks.len()) };
    let world = World::new();
    world.write("opsctl.yaml", &format!("title: Docs\n{probes}{}{alerts}", indented(maintenance, 4)));
    world.write("runbooks/restart.yaml", runbook);
    let lint = world.run(&["lint"]);
    assert_eq!(lint.code, 0, "{lint}");
    let seen = world.json(&["probe", "show", "shop-page"]);
    assert_eq!(seen["conditions"].as_array().unwrap().len(), 4);
    assert_eq!(seen["maintenance"].as_array().unwrap().len(), 2);
    assert_eq!(seen["alerts"][0]["title"], "Service outages");
}

#[test]
fn the_examples_of_channels_are_good_definitions() {
    let world = World::new();
    let [channels] = blocks("docs/channels.md", "yaml").try_into().unwrap();
    let settings = world.read("opsctl.yaml").replace("  api:\n    title: API\n", "  shop:\n    title: Shop\n");
    world.write("opsctl.yaml", &format!("{settings}{channels}"));
    let lint = world.run(&["lint"]);
    assert_eq!((lint.code, lint.stderr.contains("warning")), (0, false), "{lint}");
}

#[test]
fn the_signature_is_checked_as_the_document_says() {
    let [python] = blocks("docs/channels.md", "python").try_into().unwrap();
    // As `channel::signature` makes it, whose own test has RFC 4231's.
    let mut mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap();
    mac.update("1700000000.{\"a\": \"ä\"}".as_bytes());
    let header = format!("t=1700000000,v1={}", opsctl::ground::hex(&mac.finalize().into_bytes()));
    let asked = format!(
        "{python}\nbody = '{{\"a\": \"ä\"}}'.encode()\nheader = '{header}'\n\
         assert is_ours('key', header, body, 1700000100)\n\
         assert not is_ours('key', header, body, 1700000400)\n\
         assert not is_ours('kez', header, body, 1700000100)\n\
         assert not is_ours('key', header, body + b' ', 1700000100)\n"
    );
    assert_cmd::Command::new("python3").args(["-c", &asked]).assert().success();
}

#[test]
fn an_export_can_be_checked_by_the_few_lines_that_the_documents_give() {
    let [check] = blocks("docs/journal.md", "python").try_into().unwrap();
    let world = World::new();
    let script = world.write("check.py", &check);
    world.runbook("a", "steps:\n  - {id: look, title: Look, run: 'seq 1 2000; echo \"ü 1e2\"', risk: read-only}\n");
    let answers = world.answers("steps: {look: run}");
    for _ in 0..2 {
        world.run(&["runbook", "run", "a", "--answers", &answers]).exits(0);
    }
    world.run(&["journal", "export", "--out", "journal.jsonl"]).exits(0);
    let python = |file: &str| {
        Command::new("python3")
            .arg(&script)
            .arg(file)
            .current_dir(world.path(""))
            .env_clear()
            .env("PATH", PATH)
            .output()
    };
    // A machine without Python has other tests of the same.
    let Ok(said) = python("journal.jsonl") else { return };
    assert_eq!(String::from_utf8_lossy(&said.stdout), "2 streams hold\n", "{said:?}");
    world.write("bad.jsonl", &world.read("journal.jsonl").replacen("alice", "eve", 1));
    assert!(!python("bad.jsonl").unwrap().status.success());
}

#[test]
fn every_command_of_the_readme_is_understood() {
    let world = World::new();
    let text = blocks("README.md", "sh").concat();
    let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("opsctl ")).collect();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        let words = command.split('#').next().unwrap_or(command).split_whitespace();
        // What stands before the verbs is an option; what follows them belongs to some other workspace.
        let after_options = words.skip_while(|word| word.starts_with('-') || ["json", "junit"].contains(word));
        let verbs = after_options.take_while(|word| word.chars().all(|c| c.is_ascii_lowercase())).take(2);
        let asked: Vec<&str> = verbs.chain(["--help"]).collect();
        assert_eq!(world.run(&asked).code, 0, "opsctl {command}");
    }
}
