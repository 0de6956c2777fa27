//! Effects: commands, probes, checks and undoing. The intent is durable before, the outcome after.

use std::path::PathBuf;
use std::time::Duration;

use crate::catalog::model::{Capture, Command, CommandSpec, Expect, OnFailure, StepKind, Verify, VerifyCheck};
use crate::engine::Input;
use crate::engine::command::{self, Resolved};
use crate::engine::event::{Attempt, Captured, Output};
use crate::engine::outcome::{self, Printed};
use crate::error::{Error, Result};
use crate::ledger::NotRecorded;
use crate::process::{self, Ending, Finished, Job, Program};
use crate::view::step::CommandPreview;
use crate::walk::operator::{self, Heard, Say};
use crate::walk::{Flow, Left, Walk, does_not_fit};

/// The time between asking a process group to end and killing it.
const GRACE: Duration = Duration::from_secs(5);

/// The variables by which a step's processes are found again after a crash, beside the run's id.
const STEP_MARK: &str = "OPSCTL_STEP";
const JOURNAL_MARK: &str = "OPSCTL_JOURNAL";

/// How an effect came out.
pub(super) struct Came {
    pub attempt: Attempt,
    /// The operator stopped it.
    pub cancelled: bool,
    /// Captured values that are secret and live in memory only.
    pub withheld: Vec<(String, String)>,
}

