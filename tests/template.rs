//! Templates: the handbook's texts to the letter, values from flags and incidents, files, and questions.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

mod common;

use common::World;

/// A workspace with the handbook's definitions.
fn pack() -> World {
    let world = World::new();
    fs::remove_file(world.path("opsctl.yaml")).unwrap();
    world.run(&["init", "."]).exits(0);
    world
}

/// The handbook's code block under a heading, with its last line's end.
fn block(heading: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/handbook.md");
    let handbook = fs::read_to_string(path).unwrap();
    let after = handbook.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}")).1;
    let (_, block) = after.split_once("```").unwrap();
    let (_, block) = block.split_once('\n').unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

/// A template of the handbook: its heading, what names it, and its fields with the handbook's placeholders.
type Written = (&'static str, Vec<&'static str>, Vec<(&'static str, &'static str)>);

fn handbook() -> [Written; 5] {
    [
        (
            "**Service Degradation:**",
            vec!["status-update", "--variant", "investigating"],
            vec![
                ("service", "[Service Name]"),
                ("started", "[Time]"),
                ("updated", "[Time]"),
                ("update_minutes", "[X]"),
            ],
        ),
        (
            "**Service Restored:**",
            vec!["status-update", "--variant", "resolved"],
            vec![("service", "[Service Name]"), ("resolved", "[Time]"), ("duration_minutes", "[X]")],
        ),
        (
            "**Incident Notification:**",
            vec!["customer-notification"],
            vec![
                ("brief", "[Brief Description]"),
                ("name", "[Name]"),
                ("incident", "[incident description]"),
                ("description", "[Description]"),
                ("actions", "[Actions]"),
                ("timeline", "[Timeline]"),
            ],
        ),
        ("### Runbook Template", vec!["runbook-document"], Vec::new()),
        ("### Playbook Template", vec!["playbook-document"], Vec::new()),
    ]
}

fn sets(fields: &[(&str, &str)]) -> Vec<String> {
    fields.iter().flat_map(|(name, value)| ["--set".to_owned(), format!("{name}={value}")]).collect()
}

fn render<'a>(template: &[&'a str], more: &'a [String]) -> Vec<&'a str> {
    ["template"].iter().chain(template).copied().chain(more.iter().map(String::as_str)).collect()
}

// ---- the handbook ----

#[test]
fn the_handbooks_placeholders_give_the_handbooks_text_to_the_letter() {
    let world = pack();
    for (heading, template, fields) in handbook() {
        let set = sets(&fields);
        let rendered = world.run(&render(&template, &set)).exits(0).stdout;
        assert_eq!(rendered, block(heading), "{heading}");
        assert!(block(heading).lines().count() > 8, "the block was not found");
        let file = format!("{}.md", template.join("-"));
        world.run(&[&render(&template, &set)[..], &["--out", &file]].concat()).exits(0).says(&[&file]);
        assert_eq!(world.read(&file), block(heading), "{heading}");
    }
    let degradation = block("**Service Degradation:**");
    assert!(degradation.contains("affecting [Service Name]. \n"), "the handbook's trailing space is gone");
}

#[test]
fn render_is_the_same_and_json_has_the_parts() {
    let world = pack();
    let (_, template, fields) = &handbook()[2];
    let set = sets(fields);
    let args = [&["render"][..], template].concat();
    assert_eq!(world.run(&render(&args, &set)).exits(0).stdout, block("**Incident Notification:**"));
    let json = world.json(&render(template, &set));
    assert_eq!(json["subject"], "Service Update - [Brief Description]");
    assert_eq!(json["text"].as_str().unwrap().trim_end(), block("**Incident Notification:**").trim_end());
    assert!(json["body"].as_str().unwrap().starts_with("Hi [Name],\n\n"), "{json}");
    assert_eq!((&json["template"], &json["variant"]), (&json!("customer-notification"), &Value::Null));
    assert_eq!(json["fields"]["timeline"], "[Timeline]");
}

#[test]
fn a_value_is_a_value_whatever_stands_in_it() {
    let world = pack();
    let odd = "{{ 7 * 7 }} <b>&amp;</b> {% raw %} \"q\" 'q' \\n $HOME ü";
    let set = sets(&[("service", odd), ("resolved", "a=b"), ("duration_minutes", "3")]);
    let text = world.run(&render(&["status-update", "--variant", "resolved"], &set)).exits(0).stdout;
    assert!(text.starts_with(&format!("{odd} - Service Restored\n")) && text.contains("Resolved: a=b\n"), "{text}");
}

// ---- from an incident ----

