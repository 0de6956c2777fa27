//! How planned work goes, and what is refused.

use chrono::TimeDelta;
use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Maintenance, MaintenanceEvent, Occasion, Recorded, Status, clashes, facts, wording};
use crate::ground::{Actor, Time};

fn time(text: &str) -> Time {
    format!("2026-12-01T{text}:00Z").parse().unwrap()
}

fn recorded(version: u64, at: Time, event: MaintenanceEvent) -> Recorded {
    Recorded { version, at, recorded_at: at, actor: Actor("alice".to_owned()), event }
}

fn planned(from: &str, until: &str, services: &[&str]) -> Maintenance {
    let event = MaintenanceEvent::MaintenancePlanned {
        title: "Upgrade the database".to_owned(),
        services: services.iter().map(|id| (*id).to_owned()).collect(),
        from: time(from),
        until: time(until),
        text: Some("Carts are kept.".to_owned()),
    };
    Maintenance::begin("MNT-1", &recorded(1, time("10:00"), event)).unwrap()
}

fn then(mut maintenance: Maintenance, at: &str, event: MaintenanceEvent) -> Maintenance {
    maintenance.allows(&event, time(at)).unwrap();
    maintenance.apply(&recorded(maintenance.version + 1, time(at), event));
    maintenance
}

#[track_caller]
fn refused(maintenance: &Maintenance, at: &str, event: &MaintenanceEvent, why: &str) {
    let refused = maintenance.allows(event, time(at)).unwrap_err();
    assert!(refused.contains(why), "`{why}` is not said: {refused}");
}

const STARTED: MaintenanceEvent = MaintenanceEvent::MaintenanceStarted {};
const VERIFYING: MaintenanceEvent = MaintenanceEvent::MaintenanceVerifying {};
const FINISHED: MaintenanceEvent = MaintenanceEvent::MaintenanceFinished { note: None };

fn changed(from: &str, until: &str) -> MaintenanceEvent {
    MaintenanceEvent::MaintenanceChanged { from: time(from), until: time(until), reason: None }
}

fn canceled() -> MaintenanceEvent {
    MaintenanceEvent::MaintenanceCanceled { reason: "no disk yet".to_owned() }
}

#[test]
fn work_goes_from_its_plan_to_its_end() {
    let work = planned("22:00", "23:30", &["db", "api"]);
    assert_eq!((work.status, work.underway()), (Status::Scheduled, None));
    let work = then(work, "21:50", STARTED);
    let underway = work.underway().unwrap();
    assert_eq!((underway.from, underway.until), (time("21:50"), time("23:30")));
    assert!(underway.covers("db", time("21:50")) && underway.covers("api", time("23:29")));
    assert!(!underway.covers("web", time("22:00")), "others are not worked on");
    assert!(!underway.covers("db", time("21:49")) && !underway.covers("db", time("23:30")));
    let work = then(work, "23:00", changed("22:00", "23:45"));
    assert_eq!(work.underway().unwrap().until, time("23:45"), "what takes longer is covered once that is told");
    let work = then(work, "23:10", VERIFYING);
    assert!(work.underway().is_some() && !work.is_overdue(time("23:45")) && work.is_overdue(time("23:46")));
    let work = then(work, "23:20", FINISHED);
    assert_eq!((work.status, work.underway(), work.finished_at), (Status::Completed, None, Some(time("23:20"))));
    assert!(!work.is_open() && !work.is_overdue(time("23:59")));
}

#[test]
fn what_may_not_follow_is_refused_with_the_way_out() {
    let work = planned("22:00", "23:00", &["db"]);
    refused(&work, "22:00", &FINISHED, "has not begun; `opsctl maintenance start MNT-1`");
    refused(&work, "22:00", &VERIFYING, "has not begun");
    refused(&work, "21:00", &STARTED, "--from now");
    refused(&work, "23:00", &STARTED, "--from now --for 1h");
    refused(&work, "12:00", &changed("22:00", "23:00"), "for these times already");
    refused(&work, "12:00", &changed("22:00", "21:00"), "it would end at");
    refused(&work, "12:00", &changed("11:00", "21:00"), "has passed already");
    refused(&work, "22:30", &changed("22:00", "22:20"), "has passed already");
    // One that should have begun may still get more time.
    work.allows(&changed("22:00", "23:30"), time("22:30")).unwrap();
    let begun = then(work.clone(), "22:00", STARTED);
    refused(&begun, "22:10", &STARTED, "has begun already");
    refused(&begun, "22:10", &changed("22:05", "23:30"), "only its end");
    refused(&begun, "22:10", &canceled(), "`opsctl maintenance finish MNT-1` ends it");
    refused(&begun, "21:59", &FINISHED, "nothing ends before");
    let verifying = then(begun, "22:30", VERIFYING);
    refused(&verifying, "22:40", &VERIFYING, "already");
    refused(&then(verifying, "22:50", FINISHED), "22:55", &FINISHED, "MNT-1 is completed");
    let canceled_work = then(work, "12:00", canceled());
    refused(&canceled_work, "12:10", &STARTED, "MNT-1 is canceled");
    assert_eq!(canceled_work.outcome.as_deref(), Some("no disk yet"));
    canceled_work.allows(&MaintenanceEvent::NoteAdded { text: "pity".to_owned() }, time("13:00")).unwrap();
}

