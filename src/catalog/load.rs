//! A workspace's files in, its catalog out; a broken file never stands in the way of the others.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::builtin;
use super::files::{self, FileKind, Found, Place, SETTINGS_FILE, WrongPattern};
use super::lower;
use super::model::{Catalog, Procedure, Settings, Source, StepKind, Template};
use super::parse::{Definition, Outcome, includes, parse};
use super::problem::{Problem, Trail};
use crate::diagnostic::Diagnostic;

/// Where a workspace's definitions come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    /// A directory with `opsctl.yaml`.
    Directory(PathBuf),
    /// The starter pack in the binary.
    Builtin,
}

/// A file whose definition cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What it would have defined.
    pub kind: FileKind,
    /// Its id: the file's stem.
    pub id: String,
    /// The path relative to the workspace.
    pub path: String,
}

/// What a load gave: the good definitions, and all that is needed to say what is wrong with the others.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The good definitions.
    pub catalog: Catalog,
    /// The files that cannot be used.
    pub broken: Vec<Broken>,
    /// Every file, settings first.
    pub(super) files: Vec<LoadedFile>,
    /// What lies in the folders and is no definition.
    pub(super) strays: Vec<Diagnostic>,
}

/// A file and what became of it.
#[derive(Debug, Clone)]
pub(super) struct LoadedFile {
    pub kind: FileKind,
    pub path: String,
    pub id: String,
    pub text: Option<Arc<str>>,
    pub state: State,
    /// What is wrong with it beyond what its own text says: its includes.
    pub besides: Vec<Problem>,
}

/// What became of a file.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// It could not even be read.
    Refused(Box<Diagnostic>),
    /// It was read.
    Read(Outcome),
    /// Nobody asks any more.
    LetGo,
}

impl Loaded {
    /// The path of every definition, relative to the workspace, good or not; settings first.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.path.as_str())
    }

    /// Lets go of what [`Loaded::diagnose`] works with, half of all memory: for one who stays for long and has asked
    /// already.
    pub fn let_go(&mut self) {
        for file in &mut self.files {
            (file.text, file.state) = (None, State::LetGo);
        }
    }
}

/// Reads every definition of a workspace. Fast on the good path; problems are located by [`Loaded::diagnose`].
pub fn load(root: &Root) -> Loaded {
    let (settings, (found, strays)) = match root {
        Root::Directory(directory) => (read_settings(directory), files::in_folders(directory)),
        Root::Builtin => (read_all(&[builtin::settings()]), (builtin::definitions(), Vec::new())),
    };
    let mut files = settings;
    files.extend(read_all(&found));
    assemble(files, strays)
}

fn read_settings(root: &Path) -> Vec<LoadedFile> {
    let place = root.join(SETTINGS_FILE);
    if fs::symlink_metadata(&place).is_err() {
        return Vec::new();
    }
    let path = SETTINGS_FILE.to_owned();
    let mut main = read_one(&Found { path, kind: FileKind::Settings, place: Place::Disk(place, None), refusal: None });
    let patterns = match &main.state {
        State::Read(Outcome::Good(Definition::Settings(raw))) => raw.include.clone(),
        // Even a file with mistakes says which files belong to it.
        _ => main.text.as_deref().map(includes).unwrap_or_default(),
    };
    let (found, wrong) = files::included(root, &patterns);
    main.besides = wrong.iter().map(wrong_pattern).collect();
    let mut settings = vec![main];
    settings.extend(read_all(&found));
    settings.iter_mut().skip(1).for_each(refuse_nested_include);
    settings
}

fn wrong_pattern(wrong: &WrongPattern) -> Problem {
    let at = Trail::ROOT.key("include");
    Problem::error("invalid-include", &at.index(wrong.index), &wrong.message).suggest_name(wrong.near.as_deref())
}

