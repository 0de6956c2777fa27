//! The definitions of a demo's workspace: the starter pack, with services that are the demo's.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::{Value, json};

use super::Record;
use super::files::{SHARED, replace};
use crate::error::{Error, Result};
use crate::template;

/// The file with the demo's services, which `opsctl.yaml` includes. It alone has addresses, and it alone is rewritten.
pub const INCLUDED: &str = "demo.yaml";

const SERVICES: &str = include_str!("demo.yaml");
const RUNBOOK: &str = include_str!("db-connection.yaml");

/// What the included file begins with; without it, somebody else wrote the file.
const MARK: &str = "# Written by `opsctl demo start`";

/// Makes the demo's files of the starter pack's, each a path and a text. `program` is how its commands call opsctl.
pub fn adapt(files: &mut [(String, String)], program: &str) -> Result<()> {
    for (path, text) in files {
        match path.as_str() {
            "opsctl.yaml" => *text = with_included(text),
            "runbooks/db-connection.yaml" => *text = filled(RUNBOOK, &json!({ "program": quoted(program) }))?,
            _ => {}
        }
    }
    Ok(())
}

/// Whether the included file of a workspace may be written: it is not there, or was written by a demo.
pub fn check_included(dir: &Path) -> Result<()> {
    let file = dir.join(INCLUDED);
    match fs::read(&file) {
        Ok(text) if text.starts_with(MARK.as_bytes()) => Ok(()),
        Ok(_) => Err(Error::usage(format!("{} was not written by a demo, and is left as it is", file.display()))
            .hint("move it away, or name another directory with --workspace DIR")),
        // Whoever makes the directory says so when it is a file.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        Err(cause) => Err(Error::environment(format!("{} cannot be read", file.display()))
            .cause(cause)
            .hint("make it readable for you, or name another directory with --workspace DIR")),
    }
}

/// Writes the included file, if its text is to change; true when it was there with other addresses.
pub fn write_included(dir: &Path, record: &Record) -> Result<bool> {
    check_included(dir)?;
    let database = record.addresses.database.to_string();
    let text = filled(SERVICES, &json!({ "web": record.web_url(), "api": record.api_url(), "database": database }))?;
    let file = dir.join(INCLUDED);
    let before = fs::read_to_string(&file).ok();
    if before.as_ref() == Some(&text) {
        return Ok(false);
    }
    replace(&file, &text, SHARED).map_err(|cause| {
        Error::environment(format!("{} cannot be written", file.display()))
            .cause(cause)
            .hint("make the directory writable for you, or name another with --workspace DIR")
    })?;
    Ok(before.is_some())
}

fn filled(text: &str, values: &Value) -> Result<String> {
    template::render(text, values)
        .map_err(|cause| Error::environment("the demo's files cannot be written").cause(cause))
}

// What is a text in JSON is one in YAML.
fn quoted(text: &str) -> String {
    if text.chars().all(|c| c.is_ascii_alphanumeric()) { text.to_owned() } else { Value::from(text).to_string() }
}

