//! `opsctl incident metrics`: every number is reckoned again from what the journal says.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use opsctl::ground::Time;
use serde_json::{Value, json};

use crate::common::World;
use crate::world::{at, events, good, happened, open, pack, told};

/// Five incidents: three with a whole story, one that goes on, one that was none.
fn history() -> World {
    let world = pack();
    for (minutes, title) in [(6000, "One"), (5000, "Two"), (4000, "Three")] {
        let id = open(&world, title, "P1", minutes);
        let say = |after: i64, words: &[&str]| at(&world, minutes - after, words);
        let lasts = minutes / 100;
        if title != "Two" {
            at(&world, minutes + 9, &["impact", &id, "--start", "api"]);
            at(&world, minutes + 4, &["correct", &id, "detected"]);
        }
        say(3, &["ack", &id]);
        told(&world, &id, "m1", "investigating", minutes - lasts / 4);
        say(lasts, &["status", &id, "mitigated"]);
        told(&world, &id, "m2", "resolved", minutes - 2 * lasts);
        say(2 * lasts, &["resolve", &id]);
    }
    open(&world, "Four", "P2", 30);
    let none = open(&world, "Five", "P3", 20);
    good(&world, &["incident", "cancel", &none, "--reason", "a drill"]);
    world
}

/// The first event of a kind in a stream.
fn first<'a>(events: &'a [Value], kind: &str) -> Option<&'a Value> {
    events.iter().find(|event| event["kind"] == kind)
}

/// What each figure of an incident comes to in seconds, straight from its events.
fn reckoned(events: &[Value]) -> BTreeMap<&'static str, i64> {
    let when = |kind: &str| first(events, kind).map(happened);
    let mitigated = events.iter().find(|e| e["body"]["status"] == "mitigated" && e["kind"] == "status_changed");
    let declared = when("declared").unwrap();
    let (impact, detected) = (when("impact_started"), when("detected"));
    let took = |end: Option<Time>, from: Option<Time>| Some((end? - from?).num_seconds());
    let began = impact.or(Some(declared));
    let noticed = detected.or(Some(declared));
    let figures = [
        ("ttd", took(detected, impact)),
        ("tta", took(when("acknowledged"), noticed)),
        ("ttc", took(when("message_sent"), noticed)),
        ("ttm", took(mitigated.map(happened), began)),
        ("ttr", took(when("resolved"), began)),
        ("impact", took(when("impact_ended"), impact)),
    ];
    figures.into_iter().filter_map(|(id, seconds)| Some((id, seconds?))).collect()
}

#[test]
fn every_figure_is_what_the_journal_says() {
    let world = history();
    let metrics = world.json(&["incident", "metrics"]);
    assert_eq!((&metrics["incidents"], &metrics["open"]), (&json!(4), &json!(1)));
    assert_eq!((&metrics["canceled"], &metrics["merged"]), (&json!(1), &json!(0)));
    let mut all: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for number in 1..=4 {
        for (id, seconds) in reckoned(&events(&world, &format!("incident/INC-{number}"))) {
            all.entry(id).or_default().push(seconds);
        }
    }
    assert_eq!(all["ttd"].len(), 2);
    for figure in metrics["figures"].as_array().unwrap() {
        let id = figure["id"].as_str().unwrap();
        let mut values = all.remove(id).unwrap_or_default();
        values.sort_unstable();
        let n = values.len();
        let rank = |percent: usize| values.get((n * percent).div_ceil(100).max(1) - 1).copied();
        let expected = json!([n, 4 - n, rank(50), rank(90)]);
        assert_eq!(json!([figure["n"], figure["unknown"], figure["median_s"], figure["p90_s"]]), expected, "{id}");
    }
    assert!(all.is_empty(), "{all:?}");
}

