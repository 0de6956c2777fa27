//! What is still going on, found without reading what is over: see [`Journal::read_open`].
//!
//! [`Journal::read_open`]: crate::journal::Journal::read_open

use crate::engine::summary::Summary;
use crate::error::Result;
use crate::incident::Incident;
use crate::incident::event::{ENDS, REOPENS};
use crate::ledger::{Ledger, alerts, incidents, maintenances, runs};
use crate::maintenance::{ENDS as MAINTENANCE_ENDS, Maintenance};
use crate::monitor::Alert;

const ALERT_ENDS: [&str; 1] = ["alert_resolved"];
const RUN_ENDS: [&str; 2] = ["run_finished", "run_aborted"];

impl Ledger<'_> {
    /// The incidents that are open, in the order they were declared.
    pub fn open_incidents(&self) -> Result<Vec<Incident>> {
        let mut open = incidents::folded(&self.journal.read_open(incidents::PREFIX, &ENDS, &REOPENS)?)?;
        open.retain(Incident::is_open);
        Ok(open)
    }

    /// The planned work that is not over, in the order in which it was planned.
    pub fn open_maintenances(&self) -> Result<Vec<Maintenance>> {
        let mut open = maintenances::folded(&self.journal.read_open(maintenances::PREFIX, &MAINTENANCE_ENDS, &[])?)?;
        open.retain(Maintenance::is_open);
        Ok(open)
    }

    /// The alerts that are open, in the order in which they fired.
    pub fn open_alerts(&self) -> Result<Vec<Alert>> {
        let mut open = alerts::fold_all(&self.journal.read_open(alerts::PREFIX, &ALERT_ENDS, &[])?)?;
        open.retain(Alert::is_open);
        Ok(open)
    }

    /// The runs that have not ended, in one line each, in the order they were begun.
    pub fn open_runs(&self) -> Result<Vec<Summary>> {
        let mut open = runs::summaries_of(&self.journal.read_open(runs::PREFIX, &RUN_ENDS, &[])?)?;
        open.retain(|run| run.finished_at.is_none());
        Ok(open)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use crate::catalog::model::Catalog;
    use crate::ground::{Actor, SystemClock};
    use crate::incident::Incident;
    use crate::journal::{Context, Journal, NewEvent, SqliteJournal};
    use crate::ledger::Ledger;
    use crate::maintenance::Maintenance;
    use crate::monitor::Alert;

    fn tell(journal: &SqliteJournal, stream: &str, facts: &[(&str, Value)]) {
        let at = "2026-11-23T12:00:00Z".parse().unwrap();
        let context = Context { at, actor: Actor("ana".into()), host: "box".into() };
        let event = |(kind, body): &(&str, Value)| NewEvent { kind: (*kind).into(), body: body.clone() };
        let events: Vec<NewEvent> = facts.iter().map(event).collect();
        journal.append(stream, 0, &context, &events).unwrap();
    }

    fn incidents(journal: &SqliteJournal) {
        let declared = json!({"title": "Slow", "services": ["api"], "severity": "P1", "seen": null});
        let (begin, note) = (("declared", declared), ("note_added", json!({"text": "later"})));
        tell(journal, "incident/INC-1", &[begin.clone(), ("resolved", json!({"reason": null})), note.clone()]);
        tell(journal, "incident/INC-2", &[begin.clone(), ("acknowledged", json!({})), note.clone()]);
        tell(journal, "incident/INC-3", &[begin, note]);
    }

    fn maintenances(journal: &SqliteJournal) {
        let (from, until) = ("2026-11-24T12:00:00.000Z", "2026-11-24T13:00:00.000Z");
        let planned = json!({"title": "Work", "services": ["api"], "from": from, "until": until, "text": null});
        let (begin, start) = (("maintenance_planned", planned), ("maintenance_started", json!({})));
        let over = ("maintenance_finished", json!({"note": null}));
        let note = ("note_added", json!({"text": "later"}));
        tell(journal, "maintenance/MNT-1", &[begin.clone(), start.clone(), over, note]);
        tell(journal, "maintenance/MNT-2", &[begin.clone(), ("maintenance_canceled", json!({"reason": "no"}))]);
        tell(journal, "maintenance/MNT-3", &[begin.clone(), start]);
        tell(journal, "maintenance/MNT-4", &[begin]);
    }

    fn alerts(journal: &SqliteJournal) {
        let at = "2026-11-23T12:00:00.000Z";
        let fired = json!({"alert": "outage", "title": "Outage", "probe": "up", "service": "api", "reason": "503",
                           "severity": null, "runbook": null, "source": "watch", "starts_at": at});
        let resolved = json!({"reason": "200", "ends_at": at});
        let told = json!({"channel": "team", "notice": "resolved"});
        let over = [("alert_fired", fired.clone()), ("alert_resolved", resolved), ("alert_notified", told)];
        tell(journal, "alert/outage.up.1", &over);
        tell(journal, "alert/outage.up.2", &[("alert_fired", fired)]);
    }

    fn runs(journal: &SqliteJournal) {
        let walker = json!({"pid": 1, "host": "box"});
        let started = json!({"procedure_kind": "runbook", "procedure": "a", "title": "A", "subject": null, "period": null,
                             "incident": null, "pins": [], "git": null, "walker": walker, "steps": 1});
        let begin = ("run_started", started);
        let note = ("note_added", json!({"step": null, "text": "later"}));
        tell(journal, "run/a.1", &[begin.clone(), ("run_finished", json!({"outcome": "succeeded"})), note.clone()]);
        tell(journal, "run/a.2", &[begin.clone(), ("run_aborted", json!({"reason": "no"}))]);
        tell(journal, "run/a.3", &[begin.clone(), ("run_paused", json!({"reason": "later"}))]);
        tell(journal, "run/a.4", &[begin, note]);
    }

    /// What is asked for by kinds of events is what folding all there is finds open.
    #[test]
    fn what_is_open_is_what_folding_everything_finds_open() {
        let dir = TempDir::new().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        incidents(&journal);
        maintenances(&journal);
        alerts(&journal);
        runs(&journal);
        let catalog = Catalog::default();
        let actor = Actor("ana".into());
        let ledger = Ledger { journal: &journal, catalog: &catalog, clock: &SystemClock, actor, host: "box".into() };
        let open = ledger.open_incidents().unwrap();
        assert_eq!(open.iter().map(|incident| &*incident.id).collect::<Vec<_>>(), ["INC-2", "INC-3"]);
        assert_eq!(open, ledger.incidents().unwrap().into_iter().filter(Incident::is_open).collect::<Vec<_>>());
        let open = ledger.open_maintenances().unwrap();
        assert_eq!(open.iter().map(|one| &*one.id).collect::<Vec<_>>(), ["MNT-3", "MNT-4"]);
        assert_eq!(open, ledger.maintenances().unwrap().into_iter().filter(Maintenance::is_open).collect::<Vec<_>>());
        let open = ledger.open_alerts().unwrap();
        assert_eq!(open.iter().map(|alert| &*alert.id).collect::<Vec<_>>(), ["outage.up.2"]);
        assert_eq!(ledger.alerts().unwrap().iter().filter(|alert| Alert::is_open(alert)).count(), 1);
        let open = ledger.open_runs().unwrap();
        assert_eq!(open.iter().map(|run| &*run.id).collect::<Vec<_>>(), ["a.3", "a.4"]);
        let all = ledger.summaries().unwrap().into_iter().filter(|run| run.finished_at.is_none());
        assert_eq!(open, all.collect::<Vec<_>>());
    }
}
