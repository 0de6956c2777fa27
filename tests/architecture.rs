//! The rules of the house, read from the source: arrows between modules point up the list in `src/lib.rs`, printing
//! has one door, the clock and the environment have their edges, and what is pure touches nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot read the source has failed")]

use std::fs;
use std::path::{Path, PathBuf};

#[path = "architecture/source.rs"]
mod source;

use source::{Used, code, uses, without_tests};

/// A source file is split when it comes to this many lines.
const LONGEST: usize = 500;

/// May know the command line.
const COMMAND_LINE: [&str; 2] = ["cli", "main"];

/// May print.
const PRINTERS: [&str; 2] = ["terminal", "main"];

/// May read the clock and the environment: the edges, and the clock itself.
const EDGES: [&str; 10] =
    ["ground", "process", "probe", "demo", "journal", "terminal", "workspace", "cli", "main", "watch"];

/// Pure: what they need comes in.
const PURE: [&str; 17] = [
    "engine",
    "incident",
    "maintenance",
    "postmortem",
    "markdown",
    "view",
    "catalog::model",
    "schedule",
    "percentile",
    "condition",
    "template",
    "redact",
    "expand",
    "diagnostic",
    "message",
    "monitor",
    "import",
];

/// A file and what stands in it.
struct File {
    /// Where it lies: `src/engine/plan.rs`.
    path: String,
    /// The module it is: `engine::plan`.
    module: Vec<String>,
    /// Whether all of it is test code.
    is_test: bool,
    text: String,
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        let inside = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
        let module: Vec<String> = inside.split('/').filter(|part| *part != "mod").map(str::to_owned).collect();
        let is_test = module.last().is_some_and(|last| last == "tests");
        Self { path: path.to_owned(), module, is_test, text: text.to_owned() }
    }

    fn layer(&self) -> &str {
        &self.module[0]
    }

    /// Whether it is one of these modules or lies inside one.
    fn is_in(&self, modules: &[&str]) -> bool {
        let name = self.module.join("::");
        modules.iter().any(|module| name == *module || name.starts_with(&format!("{module}::")))
    }
}

/// Every offence in a file as `file:line: what`.
fn offences(file: &File, layers: &[String]) -> Vec<String> {
    let whole = code(&file.text);
    let mut found: Vec<(usize, String)> = uses(&whole).iter().filter_map(anywhere).collect();
    let lines = file.text.lines().count();
    if lines >= LONGEST {
        found.push((lines, format!("the file has {lines} lines; split it below {LONGEST}")));
    }
    if !file.is_test {
        for used in uses(&without_tests(&whole)) {
            let what = [arrow(file, &used, layers), misplaced(file, &used)];
            found.extend(what.into_iter().flatten().map(|what| (used.line, what)));
        }
    }
    found.sort();
    found.dedup();
    found.into_iter().map(|(line, what)| format!("{}:{line}: {what}", file.path)).collect()
}

/// What is allowed nowhere, tests included.
fn anywhere(used: &Used) -> Option<(usize, String)> {
    let what = match used.path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["unsafe"] => "`unsafe` is forbidden".to_owned(),
        [.., "*"] => format!("`{}` imports a glob; name what is used", used.path.join("::")),
        _ => return None,
    };
    Some((used.line, what))
}

/// An arrow to a module that stands below this one in `src/lib.rs`.
fn arrow(file: &File, used: &Used, layers: &[String]) -> Option<String> {
    let target = match used.path.first()?.as_str() {
        "crate" => used.path.get(1)?,
        "super" => {
            let up = used.path.iter().take_while(|part| *part == "super").count();
            let name = used.path.get(up)?;
            // Only at the crate's root does a module name stand for a layer.
            if up < file.module.len() || !layers.contains(name) {
                return None;
            }
            name
        }
        _ => return None,
    };
    let place = |name: &str| layers.iter().position(|layer| layer == name);
    let Some(to) = place(target) else { return Some(format!("`crate::{target}` is no module of src/lib.rs")) };
    match place(file.layer()) {
        Some(from) if to > from => Some(format!("{} may not use {target}, which stands below it", file.layer())),
        Some(_) => None,
        None if file.layer() == "main" => None,
        None => Some(format!("{} is no module of src/lib.rs", file.layer())),
    }
}

/// What is allowed in its own place only.
fn misplaced(file: &File, used: &Used) -> Option<String> {
    let whole = used.path.join("::");
    if !file.is_in(&COMMAND_LINE) && used.path[0].starts_with("clap") {
        return Some(format!("`{whole}`: only cli knows clap"));
    }
    if !file.is_in(&PRINTERS) && prints(&used.path) {
        return Some(format!("`{whole}`: only terminal prints"));
    }
    if file.is_in(&PURE) && touches(&used.path) {
        return Some(format!("`{whole}`: {} is pure", file.module.join("::")));
    }
    if !file.is_in(&EDGES) && looks(&used.path) {
        return Some(format!("`{whole}`: only the edges read the clock and the environment"));
    }
    None
}

