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

#[test]
fn every_rule_of_post_mortems_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/postmortem.md")).unwrap();
    let documented: Vec<&str> = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(rule, _)| rule)
        .collect();
    let mut rules = 0;
    for file in ["src/postmortem/lint/mod.rs", "src/postmortem/lint/work.rs", "src/cli/postmortem.rs"] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let quoted = text.split('"').skip(1).step_by(2);
        let is_rule = |word: &&str| word.contains('-') && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        for rule in quoted.filter(is_rule) {
            rules += 1;
            assert!(documented.contains(&rule), "`{rule}` of {file} is not in docs/postmortem.md");
        }
    }
    assert!(rules >= 17, "only {rules} rules were found");
}

#[test]
fn every_command_about_paper_is_understood() {
    let world = World::new();
    let text = blocks("docs/postmortem.md", "sh").concat();
    let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("opsctl ")).collect();
    assert!(commands.len() > 8, "{commands:?}");
    for command in commands {
        let words = command.split('#').next().unwrap_or(command).split_whitespace();
        let verbs = words.skip_while(|word| ["-o", "json"].contains(word)).take(2);
        let asked: Vec<&str> = verbs.chain(["--help"]).collect();
        assert_eq!(world.run(&asked).code, 0, "opsctl {command}");
    }
}

/// The words of a command line, as a shell splits them; only double quotes are used in the documents.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn an_incident_goes_from_declared_to_closed_as_the_document_says() {
    let world = World::new();
    fs::remove_file(world.path("opsctl.yaml")).unwrap();
    world.run(&["init", "."]).exits(0);
    let [life, messages] = blocks("docs/incidents.md", "sh").try_into().unwrap();
    for line in life.lines() {
        let words = words(line.strip_prefix("opsctl ").unwrap());
        world.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).exits(0);
    }
    assert_eq!(world.json(&["incident", "show", "1"])["status"], "closed");
    for line in messages.lines() {
        let words = words(line.strip_prefix("opsctl ").unwrap());
        let asked: Vec<&str> = words.iter().take(2).map(String::as_str).chain(["--help"]).collect();
        world.run(&asked).exits(0);
    }
}

#[test]
fn the_settings_of_incidents_are_good_definitions() {
    let world = World::new();
    fs::remove_file(world.path("opsctl.yaml")).unwrap();
    world.run(&["init", "."]).exits(0);
    let [settings] = blocks("docs/incidents.md", "yaml").try_into().unwrap();
    for path in ["runbooks", "checklists"] {
        fs::remove_dir_all(world.path(path)).unwrap();
    }
    fs::remove_file(world.path("playbooks/incident-response.yaml")).unwrap();
    world.write("playbooks/incident-response.yaml", "title: Process\nsteps: [Look, Mend]\n");
    world.write("playbooks/security-incident.yaml", "title: Security\nsteps: [Contain]\n");
    for playbook in ["customer-onboarding", "customer-support", "feature-launch"] {
        fs::remove_file(world.path(&format!("playbooks/{playbook}.yaml"))).unwrap();
    }
    world.write("opsctl.yaml", &settings);
    let lint = world.run(&["lint"]);
    assert_eq!(lint.code, 0, "{lint}");
}
