//! Checklists and playbooks: one run a period or subject, ticks from the command line and at the board, and where
//! they stand.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use opsctl::ground::{Clock as _, SystemClock};
use serde_json::{Value, json};

mod common;

use common::http::Server;
use common::{Outcome, World, status, step};

/// A world with one checklist a day of three items that somebody has to look at.
fn daily() -> World {
    let world = World::new();
    world.write(
        "checklists/daily.yaml",
        "title: Daily\nschedule: daily\ndue: '10:00'\nsteps:\n  - {id: doors, title: Doors}\n  - {id: windows, title: Windows, tasks: [Left, Right]}\n  - {id: roof, title: Roof, optional: true}\n",
    );
    world.run(&["lint"]).exits(0);
    world
}

#[track_caller]
fn on(world: &World, date: &str, args: &[&str]) -> Outcome {
    world.run(&[&["-o", "json", "checklist", "daily", "--date", date], args].concat())
}

fn reason(run: &Value, id: &str) -> String {
    step(run, id)["reason"].as_str().unwrap_or_default().to_owned()
}

fn runs(world: &World) -> Vec<String> {
    let runs = world.json(&["run", "list"]);
    runs.as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect()
}

fn states(world: &World, date: &str) -> Vec<String> {
    let lists = world.json(&["checklist", "status", "--date", date]);
    lists.as_array().unwrap().iter().map(|l| format!("{} {}", l["id"], l["state"]).replace('"', "")).collect()
}

// ---- a run a period ----

#[test]
fn todays_run_is_gone_on_with() {
    let world = daily();
    // The day may turn while the test runs; then there are two runs, and rightly so.
    let before = SystemClock.now().date_naive();
    let first = world.run(&["-o", "json", "checklist", "daily", "--check", "doors"]).exits(0).json();
    let second = world.run(&["-o", "json", "checklist", "run", "daily", "--check", "roof"]).exits(0).json();
    if before == SystemClock.now().date_naive() {
        assert_eq!(first["id"], format!("daily.{before}"));
        assert_eq!((&second["id"], &second["period"]), (&first["id"], &json!(before.to_string())));
        assert_eq!((status(&second, "doors"), status(&second, "windows")), ("done", "pending"));
    }
}

#[test]
fn every_date_has_its_run_and_a_finished_one_is_not_begun_anew() {
    let world = daily();
    on(&world, "2026-11-02", &["--check", "doors"]).exits(0);
    on(&world, "2026-11-03", &["--check", "doors", "--check", "windows", "--check", "roof"]).exits(0);
    assert_eq!(runs(&world), ["daily.2026-11-03", "daily.2026-11-02"]);
    let over = on(&world, "2026-11-03", &[]).exits(0).json();
    assert_eq!((&over["id"], &over["outcome"]), (&json!("daily.2026-11-03"), &json!("succeeded")));
    on(&world, "2026-11-03", &["--check", "doors"]).exits(2).says(&["daily.2026-11-03", "finished"]);
    let again = on(&world, "2026-11-03", &["--again", "--check", "doors"]).exits(0).json();
    assert_eq!(again["id"], "daily.2026-11-03.2");
    let later = on(&world, "2026-11-03", &["--check", "roof"]).exits(0).json();
    assert_eq!((&later["id"], status(&later, "doors")), (&json!("daily.2026-11-03.2"), "done"));
}

#[test]
fn periods_are_days_weeks_or_months() {
    let world = World::new();
    for (id, schedule, period) in [
        ("d", "daily", "2026-01-01"),
        ("w", "monday", "2026-W01"),
        ("m", "{every: month, week: first}", "2026-01"),
        ("n", "", "2026-01-01"),
    ] {
        let schedule = if schedule.is_empty() { String::new() } else { format!("schedule: {schedule}\n") };
        world.write(&format!("checklists/{id}.yaml"), &format!("title: L\n{schedule}steps: [Look, Listen]\n"));
        let run = world.json(&["checklist", id, "--date", "2026-01-01", "--check", "look"]);
        assert_eq!((&run["period"], &run["id"]), (&json!(period), &json!(format!("{id}.{period}"))));
    }
}

#[test]
fn a_date_is_a_day_that_has_been() {
    let world = daily();
    for date in ["2026-13-01", "yesterday", "2026-02-30"] {
        on(&world, date, &[]).exits(2).says(&[date]);
    }
    on(&world, "2999-01-01", &[]).exits(2).says(&["2999-01-01 is in the future"]);
    assert!(runs(&world).is_empty());
}

// ---- ticks from the command line ----

