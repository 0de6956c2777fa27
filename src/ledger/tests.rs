//! Writers whose clocks differ, and corrections.

use chrono::{DateTime, FixedOffset, TimeDelta};
use tempfile::TempDir;

use super::{Happening, Ledger, NewIncident, NewMaintenance};
use crate::catalog::model::Catalog;
use crate::ground::{Actor, Clock, Time};
use crate::incident::{IncidentEvent, Status};
use crate::journal::SqliteJournal;
use crate::maintenance::MaintenanceEvent;

struct At(Time);

impl Clock for At {
    fn now(&self) -> Time {
        self.0
    }

    fn local(&self, time: Time) -> DateTime<FixedOffset> {
        time.fixed_offset()
    }
}

fn minute(minute: i64) -> At {
    At(Time::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute))
}

fn with_journal(test: impl FnOnce(&dyn Fn(&'static str) -> At, &SqliteJournal, &Catalog)) {
    let dir = TempDir::new().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    test(&|clock| minute(if clock == "ahead" { 60 } else { 0 }), &journal, &Catalog::default());
}

fn ledger<'a>(journal: &'a SqliteJournal, catalog: &'a Catalog, clock: &'a At) -> Ledger<'a> {
    Ledger { journal, catalog, clock, actor: Actor("ana".into()), host: "box".into() }
}

#[test]
fn a_clock_that_was_ahead_keeps_nobody_from_going_on() {
    with_journal(|clock, journal, catalog| {
        let (ahead, here) = (clock("ahead"), clock("here"));
        let (ahead, here) = (ledger(journal, catalog, &ahead), ledger(journal, catalog, &here));
        let new = NewIncident { title: "Down".into(), severity: "P1".into(), ..NewIncident::default() };
        let mut incident = ahead.declare(new).unwrap();
        here.record_incident(&mut incident, IncidentEvent::Acknowledged {}).unwrap();
        let mitigated = IncidentEvent::StatusChanged { status: Status::Mitigated, reason: None };
        let resolved = IncidentEvent::Resolved { reason: None, untold: None };
        here.record_incident(&mut incident, Happening { events: vec![mitigated, resolved], at: None }).unwrap();
        assert_eq!((incident.status, incident.resolved_at), (Status::Resolved, Some(incident.declared_at)));

        let (from, until) = (here.now() + TimeDelta::minutes(60), here.now() + TimeDelta::minutes(90));
        let (title, services) = ("Upgrade".to_owned(), Vec::new());
        let mut work = here.plan(NewMaintenance { title, services, from, until, text: None }).unwrap();
        ahead.record_maintenance(&mut work, &[MaintenanceEvent::MaintenanceStarted {}], None).unwrap();
        let done = [MaintenanceEvent::MaintenanceVerifying {}, MaintenanceEvent::MaintenanceFinished { note: None }];
        here.record_maintenance(&mut work, &done, None).unwrap();
        assert_eq!(work.finished_at, work.started_at);
    });
}

#[test]
fn a_correction_must_not_put_an_end_before_its_beginning() {
    with_journal(|clock, journal, catalog| {
        let clock = clock("ahead");
        let ledger = ledger(journal, catalog, &clock);
        let new = NewIncident { title: "Down".into(), severity: "P1".into(), ..NewIncident::default() };
        let mut incident = ledger.declare(new).unwrap();
        let resolved = IncidentEvent::Resolved { reason: None, untold: None };
        ledger.record_incident(&mut incident, resolved).unwrap();
        let at = Some(ledger.now() - TimeDelta::minutes(1));
        let corrected = |event| IncidentEvent::Corrected { event, at, text: None, reason: None };
        let refused = ledger.record_incident(&mut incident, corrected(2)).unwrap_err();
        assert!(refused.message.starts_with("INC-1: the end at"), "{refused}");
        ledger.record_incident(&mut incident, corrected(1)).unwrap();
        ledger.record_incident(&mut incident, corrected(2)).unwrap();
        assert_eq!((Some(incident.declared_at), incident.resolved_at), (at, at));
    });
}
