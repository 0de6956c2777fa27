//! Rules of the engine that hold whatever is said, in whatever order.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::fs;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta};
use opsctl::catalog::load::{Root, load};
use opsctl::catalog::model::{ProcedureKind, StepKind};
use opsctl::engine::apply::{adopt, apply, begin};
use opsctl::engine::context::Facts;
use opsctl::engine::event::{Attempt, Captured, Judgement, Outcome, RunStarted, Walker};
use opsctl::engine::summary::Summary;
use opsctl::engine::{Event, Input, Need, Plan, Recorded, State, StepStatus, decide, next};
use opsctl::fact;
use opsctl::ground::{Actor, Time};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;

const STEPS: &str = "parameters: [{name: who}]
steps:
  - {id: one, title: One, run: 'true', rollback: 'true', retry: 2, capture: {name: got}}
  - {id: two, title: Two, tasks: [A, B], when: 'got == \"x\"'}
  - {id: way, title: Way, choose: [{id: left, title: L, steps: [{id: l, title: L, run: 'true', on_failure: continue}]}, {id: back, title: B, goto: one}, {id: on, title: O, goto: end}, {id: right, title: R}]}
  - {id: proven, title: Proven, run: 'true', rollback: 'true', verify: {run: 'true'}, on_failure: rollback}
  - {id: in, title: In, use: {procedure: inner, with: {name: '{{ who }}'}}}
  - {id: consent, title: Consent, approve: true, optional: true}
  - {id: rest, title: Rest, wait: 1h}
  - {id: tell, title: Tell, send: news}
  - {id: end, title: End, run: 'true', idempotent: true, on_failure: stop}
";
const CHANGED: &str = "parameters: [{name: who}, {name: more}]
steps:
  - {id: way, title: Way, choose: [{id: left, title: L}, {id: new, title: N, goto: end}]}
  - {id: proven, title: Proven, tasks: [New]}
  - {id: two, title: Two, tasks: [A]}
  - {id: end, title: End}
";

struct Plans {
    same: [Arc<Plan>; 2],
    changed: Arc<Plan>,
}

static PLANS: LazyLock<Plans> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("opsctl.yaml", String::new()),
        ("templates/news.yaml", "title: News\nbody: News\n".to_owned()),
        (
            "runbooks/inner.yaml",
            "title: Inner\nparameters: [{name: name}]\nsteps: [{id: a, title: A, run: 'true', rollback: 'true'}, {id: b, title: B}]\n"
                .to_owned(),
        ),
        ("runbooks/r.yaml", format!("title: R\n{STEPS}")),
        ("playbooks/p.yaml", format!("title: P\n{STEPS}")),
        ("runbooks/changed.yaml", format!("title: C\n{CHANGED}")),
    ] {
        let file = dir.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let loaded = load(&Root::Directory(dir.path().to_owned()));
    assert!(loaded.broken.is_empty(), "{:?}", loaded.broken);
    let plan = |kind, id| {
        let procedure = loaded.catalog.procedure(kind, id).unwrap();
        Arc::new(Plan::build(&loaded.catalog, procedure).unwrap())
    };
    Plans {
        same: [plan(ProcedureKind::Runbook, "r"), plan(ProcedureKind::Playbook, "p")],
        changed: plan(ProcedureKind::Runbook, "changed"),
    }
});

/// A run with everything that was stored about it.
struct Run {
    plan: Arc<Plan>,
    header: RunStarted,
    state: State,
    stored: Vec<(String, String)>,
    facts: Facts,
}

fn walker() -> Walker {
    Walker { pid: 1, host: "host".into() }
}

fn recorded(version: usize, event: Event) -> Recorded {
    let at: Time = DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::try_from(version).unwrap());
    Recorded { version: version as u64, at, actor: Actor("ann".into()), host: "host".into(), event }
}

impl Run {
    fn begin(plan: &Arc<Plan>) -> Self {
        let header = RunStarted {
            procedure_kind: plan.kind,
            procedure: plan.id.clone(),
            title: plan.title.clone(),
            subject: None,
            period: None,
            incident: None,
            pins: Vec::new(),
            git: None,
            walker: walker(),
            steps: plan.steps.len(),
        };
        let first = recorded(1, Event::RunStarted(Box::new(header.clone())));
        let state = begin("r.1", Arc::clone(plan), &header, &first);
        Self { plan: Arc::clone(plan), header, state, stored: vec![parts(&first.event)], facts: Facts::default() }
    }