#[test]
fn items_are_ticked_left_out_and_noted_in_any_order() {
    let world = daily();
    let run = on(&world, "2026-11-02", &["--check", "roof", "--note", "two tiles gone"]).exits(0).json();
    assert_eq!(["doors", "windows", "roof"].map(|id| status(&run, id)), ["pending", "pending", "done"]);
    let run = on(&world, "2026-11-02", &["--skip", "doors", "--reason", "locked anyway"]).exits(0).json();
    assert_eq!((status(&run, "doors"), reason(&run, "doors").as_str()), ("skipped", "locked anyway"));
    on(&world, "2026-11-02", &["--note", "cold day"]).exits(0);
    let run = on(&world, "2026-11-02", &["--check", "windows"]).exits(0).json();
    assert_eq!((&run["status"], &run["outcome"]), (&json!("finished"), &json!("succeeded")));
    assert!(step(&run, "windows")["tasks"].as_array().unwrap().iter().all(|task| task["done"] == true), "{run}");
    let text = world.run(&["run", "show", "daily.2026-11-02"]).exits(0).stdout;
    assert!(text.contains("note: two tiles gone (alice)") && text.contains("note: cold day (alice)"), "{text}");
}

#[test]
fn a_wrong_tick_is_refused_and_nothing_begins() {
    let world = daily();
    on(&world, "2026-11-02", &["--check", "dors"]).exits(2).says(&["no item `dors`", "did you mean `doors`?"]);
    on(&world, "2026-11-02", &["--skip", "doors"]).exits(2).says(&["--reason"]);
    assert!(runs(&world).is_empty());
    on(&world, "2026-11-02", &["--skip", "doors", "--reason", " "]).exits(2).says(&["reason"]);
    on(&world, "2026-11-02", &["--check", "doors"]).exits(0);
    on(&world, "2026-11-02", &["--check", "doors"]).exits(2).says(&["doors is done already by alice"]);
    world.run(&["checklist", "dailly"]).exits(2).says(&["did you mean `daily`?"]);
    world.run(&["checklist"]).exits(2);
}

#[test]
fn a_reason_alone_is_refused() {
    let world = daily();
    on(&world, "2026-11-02", &["--reason", "why"]).exits(2).says(&["--skip"]);
    assert!(runs(&world).is_empty());
}

#[test]
fn a_list_that_is_not_walked_through_is_not_a_good_answer() {
    let world = daily();
    on(&world, "2026-11-02", &[]).exits(4).says(&["open: doors, windows, roof"]);
    on(&world, "2026-11-02", &["--check", "doors", "--check", "roof"]).exits(0);
    let answers = world.answers("steps: {windows: fail}");
    let run = on(&world, "2026-11-02", &["--answers", &answers]).exits(1).json();
    assert_eq!((&run["outcome"], status(&run, "windows")), (&json!("failed"), "failed"));
}

#[test]
fn one_red_item_does_not_hide_the_rest() {
    let world = daily();
    let answers = world.answers("steps: {doors: fail, windows: done, roof: done}");
    let run = on(&world, "2026-11-02", &["--answers", &answers]).exits(1).json();
    assert_eq!(["doors", "windows", "roof"].map(|id| status(&run, id)), ["failed", "done", "done"]);
}

// ---- items that look by themselves ----

#[test]
fn items_with_a_check_of_their_own_tick_themselves_and_keep_the_evidence() {
    let server = Server::start(|_| 200);
    let down = Server::start(|_| 500);
    let world = World::new();
    world.write(
        "opsctl.yaml",
        &format!(
            "services:\n  api:\n    title: API\n    probes:\n      up: {{http: '{}'}}\n      down: {{http: '{}'}}\n",
            server.url(),
            down.url()
        ),
    );
    world.write("checklists/daily.yaml", "title: Daily\nschedule: daily\nsteps:\n  - {id: red, title: Red, probe: down}\n  - {id: green, title: Green, probe: up}\n  - {id: disk, title: Disk, run: echo 42 per cent, risk: read-only}\n  - {id: change, title: Change, run: echo changed > changed, risk: mutating}\n  - {id: look, title: Look}\n");
    let run = on(&world, "2026-11-02", &[]).exits(4).says(&["red", "change", "look"]).json();
    let statuses = ["red", "green", "disk", "change", "look"].map(|id| status(&run, id));
    assert_eq!(statuses, ["failed", "done", "done", "pending", "pending"]);
    assert_eq!(step(&run, "disk")["output"], "42 per cent\n");
    assert!(step(&run, "green")["output"].as_str().unwrap().contains("up"), "{run}");
    assert!(reason(&run, "red").contains("500"), "{run}");
    // What failed is not looked at again by itself, and neither is what passed.
    on(&world, "2026-11-02", &[]).exits(4);
    assert_eq!((server.seen(), down.seen()), (1, 1));
    let answers = world.answers("steps: {change: run, look: done, red: done}");
    let run = on(&world, "2026-11-02", &["--answers", &answers]).exits(0).json();
    assert_eq!((status(&run, "red"), world.read("changed").as_str()), ("done", "changed\n"));
}