#[test]
fn work_is_planned_ahead_and_ends_after_it_begins() {
    let plan = |from: &str, until: &str| Maintenance::allows_plan(time(from), time(until), time("12:00"));
    plan("12:00", "12:01").unwrap();
    plan("11:59", "13:00").unwrap();
    assert!(plan("11:58", "13:00").unwrap_err().contains("has passed"));
    assert!(plan("13:00", "13:00").unwrap_err().contains("it would end"));
}

#[test]
fn only_open_work_on_the_same_service_at_the_same_time_clashes() {
    let others = [
        planned("22:00", "23:00", &["db"]),
        planned("22:00", "23:00", &["web"]),
        then(planned("22:00", "23:00", &["db"]), "12:00", canceled()),
        planned("20:00", "21:00", &["db"]),
    ];
    let found = |from: &str, until: &str| {
        clashes(&others, &["api".to_owned(), "db".to_owned()], time(from), time(until)).count()
    };
    assert_eq!(found("22:30", "23:30"), 1);
    assert_eq!(found("20:30", "22:30"), 2);
    assert_eq!(found("21:00", "22:00"), 0, "they only touch");
}

#[test]
fn what_nobody_writes_is_worded_with_times_in_utc() {
    let work = planned("22:00", "23:30", &["db"]);
    let titles = ["Database".to_owned()];
    let said = wording(&work, &titles, Occasion::Planned);
    assert_eq!(said.subject, "Planned maintenance: Upgrade the database");
    assert_eq!(
        said.text,
        "Upgrade the database: planned from 2026-12-01 22:00 UTC until 2026-12-01 23:30 UTC (1h30m).\n\
         Services: Database\n\nCarts are kept."
    );
    let over = then(
        then(work.clone(), "22:00", STARTED),
        "23:10",
        MaintenanceEvent::MaintenanceFinished { note: Some("bob dropped a table".to_owned()) },
    );
    assert_eq!(
        wording(&over, &titles, Occasion::Finished).text,
        "Upgrade the database: it was over at 2026-12-01 23:10 UTC.\nServices: Database"
    );
    let off = wording(&then(work.clone(), "12:00", canceled()), &[], Occasion::Canceled).text;
    assert!(off.ends_with("it does not take place.") && !off.contains("disk"), "{off}");
    let facts = facts(&work, &titles);
    assert_eq!((&facts["from"], &facts["duration"]), (&"2026-12-01 22:00 UTC".into(), &"1h30m".into()));
    assert!(facts.get("started_at").is_none(), "what is not known is not there");
}

fn some_event() -> impl Strategy<Value = MaintenanceEvent> {
    prop_oneof![
        proptest::strategy::Just(STARTED),
        proptest::strategy::Just(VERIFYING),
        proptest::strategy::Just(FINISHED),
        proptest::strategy::Just(canceled()),
        (0..200i64, 0..200i64).prop_map(|(from, until)| MaintenanceEvent::MaintenanceChanged {
            from: time("20:00") + TimeDelta::minutes(from),
            until: time("20:00") + TimeDelta::minutes(until),
            reason: None,
        }),
    ]
}

proptest! {
    #[test]
    fn it_only_goes_forward_and_its_times_stay_in_order(
        happenings in proptest::collection::vec((some_event(), 0..40i64), 0..20),
    ) {
        let mut work = planned("22:00", "23:00", &["db"]);
        let mut at = time("20:00");
        for (event, pause) in happenings {
            at += TimeDelta::minutes(pause);
            let before = work.clone();
            if work.allows(&event, at).is_ok() {
                work.apply(&recorded(work.version + 1, at, event));
            }
            prop_assert!(work.status >= before.status);
            prop_assert!(before.is_open() || work == before);
            prop_assert!(work.scheduled_for < work.scheduled_until);
            prop_assert_eq!(work.underway().is_some(), work.status.is_under_way());
            prop_assert!(work.started_at <= work.finished_at || work.finished_at.is_none());
        }
    }

    #[test]
    fn what_is_stored_is_read_back(event in some_event()) {
        let (kind, body) = event.to_parts();
        prop_assert_eq!(MaintenanceEvent::from_parts(&kind, &body), Ok(event));
    }
}

#[test]
fn words_are_read_back_and_pages_know_four_of_them() {
    for status in Status::ALL {
        assert_eq!(Status::parse(status.word()), Some(status));
        assert!(["scheduled", "in_progress", "verifying", "completed"].contains(&status.public_word()));
    }
}
