//! Everything that is wrong with a workspace, with line and column: the slow path, taken for lint and before a run.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use serde_json::Value as Json;

use super::check::{self, Context};
use super::files::FileKind;
use super::load::{Gathered, Loaded, LoadedFile, State};
use super::lower;
use super::model::{Catalog, Settings, Source};
use super::parse::{Definition, Outcome, parse};
use super::problem::{Problem, Segment};
use super::schema::whole;
use super::tree::{Fault, Tree};
use super::validate::validate;
use crate::diagnostic::{Diagnostic, Excerpt, Level, position};

impl Loaded {
    /// Every problem of the workspace, sorted by file and place.
    pub fn diagnose(&self) -> Vec<Diagnostic> {
        let mut found = self.strays.clone();
        found.extend(self.examine(None));
        sorted(found)
    }

    /// The problems of some files only, named by their paths relative to the workspace.
    pub fn diagnose_for(&self, files: &[String]) -> Vec<Diagnostic> {
        sorted(self.examine(Some(files)))
    }

    fn examine(&self, only: Option<&[String]>) -> Vec<Diagnostic> {
        let wanted = |path: &str| only.is_none_or(|only| only.iter().any(|one| one == path));
        let mut examined: Vec<Examined<'_>> = self.files.iter().map(Examined::of).collect();
        let settings_known = examined.iter().all(|file| file.file.kind != FileKind::Settings || file.readable());
        let catalog =
            if self.broken.is_empty() { Cow::Borrowed(&self.catalog) } else { Cow::Owned(salvaged(&mut examined)) };
        let context = Context { catalog: &catalog, broken: &self.broken, settings_known };
        for file in examined.iter_mut().filter(|file| wanted(&file.file.path)) {
            file.check(&context);
        }
        if settings_known {
            place_settings_problems(&mut examined, check::settings(&context));
        }
        examined.into_iter().filter(|file| wanted(&file.file.path)).flat_map(Examined::diagnostics).collect()
    }
}

/// A file under examination.
struct Examined<'a> {
    file: &'a LoadedFile,
    refusal: Option<Diagnostic>,
    tree: Option<Tree>,
    faults: Vec<Fault>,
    reported: Vec<Vec<Segment>>,
    problems: Vec<Problem>,
    definition: Option<Cow<'a, Definition>>,
}

impl<'a> Examined<'a> {
    fn of(file: &'a LoadedFile) -> Self {
        let mut examined = Self {
            file,
            refusal: None,
            tree: None,
            faults: Vec::new(),
            reported: Vec::new(),
            problems: Vec::new(),
            definition: None,
        };
        match &file.state {
            State::Refused(refusal) => examined.refusal = Some((**refusal).clone()),
            State::Read(Outcome::Good(definition)) => examined.definition = Some(Cow::Borrowed(definition)),
            State::Read(Outcome::Wrong(definition, problems)) => {
                examined.definition = Some(Cow::Borrowed(definition));
                examined.problems.clone_from(problems);
            }
            State::Read(Outcome::Misshapen(message, place)) => examined.reshape(message, *place),
            State::LetGo => {}
        }
        examined.problems.extend(file.besides.iter().cloned());
        examined
    }

