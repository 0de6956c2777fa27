//! Messages from template to receipt, at real servers.

use std::sync::Arc;

use serde_json::json;

use crate::common::World;
use crate::common::ca::{Authority, NOW};
use crate::common::hook::Hook;
use crate::common::smtp::{PASSWORD_IN_URL, Smtpd, USER, understood};
use crate::{delivery, open, world};

const LETTER: &str = "title: Letter\naudience: customers\nfields:\n  - {name: name, prompt: Who?}\n  - {name: what, prompt: What?, default: \"{{ incident.title }}\"}\nsubject: \"News - {{ what }}\"\nbody: |\n  Hi {{ name }},\n\n  {{ what }}\n";

fn letters(world: &World) {
    world.write("templates/letter.yaml", LETTER);
    world.write("customers.csv", "email,name\nann@example.com,Ann\nbob@example.com,\"Bob, Jr.\"\n");
}

#[test]
fn customers_get_a_letter_of_their_own_once_the_commander_agrees() {
    let ca = Authority::new("ca");
    let identity = ca.issue(&["localhost"], NOW);
    let world = world(
        "  mails:\n    title: Mails\n    audience: customers\n    email: {server: \"${SMTP}\", from: \"Shop <shop@example.com>\", to: customers.csv}\n",
    );
    let (certificate, key) = identity.files(&world.path(""), "smtp");
    let server = Smtpd::starttls(&certificate, &key);
    let (smtp, roots) =
        (format!("smtp://{USER}:{PASSWORD_IN_URL}@localhost:{}", server.port), ca.file(&world.path("")));
    let env = [("SMTP", smtp.as_str()), ("SSL_CERT_FILE", roots.to_str().unwrap())];
    letters(&world);
    let id = open(&world, &[]);
    let send = ["incident", "notify", &id, "--template", "letter", "--to", "mails"];
    world.run_with_env(&send, &env).exits(4).says(&["INC-1.m1", "waits for the incident commander"]);
    assert_eq!(world.json(&["message", "list"])[0]["state"], "draft");
    world.run(&["--as", "bob", "incident", "role", &id, "commander"]).exits(0);
    world.run_with_env(&["message", "approve", "INC-1.m1"], &env).exits(4).says(&["waits for the commander, bob"]);
    server.mails(0);
    world.run_with_env(&["--as", "bob", "message", "approve", "INC-1.m1"], &env).exits(0);
    let mails = server.mails(2);
    let read = |place: usize| understood(&mails[place].text);
    assert_eq!(
        (&mails[0].to, &mails[1].to),
        (&vec!["ann@example.com".to_owned()], &vec!["bob@example.com".to_owned()])
    );
    assert_eq!(read(0)["plain"], "Hi Ann,\n\nLog in fails\n");
    assert_eq!(read(1)["plain"], "Hi Bob, Jr.,\n\nLog in fails\n");
    assert_eq!(read(1)["headers"]["Subject"], "News - Log in fails");
    assert!(mails.iter().all(|mail| mail.tls && mail.user.as_deref() == Some(USER)), "{mails:?}");
    // What was shown before is what was sent, byte for byte.
    let shown = world.run_with_env(&["-o", "json", "message", "show", "INC-1.m1"], &env).exits(0).json();
    let preview = shown["previews"][0]["body"].as_str().unwrap().replace("\r\n", "\n");
    assert_eq!(preview.trim_end(), mails[0].text.replace("\r\n", "\n").trim_end());
    assert_eq!((&shown["state"], &shown["approved_by"]), (&json!("sent"), &json!("bob")));
    assert_eq!(shown["deliveries"].as_array().unwrap().len(), 2);
    // A second consent sends nothing a second time.
    world.run_with_env(&["--as", "bob", "message", "approve", "INC-1.m1"], &env).exits(2).says(&["is sent already"]);
    world.run_with_env(&["message", "send"], &env).exits(0);
    server.mails(2);
    let journal =
        String::from_utf8_lossy(&world.stored().into_iter().flat_map(|(_, bytes)| bytes).collect::<Vec<u8>>())
            .into_owned();
    assert!(!journal.contains("hunter2"), "the password is in the store");
}

