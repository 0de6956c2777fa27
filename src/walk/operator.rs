//! Asking the operator: what was said in advance, else the keys at the prompt, else nobody.

use crate::catalog::model::{Parameter, StepKind};
use crate::engine::Input;
use crate::engine::context::context;
use crate::engine::decide::check_value;
use crate::error::{Error, Result, nearest};
use crate::ground::elapsed;
use crate::template;
use crate::terminal::{AskError, Question};
use crate::view;
use crate::view::wrap::columns;
use crate::walk::answers::Action;
use crate::walk::{Flow, Left, Walk};

/// What the operator wants done with a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Say {
    Go,
    Rerun,
    Verify,
    Done,
    Fail(Option<String>),
    Skip(String),
    Tick(usize),
    Choose(String),
    Retry,
    Continue,
    Stop,
    Rollback,
}

/// What came of asking.
pub(super) enum Heard {
    Say(Say),
    /// Something else was done; look at the run again.
    Again,
    Left(Left),
}

/// A key at the prompt: its letter, its word, and what it does.
type Key = (&'static str, &'static str, &'static str);

const RUN: Key = ("r", "run", "run it");
const DONE: Key = ("d", "done", "it is done");
const BY_HAND: Key = ("d", "done", "it is done, by hand or otherwise");
const SKIP: Key = ("s", "skip", "leave it out; asks for the reason");
const FAIL: Key = ("f", "fail", "it failed; asks what was seen");
const NOTE: Key = ("n", "note", "write something down");
const BACK: Key = ("b", "back", "look back at what was done so far");
const QUIT: Key = ("q", "quit", "leave; everything is saved and can be resumed");
const LOOK: Key = ("l", "look", "look again whether something has changed");

/// The keys at a manual step.
pub(super) const MANUAL: &[Key] = &[DONE, SKIP, FAIL, NOTE, BACK, QUIT];
/// The keys where probes are not configured, so that the operator looks.
pub(super) const LOOK_BY_HAND: &[Key] = &[("d", "done", "you looked, and it is good"), SKIP, FAIL, NOTE, BACK, QUIT];
/// The keys at a step with an effect.
pub(super) const EFFECT: &[Key] = &[RUN, BY_HAND, SKIP, FAIL, NOTE, BACK, QUIT];
/// The keys at a decision.
pub(super) const DECIDE: &[Key] = &[("1…", "number", "take that option"), SKIP, NOTE, BACK, QUIT];
/// The keys at an approval.
pub(super) const APPROVE: &[Key] =
    &[("a", "approve", "consent, as someone other than the starter"), LOOK, SKIP, FAIL, NOTE, BACK, QUIT];
/// The keys where a condition cannot be evaluated.
pub(super) const STUCK: &[Key] = &[BY_HAND, SKIP, FAIL, NOTE, BACK, QUIT];
const TRY: Key = ("t", "try", "try it again");
const CONTINUE: Key = ("c", "continue", "go on; the run counts as failed");
const STOP: Key = ("x", "stop", "end the run as failed");
const UNDO: Key = ("u", "undo", "undo what was done, in reverse order, and end the run as failed");

/// The keys after a failure, with nothing that could be undone.
pub(super) const JUDGE: &[Key] = &[TRY, CONTINUE, STOP, BY_HAND, SKIP, NOTE, BACK, QUIT];
/// The keys after a failure, with something that could be undone.
pub(super) const JUDGE_OR_UNDO: &[Key] = &[TRY, CONTINUE, STOP, UNDO, BY_HAND, SKIP, NOTE, BACK, QUIT];
/// The keys at a step that was begun and whose end nobody knows.
pub(super) const RECOVER: &[Key] = &[
    ("v", "verify", "make the step's own check and go by it"),
    ("a", "again", "run it again"),
    BY_HAND,
    SKIP,
    FAIL,
    NOTE,
    BACK,
    QUIT,
];
/// The keys where undoing was begun and nobody knows how that ended.
pub(super) const UNDO_AGAIN: &[Key] = &[("a", "again", "undo it again"), BY_HAND, SKIP, NOTE, BACK, QUIT];
/// The keys while a wait is not over.
pub(super) const WAIT: &[Key] =
    &[("w", "wait", "wait here"), ("d", "done", "do not wait any longer"), SKIP, NOTE, BACK, QUIT];

impl Walk<'_> {
    /// What is to be done at a step.
    pub(super) async fn hear(&mut self, place: usize, keys: &'static [Key]) -> Result<Heard> {
        if let Some(heard) = self.answered(place)? {
            return Ok(heard);
        }
        if !self.terminal.can_ask() {
            let planned = &self.state.plan.steps[place];
            return Ok(Heard::Left(Left::NeedsInput(format!("step {} ({})", planned.id, planned.step.title))));
        }
        self.prompt(place, keys).await
    }

    pub(super) fn answered(&mut self, place: usize) -> Result<Option<Heard>> {
        let step = self.id(place);
        let Some(answer) = self.answers.take(&step) else { return Ok(None) };
        if let Some(text) = &answer.note {
            let text = self.redactor.text(text);
            self.record(Input::Note { step: Some(step), text })?;
        }
        let say = match answer.action {
            Some(Action::Run) => Say::Go,
            Some(Action::Rerun) => Say::Rerun,
            Some(Action::Verify) => Say::Verify,
            Some(Action::Done) => Say::Done,
            Some(Action::Fail) => Say::Fail(answer.note.map(|note| self.redactor.text(&note))),
            Some(Action::Skip(reason)) => Say::Skip(self.redactor.text(&reason)),
            Some(Action::Choose(option)) => Say::Choose(option),
            // A note says all there is to say about a step that is done by hand.
            None if matches!(self.state.plan.steps[place].step.kind, StepKind::Manual) => Say::Done,
            None => return Ok(None),
        };
        Ok(Some(Heard::Say(say)))
    }

    async fn prompt(&mut self, place: usize, keys: &'static [Key]) -> Result<Heard> {
        let mut back = place;
        loop {
            self.show_clocks();
            let line = match self.terminal.ask(&Question::new(self.prompt_text(place, keys)).optional()) {
                Ok(line) => line,
                Err(AskError::Interrupted) => return Ok(Heard::Left(Left::Interrupted)),
                Err(AskError::NobodyToAsk) => return Ok(Heard::Left(Left::NeedsInput(self.id(place)))),
            };
            let line = line.trim();
            if let Some(command) = line.strip_prefix('!') {
                return self.shell_out(Some(place), command.trim()).await;
            }
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let rest = rest.trim();
            if let Ok(number) = word.parse::<usize>() {
                if number == 0 {
                    self.terminal.tell("The numbers begin at 1.");
                    continue;
                }
                return Ok(Heard::Say(Say::Tick(number - 1)));
            }
            let Some(key) = find_key(word, keys) else {
                self.unknown_word(word, keys, place);
                continue;
            };
            match key.1 {
                "quit" => return Ok(Heard::Left(Left::Quit)),
                "look" => return Ok(Heard::Again),
                "back" => back = self.look_back(back),
                "note" => return self.take_note(Some(place), rest),
                "skip" => match self.text_for(rest, "Why is it left out?") {
                    Ok(Some(reason)) => return Ok(Heard::Say(Say::Skip(reason))),
                    Ok(None) => self.terminal.tell("Not skipped: a reason is needed."),
                    Err(_) => return Ok(Heard::Left(Left::Interrupted)),
                },
                "fail" => match self.text_for(rest, "What was seen?") {
                    Ok(seen) => return Ok(Heard::Say(Say::Fail(seen))),
                    Err(_) => return Ok(Heard::Left(Left::Interrupted)),
                },
                "run" | "wait" | "approve" => return Ok(Heard::Say(Say::Go)),
                "done" => return Ok(Heard::Say(Say::Done)),
                "try" => return Ok(Heard::Say(Say::Retry)),
                "continue" => return Ok(Heard::Say(Say::Continue)),
                "stop" => return Ok(Heard::Say(Say::Stop)),
                "undo" => return Ok(Heard::Say(Say::Rollback)),
                "verify" => return Ok(Heard::Say(Say::Verify)),
                "again" => return Ok(Heard::Say(Say::Rerun)),
                _ => self.unknown_word(word, keys, place),
            }
        }
    }

    /// Says what of the run's incident is about to be due, or is overdue.
    pub(super) fn show_clocks(&mut self) {
        let Some(id) = self.state.header.incident.clone() else { return };
        // Who is asked something is not to be kept from it by a clock.
        let Ok(incident) = self.ledger.incident(&id) else { return };
        let severity = self.ledger.catalog.settings.severities.get(&incident.severity);
        let look = self.terminal.look_err();
        if let Some(line) = view::incident::banner(look, &incident, severity, self.ledger.now()) {
            self.terminal.say(&line);
        }
    }

    // Progress is in every prompt: which step of how many, and for how long.
    fn prompt_text(&self, place: usize, keys: &[Key]) -> String {
        let (number, total) = self.state.position(place);
        let since = elapsed(self.state.started_at, self.ledger.now());
        // A mark of the prompt's own stands before the first line.
        let room = self.terminal.look_err().width.saturating_sub(4);
        format!("{}\n[{number}/{total} · {since}]", key_line(keys, room))
    }

    fn unknown_word(&mut self, word: &str, keys: &[Key], place: usize) {
        if matches!(word, "?" | "h" | "help") {
            self.show_card(place);
            let lines: Vec<String> =
                keys.iter().map(|(letter, word, what)| format!("  {letter:<3} {word:<10} {what}")).collect();
            self.terminal.say(&lines.join("\n"));
            self.terminal.tell("  1…  number     tick or untick that task\n  !   !command   run a command of your own; it is recorded, and cannot read the keyboard\n  ?   help       this");
        } else if !word.is_empty() {
            let near = nearest(word, keys.iter().map(|key| key.1));
            let hint =
                near.map_or_else(|| "? shows what can be said".to_owned(), |near| format!("did you mean {near}?"));
            self.terminal.tell(&format!("`{word}` is no key here; {hint}"));
        }
    }

    // Each further `back` shows the step before the one shown last.
    fn look_back(&mut self, from: usize) -> usize {
        let shown = (0..from)
            .rev()
            .find(|&place| self.state.steps[place].started_at.is_some() || self.state.steps[place].status.is_settled());
        let Some(place) = shown else {
            self.terminal.tell("There is nothing before this.");
            return from;
        };
        let look = self.terminal.look_err();
        let output = self.state.steps[place].output.clone();
        let output = output.and_then(|output| self.ledger.output_text(&output).ok());
        let text = view::step::past(look, &self.state, place, output.as_deref());
        self.terminal.say(&text);
        place
    }

    pub(super) fn take_note(&mut self, place: Option<usize>, said: &str) -> Result<Heard> {
        match self.text_for(said, "Note:") {
            Ok(Some(text)) => {
                let step = place.map(|place| self.id(place));
                self.try_record(Input::Note { step, text })?;
                self.terminal.tell("Noted.");
                Ok(Heard::Again)
            }
            Ok(None) => Ok(Heard::Again),
            Err(_) => Ok(Heard::Left(Left::Interrupted)),
        }
    }

    /// What was said with the key, or the answer to a question; none when nothing was said.
    pub(super) fn text_for(&mut self, said: &str, question: &str) -> Result<Option<String>, AskError> {
        let text =
            if said.is_empty() { self.terminal.ask(&Question::new(question).optional())? } else { said.to_owned() };
        let text = self.redactor.text(crate::ground::plain_line(&text).trim());
        Ok((!text.is_empty()).then_some(text))
    }

    /// A parameter: said in advance, asked for, or its default.
    pub(super) fn parameter(&mut self, scope: &str, name: &str) -> Result<Flow> {
        let parameter = self.state.plan.parameters(scope).iter().find(|parameter| parameter.name == name).cloned();
        let Some(parameter) = parameter else { return Err(Error::definition(format!("there is no parameter {name}"))) };
        let said = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
        if let Some(value) = self.answers.parameters.remove(&said) {
            return self.give(scope, &parameter, value);
        }
        // A secret that was passed on is in no event; what it was passed on from still gives it.
        if let Some(value) = self.passed_on(scope, name) {
            return self.give(scope, &parameter, value);
        }
        let default = self.default_of(scope, &parameter);
        if let Some(value) = default.as_ref().filter(|value| self.redactor.contains_secret(value)) {
            return self.give(scope, &parameter, value.clone());
        }
        if !self.terminal.can_ask() {
            return match default {
                Some(value) => self.give(scope, &parameter, value),
                None if !parameter.is_required() => self.give(scope, &parameter, String::new()),
                None => Ok(Flow::Leave(Left::NeedsInput(self.missing(scope)))),
            };
        }
        match self.ask_parameter(&parameter, default.as_deref()) {
            Ok(value) => self.give(scope, &parameter, value),
            Err(AskError::Interrupted) => Ok(Flow::Leave(Left::Interrupted)),
            Err(AskError::NobodyToAsk) => Ok(Flow::Leave(Left::NeedsInput(self.missing(scope)))),
        }
    }

    fn passed_on(&self, scope: &str, name: &str) -> Option<String> {
        let (planned, _) = self.state.step(scope)?;
        let StepKind::Use(used) = &planned.step.kind else { return None };
        template::render(used.with.get(name)?, &context(&self.state, &self.facts, &planned.scope)).ok()
    }

    fn default_of(&self, scope: &str, parameter: &Parameter) -> Option<String> {
        let default = parameter.default.as_ref()?;
        let value = template::render(default, &context(&self.state, &self.facts, scope)).ok()?;
        check_value(parameter, &value).ok().map(|()| value)
    }

    // All that is missing at once, so that nobody has to come back for each.
    fn missing(&self, scope: &str) -> String {
        let known = crate::engine::context::values(&self.state, &self.facts, scope);
        let missing: Vec<&str> = self
            .state
            .plan
            .parameters(scope)
            .iter()
            .filter(|parameter| !known.contains_key(&parameter.name) && parameter.is_required())
            .filter(|parameter| self.default_of(scope, parameter).is_none())
            .filter(|parameter| !scope.is_empty() || !self.answers.parameters.contains_key(&parameter.name))
            .map(|parameter| parameter.name.as_str())
            .collect();
        let prefix = if scope.is_empty() { String::new() } else { format!("{scope}.") };
        let named: Vec<String> = missing.iter().map(|name| format!("{prefix}{name}")).collect();
        format!("the parameters {}; say each with --set NAME=VALUE", named.join(", "))
    }

    fn ask_parameter(&mut self, parameter: &Parameter, default: Option<&str>) -> Result<String, AskError> {
        loop {
            let value = if parameter.secret {
                self.terminal.ask_secret(parameter.question())?
            } else if parameter.values.is_empty() {
                let mut question = Question::new(parameter.question());
                if let Some(default) = default {
                    question = question.default(default);
                }
                if !parameter.is_required() {
                    question = question.optional();
                }
                self.terminal.ask(&question)?
            } else {
                let at = default.and_then(|d| parameter.values.iter().position(|v| v == d)).unwrap_or(0);
                let picked = self.terminal.pick(parameter.question(), &parameter.values, at)?;
                parameter.values[picked].clone()
            };
            match check_value(parameter, &value) {
                Ok(()) => return Ok(value),
                Err(why) => self.terminal.tell(&why),
            }
        }
    }

    fn give(&mut self, scope: &str, parameter: &Parameter, value: String) -> Result<Flow> {
        self.give_value(scope, &parameter.name, value)
    }

    /// Gives a parameter its value. A value that holds a secret is kept in memory only.
    pub(super) fn give_value(&mut self, scope: &str, name: &str, value: String) -> Result<Flow> {
        let parameter = self.state.plan.parameters(scope).iter().find(|parameter| parameter.name == name);
        let secret = parameter.is_some_and(|parameter| parameter.secret) || self.redactor.contains_secret(&value);
        if secret {
            self.redactor.add(value.clone());
            self.facts.secrets.insert((scope.to_owned(), name.to_owned()), value.clone());
        }
        self.record(Input::Set { scope: scope.to_owned(), name: name.to_owned(), value, secret })
    }

    /// A destructive step is run only when its id has been typed.
    pub(super) fn is_meant(&mut self, place: usize) -> Result<bool, Left> {
        use crate::catalog::model::Risk;
        let planned = &self.state.plan.steps[place];
        if planned.step.risk != Risk::Destructive || !self.terminal.can_ask() {
            return Ok(true);
        }
        let id = planned.id.clone();
        let question = format!("This is destructive. Type its id ({id}) to run it:");
        match self.terminal.ask(&Question::new(question).optional()) {
            Ok(typed) if typed.trim() == id => Ok(true),
            Ok(_) => {
                self.terminal.tell("That is not its id; nothing was run.");
                Ok(false)
            }
            Err(_) => Err(Left::Interrupted),
        }
    }

    /// Runs a command of the operator's own, and records it whatever others do meanwhile.
    pub(super) async fn shell_out(&mut self, place: Option<usize>, command: &str) -> Result<Heard> {
        if command.is_empty() {
            self.terminal.tell("Write the command after the !, as in !df -h");
            return Ok(Heard::Again);
        }
        let attempt = self.run_shell(command).await?;
        let command = self.redactor.text(command);
        let step = place.map(|place| self.id(place));
        self.try_record(Input::Shell { step, command, attempt })?;
        Ok(Heard::Again)
    }
}

// The keys in a line or more; a key is never torn from its word.
fn key_line(keys: &[Key], room: usize) -> String {
    let named = keys.iter().map(|(letter, word, _)| format!("{letter} {word}"));
    let mut lines = vec![String::new()];
    for piece in named.chain(["!cmd".to_owned(), "? help".to_owned()]) {
        let line = lines.last().map_or(0, |line| columns(line));
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(&piece),
            Some(last) if line + 3 + columns(&piece) <= room => {
                last.push_str(" · ");
                last.push_str(&piece);
            }
            _ => lines.push(piece),
        }
    }
    lines.join("\n")
}

fn find_key(word: &str, keys: &'static [Key]) -> Option<&'static Key> {
    let word = word.to_lowercase();
    let same = |key: &&Key| key.0 == word || key.1 == word;
    // At a manual step `run` and `yes` mean that it is done.
    let is_manual = std::ptr::eq(keys, MANUAL);
    let done = || keys.iter().find(|key| is_manual && key.1 == "done" && matches!(&*word, "y" | "yes" | "r" | "run"));
    keys.iter().find(same).or_else(done)
}
