//! Runs: begun, read, added to.

use std::sync::Arc;

use crate::catalog::model::{Catalog, Procedure, ProcedureKind, Source};
use crate::catalog::{self, load};
use crate::engine::apply;
use crate::engine::event::{Event, Output, Pin, Recorded, Revision, RunStarted, Walker};
use crate::engine::summary::Summary;
use crate::engine::{Input, Plan, State, decide};
use crate::error::{Error, Result, nearest};
use crate::ground::slug;
use crate::journal::{self, JournalError, NewEvent};
use crate::ledger::{Ledger, NotRecorded, fact_of, to_new};

pub(super) const PREFIX: &str = "run/";

/// Output longer than this goes into a blob.
const INLINE: usize = 4096;

/// A run to begin.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// What is walked.
    pub procedure: Arc<Procedure>,
    /// Whom or what it is about.
    pub subject: Option<String>,
    /// A checklist's period.
    pub period: Option<String>,
    /// The incident it belongs to.
    pub incident: Option<String>,
    /// The git revision of the definitions.
    pub git: Option<Revision>,
    /// Who walks it.
    pub walker: Walker,
}

/// How a run is called: `daily-morning.2026-11-23`, `customer-onboarding.acme`; a runbook's runs are numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    base: String,
    is_whole: bool,
}

impl Title {
    /// The title of a procedure's runs for a period or a subject.
    pub fn of(procedure: &Procedure, period: Option<&str>, subject: Option<&str>) -> Self {
        let tail = period.map(str::to_owned).or_else(|| subject.map(slug)).filter(|tail| !tail.is_empty());
        match tail {
            Some(tail) => Self { base: format!("{}.{tail}", procedure.id), is_whole: true },
            None => Self { base: procedure.id.clone(), is_whole: false },
        }
    }

    /// The id of the nth run called so, from 1.
    pub fn numbered(&self, n: usize) -> String {
        if self.is_whole && n == 1 { self.base.clone() } else { format!("{}.{n}", self.base) }
    }
}