#[test]
fn a_list_that_lacks_something_stops_everything_before_anything_is_sent() {
    let server = Smtpd::plain();
    let world = world(&format!(
        "  mails: {{title: M, audience: customers, email: {{server: \"smtp+plain://127.0.0.1:{}\", from: shop@example.com, to: customers.csv}}}}\n",
        server.port
    ));
    letters(&world);
    let id = open(&world, &[]);
    let send = ["incident", "notify", &id, "--template", "letter", "--to", "mails", "--approve"];
    world.write("customers.csv", "email,name\nann@example.com,Ann\nbob@example.com\n");
    let outcome = world.run(&send);
    assert_ne!(outcome.code, 0, "{outcome}");
    assert!(outcome.stderr.contains("customers.csv"), "{outcome}");
    world.write("customers.csv", "email\nann@example.com\n");
    world.run(&send).exits(4).says(&["still needs: name"]);
    server.mails(0);
}

#[test]
fn what_a_channel_answers_decides_what_becomes_of_a_message() {
    let (busy, broken, gone) =
        (Hook::start(|_| 429), Hook::start(|nth| if nth == 1 { 500 } else { 200 }), Hook::start(|_| 404));
    let world = world(&format!(
        "  busy: {{title: B, audience: team, slack: \"{}\"}}\n  broken: {{title: B, audience: public, webhook: \"{}\"}}\n  gone: {{title: G, audience: team, slack: \"{}\"}}\n",
        busy.url(),
        broken.url(),
        gone.url()
    ));
    let id = open(&world, &[]);
    let all = ["--to", "busy", "--to", "broken", "--to", "gone"];
    let outcome = world.run(&[&["incident", "update", &id, "We look into it"], &all[..]].concat()).exits(1);
    let outcome = outcome.says(&["INC-1.m1 to busy: waits in the outbox", "429", "INC-1.m1 to broken: waits", "500"]);
    outcome.says(&["INC-1.m1 to gone: not sent", "404", "message retry"]);
    assert_eq!(delivery(&world, "INC-1.m1", "gone")["state"], "failed");
    world.run(&["message", "send"]).exits(0);
    world.run(&["message", "send", "--now"]);
    assert_eq!(delivery(&world, "INC-1.m1", "broken")["state"], "sent");
    let keys: Vec<String> = broken.told().into_iter().map(|told| told.key).collect();
    assert_eq!(keys, ["INC-1.m1", "INC-1.m1"], "the same key, so that the receiver can tell");
    let left = world.json(&["incident", "comms", &id]);
    let of = |channel: &str| left.as_array().unwrap().iter().find(|told| told["channel"] == channel).unwrap().clone();
    assert_eq!((&of("gone")["stuck"], &of("busy")["pending"]), (&json!(["INC-1.m1"]), &json!(["INC-1.m1"])));
    assert_eq!(of("broken")["is_out_of_date"], false);
    world.run(&["message", "drop", "INC-1.m1", "--channel", "gone", "--reason", "the hook was revoked"]).exits(0);
    world.run(&["message", "drop", "INC-1.m1", "--channel", "busy", "--reason", "told by phone"]).exits(0);
    assert_eq!(world.json(&["message", "list"]), json!([]));
    // Nobody is waiting any more but the one who was told.
    world.run(&["incident", "resolve", &id]).exits(2).says(&["broken not told yet"]);
}

