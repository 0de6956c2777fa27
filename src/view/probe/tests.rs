//! Observations for the tests of all formats, and what holds for all formats.

use chrono::{DateTime, TimeDelta};
use indexmap::IndexMap;

use super::{junit::junit, nagios::nagios, prometheus::prometheus, report, table::results_text, tap::tap};
use crate::catalog::model::{Client, HttpTarget, Probe, ProbeTarget, Retry};
use crate::condition::{Compat, Phases};
use crate::ground::{Span, Time};
use crate::monitor::{Sample, State};
use crate::probe::{Checked, Hop, Kind, Observation};
use crate::view::look::Look;
use crate::view::wrap::columns;

/// A text that would like to be more than text.
pub(super) const HOSTILE: &str =
    "a|b 'c=1' \"d\" <e>&]]> #f\\\n\r\nnot ok 9\u{1b}[2J\u{1b}]0;t\u{7}\u{202e}g\u{2028}h\u{85}\u{0}\u{ffff}\u{9b}1A{}";

/// The moment of all tests.
pub(super) fn now() -> Time {
    DateTime::from_timestamp(1_795_446_021, 250_000_000).unwrap()
}

/// An answer that is well.
pub(super) fn up(id: &str) -> Observation {
    let phases_us = Phases { dns: 1200, connect: 800, tls: 5400, first_byte: 4700, transfer: 130, total: 12_345 };
    Observation {
        id: id.to_owned(),
        service: "shop".to_owned(),
        kind: Kind::Http,
        state: State::Up,
        started_at: now(),
        conditions: vec![checked("[STATUS] (200) == 200", true, false)],
        status: Some(200),
        address: Some("192.0.2.7:443".to_owned()),
        phases_us,
        certificate_expires_at: Some(now() + TimeDelta::hours(24 * 38 + 1)),
        error: None,
        attempts: 1,
        duration_ms: 12,
        response_time_ms: Some(12),
        exit_code: None,
        tls_version: Some("1.3".to_owned()),
        hops: vec![],
        output: Some("fine".to_owned()),
        unreached: false,
    }
}

/// A condition and what was seen.
pub(super) fn checked(shown: &str, passed: bool, warn: bool) -> Checked {
    Checked { condition: "[STATUS] == 200".to_owned(), passed, shown: shown.to_owned(), warn }
}

/// No answer at all.
pub(super) fn silent(id: &str, state: State, error: &str) -> Observation {
    Observation {
        state,
        conditions: vec![],
        status: None,
        address: None,
        phases_us: Phases { connect: 2_000_000, total: 2_000_345, ..Phases::default() },
        certificate_expires_at: None,
        error: Some(error.to_owned()),
        duration_ms: 2000,
        response_time_ms: None,
        tls_version: None,
        output: None,
        ..up(id)
    }
}

/// One of each state, and the ways to get there.
pub(super) fn all() -> Vec<Observation> {
    let hop = |origin: &str, status| Hop {
        origin: origin.to_owned(),
        status,
        address: Some("192.0.2.7:443".to_owned()),
        phases_us: Phases { total: 6100, ..Phases::default() },
    };
    let wrong = Observation {
        state: State::Down,
        conditions: vec![
            checked("[STATUS] (500) == 200", false, false),
            checked("[RESPONSE_TIME] (812) < 500", false, true),
            checked("[BODY].status (null) == ok", false, false),
        ],
        status: Some(500),
        attempts: 3,
        hops: vec![hop("http://shop.example:80", 301), hop("https://shop.example:443", 500)],
        ..up("checkout")
    };
    let slow = Observation {
        state: State::Degraded,
        conditions: vec![checked("[RESPONSE_TIME] (812) < 500", false, true)],
        response_time_ms: Some(812),
        ..up("search")
    };
    let database = Observation {
        service: "database".to_owned(),
        kind: Kind::Postgres,
        ..silent("db", State::Down, "db.example:5432 refused the connection")
    };
    let behind = silent("orders", State::Unknown, "it depends on db, which is down (timed out after 2s: no answer)");
    let planned = Observation { state: State::Maintenance, ..up("billing") };
    let unset = Observation {
        attempts: 1,
        phases_us: Phases::default(),
        duration_ms: 0,
        ..silent("pay", State::NotConfigured, "the environment variable OPSCTL_PAY_URL is not set")
    };
    let backup = Observation {
        service: "jobs".to_owned(),
        kind: Kind::Command,
        status: None,
        address: None,
        tls_version: None,
        certificate_expires_at: None,
        exit_code: Some(0),
        phases_us: Phases { total: 91_000, ..Phases::default() },
        response_time_ms: Some(91),
        ..up("backup")
    };
    vec![up("web"), slow, wrong, database, behind, planned, unset, backup]
}

