//! One thing after the other: what becomes of it, and what is said when nothing does.

use std::fmt::Write as _;

use super::{import, lines, loaded};
use crate::catalog::model::{AlertWhen, MaintenanceWindow, Probe, ProbeTarget};
use crate::ground::Span;
use crate::import::LeftOut;

/// What became of an endpoint with these fields, and what was left out of it, a line each.
fn one(fields: &str) -> (Probe, String) {
    let (probe, left_out) = perhaps(fields);
    (probe.unwrap_or_else(|| panic!("{left_out}")), left_out)
}

fn perhaps(fields: &str) -> (Option<Probe>, String) {
    let conditions = if fields.contains("conditions:") { "" } else { ", conditions: [\"[CONNECTED] == true\"]" };
    let imported = import(&format!("endpoints:\n  - {{name: one, {fields}{conditions}}}\n"));
    let probe = loaded(&imported.yaml).settings.probes.get("one").map(|probe| Probe::clone(probe));
    let left_out = imported.left_out.into_iter().map(|left| LeftOut { endpoint: None, ..left });
    (probe, lines(&left_out.collect::<Vec<_>>()))
}

fn span(text: &str) -> Span {
    text.parse().unwrap()
}

#[test]
fn the_scheme_says_what_is_looked_at() {
    for (url, expected) in [
        ("http://a.test", "http http://a.test GET, 10 redirects"),
        ("https://a.test/x?y=z#w", "http https://a.test/x?y=z#w GET, 10 redirects"),
        ("$URL", "http ${URL} GET, 10 redirects"),
        ("${SCHEME}://a.test", "http ${SCHEME}://a.test GET, 10 redirects"),
        ("tcp://a.test:80", "tcp a.test:80"),
        ("tcp://[::1]:80", "tcp [::1]:80"),
        ("tls://a.test:443", "tls a.test:443 None"),
        ("starttls://a.test:587", "tls a.test:587 Some(Smtp)"),
        ("icmp://a.test", "icmp a.test"),
        ("icmp://1111:2222:3333::4444", "icmp 1111:2222:3333::4444"),
        ("ws://a.test/s", "websocket ws://a.test/s Some(\"\")"),
        ("wss://a.test/s", "websocket wss://a.test/s Some(\"\")"),
        ("grpc://a.test:1", "grpc a.test:1 false"),
        ("grpcs://a.test:1", "grpc a.test:1 true"),
        ("ssh://a.test", "tcp a.test:22 expects Some(\"^SSH-\")"),
        ("ssh://${HOST}", "tcp ${HOST}:22 expects Some(\"^SSH-\")"),
        ("ssh://::1", "tcp [::1]:22 expects Some(\"^SSH-\")"),
        ("ssh://[::1]", "tcp [::1]:22 expects Some(\"^SSH-\")"),
        ("ssh://a.test:2222", "tcp a.test:2222 expects Some(\"^SSH-\")"),
    ] {
        let said = match one(&format!("url: \"{url}\"")).0.target {
            ProbeTarget::Http(http) => format!("http {} {}, {} redirects", http.url, http.method, http.redirects),
            ProbeTarget::Tcp(tcp) => match tcp.dialogue.first() {
                Some(turn) => format!("tcp {} expects {:?}", tcp.address, turn.expect),
                None => format!("tcp {}", tcp.address),
            },
            ProbeTarget::Tls { address, starttls } => format!("tls {address} {starttls:?}"),
            ProbeTarget::Icmp { host } => format!("icmp {host}"),
            ProbeTarget::Websocket { url, send, .. } => format!("websocket {url} {send:?}"),
            ProbeTarget::Grpc { address, tls, .. } => format!("grpc {address} {tls}"),
            other => format!("{other:?}"),
        };
        assert_eq!(said, expected);
    }
}