impl Ledger<'_> {
    /// The streams of all runs, to be looked at before deciding that a run is to be begun.
    pub fn run_streams(&self) -> Result<Vec<String>> {
        Ok(self.journal.streams(PREFIX)?)
    }

    /// Begins a run under the first id that is not `taken`. Definitions are stored first, so that the first event can
    /// name them. A run of a period or subject that somebody else has begun since is a conflict.
    pub fn begin_run(&self, new: NewRun, taken: &[String]) -> Result<State, NotRecorded> {
        let plan =
            Plan::build(self.catalog, &new.procedure).map_err(|why| NotRecorded::Failed(Error::definition(why)))?;
        let pins = self.pin(&load::closure(self.catalog, &new.procedure))?;
        let title = Title::of(&new.procedure, new.period.as_deref(), new.subject.as_deref());
        let header = RunStarted {
            procedure_kind: new.procedure.kind,
            procedure: new.procedure.id.clone(),
            title: new.procedure.title.clone(),
            subject: new.subject,
            period: new.period,
            incident: new.incident,
            pins,
            git: new.git,
            walker: new.walker,
            steps: plan.steps.len(),
        };
        let event = Event::RunStarted(Box::new(header.clone()));
        let plan = Arc::new(plan);
        let mut n = 1;
        loop {
            let id = title.numbered(n);
            n += 1;
            let stream = format!("{PREFIX}{id}");
            if taken.contains(&stream) {
                continue;
            }
            match self.journal.append(&stream, 0, &self.context(), &[to_new(&event)]) {
                Ok(stored) => {
                    let recorded = from_stored(&stored[0]).map_err(NotRecorded::Failed)?;
                    return Ok(apply::begin(&id, plan, &header, &recorded));
                }
                // One run a period and subject: whoever came second takes part in the first one's run.
                Err(JournalError::Conflict { .. }) if header.period.is_some() || header.subject.is_some() => {
                    return Err(NotRecorded::Conflict);
                }
                Err(JournalError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
    }

    /// A run as it stands. The id may be shortened to a beginning that only one run has.
    pub fn run(&self, id: &str) -> Result<State> {
        let events = self.journal.read(&format!("{PREFIX}{id}"), 0)?;
        if !events.is_empty() {
            return self.fold(id, &events);
        }
        let id = self.find_run(id)?;
        let events = self.journal.read(&format!("{PREFIX}{id}"), 0)?;
        self.fold(&id, &events)
    }

    fn find_run(&self, wanted: &str) -> Result<String> {
        let streams = self.journal.streams(PREFIX)?;
        let ids: Vec<&str> = streams.iter().filter_map(|stream| stream.strip_prefix(PREFIX)).collect();
        if ids.contains(&wanted) {
            return Ok(wanted.to_owned());
        }
        let begun: Vec<&str> = ids.iter().copied().filter(|id| id.starts_with(wanted)).collect();
        match begun.as_slice() {
            [one] => Ok((*one).to_owned()),
            [] => {
                let error = Error::usage(format!("there is no run `{wanted}`"));
                Err(match nearest(wanted, ids) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint("`opsctl run list` shows the runs there are"),
                })
            }
            several => Err(Error::usage(format!("`{wanted}` is the beginning of {} runs", several.len()))
                .hint(format!("say which: {}", several.join(", ")))),
        }
    }

    fn fold(&self, id: &str, events: &[journal::Event]) -> Result<State> {
        let mut events = events.iter();
        let first = events.next().ok_or_else(|| Error::environment(format!("run {id} has no events")))?;
        let first = from_stored(first)?;
        let Event::RunStarted(header) = &first.event else {
            return Err(Error::environment(format!("run {id} does not begin with its start"))
                .hint("`opsctl journal verify` tells whether the journal was changed"));
        };
        let plan = self.pinned_plan(header.procedure_kind, &header.procedure, &header.pins)?;
        let mut state = apply::begin(id, plan, header, &first);
        for event in events {
            self.apply_stored(&mut state, event)?;
        }
        Ok(state)
    }

    fn apply_stored(&self, state: &mut State, event: &journal::Event) -> Result<()> {
        let recorded = from_stored(event)?;
        if let Event::DefinitionAdopted { pins, .. } = &recorded.event {
            let plan = self.pinned_plan(state.header.procedure_kind, &state.header.procedure, pins)?;
            apply::adopt(state, plan);
        }
        apply::apply(state, &recorded);
        Ok(())
    }

    /// Applies what others have appended since the state was read. Tells whether there was anything.
    pub fn refresh(&self, state: &mut State) -> Result<bool> {
        let newer = self.journal.read(&format!("{PREFIX}{}", state.id), state.version)?;
        for event in &newer {
            self.apply_stored(state, event)?;
        }
        Ok(!newer.is_empty())
    }

    /// Decides, appends and applies. On a conflict the state is brought up to date first.
    pub fn record(&self, state: &mut State, input: Input) -> Result<(), NotRecorded> {
        let events = decide(state, input).map_err(NotRecorded::Refused)?;
        if events.is_empty() {
            return Ok(());
        }
        let new: Vec<NewEvent> = events.iter().map(to_new).collect();
        let stream = format!("{PREFIX}{}", state.id);
        match self.journal.append(&stream, state.version, &self.context(), &new) {
            Ok(stored) => {
                stored.iter().try_for_each(|event| self.apply_stored(state, event)).map_err(NotRecorded::Failed)
            }
            Err(JournalError::Conflict { .. }) => {
                self.refresh(state).map_err(NotRecorded::Failed)?;
                Err(NotRecorded::Conflict)
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Records what is right whatever others did meanwhile, such as the end of an effect that this process began.
    pub fn insist(&self, state: &mut State, input: &Input) -> Result<(), NotRecorded> {
        loop {
            match self.record(state, input.clone()) {
                Err(NotRecorded::Conflict) => {}
                other => return other,
            }
        }
    }

    /// All runs in one line each, in the order they were begun.
    pub fn summaries(&self) -> Result<Vec<Summary>> {
        summaries_of(&self.journal.read_all(PREFIX)?)
    }

    /// The runs of a procedure for a period or a subject, in the order they were begun.
    pub fn runs_for(&self, procedure: &Procedure, period: Option<&str>, subject: Option<&str>) -> Result<Vec<Summary>> {
        let title = Title::of(procedure, period, subject);
        let mut runs = summaries_of(&self.journal.read_all(&format!("{PREFIX}{}", title.base))?)?;
        runs.retain(|run| {
            run.kind == procedure.kind
                && run.procedure == procedure.id
                && run.period.as_deref() == period
                && run.subject.as_deref() == subject
        });
        Ok(runs)
    }

    /// The latest run of a procedure for a period or a subject, if there is one.
    pub fn latest_for(
        &self,
        procedure: &Procedure,
        period: Option<&str>,
        subject: Option<&str>,
    ) -> Result<Option<Summary>> {
        Ok(self.runs_for(procedure, period, subject)?.pop())
    }

    /// The events of a run with their facts, for timelines and exports.
    pub fn run_events(&self, id: &str) -> Result<Vec<Recorded>> {
        self.run_events_after(id, 0)
    }

    /// The events of a run with a version above `after`.
    pub fn run_events_after(&self, id: &str, after: u64) -> Result<Vec<Recorded>> {
        self.journal.read(&format!("{PREFIX}{id}"), after)?.iter().map(from_stored).collect()
    }

    /// Stores texts and gives the pins that name them.
    pub fn pin(&self, sources: &[Source]) -> Result<Vec<Pin>, NotRecorded> {
        let pin = |source: &Source| {
            let blob = self.journal.put_blob(source.text.as_bytes())?;
            Ok(Pin { path: source.path.clone(), blob })
        };
        sources.iter().map(pin).collect()
    }

    /// The texts that pins name.
    pub fn pinned_sources(&self, pins: &[Pin]) -> Result<Vec<Source>> {
        pins.iter()
            .map(|pin| {
                let bytes = self.journal.blob(&pin.blob)?.ok_or_else(|| {
                    Error::environment(format!("the stored text of {} is missing", pin.path))
                        .hint("`opsctl journal verify` tells what else is")
                })?;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                Ok(Source { path: pin.path.clone(), text: text.into() })
            })
            .collect()
    }

    fn pinned_plan(&self, kind: ProcedureKind, id: &str, pins: &[Pin]) -> Result<Arc<Plan>> {
        let sources = self.pinned_sources(pins)?;
        let catalog = catalog::from_texts(&sources, &self.catalog.settings).map_err(|problems| {
            let error = Error::definition(format!("the definition of {id} as it was stored cannot be read"));
            problems.iter().fold(error, |error, problem| error.cause(&problem.message))
        })?;
        plan_of(&catalog, kind, id)
    }

    /// Text as it is kept in an event: inline when short, in a blob when long.
    pub fn keep_output(&self, text: String, left_out: u64) -> Result<Option<Output>> {
        if text.is_empty() && left_out == 0 {
            return Ok(None);
        }
        let bytes = text.len() as u64;
        if text.len() <= INLINE {
            return Ok(Some(Output { text: Some(text), blob: None, bytes, left_out }));
        }
        let blob = self.journal.put_blob(text.as_bytes())?;
        Ok(Some(Output { text: None, blob: Some(blob), bytes, left_out }))
    }

    /// The whole text of an output.
    pub fn output_text(&self, output: &Output) -> Result<String> {
        if let Some(text) = &output.text {
            return Ok(text.clone());
        }
        let Some(hash) = &output.blob else { return Ok(String::new()) };
        let bytes = self.journal.blob(hash)?;
        Ok(bytes.map_or_else(
            || "(the stored output is missing; see `opsctl journal verify`)".to_owned(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        ))
    }
}

/// The runs whose events stand there stream by stream, in one line each.
pub(super) fn summaries_of(events: &[journal::Event]) -> Result<Vec<Summary>> {
    let mut summaries: Vec<Summary> = Vec::new();
    for event in events {
        let id = event.stream.strip_prefix(PREFIX).unwrap_or(&event.stream);
        let recorded = from_stored(event)?;
        match summaries.last_mut() {
            Some(last) if last.id == id => last.apply(&recorded),
            _ => summaries.extend(Summary::begin(id, &recorded)),
        }
    }
    Ok(summaries)
}

fn plan_of(catalog: &Catalog, kind: ProcedureKind, id: &str) -> Result<Arc<Plan>> {
    let procedure = catalog
        .procedure(kind, id)
        .ok_or_else(|| Error::definition(format!("the stored definition of {kind} {id} is incomplete")))?;
    Plan::build(catalog, procedure).map(Arc::new).map_err(Error::definition)
}

fn from_stored(stored: &journal::Event) -> Result<Recorded> {
    Ok(Recorded {
        version: stored.version,
        at: stored.at,
        actor: stored.actor.clone(),
        host: stored.host.clone(),
        event: fact_of(stored)?,
    })
}
