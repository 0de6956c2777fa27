//! Where checklists stand: their schedules held against the runs in the journal.

use chrono::NaiveDate;

use crate::catalog::model::ProcedureKind;
use crate::engine::event::Outcome;
use crate::engine::summary::Summary;
use crate::error::Result;
use crate::ground::Clock;
use crate::ledger::Ledger;
use crate::schedule::{DueState, Schedule};
use crate::view::schedule::{DueView, local_time};

/// Where every checklist stands now, or stood at the end of a day.
pub(super) fn standings(ledger: &Ledger<'_>, clock: &dyn Clock, date: Option<NaiveDate>) -> Result<Vec<DueView>> {
    let now = clock.local(clock.now()).naive_local();
    let at = date.and_then(|date| date.and_hms_opt(23, 59, 59)).filter(|at| *at < now).unwrap_or(now);
    let mut views = Vec::new();
    for checklist in ledger.catalog.of_kind(ProcedureKind::Checklist) {
        let unscheduled = DueView {
            id: checklist.id.clone(),
            title: checklist.title.clone(),
            schedule: checklist.schedule.as_ref().map(Schedule::describe),
            period: None,
            state: "unscheduled".to_owned(),
            deadline: None,
            run: None,
            progress: None,
        };
        let standing = checklist.schedule.as_ref().and_then(|schedule| schedule.standing(at));
        let Some(standing) = standing else {
            views.push(unscheduled);
            continue;
        };
        let period = Some(standing.period.key.clone());
        let runs = ledger.runs_for(checklist, period.as_deref(), None)?;
        // What was done once is done, whatever was begun again after that.
        let run = runs.iter().find(|run| run.outcome == Some(Outcome::Succeeded)).or(runs.last());
        views.push(DueView {
            state: state_word(run, standing.state).to_owned(),
            deadline: Some(local_time(standing.deadline)),
            run: run.map(|run| run.id.clone()),
            // A run that cannot be read is told about where it is shown, not here.
            progress: run.and_then(|run| ledger.run(&run.id).ok()).map(|state| state.progress()),
            period,
            ..unscheduled
        });
    }
    Ok(views)
}

fn state_word(run: Option<&Summary>, state: DueState) -> &'static str {
    match (run.and_then(|run| run.outcome), state) {
        (Some(Outcome::Succeeded), _) => "done",
        (Some(Outcome::Failed), _) => "failed",
        (None, DueState::NotYet) => "not-yet",
        (None, DueState::Due) => "due",
        (None, DueState::Overdue) => "overdue",
    }
}
