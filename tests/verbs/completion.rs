//! `opsctl completion`, and what the shells are offered.

use std::process::Command;

use crate::common::{OPSCTL, Outcome, World};

/// What bash is offered after some words, the last of which is being typed.
#[track_caller]
fn offered(world: &World, words: &[&str]) -> Vec<String> {
    ask(world, words).stdout.lines().map(str::to_owned).collect()
}

#[track_caller]
fn ask(world: &World, words: &[&str]) -> Outcome {
    let index = words.len().to_string();
    let env = [("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", index.as_str()), ("_CLAP_IFS", "\n")];
    world.run_with_env(&[&["--", "opsctl"], words].concat(), &env).exits(0)
}

fn world() -> World {
    let world = World::new();
    world.runbook("db-connection", "steps:\n  - id: look\n    title: Look\n");
    world.runbook("disk-full", "steps: [Look]\n");
    world.write("checklists/daily.yaml", "title: Daily\nsteps: [Look]\n");
    world.write("playbooks/launch.yaml", "title: Launch\nsteps: [Look]\n");
    world.write("templates/news.yaml", "title: News\nbody: Hello\n");
    world
}

#[test]
fn every_shell_has_its_script() {
    let world = World::new();
    for (shell, part) in [
        ("bash", "complete -o nospace"),
        ("zsh", "#compdef opsctl"),
        ("fish", "complete --keep-order"),
        ("elvish", "edit:completion:arg-completer[opsctl]"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = world.run(&["completion", shell]).exits(0).stdout;
        assert!(script.contains(part), "{shell}: {script}");
        assert!(script.contains(OPSCTL), "{shell} does not call this program: {script}");
    }
    world.run(&["completion", "csh"]).exits(2).says(&["csh", "bash"]);
    world.run(&["completion"]).exits(2).says(&["<SHELL>"]);
}

#[test]
fn ids_are_offered_from_the_workspace() {
    let world = world();
    for (words, id) in [
        (["runbook", "show", ""], "db-connection"),
        (["runbook", "run", "di"], "disk-full"),
        (["checklist", "show", ""], "daily"),
        (["playbook", "run", ""], "launch"),
        (["template", "show", "n"], "news"),
    ] {
        assert!(offered(&world, &words).contains(&id.to_owned()), "{words:?}");
    }
    assert!(!offered(&world, &["runbook", "run", "di"]).contains(&"db-connection".to_owned()));
    let both = offered(&world, &["checklist", "d"]);
    assert!(both.contains(&"daily".to_owned()), "{both:?}");
    let verbs = offered(&world, &["checklist", "s"]);
    assert!(verbs.contains(&"show".to_owned()) && verbs.contains(&"status".to_owned()), "{verbs:?}");
}

#[test]
fn runs_are_offered_the_newest_first() {
    let world = world();
    assert!(!offered(&world, &["run", "show", ""]).iter().any(|word| word.starts_with("db")));
    for _ in 0..2 {
        let answers = world.answers("steps: {look: done}");
        world.run(&["runbook", "run", "db-connection", "--answers", &answers]).exits(0);
    }
    let runs = offered(&world, &["run", "show", ""]);
    assert_eq!(runs[..2], ["db-connection.2", "db-connection.1"]);
}

#[test]
fn incidents_and_dashboards_are_offered() {
    let world = world();
    world.write(
        "opsctl.yaml",
        &format!("{}dashboards:\n  health:\n    title: Health\n    metrics: [Uptime]\n", world.read("opsctl.yaml")),
    );
    assert_eq!(offered(&world, &["dashboard", "show", ""])[0], "health");
    let opened = world.json(&["incident", "open", "--title", "Down", "--service", "api", "--severity", "P1"]);
    assert_eq!(offered(&world, &["incident", "show", ""])[0], opened["id"].as_str().unwrap());
}

#[test]
fn the_directory_on_the_line_counts() {
    let world = world();
    world.write("other/opsctl.yaml", "title: Other\n");
    world.write("other/runbooks/elsewhere.yaml", "title: Elsewhere\nsteps: [Look]\n");
    assert_eq!(offered(&world, &["-C", "other", "runbook", "show", "e"]), ["elsewhere"]);
    assert_eq!(offered(&world, &["runbook", "show", "e"]), [""; 0]);
}

#[test]
fn where_nothing_can_be_read_nothing_is_said() {
    let world = world();
    let outcome = ask(&world, &["-C", "nowhere", "runbook", "show", "d"]);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""), "{outcome}");
    world.write(
        ".opsctl/journal.db",
        "this is no database, and it is longer than a hundred bytes, so that nobody takes it for an empty one",
    );
    let outcome = ask(&world, &["run", "show", "d"]);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""), "{outcome}");
    world.runbook("broken", "stpes: [x]\n");
    assert_eq!(ask(&world, &["runbook", "show", "di"]).stderr, "");
}

#[test]
fn bash_itself_completes_an_id() {
    let world = world();
    let script = format!(
        "source <({OPSCTL} completion bash)\nCOMP_WORDS=(opsctl runbook show db)\nCOMP_CWORD=3\nCOMP_TYPE=9\n\
         _clap_complete_opsctl opsctl db show\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\ncomplete -p opsctl\n"
    );
    let output = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", &script])
        .current_dir(world.path(""))
        .env("HOME", world.path(""))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("db-connection\n"), "{output:?}");
    assert!(text.contains("-F _clap_complete_opsctl opsctl"), "{output:?}");
}
