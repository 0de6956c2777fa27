//! Configurations with very many endpoints.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::{import, loaded};

/// So many endpoints, all alike, with the same few anchors.
pub(super) fn configuration(count: usize, group_of: impl Fn(usize) -> usize) -> String {
    let mut text = "\
x: &usual
  interval: 30s
  conditions: [\"[STATUS] == 200\", \"[RESPONSE_TIME] < 500\"]
  alerts: [{type: slack}]
endpoints:
"
    .to_owned();
    for number in 0..count {
        let group = group_of(number);
        let _ = writeln!(text, "  - <<: *usual\n    name: same name\n    group: group {group}");
        let _ = writeln!(text, "    url: https://host-{number}.example.org/health");
    }
    text
}

#[test]
fn ten_thousand_endpoints_are_taken_over() {
    let imported = import(&configuration(10_000, |number| number / 500));
    assert_eq!(imported.probes, 10_000);
    let last = imported.left_out.last().unwrap();
    assert!(last.what.starts_with("the result, ") && last.endpoint.is_none(), "{last:?}");
    assert_eq!(imported.left_out.iter().filter(|left| left.what == "alerts[0].type").count(), 10_000);
    // Split as it says, service by service, all of it is good.
    let (services, alerts) = imported.yaml.split_once("\nalerts:\n").unwrap();
    let (_, services) = services.split_once("\nservices:").unwrap();
    let parts: Vec<&str> = services.split("\n  group-").skip(1).collect();
    assert_eq!(parts.len(), 20);
    let mut ids = HashSet::new();
    for part in [parts[0], parts[19]] {
        let settings = loaded(&format!("services:\n  group-{part}")).settings;
        assert_eq!(settings.probes.len(), 500);
        ids.extend(settings.probes.keys().cloned());
    }
    assert_eq!(ids.len(), 1000);
    assert_eq!(alerts.matches("      - ").count(), 10_000);
}

#[test]
fn what_fits_into_one_file_is_said_to_fit() {
    let imported = import(&configuration(1000, |_| 1));
    assert_eq!(loaded(&imported.yaml).settings.probes.len(), 1000);
    assert!(!imported.left_out.iter().any(|left| left.what.starts_with("the result")));
}
