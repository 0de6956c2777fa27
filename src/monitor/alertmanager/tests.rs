use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};

use super::{Incoming, LONGEST_TEXT, MOST_ALERTS, MOST_LABELS, Webhook, parse};

const MESSAGE: &str = r#"{
    "receiver": "opsctl",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighLatency", "job": "api", "service": "shop", "severity": "page"},
            "annotations": {"summary": "p99 over 2 s", "description": "long"},
            "startsAt": "2026-11-23T15:40:21.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=x",
            "fingerprint": "c4ca4238a0b92382",
            "aNewField": [1, {"x": null}]
        },
        {
            "status": "resolved",
            "labels": {"alertname": "DiskFull", "job": "db"},
            "annotations": {"message": "97 %"},
            "startsAt": "2026-11-23T15:00:00+01:00",
            "endsAt": "2026-11-23T16:00:00Z",
            "generatorURL": "",
            "fingerprint": "eccbc87e4b5ce2fe"
        }
    ],
    "groupLabels": {"alertname": "HighLatency"},
    "commonLabels": {},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager:9093",
    "version": "4",
    "groupKey": "{}:{alertname=\"HighLatency\"}",
    "truncatedAlerts": 3,
    "notificationReason": "first"
}"#;

#[test]
fn a_message_is_read() {
    let read = parse(MESSAGE).unwrap();
    assert_eq!(read.left_out, 3);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        read.alerts[0],
        Incoming {
            fingerprint: "c4ca4238a0b92382".to_owned(),
            starts_at: Some("2026-11-23T15:40:21.123456789Z".parse().unwrap()),
            ends_at: None,
            resolved: false,
            title: "HighLatency".to_owned(),
            summary: text("p99 over 2 s"),
            severity: text("page"),
            service: text("shop"),
            labels: [("alertname", "HighLatency"), ("job", "api"), ("service", "shop"), ("severity", "page")]
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into(),
            generator_url: text("http://prometheus:9090/graph?g0.expr=x"),
        }
    );
    let second = &read.alerts[1];
    assert_eq!((second.resolved, second.generator_url.clone()), (true, None));
    assert_eq!((second.summary.clone(), second.service.clone()), (text("97 %"), text("db")));
    assert_eq!(second.identity(), ("eccbc87e4b5ce2fe", Some("2026-11-23T14:00:00Z".parse().unwrap())));
    assert_eq!(second.ends_at, Some("2026-11-23T16:00:00Z".parse().unwrap()));
}

fn one(alert: &Value) -> Incoming {
    let read = parse(&json!({"version": "4", "alerts": [alert]}).to_string()).unwrap();
    read.alerts.into_iter().next().unwrap()
}