    fn text(&self) -> &'a str {
        self.file.text.as_deref().unwrap_or_default()
    }

    fn readable(&self) -> bool {
        self.definition.is_some()
    }

    // Finds out all that is wrong with the shape, and looks at the rest as if it were right.
    fn reshape(&mut self, message: &str, place: Option<(usize, usize)>) {
        let text = self.text();
        let (tree, faults) = Tree::read(text);
        self.faults = faults;
        if let Some(tree) = &tree {
            let schema = whole(self.file.kind);
            let verdict = validate(tree, text, &schema, &noun(self.file.kind));
            for (path, fault) in verdict.faults {
                self.reported.push(path);
                self.faults.push(fault);
            }
            self.definition = verdict.rest.and_then(|rest| self.definition_of(rest)).map(Cow::Owned);
        }
        self.tree = tree;
        if self.faults.is_empty() {
            let start = place.map_or(0, |(line, column)| offset(text, line, column));
            let message = format!("this cannot be read: {message}");
            self.faults.push(Fault { code: "unreadable", span: start..start + 1, message, suggestion: None });
        }
    }

    fn definition_of(&mut self, rest: Json) -> Option<Definition> {
        let file = self.file;
        let source = Source { path: file.path.clone(), text: Arc::clone(file.text.as_ref()?) };
        match file.kind {
            FileKind::Procedure(kind) => {
                let raw = serde_json::from_value(rest).ok()?;
                let (procedure, problems) = lower::procedure(kind, &file.id, raw, source);
                self.problems = problems;
                Some(Definition::Procedure(Arc::new(procedure)))
            }
            FileKind::Template => {
                let raw = serde_json::from_value(rest).ok()?;
                let (template, problems) = lower::template(&file.id, raw, source);
                self.problems = problems;
                Some(Definition::Template(Arc::new(template)))
            }
            FileKind::Settings => Some(Definition::Settings(Box::new(serde_json::from_value(rest).ok()?))),
        }
    }

    fn check(&mut self, context: &Context<'_>) {
        match self.definition.as_deref() {
            Some(Definition::Procedure(procedure)) => self.problems.extend(check::procedure(procedure, context)),
            Some(Definition::Template(template)) => self.problems.extend(check::template(template)),
            Some(Definition::Settings(_)) | None => {}
        }
    }

    fn diagnostics(mut self) -> Vec<Diagnostic> {
        if let Some(refusal) = self.refusal {
            return vec![refusal];
        }
        let text = self.text();
        let reported = std::mem::take(&mut self.reported);
        self.problems.retain(|problem| !reported.iter().any(|path| problem.path.starts_with(path)));
        if self.tree.is_none() && !self.problems.is_empty() {
            self.tree = Tree::read(text).0;
        }
        let shared = self.file.text.clone().unwrap_or_default();
        let show = |level, fault| diagnostic(&self.file.path, &shared, level, fault);
        let mut found: Vec<Diagnostic> = self.faults.into_iter().map(|fault| show(Level::Error, fault)).collect();
        for problem in self.problems {
            let span = match &self.tree {
                Some(tree) => tree.locate(text, &problem.path, problem.part, problem.word.as_deref()),
                None => 0..0,
            };
            let Problem { level, code, message, suggestion, .. } = problem;
            found.push(show(level, Fault { code, span, message, suggestion }));
        }
        found
    }
}

fn noun(kind: FileKind) -> String {
    match kind {
        FileKind::Settings => "the settings".to_owned(),
        kind => format!("a {}", kind.word()),
    }
}