fn prints(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(path.as_slice(), [.., "println!" | "eprintln!" | "print!" | "eprint!" | "dbg!"])
        || matches!(path.as_slice(), [.., "io", "stdout" | "stderr" | "Stdout" | "Stderr"])
}

fn touches(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(path.as_slice(), ["std", "fs" | "env" | "process" | "net", ..] | ["tokio" | "fs" | "env", _, ..])
        || looks_at(&path)
}

fn looks(path: &[String]) -> bool {
    looks_at(&path.iter().map(String::as_str).collect::<Vec<_>>())
}

fn looks_at(path: &[&str]) -> bool {
    matches!(path, ["std", "env", ..] | ["env", _, ..])
        || matches!(path, [.., "Utc" | "Local" | "SystemTime" | "Instant", "now"])
}

/// The modules of `src/lib.rs`, in layer order.
fn layers(lib: &str) -> Vec<String> {
    code(lib)
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned))
        .collect()
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn the_source_keeps_the_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let layers = layers(&fs::read_to_string(root.join("src/lib.rs")).unwrap());
    assert!(layers.len() > 10, "the layers were not found: {layers:?}");
    let mut found = Vec::new();
    let mut seen = 0;
    for path in sources(&root.join("src")) {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if name != "src/lib.rs" {
            found.extend(offences(&File::new(&name, &fs::read_to_string(&path).unwrap()), &layers));
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} files were found");
    assert!(found.is_empty(), "{} offences:\n{}", found.len(), found.join("\n"));
}

// ---- the rules themselves ----

fn found(path: &str, text: &str) -> Vec<String> {
    let layers = ["ground", "catalog", "engine", "journal", "terminal", "walk", "cli"].map(str::to_owned);
    offences(&File::new(path, text), &layers)
}

fn clean(path: &str, text: &str) {
    assert_eq!(found(path, text), [""; 0], "{path}: {text}");
}

fn offends(path: &str, text: &str, line: usize, what: &str) {
    let found = found(path, text);
    assert_eq!(found.len(), 1, "{path}: {text}: {found:?}");
    assert!(found[0].starts_with(&format!("{path}:{line}: ")), "{found:?}");
    assert!(found[0].contains(what), "{found:?}");
}

#[test]
fn arrows_point_up() {
    clean("src/engine/plan.rs", "use crate::catalog::model::Step;\nfn f() { crate::ground::plain(\"\"); }\n");
    clean("src/engine/mod.rs", "use crate::engine::plan::Plan;\nuse super::engine;\n");
    offends("src/engine/plan.rs", "\nuse crate::journal::Event;\n", 2, "engine may not use journal");
    offends("src/engine.rs", "fn f() {\n    let x = crate::walk::go();\n}\n", 2, "engine may not use walk");
    offends(
        "src/catalog/a/b.rs",
        "use crate::{\n    ground,\n    engine::{Plan, Need},\n};\n",
        3,
        "catalog may not use engine",
    );
    offends("src/engine.rs", "use super::walk;\n", 1, "engine may not use walk");
    offends("src/engine/plan.rs", "use super::super::walk::Walk;\n", 1, "engine may not use walk");
    clean("src/engine/plan.rs", "use super::walk;\n");
    offends("src/engine.rs", "use crate::nowhere::X;\n", 1, "no module of src/lib.rs");
    offends("src/stray.rs", "use crate::ground::X;\n", 1, "stray is no module");
    clean("src/main.rs", "use crate::cli;\n");
}

#[test]
fn what_is_only_said_does_not_count() {
    clean("src/engine.rs", "// use crate::walk;\n/* crate::walk::x /* nested */ println!() */\n/// `crate::walk`\n");
    clean("src/engine.rs", "const A: &str = \"crate::walk unsafe println!() \\\" std::fs\";\n");
    clean("src/engine.rs", "const A: &str = r#\"use crate::walk::*; \"unsafe\" \"#; const B: &[u8] = b\"unsafe\";\n");
    clean("src/engine.rs", "fn f<'a>(x: &'a str) -> char { if x == \"\" { '\"' } else { '\\'' } }\n");
    offends("src/engine.rs", "const C: char = '\"';\nuse crate::walk;\nconst D: char = '\"';\n", 2, "walk");
    offends("src/engine.rs", "fn f<'a>() {}\n/* a\n b */ use crate::walk;\n", 3, "walk");
}