    /// Gives an input; tells how many events it came to, or none when it was refused.
    fn give(&mut self, input: Input) -> Option<usize> {
        let events = decide(&self.state, input).ok()?;
        for event in &events {
            self.stored.push(parts(event));
            apply(&mut self.state, &recorded(self.stored.len(), event.clone()));
        }
        Some(events.len())
    }

    fn records(&self) -> impl Iterator<Item = Recorded> {
        let read =
            |(kind, body): &(String, String)| fact::from_parts::<Event>(kind, &serde_json::from_str(body).unwrap());
        self.stored.iter().enumerate().map(move |(at, stored)| recorded(at + 1, read(stored).unwrap()))
    }

    /// The state that reading everything again gives.
    fn folded(&self) -> State {
        let mut records = self.records();
        let mut state = begin("r.1", Arc::clone(&self.plan), &self.header, &records.next().unwrap());
        records.for_each(|recorded| apply(&mut state, &recorded));
        state
    }

    fn summed_up(&self) -> Summary {
        let mut records = self.records();
        let mut summary = Summary::begin("r.1", &records.next().unwrap()).unwrap();
        records.for_each(|recorded| summary.apply(&recorded));
        summary
    }

    fn need(&self) -> Need {
        next(&self.state, &self.facts)
    }
}

fn parts(event: &Event) -> (String, String) {
    let (kind, body) = fact::to_parts(event);
    (kind, body.to_string())
}

fn attempt(succeeded: bool) -> Attempt {
    let captured = if succeeded { vec![Captured { name: "got".into(), value: Some("x".into()) }] } else { Vec::new() };
    Attempt { succeeded, exit_code: Some(i32::from(!succeeded)), duration_ms: 3, captured, ..Attempt::default() }
}

/// What a walk, or the person at it, answers to a need.
fn reply(run: &Run, need: &Need, choice: Index) -> Option<Input> {
    let state = &run.state;
    let pick = |answers: Vec<Input>| Some(answers[choice.index(answers.len())].clone());
    let step = need.place().map(|place| state.plan.steps[place].id.clone()).unwrap_or_default();
    let skip = || Input::Skip { step: step.clone(), reason: "why".into() };
    let done = || Input::Done { step: step.clone(), reason: None };
    let fail = || Input::Fail { step: step.clone(), reason: Some("smoke".into()) };
    let start = |again| Input::Start { step: step.clone(), command: None, walker: walker(), again };
    let undo = |again| Input::StartUndo { step: step.clone(), command: "true".into(), walker: walker(), again };
    let retry = || Input::Retry { step: step.clone(), reason: "again".into() };
    let judge = |judgement| Input::Judge { step: step.clone(), judgement };
    match need {
        Need::Over => None,
        Need::Parameter { scope, name } => {
            pick(vec![Input::Set { scope: scope.clone(), name: name.clone(), value: "v".into(), secret: false }])
        }
        Need::Skip { .. } => pick(vec![skip()]),
        Need::Stuck { .. } => pick(vec![skip(), done(), fail()]),
        Need::Effect { .. } => pick(vec![start(false)]),
        Need::Recover(place) if state.steps[*place].status == StepStatus::Running => pick(vec![
            Input::Finish { step: step.clone(), attempt: attempt(true) },
            Input::Finish { step: step.clone(), attempt: attempt(false) },
            Input::Interrupt { step: step.clone(), attempt: attempt(false) },
            start(true),
        ]),
        Need::Recover(_) => pick(vec![start(true), done(), fail(), skip()]),
        Need::Verify(_) => pick(
            [true, false]
                .map(|passed| Input::Verified { step: step.clone(), passed, reason: None, output: None })
                .to_vec(),
        ),
        Need::Decide(place) => {
            let StepKind::Choose(options) = &state.plan.steps[*place].step.kind else { return None };
            pick(options.iter().map(|o| Input::Choose { step: step.clone(), option: o.id.clone() }).collect())
        }
        Need::Approve(_) => {
            pick(vec![Input::Approve { step: step.clone(), actor: Actor("bob".into()), comment: None }, skip()])
        }
        Need::Wait { until: None, .. } => {
            pick(vec![Input::BeginWait { step: step.clone(), until: state.last_at + TimeDelta::hours(1) }])
        }
        Need::Manual(_) | Need::Incident(_) | Need::Wait { .. } => pick(vec![done(), fail(), skip()]),
        Need::Send(_) => pick(vec![
            Input::Message {
                step: step.clone(),
                template: "news".into(),
                variant: String::new(),
                to: Vec::new(),
                text: "News".into(),
            },
            skip(),
        ]),
        Need::Enter(_) => pick(vec![Input::Enter { step: step.clone() }, skip()]),
        Need::Judge(_) => pick(vec![
            judge(Judgement::Continue),
            judge(Judgement::Stop),
            retry(),
            Input::Rollback { step: Some(step.clone()), reason: "bad".into() },
            // What other steps hang on is not done by a word.
            if need.place().is_some_and(|place| leads(&state.plan.steps[place].step.kind)) { skip() } else { done() },
            skip(),
        ]),
        Need::StartRollback(_) => pick(vec![Input::Rollback { step: Some(step.clone()), reason: "bad".into() }]),
        Need::Undo { interrupted: false, .. } => pick(vec![undo(false)]),
        Need::Undo { .. } => pick(vec![
            Input::FinishUndo { step: step.clone(), attempt: attempt(true) },
            Input::FinishUndo { step: step.clone(), attempt: attempt(false) },
            undo(true),
        ]),
        Need::Finish(outcome) => pick(vec![Input::End { outcome: *outcome }]),
    }
}