#[test]
fn updates_and_severities_are_summed() {
    let world = history();
    let metrics = world.json(&["incident", "metrics", "--by", "severity"]);
    let groups = metrics["by_severity"].as_array().unwrap();
    let names: Vec<&str> = groups.iter().map(|group| group["severity"].as_str().unwrap()).collect();
    assert_eq!(names, ["P0", "P1", "P2", "P3"]);
    let counts: Vec<u64> = groups.iter().map(|group| group["incidents"].as_u64().unwrap()).collect();
    assert_eq!(counts, [0, 3, 1, 0]);
    // The first update of each P1 came within 30 minutes, the next one more than an hour after it.
    let updates = &groups[1]["updates"];
    assert_eq!((&updates["on_time"], &updates["due"], &updates["ratio"]), (&json!(3), &json!(6), &json!(0.5)));
    let p1 = metrics["time_per_severity"].as_array().unwrap().iter().find(|one| one["severity"] == "P1").unwrap();
    // Each of the three lasted twice the hundredth part of its age, in minutes.
    let expected = TimeDelta::minutes(2 * (60 + 50 + 40)).num_seconds();
    assert!((p1["seconds"].as_i64().unwrap() - expected).abs() <= 5, "{p1}");
}

#[test]
fn unknown_is_unknown_and_never_zero() {
    let world = pack();
    let none = world.json(&["incident", "metrics"]);
    for figure in none["figures"].as_array().unwrap() {
        assert_eq!((&figure["n"], &figure["median_s"], &figure["p90_s"]), (&json!(0), &Value::Null, &Value::Null));
    }
    assert_eq!(none["updates"]["ratio"], Value::Null);
    assert!(!world.state().exists(), "asking wrote something");
    open(&world, "Log in fails", "P2", 5);
    let text = good(&world, &["incident", "metrics"]).stdout;
    for part in ["Time to detect", "unknown", "detected - impact started", "nearest rank", "1 incident (1 open)"] {
        assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(part), "{part}: {text}");
    }
    let one = world.json(&["incident", "metrics", "--incident", "1"]);
    assert!(one["figures"].as_array().unwrap().iter().all(|figure| figure["seconds"].is_null()), "{one}");
}

#[test]
fn one_incident_names_the_formulas_that_were_used() {
    let world = history();
    let of = |id: &str| world.json(&["incident", "metrics", "--incident", id]);
    let formula = |view: &Value, id: &str| {
        let figures = view["figures"].as_array().unwrap();
        figures.iter().find(|figure| figure["id"] == id).unwrap()["formula"].as_str().unwrap().to_owned()
    };
    let (one, two) = (of("1"), of("2"));
    assert_eq!(formula(&one, "tta"), "acknowledged - detected");
    assert_eq!(formula(&two, "tta"), "acknowledged - declared");
    assert_eq!(formula(&one, "ttr"), "resolved - impact started");
    assert_eq!(formula(&two, "ttr"), "resolved - declared");
    for number in 1..=3 {
        let figures = reckoned(&events(&world, &format!("incident/INC-{number}")));
        for figure in of(&number.to_string())["figures"].as_array().unwrap() {
            let id = figure["id"].as_str().unwrap();
            assert_eq!(figure["seconds"].as_i64(), figures.get(id).copied(), "INC-{number} {id}");
        }
    }
}

#[test]
fn a_stretch_of_time_and_restricted_incidents() {
    let world = history();
    let count = |words: &[&str]| world.json(&[&["incident", "metrics"], words].concat())["incidents"].clone();
    assert_eq!(count(&["--since", "3d"]), json!(2));
    assert_eq!(count(&["--until", "3d"]), json!(2));
    assert_eq!(count(&["--since", "2001-01-01", "--until", "2002-01-01"]), json!(0));
    world.run(&["incident", "metrics", "--since", "soon"]).exits(2).says(&["`soon`", "30d"]);
    world.run(&["incident", "metrics", "--since", "1d", "--until", "2d"]).exits(2).says(&["nothing lies between"]);
    world.run(&["incident", "metrics", "--incident", "99"]).exits(2).says(&["no incident"]);
    let secret = ["incident", "open", "--title", "Keys leaked", "--service", "api", "--severity", "P0", "--security"];
    good(&world, &secret);
    let text = good(&world, &["incident", "metrics"]).stdout;
    assert!(text.contains("1 restricted, counted and not named") && !text.contains("Keys leaked"), "{text}");
}
