//! Finds the workspace and opens its catalog and journal; reads what the process was given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::catalog::load::{self, Loaded, Root};
use crate::catalog::model::Procedure;
use crate::channel::{Courier, secrets};
use crate::engine::event::{Revision, Walker};
use crate::error::{Error, Result};
use crate::expand::Filler;
use crate::ground::{Actor, Clock};
use crate::journal::SqliteJournal;
use crate::monitor::Beats;
use crate::probe::{Heartbeats, Prober, keys};
use crate::process;
use crate::redact::Redactor;
use crate::sample::Samples;

/// The file that makes a directory a workspace.
pub const MARKER: &str = "opsctl.yaml";

/// The folder in a workspace that holds its journal.
pub const STATE: &str = ".opsctl";

/// What the process was given by its surroundings, read once.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Environment variables that are valid Unicode.
    pub vars: BTreeMap<String, String>,
    /// The working directory.
    pub cwd: PathBuf,
    /// The machine's name.
    pub host: String,
    /// The process id.
    pub pid: u32,
}

impl Surroundings {
    /// Reads the process's environment, directory and host name.
    #[allow(clippy::disallowed_methods, reason = "this is the environment's edge")]
    pub fn read() -> Result<Self> {
        let vars =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        let cwd = std::env::current_dir().map_err(|cause| {
            Error::environment("the working directory cannot be read").cause(cause).hint("change to one that exists")
        })?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(Self { vars, cwd, host, pid: std::process::id() })
    }

    /// An environment variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Who is at work: what was said, else `OPSCTL_ACTOR`, else the login name.
    pub fn actor(&self, said: Option<&str>) -> Actor {
        let name = said.or_else(|| ["OPSCTL_ACTOR", "USER", "LOGNAME"].iter().find_map(|name| self.var(name)));
        Actor(name.map_or_else(login_name, crate::ground::plain_line))
    }

    /// This process, as the one that walks a run.
    pub fn walker(&self) -> Walker {
        Walker { pid: self.pid, host: self.host.clone() }
    }

    /// Whether a walker's process is there. One on another machine cannot be seen and counts as there.
    pub fn is_alive(&self, walker: &Walker) -> bool {
        process::is_alive(walker.pid, &walker.host, &self.host)
    }
}

// Where no variable tells who is logged in, the system's list of users does.
fn login_name() -> String {
    let uid = rustix::process::getuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("uid-{uid}"))
}

/// A workspace with its definitions loaded.
#[derive(Debug)]
pub struct Workspace {
    /// The directory with `opsctl.yaml`; none when the built-in pack serves.
    pub dir: Option<PathBuf>,
    /// Where the journal lies; none where there is no place for it.
    state_dir: Option<PathBuf>,
    /// The definitions.
    pub loaded: Loaded,
}

impl Workspace {
    /// Finds the workspace from where one stands, from `said`, or from `OPSCTL_WORKSPACE`, and loads it.
    pub fn open(said: Option<&Path>, surroundings: &Surroundings) -> Result<Self> {
        let dir = locate(said, surroundings)?;
        let state_dir = match &dir {
            Some(dir) => Some(dir.join(STATE)),
            None => home_state(surroundings),
        };
        let root = dir.clone().map_or(Root::Builtin, Root::Directory);
        Ok(Self { dir, state_dir, loaded: load::load(&root) })
    }

    /// The directory that commands run in when they name none.
    pub fn working_dir<'a>(&'a self, surroundings: &'a Surroundings) -> &'a Path {
        self.dir.as_deref().unwrap_or(&surroundings.cwd)
    }

    /// The journal, for writing. Makes it when it is not there yet.
    pub fn journal(&self) -> Result<SqliteJournal> {
        let state_dir = self.state_dir()?;
        let journal = SqliteJournal::open(state_dir)?;
        if self.dir.is_some() {
            keep_out_of_git(state_dir);
        }
        Ok(journal)
    }

    /// Where the journal lies, or would. Fails where there is no place for it.
    pub fn state_dir(&self) -> Result<&Path> {
        self.state_dir.as_deref().ok_or_else(|| {
            Error::environment("there is no place for the journal: neither HOME nor XDG_STATE_HOME names a directory")
                .hint("set one of them, or work in a workspace (`opsctl init DIR`)")
        })
    }

    /// The journal, for reading; none when nothing was ever written.
    pub fn journal_to_read(&self) -> Result<Option<SqliteJournal>> {
        match &self.state_dir {
            Some(state_dir) => Ok(SqliteJournal::open_read(state_dir)?),
            None => Ok(None),
        }
    }

    /// The git revision of the definitions, when the workspace lies in a repository.
    pub fn revision(&self) -> Option<Revision> {
        let dir = self.dir.as_deref()?;
        let commit = git(dir, &["rev-parse", "HEAD"])?;
        let paths = ["status", "--porcelain", "--", "runbooks", "checklists", "playbooks", "templates", MARKER];
        let dirty = git(dir, &paths).is_none_or(|changes| !changes.is_empty());
        Some(Revision { commit, dirty })
    }
}