// ---- at the board ----

#[test]
fn the_board_takes_ticks_in_any_order() {
    let world = World::new();
    world.write(
        "checklists/daily.yaml",
        "title: Daily\nschedule: daily\nsteps:\n  - {id: doors, title: Doors}\n  - {id: windows, title: Windows, tasks: [Left, Right]}\n  - {id: roof, title: Roof}\n  - {id: lamp, title: Lamp, risk: read-only, run: 'echo x >> lamp; test \"$(wc -l < lamp)\" -ge 2'}\n  - {id: stove, title: Stove, risk: read-only, run: 'false'}\n",
    );
    let mut board = world.pty(&["checklist", "daily", "--date", "2026-11-02"]);
    board.expect("Daily · 2026-11-02 · 2 of 5").expect("1 [ ] Doors").expect("4 [!] Lamp").expect("? help");
    board.send_line("3").expect("3 of 5").expect("3 [x] Roof").expect("? help");
    board.send_line("2.2").expect("[ ] Left").expect("[x] Right").expect("? help");
    board
        .send_line("s 1")
        .expect("Why")
        .send_line("locked anyway")
        .expect("1 [-] Doors (locked anyway)")
        .expect("? help");
    board.send_line("n 2 it draws").expect("Noted").expect("Windows · it draws").expect("? help");
    board.send_line("r 4").expect("4 [x] Lamp").expect("? help");
    board.send_line("9").expect("is no item").expect("? help");
    board.send_line("3").expect("settled already").expect("? help");
    board.send_line("r 2").expect("no check of its own").expect("? help");
    board.send_line("?").expect("tick task 2 of item 3").expect("? help");
    board.send_line("!echo by hand").expect("by hand").expect("? help");
    board.send_line("q");
    let (code, shown) = board.finish();
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("run resume daily.2026-11-02") && shown.contains("is incomplete: 4 of 5"), "{shown}");

    let mut board = world.pty(&["checklist", "daily", "--date", "2026-11-02"]);
    board.expect("Going on with daily.2026-11-02").expect("? help");
    board.send_line("c 5").expect("? help").send_line("2");
    let (code, shown) = board.finish();
    assert_eq!(code, 1, "an accepted failure is still a failure: {shown}");
    let run = world.json(&["run", "show", "daily.2026-11-02"]);
    let ids = ["doors", "windows", "roof", "lamp", "stove"];
    assert_eq!(ids.map(|id| status(&run, id)), ["skipped", "done", "done", "done", "failed"]);
    assert_eq!((&run["status"], &run["outcome"]), (&json!("finished"), &json!("failed")));
    assert_eq!(world.read("lamp"), "x\nx\n");
}

#[test]
fn a_board_that_is_all_ticked_is_done() {
    let world = daily();
    let mut board = world.pty(&["checklist", "daily", "--date", "2026-11-02"]);
    for (number, done) in [("2", "1 of 3"), ("3", "2 of 3")] {
        board.expect("? help").send_line(number).expect(done);
    }
    board.expect("? help").send_line("1").expect("succeeded");
    assert_eq!(board.finish().0, 0);
}

// ---- where they stand ----

/// Lists of every kind of schedule: 2026-11-18 is a Wednesday in the third week.
fn schedules() -> World {
    let world = World::new();
    for (id, head) in [
        ("a-daily", "schedule: daily\ndue: '10:00'"),
        ("b-week", "schedule: weekly"),
        ("c-friday", "schedule: friday"),
        ("d-monday", "schedule: monday"),
        ("e-first", "schedule: {every: month, week: first}"),
        ("f-last", "schedule: {every: month, week: last}"),
        ("g-never", ""),
        ("h-done", "schedule: daily"),
        ("i-failed", "schedule: daily"),
    ] {
        world.write(&format!("checklists/{id}.yaml"), &format!("title: L\n{head}\nsteps: [Look, Listen]\n"));
    }
    let date = ["--date", "2026-11-18"];
    world.run(&[&["checklist", "h-done", "--check", "look", "--check", "listen"][..], &date].concat()).exits(0);
    let answers = world.answers("steps: {look: fail, listen: done}");
    world.run(&[&["checklist", "i-failed", "--answers", &answers][..], &date].concat()).exits(1);
    world.run(&[&["checklist", "b-week", "--check", "look"][..], &date].concat()).exits(0);
    world
}

