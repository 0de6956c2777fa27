//! Alerts by mail, through a real server with TLS and a user, and by Slack; no key is kept.

use serde_json::Value;

use crate::common::ca::{Authority, NOW};
use crate::common::smtp::{PASSWORD, Smtpd, USER, understood};
use crate::common::{World, eventually};
use crate::daemon::{Daemon, alert_events, count};
use crate::hook::Hook;
use crate::target::{Target, world};

const RULE: &str =
    "alerts: {down: {title: Web is down, state: down, observations: 1, resolve_after: 1, channels: [told]}}\n";

fn daemon(world: &World, env: &[(&str, &str)]) -> Daemon {
    let mut command = world.command(&["watch", "--listen", "127.0.0.1:0"]);
    command.envs(env.iter().copied());
    Daemon::spawn(command)
}

fn keeps(world: &World, secret: &str) -> bool {
    let is_in = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
    world.stored().iter().any(|(_, bytes)| is_in(bytes))
}

#[test]
fn everybody_on_call_gets_a_mail_when_it_begins_and_when_it_is_over() {
    let target = Target::start();
    target.answers(500);
    let keys = tempfile::tempdir().unwrap();
    let authority = Authority::new("ca");
    let (certificate, key) = authority.issue(&["localhost"], NOW).files(keys.path(), "mail");
    let smtpd = Smtpd::starttls(&certificate, &key);
    let channel = format!(
        "channels: {{told: {{title: On call, email: {{server: \"smtp://{USER}:${{SMTP_PASSWORD}}@localhost:{}\", \
         from: Watch <watch@acme.test>, to: on-call.csv}}}}}}\n",
        smtpd.port
    );
    let world = world(&[target.probe("web")], &format!("{RULE}{channel}"));
    world.write("on-call.csv", "email,name\nana@acme.test,Ana\nbo@acme.test,Bo\n");
    let roots = authority.file(keys.path());
    let daemon = daemon(&world, &[("SSL_CERT_FILE", roots.to_str().unwrap()), ("SMTP_PASSWORD", PASSWORD)]);
    eventually("they were told", || count(&world, "alert_notified") == 1);
    target.answers(200);
    eventually("they were told that it is over", || count(&world, "alert_notified") == 2);
    daemon.stop().exits(0);
    let mails = smtpd.mails(4);
    let to: Vec<&str> = mails.iter().map(|mail| mail.to[0].as_str()).collect();
    assert_eq!(to, ["ana@acme.test", "bo@acme.test", "ana@acme.test", "bo@acme.test"]);
    assert!(mails.iter().all(|mail| mail.tls && mail.user.as_deref() == Some(USER)), "{mails:?}");
    let subject = |index: usize| understood(&mails[index].text)["headers"]["Subject"].as_str().unwrap().to_owned();
    assert_eq!([subject(0), subject(2)], ["Firing: Web is down · web", "Resolved: Web is down · web"]);
    assert!(!keeps(&world, PASSWORD));
}

#[test]
fn a_slack_that_says_no_is_quoted_without_its_address() {
    let (target, hook) = (Target::start(), Hook::start(|_| 404));
    target.answers(500);
    let channel = "channels: {told: {title: Team, slack: \"${SLACK_URL}\"}}\n";
    let world = world(&[target.probe("web")], &format!("{RULE}{channel}"));
    let url = format!("{}/services/T1/B1/a-key-of-slack", hook.url());
    let daemon = daemon(&world, &[("SLACK_URL", &url)]);
    daemon.says("not told: told of Web is down: 127.0.0.1:");
    eventually("it is written down", || count(&world, "alert_notify_failed") == 1);
    let outcome = daemon.stop().exits(0);
    assert!(outcome.stderr.contains("404") && !outcome.stderr.contains("a-key-of-slack"), "{outcome}");
    let errors: Vec<Value> = alert_events(&world).iter().map(|event| event["body"]["error"].clone()).collect();
    assert!(errors.iter().any(|error| error.as_str().is_some_and(|error| error.contains("404"))), "{errors:?}");
    assert!(!keeps(&world, "a-key-of-slack"));
    assert_eq!(hook.told()[0].message["blocks"][0]["text"]["text"], "Firing: Web is down · web");
}
