//! What `opsctl lint` says of wrong probes: the place, and inside a condition the very character.

#![allow(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

mod common;

use common::World;

/// What lint says of the probes of a service, without what it says at the end.
fn said_of(probes: &str) -> String {
    let outcome = World::with_probes(probes).run(&["lint"]).exits(1);
    outcome.stdout + &outcome.stderr
}

#[test]
fn the_caret_stands_inside_the_condition() {
    insta::assert_snapshot!(said_of(
        "web:
  http: https://web.test/
  conditions:
    - \"[STATUS] = 200\"
    - '[BODY].name == \"john\"'
    - \"[RESPONSE_TIME] < fast\"
    - >-
      [STATSU] == 200
    - {warn: \"[CERTIFICATE_EXPIRATION] > two days\"}
    - \"\"
"
    ));
}

#[test]
fn the_caret_stands_inside_the_group() {
    insta::assert_snapshot!(said_of(
        "web:
  http: https://web.test/
  conditions:
    - or:
        - \"[STATUS] == 200\"
        - and:
            - \"[STATUS] == ok\"
            - not: \"[BODY]..a == 1\"
    - {not: {or: [\"has([BODY].a)\", \"len([BODY].a == 1\"]}}
    - warn: {and: [\"[DNS_RCODE] < 1\"]}
    - and: []
    - {or: [\"[STATUS] == 200\"], not: \"[STATUS] == 200\"}
    - {}
    - {warn: {warn: \"[STATUS] == 200\"}}
"
    ));
}

#[test]
fn what_gatus_could_not_read_is_refused_and_nothing_else() {
    let probes = "web:
  http: https://web.test/
  compat: gatus
  conditions: [\"[BODY].name == \\\"john\\\"\", \"[STATUS] == ok\", \"1 < 2\", \"[STATUS]\", \"[STATUS]==200\"]
";
    insta::assert_snapshot!(said_of(probes));
}

#[test]
fn what_is_wrong_around_the_conditions_is_said_too() {
    insta::assert_snapshot!(said_of(
        "none: {conditions: [\"[STATUS] == 200\"]}
two: {http: https://web.test/, tcp: \"web.test:80\"}
bare: {http: web.test/health}
port: {tcp: web.test}
method: {http: {url: https://web.test/, method: \"G ET\"}}
half: {http: https://web.test/, client: {certificate: a.pem}}
proxied: {tcp: \"web.test:80\", client: {proxy: \"http://proxy:3128\"}}
alone: {http: https://web.test/, depends_on: [alone, prot]}
pattern: {tcp: {address: \"web.test:25\", expect: \"^(220\"}}
planned: {http: https://web.test/, maintenance: [{start: \"25:00\", duration: 48h}]}
variable: {http: \"https://${1}/\"}
version: {http: {url: https://web.test/, version: 3}}
"
    ));
}
