//! The one loop: it takes what the engine needs, performs it, and hands the outcome back as input.

pub mod answers;
mod board;
mod effect;
mod incident;
mod message;
mod operator;
mod person;
mod probing;
mod recover;
mod wait;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::catalog::model::{Risk, StepKind};
use crate::engine::apply::counts_as_failed;
use crate::engine::context::{Facts, context};
use crate::engine::event::Walker;
use crate::engine::state::{RunStatus, StepStatus};
use crate::engine::{Input, Need, State, need, next};
use crate::error::{Error, Kind, Result};
use crate::ground::{Time, rfc3339};
use crate::incident::Telling;
use crate::ledger::{Ledger, NotRecorded};
use crate::probe;
use crate::process;
use crate::redact::Redactor;
use crate::terminal::Terminal;
use crate::view;
use crate::workspace::missing_needs;

use answers::Answers;
use operator::{Heard, Say};

/// What a walk may touch.
pub struct Site {
    /// The directory commands run in when they name none.
    pub dir: PathBuf,
    /// The process's environment variables.
    pub vars: BTreeMap<String, String>,
    /// This process.
    pub walker: Walker,
    /// Where the journal lies: what tells this workspace's runs from others of the same id.
    pub journal: String,
    /// Makes our own status page anew in a directory.
    pub publish: Publish,
}

/// Makes our own status page anew in a directory.
pub type Publish = Box<dyn Fn(&str) -> Result<()> + Send + Sync>;

/// One walk through a run.
pub struct Walk<'a> {
    ledger: &'a Ledger<'a>,
    site: &'a Site,
    terminal: &'a mut dyn Terminal,
    answers: Answers,
    auto: Option<Risk>,
    facts: Facts,
    redactor: Redactor,
    from: Option<String>,
    seen_states: Option<Vec<probe::State>>,
    /// Where the run stands.
    pub state: State,
}

/// Why a walk stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// The run is over.
    Over,
    /// The operator left it.
    Quit,
    /// The operator interrupted it.
    Interrupted,
    /// An answer is needed and there is nobody to ask.
    NeedsInput(String),
    /// A long wait is not over.
    WaitsUntil(Time),
}

/// How a walk goes on after a need.
enum Flow {
    Next,
    Leave(Left),
}

impl<'a> Walk<'a> {
    /// A walk that stands where the run's state says.
    pub fn new(
        ledger: &'a Ledger<'a>,
        site: &'a Site,
        terminal: &'a mut dyn Terminal,
        state: State,
        answers: Answers,
        auto: Option<Risk>,
    ) -> Self {
        let declared = state.plan.secret_env().chain(ledger.catalog.secret_env());
        let redactor = Redactor::of_variables(declared, &site.vars);
        let facts = Facts { now: ledger.now(), ..Facts::default() };
        Self { ledger, site, terminal, answers, auto, facts, redactor, from: None, seen_states: None, state }
    }

    /// Walks until the run is over or somebody leaves it. What was done is in the journal in any case.
    pub async fn walk(&mut self) -> Result<Left> {
        // A run that another living process walks stays its own; whoever comes to it takes part as a guest.
        if !self.is_mine() && !self.state.is_over() && !self.is_walked_by_another() {
            self.record(Input::Resume { walker: self.site.walker.clone() })?;
        }
        let left = loop {
            match self.turn().await {
                Ok(Flow::Next) => {}
                Ok(Flow::Leave(left)) => break left,
                Err(error) => {
                    let error = error.in_words(|text| self.redactor.text(text));
                    // The walk cannot go on, but the run must not look as if it did.
                    if self.is_mine() {
                        let reason = error.to_string();
                        let _ = self.ledger.record(&mut self.state, Input::Pause { reason });
                    }
                    return Err(error);
                }
            }
        };
        let reason = match &left {
            Left::Over => return Ok(left),
            Left::Quit => "left by the operator".to_owned(),
            Left::Interrupted => "interrupted by the operator".to_owned(),
            Left::NeedsInput(what) => format!("an answer is needed: {what}"),
            Left::WaitsUntil(time) => format!("waiting until {}", rfc3339(*time)),
        };
        // Somebody else may have taken the walk over meanwhile.
        if !self.is_mine() {
            return Ok(left);
        }
        let reason = self.redactor.text(&reason);
        match self.ledger.insist(&mut self.state, &Input::Pause { reason }) {
            Ok(()) | Err(NotRecorded::Refused(_)) => Ok(left),
            Err(other) => Err(other.into()),
        }
    }