fn ids_where(which: impl Fn(&StepKind) -> bool) -> Vec<String> {
    let steps = PLANS.same[0].steps.iter().filter(|planned| which(&planned.step.kind));
    steps.map(|planned| planned.id.clone()).collect()
}

/// Whether other steps hang on a step.
fn leads(kind: &StepKind) -> bool {
    matches!(kind, StepKind::Choose(_) | StepKind::Use(_))
}

/// What somebody may say out of turn, about any step.
fn out_of_turn() -> impl Strategy<Value = Input> {
    let ids = ids_where(|_| true);
    let leaf = || proptest::sample::select(ids_where(|kind| !leads(kind)));
    let id = || proptest::sample::select([ids.clone(), vec!["nowhere".to_owned()]].concat());
    let word = || proptest::sample::select(vec!["", "left", "back", "x"]).prop_map(str::to_owned);
    prop_oneof![
        leaf().prop_map(|step| Input::Done { step, reason: None }),
        leaf().prop_map(|step| Input::Fail { step, reason: None }),
        (id(), word()).prop_map(|(step, reason)| Input::Skip { step, reason }),
        id().prop_map(|step| Input::Retry { step, reason: "again".into() }),
        (id(), 0..3_usize, any::<bool>()).prop_map(|(step, task, done)| Input::Tick { step, task, done }),
        (proptest::option::of(id()), word()).prop_map(|(step, text)| Input::Note { step, text }),
        (id(), word()).prop_map(|(step, option)| Input::Choose { step, option }),
        id().prop_map(|step| Input::Approve { step, actor: Actor("bob".into()), comment: None }),
        id().prop_map(|step| Input::Judge { step, judgement: Judgement::Continue }),
        (proptest::option::of(id())).prop_map(|step| Input::Rollback { step, reason: "bad".into() }),
        (word(), word()).prop_map(|(name, value)| Input::Set { scope: "in".into(), name, value, secret: false }),
        Just(Input::Pause { reason: "tea".into() }),
        Just(Input::Resume { walker: walker() }),
        (id(), any::<bool>()).prop_map(|(step, good)| Input::Shell {
            step: Some(step),
            command: "ls".into(),
            attempt: attempt(good)
        }),
    ]
}

/// What only a program with a mistake in it would say.
fn nonsense() -> impl Strategy<Value = Input> {
    let ids = ids_where(|_| true);
    let id = || proptest::sample::select(ids.clone());
    prop_oneof![
        out_of_turn(),
        (id(), any::<bool>()).prop_map(|(step, good)| Input::Finish { step, attempt: attempt(good) }),
        id().prop_map(|step| Input::Interrupt { step, attempt: attempt(false) }),
        (id(), any::<bool>()).prop_map(|(step, passed)| Input::Verified { step, passed, reason: None, output: None }),
        (id(), any::<bool>()).prop_map(|(step, again)| Input::Start { step, command: None, walker: walker(), again }),
        id().prop_map(|step| Input::AskApproval { step }),
        id().prop_map(|step| Input::Done { step, reason: None }),
        id().prop_map(|step| Input::Fail { step, reason: None }),
        id().prop_map(|step| Input::BeginWait { step, until: DateTime::UNIX_EPOCH }),
        id().prop_map(|step| Input::Enter { step }),
        (id(), any::<bool>()).prop_map(|(step, again)| Input::StartUndo {
            step,
            command: "x".into(),
            walker: walker(),
            again
        }),
        (id(), any::<bool>()).prop_map(|(step, good)| Input::FinishUndo { step, attempt: attempt(good) }),
        Just(Input::End { outcome: Outcome::Succeeded }),
        Just(Input::Abort { reason: "no".into() }),
    ]
}