/// Whatever can be named or said says something it should not.
pub(super) fn hostile() -> Vec<Observation> {
    let seen = Observation {
        service: HOSTILE.to_owned(),
        conditions: vec![checked(HOSTILE, false, false)],
        address: Some(HOSTILE.to_owned()),
        tls_version: Some(HOSTILE.to_owned()),
        output: Some(HOSTILE.to_owned()),
        hops: vec![Hop {
            origin: HOSTILE.to_owned(),
            status: 301,
            address: Some(HOSTILE.to_owned()),
            phases_us: Phases::default(),
        }],
        error: Some(HOSTILE.to_owned()),
        ..up(HOSTILE)
    };
    State::ALL.map(|state| Observation { state, ..seen.clone() }).to_vec()
}

/// A probe with nothing unusual about it.
pub(super) fn probe(id: &str, target: ProbeTarget) -> Probe {
    Probe {
        id: id.to_owned(),
        title: "Shop's health".to_owned(),
        service: "shop".to_owned(),
        target,
        client: Client::default(),
        conditions: vec![],
        compat: Compat::Strict,
        timeout: Span::seconds(10),
        interval: Span::seconds(60),
        retry: Retry::default(),
        failure_threshold: 1,
        success_threshold: 1,
        depends_on: vec![],
        maintenance: vec![],
        enabled: true,
        tags: vec![],
    }
}

/// A request to an address.
pub(super) fn http(url: &str) -> HttpTarget {
    HttpTarget {
        url: url.to_owned(),
        method: "GET".to_owned(),
        headers: IndexMap::new(),
        body: None,
        auth: None,
        redirects: 10,
        version: None,
    }
}

/// What was kept of a probe.
pub(super) fn sample(state: State, reason: Option<&str>) -> Sample {
    Sample {
        probe: "web".to_owned(),
        at: now(),
        state,
        response_us: Some(12_345),
        status: Some(200),
        certificate_expires_at: Some(now() + TimeDelta::days(38)),
        interval: Span::seconds(60),
        reason: reason.map(str::to_owned),
    }
}

/// Nothing in the text moves a cursor, ends a line where none ends, or turns the direction of reading.
#[track_caller]
pub(super) fn is_plain(text: &str) {
    let bad = |c: char| {
        (c.is_control() && c != '\n') || "\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}".contains(c)
    };
    assert!(!text.contains(bad), "{text:?}");
}

#[test]
fn what_is_said_stays_text_in_every_format() {
    let seen = hostile();
    for text in [junit(&seen), tap(&seen), prometheus(&seen), nagios(&seen), report(&seen)] {
        is_plain(&text);
    }
    for width in [60, 80] {
        let text = results_text(Look { width, colour: false }, &seen, now(), true);
        is_plain(&text);
        assert!(!text.lines().any(|line| line.starts_with("not ok")), "{text}");
    }
}

#[test]
fn programs_get_what_the_contract_says() {
    let json = serde_json::to_value([up("web")]).unwrap();
    let expected = serde_json::json!({
        "id": "web", "service": "shop", "kind": "http", "state": "up", "started_at": "2026-11-23T15:00:21.250Z",
        "conditions": [
            {"condition": "[STATUS] == 200", "passed": true, "shown": "[STATUS] (200) == 200", "warn": false}
        ],
        "status": 200, "address": "192.0.2.7:443",
        "phases_us": {"dns": 1200, "connect": 800, "tls": 5400, "first_byte": 4700, "transfer": 130, "total": 12345},
        "certificate_expires_at": "2026-12-31T16:00:21.250Z", "error": null, "attempts": 1,
    });
    let seen = json[0].as_object().unwrap();
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&seen[key], value, "{key}");
    }
    let silent = serde_json::to_value(silent("pay", State::NotConfigured, "no")).unwrap();
    assert_eq!(silent["state"], "not_configured");
    for key in ["status", "address", "certificate_expires_at"] {
        assert!(silent.as_object().unwrap()[key].is_null(), "{key}");
    }
}

#[test]
fn narrow_pages_are_kept() {
    for width in [60, 80] {
        for verbose in [false, true] {
            let text = results_text(Look { width, colour: false }, &all(), now(), verbose);
            assert!(text.lines().all(|line| columns(line) <= width), "{text}");
        }
    }
}