/// What probes of a workspace are made with.
pub fn prober<'a>(workspace: &Workspace, surroundings: &'a Surroundings, clock: &'a dyn Clock) -> Prober<'a> {
    let dir = workspace.working_dir(surroundings).to_owned();
    Prober::new(&surroundings.vars, dir, clock, redactor(workspace, surroundings))
        .connectivity(workspace.loaded.catalog.settings.connectivity.clone())
        .heartbeats(heartbeats(workspace.state_dir.clone()))
}

/// Who brings messages to a workspace's channels.
pub fn courier<'a>(workspace: &Workspace, surroundings: &'a Surroundings, clock: &'a dyn Clock) -> Courier<'a> {
    let redactor = redactor(workspace, surroundings);
    Courier::new(&surroundings.vars, workspace.working_dir(surroundings).to_owned(), clock, redactor)
}

/// What must not be shown of anything in a workspace: the secrets that its procedures declare, and what its probes and
/// channels are given where keys stand.
pub fn redactor(workspace: &Workspace, surroundings: &Surroundings) -> Redactor {
    let catalog = &workspace.loaded.catalog;
    let mut fill = Filler::new(&surroundings.vars);
    catalog.settings.probes.values().for_each(|probe| keys(probe, &mut fill));
    for channel in catalog.settings.channels.values() {
        channel.delivery.iter().for_each(|delivery| secrets(delivery, &mut fill));
    }
    let mut redactor = Redactor::of_variables(catalog.secret_env(), &surroundings.vars);
    fill.hidden.sort();
    fill.hidden.dedup();
    fill.hidden.into_iter().for_each(|key| redactor.add(key));
    redactor
}

/// The heartbeats that are kept in a directory. It is opened for each look: the file may come into being meanwhile, and
/// few probes ask.
pub fn heartbeats<'a>(dir: Option<PathBuf>) -> Heartbeats<'a> {
    Box::new(move |probe| {
        let Some(dir) = &dir else { return Ok(Beats::default()) };
        let samples = Samples::open_read(dir).map_err(|error| error.to_string())?;
        samples.map_or(Ok(Beats::default()), |samples| samples.last_beats(probe).map_err(|error| error.to_string()))
    })
}

/// What a procedure needs and the surroundings do not have, each in words.
pub fn missing_needs(procedure: &Procedure, vars: &BTreeMap<String, String>) -> Vec<String> {
    let path = vars.get("PATH").map(String::as_str).unwrap_or_default();
    let is_found = |tool: &str| path.split(':').any(|dir| Path::new(dir).join(tool).is_file());
    let is_set = |name: &str| vars.get(name).is_some_and(|value| !value.is_empty());
    let tools = procedure.requires.tools.iter().filter(|tool| !is_found(tool));
    let env = procedure.requires.env.iter().filter(|name| !is_set(name));
    tools
        .map(|tool| format!("the program {tool} is not on the PATH"))
        .chain(env.map(|name| format!("the environment variable {name} is not set")))
        .collect()
}

fn git(dir: &Path, args: &[&str]) -> Option<String> {
    let output = std::process::Command::new("git").arg("-C").arg(dir).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

// A journal is not to be committed by accident. Where this cannot be written, nothing is lost.
fn keep_out_of_git(state_dir: &Path) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let options = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).to_owned();
    if let Ok(mut file) = options.open(state_dir.join(".gitignore")) {
        let _ = std::io::Write::write_all(&mut file, b"*\n");
    }
}

fn locate(said: Option<&Path>, surroundings: &Surroundings) -> Result<Option<PathBuf>> {
    if let Some(said) = said {
        let start = surroundings.cwd.join(said);
        return match walk_up(&start)? {
            Some(dir) => Ok(Some(dir)),
            None => Err(no_workspace(&start)),
        };
    }
    if let Some(named) = surroundings.var("OPSCTL_WORKSPACE") {
        let dir = surroundings.cwd.join(named);
        return if dir.join(MARKER).is_file() {
            Ok(Some(dir))
        } else {
            Err(no_workspace(&dir).hint("OPSCTL_WORKSPACE names it; unset the variable or correct it"))
        };
    }
    walk_up(&surroundings.cwd)
}

fn walk_up(start: &Path) -> Result<Option<PathBuf>> {
    if !start.is_dir() {
        return Err(Error::usage(format!("{} is not a directory", start.display())).hint("say a directory that exists"));
    }
    let start = start.canonicalize().unwrap_or_else(|_| start.to_owned());
    Ok(start.ancestors().find(|dir| dir.join(MARKER).is_file()).map(Path::to_owned))
}

fn no_workspace(dir: &Path) -> Error {
    Error::usage(format!("there is no {MARKER} in {} or above it", dir.display()))
        .hint(format!("`opsctl init {}` makes a workspace there", dir.display()))
}

fn home_state(surroundings: &Surroundings) -> Option<PathBuf> {
    let absolute = |name: &str| surroundings.var(name).map(Path::new).filter(|path| path.is_absolute());
    let of_home = || absolute("HOME").map(|home| home.join(".local/state"));
    absolute("XDG_STATE_HOME").map(Path::to_owned).or_else(of_home).map(|state| state.join("opsctl"))
}