#[test]
fn what_cannot_be_looked_at_is_left_out_whole() {
    for (fields, why) in [
        ("url: \"udp://a.test:53\"", "url: there is no probe for UDP"),
        ("url: \"sctp://a.test:53\"", "url: there is no probe for SCTP"),
        ("url: \"ftp://a.test\"", "url: this kind of address is not known"),
        ("url: a.test", "url: this is no address"),
        ("url: \"\"", "url: there is nothing to look at"),
        ("method: GET", "url: there is nothing to look at"),
        ("url: [a]", "url: a text is expected here"),
        ("url: \"tcp://a.test\"", "url: the address has no port"),
        ("url: \"tcp://a.test:http\"", "url: the address has no port that is a number"),
        ("url: \"icmp://\"", "url: this is not a host"),
        ("url: \"8.8.8.8\", dns: {query-name: a.test, query-type: PTR}", "dns.query-type: only A, AAAA"),
        ("url: \"8.8.8.8\", dns: {query-type: A}", "dns.query-name: this is not a host"),
        ("url: \"8.8.8.8\", dns: A", "dns: a map is expected here"),
    ] {
        let (probe, left_out) = perhaps(fields);
        assert!(probe.is_none(), "{fields}: {probe:?}");
        assert!(left_out.starts_with(why) && left_out.contains("the whole endpoint is left out"), "{left_out}");
    }
}

#[test]
fn defaults_of_both_are_the_same() {
    let (probe, left_out) = one("url: \"http://a.test\"");
    assert_eq!((probe.interval, probe.timeout, probe.enabled), (span("60s"), span("10s"), true));
    assert_eq!(left_out, "");
    let (same, left_out) =
        one("url: \"http://a.test\", interval: 60s, client: {timeout: 0s, network: ip}, method: get");
    assert_eq!((same.interval, same.timeout), (probe.interval, probe.timeout));
    assert_eq!((same.target, same.client), (probe.target, probe.client));
    assert_eq!(left_out, "");
}