#[test]
fn an_incident_fills_the_fields_it_knows() {
    let world = pack();
    world.run(&["incident", "open", "--title", "Log in fails", "--service", "api", "--severity", "P1"]).exits(0);
    let declared = world.json(&["incident", "show", "1"])["declared_at"].as_str().unwrap().to_owned();
    let args = ["template", "status-update", "--variant", "investigating", "--incident", "INC-1"];
    // As the severity asks for.
    assert_eq!(world.json(&args)["fields"]["update_minutes"], "60");
    let args = [&args[..], &["--set", "update_minutes=30"]].concat();
    let json = world.json(&args);
    assert_eq!((&json["fields"]["service"], &json["fields"]["update_minutes"]), (&json!("API"), &json!("30")));
    let started = json["fields"]["started"].as_str().unwrap();
    assert!(started.contains(&declared[11..16]), "{started} is not {declared}");
    // What is said goes before what is known.
    assert_eq!(world.json(&[&args[..], &["--set", "service=Login"]].concat())["fields"]["service"], "Login");
    let args = ["template", "status-update", "--variant", "resolved", "--incident", "1"];
    // The end is told before it is one.
    assert!(world.run(&args).exits(0).stdout.contains("Status: Resolved\n"));
    world.run(&["incident", "resolve", "1"]).exits(0);
    assert!(world.run(&args).exits(0).stdout.contains("Duration: 0 minutes\n"));
    world.run(&["template", "status-update", "--incident", "INC-7"]).exits(2).says(&["INC-7"]);
}

// ---- what is missing or wrong ----

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let world = pack();
    let outcome = world.run(&["template", "customer-notification", "--set", "name=Ann"]).exits(4);
    let outcome = outcome.says(&["needs: brief, incident,", "description, actions, timeline\n", "--set FIELD=VALUE"]);
    assert_eq!(outcome.stdout, "");
    world.run(&["template", "status-update"]).exits(4).says(&["--variant", "investigating, resolved"]);
    assert!(!world.state().exists(), "rendering made a journal");
}

#[test]
fn what_is_wrong_is_named_with_what_was_perhaps_meant() {
    let world = pack();
    world.run(&["template", "status-updat"]).exits(2).says(&["did you mean `status-update`?"]);
    world.run(&["template", "status-update", "--variant", "resolvd"]).exits(2).says(&["did you mean `resolved`?"]);
    world.run(&["template", "runbook-document", "--variant", "long"]).exits(2).says(&["has no variants"]);
    world.run(&["template", "runbook-document", "--set", "titel=x"]).exits(2).says(&["titel", "title"]);
    world.run(&["template", "runbook-document", "--set", "title"]).exits(2).says(&["--set FIELD=VALUE"]);
    world.run(&["template"]).exits(2);
    world.write("templates/bounded.yaml", "title: B\nfields: [{name: size, values: [big, small]}, {name: day, pattern: '\\d+'}]\nbody: '{{ size }} {{ day }}'\n");
    let bounded = |set: &str| world.run(&["template", "bounded", "--set", set]);
    bounded("size=huge").exits(2).says(&["huge", "big, small"]);
    bounded("day=monday").exits(2).says(&["monday", r"\d+"]);
    bounded("day=").exits(2).says(&["day"]);
    world.write("templates/broken.yaml", "title: [\n");
    world.run(&["template", "broken"]).exits(3).says(&["opsctl lint"]);
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let world = pack();
    world.write("mine.md", "mine\n");
    world
        .run(&["template", "runbook-document", "--out", "mine.md"])
        .exits(2)
        .says(&["mine.md", "nothing was overwritten"]);
    assert_eq!(world.read("mine.md"), "mine\n");
    world.run(&["template", "runbook-document", "--out", "no/such/dir/x.md"]).exits(5).says(&["no/such/dir/x.md"]);
    let outcome = world.run(&["template", "runbook-document", "--out", "new.md"]).exits(0);
    assert_eq!((outcome.stdout.as_str(), world.read("new.md")), ("", block("### Runbook Template")));
}

// ---- list and show ----

#[test]
fn templates_are_listed_and_shown_with_their_fields() {
    let world = pack();
    let list = world.json(&["template", "list"]);
    let ids: Vec<_> = list.as_array().unwrap().iter().map(|template| template["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["customer-notification", "playbook-document", "runbook-document", "status-update"]);
    let text = world.run(&["template", "show", "status-update"]).exits(0).stdout;
    for part in ["Status Page Update", "update_minutes", "How many minutes until the next update?", "investigating"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    world.run(&["template", "show", "nothing"]).exits(2).says(&["there is no template `nothing`"]);
}

// ---- at a terminal ----

#[test]
fn at_a_terminal_the_missing_is_asked_for() {
    let world = pack();
    world.write("templates/sized.yaml", "title: S\nfields: [{name: size, prompt: How big?, values: [big, small]}, {name: day, prompt: Which day?, pattern: '\\d+'}]\nvariants: {one: 'One {{ size }} {{ day }}', two: 'Two {{ size }} {{ day }}'}\n");
    let mut terminal = world.pty(&["template", "sized"]);
    terminal.expect("Which text?").expect("one").send("\u{1b}[B\r");
    terminal.expect("How big?").expect("small").send("\r");
    terminal.expect("Which day?").send_line("monday").expect(r"does not match").send("\u{15}").send_line("7");
    terminal.expect("Two big 7");
    assert_eq!(terminal.finish().0, 0);
    let mut terminal = world.pty(&["template", "sized", "--variant", "one", "--set", "size=small"]);
    terminal.expect("Which day?").interrupt();
    assert_eq!(terminal.finish().0, 130);
}

#[test]
fn no_input_asks_nothing_at_a_terminal_either() {
    let world = pack();
    let (code, shown) = world.pty(&["--no-input", "template", "customer-notification"]).finish();
    assert_eq!(code, 4, "{shown}");
    assert!(shown.contains("still needs"), "{shown}");
}
