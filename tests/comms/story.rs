//! A night told as one story: three people, a network that is down for the middle of it, a crash in a delivery, and in the
//! end a journal from which every number can be reckoned again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::common::World;
use crate::common::hook::Hook;
use crate::common::smtp::{Smtpd, understood};
use crate::{open, world};

/// Everybody's network: while it is down, the server answers nothing at all.
struct Night {
    world: World,
    hook: Hook,
    server: Smtpd,
    is_up: Arc<AtomicBool>,
}

fn night() -> Night {
    let is_up = Arc::new(AtomicBool::new(true));
    let up = Arc::clone(&is_up);
    let hook = Hook::start(move |_| if up.load(Ordering::SeqCst) { 200 } else { 503 });
    let server = Smtpd::plain();
    let world = world(&format!(
        "  team: {{title: Team, audience: team, webhook: \"{}\"}}\n  site: {{title: Status page, audience: public, page: site}}\n  mails: {{title: Customers, audience: customers, email: {{server: \"smtp+plain://127.0.0.1:{}\", from: shop@example.com, to: customers.csv}}}}\n",
        hook.url(),
        server.port
    ));
    world.write("customers.csv", "email,name\nann@example.com,Ann\nbob@example.com,Bob\n");
    world.write(
        "templates/letter.yaml",
        "title: Letter\naudience: customers\nfields:\n  - {name: name, prompt: Who?}\n  - {name: news, prompt: What?}\nsubject: News of our shop\nbody: |\n  Dear {{ name }}, {{ news }}\n",
    );
    world.runbook("pool", "steps:\n  - {id: look, title: Look, run: echo 97 of 100 connections, risk: read-only}\n  - {id: enlarge, title: Enlarge the pool}\n");
    Night { world, hook, server, is_up }
}

impl Night {
    fn says(&self, who: &str, args: &[&str]) -> crate::common::Outcome {
        self.world.run(&[&["--as", who, "incident"], args].concat())
    }
}

#[test]
fn nothing_is_lost_nothing_is_sent_twice_and_every_number_follows_from_the_journal() {
    let night = night();
    let world = &night.world;
    // Ana is woken by an alert, declares it, and takes it; the log-in has failed for a while.
    let id = open(world, &["--detected", "9m ago", "--source", "the log-in probe"]);
    night.says("ana", &["ack", &id]).exits(0);
    night.says("ana", &["impact", &id, "a third of log-ins fail", "--start", "api", "--at", "12m ago"]).exits(0);
    night.says("ana", &["role", &id, "commander"]).exits(0);
    night
        .says("ana", &["update", &id, "Log-ins fail. We look into it.", "--status", "investigating", "--next", "30m"])
        .exits(0);
    night.says("cleo", &["role", &id, "communications"]).exits(0);
    let letter = |news: &str| format!("news={news}");
    let first = letter("some of you cannot log in.");
    let send = ["notify", &id, "--template", "letter", "--to", "mails", "--set", &first];
    night.says("cleo", &send).exits(4).says(&["waits for the commander, ana"]);
    let draft = world.json(&["message", "list"])[0]["id"].as_str().unwrap().to_owned();
    world.run(&["--as", "ana", "message", "approve", &draft]).exits(0);
    night.server.mails(2);

    // Bob walks the runbook; the network goes down.
    night.is_up.store(false, Ordering::SeqCst);
    let answers = world.answers("steps: {look: run, enlarge: {note: to 200}}");
    world.run(&["--as", "bob", "runbook", "run", "pool", "--incident", &id, "--answers", &answers]).exits(0);
    night.says("bob", &["status", &id, "identified", "--reason", "the pool is full"]).exits(0);
    night
        .says("ana", &["update", &id, "The pool is full; we enlarge it.", "--to", "team", "--to", "site"])
        .exits(5)
        .says(&["wait in the outbox"]);
    night
        .says(
            "ana",
            &[
                "update",
                &id,
                "The pool is larger; we watch it.",
                "--status",
                "mitigated",
                "--to",
                "team",
                "--to",
                "site",
            ],
        )
        .exits(5);
    night.says("bob", &["impact", &id, "--end", "all"]).exits(0);
    night.says("ana", &["resolve", &id]).exits(2).says(&["message INC-1.m3 is still on its way", "--untold"]);

    // The network is back; in the middle of a delivery the process is killed.
    night.is_up.store(true, Ordering::SeqCst);
    world.run_with_env(&["message", "send", "--now"], &[("OPSCTL_ABORT_AT", "4")]).exits(137);
    world.run(&["message", "send", "--now"]).exits(0);
    let last = letter("everything works again.");
    night
        .says("ana", &["notify", &id, "--template", "letter", "--to", "mails", "--set", &last, "--says", "resolved"])
        .exits(0);
    night
        .says("ana", &["update", &id, "Log-ins work again.", "--status", "resolved", "--to", "team", "--to", "site"])
        .exits(0);
    assert_eq!(world.json(&["incident", "show", &id])["status"], "resolved");
    assert_eq!(world.json(&["message", "list"]), json!([]), "something is left in the outbox");

    everybody_heard_everything_once(&night);
    every_number_follows(&night, &id);
    world.run(&["incident", "postmortem", &id]).exits(0);
    world.run(&["journal", "verify"]).exits(0);
}