#[test]
fn a_body_goes_where_it_went() {
    let (probe, left_out) = one("url: \"http://a.test\", body: \"[ENDPOINT_NAME]@[ENDPOINT_URL] [RANDOM_STRING_9]\"");
    let ProbeTarget::Http(http) = probe.target else { panic!() };
    assert_eq!(http.body.as_deref(), Some("one@http://a.test [RANDOM_STRING_9]"));
    assert!(left_out.starts_with("body: nothing is put where"), "{left_out}");

    let (probe, _) = one("url: \"http://a.test\", graphql: true, body: \"{ a(b: \\\"$$c\\\") }\"");
    let ProbeTarget::Http(http) = probe.target else { panic!() };
    assert_eq!(http.body.as_deref(), Some(r#"{"query":"{ a(b: \"$c\") }"}"#));
    assert_eq!(http.headers["Content-Type"], "application/json");

    let (probe, _) = one("url: \"tls://a.test:1\", body: \"PING\\\\n\\r\\n\"");
    let ProbeTarget::Tcp(tcp) = probe.target else { panic!() };
    assert!(tcp.tls);
    assert_eq!(tcp.dialogue[0].send.as_deref(), Some("PING\\n\r\n"));
    assert_eq!(tcp.dialogue[0].expect.as_deref(), Some("(?s)."));
}

#[test]
fn what_a_kind_does_not_have_is_not_spoken_of() {
    let (_, left_out) = one("url: \"icmp://a.test\", method: POST, headers: {A: b}, body: c, graphql: true");
    assert_eq!(left_out, "");
}

#[test]
fn headers_that_cannot_be_are_left_out() {
    let (probe, left_out) =
        one("url: \"http://a.test\", method: M-SEARCH, headers: {\"a b\": c, D: [e], F: 0x10, G: ~}");
    let ProbeTarget::Http(http) = probe.target else { panic!() };
    assert_eq!((http.method.as_str(), http.headers.len()), ("GET", 1));
    assert_eq!(http.headers["F"], "0x10");
    for line in [
        "method: this is not an HTTP method: the request is a GET",
        "headers.a b: this cannot be the name of a header",
        "headers.D: a text is expected here",
    ] {
        assert!(left_out.contains(line), "{left_out}");
    }
}

#[test]
fn the_client_is_taken_over() {
    let (probe, left_out) =
        one("url: \"http://a.test\", client: {timeout: 1.5s, insecure: true, ignore-redirect: true, \
         dns-resolver: \"udp://$DNS:53\", proxy-url: \"http://p:1\", tls: {certificate-file: c, private-key-file: k}}");
    assert_eq!(left_out, "");
    assert_eq!(probe.timeout, span("1s500ms"));
    assert_eq!(probe.client.resolver.as_deref(), Some("${DNS}:53"));
    assert_eq!(probe.client.proxy.as_deref(), Some("http://p:1"));
    assert_eq!((probe.client.certificate.as_deref(), probe.client.key.as_deref()), (Some("c"), Some("k")));
    assert!(probe.client.insecure && matches!(probe.target, ProbeTarget::Http(http) if http.redirects == 0));

    let (probe, left_out) =
        one("url: \"tcp://a.test:1\", client: {proxy-url: \"http://p:1\", network: ip6, dns-resolver: \"tcp://a:b\", \
         tls: {certificate-file: c}}");
    assert_eq!(probe.client, crate::catalog::model::Client::default());
    insta::assert_snapshot!(left_out, @"
    client.network: whether IPv4 or IPv6 is used cannot be chosen
    client.tls.certificate-file: a client certificate needs both `certificate-file` and `private-key-file`
    client.dns-resolver: the address has no port that is a number
    client.proxy-url: only `http` probes go through a proxy
    ");
}

#[test]
fn conditions_are_copied_or_left_out() {
    let (probe, left_out) = one(
        "url: \"http://a.test\", conditions: [\"[STATUS] == 200\", \"[domain_expiration] > 1h\", \"len([BODY]) > $$1\", \
         \"[BODY].a == [CONTEXT].b\", \"[STATUS]\", \"[BODY] == ${X}\", 5, [a], ~]",
    );
    assert_eq!(probe.conditions.len(), 2);
    insta::assert_snapshot!(left_out, @"
    conditions[1]: when a domain ends cannot be found out here: nobody asks whois
    conditions[3]: there is no context: what one probe sees is not handed to the next
    conditions[4]: this is no condition: a condition compares two sides with ==, !=, <=, >=, < or >
    conditions[5]: no variable can stand in a condition: write its value
    conditions[6]: this is no condition: a condition compares two sides with ==, !=, <=, >=, < or >
    conditions[7]: a condition is a text: put it in quotes
    conditions[8]: a condition is a text: put it in quotes
    ");
}

#[test]
fn alerts_with_the_same_words_become_one_rule() {
    let imported = import(
        "alerting: {slack: {default-alert: {failure-threshold: 4, description: usual}}}\n\
         endpoints:\n\
         - {name: a, url: \"http://a.test\", conditions: [\"[STATUS] == 200\"], alerts: [{type: slack}, {type: slack}]}\n\
         - {name: b, url: \"http://b.test\", conditions: [\"[STATUS] == 200\"], alerts: [{type: slack, success-threshold: 0}]}\n\
         - {name: c, url: \"http://c.test\", conditions: [\"[STATUS] == 200\"], alerts: [{type: x, description: \"[BODY]\"}]}\n\
         - {name: d, url: \"http://d.test\", conditions: [\"[STATUS] == 200\"], alerts: [{type: x, enabled: no}, 7, {}]}\n",
    );
    let alerts = loaded(&imported.yaml).settings.alerts;
    let said: Vec<_> = alerts
        .values()
        .map(|rule| {
            let AlertWhen::State { observations, .. } = rule.when else { panic!("{rule:?}") };
            format!("{}: {} {observations} {} {:?}", rule.id, rule.title, rule.resolve_after, rule.probes)
        })
        .collect();
    assert_eq!(
        said,
        [
            "usual: usual 4 2 [\"a\", \"b\"]",
            "body: [BODY] 3 2 [\"c\"]",
            "endpoint-is-down: Endpoint is down 3 2 [\"d\"]",
        ]
    );
    insta::assert_snapshot!(lines(&imported.left_out), @"
    alerting.slack: who is told is not taken over: declare `channels:` and name them in the alerts
    a: alerts[0].type: the alert tells nobody yet: name its `channels`
    a: alerts[1].type: the alert tells nobody yet: name its `channels`
    b: alerts[0].type: the alert tells nobody yet: name its `channels`
    c: alerts[0].description: nothing is filled in here: it stands in the title as it is written
    c: alerts[0].type: the alert tells nobody yet: name its `channels`
    d: alerts[1]: a map is expected here
    d: alerts[0]: it is switched off
    ");
}

#[test]
fn windows_are_taken_over_whole_or_not_at_all() {
    let window = |text: &str| {
        let (probe, left_out) = one(&format!("url: \"http://a.test\", maintenance-windows: [{{{text}}}]"));
        (probe.maintenance, left_out)
    };
    let (windows, left_out) = window("start: 23:30, duration: 1.5h, timezone: Europe/Berlin, every: [Monday, sunday]");
    assert_eq!(left_out, "");
    let [MaintenanceWindow::Recurring { start, duration, days, timezone }] = windows.as_slice() else { panic!() };
    assert_eq!((start.to_string(), *duration, days.len()), ("23:30:00".to_owned(), span("1h30m"), 2));
    assert_eq!(timezone.name(), "Europe/Berlin");
    for (text, why) in [
        ("enabled: false, start: x", "maintenance-windows[0]: it is switched off"),
        ("duration: 1h", "maintenance-windows[0].start: a window begins"),
        ("start: \"24:00\", duration: 1h", "maintenance-windows[0].start: a window begins"),
        ("start: \"1:00\", duration: 1h", "maintenance-windows[0].start: a window begins"),
        ("start: \"01:00\", duration: 25h", "maintenance-windows[0].duration: a window lasts"),
        ("start: \"01:00\"", "maintenance-windows[0].duration: a window lasts"),
        ("start: \"01:00\", duration: 1h, timezone: Mars", "maintenance-windows[0].timezone: there is no such time"),
        ("start: \"01:00\", duration: 1h, every: [Monday, Someday]", "maintenance-windows[0].every[1]: there is no"),
    ] {
        let (windows, left_out) = window(text);
        assert!(windows.is_empty() && left_out.starts_with(why), "{text}: {left_out}");
    }
}

#[test]
fn anchors_are_followed_and_what_is_written_counts_more() {
    let imported = import(
        "a: &a {group: one, interval: 5m, client: &c {timeout: 2s}}\n\
         b: &b {interval: 7m, method: PUT, conditions: [\"[STATUS] == 200\"]}\n\
         endpoints:\n\
         - {name: p, url: \"http://p.test\", <<: [*a, *b]}\n\
         - {<<: *b, name: q, url: \"http://q.test\", interval: 9m, client: *c}\n\
         - {name: r, url: \"http://r.test\", client: {<<: *c, insecure: true}, <<: *a}\n",
    );
    let probes = loaded(&imported.yaml).settings.probes;
    let said: Vec<_> = probes
        .values()
        .map(|probe| {
            let ProbeTarget::Http(http) = &probe.target else { panic!() };
            let insecure = probe.client.insecure;
            format!("{} {} {} {} {} {insecure}", probe.id, probe.service, http.method, probe.interval, probe.timeout)
        })
        .collect();
    assert_eq!(said, ["p one PUT 5m 2s false", "r one GET 5m 2s true", "q endpoints PUT 9m 2s false"]);
}

#[test]
fn hundreds_of_endpoints_may_share_one_anchor() {
    let mut text = "a: &a {conditions: [\"[STATUS] == 200\"]}\nendpoints:\n".to_owned();
    for number in 0..300 {
        let _ = writeln!(text, "- {{<<: *a, name: n{number}, url: \"http://a.test\"}}");
    }
    let imported = import(&text);
    assert_eq!(loaded(&imported.yaml).settings.probes.len(), 300);
}

#[test]
fn a_file_of_which_nothing_can_be_taken_is_still_good_settings() {
    for text in ["suites: [{name: a}]", "endpoints: [1, ~, [a]]", "endpoints: {a: b}", "endpoints: text\nalerting: x"] {
        let imported = import(text);
        assert_eq!(imported.probes, 0);
        assert!(!imported.left_out.is_empty(), "{text}");
        assert!(loaded(&imported.yaml).settings.probes.is_empty());
    }
}

#[test]
fn variables_stand_only_where_they_are_filled_in() {
    let (probe, left_out) = one(
        "url: \"http://$HOST/\", group: \"$TEAM\", interval: \"${EVERY}\", enabled: \"$ON\", headers: {A: \"x${B:-c}\"}",
    );
    let ProbeTarget::Http(http) = probe.target else { panic!() };
    assert_eq!((http.url.as_str(), http.headers["A"].as_str()), ("http://${HOST}/", "x"));
    assert!(probe.enabled);
    insta::assert_snapshot!(left_out, @"
    group: no variable is filled in here: it stands as it is written
    headers.A: a `$` names something that is no variable; Gatus puts nothing there, and so does this
    interval: no variable can stand here: write its value
    enabled: no variable can stand here: write its value
    ");
}