    fn is_walked_by_another(&self) -> bool {
        let walker = self.state.walker.as_ref().filter(|walker| **walker != self.site.walker);
        walker.is_some_and(|walker| process::is_alive(walker.pid, &walker.host, &self.site.walker.host))
    }

    /// Whether this process is the one that walks the run.
    pub fn is_mine(&self) -> bool {
        self.state.walker.as_ref() == Some(&self.site.walker)
    }

    async fn turn(&mut self) -> Result<Flow> {
        self.look_around()?;
        if let Flow::Leave(left) = self.skip_before_start()? {
            return Ok(Flow::Leave(left));
        }
        if self.is_board() {
            return self.board_turn().await;
        }
        let need = next(&self.state, &self.facts);
        self.meet(need).await
    }

    /// Brings the facts up to date: the moment, and the incident as it stands.
    fn look_around(&mut self) -> Result<()> {
        self.facts.now = self.ledger.now();
        if let Some(id) = self.state.header.incident.clone() {
            self.facts.incident = Some(self.ledger.facts(&self.ledger.incident(&id)?, Telling::default()));
        }
        Ok(())
    }

    async fn meet(&mut self, need: Need) -> Result<Flow> {
        match need {
            Need::Over => Ok(Flow::Leave(Left::Over)),
            Need::Finish(outcome) => self.record(Input::End { outcome }),
            Need::Skip { place, reason } => {
                self.tell_skip(place, &reason);
                self.record(Input::Skip { step: self.id(place), reason })
            }
            Need::StartRollback(place) => {
                let reason = self.state.steps[place].reason.clone().unwrap_or_else(|| "it failed".into());
                self.record(Input::Rollback { step: Some(self.id(place)), reason })
            }
            Need::Parameter { scope, name } => self.parameter(&scope, &name),
            Need::Stuck { place, problem } => self.stuck(place, &problem).await,
            Need::Manual(place) => self.manual(place).await,
            Need::Effect { place, attempt: _, delay: Some(delay) } => self.retry_effect(place, delay).await,
            Need::Effect { place, attempt: _, delay: None } => self.effect(place).await,
            Need::Verify(place) => self.verify(place).await,
            Need::Decide(place) => self.choose(place).await,
            Need::Approve(place) => self.approve(place).await,
            Need::Wait { place, until } => self.wait(place, until).await,
            Need::Send(place) => self.send(place).await,
            Need::Enter(place) => self.enter(place),
            Need::Incident(place) => self.incident_part(place).await,
            Need::Recover(place) => self.recover(place).await,
            Need::Judge(place) => self.judge(place).await,
            Need::Undo { place, interrupted } => self.undo(place, interrupted).await,
        }
    }

    fn id(&self, place: usize) -> String {
        self.state.plan.steps[place].id.clone()
    }

    /// Records an input; tells whether it is in the journal. A conflict is told and the loop looks again.
    fn recorded(&mut self, input: Input) -> Result<bool, NotRecorded> {
        // What somebody said stays true whatever others do meanwhile. What the walk does next is decided anew.
        let is_said = !matches!(
            input,
            Input::Start { .. }
                | Input::StartUndo { .. }
                | Input::End { .. }
                | Input::Judge { .. }
                | Input::Rollback { .. }
                | Input::Retry { .. }
        );
        if is_said {
            return self.ledger.insist(&mut self.state, &input).map(|()| true);
        }
        match self.ledger.record(&mut self.state, input) {
            Ok(()) => Ok(true),
            Err(NotRecorded::Conflict) => {
                self.terminal.tell("Somebody else works on this run; looking again.");
                Ok(false)
            }
            Err(other) => Err(other),
        }
    }

    /// Records an input; a refusal ends the walk.
    fn record(&mut self, input: Input) -> Result<Flow> {
        self.recorded(input).map(|_| Flow::Next).map_err(Error::from)
    }

    /// Records an input that the operator may get wrong: a refusal is told, and the operator is asked again.
    fn try_record(&mut self, input: Input) -> Result<Flow> {
        match self.recorded(input) {
            Err(NotRecorded::Refused(refusal)) if self.terminal.can_ask() => {
                self.terminal.tell(&format!("{}.", refusal.message));
                if let Some(hint) = refusal.hint {
                    self.terminal.tell(&format!("  {hint}"));
                }
                Ok(Flow::Next)
            }
            other => other.map(|_| Flow::Next).map_err(Error::from),
        }
    }

    fn tell_skip(&mut self, place: usize, reason: &str) {
        let title = &self.state.plan.steps[place].step.title;
        self.terminal.tell(&format!(
            "Skipped: {} ({})",
            crate::ground::plain_line(title),
            crate::ground::plain_line(reason)
        ));
    }