#[test]
fn a_lists_state_follows_from_its_schedule_and_its_runs() {
    let world = schedules();
    let states = states(&world, "2026-11-18");
    assert_eq!(
        states,
        [
            "a-daily overdue",
            "b-week due",
            "c-friday not-yet",
            "d-monday overdue",
            "e-first overdue",
            "f-last not-yet",
            "g-never unscheduled",
            "h-done done",
            "i-failed failed"
        ]
    );
    let outcome = world.run(&["checklist", "status", "--date", "2026-11-18"]).exits(1);
    let outcome = outcome.says(&["overdue: a-daily, d-monday, e-first"]);
    assert!(outcome.stdout.contains("2026-11-18 10:00"), "{outcome}");
    let lists = world.json(&["checklist", "status", "--date", "2026-11-18"]);
    let week = &lists[1];
    assert_eq!((&week["period"], &week["run"]), (&json!("2026-W47"), &json!("b-week.2026-W47")));
    assert_eq!((&week["progress"], &week["deadline"]), (&json!([1, 2]), &json!("2026-11-22 23:59")));
}

#[test]
fn the_past_shows_what_was_due_then() {
    let world = schedules();
    let states = states(&world, "2026-11-06");
    for state in ["a-daily overdue", "c-friday due", "e-first due", "h-done due", "i-failed due", "b-week due"] {
        assert!(states.contains(&state.to_owned()), "{state}: {states:?}");
    }
}

#[test]
fn history_has_the_runs_of_a_list_the_newest_first() {
    let world = schedules();
    world.run(&["checklist", "h-done", "--check", "look", "--date", "2026-11-17"]).exits(0);
    let history = world.json(&["checklist", "history", "h-done"]);
    let lines: Vec<_> = history.as_array().unwrap().iter().map(|run| (&run["id"], &run["outcome"])).collect();
    assert_eq!(
        lines,
        [(&json!("h-done.2026-11-17"), &Value::Null), (&json!("h-done.2026-11-18"), &json!("succeeded"))]
    );
    assert_eq!(world.json(&["checklist", "history"]).as_array().unwrap().len(), 4);
    world.run(&["checklist", "history", "h-dnoe"]).exits(2).says(&["h-done"]);
    world.run(&["checklist", "history", "g-never"]).exits(0).says(&["No runs yet."]);
}

#[test]
fn with_nothing_overdue_the_status_is_a_good_answer() {
    let world = World::new();
    world.write("checklists/daily.yaml", "title: Daily\nschedule: daily\nsteps: [Look]\n");
    world.run(&["checklist", "status", "--date", "2026-11-18"]).exits(0);
    assert_eq!(states(&world, "2026-11-18"), ["daily due"]);
    assert!(runs(&world).is_empty() && !world.state().exists(), "looking made something");
}

// ---- playbooks ----

#[test]
fn a_playbook_has_a_run_a_subject() {
    let world = World::new();
    world.write(
        "playbooks/welcome.yaml",
        "title: Welcome\npurpose: To welcome.\nsteps: [{id: greet, title: Greet}, {id: follow, title: Follow up}]\n",
    );
    let walk = |args: &[&str]| world.run(&[&["-o", "json", "playbook", "run", "welcome"], args].concat());
    let ada = walk(&["--subject", "Ada Ltd", "--check", "follow"]).exits(0).json();
    assert_eq!((&ada["id"], &ada["subject"]), (&json!("welcome.ada-ltd"), &json!("Ada Ltd")));
    let bob = walk(&["--subject", "Bob & Co", "--check", "greet"]).exits(0).json();
    assert_eq!((&bob["id"], status(&bob, "follow")), (&json!("welcome.bob-co"), "pending"));
    let ada = walk(&["--subject", "Ada Ltd", "--check", "greet"]).exits(0).json();
    assert_eq!((&ada["id"], &ada["outcome"]), (&json!("welcome.ada-ltd"), &json!("succeeded")));
    walk(&["--subject", "Ada Ltd", "--check", "greet"]).exits(2).says(&["finished"]);
    let again = walk(&["--subject", "Ada Ltd", "--again", "--check", "greet"]).exits(0).json();
    assert_eq!((&again["id"], &again["status"]), (&json!("welcome.ada-ltd.2"), &json!("paused")));
    let nobody = walk(&["--check", "greet"]).exits(0).json();
    assert_eq!((&nobody["id"], &nobody["subject"]), (&json!("welcome.1"), &Value::Null));
}
