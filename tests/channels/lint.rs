//! What `opsctl lint` says of channels.

use crate::common::{Outcome, World};

fn lint(channels: &str) -> Outcome {
    let world = World::new();
    let settings = world.read("opsctl.yaml");
    world.write("opsctl.yaml", &format!("{settings}channels:\n{channels}"));
    world.run(&["lint"])
}

fn said_of(channels: &str, code: i32) -> String {
    let outcome = lint(channels).exits(code);
    outcome.stdout + &outcome.stderr
}

#[test]
fn mistakes_have_their_place() {
    insta::assert_snapshot!(said_of(
        "  two: {title: Two, webhook: \"https://a.test\", slack: \"https://b.test\"}
  lone: {title: Lone, file: told.jsonl, secret: \"${KEY}\"}
  mail:
    title: Mail
    email:
      server: smtp+plain://mail.test
      from: \"Support <support at acme>\"
      to: [ana@acme.test, {email: bo acme.test}, {name: Eve}, \"\"]
  none: {title: None, email: {server: \"mail.test:25\", from: a@acme.test, to: []}}
  odd: {title: Odd, email: {server: \"smtp://mail.test\", from: a@acme.test, to: customers.txt, cc: b@acme.test}}
  page:
    title: Page
    statuspage: {page: 1234, key: \"\", components: {api: c1, apu: c2}}
  hook: {title: Hook, webhook: \"hooks.test/{{ x }}\"}
",
        1
    ));
}

#[test]
fn keys_in_the_open_are_pointed_out() {
    insta::assert_snapshot!(said_of(
        "  slack: {title: Slack, slack: \"https://hooks.slack.com/services/T1/B1/x\"}
  hook: {title: Hook, webhook: \"https://a.test\", secret: whsec_1}
  mail: {title: Mail, email: {server: \"smtp://me:pw@mail.test\", from: a@acme.test, to: b@acme.test}}
  page: {title: Page, statuspage: {page: abc, key: 0123-4567}}
alerts:
  down: {title: Down, state: down, channels: [page]}
",
        0
    ));
}

#[test]
fn good_channels_need_no_words() {
    let outcome = lint(
        "  file: {title: File, file: told.jsonl}
  hook: {title: Hook, webhook: \"https://a.test/${PATH_KEY}\", secret: \"${HOOK_KEY}\"}
  slack: {title: Slack, slack: \"${SLACK_URL}\"}
  mail:
    title: Mail
    email:
      server: \"${SMTP_URL}\"
      from: Support <support@acme.test>
      reply_to: \"${ANSWERS}\"
      to: [ana@acme.test, \"${ON_CALL}\", {email: bo@acme.test, name: Bo, plan: 7}]
  here: {title: Here, email: {server: \"smtp+plain://127.0.0.1:1025\", from: a@acme.test, to: ../lists/Customers.CSV}}
  page: {title: Page, statuspage: {page: abc, key: \"${STATUSPAGE_KEY}\", components: {api: c1}}}
  own: {title: Own, page: public}
  run: {title: Run, command: [page, \"${WHOM}\"]}
",
    );
    assert_eq!((outcome.code, outcome.stderr.contains("warning")), (0, false), "{outcome}");
}