#[test]
fn what_may_have_arrived_is_not_sent_again_by_itself() {
    let slack = Hook::start(|nth| if nth == 1 { 0 } else { 200 });
    let world = world(&format!("  slack: {{title: S, audience: team, slack: \"{}\"}}\n", slack.url()));
    let id = open(&world, &[]);
    world
        .run(&["incident", "update", &id, "We look into it", "--to", "slack"])
        .exits(1)
        .says(&["nobody knows whether"]);
    assert_eq!(delivery(&world, "INC-1.m1", "slack")["state"], "uncertain");
    world.run(&["message", "send", "--now"]).exits(0);
    assert_eq!(slack.told().len(), 1, "it was sent again by itself");
    world.run(&["message", "retry", "INC-1.m1"]).exits(2).says(&["it may have arrived", "--uncertain"]);
    world.run(&["message", "retry", "INC-1.m1", "--uncertain"]).exits(0);
    assert_eq!((slack.told().len(), &delivery(&world, "INC-1.m1", "slack")["state"]), (2, &json!("sent")));
}

#[test]
fn a_channel_hears_things_in_their_order() {
    let up = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_up = Arc::clone(&up);
    let hook = Hook::start(move |_| if is_up.load(std::sync::atomic::Ordering::SeqCst) { 200 } else { 503 });
    let world = world(&format!("  hook: {{title: H, audience: public, webhook: \"{}\"}}\n", hook.url()));
    let id = open(&world, &[]);
    world.run(&["incident", "update", &id, "first", "--to", "hook"]).exits(5);
    world.run(&["incident", "update", &id, "second"]).exits(5).says(&["an earlier message"]);
    assert_eq!(hook.told().len(), 1, "the second overtook the first");
    up.store(true, std::sync::atomic::Ordering::SeqCst);
    world.run(&["message", "send", "--now"]).exits(0);
    let texts: Vec<_> = hook.told().iter().map(|told| told.message["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, ["first", "first", "second"]);
}

#[test]
fn it_is_over_when_everybody_knows_or_somebody_says_why_not() {
    let world =
        world("  hall: {title: Hall, audience: public, file: hall.jsonl}\n  phone: {title: Phone, audience: team}\n");
    let id = open(&world, &[]);
    world.run(&["incident", "update", &id, "We look into it"]).exits(0).says(&["copy it to phone yourself"]);
    world.run(&["incident", "resolve", &id]).exits(2).says(&["hall, phone not told yet", "hall: last told triage"]);
    world
        .run(&["incident", "update", &id, "It works again", "--status", "resolved", "--to", "hall"])
        .exits(2)
        .says(&["phone not told yet"]);
    assert_eq!(world.json(&["incident", "show", &id])["status"], "triage");
    world.run(&["incident", "resolve", &id, "--untold", "nobody answers the phone"]).exits(0);
    let shown = world.run(&["incident", "show", &id]).exits(0).stdout;
    assert!(shown.contains("Untold     nobody answers the phone"), "{shown}");
    world.run(&["incident", "reopen", &id, "--reason", "it came back"]).exits(0);
    let comms = world.run(&["incident", "comms", &id]).exits(0).stdout;
    assert!(comms.contains("out of date"), "{comms}");
    world.run(&["incident", "resolve", &id]).exits(2).says(&["hall, phone not told yet"]);
    world.run(&["incident", "update", &id, "Now it works", "--status", "resolved"]).exits(0);
    assert_eq!(world.json(&["incident", "show", &id])["status"], "resolved");
}

#[test]
fn nothing_of_a_restricted_incident_goes_outside_by_itself() {
    let world = world(
        "  site: {title: Site, audience: public, page: site}\n  team: {title: Team, audience: team, file: team.jsonl}\n",
    );
    let id = open(&world, &["--security"]);
    world.run(&["incident", "update", &id, "Somebody is in"]).exits(0);
    assert!(!world.path("site").exists() && world.read("team.jsonl").contains("Somebody is in"));
    let outside = ["incident", "update", &id, "We look into a security matter", "--to", "site"];
    world.run(&outside).exits(2).says(&["INC-1 is restricted", "--disclose"]);
    world.run(&["status-page", "build", "site"]).exits(0);
    assert!(!world.read("site/index.html").contains("Log in fails"));
    world.run(&[&outside[..], &["--disclose"]].concat()).exits(0);
    let page = world.read("site/index.html");
    assert!(page.contains("We look into a security matter") && !page.contains("Log in fails"), "{page}");
}

#[test]
fn the_page_shows_what_was_approved_and_nothing_else() {
    let world = world("  site: {title: Site, audience: public, page: site}\n");
    let id = open(&world, &["--seen", "secret details"]);
    world.run(&["incident", "note", &id, "an inner note"]).exits(0);
    world
        .run(&["incident", "update", &id, "Log-ins are slow\nWe look into it.", "--draft"])
        .exits(0)
        .says(&["message approve"]);
    world.run(&["status-page", "build", "site"]).exits(0);
    assert!(!world.read("site/index.html").contains("Log-ins are slow"));
    world.run(&["message", "approve", "INC-1.m1"]).exits(0);
    let page = world.read("site/index.html");
    assert!(page.contains("Log-ins are slow") && page.contains("We look into it."), "{page}");
    for inner in ["secret details", "an inner note", "Log in fails"] {
        assert!(!page.contains(inner), "{inner}");
    }
    let unresolved: serde_json::Value =
        serde_json::from_str(&world.read("site/api/v2/incidents/unresolved.json")).unwrap();
    assert_eq!(unresolved["incidents"][0]["name"], "Log-ins are slow");
    world.run(&["incident", "update", &id, "Log-ins work again", "--status", "resolved"]).exits(0);
    let after: serde_json::Value = serde_json::from_str(&world.read("site/api/v2/incidents.json")).unwrap();
    assert_eq!(
        (&after["incidents"][0]["status"], after["incidents"][0]["resolved_at"].is_string()),
        (&json!("resolved"), true)
    );
    let feed = world.read("site/feed.atom");
    assert!(feed.contains("Log-ins work again"), "{feed}");
}

#[test]
fn a_status_page_elsewhere_hears_an_incident_to_its_post_mortem() {
    let (address, came) = crate::common::statuspage::status_page();
    let page = format!("{{page: p1, key: \"${{KEY}}\", url: \"http://{address}\", components: {{api: c1}}}}");
    let world = world(&format!("  page: {{title: Page, audience: public, statuspage: {page}}}\n"));
    let run = |args: &[&str]| world.run_with_env(&[&["incident"], args].concat(), &[("KEY", "k3y")]).exits(0);
    let id = open(&world, &[]);
    run(&["impact", &id, "--start", "api", "--level", "major_outage"]);
    run(&["update", &id, "We look into it", "--status", "investigating", "--to", "page"]);
    run(&["update", &id, "We watch it", "--status", "mitigated"]);
    run(&["impact", &id, "--end", "all"]);
    run(&["update", &id, "It works again", "--status", "resolved"]);
    run(&["notify", "What we learned", "--says", "postmortem", "--to", "page"]);
    let came = came.lock().unwrap();
    let asked: Vec<&str> = came.iter().map(|(asked, _)| asked.as_str()).collect();
    let (all, one) = ("/v1/pages/p1/incidents", "/v1/pages/p1/incidents/i1");
    let wanted = [
        format!("POST {all}"),
        format!("PATCH {one}"),
        format!("PATCH {one}"),
        format!("PUT {one}/postmortem"),
        format!("PUT {one}/postmortem/publish"),
    ];
    assert_eq!(asked, wanted);
    let statuses: Vec<_> = came[..3].iter().map(|(_, body)| body["incident"]["status"].clone()).collect();
    assert_eq!(statuses, ["investigating", "monitoring", "resolved"]);
    assert_eq!(came[0].1["incident"]["components"]["c1"], "major_outage");
    assert_eq!(came[2].1["incident"]["components"]["c1"], "operational");
    assert_eq!(came[3].1["postmortem"]["body_draft"], "What we learned");
}
