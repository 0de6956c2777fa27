//! Probes that are made again and again.

use serde_json::{Value, json};

use crate::common::World;
use crate::common::http::Server;
use crate::common::observe::nobody;

fn world(server: &Server) -> World {
    World::with_probes(&format!("web: {{http: \"{}\"}}\ngone: {{tcp: \"{}\"}}\n", server.url(), nobody()))
}

#[test]
fn a_percentile_is_told_when_there_are_enough_times_for_it() {
    let server = Server::start(|_| 200);
    let world = world(&server);
    for (n, told, too_few) in [
        (1, &["max", "min"][..], &["p50 needs 2 samples", "p95 needs 20 samples", "p99 needs 100 samples"][..]),
        (3, &["max", "min", "p50"], &["p95 needs 20 samples", "p99 needs 100 samples"]),
        (19, &["max", "min", "p50"], &["p95 needs 20 samples", "p99 needs 100 samples"]),
        (20, &["max", "min", "p50", "p95"], &["p99 needs 100 samples"]),
        (100, &["max", "min", "p50", "p95", "p99"], &[]),
    ] {
        let before = server.seen();
        let count = n.to_string();
        let all = world.run(&["-o", "json", "probe", "run", "web", "--repeat", &count]).exits(0).json();
        assert_eq!(server.seen() - before, n);
        let one = &all[0];
        assert_eq!((&one["n"], &one["counts"], &one["too_few"]), (&json!(n), &json!({"up": n}), &json!(too_few)));
        for spread in [&one["response_ms"], &one["phases_ms"]["connect"], &one["phases_ms"]["total"]] {
            assert_eq!(spread["n"], n);
            let numbers = spread.as_object().unwrap().iter().filter(|(key, value)| *key != "n" && value.is_number());
            let mut there: Vec<&str> = numbers.map(|(key, _)| key.as_str()).collect();
            there.sort_unstable();
            assert_eq!(there, told, "{spread}");
            let order: Vec<f64> =
                ["min", "p50", "p95", "p99", "max"].iter().filter_map(|key| spread[*key].as_f64()).collect();
            assert!(order.is_sorted(), "{spread}");
        }
    }
    let text = world.run(&["probe", "run", "web", "--repeat", "3"]).exits(0).stdout;
    assert!(text.contains("p95 needs 20 samples, p99 needs 100 samples"), "{text}");
    assert!(text.starts_with("web · http · 3 times: 3 up\n"), "{text}");
}

#[test]
fn only_answers_have_times_and_every_reason_is_counted() {
    let server = Server::start(|n| if n % 4 == 0 { 500 } else { 200 });
    let world = world(&server);
    let all = world.run(&["-o", "json", "probe", "run", "--repeat", "8", "--pause", "1ms"]).exits(1).json();
    let (web, gone) = (&all[0], &all[1]);
    assert_eq!((&web["counts"], &web["response_ms"]["n"]), (&json!({"up": 6, "down": 2}), &json!(8)));
    assert_eq!(web["reasons"], json!({"[STATUS] (500) < 400": 2}));
    assert_eq!((&gone["counts"], &gone["response_ms"]["n"]), (&json!({"down": 8}), &json!(0)));
    assert_eq!((&gone["response_ms"]["max"], gone["phases_ms"].as_object().unwrap().len()), (&Value::Null, 0));
    assert_eq!(gone["reasons"].as_object().unwrap().values().next(), Some(&json!(8)));
}
