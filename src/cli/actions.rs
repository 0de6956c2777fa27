//! Actions that are due: which, over all incidents, without reading those that have none open.

use chrono::NaiveDate;

use crate::error::Result;
use crate::incident::ActionState;
use crate::incident::event::{ACTION_BEGINS, ACTION_ENDS};
use crate::ledger::Ledger;
use crate::view::incident::action::{ActionView, action_view};

/// The open actions that are due by a day, the longest overdue first.
pub(super) fn due(ledger: &Ledger<'_>, by: NaiveDate) -> Result<Vec<ActionView>> {
    let mut due = Vec::new();
    for stream in ledger.journal.streams_left_open("incident/", &ACTION_BEGINS, &ACTION_ENDS)? {
        let incident = ledger.incident(stream.strip_prefix("incident/").unwrap_or(&stream))?;
        let is_due = |day: Option<NaiveDate>| day.is_some_and(|day| day <= by);
        let open = incident.actions.iter().filter(|action| action.state == ActionState::Open && is_due(action.due));
        due.extend(open.map(|action| action_view(&incident, action)));
    }
    due.sort_by(|a, b| a.due.cmp(&b.due));
    Ok(due)
}
