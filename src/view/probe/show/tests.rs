//! Everything about a probe, shown.

use chrono::{NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;

use super::{ProbeDetailView, probe_detail_text, probe_detail_view};
use crate::catalog::model::{
    AlertRule, AlertState, AlertWhen, Expectation, HttpAuth, HttpVersion, MaintenanceWindow, Probe, ProbeTarget, Retry,
    Settings, TcpTarget, Turn,
};
use crate::condition::{Compat, Written};
use crate::ground::Span;
use crate::monitor::State;
use crate::view::look::Look;
use crate::view::probe::tests::{HOSTILE, http, is_plain, now, probe, sample};

const SECRETS: [&str; 5] = ["pass1", "pass2", "pass3", "pass4", "pass5"];

fn full() -> Probe {
    let mut target = http("https://me:pass1@shop.example/health");
    target.method = "POST".to_owned();
    target.headers.insert("X-Api-Key".to_owned(), "pass2".to_owned());
    target.headers.insert("Accept".to_owned(), "application/json".to_owned());
    target.body = Some("{\"key\": \"pass3\"}".to_owned());
    target.auth = Some(HttpAuth::Basic { username: "me".to_owned(), password: "pass4".to_owned() });
    target.version = Some(HttpVersion::Two);
    target.redirects = 0;
    let mut full = probe("web", ProbeTarget::Http(target));
    full.client.proxy = Some("http://me:pass5@proxy.example:3128".to_owned());
    full.client.deny_private = true;
    full.client.allow_hosts = vec!["*.shop.example".to_owned(), "192.0.2.0/24".to_owned()];
    let expected = |text: &str, warn| Expectation { written: Written::Text(text.to_owned()), warn };
    full.conditions = vec![expected("[STATUS] == 200", false), expected("[RESPONSE_TIME] < 500", true)];
    full.compat = Compat::Gatus;
    full.retry = Retry { attempts: 3, ..Retry::default() };
    full.failure_threshold = 3;
    full.success_threshold = 2;
    full.depends_on = vec!["db".to_owned(), "name".to_owned()];
    full.tags = vec!["health".to_owned(), "public".to_owned()];
    full.maintenance = vec![
        MaintenanceWindow::Recurring {
            start: NaiveTime::from_hms_opt(2, 30, 0).unwrap(),
            duration: Span::seconds(5400),
            days: vec![Weekday::Sat, Weekday::Sun],
            timezone: Tz::Europe__Berlin,
        },
        MaintenanceWindow::Once { from: now(), until: now() + TimeDelta::hours(2) },
    ];
    full
}

fn settings() -> Settings {
    let rule = |id: &str, probes: &[&str], when| AlertRule {
        id: id.to_owned(),
        title: format!("Alert {id}"),
        probes: probes.iter().map(|name| (*name).to_owned()).collect(),
        when,
        resolve_after: 1,
        channels: vec![],
        opens_incident: false,
        severity: None,
        runbook: None,
    };
    let window = Span::seconds(3600);
    let down = AlertWhen::State { state: AlertState::Down, observations: 3 };
    let mut down = rule("down", &["health"], down);
    down.channels = vec!["team".to_owned(), "status-page".to_owned()];
    down.opens_incident = true;
    let rules = [
        down,
        rule("slow", &[], AlertWhen::Latency { above: Span::seconds(2), percentile: 95, window }),
        rule("errors", &["shop"], AlertWhen::ErrorRate { above: 0.055, window, at_least: 3 }),
        rule("ends", &["web"], AlertWhen::Certificate { within: Span::seconds(14 * 86_400) }),
        rule("other", &["db"], AlertWhen::Heartbeat),
    ];
    Settings { alerts: rules.into_iter().map(|rule| (rule.id.clone(), rule)).collect(), ..Settings::default() }
}

fn view(probe: &Probe) -> ProbeDetailView {
    let last = sample(State::Down, Some("[STATUS] (500) == 200"));
    probe_detail_view(&settings(), probe, vec![], Some(&last), now())
}

#[test]
fn everything_is_said_in_words() {
    insta::assert_snapshot!(probe_detail_text(Look::PLAIN, &view(&full())), @"
    web · Shop's health
    http of shop · every 1m
    Looks at     POST https://***@shop.example/health
                 headers: X-Api-Key, Accept
                 body: 16 bytes
                 auth: basic, with user and password
                 redirects: not followed
                 version: HTTP/2
                 proxy: http://***@proxy.example:3128
                 allowed hosts: *.shop.example, 192.0.2.0/24
                 private addresses: refused
                 conditions: as Gatus understands them
    Expects      [STATUS] == 200
                 [RESPONSE_TIME] < 500 (only warns)
    Attempts     3, each at most 10s
    Counts       down after 3 observations, up after 2 observations
    Depends on   db, name
    Maintenance  Sat, Sun at 02:30 for 1h30m (Europe/Berlin)
                 2026-11-23 15:00 to 2026-11-23 17:00 UTC
    Alerts       Alert down: down 3 times in a row → team, status-page → incident
                 Alert slow: p95 of the response time above 2s in 1h
                 Alert errors: more than 5.5% bad in 1h, with at least 3
                 Alert ends: a certificate ends in less than 14d
    Tags         health, public
    Last seen    2026-11-23 15:00 UTC · DOWN · [STATUS] (500) == 200 · 200 · 12.3 ms
                 · certificate until 2026-12-31
    ");
    insta::assert_snapshot!(probe_detail_text(Look { width: 60, colour: false }, &view(&full())), @"
    web · Shop's health
    http of shop · every 1m
    Looks at     POST https://***@shop.example/health
                 headers: X-Api-Key, Accept
                 body: 16 bytes
                 auth: basic, with user and password
                 redirects: not followed
                 version: HTTP/2
                 proxy: http://***@proxy.example:3128
                 allowed hosts: *.shop.example, 192.0.2.0/24
                 private addresses: refused
                 conditions: as Gatus understands them
    Expects      [STATUS] == 200
                 [RESPONSE_TIME] < 500 (only warns)
    Attempts     3, each at most 10s
    Counts       down after 3 observations, up after 2
                 observations
    Depends on   db, name
    Maintenance  Sat, Sun at 02:30 for 1h30m (Europe/Berlin)
                 2026-11-23 15:00 to 2026-11-23 17:00 UTC
    Alerts       Alert down: down 3 times in a row → team,
                 status-page → incident
                 Alert slow: p95 of the response time above 2s
                 in 1h
                 Alert errors: more than 5.5% bad in 1h, with at
                 least 3
                 Alert ends: a certificate ends in less than 14d
    Tags         health, public
    Last seen    2026-11-23 15:00 UTC · DOWN · [STATUS] (500) ==
                 200 · 200 · 12.3 ms · certificate until
                 2026-12-31
    ");
}

#[test]
fn what_is_usual_takes_little_room() {
    let plain = probe("api", ProbeTarget::Http(http("${OPSCTL_API_URL}/health")));
    let view = probe_detail_view(&Settings::default(), &plain, vec!["OPSCTL_API_URL".to_owned()], None, now());
    insta::assert_snapshot!(probe_detail_text(Look::PLAIN, &view), @"
    api · Shop's health
    http of shop · every 1m
    not configured: OPSCTL_API_URL
    Looks at     ${OPSCTL_API_URL}/health
                 redirects: at most 10
    Expects      [STATUS] < 400
    Attempts     1, each at most 10s
    Counts       down after 1 observation, up after 1 observation
    ");
    insta::assert_snapshot!(serde_json::to_string(&view).unwrap(), @r#"
    {"id":"api","title":"Shop's health","service":"shop","kind":"http","target":"${OPSCTL_API_URL}/health","interval":"1m","tags":[],"enabled":true,"state":null,"seen_at":null,"is_stale":false,"details":{"redirects":"at most 10"},"conditions":[{"condition":"[STATUS] < 400","warn":false}],"timeout":"10s","attempts":1,"failure_threshold":1,"success_threshold":1,"depends_on":[],"maintenance":[],"alerts":[],"unset":["OPSCTL_API_URL"],"last":null}
    "#);
}

#[test]
fn a_dialogue_says_what_it_expects_but_not_what_is_sent() {
    let turn =
        |send: Option<&str>, expect: &str| Turn { send: send.map(str::to_owned), expect: Some(expect.to_owned()) };
    let target = TcpTarget {
        address: "mail.example:25".to_owned(),
        tls: false,
        starttls: None,
        dialogue: vec![turn(None, "^220"), turn(Some("AUTH PLAIN pass1"), "^235")],
    };
    let text = probe_detail_text(Look::PLAIN, &view(&probe("mail", ProbeTarget::Tcp(target))));
    assert!(text.contains("dialogue: 2 turns, expects ^220, then ^235\n"), "{text}");
    assert!(!text.contains("pass1"), "{text}");
}

#[test]
fn keys_and_passwords_are_left_out() {
    let view = view(&full());
    for secret in SECRETS {
        assert!(!probe_detail_text(Look::PLAIN, &view).contains(secret), "{secret}");
        assert!(!serde_json::to_string(&view).unwrap().contains(secret), "{secret}");
    }
}

#[test]
fn whatever_is_written_stays_text() {
    let mut hostile = probe(HOSTILE, ProbeTarget::Http(http(HOSTILE)));
    hostile.title = HOSTILE.to_owned();
    hostile.service = HOSTILE.to_owned();
    hostile.client.ca = Some(HOSTILE.to_owned());
    hostile.tags = vec![HOSTILE.to_owned()];
    hostile.depends_on = vec![HOSTILE.to_owned()];
    hostile.conditions = vec![Expectation { written: Written::Text(HOSTILE.to_owned()), warn: true }];
    let last = sample(State::Down, Some(HOSTILE));
    let view = probe_detail_view(&settings(), &hostile, vec![HOSTILE.to_owned()], Some(&last), now());
    is_plain(&probe_detail_text(Look::PLAIN, &view));
}