// The catalog as it would be if every file had been mended as far as possible.
fn salvaged(examined: &mut [Examined<'_>]) -> Catalog {
    let mut gathered = Gathered::default();
    for file in examined.iter_mut() {
        let Some(definition) = &file.definition else { continue };
        let problems = gathered.add(definition.as_ref().clone());
        // Those of a good file are among what is besides it already.
        if !matches!(file.file.state, State::Read(Outcome::Good(_))) {
            file.problems.extend(problems);
        }
    }
    gathered.catalog()
}

// Settings are checked together: each problem belongs to the file in which its place is found.
fn place_settings_problems(examined: &mut [Examined<'_>], problems: Vec<Problem>) {
    let mut trees: BTreeMap<usize, Tree> = BTreeMap::new();
    for problem in problems {
        let settings = examined.iter().enumerate().filter(|(_, file)| file.file.kind == FileKind::Settings);
        let owner = settings.max_by_key(|(index, file)| {
            let tree = match trees.entry(*index) {
                Entry::Occupied(known) => Some(&*known.into_mut()),
                Entry::Vacant(free) => Tree::read(file.text()).0.map(|tree| &*free.insert(tree)),
            };
            tree.map_or(0, |tree| tree.depth_of(&problem.path))
        });
        if let Some((index, _)) = owner {
            examined[index].problems.push(problem);
        }
    }
}

fn diagnostic(path: &str, text: &Arc<str>, severity: Level, fault: Fault) -> Diagnostic {
    let (line, column) = position(text, fault.span.start);
    Diagnostic {
        file: path.to_owned(),
        line,
        column,
        severity,
        code: fault.code,
        message: fault.message,
        suggestion: fault.suggestion,
        excerpt: Some(Excerpt { text: Arc::clone(text), span: fault.span }),
    }
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    start + text[start..].chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>()
}

fn sorted(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by(|a, b| (&a.file, a.line, a.column, a.code).cmp(&(&b.file, b.line, b.column, b.code)));
    found.dedup();
    found
}

/// Reads texts kept elsewhere, such as the definitions a run is pinned to, beside live settings.
pub fn from_texts(sources: &[Source], settings: &Settings) -> Result<Catalog, Vec<Diagnostic>> {
    let mut gathered = Gathered::with(settings.clone());
    let mut wrong = Vec::new();
    for source in sources {
        let kind = FileKind::of_path(&source.path);
        let id = super::files::stem(&source.path).to_owned();
        let outcome = match kind {
            FileKind::Settings => continue,
            kind => parse(kind, &id, source.clone()),
        };
        if let Outcome::Good(definition) = outcome {
            gathered.add(definition);
        } else {
            let text = Some(Arc::clone(&source.text));
            let file = LoadedFile {
                kind,
                path: source.path.clone(),
                id,
                text,
                state: State::Read(outcome),
                besides: Vec::new(),
            };
            wrong.extend(Examined::of(&file).diagnostics());
        }
    }
    if wrong.is_empty() { Ok(gathered.catalog()) } else { Err(sorted(wrong)) }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};

    use proptest::prelude::{ProptestConfig, Strategy, prop_assert_eq, prop_oneof, proptest};
    use proptest::{collection, sample};

    use super::from_texts;
    use crate::catalog::files::FileKind;
    use crate::catalog::load::{Root, closure, load};
    use crate::catalog::model::{ProcedureKind, Settings, Source};
    use crate::catalog::parse::{Outcome, parse};
    use crate::catalog::schema::whole;
    use crate::catalog::tree::Tree;
    use crate::catalog::validate::validate;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: Arc::from(text) }
    }

    #[test]
    fn pinned_texts_become_a_catalog_again() {
        let pack = load(&Root::Builtin).catalog;
        let procedure = pack.procedure(ProcedureKind::Playbook, "incident-response").unwrap();
        let sources = closure(&pack, procedure);
        assert_eq!(sources[0].path, "playbooks/incident-response.yaml");
        let catalog = from_texts(&sources, &pack.settings).unwrap();
        assert_eq!(catalog.procedures.len() + catalog.templates.len(), sources.len());
        assert_eq!(
            closure(&catalog, catalog.procedure(ProcedureKind::Playbook, "incident-response").unwrap()),
            sources
        );
    }

    #[test]
    fn pinned_texts_with_mistakes_are_refused() {
        let wrong = [source("runbooks/a.yaml", "titel: A\n"), source("templates/b.yaml", "title: B\n")];
        let errors = from_texts(&wrong, &Settings::default()).unwrap_err();
        let found: Vec<_> = errors.iter().map(|error| (error.file.as_str(), error.line, error.code)).collect();
        assert_eq!(
            found,
            [
                ("runbooks/a.yaml", 1, "no-steps"),
                ("runbooks/a.yaml", 1, "unknown-key"),
                ("templates/b.yaml", 1, "no-body")
            ]
        );
    }

    const TOP: [&str; 9] =
        ["steps", "phases", "parameters", "schedule", "tiers", "requires", "services", "summary", "due"];

    const SCALARS: [&str; 21] = [
        "text",
        "\"5\"",
        "5",
        "0",
        "-1",
        "2.5",
        "true",
        "yes",
        "~",
        "",
        "30s",
        "stop",
        "read-only",
        "daily",
        "month",
        "stdout",
        "severity",
        "\"\"",
        "[]",
        "{}",
        "first",
    ];

    const KEYS: [&str; 49] = [
        "title",
        "id",
        "steps",
        "run",
        "probe",
        "wait",
        "until",
        "retry",
        "attempts",
        "capture",
        "name",
        "from",
        "verify",
        "choose",
        "goto",
        "approve",
        "send",
        "template",
        "set",
        "use",
        "procedure",
        "with",
        "env",
        "expect",
        "exit_code",
        "output",
        "optional",
        "timeout",
        "links",
        "url",
        "tasks",
        "risk",
        "rollback",
        "on_failure",
        "schedule",
        "every",
        "on",
        "week",
        "months",
        "tiers",
        "phases",
        "when",
        "parameters",
        "default",
        "values",
        "incident",
        "requires",
        "tools",
        "nonsense",
    ];

    // Values of every kind, and keys of every kind of map, thrown together.
    fn value(depth: u32) -> impl Strategy<Value = String> {
        let leaf = sample::select(&SCALARS[..]).prop_map(str::to_owned);
        leaf.prop_recursive(depth, 24, 4, |inner| {
            let list = collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", ")));
            let map = collection::btree_map(sample::select(&KEYS[..]), inner, 0..5).prop_map(|entries| {
                let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", entries.join(", "))
            });
            prop_oneof![list, map]
        })
    }

    fn document() -> impl Strategy<Value = String> {
        collection::btree_map(sample::select(&TOP[..]), value(4), 1..4).prop_map(|entries| {
            let lines: Vec<String> = entries.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
            format!("title: x\n{}", lines.concat())
        })
    }

    const CHECKLIST: FileKind = FileKind::Procedure(ProcedureKind::Checklist);
    static SCHEMA: LazyLock<serde_json::Value> = LazyLock::new(|| whole(CHECKLIST));

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        // The types are the one truth: what the reader takes, the schema must take, and the other way round.
        #[test]
        fn reader_and_schema_agree(text in document()) {
            let read = !matches!(parse(CHECKLIST, "x", source("checklists/x.yaml", &text)), Outcome::Misshapen(..));
            let (tree, faults) = Tree::read(&text);
            let valid = faults.is_empty() && tree.is_some_and(|tree| {
                validate(&tree, &text, &SCHEMA, "a checklist").faults.is_empty()
            });
            prop_assert_eq!(read, valid, "{}", text);
        }
    }
}
