//! What a verb works with: the options, the surroundings, the terminal, and the way to the workspace.

use anyhow::Context as _;
use serde::Serialize;

use crate::engine::Plan;
use crate::error::{Error, Result};
use crate::ground::{Actor, Clock, SystemClock, plain, plain_line};
use crate::journal::{EmptyJournal, Journal};
use crate::ledger::Ledger;
use crate::redact::Redactor;
use crate::terminal::Terminal;
use crate::view::look::Look;
use crate::walk::{Publish, Site};
use crate::workspace::{Surroundings, Workspace};

use super::{Global, Output};

/// What a verb works with.
pub(super) struct Session<'t> {
    global: Global,
    /// The process's environment.
    pub(super) surroundings: Surroundings,
    /// The door to the operator.
    pub(super) terminal: &'t mut dyn Terminal,
    /// Where the time comes from.
    pub(super) clock: &'static dyn Clock,
}

impl<'t> Session<'t> {
    pub(super) fn open(global: &Global, terminal: &'t mut dyn Terminal) -> Result<Self> {
        Ok(Self { global: global.clone(), surroundings: Surroundings::read()?, terminal, clock: &SystemClock })
    }

    /// The workspace, with its definitions. Files that cannot be read are told about, once.
    pub(super) fn workspace(&mut self) -> Result<Workspace> {
        let workspace = self.quiet_workspace()?;
        if !workspace.loaded.broken.is_empty() {
            let broken = &workspace.loaded.broken;
            let names: Vec<&str> = broken.iter().take(3).map(|broken| broken.path.as_str()).collect();
            let more = broken.len().saturating_sub(names.len());
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            self.terminal.tell(&format!("warning: not valid: {}{more}; `opsctl lint` says why", names.join(", ")));
        }
        Ok(workspace)
    }

    /// Says so where no workspace was found and the built-in one serves: what is open elsewhere is not seen here.
    pub(super) fn tell_homeless(&mut self, workspace: &Workspace) {
        if workspace.dir.is_none() {
            let place = workspace.state_dir().map(|dir| format!(", with its journal in {}", dir.display()));
            let place = place.unwrap_or_default();
            self.terminal
                .tell(&format!("There is no opsctl.yaml here or above: the built-in workspace serves{place}."));
        }
    }

    /// The workspace, without a word about files that cannot be read.
    pub(super) fn quiet_workspace(&self) -> Result<Workspace> {
        Workspace::open(self.global.dir.as_deref(), &self.surroundings)
    }

    /// Who is at work.
    pub(super) fn actor(&self) -> Actor {
        self.surroundings.actor(self.global.actor.as_deref())
    }

    /// The journal for reading; an empty one when nothing was ever written.
    pub(super) fn reader(workspace: &Workspace) -> Result<Box<dyn Journal>> {
        Ok(match workspace.journal_to_read()? {
            Some(journal) => Box::new(journal),
            None => Box::new(EmptyJournal),
        })
    }

    /// The journal seen as runs and incidents.
    pub(super) fn ledger<'a>(&self, workspace: &'a Workspace, journal: &'a dyn Journal) -> Ledger<'a> {
        Ledger {
            journal,
            catalog: &workspace.loaded.catalog,
            clock: self.clock,
            actor: self.actor(),
            host: self.surroundings.host.clone(),
        }
    }

    /// What a walk may touch.
    pub(super) fn site(&self, workspace: &Workspace) -> Site {
        Site {
            dir: workspace.working_dir(&self.surroundings).to_owned(),
            vars: self.surroundings.vars.clone(),
            walker: self.surroundings.walker(),
            journal: workspace.state_dir().map(|dir| dir.display().to_string()).unwrap_or_default(),
            publish: self.publisher(workspace),
        }
    }

    // The page is made of what the journal says then, by the definitions as they are then.
    fn publisher(&self, workspace: &Workspace) -> Publish {
        let (said, surroundings, clock) = (workspace.dir.clone(), self.surroundings.clone(), self.clock);
        Box::new(move |dir| {
            let workspace = Workspace::open(said.as_deref(), &surroundings)?;
            crate::site::publish(&workspace, &surroundings, dir, clock)
        })
    }

    /// What somebody said outside a walk, as it may be kept: without secrets that any procedure declares.
    pub(super) fn kept(&self, workspace: &Workspace, said: &str) -> String {
        let declared = workspace.loaded.catalog.secret_env();
        Redactor::of_variables(declared, &self.surroundings.vars).text(&plain(said))
    }

    /// Like [`Session::kept`], about a run: what its stored definition declares is a secret, too, whatever became of
    /// the files.
    pub(super) fn kept_of_run(&self, workspace: &Workspace, plan: &Plan, said: &str) -> String {
        let declared = plan.secret_env();
        Redactor::of_variables(declared, &self.surroundings.vars).text(&self.kept(workspace, said))
    }

    /// Like [`Session::kept`], on one line.
    pub(super) fn kept_line(&self, workspace: &Workspace, said: &str) -> String {
        plain_line(self.kept(workspace, said).trim())
    }

    /// Whether results go to a program.
    pub(super) fn is_json(&self) -> bool {
        self.global.output == Output::Json
    }

    /// How results are printed.
    pub(super) fn format(&self) -> Output {
        self.global.output
    }

    /// Fails where a format was asked for that only results of probes have.
    pub(super) fn refuse_report_formats(&self) -> Result<()> {
        match self.global.output {
            Output::Text | Output::Json => Ok(()),
            _ => Err(Error::usage("this format is for `opsctl probe run`").hint("use -o text or -o json here")),
        }
    }

    /// Whether the operator wants to hear more.
    pub(super) fn is_verbose(&self) -> bool {
        self.global.verbose
    }

    /// Prints a result: as JSON for programs, else as text.
    pub(super) fn show<T: Serialize>(&mut self, value: &T, text: impl FnOnce(Look) -> String) -> Result<()> {
        if self.is_json() {
            let json = serde_json::to_string_pretty(value).context("the result cannot be written as JSON")?;
            self.terminal.print(&format!("{json}\n"));
        } else {
            let text = text(self.terminal.look_out());
            let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            self.terminal.print(&format!("{text}{end}"));
        }
        Ok(())
    }

    /// Prints a list; people are told in words when it is empty.
    pub(super) fn show_list<T: Serialize>(
        &mut self,
        list: &[T],
        none: &str,
        text: impl FnOnce(Look) -> String,
    ) -> Result<()> {
        if list.is_empty() && !self.is_json() {
            self.terminal.tell(none);
            return Ok(());
        }
        self.show(&list, text)
    }

    /// Runs asynchronous work to its end.
    pub(super) fn block_on<T>(work: impl Future<Output = T>) -> Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("the event loop cannot be started")?;
        let done = runtime.block_on(work);
        // A name that the system still tries to resolve holds up nobody who has stopped waiting for it.
        runtime.shutdown_background();
        Ok(done)
    }
}