#[test]
fn tests_may_look_around_but_not_import_globs() {
    let test = "#[cfg(test)]\nmod tests {\n    use crate::walk;\n    fn f() { std::env::var(\"X\"); println!(); }\n}\n";
    clean("src/engine.rs", test);
    clean("src/process/tests.rs", "use crate::walk::Walk;\nuse std::fs;\n");
    offends("src/engine.rs", &format!("{test}use crate::walk;\n"), 6, "engine may not use walk");
    clean("src/engine.rs", "#[cfg(test)]\nuse crate::{walk::{A, B}};\n#[cfg(test)]\n#[path = \"x\"]\nmod tests;\n");
    offends("src/engine.rs", "#[cfg(test)]\nmod tests;\nuse crate::walk;\n", 3, "engine may not use walk");
    offends("src/engine.rs", "#[cfg(test)]\nmod tests {\n    use super::*;\n}\n", 3, "glob");
    offends("src/engine.rs", "use crate::ground::{Time, text::*};\n", 1, "`crate::ground::text::*` imports a glob");
    clean("src/engine.rs", "fn f(a: u8) -> u8 { a *2 }\n");
}

#[test]
fn unsafe_is_found_everywhere() {
    offends("src/terminal/raw.rs", "fn f() {\n    unsafe { g() }\n}\n", 2, "unsafe");
    offends("src/process/tests.rs", "unsafe fn f() {}\n", 1, "unsafe");
    clean("src/terminal.rs", "#![forbid(unsafe_code)]\n");
}

#[test]
fn clap_stays_in_the_command_line() {
    clean("src/cli/run.rs", "use clap::Args;\n");
    clean("src/main.rs", "use clap_complete::CompleteEnv;\n");
    offends("src/walk/mod.rs", "#[derive(clap::Args)]\nstruct A;\n", 1, "only cli knows clap");
    offends("src/catalog/model.rs", "use clap_complete::X;\n", 1, "only cli knows clap");
}

#[test]
fn printing_has_one_door() {
    clean("src/terminal.rs", "fn f() { println!(); std::io::stdout(); }\n");
    clean("src/terminal/real.rs", "use std::io::{stderr, stdout};\n");
    clean(
        "src/process/start.rs",
        "fn f(c: &mut C) { c.stdout(Stdio::piped()); let stderr = c.stderr; writeln!(x); }\n",
    );
    for (text, what) in [
        ("fn f() { println!(\"x\"); }", "println!"),
        ("fn f() { std::eprint!(\"x\"); }", "eprint!"),
        ("use std::io::{self, stdout};", "std::io::stdout"),
        ("fn f() { io::stderr().lock(); }", "io::stderr"),
    ] {
        offends("src/walk/mod.rs", text, 1, what);
        offends("src/cli/mod.rs", text, 1, "only terminal prints");
    }
}

#[test]
fn the_clock_and_the_environment_have_edges() {
    for text in [
        "fn f() { let t = Utc::now(); }",
        "fn f() { let t = chrono::Local::now(); }",
        "fn f() { let t = std::time::Instant::now(); }",
        "fn f() { let v = std::env::var(\"X\"); }",
        "use std::{env, fs};",
        "fn f() { let v = env::var_os(\"X\"); }",
    ] {
        offends("src/catalog/files.rs", text, 1, "only the edges");
        offends("src/walk/mod.rs", text, 1, "only the edges");
        clean("src/journal/sqlite.rs", text);
        clean("src/ground.rs", text);
    }
    clean("src/walk/wait.rs", "async fn f() { tokio::time::sleep(d).await; let e = job.env; let d = env!(\"X\"); }");
    clean("src/catalog/files.rs", "use std::fs;");
}

#[test]
fn what_is_pure_touches_nothing() {
    for text in [
        "use std::fs;",
        "use std::{collections::BTreeMap, process::Command};",
        "async fn f() { tokio::time::sleep(d).await }",
        "fn f() { std::env::var(\"X\"); }",
        "fn f() { fs::read(\"x\"); }",
        "fn f() { SystemTime::now(); }",
    ] {
        offends("src/engine/plan.rs", text, 1, "engine::plan is pure");
        offends("src/catalog/model.rs", text, 1, "catalog::model is pure");
    }
    clean("src/engine/plan.rs", "use std::fmt; fn f(process: P) { process.fs(); }");
    clean("src/journal/files.rs", "use std::fs;");
}

#[test]
fn long_files_are_split() {
    clean("src/engine.rs", &"\n".repeat(499));
    offends("src/engine.rs", &"\n".repeat(500), 500, "500 lines");
    offends("src/process/tests.rs", &"\n".repeat(600), 600, "600 lines");
}

#[test]
fn layers_are_read_in_their_order() {
    assert_eq!(layers("//! pub mod no;\n// b\npub mod b;\n\npub mod a;\nmod private;\n"), ["b", "a"]);
}