    /// Shows the step's card: what it is, what will be run and where.
    fn show_card(&mut self, place: usize) {
        let look = self.terminal.look_err();
        let command = self.command_shown(place);
        let card = view::step::card(look, &self.state, place, command.as_ref(), self.ledger.now());
        self.terminal.say(&card);
    }

    fn enter(&mut self, place: usize) -> Result<Flow> {
        let step = self.id(place);
        if let Some(Heard::Say(Say::Skip(reason))) = self.answered(place)? {
            let reason = self.redactor.text(&reason);
            return self.record(Input::Skip { step, reason });
        }
        let planned = self.state.plan.steps[place].clone();
        let StepKind::Use(used) = &planned.step.kind else { return Err(does_not_fit(&step)) };
        let context = context(&self.state, &self.facts, &planned.scope);
        for (name, text) in &used.with {
            let value = crate::template::render(text, &context)
                .map_err(|error| Error::definition(format!("step {step}, the value for {name}: {error}")))?;
            self.give_value(&step, name, value)?;
        }
        self.terminal.tell(&format!("Into {}: {}", used.procedure, planned.step.title));
        let missing = self.state.plan.scopes.get(&step).map(|used| missing_needs(used, &self.site.vars));
        for what in missing.unwrap_or_default() {
            self.terminal.tell(&format!("warning: {what}; steps that need it will fail"));
        }
        self.record(Input::Enter { step })
    }

    /// Everything that settles without anybody: conditions that are false, and the end.
    pub fn settle(&mut self) -> Result<()> {
        loop {
            self.look_around()?;
            match next(&self.state, &self.facts) {
                Need::Skip { place, reason } => {
                    self.record(Input::Skip { step: self.id(place), reason })?;
                }
                Need::Finish(outcome) => {
                    self.record(Input::End { outcome })?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// Begins at a step: what comes before it is left out as it is reached.
    pub fn start_from(&mut self, id: &str) {
        self.from = Some(id.to_owned());
    }

    fn skip_before_start(&mut self) -> Result<Flow> {
        let Some(id) = self.from.clone() else { return Ok(Flow::Next) };
        let plan = std::sync::Arc::clone(&self.state.plan);
        let Some(target) = plan.place(&id) else { return Ok(Flow::Next) };
        for place in 0..target {
            let open = self.state.steps[place].status == StepStatus::Pending;
            if open && !plan.is_inside(target, place) && need::is_reached(&self.state, place) {
                let reason = format!("the walk starts at {id}");
                self.record(Input::Skip { step: plan.steps[place].id.clone(), reason })?;
            }
        }
        if need::is_reached(&self.state, target) {
            self.from = None;
        }
        Ok(Flow::Next)
    }
}

/// A need that does not fit its step, which only a damaged plan could bring about.
fn does_not_fit(step: &str) -> Error {
    Error::definition(format!("step {step} is not what the run takes it for"))
        .hint("`opsctl journal verify` tells whether the journal was changed")
}

/// How a walk that stopped ends the program.
pub fn verdict(left: &Left, state: &State) -> Result<()> {
    use crate::engine::event::Outcome;
    let resume = format!("go on with `opsctl run resume {}`", state.id);
    match left {
        Left::Over if state.outcome == Some(Outcome::Failed) => {
            // The step that failed, and not the ones that failed because of it.
            let is_used = |place: usize| matches!(state.plan.steps[place].step.kind, StepKind::Use(_));
            let counts =
                |place: &usize| counts_as_failed(&state.plan, &state.steps[*place], *place) && !is_used(*place);
            let failed = (0..state.steps.len()).find(counts).map(|place| &state.plan.steps[place].id);
            let which = failed.map(|id| format!(": step {id} failed")).unwrap_or_default();
            Err(Error::new(Kind::Negative, format!("{} failed{which}", state.id)))
        }
        Left::Over if state.status == RunStatus::Aborted => {
            Err(Error::new(Kind::Negative, format!("{} was aborted", state.id)))
        }
        Left::Over | Left::Quit => Ok(()),
        Left::Interrupted => {
            Err(Error::interrupted(format!("{} was interrupted; what was done is kept", state.id)).hint(resume))
        }
        Left::NeedsInput(what) => Err(Error::input_needed(format!("{} is paused: {what}", state.id))
            .hint(resume)
            .hint("or give answers with --answers FILE")),
        Left::WaitsUntil(time) => {
            Err(Error::input_needed(format!("{} waits until {}", state.id, rfc3339(*time))).hint(resume))
        }
    }
}