fn refuse_nested_include(file: &mut LoadedFile) {
    if let State::Read(Outcome::Good(Definition::Settings(raw))) = &file.state
        && !raw.include.is_empty()
    {
        let message = format!("only `{SETTINGS_FILE}` may include other files");
        let problem = Problem::error("invalid-include", &Trail::ROOT.key("include"), message).on_key();
        file.besides.push(problem.suggest(format!("move these patterns to `{SETTINGS_FILE}`")));
    }
}

// Below this many files a thread costs more than it saves.
const WORTH_A_THREAD: usize = 24;

fn read_all(found: &[Found]) -> Vec<LoadedFile> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(found.len() / WORTH_A_THREAD).max(1);
    if workers == 1 {
        return found.iter().map(read_one).collect();
    }
    let share = found.len().div_ceil(workers);
    thread::scope(|scope| {
        let read = |part| scope.spawn(move || <[Found]>::iter(part).map(read_one).collect::<Vec<_>>());
        let workers: Vec<_> = found.chunks(share).map(read).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    })
}

fn read_one(found: &Found) -> LoadedFile {
    let id = found.id().to_owned();
    let (text, state) = match found.read() {
        Err(refusal) => (None, State::Refused(refusal)),
        Ok(text) => {
            let source = Source { path: found.path.clone(), text: Arc::clone(&text) };
            (Some(text), State::Read(parse(found.kind, &id, source)))
        }
    };
    LoadedFile { kind: found.kind, path: found.path.clone(), id, text, state, besides: Vec::new() }
}

fn assemble(mut files: Vec<LoadedFile>, strays: Vec<Diagnostic>) -> Loaded {
    let mut loaded = Loaded { strays, ..Loaded::default() };
    let mut gathered = Gathered::default();
    for file in &mut files {
        let good = match &file.state {
            State::Read(Outcome::Good(definition)) => {
                file.besides.extend(gathered.add(definition.clone()));
                file.besides.is_empty()
            }
            _ => false,
        };
        if !good {
            loaded.broken.push(Broken { kind: file.kind, id: file.id.clone(), path: file.path.clone() });
        }
    }
    loaded.catalog = gathered.catalog();
    loaded.files = files;
    loaded
}

/// Definitions on their way into a catalog.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    procedures: Vec<Arc<Procedure>>,
    templates: Vec<Arc<Template>>,
    settings: Settings,
}

impl Gathered {
    /// Nothing but settings.
    pub fn with(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Adds a definition; only settings can have problems with what came before.
    pub fn add(&mut self, definition: Definition) -> Vec<Problem> {
        match definition {
            Definition::Procedure(procedure) => self.procedures.push(procedure),
            Definition::Template(template) => self.templates.push(template),
            Definition::Settings(raw) => return lower::add_settings(&mut self.settings, *raw),
        }
        Vec::new()
    }

    /// The catalog of all of them.
    pub fn catalog(mut self) -> Catalog {
        self.procedures.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
        self.templates.sort_by(|a, b| a.id.cmp(&b.id));
        Catalog { procedures: self.procedures, templates: self.templates, settings: self.settings }
    }
}

/// The texts a run of a procedure depends on: its own, then every procedure it uses and every template it sends.
pub fn closure(catalog: &Catalog, procedure: &Procedure) -> Vec<Source> {
    let mut sources = Vec::new();
    reach(catalog, procedure, &mut sources);
    sources
}

fn reach(catalog: &Catalog, procedure: &Procedure, sources: &mut Vec<Source>) {
    if sources.iter().any(|source| source.path == procedure.source.path) {
        return;
    }
    sources.push(procedure.source.clone());
    for step in procedure.all_steps() {
        match &step.kind {
            StepKind::Use(used) => {
                if let Some(next) = catalog.resolve(&used.procedure) {
                    reach(catalog, next, sources);
                }
            }
            StepKind::Send(send) => {
                if let Some(template) = catalog.template(&send.template)
                    && !sources.iter().any(|source| source.path == template.source.path)
                {
                    sources.push(template.source.clone());
                }
            }
            _ => {}
        }
    }
}
