//! `opsctl report`: the handover, the week, the month.

use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};
use opsctl::ground::{Clock as _, SystemClock};
use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::{Value, json};

use crate::common::World;
use crate::postmortem::story;
use crate::world::{events, good, happened, open, pack, write};

fn today() -> NaiveDate {
    SystemClock.now().date_naive()
}

fn week_of(day: NaiveDate) -> String {
    day.format("%G-W%V").to_string()
}

/// Whether Markdown has no link, image or HTML.
fn is_tame(text: &str) -> bool {
    let mut parser = Parser::new_ext(text, Options::ENABLE_TABLES);
    !parser.any(|event| {
        matches!(
            event,
            Event::Html(_)
                | Event::InlineHtml(_)
                | Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_))
        )
    })
}

// ---- the shift ----

#[test]
fn whoever_takes_over_reads_what_goes_on_and_what_happened() {
    let world = story();
    let id = open(&world, "Slow <b>search</b> [x](http://e)", "P0", 20);
    good(&world, &["incident", "role", &id, "commander", "bob"]);
    good(&world, &["incident", "note", &id, "look at the cache"]);
    good(&world, &["incident", "impact", &id, "40 % of searches"]);
    good(&world, &["incident", "action", "add", &id, "Mend it", "--type", "corrective", "--due", "2026-01-01"]);
    let drafted = json!({
        "message": "m1", "tell": "update", "status": "investigating", "severity": "P0", "template": null, "variant": null,
        "to": [{"channel": "status-page", "audience": "public"}], "subject": null, "text": "x"
    });
    write(&world, &id, &[("message_drafted", drafted)]);
    world.runbook("mend", "steps: [Look, Listen]\n");
    world.run(&["runbook", "run", "mend", "--incident", &id, "--no-input"]).exits(4);
    let shift = world.json(&["report", "shift"]);
    let open = shift["incidents"].as_array().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((&open[0]["id"], &open[0]["status"]), (&json!("INC-2"), &json!("triage")));
    assert_eq!(open[0]["roles"], json!([["incident commander", "bob"]]));
    assert!(open[0]["respond_by"].is_string() && open[0]["next_update_due"].is_string(), "{shift}");
    assert_eq!(
        shift["messages"][0],
        json!({"incident": "INC-2", "message": "m1", "state": "draft", "channels": ["status-page"]})
    );
    assert_eq!((&shift["runs"][0]["id"], &shift["actions"][0]["title"]), (&json!("mend.1"), &json!("Mend it")));
    let notes: Vec<&str> = shift["notes"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(notes.len(), 2);
    assert!(notes[0].contains("Fail over") && notes[1].contains("look at the cache"), "{notes:?}");
    // All that happened is there, in order, and nothing else.
    let told: Vec<&str> = shift["happened"].as_array().unwrap().iter().map(|one| one["at"].as_str().unwrap()).collect();
    assert!(told.is_sorted() && told.len() >= events(&world, "incident/").len(), "{told:?}");
    let later = world.json(&["report", "shift", "--since", "50m"]);
    let from = SystemClock.now() - TimeDelta::minutes(50);
    let expected = events(&world, "incident/").iter().filter(|event| happened(event) >= from).count();
    let of_run = world.json(&["run", "export", "mend.1"])["events"].as_array().unwrap().len() - 1;
    assert_eq!(later["happened"].as_array().map(Vec::len), Some(expected + of_run));
    let text = good(&world, &["report", "shift"]).stdout;
    assert!(text.starts_with("# Handover\n") && is_tame(&text), "{text}");
    for part in [
        "## Open incidents",
        "40 % of searches",
        "incident commander: bob",
        "## Messages that wait",
        "## Checklists due",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn restricted_incidents_are_counted_and_left_out() {
    let world = pack();
    let secret = ["incident", "open", "--title", "Keys leaked", "--service", "api", "--severity", "P0", "--security"];
    good(&world, &secret);
    good(&world, &["incident", "note", "1", "the keys of the shop"]);
    good(&world, &["incident", "action", "add", "1", "Turn the keys", "--type", "corrective", "--due", "2026-01-01"]);
    let week = week_of(today());
    let month = today().format("%Y-%m").to_string();
    for report in [
        vec!["report", "shift"],
        vec!["report", "weekly", "--week", &week],
        vec!["report", "monthly", "--month", &month],
    ] {
        let view = world.json(&report);
        assert_eq!(view["restricted_left_out"], json!(1), "{view}");
        let text = good(&world, &report).stdout;
        for told in [&text, &view.to_string()] {
            assert!(
                ["Keys leaked", "keys of the shop", "Turn the keys"].iter().all(|said| !told.contains(said)),
                "{told}"
            );
        }
        assert!(text.contains("left out: 1"), "{text}");
        let all = [&report[..], &["--restricted"]].concat();
        assert!(good(&world, &all).stdout.contains("Keys leaked"));
        assert_eq!(world.json(&all)["restricted_left_out"], json!(0));
    }
}

// ---- the week and the month ----

#[test]
fn a_week_tells_what_was_opened_resolved_and_left() {
    let world = story();
    let moved = |days: i64| (SystemClock.now() - TimeDelta::days(days)).format("%Y-%m-%d %H:%M").to_string();
    let words = ["incident", "open", "--title", "Old", "--service", "web", "--severity", "P2", "--at"];
    good(&world, &[&words[..], &[&moved(7)]].concat());
    let resolved =
        (SystemClock.now() - TimeDelta::days(7) + TimeDelta::minutes(30)).format("%Y-%m-%d %H:%M").to_string();
    good(&world, &["incident", "resolve", "2", "--at", &resolved]);
    let view = world.json(&["report", "weekly", "--week", &week_of(today())]);
    assert_eq!(view["period"], json!(week_of(today())));
    // The story may have begun before midnight on a Monday.
    let metrics = |since: &str, until: &str| world.json(&["incident", "metrics", "--since", since, "--until", until]);
    let same = |view: &Value, part: &str, whole: &Value| {
        for key in ["incidents", "figures", "time_per_severity"] {
            assert_eq!(view[part][key], whole[key], "{part} {key}");
        }
    };
    let bounds =
        |view: &Value| [view["since"].as_str().unwrap().to_owned(), view["until"].as_str().unwrap().to_owned()];
    let [since, until] = bounds(&view);
    same(&view, "metrics", &metrics(&since, &until));
    let before = world.json(&["report", "weekly", "--week", &week_of(today() - Days::new(7))]);
    let [since, until] = bounds(&before);
    same(&view, "metrics_before", &metrics(&since, &until));
    assert_eq!(before["incidents"][0]["title"], json!("Old"));
    let actions = &view["actions"];
    assert_eq!((&actions["opened"], &actions["done"], &actions["overdue"]), (&json!(1), &json!(0), &json!([])));
    assert_eq!(view["availability"], json!([]));
    let text = good(&world, &["report", "weekly", "--week", &week_of(today())]).stdout;
    for part in
        ["# Week ", "which is not over yet", "Unknown: nothing was watched", "## Metrics", "Median before", "unknown"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(is_tame(&text));
}

#[test]
fn checklists_are_done_missed_open_or_unknown() {
    let world = World::new();
    world.write("checklists/daily.yaml", "title: Daily\nschedule: daily\nsteps: [Look]\n");
    let monday = today().week(Weekday::Mon).first_day();
    let view = |day: NaiveDate| world.json(&["report", "weekly", "--week", &week_of(day)])["checklists"][0].clone();
    let left = 7 - u64::from(today().weekday().num_days_from_monday());
    let past = 7 - left;
    assert_eq!(view(monday), json!({"id": "daily", "done": 0, "missed": 0, "open": left, "unknown": past}));
    let answers = world.answers("steps: {look: done}");
    good(&world, &["checklist", "daily", "--answers", &answers]);
    assert_eq!(view(monday), json!({"id": "daily", "done": 1, "missed": 0, "open": left - 1, "unknown": past}));
    // What is told of the past does not make it known what was done then.
    let words = ["incident", "open", "--title", "Old", "--service", "api", "--severity", "P2", "--at", "10d ago"];
    good(&world, &words);
    assert_eq!(view(monday), json!({"id": "daily", "done": 1, "missed": 0, "open": left - 1, "unknown": past}));
    assert_eq!(view(monday - Days::new(7))["unknown"], json!(7));
}

#[test]
fn a_month_has_objectives_severities_and_services() {
    let world = story();
    let month = today().format("%Y-%m").to_string();
    let view = world.json(&["report", "monthly", "--month", &month]);
    assert!(view["objectives"].as_array().is_some_and(|all| all.len() >= 3), "{view}");
    assert_eq!(view["by_severity"].as_array().map(Vec::len), Some(4));
    let text = good(&world, &["report", "monthly", "--month", &month]).stdout;
    for part in ["# Month ", "## Objectives", "99.9% uptime", "## Medians per severity", "## Services touched"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn periods_are_named_and_files_are_not_overwritten() {
    let world = World::new();
    let name = |words: &[&str]| world.json(&[&["report"], words].concat())["period"].as_str().unwrap().to_owned();
    let friday = (0..7).map(|back| today() - Days::new(back)).find(|day| day.weekday() == Weekday::Fri).unwrap();
    assert_eq!(name(&["weekly"]), week_of(friday));
    let next_week = today() + Days::new(7);
    let last = if next_week.month() == today().month() { today().with_day(1).unwrap() - Days::new(1) } else { today() };
    assert_eq!(name(&["monthly"]), last.format("%Y-%m").to_string());
    assert_eq!(name(&["weekly", "--week", "2026-W01"]), "2026-W01");
    let view = world.json(&["report", "weekly", "--week", "2026-W01"]);
    assert_eq!(
        (&view["since"], &view["until"]),
        (&json!("2025-12-29T00:00:00.000Z"), &json!("2026-01-05T00:00:00.000Z"))
    );
    for (words, said) in [
        (["weekly", "--week", "2026-W60"], "2026-W47"),
        (["weekly", "--week", "last"], "2026-W47"),
        (["monthly", "--month", "2026-13"], "2026-11"),
        (["monthly", "--month", "+262142-12"], "2026-11"),
        (["monthly", "--month", "9000-01"], "not begun"),
        (["shift", "--since", "soon"], "30d"),
    ] {
        world.run(&[&["report"], &words[..]].concat()).exits(2).says(&[said]);
    }
    good(&world, &["report", "weekly", "--out", "week.md"]);
    assert!(world.read("week.md").starts_with("# Week "));
    world.run(&["report", "weekly", "--out", "week.md"]).exits(2).says(&["nothing was overwritten"]);
    good(&world, &["-o", "json", "report", "shift", "--out", "shift.json"]);
    assert!(serde_json::from_str::<Value>(&world.read("shift.json")).unwrap()["incidents"].is_array());
    assert!(!world.state().exists(), "a journal was made");
}
