//! Bad definitions, one kind of mistake a test: what is said about each, and that it never stops the others.

#![allow(clippy::unwrap_used, clippy::format_collect, reason = "tests")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use opsctl::catalog::load::{Loaded, Root, load};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use proptest::{collection, sample};
use tempfile::TempDir;

const SETTINGS: &str = r#"
title: Test
services:
  web:
    title: Web
    probes:
      web-health: {http: "https://example.org/health", tags: [health]}
  api: {title: API}
severities:
  P1: {title: High, criteria: [It is bad], respond_within: 1h}
channels:
  team: {title: Team}
escalation:
  engineering: {topic: Technical issues, to: Engineering}
"#;

fn workspace(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "opsctl.yaml", SETTINGS);
    for (path, text) in files {
        write(root.path(), path, text);
    }
    root
}

fn write(root: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn loaded(root: &TempDir) -> Loaded {
    load(&Root::Directory(root.path().to_owned()))
}

fn pictures(root: &TempDir) -> String {
    let pictures: Vec<String> = loaded(root).diagnose().iter().map(|diagnostic| diagnostic.render(false)).collect();
    pictures.join("\n\n")
}

fn said_about(files: &[(&str, &str)]) -> String {
    pictures(&workspace(files))
}

fn codes(root: &TempDir) -> Vec<String> {
    loaded(root).diagnose().iter().map(|found| format!("{} {}", found.file, found.code)).collect()
}

const GOOD: &str = "title: Good\nsteps:\n  - Look at it\n";

#[test]
fn good_definitions_need_no_words() {
    assert_eq!(said_about(&[("runbooks/good.yaml", GOOD)]), "");
}

#[test]
fn the_builtin_pack_is_good() {
    let pack = load(&Root::Builtin);
    assert_eq!(pack.diagnose(), []);
    assert!(pack.broken.is_empty() && !pack.catalog.procedures.is_empty() && !pack.catalog.templates.is_empty());
}

#[test]
fn every_mistake_of_shape_at_once() {
    insta::assert_snapshot!(said_about(&[(
        "runbooks/shape.yaml",
        r"titel: Shape
sumary: x
owner: [a, b]
schedule: daily
services: web
steps:
  - titel: Oops
    command: ls
  - title: Bad types
    timeout: 5 minutes
    optional: yes
    on_failure: stopp
    tasks:
    run: echo hi
    env: {A: {{ x }}}
  - 5
  - title: Retry
    run: x
    retry: {attempts: 0, dealy: 1s}
    risk: readonly
    <<: {a: b}
  - title: Capture
    run: x
    capture: {pattern: x}
"
    )]));
}

#[test]
fn every_mistake_in_steps_at_once() {
    insta::assert_snapshot!(said_about(&[(
        "runbooks/steps.yaml",
        r#"title: Steps
steps:
  - run: uptime
  - title: Two things
    run: uptime
    probe: web-health
  - title: Same
  - title: Same
  - title: "???"
  - id: not an id
    title: Spaces
  - title: Approve
    approve: false
  - title: Wait
    wait: 5m
    rollback: uptime
    timeout: 1m
  - title: Proof
    verify: {within: 1m}
  - title: Probe proof
    run: uptime
    verify: {probe: web-health, timeout: 3s}
  - title: Backoff
    run: uptime
    retry: {attempts: 3, backoff: 0.5}
  - title: Nothing to choose from
    choose: []
  - title: Choose
    choose:
      - title: A
        goto: choosee
      - title: A
        steps: [{id: inner, title: Inner}]
      - title: C
        goto: inner
      - title: D
        goto: same
"#
    )]));
}

#[test]
fn steps_and_phases() {
    insta::assert_snapshot!(said_about(&[
        ("runbooks/blank.yaml", "title: Blank\nsteps:\n"),
        ("runbooks/both.yaml", "title: Both\nsteps: [a]\nphases: [{title: b, steps: []}]\n"),
        ("runbooks/empty-list.yaml", "title: Empty\nsteps: []\n"),
        ("runbooks/neither.yaml", "title: Neither\n"),
        ("runbooks/no-phases.yaml", "title: No phases\nphases: []\n"),
        (
            "playbooks/empty-phase.yaml",
            "title: Empty\nphases:\n  - title: One\n    steps: []\n  - title: ''\n    steps: [a]\n"
        ),
    ]));
}

#[test]
fn every_reference_to_nothing() {
    insta::assert_snapshot!(said_about(&[
        (
            "playbooks/references.yaml",
            r"title: References
services: [wbe]
severity: P9
escalation: [engineer]
related: [refrences, rnbook/good, nothing-like-it]
steps:
  - title: Probe
    probe: [web-helth, api, health]
  - title: Wait
    wait: {until: wbe}
  - title: Proof
    run: uptime
    verify: {probe: nobody}
  - title: Send
    send: {template: newss, to: [teem]}
  - title: Send a field
    send: {template: news, set: {servcie: x}}
  - title: Send a variant
    send: {template: news, variant: tow}
  - title: Use
    use: {procedure: good, with: {host: x}}
  - title: Use another
    use: gud
"
        ),
        ("runbooks/good.yaml", GOOD),
        (
            "templates/news.yaml",
            "title: News\nfields: [{name: service}]\nvariants: {one: '{{ service }}', two: '{{ service }}'}\n"
        ),
    ]));
}

#[test]
fn ambiguous_and_cyclic_references() {
    insta::assert_snapshot!(said_about(&[
        ("checklists/same.yaml", GOOD),
        ("playbooks/same.yaml", GOOD),
        (
            "runbooks/user.yaml",
            "title: User\nsteps:\n  - {title: Use, use: same}\n  - {title: Right, use: playbook/same}\n"
        ),
        ("runbooks/a.yaml", "title: A\nsteps:\n  - {title: Use b, use: b}\n"),
        ("runbooks/b.yaml", "title: B\nsteps:\n  - title: C\n    use: {procedure: runbook/c}\n"),
        (
            "runbooks/c.yaml",
            "title: C\nsteps:\n  - title: Either\n    choose:\n      - {title: A, steps: [{title: Use a, use: a}]}\n"
        ),
        ("runbooks/self.yaml", "title: Self\nsteps:\n  - {title: Again, use: self}\n"),
        ("runbooks/leads-into-a-cycle.yaml", "title: Innocent\nsteps:\n  - {title: Use, use: a}\n"),
    ]));
}

#[test]
fn values_in_commands() {
    insta::assert_snapshot!(said_about(&[(
        "runbooks/commands.yaml",
        r#"title: Commands
parameters: [{name: host}]
steps:
  - title: Restart {{ host }}
    run: systemctl restart {{ host }}
  - title: Block
    run: |
      set -e
      ping -c 1 {{ host }}
  - title: Argv
    run: [systemctl, restart, "--host={{ host }}", "{{ hots }}", "{{ host "]
  - title: Shell again
    run: [sudo, bash, -euo, pipefail, -c, "{{ host }}"]
  - title: As data
    run: [bash, -c, 'echo "$1"', bash, "{{ host }}"]
  - title: Surroundings
    run: uptime
    dir: "{{ host }}"
    env: {GREETING: "hello {{ nobody }}", "a-b": x, COUNT: 5, ON: true}
    expect: {output: "(["}
    rollback: undo {{ host }}
    verify: {run: "test {{ host }}"}
  - title: Nothing
    run: ""
  - title: Nothing either
    run: []
"#
    )]));
}

#[test]
fn names_and_expressions() {
    insta::assert_snapshot!(said_about(&[(
        "runbooks/names.yaml",
        r#"title: Names
parameters:
  - name: host-name
  - name: PATH
  - name: LD_PRELOAD
  - name: steps
  - {name: port, values: [80, 443], default: 8080}
  - {name: port}
  - {name: size, pattern: "[0-9"}
  - {name: level, pattern: "[0-9]", default: 12}
  - {name: other, default: "{{ pot }}"}
  - {prompt: No name}
requires: {env: [DATABASE_URL, $HOME]}
secrets: ["a b"]
steps:
  - id: check-it
    title: Capture
    run: uptime
    capture:
      - {name: a b, pattern: "("}
      - {name: count, pointer: ".items[0].id"}
      - {name: both, pointer: /a, pattern: b}
      - {name: count}
  - title: Braces
    when: "{{ port }} == 3"
  - title: Unknown
    when: port == 3 and prot
  - title: Broken
    when: port ==
  - title: Unknown step
    when: steps.check.status == "done" or steps["chek-it"].status == "done"
  - title: Good
    when: steps["check-it"].status == "done" and incident is defined and now and run.id and count
"#
    )]));
}

#[test]
fn templates() {
    insta::assert_snapshot!(said_about(&[
        (
            "templates/fields.yaml",
            r#"title: Fields
fields:
  - name: service
  - name: unused
  - {name: since, default: "{{ incident.declared_at | time }}"}
  - {name: bad-name}
subject: About {{ srvice }}
variants:
  one: |
    Hello,

    {{ servcie }} is down since {{ since }}.
    {{ incident.title }}
  two: {subject: "{{ service", body: ""}
  "three four": x
"#
        ),
        ("templates/both.yaml", "title: Both\nbody: x\nvariants: {a: b}\n"),
        ("templates/neither.yaml", "title: Neither\n"),
        ("templates/wrong.yaml", "title: Wrong\nbody: x\nfeilds: []\nvariants: {a: {titel: b}}\n"),
    ]));
}

#[test]
fn schedules() {
    insta::assert_snapshot!(said_about(&[
        ("checklists/never.yaml", "title: x\nsteps: [a]\nschedule: {every: month, on: [31], months: [2, 4]}\n"),
        ("checklists/word.yaml", "title: x\nsteps: [a]\nschedule: dayly\n"),
        ("checklists/nothing-near.yaml", "title: x\nsteps: [a]\nschedule: whenever\n"),
        (
            "checklists/conflict.yaml",
            "title: x\nsteps: [a]\nschedule: {every: week, on: [mon, 3], week: first, months: [1]}\n"
        ),
        ("checklists/month.yaml", "title: x\nsteps: [a]\nschedule: {every: month, on: [monday, 32], months: [13]}\n"),
        ("checklists/both.yaml", "title: x\nsteps: [a]\nschedule: {every: month, on: [1], week: last}\n"),
        ("checklists/due.yaml", "title: x\nsteps: [a]\nschedule: daily\ndue: 25:00\n"),
        ("checklists/lonely.yaml", "title: x\nsteps: [a]\ndue: \"10:00\"\n"),
        ("checklists/foreign.yaml", "title: x\nsteps: [a]\nsymptoms: [x]\npurpose: y\n"),
    ]));
}

#[test]
fn settings() {
    let root = workspace(&[]);
    write(
        root.path(),
        "more/one.yaml",
        "channels: {team: {title: Again}}\ninclude: [other.yaml]\nservices: {x: {title: X, probes: {px: {http: example.org}}}}\n",
    );
    let text = r#"title: Settings
services:
  web:
    title: Web
    probes:
      one: {http: example.com, conditions: ["", "[STATUS] = 200", "[STTUS] == 200", "[STATUS] < 400"]}
      two: {http: "https://x", command: [true]}
      three: {title: Nothing}
      four: {http: {url: "https://${A B}/{{ x }}", method: "GET IT", headers: {"a b": c}}}
      five: {command: "curl {{ x }}"}
      six: {command: [curl, "{{ x }}"]}
  api:
    titel: Api
    probes:
      one: {http: "https://x"}
  "a b": {title: Spaces}
severities:
  P0: {title: Critical, criteria: [down], respond_within: 30}
channels:
  team: {title: Team}
incident: {process: incident-respons}
"#;
    write(root.path(), "opsctl.yaml", text);
    insta::assert_snapshot!(pictures(&root));
}

#[test]
fn included_settings() {
    let root = workspace(&[("runbooks/a.yaml", "title: A\nservices: [x, y]\nsteps: [{title: P, probe: px}]\n")]);
    let patterns = "title: Main\ninclude: [more/*.yaml, gone/*.yaml, more/on.yaml, ../outside.yaml, /etc/*.yaml, 'a/**/b', '']\nchannels: {team: {title: Team}}\n";
    write(root.path(), "opsctl.yaml", patterns);
    write(root.path(), "more/one.yaml", "services:\n  x: {title: X, probes: {px: {http: example.org}}}\n");
    write(root.path(), "more/two.yaml", "channels: {team: {title: Again}}\ninclude: [other.yaml]\n");
    write(root.path(), "more/three.yaml", "services: {y: {titel: Y}}\n");
    insta::assert_snapshot!(pictures(&root));
    write(root.path(), "opsctl.yaml", "include: [more/one.yaml, more/o*.yaml]\nservices: {y: {title: Y}}\ntypo: 1\n");
    assert_eq!(codes(&root), ["more/one.yaml invalid-request", "opsctl.yaml unknown-key"]);
}

#[test]
fn a_settings_file_may_be_empty() {
    let root = workspace(&[]);
    for text in ["", "# nothing yet\n"] {
        write(root.path(), "opsctl.yaml", text);
        assert_eq!(pictures(&root), "");
    }
}

#[test]
fn names_in_unreadable_settings_are_not_called_unknown() {
    let root = workspace(&[("runbooks/a.yaml", "title: A\nservices: [web]\nsteps:\n  - {title: P, probe: web}\n")]);
    write(root.path(), "opsctl.yaml", "services: [\n");
    assert_eq!(codes(&root), ["opsctl.yaml yaml-syntax"]);
}

#[test]
fn text_that_is_not_yaml() {
    insta::assert_snapshot!(said_about(&[
        ("runbooks/at.yaml", "title: @x\nsteps: [a]\n"),
        ("runbooks/bracket.yaml", "title: x\nsteps: [a}\n"),
        ("runbooks/colon.yaml", "title: A: b\nsteps:\n  - a\n"),
        ("runbooks/dash.yaml", "title: x\nsteps:\n  -a\n  -b: c\n"),
        ("runbooks/escape.yaml", "title: \"C:\\dir\"\nsteps: [a]\n"),
        ("runbooks/flow.yaml", "title: x\nsteps: [a, b\n"),
        ("runbooks/flow-map.yaml", "title: x\nsteps: [{title: a]\n"),
        ("runbooks/indent.yaml", "title: x\nsteps:\n  - a\n - b\n"),
        ("runbooks/no-colon.yaml", "title: x\nsteps\n  - a\n"),
        ("runbooks/quote.yaml", "title: \"Unclosed\nsteps:\n  - a\n"),
        ("runbooks/quote-end.yaml", "title: \"A\" b\nsteps: [a]\n"),
        ("runbooks/star.yaml", "title: *x\nsteps: [a]\n"),
        ("runbooks/tab.yaml", "title: x\nsteps:\n\t- a\n"),
        ("runbooks/tab-below.yaml", "title: x\nsteps:\n  - title: a\n\trun: b\n"),
        ("runbooks/under.yaml", "title: x\nsteps:\n  - title: a\n   run: b\n"),
    ]));
}

#[test]
fn documents_of_the_wrong_kind() {
    insta::assert_snapshot!(said_about(&[
        ("runbooks/comment.yaml", "# nothing\n\n"),
        ("runbooks/cyclic-alias.yaml", "title: x\nsteps: &a [*a]\n"),
        ("runbooks/double.yaml", "title: x\nsteps:\n  - title: a\n    title: b\ntitle: y\n"),
        ("runbooks/empty.yaml", ""),
        ("runbooks/key.yaml", "title: x\nsteps: [a]\n? [a, b]\n: c\n"),
        ("runbooks/list.yml", "- a\n- b\n"),
        ("runbooks/null.yaml", "~\n"),
        ("runbooks/several.yaml", "title: x\nsteps: [a]\n---\ntitle: y\n"),
        ("runbooks/text.yaml", "hello\n"),
    ]));
}

#[test]
fn documents_too_large_to_look_at() {
    let root = workspace(&[("runbooks/good.yaml", GOOD)]);
    let bombs: String =
        (1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(","))).collect();
    write(root.path(), "runbooks/bomb.yaml", format!("title: x\na0: &a0 [x]\n{bombs}steps: *a11\n"));
    write(root.path(), "runbooks/big.yaml", format!("title: x\nsteps:\n{}", "  - a\n".repeat(1_700_000)));
    write(
        root.path(),
        "runbooks/deep-flow.yaml",
        format!("title: x\nsteps: {}{}\n", "[".repeat(5000), "]".repeat(5000)),
    );
    let deep: String = (1..200).map(|level| format!("{}- \n", " ".repeat(level * 2))).collect();
    write(root.path(), "runbooks/deep-block.yaml", format!("title: x\nsteps:\n{deep}"));
    let options: String = (0..60)
        .map(|level| {
            format!("{0}- title: s{level}\n{0}  choose:\n{0}    - title: o\n{0}      steps:\n", " ".repeat(level * 8))
        })
        .collect();
    write(root.path(), "runbooks/deep-options.yaml", format!("title: x\nsteps:\n{options}"));
    let chain: String =
        (1..500).map(|n| format!("x{n}: &x{n} {{title: t, choose: [{{title: o, steps: [*x{}]}}]}}\n", n - 1)).collect();
    write(root.path(), "runbooks/deep-aliases.yaml", format!("title: x\nx0: &x0 a\n{chain}steps: [*x499]\n"));
    write(root.path(), "runbooks/many.yaml", format!("title: x\nsteps:\n{}", "- a\n".repeat(200_000)));
    insta::assert_snapshot!(pictures(&root));
    assert_eq!(loaded(&root).catalog.procedures.len(), 1);
}

