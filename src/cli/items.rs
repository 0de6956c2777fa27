//! Items ticked, skipped, opened again and noted from the command line, without a walk.

use crate::catalog::model::StepKind;
use crate::engine::Input;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::walk::Walk;
use crate::walk::answers::Answers;
use crate::workspace::Workspace;

use super::procedure;
use super::session::Session;
use super::start::{self, Start};

/// Flags of a walk, which have no meaning where nothing is walked.
const WALKED: [&str; 5] = ["dry_run", "from", "set", "answers", "auto"];

/// Ticks without a walk.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ItemArgs {
    /// Tick this item; may be given again
    #[arg(long, value_name = "ITEM", conflicts_with_all = WALKED)]
    check: Vec<String>,
    /// Leave this item out; may be given again
    #[arg(long, value_name = "ITEM", requires = "reason", group = "corrects", conflicts_with_all = WALKED)]
    skip: Vec<String>,
    /// Open this item again, ticked or skipped by mistake; may be given again
    #[arg(long, value_name = "ITEM", requires = "reason", group = "corrects", conflicts_with_all = WALKED)]
    reopen: Vec<String>,
    /// Why it is left out or opened again
    #[arg(long, value_name = "TEXT", requires = "corrects")]
    reason: Option<String>,
    /// Write something down, about the item ticked or skipped, else about the whole list
    #[arg(long, value_name = "TEXT", conflicts_with_all = WALKED)]
    note: Option<String>,
}

impl ItemArgs {
    /// Whether nothing is to be ticked, so that the list is walked instead.
    pub(super) fn is_empty(&self) -> bool {
        self.check.is_empty() && self.skip.is_empty() && self.reopen.is_empty() && self.note.is_none()
    }

    /// Ticks, skips and notes without a walk, in the run of the period or subject, which is begun when there is none.
    pub(super) fn apply(&self, session: &mut Session<'_>, workspace: &Workspace, start: &Start<'_>) -> Result<()> {
        let plan = start::check_definition(session, workspace, &start.procedure)?;
        let ids = || plan.steps.iter().map(|planned| planned.id.as_str());
        for item in self.check.iter().chain(&self.skip).chain(&self.reopen) {
            if plan.place(item).is_none() {
                return Err(super::unknown("item", item, ids(), &[]));
            }
        }
        let journal = workspace.journal()?;
        let ledger = session.ledger(workspace, &journal);
        let incident = start.options.incident.as_deref().map(|id| ledger.incident(id)).transpose()?;
        let (state, _) = start::begin_or_find(
            session,
            workspace,
            &ledger,
            start,
            incident.as_ref().map(|incident| incident.id.as_str()),
        )?;
        let site = session.site(workspace);
        let said = Self {
            reason: self.reason.as_deref().map(|reason| session.kept_line(workspace, reason)),
            note: self.note.as_deref().map(|note| session.kept(workspace, note)),
            ..self.clone()
        };
        let mut walk = Walk::new(&ledger, &site, session.terminal, state, Answers::default(), None);
        let done = said.inputs(&ledger, &mut walk);
        let settled = done.and_then(|()| walk.settle());
        let left = Input::Pause { reason: "ticked from the command line".into() };
        // A run that somebody walks is theirs to leave.
        if walk.is_mine() && !walk.state.is_over() {
            ledger.insist(&mut walk.state, &left)?;
        }
        let state = walk.state;
        settled?;
        procedure::show_run(session, &ledger, &state)
    }

    fn inputs(&self, ledger: &Ledger<'_>, walk: &mut Walk<'_>) -> Result<()> {
        for item in &self.check {
            let asks_consent = walk.state.step(item).is_some_and(|(p, _)| matches!(p.step.kind, StepKind::Approve(_)));
            let input = if asks_consent {
                Input::Approve { step: item.clone(), actor: ledger.actor.clone(), comment: None }
            } else {
                Input::Done { step: item.clone(), reason: None }
            };
            ledger.insist(&mut walk.state, &input)?;
        }
        for item in &self.reopen {
            let reason = self.reason.clone().unwrap_or_default();
            ledger.insist(&mut walk.state, &Input::Reopen { step: item.clone(), reason })?;
        }
        for item in &self.skip {
            let reason = self.reason.clone().unwrap_or_default();
            ledger.insist(&mut walk.state, &Input::Skip { step: item.clone(), reason })?;
        }
        if let Some(text) = &self.note {
            let step = self.check.iter().chain(&self.skip).next().cloned();
            ledger.insist(&mut walk.state, &Input::Note { step, text: text.clone() })?;
        }
        Ok(())
    }
}