/// Settings that take their services from the included file.
fn with_included(settings: &str) -> String {
    let lines: Vec<&str> = settings.lines().collect();
    let Some(services) = lines.iter().position(|line| line.starts_with("services:")) else {
        return format!("{settings}\ninclude: [{INCLUDED}]\n");
    };
    let comments = lines[..services].iter().rev().take_while(|line| line.starts_with('#')).count();
    let is_inside = |line: &&&str| line.is_empty() || line.starts_with(' ');
    let length = lines[services + 1..].iter().take_while(is_inside).count();
    let rest = &lines[services + 1 + length..];
    let include = format!("# The services are those of `opsctl demo`.\ninclude: [{INCLUDED}]\n");
    let mut text = lines[..services - comments].to_vec();
    text.push(&include);
    text.extend(rest);
    text.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;

    use super::{INCLUDED, adapt, check_included, quoted, with_included, write_included};
    use crate::catalog::builtin;
    use crate::demo::record::{Addresses, Record};

    fn files() -> Vec<(String, String)> {
        let mut files: Vec<_> = builtin::pack().into_iter().map(|(path, text)| (path, text.to_owned())).collect();
        adapt(&mut files, "/opt/my tools/opsctl").unwrap();
        files
    }

    fn yaml(text: &str) -> Value {
        serde_saphyr::from_str(text).unwrap()
    }

    fn text<'a>(files: &'a [(String, String)], path: &str) -> &'a str {
        files.iter().find(|(known, _)| known == path).map(|(_, text)| text.as_str()).unwrap()
    }

    #[test]
    fn the_settings_are_the_packs_with_other_services() {
        let pack = builtin::pack();
        let mut before = yaml(pack.iter().find(|(path, _)| path == "opsctl.yaml").unwrap().1);
        let mut after = yaml(text(&files(), "opsctl.yaml"));
        assert_eq!(after["include"][0], INCLUDED);
        before.as_object_mut().unwrap().remove("services").unwrap();
        after.as_object_mut().unwrap().remove("include").unwrap();
        assert_eq!(before, after);
        assert_eq!(
            with_included("title: A\n\n# About b.\nservices:\n  a: b\n\n# About c.\nc: d\n"),
            "title: A\n\n# The services are those of `opsctl demo`.\ninclude: [demo.yaml]\n\n# About c.\nc: d\n"
        );
        assert_eq!(with_included("title: A\n"), "title: A\n\ninclude: [demo.yaml]\n");
    }

    #[test]
    fn the_runbook_has_the_handbooks_steps() {
        let pack = builtin::pack();
        let path = "runbooks/db-connection.yaml";
        let before = yaml(pack.iter().find(|(known, _)| known == path).unwrap().1);
        let after = yaml(text(&files(), path));
        let named = |book: &Value| {
            let steps = book["steps"].as_array().unwrap().iter();
            steps.map(|step| [step["id"].clone(), step["title"].clone(), step["tasks"].clone()]).collect::<Vec<_>>()
        };
        for (before, after) in named(&before).iter().zip(&named(&after)) {
            assert_eq!(before[..2], after[..2]);
        }
        assert_eq!(named(&before).len(), named(&after).len());
        for key in ["title", "symptoms", "prevention", "services", "severity"] {
            assert_eq!(before[key], after[key], "{key}");
        }
        assert_eq!(after["steps"][4]["run"][0], "/opt/my tools/opsctl");
    }

    #[test]
    fn only_a_text_that_needs_it_is_quoted() {
        assert_eq!(quoted("opsctl"), "opsctl");
        assert_eq!(quoted(r#"/a b/"c""#), r#""/a b/\"c\"""#);
    }

    #[test]
    fn only_a_file_of_our_own_is_rewritten() {
        let dir = tempfile::tempdir().unwrap();
        let record = |port: u16| {
            let [web, api, database] = [port, port + 1, port + 2].map(|port| ([127, 0, 0, 1], port).into());
            let addresses = Addresses { web, api, database };
            Record { pid: None, token: "t".to_owned(), addresses, started_at: chrono::DateTime::UNIX_EPOCH }
        };
        assert!(!write_included(dir.path(), &record(4000)).unwrap(), "it was not there before");
        assert!(!write_included(dir.path(), &record(4000)).unwrap(), "nothing changes");
        assert!(write_included(dir.path(), &record(5000)).unwrap());
        let file = dir.path().join(INCLUDED);
        let written = yaml(&fs::read_to_string(&file).unwrap());
        assert_eq!(written["services"]["api"]["probes"]["api"]["http"], "http://127.0.0.1:5001/health");
        fs::write(&file, "title: mine\n").unwrap();
        assert_eq!(check_included(dir.path()).unwrap_err().kind.exit_code(), 2);
        assert!(write_included(dir.path(), &record(4000)).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "title: mine\n");
    }
}