impl Walk<'_> {
    /// The command a step will run, as a person would type it, and where.
    pub(super) fn command_shown(&self, place: usize) -> Option<CommandPreview> {
        let planned = &self.state.plan.steps[place];
        let StepKind::Run(spec) = &planned.step.kind else { return None };
        let resolved = self.resolve(&planned.scope, spec);
        let command = resolved.map(|resolved| self.redactor.text(&command::display(&resolved.command)));
        let dir = self.dir_of(spec.dir.as_deref());
        Some(CommandPreview { command, at: format!("{} in {}", self.site.walker.host, dir.display()) })
    }

    fn dir_of(&self, dir: Option<&str>) -> PathBuf {
        dir.map_or_else(|| self.site.dir.clone(), |dir| self.site.dir.join(dir))
    }

    pub(super) fn resolve(&self, scope: &str, spec: &CommandSpec) -> Result<Resolved, String> {
        command::resolve(&self.state, &self.facts, scope, spec)
    }

    pub(super) async fn effect(&mut self, place: usize) -> Result<Flow> {
        if let Some(unset) = self.unset_of(place) {
            return self.by_hand(place, &unset).await;
        }
        self.show_card(place);
        if self.runs_by_itself(place) {
            return self.perform(place, false).await;
        }
        match self.hear(place, operator::EFFECT).await? {
            Heard::Left(left) => Ok(Flow::Leave(left)),
            Heard::Again => Ok(Flow::Next),
            Heard::Say(Say::Go | Say::Rerun) => match self.is_meant(place) {
                Ok(true) => self.perform(place, false).await,
                Ok(false) => Ok(Flow::Next),
                Err(left) => Ok(Flow::Leave(left)),
            },
            Heard::Say(other) => self.common(place, other),
        }
    }

    // A probe that is not configured proves nothing: the operator looks instead.
    async fn by_hand(&mut self, place: usize, unset: &[String]) -> Result<Flow> {
        self.show_card(place);
        self.terminal.tell(&format!(
            "Not configured: set {} to let it look. Look by hand, and say what you found.",
            unset.join(", ")
        ));
        let step = self.id(place);
        match self.hear(place, operator::LOOK_BY_HAND).await? {
            Heard::Left(Left::NeedsInput(_)) => Ok(Flow::Leave(Left::NeedsInput(format!(
                "step {step}: its probes are not configured ({}), so somebody has to look",
                unset.join(", ")
            )))),
            Heard::Left(left) => Ok(Flow::Leave(left)),
            Heard::Again => Ok(Flow::Next),
            Heard::Say(say @ (Say::Go | Say::Done)) => {
                let how = if say == Say::Go { "not checked" } else { "by hand" };
                let reason = Some(format!("{how}; not configured: {}", unset.join(", ")));
                self.try_record(Input::Done { step, reason })
            }
            Heard::Say(other) => self.common(place, other),
        }
    }

    // An answer goes before the automatic: somebody may have said to skip it.
    pub(super) fn runs_by_itself(&self, place: usize) -> bool {
        let planned = &self.state.plan.steps[place];
        !self.answers.steps.contains_key(&planned.id)
            && self.auto.is_some_and(|max| planned.step.risk <= max)
            && self.unset_of(place).is_none()
    }

    pub(super) async fn retry_effect(&mut self, place: usize, delay: Duration) -> Result<Flow> {
        let step = &self.state.steps[place];
        let reason = step.reason.clone().unwrap_or_default();
        let seconds = delay.as_secs_f64();
        self.terminal.tell(&format!("Attempt {} failed ({reason}); trying again in {seconds:.1} s.", step.attempts));
        tokio::select! {
            () = tokio::time::sleep(delay) => self.perform(place, false).await,
            () = process::interrupted() => Ok(Flow::Leave(Left::Interrupted)),
        }
    }

    /// Lets a command carry what it belongs to.
    pub(super) fn mark(&self, resolved: &mut Resolved, step: &str) {
        resolved.env.push((STEP_MARK.to_owned(), step.to_owned()));
        resolved.env.push((JOURNAL_MARK.to_owned(), self.site.journal.clone()));
    }

    /// The processes that a step's command left running, in words; none when there are none.
    pub(super) fn left_running(&self, step: &str) -> Option<String> {
        let marks = [("OPSCTL_RUN", &*self.state.id), (STEP_MARK, step), (JOURNAL_MARK, &*self.site.journal)];
        let pids: Vec<String> = process::with_environment(&marks).iter().map(ToString::to_string).collect();
        let told = || format!("Its command is still running (process {}). Let it end, or stop it.", pids.join(", "));
        (!pids.is_empty()).then(told)
    }

    /// Begins the effect in the journal, performs it, and records how it ended.
    pub(super) async fn perform(&mut self, place: usize, again: bool) -> Result<Flow> {
        let planned = self.state.plan.steps[place].clone();
        let step = planned.id.clone();
        let job = match &planned.step.kind {
            StepKind::Run(spec) => match self.resolve(&planned.scope, spec) {
                Ok(mut resolved) => {
                    self.mark(&mut resolved, &step);
                    Some((resolved, spec.expect.clone()))
                }
                Err(why) if self.terminal.can_ask() || planned.step.on_failure != OnFailure::Ask => {
                    return self.record(Input::Fail { step, reason: Some(self.redactor.text(&why)) });
                }
                Err(why) => {
                    let why = format!("step {step} cannot be run: {why}");
                    return Ok(Flow::Leave(Left::NeedsInput(self.redactor.text(&why))));
                }
            },
            _ => None,
        };
        let command = job.as_ref().map(|(resolved, _)| self.redactor.text(&command::display(&resolved.command)));
        let start = Input::Start { step: step.clone(), command, walker: self.site.walker.clone(), again };
        if !self.recorded(start).map_err(Error::from)? {
            return Ok(Flow::Next); // somebody else was faster
        }
        let came = match (&planned.step.kind, job) {
            (StepKind::Run(_), Some((resolved, expect))) => {
                let (number, total) = self.state.position(place);
                let label = format!("step {number} of {total} · {}", planned.step.title);
                self.run_command(&label, &resolved, &expect, &planned.step.captures).await?
            }
            (StepKind::Probe(probing), _) => self.run_probing(probing).await?,
            _ => return Err(does_not_fit(&step)),
        };
        for (name, value) in came.withheld {
            self.facts.secrets.insert((planned.scope.clone(), name), value);
        }
        self.tell_outcome(&came.attempt, came.cancelled);
        if came.cancelled {
            self.outcome(&Input::Interrupt { step, attempt: came.attempt })?;
            return Ok(Flow::Leave(Left::Interrupted));
        }
        self.outcome(&Input::Finish { step, attempt: came.attempt })
    }

    // An outcome is written whatever others did meanwhile; where it no longer fits, it becomes a note.
    pub(super) fn outcome(&mut self, input: &Input) -> Result<Flow> {
        match self.ledger.insist(&mut self.state, input) {
            Ok(()) | Err(NotRecorded::Conflict) => Ok(Flow::Next),
            Err(NotRecorded::Refused(refusal)) => {
                let text = format!("{}; what happened here: {}", refusal.message, describe(input));
                self.terminal.say(&text);
                self.record(Input::Note { step: None, text })
            }
            Err(NotRecorded::Failed(error)) => Err(error.cause(format!("not written: {}", describe(input)))),
        }
    }

    pub(super) fn tell_outcome(&mut self, attempt: &Attempt, cancelled: bool) {
        let took = Duration::from_millis(attempt.duration_ms).as_secs_f64();
        let reason = attempt.reason.as_deref().unwrap_or("failed");
        let word = match (attempt.succeeded, cancelled) {
            (_, true) => "Stopped".to_owned(),
            (true, _) => "Done".to_owned(),
            (false, _) => format!("Failed: {reason}"),
        };
        self.terminal.tell(&format!("{word} ({took:.1} s)"));
    }

    pub(super) async fn run_command(
        &mut self,
        label: &str,
        resolved: &Resolved,
        expect: &Expect,
        captures: &[Capture],
    ) -> Result<Came> {
        let finished = self.run_job(label, resolved).await;
        let mut came = self.came_of(&finished);
        if let Ending::Exited(code) = finished.ending {
            let printed = Printed { stdout: &finished.stdout, stderr: &finished.stderr };
            let kept = outcome::check(expect, code, printed).and_then(|()| {
                captures
                    .iter()
                    .map(|c| Ok((c.name.clone(), outcome::capture(c, printed)?)))
                    .collect::<Result<Vec<_>, String>>()
            });
            match kept {
                Ok(values) => {
                    came.attempt.succeeded = true;
                    self.keep(values, &mut came);
                }
                Err(why) => came.attempt.reason = Some(self.redactor.text(&why)),
            }
        }
        Ok(came)
    }

    // A value that holds a secret stays in memory; the journal learns only that it was there.
    fn keep(&self, values: Vec<(String, String)>, came: &mut Came) {
        for (name, value) in values {
            let secret = self.redactor.contains_secret(&value);
            if secret {
                came.withheld.push((name.clone(), value.clone()));
            }
            came.attempt.captured.push(Captured { name, value: (!secret).then_some(value) });
        }
    }

    async fn run_job(&mut self, label: &str, resolved: &Resolved) -> Finished {
        let dir = self.dir_of(resolved.dir.as_deref());
        let program = match &resolved.command {
            Command::Shell(script) => Program::Shell(script.clone()),
            Command::Argv(items) => Program::Argv(items.clone()),
        };
        let job = Job { program, env: resolved.env.clone(), dir, timeout: resolved.timeout.map(|t| t.0), grace: GRACE };
        self.terminal.begin_live(&crate::ground::plain_line(label));
        let terminal = &mut *self.terminal;
        let mut live = |text: &str| terminal.live(text);
        let finished = process::run(job, &self.redactor, &mut live, process::interrupted()).await;
        self.terminal.end_live();
        finished
    }

    fn came_of(&mut self, finished: &Finished) -> Came {
        let reason = match &finished.ending {
            Ending::Exited(_) => None,
            Ending::Signaled(signal) => Some(format!("ended by signal {signal}")),
            Ending::TimedOut => Some("it took longer than its timeout and was stopped".to_owned()),
            Ending::Cancelled => Some("stopped by the operator".to_owned()),
            Ending::NotStarted(why) => Some(self.redactor.text(why)),
        };
        let exit_code = match finished.ending {
            Ending::Exited(code) => Some(code),
            _ => None,
        };
        let attempt = Attempt {
            succeeded: false,
            exit_code,
            duration_ms: millis(finished.duration),
            reason,
            output: self.kept_output(finished.output.clone(), finished.truncated_bytes),
            cut_off: matches!(finished.ending, Ending::Signaled(_) | Ending::TimedOut | Ending::Cancelled),
            captured: Vec::new(),
        };
        Came { attempt, cancelled: finished.ending == Ending::Cancelled, withheld: Vec::new() }
    }

    // How an effect ended counts for more than what it printed: where that cannot be stored, its length is.
    pub(super) fn kept_output(&mut self, text: String, left_out: u64) -> Option<Output> {
        let bytes = text.len() as u64;
        match self.ledger.keep_output(text, left_out) {
            Ok(output) => output,
            Err(error) => {
                self.terminal.tell(&format!("warning: what it printed could not be stored: {error}"));
                Some(Output { bytes, left_out: left_out + bytes, ..Output::default() })
            }
        }
    }

    /// A command of the operator's own.
    pub(super) async fn run_shell(&mut self, script: &str) -> Result<Attempt> {
        let resolved =
            Resolved { command: Command::Shell(script.to_owned()), env: Vec::new(), dir: None, timeout: None };
        let came = self.run_command(script, &resolved, &Expect::default(), &[]).await?;
        self.tell_outcome(&came.attempt, came.cancelled);
        Ok(came.attempt)
    }

    /// Makes the check behind a step, again and again while there is time.
    pub(super) async fn verify(&mut self, place: usize) -> Result<Flow> {
        let planned = self.state.plan.steps[place].clone();
        let Some(verify) = &planned.step.verify else { return Err(does_not_fit(&planned.id)) };
        let limit = if verify.within.is_zero() { String::new() } else { format!(", at most {}", verify.within) };
        self.terminal.tell(&format!("Verifying{limit}. Ctrl-C stops it."));
        self.seen_states = None;
        let mut last = None;
        let deadline = self.ledger.now() + verify.within.delta(); // spans are at most ten years
        let came = loop {
            let came = self.check_once(&planned.scope, verify).await?;
            if came.attempt.succeeded || came.cancelled || self.ledger.now() >= deadline {
                break came;
            }
            last = came.attempt.reason;
            tokio::select! {
                () = tokio::time::sleep(verify.every.0) => {}
                () = process::interrupted() => return self.stop_verifying(planned.id, last),
            }
        };
        if came.cancelled {
            return self.stop_verifying(planned.id, last);
        }
        let passed = came.attempt.succeeded;
        let seen = came.attempt.reason;
        let reason = match (passed, seen) {
            (true, seen) => seen,
            (false, seen) => Some(format!("not verified: {}", seen.unwrap_or_else(|| "the check failed".into()))),
        };
        let word = if passed { "Verified" } else { "The check did not pass" };
        self.terminal.tell(&reason.as_ref().map_or_else(|| format!("{word}."), |reason| format!("{word} ({reason}).")));
        self.outcome(&Input::Verified { step: planned.id, passed, reason, output: came.attempt.output })
    }

    // At a terminal a check that is stopped did not pass, and the operator says what that means.
    fn stop_verifying(&mut self, step: String, last: Option<String>) -> Result<Flow> {
        if !self.terminal.can_ask() {
            return Ok(Flow::Leave(Left::Interrupted));
        }
        let seen = last.map(|seen| format!("; last seen: {seen}")).unwrap_or_default();
        let reason = Some(format!("not verified: stopped by the operator{seen}"));
        self.outcome(&Input::Verified { step, passed: false, reason, output: None })
    }

    async fn check_once(&mut self, scope: &str, verify: &Verify) -> Result<Came> {
        match &verify.check {
            VerifyCheck::Probe(selectors) => self.run_probes(selectors).await,
            VerifyCheck::Run(spec) => match self.resolve(scope, spec) {
                Ok(resolved) => self.run_command("verifying", &resolved, &spec.expect, &[]).await,
                Err(why) => {
                    let attempt = Attempt { reason: Some(self.redactor.text(&why)), ..Attempt::default() };
                    Ok(Came { attempt, cancelled: false, withheld: Vec::new() })
                }
            },
        }
    }
}

fn describe(input: &Input) -> String {
    match input {
        Input::Finish { step, attempt } | Input::Interrupt { step, attempt } | Input::FinishUndo { step, attempt } => {
            let how = if attempt.succeeded { "well" } else { "badly" };
            let code = attempt.exit_code.map(|code| format!(", exit code {code}")).unwrap_or_default();
            format!("{step} ended {how}{code}")
        }
        Input::Verified { step, passed, .. } => {
            format!("the check of {step} {}", if *passed { "passed" } else { "failed" })
        }
        _ => "an outcome".to_owned(),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
