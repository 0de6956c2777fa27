//! Which probes are made.

use super::mixed;
use crate::common::World;
use crate::common::http::Server;
use crate::common::observe::nobody;

#[test]
fn ids_tags_and_services_select() {
    let world = mixed(&Server::start(|_| 200).url(), nobody());
    let ids = |selectors: &[&str]| -> Vec<String> {
        world.look(selectors).all.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    for (selectors, expected) in [
        (&[][..], &["up", "degraded", "down", "nobody"][..]),
        (&["down"], &["down"]),
        (&["health"], &["up", "down"]),
        (&["web"], &["up", "degraded"]),
        (&["nobody", "quick", "web"], &["up", "degraded", "nobody"]),
        (&["up", "up"], &["up"]),
        (&["off"], &["off"]),
    ] {
        assert_eq!(ids(selectors), expected, "{selectors:?}");
    }
}

#[test]
fn what_selects_nothing_is_wrong_usage() {
    let world = mixed("http://127.0.0.1:1", nobody());
    for (selector, said) in [
        ("degrade", &["no probe, service or tag is called `degrade`", "did you mean `degraded`?"][..]),
        ("healht", &["no probe, service or tag is called `healht`", "did you mean `health`?"]),
        ("apii", &["did you mean `api`?"]),
        ("something-else", &["`opsctl probe list` shows those there are"]),
        ("empty", &["the service `empty` has no probes"]),
    ] {
        for format in ["text", "json", "nagios"] {
            let outcome = world.run(&["-o", format, "probe", "run", "up", selector]).exits(2).says(said);
            assert_eq!(outcome.stdout, "");
        }
    }
    for wrong in [
        &["--concurrency", "0"][..],
        &["--per-host", "none"],
        &["--repeat", "0"],
        &["--repeat", "1000000"],
        &["--pause", "1s"],
        &["--pause", "soon", "--repeat", "2"],
    ] {
        world.run(&[&["probe", "run"], wrong].concat()).exits(2);
    }
}

#[test]
fn reports_are_made_of_probes_alone() {
    let world = mixed("http://127.0.0.1:1", nobody());
    for format in ["junit", "tap", "prometheus", "nagios"] {
        for verb in [&["incident", "list"][..], &["probe", "list"], &["probe", "show", "up"], &["lint"], &[]] {
            let outcome = world.run(&[&["-o", format], verb].concat()).exits(2);
            assert!(outcome.stdout.is_empty(), "{outcome}");
            outcome.says(&["this format is for `opsctl probe run`", "use -o text or -o json"]);
        }
    }
    assert!(!world.state().exists(), "something was written");
}

#[test]
fn where_the_settings_cannot_be_read_nobody_knows_all_probes() {
    let world = mixed("http://127.0.0.1:1", nobody());
    let settings = world.read("opsctl.yaml");
    world.write("more.yaml", "services: {jobs: {title: Jobs, probes: {backup: {comand: \"true\", tags: [health]}}}}\n");
    world.write("opsctl.yaml", &format!("include: [more.yaml]\n{settings}"));
    for selectors in [&[][..], &["health"], &["up", "web"], &["backup"]] {
        let outcome = world.run(&[&["-o", "json", "probe", "run"], selectors].concat()).exits(3);
        assert_eq!(outcome.stdout, "");
        outcome.says(&["error: more.yaml is not valid", "--> more.yaml:1:50", "comand"]);
    }
    // What is asked for by its id is there.
    let outcome = world.run(&["-o", "json", "probe", "run", "nobody"]).exits(0);
    assert_eq!(outcome.json()[0]["id"], "nobody");
    // A broken runbook has no probes.
    world.write("opsctl.yaml", &settings);
    world.write("runbooks/broken.yaml", "steps: [");
    assert_eq!(world.look(&["nobody"]).all.len(), 1);
    assert_eq!(world.look(&[]).all.len(), 4);
    world.write("opsctl.yaml", "services: [");
    world.run(&["-o", "json", "probe", "run"]).exits(3).says(&["opsctl.yaml is not valid"]);
    world.run(&["-o", "nagios", "probe", "run"]).exits(3);
}

#[test]
fn nothing_to_look_at_is_said() {
    let world = World::new();
    world.run(&["probe", "run"]).exits(0).says(&["There are no probes in this workspace"]);
    let outcome = world.run(&["-o", "json", "probe", "run"]).exits(0);
    assert_eq!(outcome.stdout.trim(), "[]");
    assert_eq!(
        world.run(&["-o", "tap", "probe", "run"]).exits(0).stdout,
        "TAP version 14\n1..0 # SKIP no probe was made\n"
    );
    world.run(&["-o", "nagios", "probe", "run"]).exits(3);
}