#[derive(Debug, Clone)]
enum Move {
    Reply(Index),
    Say(Input),
}

fn moves(other: impl Strategy<Value = Input>) -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![4 => any::<Index>().prop_map(Move::Reply), 1 => other.prop_map(Move::Say)];
    proptest::collection::vec(one, 0..80)
}

fn play(plan: &Arc<Plan>, moves: Vec<Move>) -> Run {
    let mut run = Run::begin(plan);
    for one in moves {
        let input = match one {
            Move::Reply(choice) => reply(&run, &run.need(), choice),
            Move::Say(input) => Some(input),
        };
        input.and_then(|input| run.give(input));
    }
    run
}

proptest! {
    #[test]
    fn folding_what_is_stored_gives_the_state_of_the_walk(kind in 0..2_usize, moves in moves(nonsense())) {
        let run = play(&PLANS.same[kind], moves);
        prop_assert_eq!(format!("{:?}", run.folded()), format!("{:?}", run.state));
        let summary = run.summed_up();
        prop_assert_eq!((summary.status, summary.outcome), (run.state.status, run.state.outcome));
        prop_assert_eq!((summary.finished_at, summary.last_at), (run.state.finished_at, run.state.last_at));
    }

    #[test]
    fn what_a_walk_needs_can_always_be_given(kind in 0..2_usize, moves in moves(out_of_turn()), choice in any::<Index>()) {
        let mut run = play(&PLANS.same[kind], moves);
        let need = run.need();
        match reply(&run, &need, choice) {
            None => prop_assert!(run.state.is_over(), "{need:?}"),
            Some(input) => {
                let shown = format!("{input:?}");
                let came = run.give(input);
                prop_assert!(came.is_some_and(|events| events > 0), "{need:?} was answered with {shown}: {came:?}");
            }
        }
    }

    #[test]
    fn nothing_that_is_said_leads_nowhere(
        moves in moves(out_of_turn()),
        step in proptest::sample::select(ids_where(leads)),
        good in any::<bool>(),
        choice in any::<Index>(),
    ) {
        let mut run = play(&PLANS.same[0], moves);
        run.give(if good { Input::Done { step, reason: None } } else { Input::Fail { step, reason: None } });
        let need = run.need();
        if let Some(input) = reply(&run, &need, choice) {
            prop_assert!(run.give(input).is_some(), "{need:?} cannot be answered");
        }
    }

    #[test]
    fn a_finished_run_never_changes(moves in moves(out_of_turn()), abort in any::<bool>(), more in proptest::collection::vec(nonsense(), 1..30)) {
        let mut run = play(&PLANS.same[0], moves);
        let outcome = opsctl::engine::need::outcome(&run.state);
        run.give(if abort { Input::Abort { reason: "no".into() } } else { Input::End { outcome } });
        prop_assert!(run.state.is_over());
        let what_counts = |state: &State| {
            let steps: Vec<_> = state.steps.iter().map(|step| (step.status, step.attempts, step.tasks.clone())).collect();
            format!("{:?}", (state.status, state.outcome, state.finished_at, &state.values, steps))
        };
        let before = what_counts(&run.state);
        for input in more {
            let is_note = matches!(input, Input::Note { .. });
            prop_assert!(run.give(input).is_none() || is_note);
            prop_assert_eq!(run.need(), Need::Over);
        }
        prop_assert_eq!(what_counts(&run.state), before);
    }

    #[test]
    fn a_run_that_succeeded_has_no_failed_step_that_counts(kind in 0..2_usize, moves in moves(out_of_turn())) {
        let run = play(&PLANS.same[kind], moves);
        if run.state.outcome == Some(Outcome::Succeeded) {
            for (planned, step) in run.state.plan.steps.iter().zip(&run.state.steps) {
                prop_assert!(step.status != StepStatus::Failed || planned.step.optional, "{} failed", planned.id);
            }
        }
    }

    #[test]
    fn a_changed_definition_can_be_adopted_at_any_point(moves in moves(out_of_turn()), choice in any::<Index>()) {
        let mut run = play(&PLANS.same[0], moves);
        if run.give(Input::Adopt { pins: Vec::new(), git: None }).is_none() {
            return Ok(());
        }
        adopt(&mut run.state, Arc::clone(&PLANS.changed));
        let need = run.need();
        if let Some(input) = reply(&run, &need, choice) {
            prop_assert!(run.give(input).is_some(), "{need:?} cannot be answered");
        }
    }
}
