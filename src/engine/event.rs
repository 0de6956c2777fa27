//! The facts of a run, in the past tense. Their JSON is a promise: keys are added, never changed.

use serde::{Deserialize, Serialize};

use crate::catalog::model::ProcedureKind;
use crate::ground::{Actor, Time, time_format};

/// A fact with its time, actor and host.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its place in the run's stream, from 1.
    pub version: u64,
    /// When.
    pub at: Time,
    /// Who.
    pub actor: Actor,
    /// On which machine.
    pub host: String,
    /// What.
    pub event: Event,
}

/// One fact of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum Event {
    /// The run began; the definition is pinned.
    RunStarted(Box<RunStarted>),
    /// A parameter got its value; a secret one only the fact that it did.
    ParameterSet {
        /// The path of `use` steps it belongs to; empty for the run itself.
        #[serde(default)]
        scope: String,
        /// Its name.
        name: String,
        /// Its value; none for a secret.
        value: Option<String>,
    },
    /// An effect is about to happen.
    StepStarted {
        /// The step.
        step: String,
        /// Which attempt, from 1.
        attempt: u32,
        /// What is run, with secrets taken out.
        command: Option<String>,
        /// Who walks it.
        walker: Walker,
    },
    /// An effect has ended.
    StepFinished {
        /// The step.
        step: String,
        /// How it ended.
        #[serde(flatten)]
        attempt: Attempt,
    },
    /// An effect was stopped by the operator.
    StepInterrupted {
        /// The step.
        step: String,
        /// How far it came.
        #[serde(flatten)]
        attempt: Attempt,
    },
    /// The check behind a step was made.
    StepVerified {
        /// The step.
        step: String,
        /// Whether it passed.
        passed: bool,
        /// What was seen.
        reason: Option<String>,
        /// What the check printed.
        output: Option<Output>,
    },
    /// The operator says that a step is done.
    StepDone {
        /// The step.
        step: String,
        /// How, in the operator's words.
        reason: Option<String>,
        /// It had failed, and the operator overrules that: no check follows.
        #[serde(default)]
        overruled: bool,
    },
    /// The operator says that a step failed.
    StepFailed {
        /// The step.
        step: String,
        /// Why.
        reason: Option<String>,
    },
    /// A step is left out.
    StepSkipped {
        /// The step.
        step: String,
        /// Why.
        reason: String,
    },
    /// A step is to be done again.
    StepReopened {
        /// The step.
        step: String,
        /// Why.
        reason: String,
    },
    /// A task of a step was ticked or unticked.
    TaskTicked {
        /// The step.
        step: String,
        /// The task's place, from 0.
        task: usize,
        /// Ticked, or not any more.
        done: bool,
    },
    /// Somebody wrote something down.
    NoteAdded {
        /// The step it is about, if any.
        step: Option<String>,
        /// The text.
        text: String,
    },
    /// A decision was made.
    OptionChosen {
        /// The step.
        step: String,
        /// The option's id.
        option: String,
    },
    /// Another person's consent is asked for.
    ApprovalRequested {
        /// The step.
        step: String,
    },
    /// Another person consented.
    StepApproved {
        /// The step.
        step: String,
        /// What they said.
        comment: Option<String>,
    },
    /// A wait began.
    WaitStarted {
        /// The step.
        step: String,
        /// When it is over at the latest.
        #[serde(with = "time_format")]
        until: Time,
    },
    /// A used procedure was entered.
    ProcedureEntered {
        /// The step.
        step: String,
    },
    /// A message was rendered and shown.
    MessageRendered {
        /// The step.
        step: String,
        /// The template's id.
        template: String,
        /// Which variant; empty when there is only one.
        variant: String,
        /// Ids of the channels it is meant for.
        to: Vec<String>,
        /// The whole text.
        text: String,
    },
    /// The operator ran a command of their own.
    ShellRun {
        /// The step they were at, if any.
        step: Option<String>,
        /// What was run, with secrets taken out.
        command: String,
        /// How it ended.
        #[serde(flatten)]
        attempt: Attempt,
    },
    /// The operator decided what a failure means.
    FailureJudged {
        /// The step.
        step: String,
        /// What it means.
        judgement: Judgement,
    },
    /// What was done is going to be undone.
    RollbackStarted {
        /// The step that failed, if it was that.
        step: Option<String>,
        /// Why.
        reason: String,
    },
    /// Undoing a step is about to begin.
    StepRollbackStarted {
        /// The step.
        step: String,
        /// What is run, with secrets taken out.
        command: String,
        /// Who walks it.
        walker: Walker,
    },
    /// Undoing a step has ended.
    StepRollbackFinished {
        /// The step.
        step: String,
        /// How it ended.
        #[serde(flatten)]
        attempt: Attempt,
    },
    /// The walk was left; it can be resumed.
    RunPaused {
        /// Why.
        reason: String,
    },
    /// The walk goes on.
    RunResumed {
        /// Who walks it now.
        walker: Walker,
    },
    /// The run is over.
    RunFinished {
        /// How.
        outcome: Outcome,
    },
    /// The run was given up.
    RunAborted {
        /// Why.
        reason: String,
    },
    /// A changed definition was adopted.
    DefinitionAdopted {
        /// The new texts.
        pins: Vec<Pin>,
        /// The git revision they belong to.
        git: Option<Revision>,
    },
}

/// How a run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Which kind of procedure.
    pub procedure_kind: ProcedureKind,
    /// Its id.
    pub procedure: String,
    /// Its title.
    pub title: String,
    /// Whom or what a playbook's run is about.
    pub subject: Option<String>,
    /// The period of a checklist's run: `2026-11-23`.
    pub period: Option<String>,
    /// The incident it belongs to.
    pub incident: Option<String>,
    /// The definition's texts, the procedure's own first.
    pub pins: Vec<Pin>,
    /// The git revision they belong to.
    pub git: Option<Revision>,
    /// Who walks it.
    pub walker: Walker,
    /// How many steps the plan has, for listings that do not load it.
    pub steps: usize,
}

/// A definition's text as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The file: `runbooks/db-connection.yaml`.
    pub path: String,
    /// The SHA-256 of its text, which is also the blob it is stored in.
    pub blob: String,
}

/// A git revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The commit.
    pub commit: String,
    /// Whether the definitions had changes that were not committed.
    pub dirty: bool,
}

/// The process that walks a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walker {
    /// Its process id.
    pub pid: u32,
    /// The machine it runs on.
    pub host: String,
}

/// How an effect ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Whether it ended well.
    pub succeeded: bool,
    /// The exit code of a command that ended by itself.
    pub exit_code: Option<i32>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Why it did not end well, or what was seen.
    pub reason: Option<String>,
    /// What it printed.
    pub output: Option<Output>,
    /// It was cut off, so that it may have taken effect although it did not end well.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cut_off: bool,
    /// Values that were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captured: Vec<Captured>,
}

/// What a command printed, with secrets and control sequences taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The text, when it is short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The blob it is stored in, when it is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// Its length in bytes.
    pub bytes: u64,
    /// Bytes left out because there were too many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A value that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// Its name.
    pub name: String,
    /// Its value; none when it holds a secret and was therefore not stored.
    pub value: Option<String>,
}

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// The walk goes on.
    Continue,
    /// The run ends as failed.
    Stop,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every step that counts is done or was left out on purpose.
    Succeeded,
    /// A step that counts failed.
    Failed,
}
