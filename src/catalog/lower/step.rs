//! A step: its kind from the one key that says so, its defaults, its id.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::workspace::is_name;
use crate::catalog::model::{
    Approval, Capture, CaptureSource, ChoiceOption, Command, CommandSpec, Expect, Link, OnFailure, Probing, Procedure,
    Retry, Risk, Rollback, Send, Step, StepKind, Use, Verify, VerifyCheck, Wait,
};
use crate::catalog::problem::{Problem, Trail};
use crate::catalog::raw::{
    OneOrMany, RawApprove, RawCapture, RawCaptureSource, RawCommand, RawExpect, RawFullStep, RawLink, RawOption,
    RawProbes, RawRetry, RawRollback, RawSend, RawStep, RawUse, RawVerify, RawWait,
};
use crate::catalog::walk::each_step;
use crate::ground::{Span, slug};

const RETRY_DELAY: Span = Span::seconds(1);
const LOOK_EVERY: Span = Span::seconds(5);
const WAIT_WITHIN: Span = Span::seconds(300);

/// Makes the steps of one list.
pub(super) fn steps(raw: Vec<RawStep>, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Vec<Step> {
    raw.into_iter().enumerate().map(|(index, step)| one(step, &at.index(index), problems)).collect()
}

fn one(raw: RawStep, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Step {
    let raw = match raw {
        RawStep::Title(title) => RawFullStep { title: Some(title), ..RawFullStep::default() },
        RawStep::Full(full) => *full,
    };
    let kind = kind_of(&raw, at, problems);
    misplaced_keys(kind, &raw, at, problems);
    let title = title(raw.title, at, problems);
    let id = id(raw.id, &title, at, problems);
    let shared = Shared { env: raw.env, dir: raw.dir };
    let verify = raw.verify.and_then(|verify| verify_of(verify, &shared, at, problems));
    let rollback = raw.rollback.map(|rollback| rollback_of(rollback, &shared));
    let kind = match kind {
        "run" => raw.run.map(|run| StepKind::Run(Box::new(shared.command(run, raw.timeout, raw.expect)))),
        "probe" => raw.probe.map(|probes| StepKind::Probe(probing(probes))),
        "choose" => raw.choose.map(|options| StepKind::Choose(choose(options, &at.key("choose"), problems))),
        "approve" => raw.approve.map(|approve| StepKind::Approve(approval(approve, &at.key("approve"), problems))),
        "wait" => raw.wait.map(|wait| StepKind::Wait(wait_of(wait))),
        "send" => raw.send.map(|send| StepKind::Send(send_of(send))),
        "use" => raw.use_.map(|used| StepKind::Use(use_of(used))),
        "incident" => raw.incident.map(StepKind::Incident),
        _ => None,
    }
    .unwrap_or(StepKind::Manual);
    let default_risk = match kind {
        StepKind::Run(_) | StepKind::Send(_) => Risk::Mutating,
        _ => Risk::ReadOnly,
    };
    Step {
        id,
        title,
        instructions: raw.instructions,
        tasks: raw.tasks,
        links: raw.links.into_iter().map(link).collect(),
        when: raw.when,
        optional: raw.optional,
        risk: raw.risk.unwrap_or(default_risk),
        retry: raw.retry.map(|retry| retry_of(retry, &at.key("retry"), problems)).unwrap_or_default(),
        captures: raw.capture.map(OneOrMany::into_vec).unwrap_or_default().into_iter().map(capture).collect(),
        verify,
        rollback,
        on_failure: raw.on_failure.unwrap_or(OnFailure::Ask),
        idempotent: raw.idempotent,
        kind,
    }
}

fn kind_of(raw: &RawFullStep, at: &Trail<'_>, problems: &mut Vec<Problem>) -> &'static str {
    let written = [
        ("run", raw.run.is_some()),
        ("probe", raw.probe.is_some()),
        ("choose", raw.choose.is_some()),
        ("approve", raw.approve.is_some()),
        ("wait", raw.wait.is_some()),
        ("send", raw.send.is_some()),
        ("use", raw.use_.is_some()),
        ("incident", raw.incident.is_some()),
    ];
    let mut kinds = written.iter().filter(|(_, written)| *written).map(|(key, _)| *key);
    let Some(first) = kinds.next() else { return "manual" };
    for other in kinds {
        let message = format!("a step is one thing, and this one has both `{first}` and `{other}`");
        problems.push(Problem::error("two-kinds", &at.key(other), message).on_key().suggest("split it into two steps"));
    }
    first
}

fn misplaced_keys(kind: &str, raw: &RawFullStep, at: &Trail<'_>, problems: &mut Vec<Problem>) {
    let runs = kind == "run";
    let commands = runs || raw.rollback.is_some() || raw.verify.as_ref().is_some_and(|verify| verify.run.is_some());
    let acts = !matches!(kind, "probe" | "choose" | "approve" | "wait" | "use");
    let keys = [
        ("timeout", raw.timeout.is_some() && !runs, "a `run` step"),
        ("expect", raw.expect.is_some() && !runs, "a `run` step"),
        ("capture", raw.capture.is_some() && !runs, "a `run` step"),
        ("env", !raw.env.is_empty() && !commands, "a step with a command"),
        ("dir", raw.dir.is_some() && !commands, "a step with a command"),
        ("retry", raw.retry.is_some() && !matches!(kind, "run" | "probe"), "a `run` or `probe` step"),
        ("verify", raw.verify.is_some() && !acts, "a step that changes something"),
        ("rollback", raw.rollback.is_some() && !acts, "a step that changes something"),
    ];
    let what = if kind == "manual" { "a step that the operator does".to_owned() } else { format!("a `{kind}` step") };
    for (key, _, owner) in keys.iter().filter(|(_, misplaced, _)| *misplaced) {
        let message = format!("`{key}` fits {owner}, and this is {what}");
        problems.push(Problem::error("misplaced-key", &at.key(key), message).on_key().suggest("remove it"));
    }
}

fn title(title: Option<String>, at: &Trail<'_>, problems: &mut Vec<Problem>) -> String {
    let title = title.unwrap_or_default();
    if title.trim().is_empty() {
        problems.push(
            Problem::error("no-title", &at.key("title"), "this step has no title")
                .suggest("add `title:` with what is done, in a few words"),
        );
    }
    title
}

fn id(id: Option<String>, title: &str, at: &Trail<'_>, problems: &mut Vec<Problem>) -> String {
    let Some(id) = id else {
        let slug = slug(title);
        if slug.is_empty() && !title.trim().is_empty() {
            let problem = Problem::error("invalid-id", &at.key("title"), "no id can be made of this title");
            problems.push(problem.suggest("add an `id:` of letters, digits and `-`"));
        }
        return slug;
    };
    if !is_name(&id) {
        let message = format!("`{id}` cannot be an id; letters, digits, `-` and `_` can");
        let better = slug(&id);
        let problem = Problem::error("invalid-id", &at.key("id"), message);
        problems.push(problem.suggest_name(Some(better.as_str()).filter(|better| !better.is_empty())));
    }
    id
}

/// What the step's own command, its `verify` and its `rollback` have in common.
struct Shared {
    env: IndexMap<String, String>,
    dir: Option<String>,
}

impl Shared {
    fn command(&self, run: RawCommand, timeout: Option<Span>, expect: Option<RawExpect>) -> CommandSpec {
        CommandSpec {
            command: command(run),
            env: self.env.clone(),
            dir: self.dir.clone(),
            timeout,
            expect: expect.map(expect_of).unwrap_or_default(),
        }
    }
}

pub(super) fn command(raw: RawCommand) -> Command {
    match raw {
        RawCommand::Shell(script) => Command::Shell(script),
        RawCommand::Argv(argv) => Command::Argv(argv),
    }
}

fn expect_of(raw: RawExpect) -> Expect {
    Expect {
        exit_codes: raw.exit_code.map_or_else(|| Expect::default().exit_codes, OneOrMany::into_vec),
        output: raw.output,
    }
}

fn verify_of(raw: RawVerify, shared: &Shared, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Option<Verify> {
    let here = at.key("verify");
    let check = match (raw.run, raw.probe) {
        (Some(run), None) => VerifyCheck::Run(Box::new(shared.command(run, raw.timeout, raw.expect))),
        (None, Some(probes)) => {
            for (key, written) in [("expect", raw.expect.is_some()), ("timeout", raw.timeout.is_some())] {
                if written {
                    let message = format!("`{key}` fits a command, and this looks at probes");
                    problems
                        .push(Problem::error("misplaced-key", &here.key(key), message).on_key().suggest("remove it"));
                }
            }
            VerifyCheck::Probe(probes.into_vec())
        }
        (None, None) => {
            let problem =
                Problem::error("no-check", &here, "`verify` needs something that proves that the step worked");
            problems.push(problem.on_key().suggest("give it `run:` or `probe:`"));
            return None;
        }
        (Some(_), Some(_)) => {
            let problem = Problem::error("two-kinds", &here.key("probe"), "`verify` has both `run` and `probe`");
            problems.push(problem.on_key().suggest("keep one of them"));
            return None;
        }
    };
    Some(Verify { check, within: raw.within.unwrap_or_default(), every: raw.every.unwrap_or(LOOK_EVERY) })
}

fn probing(raw: RawProbes) -> Probing {
    let (probes, within, every) = match raw {
        RawProbes::One(one) => (vec![one], None, None),
        RawProbes::Many(many) => (many, None, None),
        RawProbes::Within(full) => (full.probes.into_vec(), Some(full.within), full.every),
    };
    Probing { probes, within: within.unwrap_or_default(), every: every.unwrap_or(LOOK_EVERY) }
}

fn rollback_of(raw: RawRollback, shared: &Shared) -> Rollback {
    let (run, title, timeout) = match raw {
        RawRollback::Shell(script) => (RawCommand::Shell(script), None, None),
        RawRollback::Argv(argv) => (RawCommand::Argv(argv), None, None),
        RawRollback::Full(full) => (full.run, full.title, full.timeout),
    };
    Rollback { title, command: shared.command(run, timeout, None) }
}

fn choose(raw: Vec<RawOption>, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Vec<ChoiceOption> {
    if raw.is_empty() {
        problems.push(Problem::error("no-options", at, "there is nothing to choose from").on_key());
    }
    let mut options = Vec::<ChoiceOption>::with_capacity(raw.len());
    for (index, raw) in raw.into_iter().enumerate() {
        let here = at.index(index);
        let option = option(raw, &here, problems);
        if options.iter().any(|other| other.id == option.id) {
            let message = format!("there are two options with the id `{}`", option.id);
            problems
                .push(Problem::error("duplicate-id", &here, message).suggest("give one of them an `id:` of its own"));
        }
        options.push(option);
    }
    options
}

fn option(raw: RawOption, at: &Trail<'_>, problems: &mut Vec<Problem>) -> ChoiceOption {
    match raw {
        RawOption::Title(title) => {
            ChoiceOption { id: id(None, &title, at, problems), title, steps: Vec::new(), goto: None }
        }
        RawOption::Full(raw) => {
            super::required_text("title", &raw.title, at, problems);
            if raw.goto.is_some() && raw.steps.as_ref().is_some_and(|steps| !steps.is_empty()) {
                let message = "an option leads to its `steps` or jumps with `goto`, not both";
                let problem = Problem::error("steps-and-goto", &at.key("goto"), message).on_key();
                problems.push(problem.suggest("end the steps where the jump would go, or jump only"));
            }
            ChoiceOption {
                id: id(raw.id, &raw.title, at, problems),
                steps: steps(raw.steps.unwrap_or_default(), &at.key("steps"), problems),
                title: raw.title,
                goto: raw.goto,
            }
        }
    }
}

fn approval(raw: RawApprove, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Approval {
    match raw {
        RawApprove::Anyone(true) => Approval::default(),
        RawApprove::Anyone(false) => {
            let message = "`approve: false` asks for nothing";
            problems.push(
                Problem::error("no-approval", at, message)
                    .suggest("write `true`, or remove the line and it is a step for the operator"),
            );
            Approval::default()
        }
        RawApprove::Prompt(prompt) => Approval { prompt: Some(prompt), from: Vec::new() },
        RawApprove::Full(full) => Approval { prompt: full.prompt, from: full.from },
    }
}

fn wait_of(raw: RawWait) -> Wait {
    match raw {
        RawWait::For(span) => Wait::For(span),
        RawWait::Until(until) => Wait::Until {
            probes: until.until.into_vec(),
            within: until.within.unwrap_or(WAIT_WITHIN),
            every: until.every.unwrap_or(LOOK_EVERY),
        },
    }
}

fn send_of(raw: RawSend) -> Send {
    match raw {
        RawSend::Template(template) => Send { template, variant: None, set: IndexMap::new(), to: Vec::new() },
        RawSend::Full(full) => Send { template: full.template, variant: full.variant, set: full.set, to: full.to },
    }
}

fn use_of(raw: RawUse) -> Use {
    match raw {
        RawUse::Id(procedure) => Use { procedure, with: IndexMap::new() },
        RawUse::Full(full) => Use { procedure: full.procedure, with: full.with },
    }
}

pub(super) fn retry_of(raw: RawRetry, at: &Trail<'_>, problems: &mut Vec<Problem>) -> Retry {
    let (attempts, delay, backoff) = match raw {
        RawRetry::Attempts(attempts) => (attempts, None, None),
        RawRetry::Full(full) => (full.attempts, full.delay, full.backoff),
    };
    if attempts == 0 {
        problems.push(
            Problem::error("no-attempts", &at.key("attempts"), "with 0 attempts the step would never be tried")
                .suggest("attempts count the first try: write 1 or more"),
        );
    }
    let backoff = backoff.unwrap_or(1.0);
    if !(1.0..=100.0).contains(&backoff) {
        let message = "`backoff` is what the delay is multiplied with: 1 to 100";
        problems.push(Problem::error("invalid-backoff", &at.key("backoff"), message));
    }
    Retry { attempts: attempts.max(1), delay: delay.unwrap_or(RETRY_DELAY), backoff }
}

fn link(raw: RawLink) -> Link {
    match raw {
        RawLink::Url(url) => Link { title: None, url },
        RawLink::Titled(link) => Link { title: Some(link.title), url: link.url },
    }
}

fn capture(raw: RawCapture) -> Capture {
    let from = match raw.from {
        None | Some(RawCaptureSource::Stdout) => CaptureSource::Stdout,
        Some(RawCaptureSource::Stderr) => CaptureSource::Stderr,
        Some(RawCaptureSource::Output) => CaptureSource::Output,
    };
    Capture { name: raw.name, from, pattern: raw.pattern, pointer: raw.pointer }
}

/// Every step of a procedure needs an id of its own, because runs know their steps by it.
pub(super) fn unique_ids(procedure: &Procedure, problems: &mut Vec<Problem>) {
    let mut first = HashMap::new();
    each_step(procedure, &mut |step, at| {
        if step.id.is_empty() {
            return;
        }
        if let Some(title) = first.insert(step.id.clone(), step.title.clone()) {
            let message = format!("there is another step with the id `{}` above: {title}", step.id);
            let problem = Problem::error("duplicate-id", &at.key("id"), message);
            problems.push(problem.suggest("give this step an `id:` of its own"));
        }
    });
}
