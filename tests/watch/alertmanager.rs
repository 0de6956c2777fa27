//! A real Alertmanager posts what it knows; an answer of 2xx says that the journal has it.

use serde_json::{Value, json};

use crate::common::{World, eventually};
use crate::daemon::{Daemon, alert_events, count};
use crate::hook::Hook;
use crate::server::Server;
use crate::target::world;
use crate::trouble::Locked;

/// A push probe that nobody asks for much, so that there is something to watch.
fn probe() -> Vec<String> {
    vec!["job: {push: 1h}".to_owned()]
}

/// Tells an Alertmanager of an alert that lasts, or is over.
fn post(alertmanager: &Server, name: &str, is_over: bool) {
    let ends = if is_over { "2026-01-01T00:00:02Z" } else { "2100-01-01T00:00:00Z" };
    let alert = json!([{
        "labels": {"alertname": name, "service": "api", "severity": "p1", "instance": "a\u{1b}[31m"},
        "annotations": {"summary": "The disk is full"},
        "startsAt": "2026-01-01T00:00:01Z",
        "endsAt": ends,
        "generatorURL": "http://it/graph",
    }]);
    let (status, body) = alertmanager.request("POST", "/api/v2/alerts", &alert.to_string());
    assert_eq!(status, 200, "{body}");
}

fn fired(world: &World) -> Vec<Value> {
    alert_events(world).into_iter().filter(|event| event["kind"] == "alert_fired").collect()
}

#[test]
fn an_alert_arrives_once_although_it_comes_again_and_again_and_its_end_arrives_too() {
    let hook = Hook::start(|_| 200);
    let rest = format!(
        "alerts: {{disk: {{title: diskfull, state: down, on_alert: incident, channels: [hook]}}}}\n\
         channels: {{hook: {{title: Hook, webhook: \"{}\"}}}}\n",
        hook.url()
    );
    let world = world(&probe(), &rest);
    world.runbook("disk", "alerts: [DiskFull]\nsteps: [Clear it]\n");
    let daemon = Daemon::start(&world);
    let alertmanager = Server::alertmanager(daemon.address());
    post(&alertmanager, "DiskFull", false);
    eventually("it arrives", || fired(&world).len() == 1);
    let sent = |alertmanager: &Server| {
        let page = alertmanager.request("GET", "/metrics", "").1;
        let line = page.lines().find(|line| {
            line.starts_with("alertmanager_notifications_total{") && line.contains("integration=\"webhook\"")
        });
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok()).unwrap_or(0)
    };
    eventually("it is sent again", || sent(&alertmanager) >= 3);
    let event = &fired(&world)[0];
    assert_eq!(event["body"]["title"], "DiskFull");
    assert_eq!(event["body"]["reason"], "The disk is full");
    assert_eq!((&event["body"]["service"], &event["body"]["severity"]), (&json!("api"), &json!("P1")));
    assert_eq!((&event["body"]["runbook"], &event["body"]["source"]), (&json!("disk"), &json!("alertmanager")));
    assert_eq!(event["body"]["labels"]["instance"], "a", "what moves a cursor is taken out");
    assert_eq!(event["body"]["starts_at"], "2026-01-01T00:00:01.000Z");
    assert_eq!(fired(&world).len(), 1);
    assert_eq!(count(&world, "incident_opened"), 1);
    let open = world.json(&[])["alerts"].clone();
    assert_eq!((open.as_array().unwrap().len(), &open[0]["incident"]), (1, &json!("INC-1")), "{open}");

    post(&alertmanager, "DiskFull", true);
    eventually("its end arrives", || count(&world, "alert_resolved") == 1);
    eventually("its end is told", || hook.kinds() == ["alert_fired", "alert_resolved"]);
    daemon.stop().exits(0);
    assert_eq!(world.json(&[])["alerts"], json!([]));
}

#[test]
fn what_cannot_be_written_down_is_sent_again() {
    let world = world(&probe(), "");
    let daemon = Daemon::start(&world);
    let alertmanager = Server::alertmanager(daemon.address());
    let locked = Locked::new(&world);
    let message = json!({"version": "4", "status": "firing", "alerts": [
        {"status": "firing", "labels": {"alertname": "Other"}, "startsAt": "2026-01-01T00:00:00Z"},
    ]});
    let (status, body) = daemon.request("POST", "/alertmanager", &[], &message.to_string());
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("locked"), "{body}");
    post(&alertmanager, "DiskFull", false);
    let failed = |alertmanager: &Server| {
        let page = alertmanager.request("GET", "/metrics", "").1;
        let line = page.lines().find(|line| {
            line.starts_with("alertmanager_notification_requests_failed_total{")
                && line.contains("integration=\"webhook\"")
        });
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok()).unwrap_or(0)
    };
    eventually("the Alertmanager is turned away", || failed(&alertmanager) >= 1);
    assert_eq!(fired(&world).len(), 0);
    drop(locked);
    eventually("it arrives in the end", || fired(&world).len() == 1);
    daemon.stop().exits(0);
}

#[test]
fn messages_are_read_leniently_and_nonsense_is_refused() {
    let world = world(&probe(), "");
    let daemon = Daemon::start(&world);
    let send = |message: &Value| daemon.request("POST", "/alertmanager", &[], &message.to_string());
    let alert = |status: &str, starts: &str| {
        let alert = json!({
            "status": status, "labels": {"alertname": "Disk"}, "fingerprint": "f1", "startsAt": starts,
            "endsAt": "0001-01-01T00:00:00Z", "a_newer_key": [1],
        });
        json!({"version": "4", "status": status, "receiver": "x", "newer": {}, "alerts": [alert]})
    };
    assert_eq!(send(&alert("firing", "2026-01-01T00:00:00Z")), (200, "{\"alerts\":1}\n".to_owned()));
    assert_eq!(send(&alert("firing", "2026-01-01T00:00:00Z")), (200, "{\"alerts\":0}\n".to_owned()));
    assert_eq!(count(&world, "alert_fired"), 1);

    // It begins anew, and nobody said that it was over.
    assert_eq!(send(&alert("firing", "2026-01-02T00:00:00Z")).0, 200);
    assert_eq!((count(&world, "alert_fired"), count(&world, "alert_resolved")), (2, 1));
    // The end of the first comes late.
    assert_eq!(send(&alert("resolved", "2026-01-01T00:00:00Z")), (200, "{\"alerts\":0}\n".to_owned()));
    assert_eq!(send(&alert("resolved", "2026-01-02T00:00:00Z")), (200, "{\"alerts\":1}\n".to_owned()));
    assert_eq!((count(&world, "alert_fired"), count(&world, "alert_resolved")), (2, 2));

    for (wrong, status) in [("{", 400), ("[]", 400), ("{\"version\": \"3\", \"alerts\": []}", 400)] {
        assert_eq!(daemon.request("POST", "/alertmanager", &[], wrong).0, status, "{wrong}");
    }
    assert_eq!(daemon.request("GET", "/alertmanager", &[], "").0, 405);
    daemon.stop().exits(0);
}