fn everybody_heard_everything_once(night: &Night) {
    // By key each message came once; what was refused while the network was down came again under the same key.
    let mut heard = BTreeSet::new();
    let texts: Vec<String> = night
        .hook
        .told()
        .iter()
        .filter(|told| heard.insert(told.key.clone()))
        .map(|told| told.message["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        texts,
        [
            "Log-ins fail. We look into it.",
            "The pool is full; we enlarge it.",
            "The pool is larger; we watch it.",
            "Log-ins work again."
        ]
    );
    let mails: Vec<Value> = night.server.mails(4).iter().map(|mail| understood(&mail.text)).collect();
    let plain: Vec<&str> = mails.iter().map(|mail| mail["plain"].as_str().unwrap().trim()).collect();
    assert_eq!(
        plain,
        [
            "Dear Ann, some of you cannot log in.",
            "Dear Bob, some of you cannot log in.",
            "Dear Ann, everything works again.",
            "Dear Bob, everything works again."
        ]
    );
    let page = night.world.read("site/history.html");
    assert!(page.contains("Log-ins work again."), "{page}");
}

/// Reckons the durations from the events as they are stored, and holds what the program says against them.
fn every_number_follows(night: &Night, id: &str) {
    let lines =
        night.world.run(&["-o", "json", "journal", "show", "--stream", &format!("incident/{id}")]).exits(0).stdout;
    let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let moment = |event: &Value| -> DateTime<Utc> {
        let at = event["body"]["occurred_at"].as_str().or(event["at"].as_str()).unwrap();
        at.parse().unwrap()
    };
    let first = |wanted: &dyn Fn(&Value) -> bool| events.iter().find(|event| wanted(event)).map(moment).unwrap();
    let kind = |word: &'static str| move |event: &Value| event["kind"] == word;
    let (began, ended) = (first(&kind("impact_started")), first(&kind("impact_ended")));
    let detected = first(&kind("detected"));
    let mitigated = first(&|event| event["kind"] == "status_changed" && event["body"]["status"] == "mitigated");
    let public = first(&|event| {
        event["kind"] == "message_sent" && (event["body"]["channel"] == "site" || event["body"]["channel"] == "mails")
    });
    let seconds = |span: TimeDelta| span.num_seconds();
    let shown = night.world.json(&["incident", "show", id])["durations"].clone();
    assert_eq!(shown["ttd_s"], seconds(detected - began));
    assert_eq!(shown["tta_s"], seconds(first(&kind("acknowledged")) - detected));
    assert_eq!(shown["ttm_s"], seconds(mitigated - began));
    assert_eq!(shown["ttr_s"], seconds(first(&kind("resolved")) - began));
    let metrics = night.world.run(&["-o", "json", "incident", "metrics", "--incident", id]).exits(0).stdout;
    for span in [ended - began, public - detected] {
        assert!(metrics.contains(&seconds(span).to_string()), "{span}: {metrics}");
    }
}
