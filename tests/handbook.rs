//! The handbook, line by line, against the definitions: every line has its place in one file, in the handbook's
//! words and the handbook's order. A line without a place fails.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use opsctl::catalog::model::response_time;
use opsctl::catalog::raw::{RawProcedure, RawTemplate, RawWorkspace};
use opsctl::ground::Span;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Lines that are about the document itself.
const ABOUT_THE_DOCUMENT: [&str; 4] = [
    "# Operational Tools & Runbooks",
    "**Purpose:** Smooth day-to-day operations and incident response",
    "**Last Updated:** 2025-01-XX",
    "**Maintained By:** Unified Background Agent",
];

/// Headings that became a folder or a key.
const FOLDERS_AND_KEYS: [&str; 13] = [
    "🚨 Incident Response Runbook",
    "🔧 Common Runbooks",
    "📋 Operational Checklists",
    "🎯 Operational Playbooks",
    "📊 Operational Dashboards",
    "🔐 Security Operations",
    "📞 Communication Templates",
    "🎯 Success Metrics",
    "📚 Documentation Standards",
    "Severity Levels",
    "Operational Metrics",
    "Customer Metrics",
    "Detection",
];

/// Commands that are written more carefully than in the handbook: quoted, and `fly logs` ends by itself.
const SAFER: [(&str, &str); 3] = [
    ("echo $DATABASE_URL", r#"echo "$DATABASE_URL""#),
    (r#"psql $DATABASE_URL -c "SELECT 1""#, r#"psql "$DATABASE_URL" -c "SELECT 1""#),
    ("fly logs", "fly logs --no-tail"),
];

/// Where each part of the handbook lives: (section, group, file, JSON pointer).
const PLACES: &[(&str, &str, &str, &str)] = &[
    ("Severity Levels", "P0 - Critical", "opsctl", "/severities/P0"),
    ("Severity Levels", "P1 - High", "opsctl", "/severities/P1"),
    ("Severity Levels", "P2 - Medium", "opsctl", "/severities/P2"),
    ("Severity Levels", "P3 - Low", "opsctl", "/severities/P3"),
    ("Incident Response Process", "Step 1: Detect", "playbooks/incident-response", "/phases/0"),
    ("Incident Response Process", "Step 2: Assess", "playbooks/incident-response", "/phases/1"),
    ("Incident Response Process", "Step 3: Communicate", "playbooks/incident-response", "/phases/2"),
    ("Incident Response Process", "Step 4: Resolve", "playbooks/incident-response", "/phases/3"),
    ("Incident Response Process", "Step 5: Post-Mortem", "playbooks/incident-response", "/phases/4"),
    ("Runbook: Database Connection Issues", "Symptoms", "runbooks/db-connection", "/symptoms"),
    ("Runbook: Database Connection Issues", "Steps", "runbooks/db-connection", "/steps"),
    ("Runbook: Database Connection Issues", "Prevention", "runbooks/db-connection", "/prevention"),
    ("Runbook: High Error Rate", "Symptoms", "runbooks/high-error-rate", "/symptoms"),
    ("Runbook: High Error Rate", "Steps", "runbooks/high-error-rate", "/steps"),
    ("Runbook: High Error Rate", "Prevention", "runbooks/high-error-rate", "/prevention"),
    ("Runbook: Performance Degradation", "Symptoms", "runbooks/performance-degradation", "/symptoms"),
    ("Runbook: Performance Degradation", "Steps", "runbooks/performance-degradation", "/steps"),
    ("Runbook: Performance Degradation", "Prevention", "runbooks/performance-degradation", "/prevention"),
    ("Daily Operations", "Morning Checklist", "checklists/daily-morning", ""),
    ("Daily Operations", "Evening Checklist", "checklists/daily-evening", ""),
    ("Weekly Operations", "Monday", "checklists/weekly-monday", ""),
    ("Weekly Operations", "Friday", "checklists/weekly-friday", ""),
    ("Monthly Operations", "First Week", "checklists/monthly-first-week", ""),
    ("Monthly Operations", "Last Week", "checklists/monthly-last-week", ""),
    ("Playbook: New Feature Launch", "Pre-Launch", "playbooks/feature-launch", "/phases/0"),
    ("Playbook: New Feature Launch", "Launch", "playbooks/feature-launch", "/phases/1"),
    ("Playbook: New Feature Launch", "Post-Launch", "playbooks/feature-launch", "/phases/2"),
    ("Playbook: Customer Onboarding", "Step 1: Welcome", "playbooks/customer-onboarding", "/phases/0"),
    ("Playbook: Customer Onboarding", "Step 2: First Value", "playbooks/customer-onboarding", "/phases/1"),
    ("Playbook: Customer Onboarding", "Step 3: Engagement", "playbooks/customer-onboarding", "/phases/2"),
    ("Playbook: Customer Onboarding", "Step 4: Conversion", "playbooks/customer-onboarding", "/phases/3"),
    ("Playbook: Customer Support", "Tier 1: Self-Service", "playbooks/customer-support", "/tiers/0"),
    ("Playbook: Customer Support", "Tier 2: Email Support", "playbooks/customer-support", "/tiers/1"),
    ("Playbook: Customer Support", "Tier 3: Priority Support", "playbooks/customer-support", "/tiers/2"),
    ("Playbook: Customer Support", "Escalation", "playbooks/customer-support", "/phases/1"),
    ("Health Dashboard", "Metrics", "opsctl", "/dashboards/health/metrics"),
    ("Health Dashboard", "Alerts", "opsctl", "/dashboards/health/alerts"),
    ("Performance Dashboard", "Metrics", "opsctl", "/dashboards/performance/metrics"),
    ("Performance Dashboard", "Visualizations", "opsctl", "/dashboards/performance/visualizations"),
    ("Business Dashboard", "Metrics", "opsctl", "/dashboards/business/metrics"),
    ("Business Dashboard", "Visualizations", "opsctl", "/dashboards/business/visualizations"),
    ("Security Incident Response", "Detection", "playbooks/security-incident", "/signals"),
    ("Security Incident Response", "Response", "playbooks/security-incident", "/phases/0"),
    ("Security Checklist", "Daily", "checklists/security-daily", ""),
    ("Security Checklist", "Weekly", "checklists/security-weekly", ""),
    ("Security Checklist", "Monthly", "checklists/security-monthly", ""),
    ("Operational Metrics", "Availability", "opsctl", "/objectives/availability"),
    ("Operational Metrics", "Response Time", "opsctl", "/objectives/response-time"),
    ("Operational Metrics", "Error Rate", "opsctl", "/objectives/error-rate"),
    ("Customer Metrics", "Support Response Time", "opsctl", "/objectives/support-response-time"),
    ("Customer Metrics", "Customer Satisfaction", "opsctl", "/objectives/customer-satisfaction"),
    ("Status Page Update Template", "Service Degradation", "templates/status-update", "/variants/investigating"),
    ("Status Page Update Template", "Service Restored", "templates/status-update", "/variants/resolved"),
    ("Customer Communication Template", "Incident Notification", "templates/customer-notification", ""),
    ("Runbook Template", "", "templates/runbook-document", ""),
    ("Playbook Template", "", "templates/playbook-document", ""),
];

/// What the handbook writes where a template has a field.
const PLACEHOLDERS: [(&str, &str); 12] = [
    ("service", "[Service Name]"),
    ("started", "[Time]"),
    ("updated", "[Time]"),
    ("update_minutes", "[X]"),
    ("resolved", "[Time]"),
    ("duration_minutes", "[X]"),
    ("brief", "[Brief Description]"),
    ("name", "[Name]"),
    ("incident", "[incident description]"),
    ("description", "[Description]"),
    ("actions", "[Actions]"),
    ("timeline", "[Timeline]"),
];

/// The handbook's lines under one heading, in order.
#[derive(Debug, Default)]
struct Part {
    section: String,
    group: String,
    lines: Vec<String>,
    text: Option<String>,
}

impl Part {
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.text.is_none()
    }
}

fn handbook() -> Vec<Part> {
    let text = fs::read_to_string(root().join("tests/fixtures/handbook.md")).unwrap();
    let mut parts: Vec<Part> = vec![Part::default()];
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let part = parts.last_mut().unwrap();
        if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if language == "bash" {
                part.lines.extend(block.iter().filter(|line| !line.is_empty()).map(|line| command_or_comment(line)));
            } else {
                part.text = Some(block.join("\n") + "\n");
            }
        } else if let Some(heading) = line.strip_prefix("## ") {
            assert!(FOLDERS_AND_KEYS.contains(&heading), "no folder or key for `{heading}`");
        } else if let Some(section) = line.strip_prefix("### ") {
            parts.push(Part { section: section.to_owned(), ..Part::default() });
        } else if let Some(group) = bold(line) {
            let section = part.section.clone();
            parts.push(Part { section, group: group.to_owned(), ..Part::default() });
        } else if let Some(item) = item(line) {
            part.lines.push(item);
        } else {
            let known = line.is_empty() || line == "---" || ABOUT_THE_DOCUMENT.contains(&line.trim_end());
            assert!(known, "a line that is neither heading nor item: `{line}`");
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn command_or_comment(line: &str) -> String {
    let line = line.strip_prefix("# ").unwrap_or(line);
    SAFER.iter().find(|(written, _)| *written == line).map_or(line, |(_, safer)| safer).to_owned()
}

fn bold(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("**")?.strip_suffix("**")?;
    Some(inner.strip_suffix(':').unwrap_or(inner))
}

fn item(line: &str) -> Option<String> {
    let line = line.trim_start();
    let text = line.strip_prefix("- [ ] ").or_else(|| line.strip_prefix("- ")).or_else(|| {
        let (number, text) = line.split_once(". ")?;
        number.parse::<u32>().ok().map(|_| text)
    })?;
    Some(text.replace("**", ""))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn parse<T: DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(&text, options).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn definition(file: &str) -> Value {
    parse(&root().join(file).with_extension("yaml"))
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn place(part: &Part) -> Option<(&'static str, &'static str)> {
    let found = PLACES.iter().find(|(section, group, ..)| *section == part.section && *group == part.group);
    found.map(|(_, _, file, pointer)| (*file, *pointer))
}

/// Every line of text in a value, in the order of the file, with what a key adds to it.
fn lines_of(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.lines().map(str::to_owned).collect(),
        Value::Array(items) => items.iter().flat_map(lines_of).collect(),
        Value::Object(keys) => keys.iter().flat_map(|(key, value)| lines_of_key(key, value)).collect(),
        _ => Vec::new(),
    }
}

fn lines_of_key(key: &str, value: &Value) -> Vec<String> {
    match (key, value.as_str()) {
        ("respond_within", Some(span)) => {
            let span: Span = span.parse().unwrap();
            vec![format!("Response time: {}", response_time(span))]
        }
        ("target", Some(text)) => vec![format!("Target: {text}")],
        ("measurement", Some(text)) => vec![format!("Measurement: {text}")],
        ("alert", Some(text)) => vec![format!("Alert: {text}")],
        _ => lines_of(value),
    }
}

/// Whether a text has the words in one piece.
fn says(text: &str, words: &str) -> bool {
    let boundary = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '-');
    text.match_indices(words)
        .any(|(at, _)| boundary(text[..at].chars().next_back()) && boundary(text[at + words.len()..].chars().next()))
}

fn has_heading(file: &Value, heading: &str) -> bool {
    FOLDERS_AND_KEYS.contains(&heading) || {
        let words = heading.strip_prefix("Runbook: ").or_else(|| heading.strip_prefix("Playbook: "));
        let words = words.unwrap_or(heading);
        let words = words.strip_suffix(" Template").unwrap_or(words);
        lines_of(file).iter().any(|line| says(line, words))
    }
}

fn has_group(file: &Value, pointer: &str, group: &str) -> bool {
    let key = pointer.rsplit('/').next().unwrap_or_default();
    let of = |name: &str| file.pointer(pointer).and_then(|value| value[name].as_str()).unwrap_or_default();
    let is_list = file.pointer(pointer).is_some_and(Value::is_array);
    FOLDERS_AND_KEYS.contains(&group)
        || (is_list && group.to_lowercase() == key)
        || group == format!("{key} - {}", of("title"))
        || says(of("title"), group)
        || says(of("summary"), group)
}

fn with_placeholders(text: &str, fields: &Value) -> String {
    let fields = fields.as_array().unwrap();
    let text = fields.iter().fold(text.to_owned(), |text, field| {
        let name = field["name"].as_str().unwrap();
        let known = PLACEHOLDERS.iter().find(|(field, _)| *field == name);
        let value = known.map_or_else(|| field["default"].as_str().unwrap(), |(_, placeholder)| placeholder);
        text.replace(&format!("{{{{ {name} }}}}"), value)
    });
    assert!(!text.contains("{{"), "a field is not declared:\n{text}");
    text
}

#[test]
fn every_line_is_in_its_place() {
    let mut missing = Vec::new();
    for part in handbook() {
        let name = format!("{} / {}", part.section, part.group);
        let Some((file, pointer)) = place(&part) else {
            missing.push(format!("{name}: has no place"));
            continue;
        };
        let definition = definition(file);
        let value = definition.pointer(pointer).unwrap_or_else(|| panic!("{file} has no {pointer}"));
        let held = lines_of(value);
        let mut left = held.iter();
        for line in &part.lines {
            if !left.any(|held| held == line) {
                missing.push(format!("{name}: `{line}` is not in {file}{pointer}, or not in the handbook's order"));
                break;
            }
        }
        if !has_heading(&definition, &part.section) {
            missing.push(format!("{name}: {file} does not say the section's heading"));
        }
        if !has_group(&definition, pointer, &part.group) && !part.group.is_empty() {
            missing.push(format!("{name}: {file}{pointer} does not say the group's heading"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_workspace_has_the_handbooks_title() {
    assert_eq!(ABOUT_THE_DOCUMENT[0], format!("# {}", definition("opsctl")["title"].as_str().unwrap()));
}

#[test]
fn the_database_address_is_a_secret() {
    let runbook = definition("runbooks/db-connection");
    assert_eq!(runbook["secrets"], serde_json::json!(["DATABASE_URL"]));
    assert_eq!(step(&runbook, "restart-application")["verify"]["probe"], serde_json::json!(["database", "api"]));
}

#[test]
fn every_place_holds_something_of_the_handbook() {
    let parts = handbook();
    for (section, group, ..) in PLACES {
        let held = parts.iter().any(|part| part.section == *section && part.group == *group);
        assert!(held, "the handbook has no {section} / {group}");
    }
}

#[test]
fn templates_give_the_handbooks_text_to_the_letter() {
    let parts: Vec<Part> = handbook().into_iter().filter(|part| part.text.is_some()).collect();
    assert_eq!(parts.len(), 5);
    for part in parts {
        let (file, pointer) = place(&part).unwrap();
        let template = definition(file);
        let text = template.pointer(pointer).unwrap();
        let body = text["body"].as_str().unwrap();
        let whole = match text["subject"].as_str() {
            Some(subject) => format!("Subject: {subject}\n\n{body}"),
            None => body.to_owned(),
        };
        assert_eq!(Some(with_placeholders(&whole, &template["fields"])), part.text, "{file}{pointer}");
    }
}

#[test]
fn message_templates_ask_for_the_named_fields() {
    for (file, names) in [
        (
            "templates/status-update",
            vec!["service", "started", "updated", "update_minutes", "resolved", "duration_minutes"],
        ),
        ("templates/customer-notification", vec!["brief", "name", "incident", "description", "actions", "timeline"]),
    ] {
        let template = definition(file);
        let fields = template["fields"].as_array().unwrap();
        let asked: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
        assert_eq!(asked, names, "{file}");
    }
}

#[test]
fn definitions_have_only_keys_that_exist() {
    for folder in ["runbooks", "checklists", "playbooks"] {
        for file in files(folder) {
            parse::<RawProcedure>(&file);
        }
    }
    for file in files("templates") {
        parse::<RawTemplate>(&file);
    }
    parse::<RawWorkspace>(&root().join("opsctl.yaml"));
}

#[test]
fn editors_find_the_schema_of_every_file() {
    let first_line = |file: &Path| fs::read_to_string(file).unwrap().lines().next().unwrap().to_owned();
    for (folder, kind) in
        [("runbooks", "runbook"), ("checklists", "checklist"), ("playbooks", "playbook"), ("templates", "template")]
    {
        for file in files(folder) {
            let expected = format!("# yaml-language-server: $schema=../schemas/{kind}.json");
            assert_eq!(first_line(&file), expected, "{}", file.display());
        }
    }
    let workspace = first_line(&root().join("opsctl.yaml"));
    assert_eq!(workspace, "# yaml-language-server: $schema=schemas/workspace.json");
}

/// The steps of a procedure, phases and options opened.
fn steps(procedure: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut open: Vec<&Value> = vec![procedure];
    while let Some(value) = open.pop() {
        for list in ["phases", "steps", "choose"] {
            for child in value[list].as_array().into_iter().flatten().rev() {
                if list == "steps" {
                    found.push(child);
                }
                open.push(child);
            }
        }
    }
    found
}

fn step<'a>(procedure: &'a Value, id: &str) -> &'a Value {
    steps(procedure).into_iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("no step {id}"))
}

#[test]
fn every_step_has_an_id_of_its_own() {
    for file in ["runbooks", "checklists", "playbooks"].into_iter().flat_map(files) {
        let procedure: Value = parse(&file);
        let mut ids: Vec<&str> = steps(&procedure)
            .into_iter()
            .map(|step| step["id"].as_str().unwrap_or_else(|| panic!("{}: {step} has no id", file.display())))
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert!(all > 0 && ids.len() == all, "{}: an id stands twice", file.display());
    }
}

#[test]
fn what_the_handbook_says_if_needed_is_optional() {
    for (file, id) in
        [("runbooks/db-connection", "restart-application"), ("checklists/daily-evening", "update-status-page")]
    {
        assert_eq!(step(&definition(file), id)["optional"], true, "{file}");
    }
}

#[test]
fn checklists_say_when_they_are_due() {
    let schedules: Vec<(String, String)> = files("checklists")
        .iter()
        .map(|file| {
            let list: Value = parse(file);
            assert!(list["due"].is_string(), "{}", file.display());
            let schedule = list["schedule"].as_str().map_or_else(|| list["schedule"].to_string(), str::to_owned);
            (file.file_stem().unwrap().to_string_lossy().into_owned(), schedule)
        })
        .collect();
    let expected = [
        ("daily-evening", "daily"),
        ("daily-morning", "daily"),
        ("monthly-first-week", r#"{"every":"month","week":"first"}"#),
        ("monthly-last-week", r#"{"every":"month","week":"last"}"#),
        ("security-daily", "daily"),
        ("security-monthly", "monthly"),
        ("security-weekly", "weekly"),
        ("weekly-friday", "friday"),
        ("weekly-monday", "monday"),
    ];
    assert_eq!(schedules, expected.map(|(id, schedule)| (id.to_owned(), schedule.to_owned())));
}

#[test]
fn what_can_be_done_by_the_program_is_done_by_it() {
    let morning = definition("checklists/daily-morning");
    assert_eq!(step(&morning, "check-health-endpoints")["probe"], serde_json::json!(["web", "api"]));

    let onboarding = definition("playbooks/customer-onboarding");
    let engagement = &onboarding["phases"][2]["steps"];
    assert_eq!(engagement[0]["wait"], "3d");
    assert_eq!(engagement[1]["id"], "check-in-after-3-days");

    let response = definition("playbooks/incident-response");
    assert_eq!(step(&response, "check-health-endpoints")["probe"], serde_json::json!(["web", "api"]));
    assert_eq!(step(&response, "determine-severity")["incident"], "severity");
    assert_eq!(step(&response, "inform-customers")["when"], r#"incident.severity in ["P0", "P1"]"#);
    assert_eq!(step(&response, "inform-customers")["send"]["template"], "customer-notification");
    assert_eq!(step(&response, "update-status-page")["send"]["variant"], "investigating");

    let security = definition("playbooks/security-incident");
    assert_eq!(step(&security, "assess-severity")["incident"], "severity");
}

#[test]
fn customers_are_informed_for_p0_and_p1_only() {
    let workspace = definition("opsctl");
    let severities = workspace["severities"].as_object().unwrap();
    let informed: Vec<&str> =
        severities.iter().filter(|(_, s)| s["inform_customers"] == true).map(|(id, _)| id.as_str()).collect();
    assert_eq!(informed, ["P0", "P1"]);
    assert_eq!(workspace["incident"]["process"], "incident-response");
}

#[test]
fn objectives_belong_to_the_handbooks_two_groups() {
    let workspace = definition("opsctl");
    let group = |id: &str| workspace["objectives"][id]["group"].as_str().unwrap().to_owned();
    assert_eq!(["availability", "response-time", "error-rate"].map(group), ["operational"; 3]);
    assert_eq!(["support-response-time", "customer-satisfaction"].map(group), ["customer"; 2]);
}

#[test]
fn support_escalates_along_the_routes_of_the_workspace() {
    let workspace = definition("opsctl");
    let support = definition("playbooks/customer-support");
    let options = &step(&support, "choose-escalation")["choose"];
    for route in support["escalation"].as_array().unwrap() {
        let id = route.as_str().unwrap();
        let route = &workspace["escalation"][id];
        let title = format!("{} → {}", route["topic"].as_str().unwrap(), route["to"].as_str().unwrap());
        let option = options.as_array().unwrap().iter().find(|option| option["id"] == id);
        assert_eq!(option.unwrap()["title"], title);
    }
}