#[test]
fn files_that_cannot_be_read() {
    let root = workspace(&[("runbooks/good.yaml", GOOD), ("runbooks/closed.yaml", GOOD), ("runbooks/README.md", "")]);
    let runbooks = root.path().join("runbooks");
    write(root.path(), "runbooks/latin.yaml", b"title: x\nsummary: caf\xe9\nsteps: [a]\n");
    write(root.path(), "runbooks/utf16.yaml", b"\xff\xfet\0i\0");
    symlink("loop.yaml", runbooks.join("loop.yaml")).unwrap();
    symlink("gone.yaml", runbooks.join("dangling.yaml")).unwrap();
    symlink("good.yaml", runbooks.join("linked.yaml")).unwrap();
    fs::create_dir(runbooks.join("directory.yaml")).unwrap();
    fs::create_dir(runbooks.join("below")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, runbooks.join("pipe.yaml"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .unwrap();
    for name in ["list.yaml", "two.yaml", "two.yml", "Bad Name.yaml", "x.json", ".hidden.yaml"] {
        write(root.path(), &format!("runbooks/{name}"), GOOD);
    }
    symlink("checklists", root.path().join("checklists")).unwrap();
    write(root.path(), "playbooks", "not a folder");
    insta::assert_snapshot!(pictures(&root));
    let ids: Vec<String> = loaded(&root).catalog.procedures.iter().map(|procedure| procedure.id.clone()).collect();
    assert_eq!(ids, ["closed", "good", "linked", "two"]);
}

#[test]
fn files_without_permission() {
    let root = workspace(&[("runbooks/closed.yaml", GOOD)]);
    let closed = root.path().join("runbooks/closed.yaml");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&closed).is_ok() {
        return; // the superuser reads everything
    }
    insta::assert_snapshot!(pictures(&root));
}

#[test]
fn windows_files_are_read() {
    let root = workspace(&[]);
    write(
        root.path(),
        "runbooks/windows.yaml",
        "\u{feff}title: Windows\r\nsummary: |\r\n  One\r\n  Two\r\nsteps:\r\n  - a\r\n",
    );
    assert_eq!(pictures(&root), "");
    let catalog = loaded(&root).catalog;
    assert_eq!(catalog.procedures[0].title, "Windows");
    assert_eq!(catalog.procedures[0].summary.as_deref(), Some("One\nTwo\n"));
    write(root.path(), "runbooks/windows.yaml", "\u{feff}title: Windows\r\nsumary: x\r\nsteps:\r\n  - a\r\n");
    insta::assert_snapshot!(pictures(&root));
}

#[test]
fn values_are_kept_as_they_are_written() {
    let root = workspace(&[(
        "runbooks/values.yaml",
        "title: 007\nparameters:\n  - {name: a, default: 1.10, values: [1.10, 0x1F, yes, true, 1_000]}\nsteps:\n  - title: Run\n    run: [sleep, 0.50, 010]\n    env: {A: 1e3, B: true, C: 2026-11-23}\n  - title: 'True'\n    run: true\n",
    )]);
    let loaded = loaded(&root);
    assert_eq!(loaded.diagnose(), []);
    let procedure = &loaded.catalog.procedures[0];
    assert_eq!(procedure.title, "007");
    assert_eq!(procedure.parameters[0].values, ["1.10", "0x1F", "yes", "true", "1_000"]);
    insta::assert_debug_snapshot!(procedure.all_steps().iter().map(|step| &step.kind).collect::<Vec<_>>());
}

#[test]
fn one_broken_file_does_not_block_the_others() {
    let root = workspace(&[
        ("runbooks/good.yaml", GOOD),
        ("runbooks/broken.yaml", "title: [\n"),
        ("runbooks/user.yaml", "title: User\nrelated: [broken]\nsteps:\n  - {title: Use, use: broken}\n"),
        ("templates/broken.yaml", "title: x\n"),
    ]);
    let loaded = loaded(&root);
    let broken: Vec<&str> = loaded.broken.iter().map(|broken| broken.path.as_str()).collect();
    assert_eq!(broken, ["runbooks/broken.yaml", "templates/broken.yaml"]);
    assert_eq!(loaded.catalog.procedures.len(), 2);
    assert_eq!(codes(&root), ["runbooks/broken.yaml yaml-syntax", "templates/broken.yaml no-body"]);
    assert_eq!(loaded.diagnose_for(&["runbooks/user.yaml".to_owned()]), []);
    assert_eq!(loaded.diagnose_for(&["templates/broken.yaml".to_owned()]).len(), 1);
}

#[test]
fn many_files_are_read_side_by_side() {
    let root = workspace(&[]);
    for n in 0..300 {
        let text = if n % 10 == 0 { "title: [" } else { GOOD };
        write(root.path(), &format!("runbooks/r{n:03}.yaml"), text);
    }
    let loaded = loaded(&root);
    assert_eq!((loaded.catalog.procedures.len(), loaded.broken.len()), (270, 30));
    assert!(loaded.catalog.procedures.is_sorted_by_key(|procedure| procedure.id.clone()));
    assert_eq!(loaded.diagnose().len(), 30);
}

#[test]
fn a_missing_workspace_is_empty() {
    let root = tempfile::tempdir().unwrap();
    let loaded = load(&Root::Directory(root.path().join("nowhere")));
    assert!(loaded.catalog.procedures.is_empty() && loaded.diagnose().is_empty());
}

#[test]
fn json_has_seven_keys() {
    let root = workspace(&[("runbooks/a.yaml", "titel: A\nsteps: [a]\n"), ("runbooks/list.yaml", GOOD)]);
    insta::assert_json_snapshot!(loaded(&root).diagnose());
}

#[test]
fn thousands_of_problems_come_to_an_end() {
    let steps: String = (0..3000).map(|n| format!("  - {{titel: s{n}, rnu: x}}\n")).collect();
    let root = workspace(&[("runbooks/a.yaml", &format!("title: A\nsteps:\n{steps}"))]);
    assert_eq!(loaded(&root).diagnose().len(), 6000);
}

const PIECES: [&str; 34] = [
    "title: x\n",
    "steps:\n",
    "  - a\n",
    "  - title: b\n",
    "    run: c\n",
    "    run: [a, b]\n",
    "    when: a\n",
    "- ",
    "  ",
    "\t",
    "\n",
    ": ",
    "&a ",
    "*a ",
    "<<: *a\n",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "|\n",
    ">\n",
    "# c\n",
    "---\n",
    "...\n",
    "!!str ",
    "? ",
    "\r\n",
    "\u{feff}",
    "\u{0}",
    "{{ x }}",
    "ä",
    "%YAML 1.2\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_are_dropped_or_panic(bytes in collection::vec(any::<u8>(), 0..200)) {
        let root = workspace(&[]);
        write(root.path(), "runbooks/a.yaml", &bytes);
        write(root.path(), "templates/a.yaml", &bytes);
        write(root.path(), "opsctl.yaml", &bytes);
        let loaded = loaded(&root);
        let errors = loaded.diagnose();
        for broken in &loaded.broken {
            prop_assert!(errors.iter().any(|error| error.file == broken.path && error.is_error()), "{}", broken.path);
        }
        prop_assert_eq!(loaded.catalog.procedures.len() + loaded.catalog.templates.len() + loaded.broken.iter().filter(|b| b.path != "opsctl.yaml").count(), 2);
        for error in errors {
            error.render(true);
        }
    }

    #[test]
    fn no_yaml_like_text_is_dropped_or_panics(pieces in collection::vec(sample::select(&PIECES[..]), 0..40)) {
        let text = pieces.concat();
        let root = workspace(&[("runbooks/a.yaml", &text), ("templates/a.yaml", &text)]);
        write(root.path(), "opsctl.yaml", &text);
        let loaded = loaded(&root);
        let errors = loaded.diagnose();
        for broken in &loaded.broken {
            prop_assert!(errors.iter().any(|error| error.file == broken.path && error.is_error()), "{} {text:?}", broken.path);
        }
        for error in errors {
            error.render(true);
        }
    }
}