#[test]
fn what_is_missing_or_odd_is_left_out() {
    let empty = one(&json!({}));
    assert_eq!((empty.title.as_str(), empty.resolved), ("an alert without a name", false));
    assert_eq!((empty.starts_at, empty.ends_at, empty.summary, empty.service), (None, None, None, None));
    let odd = one(&json!({
        "status": 7, "labels": {"alertname": 12, "job": null, "app": "web", "up": true, "list": []},
        "annotations": "none", "startsAt": "yesterday", "endsAt": 1, "generatorURL": {}, "fingerprint": ["x"],
    }));
    assert_eq!((odd.title.as_str(), odd.service.as_deref(), odd.labels.len()), ("12", Some("web"), 3));
    assert_eq!(one(&json!({"annotations": {"description": "full"}})).title, "full");
    assert_eq!(
        one(&json!({"labels": {"service": "\u{1b}[0m", "job": "", "app": "web"}})).service.as_deref(),
        Some("web")
    );
    assert_eq!(one(&json!({"annotations": {"summary": "\0"}})).title, "an alert without a name");
    assert_eq!(one(&json!({"labels": {"alertname": " "}})).title, "an alert without a name");

    assert_eq!(parse(r#"{"alerts": null}"#), Ok(Webhook { alerts: vec![], left_out: 0 }));
    assert_eq!(parse(r#"{"alerts": [], "version": 4}"#).map(|read| read.alerts.len()), Ok(0));
    assert_eq!(parse(r#"{"alerts": [7, {}, null], "truncatedAlerts": "x"}"#).map(|read| read.alerts.len()), Ok(1));
    let group = parse(r#"{"status": "resolved", "alerts": [{}, {"status": "firing"}]}"#).unwrap();
    assert_eq!(group.alerts.iter().map(|alert| alert.resolved).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn what_is_no_message_is_refused_in_words() {
    for (body, expected) in [
        ("", "this is no JSON: "),
        ("alerts: []", "this is no JSON: "),
        (r#"{"alerts": []"#, "this is no JSON: "),
        ("[]", "this is no message of an Alertmanager: no object"),
        ("{}", "this is no message of an Alertmanager: it has no list `alerts`"),
        (r#"{"alerts": {}}"#, "this is no message of an Alertmanager: it has no list `alerts`"),
        (
            r#"{"version": "3", "alerts": []}"#,
            "this is version 3 of the Alertmanager webhook; only version 4 is understood",
        ),
        (r#"{"version": 5, "alerts": []}"#, "this is version 5 "),
    ] {
        let error = parse(body).unwrap_err();
        assert!(error.starts_with(expected), "{body}: {error}");
    }
}

#[test]
fn a_fingerprint_is_computed_from_the_labels() {
    let labels = json!({"alertname": "Disk", "host": "db-1"});
    let turned = json!({"host": "db-1", "alertname": "Disk"});
    let computed = one(&json!({"labels": labels})).fingerprint;
    assert_eq!(computed.len(), 64);
    assert_eq!(one(&json!({"labels": turned})).fingerprint, computed, "the order of labels says nothing");
    for odd in [json!(""), json!("../../etc"), json!("a b"), json!("x".repeat(65)), json!(null)] {
        assert_eq!(one(&json!({"labels": labels, "fingerprint": odd})).fingerprint, computed, "{odd}");
    }
    for other in [
        json!({"alertname": "Dis", "khost": "db-1"}),
        json!({"alertname": "Disk"}),
        json!({"alertname": "Disk4:hostdb-1"}),
    ] {
        assert_ne!(one(&json!({"labels": other})).fingerprint, computed, "{other}");
    }
}

#[test]
fn texts_are_cleaned_and_cut_and_alerts_counted() {
    let long = "x".repeat(2 * LONGEST_TEXT);
    let alert = one(&json!({
        "labels": {"alertname": "Disk\u{1b}[2J\nfull\u{202e}", "long": long},
        "annotations": {"summary": format!("\u{1b}]0;title\u{7}{long}")},
    }));
    assert_eq!(alert.title, "Disk full");
    assert_eq!(alert.labels["long"].chars().count(), LONGEST_TEXT);
    let summary = alert.summary.unwrap();
    assert!(summary.len() < LONGEST_TEXT && summary.chars().all(|c| c == 'x'));

    let alerts: Vec<Value> = (0..MOST_ALERTS + 7).map(|number| json!({"fingerprint": number.to_string()})).collect();
    let read = parse(&json!({"alerts": alerts, "truncatedAlerts": 5}).to_string()).unwrap();
    assert_eq!((read.alerts.len(), read.left_out), (MOST_ALERTS, 12));
    let labels: Value =
        (0..MOST_LABELS + 7).map(|number| (number.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(one(&json!({"labels": labels})).labels.len(), MOST_LABELS);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,9}".prop_map(Value::from)
    ];
    let key = prop_oneof![
        Just("labels".to_owned()),
        Just("annotations".to_owned()),
        Just("alertname".to_owned()),
        Just("status".to_owned()),
        Just("startsAt".to_owned()),
        Just("fingerprint".to_owned()),
        Just("summary".to_owned()),
        ".{0,5}",
    ];
    leaf.prop_recursive(3, 32, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|entries| entries.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(body: String) {
        let _ = parse(&body);
    }

    #[test]
    fn every_object_is_an_alert_with_one_line_of_title(alerts in proptest::collection::vec(any_json(), 0..6)) {
        let objects = alerts.iter().filter(|alert| alert.is_object()).count();
        let read = parse(&json!({"version": "4", "alerts": alerts}).to_string()).unwrap();
        prop_assert_eq!(read.alerts.len(), objects);
        for alert in &read.alerts {
            prop_assert!(!alert.title.is_empty() && !alert.title.contains(char::is_control));
            prop_assert!(alert.fingerprint.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert!(alert.labels.values().all(|text| !text.contains(char::is_control)));
        }
    }
}
