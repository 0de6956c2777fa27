//! Alerts open incidents, or are added to the open one of their service, with the runbook that helps.

use serde_json::{Value, json};

use crate::common::{World, eventually};
use crate::daemon::{Daemon, alert_events, count};
use crate::target::{Target, world};

const RULES: &str = "alerts:\n  \
    down: {title: ApiDown, state: down, observations: 1, resolve_after: 1, probes: [web], on_alert: incident}\n  \
    errors: {title: ApiErrors, error_rate: {above: \"1%\", at_least: 1}, probes: [shop], on_alert: incident, severity: P1}\n";

fn incidents(world: &World) -> Value {
    world.json(&["incident", "list", "--all"])
}

#[test]
fn one_incident_a_service_is_opened_and_the_runbook_is_found_by_the_name_of_the_alert() {
    let (web, shop) = (Target::start(), Target::start());
    let world = world(&[web.probe("web"), shop.probe("shop")], RULES);
    world.runbook("restart-api", "alerts: [apidown]\nseverity: P2\nsteps: [Restart it]\n");
    let daemon = Daemon::start(&world);
    daemon.says("web is up");
    daemon.says("shop is up");
    web.answers(500);
    eventually("an incident is opened", || count(&world, "incident_opened") == 1);
    daemon.says("alert fired: ApiDown (web): down: [STATUS] (500) < 400 · INC-1 · runbook restart-api");
    shop.answers(500);
    eventually("the second alert is added", || count(&world, "incident_joined") == 1);
    web.answers(200);
    eventually("the first alert is over", || count(&world, "alert_resolved") == 1);

    let incidents = incidents(&world);
    assert_eq!(incidents.as_array().unwrap().len(), 1, "{incidents}");
    let incident = world.json(&["incident", "show", "1"]);
    assert_eq!((&incident["severity"], &incident["services"]), (&json!("P2"), &json!(["api"])), "{incident}");
    assert_eq!(incident["title"], "ApiDown: web");
    let timeline = world.run(&["incident", "timeline", "1"]).exits(0).stdout;
    for part in ["Alert ApiErrors (shop): bad observations in 15m: ", "Alert ApiDown (web) is over: "] {
        assert!(timeline.contains(part), "{part}: {timeline}");
    }
    let shown = world.run(&["incident", "show", "1"]).exits(0).stdout;
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("Alert ApiDown (web): down: [STATUS] (500) < 400. Runbook: restart-api"), "{shown}");
    daemon.stop().exits(0);

    // What is over is not added to.
    world.run(&["incident", "resolve", "1"]).exits(0);
    let daemon = Daemon::start(&world);
    web.answers(500);
    eventually("another incident is opened", || count(&world, "incident_opened") == 2);
    daemon.stop().exits(0);
    world.run(&["journal", "verify"]).exits(0);
}

#[test]
fn an_incident_that_a_crash_has_kept_from_being_opened_is_opened_afterwards() {
    let target = Target::start();
    target.answers(500);
    let probe = [target.probe("web")];
    let world = world(&probe, "alerts: {down: {title: Down, state: down, observations: 1}}\n");
    let daemon = Daemon::start(&world);
    eventually("it fires", || count(&world, "alert_fired") == 1);
    daemon.kill();
    // As far as the journal tells, that is what a crash between the two leaves behind.
    crate::target::settings(
        &world,
        &probe,
        "alerts: {down: {title: Down, state: down, observations: 1, on_alert: incident}}\n",
    );
    let daemon = Daemon::start(&world);
    eventually("the incident is opened", || count(&world, "incident_opened") == 1);
    daemon.stop().exits(0);
    let events = alert_events(&world);
    assert_eq!(events.iter().map(|event| &event["kind"]).collect::<Vec<_>>(), ["alert_fired", "incident_opened"]);
}
