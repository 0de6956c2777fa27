//! What somebody could write to confuse: none of it may get out of its quotes, and nothing may grow beyond reason.

use std::fmt::Write as _;

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use super::{import, loaded, refused};
use crate::catalog::model::ProbeTarget;
use crate::import::gatus;

const HOSTILE: [&str; 18] = [
    "quote \" and ' and \\",
    "colon: space",
    "a #comment",
    "line\nbreak: x\n  services: {}",
    "\n\nleading",
    "trailing \n",
    "- item",
    "{{ template }} {% if %} {# note #}",
    "[flow] {map: 1}",
    "&anchor *alias !tag |block >folded",
    "🚒 naïve 日本 \u{202e}right to left",
    "bell \u{7} escape \u{1b}[2J nul \u{0}",
    "\u{85}\u{2028}\u{feff}",
    "true",
    "0755",
    "~",
    "---",
    "<<: *x",
];

/// A text as JSON writes it, which YAML reads.
fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn texts_stay_inside_their_quotes() {
    let mut yaml = "endpoints:\n".to_owned();
    for text in HOSTILE {
        let text = json(text);
        let _ = writeln!(yaml, "  - {{name: {text}, group: {text}, url: \"http://a.test/\", body: {text},");
        let _ = writeln!(yaml, "     headers: {{X-Text: {text}}}, conditions: [\"[BODY] == a\", {text}],");
        let _ = writeln!(yaml, "     alerts: [{{type: slack, description: {text}}}]}}");
    }
    let imported = import(&yaml);
    let settings = loaded(&imported.yaml).settings;
    assert_eq!(settings.probes.len(), HOSTILE.len());
    for (probe, text) in settings.probes.values().zip(HOSTILE) {
        let ProbeTarget::Http(http) = &probe.target else { panic!("{probe:?}") };
        assert_eq!(http.body.as_deref(), Some(text));
        assert_eq!(http.headers["X-Text"], text);
        assert_eq!(probe.conditions.len(), 1);
    }
    let titles: Vec<&str> = settings.alerts.values().map(|alert| alert.title.as_str()).collect();
    assert_eq!(titles, HOSTILE);
    assert!(!imported.yaml.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{}", imported.yaml);
}

#[test]
fn dollar_signs_keep_their_meaning() {
    for (written, expected) in [
        ("$$", "$"),
        ("$$$$", "$$"),
        ("$A ${B}", "${A} ${B}"),
        ("$${NAME", "${NAME"),
        ("{{$A}}", "{{${A}}}"),
        ("100$", "100$"),
    ] {
        let yaml = format!(
            "endpoints: [{{name: a, url: \"http://a.test\", body: {}, conditions: [\"[STATUS] == 200\"]}}]",
            json(written)
        );
        let settings = loaded(&import(&yaml).yaml).settings;
        let ProbeTarget::Http(http) = &settings.probes["a"].target else { panic!() };
        assert_eq!(http.body.as_deref(), Some(expected), "{written}");
    }
}

fn bomb() -> String {
    let level = |at: u32| format!("a{at}: &a{at} [{}]\n", vec![format!("*a{}", at - 1); 10].join(", "));
    let levels: String = (1..12).map(level).collect();
    format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{levels}endpoints: *a11\n")
}

fn merge_bomb() -> String {
    let level = |at: u32| {
        format!("a{at}: &a{at}\n  <<: [{}]\n  k{at}: *a{}\n", vec![format!("*a{}", at - 1); 9].join(", "), at - 1)
    };
    let levels: String = (1..40).map(level).collect();
    format!("a0: &a0 {{x: y}}\n{levels}endpoints:\n  - *a39\n")
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let deep = format!("endpoints: {}", "[".repeat(10_000));
    let huge = format!("endpoints: []\n#{}", "x".repeat(17 << 20));
    let cases: [(&str, &str, _); 19] = [
        ("", "this file says nothing", None),
        ("# nothing\n", "this file says nothing", None),
        ("\u{feff}", "this file says nothing", None),
        ("just text", "this is no configuration of Gatus", None),
        ("- a\n", "this is no configuration of Gatus", None),
        ("title: other\n", "this file has no endpoints", None),
        ("services: []\n", "this file has no endpoints", None),
        ("endpoints: [", "this is not YAML", Some((1, 12))),
        ("endpoints:\n\t- name: x\n", "this is not YAML: tabs", Some((2, 2))),
        ("endpoints:\n  - name: a\n    url: b\n    name: c\n", "`name` stands here a second time", Some((4, 5))),
        ("endpoints: []\nendpoints: []\n", "`endpoints` stands here a second time", Some((2, 1))),
        ("endpoints: *nobody\n", "no anchor has this name", Some((1, 12))),
        ("endpoints: &a [*a]\n", "inside the very thing it names", Some((1, 16))),
        ("endpoints: []\n<<: 5\n", "only a map can be merged", Some((2, 5))),
        ("endpoints: []\n---\nendpoints: []\n", "a second document", Some((2, 1))),
        ("endpoints:\n  - name: x\n   url: y\n", "this is not YAML", Some((3, 4))),
        ("endpoints: []\na: \u{1}\n", "this is not YAML", Some((2, 4))),
        (&deep, "this is nested deeper", Some((1, 267))),
        (&huge, "16 MiB", None),
    ];
    for (text, message, place) in cases {
        let error = refused(text);
        assert!(error.message.contains(message), "{text:.80}: {error}");
        assert_eq!(error.place, place, "{text:.80}: {error}");
    }
}

#[test]
fn nothing_grows_beyond_reason() {
    for text in [bomb(), merge_bomb()] {
        let error = refused(&text);
        assert!(error.message.starts_with("there are too many values"), "{error}");
        assert!(error.place.is_some());
    }
}

#[test]
fn a_refusal_has_a_picture() {
    let text = "endpoints:\n  - name: a\n    name: b\n";
    insta::assert_snapshot!(refused(text).diagnostic("config.yaml", text).render(false), @"
    error[not-imported]: the key `name` stands here a second time
     --> config.yaml:3:5
      |
    3 |     name: b
      |     ^
      |
      = help: keep one of them
    ");
    let text = "title: x\n";
    insta::assert_snapshot!(refused(text).diagnostic("config.yaml", text).render(false), @"
    error[not-imported]: this file has no endpoints
    --> config.yaml
     = help: a configuration of Gatus has `endpoints:`; is it the right file?
    ");
    assert_eq!(refused("endpoints: [").to_string(), "this is not YAML: unclosed bracket '[' (line 1, column 12)");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in r"[-a-z:#\n \[\]{}$&*\x22']{0,60}") {
        let _ = gatus(&format!("endpoints: {text}"));
        let _ = gatus(&text);
    }

    // Whatever stands where a text is expected: the result is good settings, with one probe or none.
    #[test]
    fn any_endpoint_becomes_good_settings(
        name in any::<String>(),
        scheme in proptest::sample::select(vec!["http", "tcp", "tls", "starttls", "icmp", "ws", "grpc", "ssh", "dns", "udp", "$A"]),
        address in r"([a-z$\{\}]{0,6}[:. /]?){0,4}|\PC{0,12}",
        text in any::<String>(),
        key in any::<String>(),
    ) {
        let (name, url, text, key) = (json(&name), json(&format!("{scheme}://{address}")), json(&text), json(&key));
        let yaml = format!(
            "endpoints:\n  - {{name: {name}, group: {text}, url: {url}, body: {text}, method: {text}, interval: {text},\n    \
             headers: {{? {key} : {text}}}, dns: {dns}, conditions: [{text}, \"[STATUS] == 200\"],\n    \
             client: {{timeout: {text}, proxy-url: {text}, dns-resolver: {text}}},\n    \
             alerts: [{{type: {text}, description: {text}, failure-threshold: {text}}}]}}\n",
            dns = if scheme == "dns" { format!("{{query-name: {text}, query-type: A}}") } else { "~".to_owned() },
        );
        let imported = import(&yaml);
        prop_assert!(imported.probes <= 1);
        prop_assert_eq!(loaded(&imported.yaml).settings.probes.len(), imported.probes);
    }
}
